"""As many conditions as the equations ask for? Counted at points of the boundary, by the equations' own symbol.

Of waves exp(iξ·x + s t) with a frequency ξ along a surface and Re s > 0, the equations allow some that decay from the
surface inwards; it takes one condition to exclude each (Agmon, Douglis, Nirenberg 1964 for elliptic systems, s = 0;
Kreiss 1970, where they are the incoming characteristics). On a line it takes as many as the total order. Nothing is
said where waves neither decay nor grow, where coefficients are not finite, or where samples differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sympy import Max

from inrpde import deadline
from inrpde.compiler.form import Form, Row, parted
from inrpde.declaration.regions import Region
from inrpde.errors import ProblemError
from inrpde.sampling import Quadrature, sample
from inrpde.sampling.extent import priors, times
from inrpde.verification.checks.coverage import at_an_end, faces
from inrpde.verification.checks.distinct import distinct
from inrpde.verification.checks.paired import fluxes, unpaired
from inrpde.verification.checks.symbol import degrees, determinant, independent, rank, roots, symbol
from inrpde.verification.finding import Finding, Kind, name

Array = np.ndarray
POINTS = 120
"""Points of a volume's boundary at which conditions are counted."""
MANY = 6
"""Unknowns of one system, at most."""
DECAYS = 1e-3
"""A root that lies no farther from the real axis, as a share of its size, may be on it."""
SHORT = (3e2, 3e4)
"""Frequencies, beside the extents of the region and of the time."""
STATES = (0, 1)
"""States of the unknowns at which nonlinear equations are linearised."""
INSIDE, OUTSIDE = 1, 2
"""On which side of a wall a system lies."""
STEP = 1e-6
"""How far beside a wall it is looked for what lies there, as a share of a region's size."""
BESIDE = 1e-3
"""How far beside a wall equations are of the same order as on it, unless they degenerate there."""
FEW = 3
"""Points of the boundary, at least, that are more than rounding at an edge."""


@dataclass(frozen=True)
class System:
    """The equations on one volume that share unknowns."""

    region: Region
    rows: tuple[Row, ...]
    unknowns: tuple[int, ...]


@dataclass(frozen=True)
class Count:
    """How many conditions the equations of some unknowns ask for, and how many rows give."""

    where: str
    unknowns: tuple[int, ...]
    asked: int
    given: int
    rows: tuple[Row, ...]
    paired: str = ""
    """Of which component the value and the flux are given, or neither."""

    def finding(self, form: Form, lacking: bool) -> Finding:
        """In words. Conditions too many show in residuals if they disagree, and amplify errors where others are
        `lacking`."""
        names, asked, given = list(dict.fromkeys(name(form, k) for k in self.unknowns)), self.asked, self.given
        if all(form.unknowns[k].of for k in self.unknowns):  # two real equations for a complex one
            asked, given = asked // 2, given // 2
        whose = f"the equations of {', '.join(names)} ask" if len(names) > 1 else f"the equation of {names[0]} asks"
        number = "no condition" if not asked else "1 condition" if asked == 1 else f"{asked} conditions"
        text = f"{self.where}{whose} for {number}, and {given or 'none'} {'are' if given > 1 else 'is'} given"
        text += f": {'; '.join(dict.fromkeys(row.text for row in self.rows))}" * bool(self.rows)
        text += f"; {self.paired}" * bool(self.paired)
        if given == asked:
            return Finding(Kind.COVERAGE, f"{text}; give one of the two of each", "unverified")
        if given < asked:
            return Finding(Kind.COVERAGE, text, "unverified")
        if lacking:
            text += "; where too few are given elsewhere, such data amplify their errors (a Cauchy problem)"
            return Finding(Kind.COVERAGE, text, "unverified")
        return Finding(Kind.COVERAGE, f"{text}; they have a solution only if they agree", "plausible")


def miscounted(form: Form, bare: bool) -> list[Finding]:
    """Parts of the boundary with fewer or more conditions than the equations ask for there; `bare` says that parts with
    none at all have been named already."""
    found = systems(form)
    if form.space.dim == 1:
        counts = [count for group in _linked(form, found) for count in _on_a_line(form, group, bare)]
    else:
        counts = [count for system in found for count in _on_walls(form, system, found)]
    lacking = bare or any(count.given < count.asked for count in counts)
    return [count.finding(form, lacking) for count in counts]


def systems(form: Form) -> list[System]:
    """The volumes' equations that can be counted: those that share unknowns, where nothing is measured or learned."""
    soft = priors(form)
    volume = [row for row in form.rows if row.region.dim == form.space.dim and row.jets and row.condition not in soft]
    open_ = {k for row in form.rows if row.region.labels for k in row.indices}
    open_ |= {k for k, unknown in enumerate(form.unknowns) if unknown.learned}
    found = []
    for region in dict.fromkeys(row.region for row in volume):
        rows = [row for row in volume if row.region is region]
        for group in parted(len(form.unknowns), (row.indices for row in rows)):
            mine = tuple(row for row in rows if {*row.indices} & {*group})
            if mine and len(group) <= MANY and not open_ & {*group}:
                found.append(System(region, mine, tuple(group)))
    return found


def states(system: System) -> tuple[int, ...]:
    """The states at which a system is linearised: one is enough where it is linear."""
    return STATES[:1] if all(row.linear for row in system.rows) else STATES


def _at_an_end(form: Form, row: Row) -> bool:
    return form.space.time is not None and at_an_end(form, row)


def matrix(form: Form, system: System, points: Array, a: Array, b: Array, state: int) -> Array | None:
    """A system's symbol; None where there are not as many equations as unknowns."""
    found = symbol(form, system.rows, system.unknowns, points, None, a, b, state)
    return found if found.shape[1] == found.shape[2] else None


# -- on a line


def _linked(form: Form, found: list[System]) -> list[list[System]]:
    """The systems in groups, those in one that conditions couple."""
    links = [[k for k, each in enumerate(found) if set(each.unknowns) & {*row.indices}] for row in form.rows]
    return [[found[k] for k in group] for group in parted(len(found), links)]


def _on_a_line(form: Form, group: list[System], bare: bool) -> list[Count]:
    unknowns = sorted({k for system in group for k in system.unknowns})
    mine = [row for system in group for row in system.rows]
    rows = [row for row in form.rows if {*unknowns} & {*row.indices} and row not in mine]
    totals = [row for row in form.rows if row.integrals and not row.jets]
    orders = [_order(form, system) for system in group]
    uncounted = (
        sum(len(system.unknowns) for system in group) > len(unknowns)
        or any(row.region.dim or form.conditions[row.condition].periodic for row in rows)
        or any(not {*row.indices} <= {*unknowns} or _one_sided(row) for row in rows)
        or (totals and len(unknowns) < len(form.unknowns))
    )
    if uncounted or None in orders:
        return []
    asked, given = sum(order for order in orders if order is not None), len(totals)
    points = [sample(region, 1, 0).points for region in dict.fromkeys(row.region for row in rows)]
    for point in np.unique(np.concatenate(points), axis=0)[:, None] if points else []:
        there = [row for row in rows if row.region.contains(point)[0]]
        scale = np.full_like(point, 1 / group[0].region.size)
        conditions = symbol(form, there, unknowns, point, np.ones_like(point), 0 * point, scale)
        given += int(rank(conditions)[0])
    terms = [form.integrals[k].row for row in totals for k in row.integrals.values()]
    for k in unknowns:  # where slopes alone are given, one more fixes the constant
        given -= (
            given > asked and sum(row.feels_constants(k) for row in (*mine, *rows, *terms) if k in row.indices) == 1
        )
    if given > asked or (given < asked and not bare):
        return [Count("", tuple(unknowns), asked, given, (*rows, *totals))]
    return []


def _order(form: Form, system: System) -> int | None:
    """The order of a system of ordinary equations; None where it is not the same all along."""
    points = np.concatenate([sample(system.region, 8, 1).points, np.stack(system.region.bounds)])
    found = set()
    for state in states(system):
        scale = np.full_like(points, 1 / np.ptp(system.region.bounds))
        square = matrix(form, system, points, 0 * points, scale, state)
        if square is None:
            return None
        found |= {*degrees(determinant(square)).tolist()}
    return found.pop() if len(found) == 1 and -1 not in found else None


# -- on walls


def _on_walls(form: Form, system: System, every: list[System]) -> list[Count]:
    try:
        q = sample(system.region.boundary, POINTS, 3)
    except ProblemError:  # a part of a region has none
        return []
    assert q.normals is not None
    walls = [row for row in form.rows if 0 < row.region.dim < form.space.dim and row.jets and not _at_an_end(form, row)]
    sides = np.stack([_side(each, system, q) for each in every], axis=1)
    regions = {row.region: row.region.bears(q.points, q.normals) for row in walls}
    held = np.zeros((len(q), len(walls)), bool)
    for column, row in enumerate(walls):
        held[:, column] = regions[row.region] | _opposite(form, row, q.points)
    asked, given = np.full(len(q), -1), np.full(len(q), -1)
    signatures = np.concatenate([sides, held], axis=1)
    first, of = distinct(signatures)
    for number, signature in enumerate(signatures[first]):
        deadline.turn()
        at = np.flatnonzero(of == number)
        near = {k: int(side) for k, side in enumerate(signature[: len(every)]) if side}
        rows = [row for row, here in zip(walls, signature[len(every) :], strict=True) if here]
        links = [[k for k in near if {*every[k].unknowns} & {*row.indices}] for row in rows]
        (group,) = (group for group in parted(len(every), links) if every.index(system) in group)
        if every[group[0]] is system:  # an interface is counted from one of its sides
            sided = [(every[k], near[k] == INSIDE) for k in group]
            asked[at], given[at] = _count(form, sided, rows, q.points[at], q.normals[at])
    order = max(sum(jet.index[: len(form.space.spatial)]) for row in system.rows for jet in row.jets.values())
    known = (asked >= 0) & (given >= 0)
    wrong = known & ((given > asked) | (given < asked) & ((given > 0) | (order < 2)))
    across = fluxes(form, system.rows, system.unknowns, system.region)
    out = []
    for part, right in _alike(asked, given, known, wrong, held):
        there = [row for row, here in zip(walls, held[part].any(axis=0), strict=True) if here]
        met = {k for each, side in zip(every, sides[part].T, strict=True) if side.any() for k in each.unknowns}
        rows = [row for row in there if {*row.indices} & met]
        unknowns = sorted({*system.unknowns, *(k for row in rows for k in row.indices)})
        said, crossed = "", False
        if across is not None and unknowns == [*system.unknowns]:
            said, crossed = unpaired(form, unknowns, across, rows, q.points[part][0], q.normals[part][0])
        elif np.any(sides[part] == OUTSIDE):
            said = _tied(rows)
        if crossed or not right:
            where, (asks, *_), (gives, *_) = f"on {faces(form, system.region, q, part)}, ", asked[part], given[part]
            out.append(Count(where, tuple(unknowns), int(asks), int(gives), tuple(rows), said))
    return out


def _opposite(form: Form, row: Row, points: Array) -> Array:
    """Which points (N,) lie opposite to a face that a condition ties to them."""
    periodic = form.conditions[row.condition].periodic
    if not periodic:
        return np.zeros(len(points), bool)
    tied = points.copy()
    k = form.space.coords.index(periodic.coordinate)
    tied[:, k] = row.region.bounds[0][k]
    return np.asarray(row.region.contains(tied) & (np.abs(tied[:, k] - points[:, k]) > row.region.tolerance))


def _alike(asked: Array, given: Array, known: Array, wrong: Array, held: Array) -> Iterator[tuple[Array, bool]]:
    """The points, bool (N,), with the same wrong counts, and of right ones those with the same conditions; are they
    right?"""
    key = np.column_stack([wrong, asked, given, np.where(wrong[:, None], False, held)])
    for each in np.unique(key[known], axis=0):
        part = known & np.all(key == each, axis=1)
        if (each[0] or asked[part][0] == given[part][0]) and part.sum() >= FEW:
            yield part, not each[0]


def _tied(rows: list[Row]) -> str:
    """What conditions between two regions leave open."""
    orders = [max(sum(jet.index) for jet in row.jets.values()) for row in rows]
    if not rows or (0 in orders and max(orders) > 0):
        return ""
    return "the values are tied, the fluxes are not" if 0 in orders else "the fluxes are tied, the values are not"


def _side(each: System, system: System, q: Quadrature) -> Array:
    """On which side of the points of a system's boundary another one lies, (N,): none where it lies on both."""
    if each is system:
        return np.full(len(q), INSIDE)
    assert q.normals is not None
    step = STEP * system.region.size * q.normals
    inside, outside = (each.region.contains(q.points + shift) for shift in (-step, step))
    return INSIDE * (inside & ~outside) + OUTSIDE * (outside & ~inside)


def _count(
    form: Form, near: list[tuple[System, bool]], rows: list[Row], points: Array, normals: Array
) -> tuple[Array, Array]:
    """How many conditions systems ask for, and how many are given, at points where they meet: (N,), (N,), -1 where that
    is not certain."""
    unknowns = sorted(k for system, _ in near for k in system.unknowns)
    rows = [row for row in rows if {*row.indices} & {*unknowns}]
    asked, unclear = np.zeros(len(points), int), np.full(len(points), -1)
    if len({*unknowns}) < len(unknowns) or any(
        form.conditions[row.condition].periodic or not {*row.indices} <= {*unknowns} or _one_sided(row) for row in rows
    ):
        return unclear, unclear
    for system, inside in near:
        count = _asked(form, system, points, normals, inside)
        asked = np.where((asked < 0) | (count < 0), -1, asked + count)
    return asked, _given(form, [system for system, _ in near], unknowns, rows, points, normals)


def _one_sided(row: Row) -> bool:
    """Is a condition an inequality?"""
    return not row.linear and row.residual.has(Max)


def _asked(form: Form, system: System, points: Array, normals: Array, inside: bool) -> Array:
    """How many waves decay from each point into the region, which lies against the normal where it is `inside`, and
    along it otherwise: (N,), -1 where that is not certain."""
    counts, certain = [], []
    across = 1j * normals * (SHORT[0] / system.region.size)
    beside = points + (-BESIDE if inside else BESIDE) * system.region.size * normals
    waves = _waves(form, system, normals)
    for state in states(system):
        within = matrix(form, system, beside, waves[0], across, state)
        if within is None:
            return np.full(len(points), -1)
        order = degrees(determinant(within))
        for a in waves:
            there = symbol(form, system.rows, system.unknowns, points, None, a, across, state)
            polynomial = determinant(there)
            degree, tau = degrees(polynomial), roots(polynomial)
            known = ~np.isnan(tau)
            decays = (tau.imag < 0) if inside else (tau.imag > 0)
            apart = np.all(~known | (np.abs(tau.imag) > DECAYS * np.abs(tau)), axis=1)
            counts.append(np.sum(decays & known, axis=1))
            certain.append((degree >= 0) & (degree == order) & apart)
    number, sure = np.array(counts), np.array(certain)
    lowest = np.min(np.where(sure, number, 99), axis=0)
    highest = np.max(np.where(sure, number, -1), axis=0)
    return np.where((lowest == highest) & (2 * sure.sum(axis=0) > len(sure)), lowest, -1)


def _waves(form: Form, system: System, normals: Array) -> list[Array]:
    """Frequencies along the surface and in time, as the `a` of symbols."""
    rng = np.random.default_rng(0)
    d = len(form.space.spatial)
    across = normals[:, :d]
    towards = [0 * across]
    if d > 1:
        drawn = np.broadcast_to(rng.normal(size=(2, d)), (len(across), 2, d))
        drawn = drawn - np.sum(drawn * across[:, None], axis=2, keepdims=True) * across[:, None]
        drawn /= np.linalg.norm(drawn, axis=2, keepdims=True)
        towards = [drawn[:, 0], -drawn[:, 1]]
    out = [1j * scale / system.region.size * each for each in towards for scale in SHORT]
    if form.space.time is None:
        return out
    start, end = times(form)
    speeds = [sign * s * (1 + 0.6j) / (end - start) for sign in signs(form, system) for s in SHORT]
    return [np.column_stack([each, np.full(len(each), speed)]) for each in out for speed in speeds]


def at_ends(form: Form, system: System) -> list[Row]:
    """The conditions on a system's unknowns at the ends of the time."""
    return [row for row in form.rows if at_an_end(form, row) and {*row.indices} & {*system.unknowns}]


def signs(form: Form, system: System) -> tuple[int, ...]:
    """In which direction of time the conditions at its ends take the unknowns; both where that is open."""
    (start, end), ends = times(form), at_ends(form, system)
    periodic = any(form.conditions[row.condition].periodic for row in ends)
    first = {bool(row.region.bounds[0][-1] < (start + end) / 2) for row in ends}
    return (1, -1) if periodic or len(first) != 1 else (1,) if first == {True} else (-1,)


def _given(
    form: Form, near: list[System], unknowns: list[int], rows: list[Row], points: Array, normals: Array
) -> Array:
    """How many of the conditions are independent at each point, (N,); -1 where they are not finite."""
    if not rows:
        return np.zeros(len(points), int)
    a, b = _waves(form, near[0], normals)[0] * (7 / SHORT[0]), 1j * normals * (7 / near[0].region.size)
    every = [row for each in near for row in each.rows]
    system = symbol(form, every, unknowns, points, None, a, b)
    conditions = symbol(form, rows, unknowns, points, normals, a, b)
    finite = np.isfinite(system).all(axis=(1, 2, 3)) & np.isfinite(conditions).all(axis=(1, 2, 3))
    out = np.full(len(points), -1)
    if finite.any():
        out[finite] = independent(system[finite], conditions[finite])
    return out
