"""Do the given data agree with one another?"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form, Jet, Row
from inrpde.declaration.regions import Region
from inrpde.discretise.base import base
from inrpde.discretise.operators import lowest_modes
from inrpde.discretise.score import relative_data
from inrpde.errors import ProblemError
from inrpde.sampling.sample import sample
from inrpde.sampling.sites import Samples, Site
from inrpde.verification.finding import Finding, Kind, name, place

Array = np.ndarray
AGREES = 1e-6
"""Relative difference below which two data agree."""
STEP = 1e-7
"""How far from a point, as a share of a region's extent, its closure is looked for."""
CORNER = 0.02
"""The share of a set's points up to which two sets meet at a corner only."""
PROPORTIONAL = 1e-9
"""Relative difference below which two equations depend on the unknowns alike."""
MOSTLY = 0.9
"""The share of the common points at which they must, as an inequality does only where it is violated."""
FEW = 16
"""Common points that are looked at before all of them are."""
LEAST = 1e-9
"""Differences below this share of what the unknowns make are rounding."""
COST = 0.002, 0.04
"""The relative error left where values jump from one set to the other by the size of all data, in steady problems
and in time, as series solutions show (tests/verification/test_contradictory.py)."""
FEET = 64
"""Points of a wall that are looked at."""


def contradictions(form: Form, samples: Samples) -> list[Finding]:
    """Equations that say the same, and data that disagree where two conditions meet.

    Raises ProblemError where data of the same weight disagree on more than a corner."""
    findings: list[Finding] = []
    rows = [row for row in form.rows if _comparable(form, row)]
    natural = _natural(form, samples)
    sizes: dict[int, float] = {}
    for row in (row for row in rows if row.gives_value):
        u = _unknown(row)
        given = np.nan_to_num(np.abs(value(form, row, samples.of(row)) - base(form)[u]), posinf=0.0)
        sizes[u] = max(sizes.get(u, 0.0), float(np.max(given)))
    for a, b in itertools.combinations(rows, 2):
        deadline.turn()
        if set(a.jets.values()).isdisjoint(b.jets.values()):
            continue
        size = sizes[_unknown(a)] if a.gives_value and b.gives_value else None
        met = _met(form, a, b, samples, size, natural)
        if met:
            findings += met
        elif size is not None and not has_normals(form, a, b):
            findings += _at_corners(form, a, b, size, LEAST * natural[_unknown(a)])
    return findings


def _natural(form: Form, samples: Samples) -> list[float]:
    """How large each unknown must be for its data: what these are over what the operators make of its lowest mode, and
    its base; 1 where there are none."""
    sizes = [abs(constant) for constant in base(form)]
    for row, size in zip(form.rows, relative_data(form, samples), strict=True):
        for unknown in row.indices if np.isfinite(size) else ():
            sizes[unknown] = max(sizes[unknown], size)
    return [size or 1.0 for size in sizes]


def repeated(form: Form, samples: Samples) -> list[Finding]:
    """Points that are given more than once, with values that differ. Raises ProblemError where there is but one."""
    findings = []
    for row in form.rows:
        if not (row.region.labels and row.gives_value and not row.integrals) or has_normals(form, row):
            continue
        site = samples.of(row)
        values = value(form, row, site)
        key = sum(x * np.sqrt(2.0 + k) for k, x in enumerate(site.points.T))  # one number a point sorts fast
        places, number, counts = np.unique(key, return_inverse=True, return_counts=True)
        means = (np.bincount(number, values.real) + 1j * np.bincount(number, values.imag)) / counts
        gap = np.abs(values - means[number])
        varied = np.abs(values - base(form)[_unknown(row)]).max()
        if not gap.max() > max(AGREES * varied, LEAST * np.abs(values).max()):
            continue
        where = place(form.space.coords, site.points[int(np.argmax(gap))])
        text = f"points are given more than once with values that differ, by {gap.max():.4g} from their mean at {where}"
        if len(places) == 1:
            raise ProblemError(f"all the {text}", row.text, "check the coordinates: every point is the same")
        findings.append(Finding(Kind.DATA, f"{row.text}: {len(np.unique(number[gap > 0]))} {text}"))
    return findings


def _comparable(form: Form, row: Row) -> bool:
    return not (row.region.labels or row.integrals or form.conditions[row.condition].periodic or not row.jets)


def has_normals(form: Form, *rows: Row) -> bool:
    return any(set(form.space.normal) & row.residual.free_symbols for row in rows)


def _unknown(row: Row) -> int:
    return next(iter(row.jets.values())).unknown


# -- on more than a corner


def _met(form: Form, a: Row, b: Row, samples: Samples, size: float | None, natural: Sequence[float]) -> list[Finding]:
    """What is to be said where two equations hold on the same points and depend on the unknowns alike."""
    site, whole = _shared(a, b, samples)
    if site is None or (site.normals is None and has_normals(form, a, b)):
        return []
    few = site.taken(np.arange(0, len(site.points), max(len(site.points) // FEW, 1)))
    if not np.isfinite(_difference(form, a, b, few, natural)[0]).any():
        return []
    gap, data, least = _difference(form, a, b, site, natural)
    known = np.isfinite(gap)
    if np.count_nonzero(known) <= MOSTLY * len(gap):
        return []
    worst = int(np.nanargmax(gap))
    if gap[worst] <= max(AGREES * (size or data), least):
        return [Finding(Kind.DATA, f"{a.text} and {b.text} say the same: leave one out")] if whole else []
    where = place(form.space.coords, site.points[worst])
    if size is None:
        text = f"{a.text} and {b.text} ask the same of {_unknowns(form, a)} with data that differ by {gap[worst]:.4g}"
    else:
        (first,), (second,) = (value(form, row, site.taken(np.array([worst]))) for row in (a, b))
        one, other = _number(first, size), _number(second, size)
        text = f"{name(form, _unknown(a))} is {one} by {a.text} and {other} by {b.text}"
    soft = bool(a.data or b.data) or (a.region.dim != b.region.dim and form.space.dim in (a.region.dim, b.region.dim))
    asked = [form.conditions[row.condition] for row in (a, b)]
    if soft or len({(condition.weight, condition.norm) for condition in asked}) > 1:
        return [Finding(Kind.DATA, f"data disagree, and the loss is a compromise: {text} at {where}")]
    fix = "keep one of the two, or restrict one with .where"
    raise ProblemError(f"contradictory data: {text} at {where}", f"{a.text}; {b.text}", fix)


def _shared(a: Row, b: Row, samples: Samples) -> tuple[Site | None, bool]:
    """The points of one set that lie in the other, where they are more than a corner; are they all there are of one?"""
    best, whole = None, False
    for row, other in ((a, b), (b, a)):
        site = samples.of(row)
        if row.region.dim > other.region.dim:
            continue
        inside = np.flatnonzero(other.region.contains(site.points))
        if len(inside) and (row.region.dim == 0 or len(inside) > CORNER * len(site.points) + 1):
            whole |= len(inside) == len(site.points)
            best = site.taken(inside) if best is None or len(inside) > len(best.points) else best
    return best, whole


def _difference(form: Form, a: Row, b: Row, site: Site, natural: Sequence[float]) -> tuple[Array, float, float]:
    """By how much the data of two equations differ, in units of the first, (N,), NaN where they depend on the unknowns
    in different ways; the size of the data, and how small a difference is rounding.

    At any values of the unknowns and their derivatives the residuals then obey r_b = λ r_a + c, c being the difference.
    They are of the `natural` sizes of the unknowns, and of their lowest modes.
    """
    rng = np.random.default_rng(0)
    kind = 1 + 1j if form.arithmetic == "complex" else 1.0
    jets = sorted({*a.jets.values(), *b.jets.values()})
    sizes = {jet: natural[jet.unknown] * np.prod(lowest_modes(form) ** np.array(jet.index)) for jet in jets}
    n = len(site.points)
    drawn = [{jet: kind * sizes[jet] * rng.normal(size=n) for jet in jets} for _ in range(3)]
    if a.linear and b.linear:
        drawn[0] = {jet: np.full(n, 0.0 if any(jet.index) else base(form)[jet.unknown]) for jet in jets}
    with np.errstate(all="ignore"):
        ra, rb = ([_residual(form, row, site, values) for values in drawn] for row in (a, b))
        da, db = ([r[k] - r[0] for k in (1, 2)] for r in (ra, rb))
        crossed = np.abs(da[0] * db[1] - da[1] * db[0])
        bound = PROPORTIONAL * (np.abs(da[0] * db[1]) + np.abs(da[1] * db[0]))
        alike = (crossed <= bound) & np.isfinite(bound)
        factor = np.where(alike & (da[0] != 0) & (db[0] != 0), da[0] / db[0], np.nan)
        gap = np.abs(ra[0] - factor * rb[0])
        data = np.nanmax(np.maximum(np.abs(ra[0]), np.abs(factor * rb[0])), initial=0.0)
        least = LEAST * np.nanmax(np.abs(da[0]), initial=0.0)
    return gap, float(data), float(least)


def _residual(form: Form, row: Row, site: Site, values: dict[Jet, Array]) -> Array:
    jets = {s: values[jet] for s, jet in row.jets.items()}
    env = form.environment(row, site.points, site.normals, site.labels) | jets
    return np.broadcast_to(row.value(env)[0], (len(site.points),))


def _unknowns(form: Form, row: Row) -> str:
    return ", ".join(dict.fromkeys(name(form, jet.unknown) for jet in sorted(row.jets.values())))


def _number(value: float | complex, size: float) -> str:
    """A value, 0 where only rounding is left of it."""
    return "0" if abs(value) < 1e-9 * size else f"{value:.6g}"


# -- at corners


def _at_corners(form: Form, a: Row, b: Row, size: float, least: float) -> list[Finding]:
    points = meeting(form, a.region, b.region)
    if not len(points):
        return []
    left, right = value_at(form, a, points), value_at(form, b, points)
    with np.errstate(all="ignore"):
        gap = np.nan_to_num(np.abs(left - right), posinf=0.0)  # where data are infinite, they are not compared
    worst = int(np.argmax(gap))
    if gap[worst] <= max(AGREES * size, least):
        return []
    first, second = (_number(values[worst], size) for values in (left, right))
    where = place(form.space.coords, points[worst])
    text = f"{name(form, _unknown(a))} is {first} by {a.text} and {second} by {b.text} at {where}"
    open_ = [row.text for row in (a, b) if not row.region.contains(points[worst : worst + 1])[0]]
    near = f" (in the limit of {' and of '.join(open_)}, which does not hold there)" if open_ else ""
    where = "at a corner" if not open_ else "where two sets meet"
    share = float(gap[worst] / size)
    return [
        Finding(
            Kind.DATA, f"data disagree {where}: {text}{near}; no smooth function follows both", "plausible", share,
            of=name(form, _unknown(a)), cost=share * COST[form.space.time is not None], edge=True,
        )
    ]  # fmt: skip


def meeting(form: Form, a: Region, b: Region) -> Array:
    """Points where the closures of two regions meet: of their boxes, ends of curves, and where walls stand at the
    start."""
    if form.space.dim > 4:
        return np.zeros((0, form.space.dim))
    points = np.concatenate([lattice(a), lattice(b), ends(a), ends(b), _feet(form, a, b), _feet(form, b, a)])
    return points[_touches(a, points) & _touches(b, points)]


def _feet(form: Form, wall: Region, floor: Region) -> Array:
    """Points of a wall, moved to the time at which another set lies."""
    lo, hi = floor.bounds
    if form.space.time is None or wall.dim != form.space.dim - 1 or lo[-1] < hi[-1]:
        return np.zeros((0, form.space.dim))
    points = sample(wall, FEET, 3).points
    points[:, -1] = lo[-1]
    return points


def lattice(region: Region) -> Array:
    """The corners and the centres of edges and faces of a region's box, and of the box itself."""
    lo, hi = region.bounds
    return np.array(list(itertools.product(*zip(lo, (lo + hi) / 2, hi, strict=True))))


def ends(region: Region) -> Array:
    """The ends of the curves that a region consists of, (N, d)."""
    curves = [part for part in region.parts if part.piece.chart.dim == 1]
    found = [part.piece.chart.at(part.spans.reshape(-1, 1)) for part in curves]
    return np.concatenate(found) if found else np.zeros((0, region.space.dim))


def _touches(region: Region, points: Array) -> Array:
    """Which points lie in the closure of a region: in itself, at the ends of its curves, or a step away from it.

    A point of a floor is not in the closure of the walls where y > 0, though it is where y ≥ 0 and on the boundary."""
    lo, hi = region.bounds
    found = region.contains(points)
    for end in ends(region):
        found |= np.linalg.norm((points - end) / region.units, axis=1) <= 2 * region.tolerance
    for direction in itertools.product((-1, 0, 1), repeat=points.shape[1]):
        rest = np.flatnonzero(~found)
        found[rest] = region.contains(points[rest] + STEP * (hi - lo) * np.array(direction))
    return found


def plain(points: Array) -> Site:
    """Points (N, d) alone as a site."""
    return Site(points, np.ones(len(points)), None, {}, 1.0)


def value_at(form: Form, row: Row, points: Array) -> Array:
    """The value that such a row gives, without normals, at points (N, d)."""
    return value(form, row, plain(points))


def value(form: Form, row: Row, site: Site) -> Array:
    """The value that such a row gives at points."""
    env = form.environment(row, site.points, site.normals, site.labels) | dict.fromkeys(row.jets, 0.0)
    (given,), (slope,) = row.value(env), row.slopes(env)
    with np.errstate(all="ignore"):  # where the slope vanishes, nothing is given
        return np.broadcast_to(0.0 - np.asarray(given) / slope, (len(site.points),))
