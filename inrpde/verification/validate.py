"""What can only be checked with points in hand: before anything is solved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions import Region
from inrpde.errors import ProblemError
from inrpde.sampling import sample
from inrpde.solvers.samples import Samples, Site, bounds, draw, volumes
from inrpde.solvers.score import score
from inrpde.solvers.system import environment
from inrpde.verification.fields import exact_state

Array = np.ndarray
AGREES = 1e-6
"""Relative difference below which two data agree."""
SATISFIES = 1e-4
"""Relative residual below which an exact solution satisfies an equation."""


def validate(form: Form) -> list[str]:
    """Raise ProblemError for what is wrong, return warnings for what is suspicious."""
    samples = draw(form, 1500, 17)
    _finite(form, samples)
    _periodic(form, samples)
    _exact(form, samples)
    _initial_conditions(form)
    return [*_contradictions(form, samples), *_uncovered(form), *_homogeneous(form, samples)]


def _finite(form: Form, samples: Samples) -> None:
    for row in form.rows:
        for site in (samples.of(row), _closure(form, row)):
            if site is None:
                continue
            bad = _not_finite(form, row, site)
            if bad.any():
                where = ", ".join(f"{x} = {v:.4g}" for x, v in zip(form.space.coords, site.points[bad][0], strict=True))
                raise ProblemError(
                    f"a coefficient or the data is not finite at {where}",
                    row.text,
                    "cut the singular point out of the region (omega - Ball(…)), or rewrite the expression there",
                )


def _not_finite(form: Form, row: Row, site: Site) -> Array:
    """Where a row is not finite, (N,) bool. A nonlinear one may be singular where the unknowns vanish, as 1/u is: it is
    asked about unknowns of 1, too."""
    bad = np.ones(len(site.points), dtype=bool)
    for level in (0.0,) if row.linear else (0.0, 1.0):
        env = environment(form, row, site) | dict.fromkeys([*row.jets, *row.integrals], level)
        values = [*row.value(env), *(row.slopes(env) if row.linear else [])]
        bad &= ~np.all([np.broadcast_to(np.isfinite(value), bad.shape) for value in values], axis=0)
    return bad


def _periodic(form: Form, samples: Samples) -> None:
    """A periodic face lies at an end of its coordinate, and what is opposite to it belongs to the region."""
    lo, hi = bounds(form)
    for row in form.rows:
        condition = form.conditions[row.condition]
        if not condition.periodic:
            continue
        site, x = samples.of(row), condition.periodic.coordinate
        k = form.space.coords.index(x)
        gap = np.min(np.abs(site.points[:, k, None] - [lo[k], hi[k]]), axis=1)
        if np.any(gap > 1e-9 * (hi[k] - lo[k])):
            raise ProblemError(
                f"the face does not lie at an end of {x}",
                row.text,
                f"{x} runs from {lo[k]:.6g} to {hi[k]:.6g}: omega.face({x}, {lo[k]:.6g})",
            )
        unknown = next(iter(row.jets.values())).unknown
        solid = [region for region in volumes(form, unknown) if region.dim == form.space.dim]
        lost = ~np.any([region.contains(site.pairs) for region in solid], axis=0) if solid else np.zeros(0, bool)
        if np.any(lost):
            where = ", ".join(f"{y} = {v:.4g}" for y, v in zip(form.space.coords, site.pairs[lost][0], strict=True))
            raise ProblemError(
                f"the faces do not match: {where}, opposite to a point of the face, does not belong to the region",
                row.text,
                "periodic faces are shifts of one another; restrict the condition with .where to what has an opposite",
            )


def _closure(form: Form, row: Row) -> Site | None:
    """Corners and centres of faces of the bounding box, where they belong to a volume's closure."""
    if row.region.dim < form.space.dim or form.space.dim > 6 or row.region.labels:
        return None
    points = _lattice(row.region)
    points = points[row.region.contains(points, 1e-9 * row.region.size)]
    return Site(points, np.ones(len(points)), None, {}, 1.0) if len(points) else None


def _lattice(region: Region) -> Array:
    lo, hi = region.bounds
    return np.array(list(itertools.product(*zip(lo, (lo + hi) / 2, hi, strict=True))))


def _exact(form: Form, samples: Samples) -> None:
    exact = exact_state(form)
    if exact is None:
        return
    scored = score(form, samples, exact)
    worst = max(range(len(form.rows)), key=lambda k: scored.rows[k].relative)
    found = scored.rows[worst]
    if not found.relative < SATISFIES:
        raise ProblemError(
            f"the exact solution does not satisfy its equation, by {found.rms:.2g} ({found.relative:.1g} of its terms)",
            form.rows[worst].text,
            "check signs, coefficients and sources, or leave `exact` out",
        )


def _initial_conditions(form: Form) -> None:
    """Second order in time needs two conditions at the start (or one at each end)."""
    if form.space.time is None:
        return
    k = form.space.dim - 1

    def about(number: int, dim: int) -> list[Row]:
        return [
            row for row in form.rows if row.region.dim == dim and any(j.unknown == number for j in row.jets.values())
        ]

    for number, unknown in enumerate(form.unknowns):
        jets = [jet for row in about(number, form.space.dim) for jet in row.jets.values() if jet.unknown == number]
        order = max((jet.index[k] for jet in jets), default=0)
        ends = [row for row in about(number, form.space.dim - 1) if _at_one_time(row.region)]
        periodic = any(c.periodic and c.periodic.coordinate == form.space.time for c in form.conditions)
        if ends and len(ends) < order and not periodic:
            raise ProblemError(
                f"{unknown.name} is of order {order} in time and has {len(ends)} initial condition(s)",
                "; ".join(row.text for row in ends),
                f"add one on omega.initial, for example Eq(space.dt({unknown.name}), 0)",
            )


def _at_one_time(region: Region) -> bool:
    lo, hi = region.bounds
    return bool(hi[-1] - lo[-1] < 1e-9 * region.size)


def _dirichlet(form: Form) -> Iterator[tuple[Row, int]]:
    """Rows that give the value of one unknown, and that unknown."""
    for row in form.rows:
        jets = list(row.jets.values())
        if row.linear and len(jets) == 1 and not any(jets[0].index) and not row.integrals:
            yield row, jets[0].unknown


def _value(form: Form, row: Row, points: Array) -> Array:
    """The value that a Dirichlet row gives at points."""
    env = form.environment(row, points, None, {}) | dict.fromkeys(row.jets, 0.0)
    (value,), (slope,) = row.value(env), row.slopes(env)
    with np.errstate(all="ignore"):  # where the slope vanishes, nothing is given
        return np.broadcast_to(0.0 - np.asarray(value) / slope, (len(points),))


def _size(form: Form, row: Row, samples: Samples) -> float:
    """The largest value that a Dirichlet row gives."""
    return float(np.max(np.nan_to_num(np.abs(_value(form, row, samples.of(row).points)), posinf=0.0)))


def _contradictions(form: Form, samples: Samples) -> list[str]:
    warnings = []
    rows = [
        (row, u)
        for row, u in _dirichlet(form)
        if not row.region.labels and not set(form.space.normal) & row.residual.free_symbols
    ]
    for (a, u), (b, v) in itertools.combinations(rows, 2):
        if u != v:
            continue
        shared = samples.of(a).points
        shared = shared[b.region.contains(shared)]
        corners = np.concatenate([_lattice(a.region), _lattice(b.region)]) if form.space.dim <= 4 else shared[:0]
        corners = corners[a.region.contains(corners) & b.region.contains(corners)] if len(corners) else corners
        for points, everywhere in ((shared, True), (corners, False)):
            if not len(points):
                continue
            left, right = _value(form, a, points), _value(form, b, points)
            scale = max(_size(form, a, samples), _size(form, b, samples), 1e-300)
            gap = np.nan_to_num(np.abs(left - right))
            worst = int(np.argmax(gap))
            if gap[worst] > AGREES * scale:
                where = ", ".join(f"{x} = {p:.4g}" for x, p in zip(form.space.coords, points[worst], strict=True))
                name = form.unknowns[u].name
                text = f"{name} is {left[worst]:.6g} by {a.text} and {right[worst]:.6g} by {b.text} at {where}"
                if everywhere and (a.region.dim == 0 or len(points) > 0.02 * len(samples.of(a).points) + 1):
                    raise ProblemError(
                        f"contradictory data: {text}",
                        f"{a.text}; {b.text}",
                        "keep one of the two, or restrict one with .where",
                    )
                warnings.append(f"data disagree at a corner: {text}")
                break
    return warnings


def _uncovered(form: Form) -> list[str]:
    """Parts of the boundary of the volumes without any condition, for equations of second order and above."""
    warnings: list[str] = []
    surfaces = [(c.region, c.periodic) for c in form.conditions if c.region.dim < form.space.dim]
    if not surfaces:
        return warnings
    seen: set[int] = set()
    for row in form.rows:
        spatial = max((sum(jet.index[: len(form.space.spatial)]) for jet in row.jets.values()), default=0)
        if row.region.dim < form.space.dim or spatial < 2 or id(row.region) in seen:
            continue
        seen.add(id(row.region))
        try:
            boundary = sample(row.region.boundary, 400, 3)
        except ProblemError:
            continue
        bare = ~np.any([_covers(form, region, periodic, boundary.points) for region, periodic in surfaces], axis=0)
        if bare.sum() > 2 or (form.space.dim == 1 and bare.any()):
            points = boundary.points[bare]
            lo, hi = points.min(axis=0), points.max(axis=0)
            where = ", ".join(
                f"{x} = {a:.3g}" if b - a < 1e-9 * row.region.size else f"{x} in {a:.3g} … {b:.3g}"
                for x, a, b in zip(form.space.coords, lo, hi, strict=True)
            )
            warnings.append(
                f"no condition on a part of the boundary of {form.conditions[row.condition].where}: {where} "
                f"({bare.mean():.0%} of it)"
            )
    return warnings


def _covers(form: Form, region: Region, periodic, points: Array) -> Array:
    covered = region.contains(points)
    if periodic:
        k = form.space.coords.index(periodic.coordinate)
        other = points.copy()
        other[:, k] = _opposite(form, k) - other[:, k]
        covered = covered | region.contains(other)
    return covered


def _opposite(form: Form, k: int) -> float:
    lo, hi = bounds(form)
    return float(lo[k] + hi[k])


def _homogeneous(form: Form, samples: Samples) -> list[str]:
    if not form.linear:
        return []
    for row in form.rows:
        site = samples.of(row)
        (value,) = row.value(environment(form, row, site) | dict.fromkeys([*row.jets, *row.integrals], 0.0))
        if np.any(np.abs(np.broadcast_to(value, (len(site.points),))) > 0):
            return []
    return [
        "every source and every boundary value is zero, and so is the solution; eigenproblems are not what this solves"
    ]
