"""What holds each body? Motions that every condition leaves as it is: constants, rotations and tilts of the unknowns.

A field c + G·x of each unknown on each body is a motion that nothing holds if the tangents of all equations vanish on
it. Which are, is the null space of a small matrix: no kind of equation is special, and of an elastic body without a
support the rigid motions are what is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from sympy import Symbol

from inrpde import deadline
from inrpde.compiler.form import Form, Jet, Row
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.region import bracketed
from inrpde.declaration.regions.where import Where
from inrpde.discretise.jets import environment
from inrpde.sampling.extent import bounds
from inrpde.sampling.sites import Samples, Site
from inrpde.verification.checks.bodies import Bodies, bodies, joined
from inrpde.verification.checks.places import solids
from inrpde.verification.finding import Finding, Kind, name, place

Array = np.ndarray
POINTS = 400
"""Of each condition, at most."""
STATES = (0, 1)
"""States of the unknowns at which nonlinear equations are linearised."""
FREE = 1e-11
"""What the equations make of a motion that is no more than this share of what they make of others is rounding."""
ROUNDED = 1e-7
"""Entries of a basis of motions, of the order 1, that are rounding."""
MOST = 400
"""Columns, at most: of hundreds of bodies it is not asked."""


@dataclass(frozen=True)
class Home:
    """Where an unknown lives: bodies of its regions, and by region the number that each of its bodies has."""

    bodies: tuple[Bodies, ...]
    numbers: tuple[Array, ...]

    @property
    def count(self) -> int:
        return int(max(each.max() for each in self.numbers)) + 1

    def of(self, points: Array, normals: Array | None) -> Array:
        """The number of the body at each point, (N,); -1 where the unknown does not live."""
        out = np.full(len(points), -1)
        for each, numbers in zip(self.bodies, self.numbers, strict=True):
            for side in (normals,) if normals is None else (normals, -normals):
                open_ = np.flatnonzero(out < 0)
                there = each.of(points[open_], None if side is None else side[open_])
                out[open_] = np.where(there >= 0, numbers[there], -1)
        return out


@dataclass(frozen=True)
class Column:
    """A constant (`axis` -1) or a slope along a coordinate of an unknown on one of its bodies."""

    unknown: int
    body: int
    axis: int


def unheld(form: Form, samples: Samples, bare: bool) -> list[Finding]:
    """The motions that nothing holds; `bare` says that parts of the boundary have no condition, for which slopes are
    open, too."""
    homes = _homes(form)
    axes = range(-1, len(form.space.spatial))
    columns = [
        Column(k, body, axis)
        for k, home in enumerate(homes)
        for body in range(home.count if home else 1)
        for axis in (axes if home and not form.unknowns[k].is_number else (-1,))
    ]
    if len(columns) > MOST:
        return []
    few = samples.thinned(POINTS)
    tangent = _tangent(form, form.rows, few, homes, columns)
    constant = np.array([column.axis < 0 for column in columns])
    shifts = [_motion(columns, np.flatnonzero(constant), vector) for vector in _null(tangent[:, constant])]
    turns = [] if bare else [_motion(columns, slice(None), each) for each in _sloped(_null(tangent), constant)]
    if not shifts and not turns:
        return []
    along = _directions(form, few, homes, columns)
    findings = [_shift(form, homes, shift, along) for shift in shifts]
    return findings + [_turn(form, homes, turn, bool(shifts)) for turn in turns]


# -- the matrix


def _homes(form: Form) -> list[Home | None]:
    known: dict[tuple[Region, ...], Home] = {}
    homes: list[Home | None] = []
    for k, unknown in enumerate(form.unknowns):
        regions = tuple(dict.fromkeys(map(_whole, [unknown.region] if unknown.region else solids(form, k))))
        if regions and regions not in known:
            found = tuple(map(bodies, regions))
            cuts = np.cumsum([each.count for each in found])[:-1]
            known[regions] = Home(found, tuple(np.split(joined(regions), cuts)))
        homes.append(known.get(regions))
    return homes


def _whole(region: Region) -> Region:
    """What a region is a part of, where it is only an indicator."""
    return _whole(region.region) if isinstance(region, Where) else region


def _tangent(
    form: Form, rows: Sequence[Row], samples: Samples, homes: Sequence[Home | None], columns: list[Column]
) -> Array:
    """The tangents of equations on the columns, each row divided by its size and by the root of its points' number."""
    totals: list[Array] = []
    for term, site in zip(form.integrals, samples.integrals, strict=True):
        made, _ = _rows(form, term.row, site, homes, columns, totals, 0)
        totals.append((site.weights / site.weights.sum()) @ made)
    parts = [np.zeros((1, len(columns)))]
    for row in rows:
        deadline.turn()
        for state in STATES[:1] if row.linear else STATES:
            made, size = _rows(form, row, samples.of(row), homes, columns, totals, state)
            sound = np.isfinite(made).all(axis=1) & (size > 0) & np.isfinite(size)
            scaled = made[sound] / size[sound, None] / np.sqrt(max(int(np.count_nonzero(sound)), 1))
            parts += [np.linalg.qr(each)[1] for each in (np.real(scaled), np.imag(scaled)) if each.any()]
    return np.concatenate(parts)


def _rows(
    form: Form, row: Row, site: Site, homes: Sequence[Home | None], columns: list[Column], totals: list[Array],
    state: int,
) -> tuple[Array, Array]:  # fmt: skip
    """A row's tangent on the columns, (N, columns), at a state that is made up, and the size of its terms (N,)."""
    n = len(site.points)
    rng = np.random.default_rng(state)
    extent = form_extent(form)
    sizes = {symbol: extent ** -float(sum(jet.index)) for symbol, jet in row.jets.items()}
    env = environment(form, row, site) | dict.fromkeys(row.integrals, 1.0)
    env |= {symbol: size * rng.uniform(0.5, 1.5, n) for symbol, size in sizes.items()}
    out, total = np.zeros((n, len(columns)), complex), np.zeros(n)
    for symbol, slope in row.tangents(env).items():
        if symbol in row.integrals:
            out += np.outer(np.broadcast_to(slope, (n,)), totals[row.integrals[symbol]])
            total = total + np.abs(slope)
        else:
            jet = row.jets[symbol]
            out += np.broadcast_to(slope, (n,))[:, None] * _columns(form, jet, site, homes, columns)
            total = total + np.abs(slope) * sizes[symbol]
    return out, total


def form_extent(form: Form) -> float:
    lo, hi = bounds(form)
    return float(np.max((hi - lo)[: len(form.space.spatial) or 1]))


def _columns(form: Form, jet: Jet, site: Site, homes: Sequence[Home | None], columns: list[Column]) -> Array:
    """The derivative that a jet is, of the columns: (N, columns)."""
    points, home = site.at(jet.site), homes[jet.unknown]
    out = np.zeros((len(points), len(columns)))
    if sum(jet.index) > 1:
        return out
    lo, hi = bounds(form)
    scaled = (points - (lo + hi) / 2) / form_extent(form)
    body = home.of(points, site.normals) if home else np.zeros(len(points), int)
    for number, column in enumerate(columns):
        if column.unknown == jet.unknown:
            value = 1.0 if column.axis < 0 else scaled[:, column.axis]
            slope = 1 / form_extent(form) if column.axis >= 0 and jet.index[column.axis] else 0.0
            out[:, number] = np.where(body == column.body, slope if any(jet.index) else value, 0.0)
    return out


def _null(matrix: Array) -> Array:
    """A basis (r, columns) of what a matrix makes nothing of, each row with a 1 where the others have zeros."""
    _, values, right = np.linalg.svd(np.linalg.qr(matrix, mode="r"))  # the rows may be many
    kept = np.count_nonzero(values > FREE * max(values.max(initial=0.0), 1e-300))
    return _reduced(right[kept:], np.ones(matrix.shape[1], bool))


def _reduced(rows: Array, columns: Array) -> Array:
    """The reduced echelon form of rows (r, c), by the largest pivots in some of the `columns`, bool (c,)."""
    rows, among = rows.copy(), np.flatnonzero(columns)
    for k in range(len(rows)):
        left = np.abs(rows[k:, among])
        if left.max(initial=0.0) < ROUNDED:
            break
        i, j = divmod(int(np.argmax(left)), left.shape[1])
        rows[[k, k + i]] = rows[[k + i, k]]
        rows[k] /= rows[k, among[j]]
        others = np.arange(len(rows)) != k
        rows[others] -= np.outer(rows[others, among[j]], rows[k])
    return np.where(np.abs(rows) < ROUNDED, 0.0, rows)


def _sloped(rows: Array, constant: Array) -> Array:
    """Those of a basis that have slopes, as simple as can be, without what has none."""
    sloped = _reduced(rows, ~constant)
    return sloped[np.any(sloped[:, ~constant] != 0, axis=1)]


# -- in words

Motion = dict[Column, float]


def _motion(columns: list[Column], which: slice | Array, vector: Array) -> Motion:
    chosen = np.arange(len(columns))[which]
    return {columns[k]: float(value) for k, value in zip(chosen, vector, strict=True) if value}


def _directions(form: Form, samples: Samples, homes: Sequence[Home | None], columns: list[Column]) -> dict[int, int]:
    """The coordinate along which each unknown is a displacement: of pairs that the equations without values let
    rotate, and not shear."""
    rows = [row for row in form.rows if all(any(jet.index) for jet in row.jets.values())]
    tangent = _tangent(form, rows, samples, homes, columns)
    number = {column: k for k, column in enumerate(columns)}
    size = max(float(np.linalg.norm(tangent)), 1e-300)
    found: dict[int, int] = {}
    axes = range(len(form.space.spatial))
    for i, j in permutations([k for k, home in enumerate(homes) if home and not form.unknowns[k].is_number], 2):
        for a, b in combinations(axes, 2):
            one = [number[c] for c in columns if (c.unknown, c.axis) == (i, b)]
            other = [number[c] for c in columns if (c.unknown, c.axis) == (j, a)]
            turned, sheared = (
                np.linalg.norm(tangent[:, one].sum(axis=1) + sign * tangent[:, other].sum(axis=1)) for sign in (-1, 1)
            )
            if turned <= FREE * size < sheared:
                found |= {i: a, j: b}
    return found


def _where(form: Form, homes: Sequence[Home | None], motion: Motion) -> tuple[str, str | None]:
    """The body that moves, in words, and a region in the problem's words over which means hold it, if there is one."""
    unknown, body = next((column.unknown, column.body) for column in motion)
    home = homes[unknown]
    regions = [each.region for each in home.bodies] if home else []
    named = [form.conditions[row.condition].where for row in form.rows if _whole(row.region) in regions]
    if home is None or not named:
        return "", None
    if home.count == 1:
        return named[0], named[0]
    each, numbers = next(pair for pair in zip(home.bodies, home.numbers, strict=True) if body in pair[1])
    return each.place(int(np.flatnonzero(numbers == body)[0]), named[0], form.space.coords), None


def _shift(form: Form, homes: Sequence[Home | None], motion: Motion, along: dict[int, int]) -> Finding:
    unknowns = sorted({column.unknown for column in motion})
    names = list(dict.fromkeys(name(form, k) for k in unknowns))
    where, over = _where(form, homes, motion)
    moved = [f"a translation along {form.space.coords[along[k]]}" for k in unknowns if k in along]
    if moved:
        text = f"nothing holds {where} against {moved[0]}: {names[0]}"
    else:
        text = ", ".join(names) if over or not where else f"on {where}, {', '.join(names)}"
    text += " are determined up to a common constant" if len(names) > 1 else " is determined up to a constant"
    fix = f"Eq({bracketed(over)}.mean({names[0]}), 0) would fix it" if over else f"give {names[0]} at a point there"
    mean = len(unknowns) == 1 and not form.fixes_constants(unknowns[0])
    return Finding(Kind.COVERAGE, f"{text} only: {fix}", "plausible" if mean else "unverified")


def _turn(form: Form, homes: Sequence[Home | None], motion: Motion, shifted: bool) -> Finding:
    where, over = _where(form, homes, motion)
    unknowns = sorted({column.unknown for column in motion if column.axis >= 0})
    names = [name(form, k) for k in unknowns]
    coords = form.space.coords
    body = next(column.body for column in motion)
    slopes = np.array([[motion.get(Column(k, body, a), 0.0) for a in range(len(form.space.spatial))] for k in unknowns])
    axes = np.flatnonzero(np.any(slopes, axis=0))
    square = slopes[:, axes]
    if len(unknowns) < 2 or len(axes) != len(unknowns) or np.any(np.abs(square + square.T) > 1e-6):
        ways = " and ".join(f"{u} by {_linear(coords, row)}" for u, row in zip(names, slopes, strict=True))
        text = f"nothing holds {where or ', '.join(names)} against a tilt: {ways}"
        return Finding(Kind.COVERAGE, f"{text} may be added; give more values, or slopes", "unverified")
    at = ""
    if len(axes) == 2 and not shifted:
        lo, hi = bounds(form)
        shift = np.array([motion.get(Column(k, body, -1), 0.0) for k in unknowns])
        pivot = ((lo + hi) / 2)[axes] - form_extent(form) * np.linalg.solve(square, shift)
        at = f" about {place(tuple(coords[a] for a in axes), np.round(pivot, 9))}"
    elif len(axes) == 2:
        at = f" in the plane of {coords[axes[0]]} and {coords[axes[1]]}"
    text = f"nothing holds {where} against a rotation{at}: {' and '.join(names)} change together"
    (p, q), (a, b) = names[:2], (coords[k] for k in axes[:2])
    if over and len(axes) == 2:
        fix = f"Eq({bracketed(over)}.mean({q}.diff({a}) - {p}.diff({b})), 0) would fix it"
    else:
        fix = "give one of them at a point off the axis"
    return Finding(Kind.COVERAGE, f"{text}; {fix}", "unverified")


def _linear(coords: Sequence[Symbol], slopes: Array) -> str:
    return " + ".join(f"{slope:.3g}*{x}" for x, slope in zip(coords, slopes, strict=False) if slope)
