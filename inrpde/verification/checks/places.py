"""Do the conditions hold where the unknowns live?"""

from __future__ import annotations

import numpy as np

from inrpde.compiler.form import PAIR, Form, Row
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.box import Flat
from inrpde.errors import ProblemError
from inrpde.sampling import sample
from inrpde.sampling.extent import bounds
from inrpde.sampling.sites import Samples, Site
from inrpde.verification.finding import Finding, Kind, name, place

Array = np.ndarray
NEAR = 1e-6
"""Points so near, as a share of a region's size, belong to its closure."""


def solids(form: Form, unknown: int) -> list[Region]:
    """The regions of full dimension on which an unknown has equations."""
    rows = [row for row in form.rows if unknown in row.indices and row.region.dim == form.space.dim]
    return list(dict.fromkeys(row.region for row in rows))


def misplaced(form: Form, samples: Samples) -> list[Finding]:
    """Conditions outside the region where their unknown has its equations.

    Raises ProblemError for points there, for an equation or an integral that needs an unknown where it does not live,
    and for an unknown whose equations hold on a set of measure zero."""
    for term, site in zip(form.integrals, samples.integrals, strict=True):
        _check_needed(form, term.row, site, integral=True)
    findings = []
    for row in form.rows:
        if row.region.dim == form.space.dim:
            _check_needed(form, row, samples.of(row), integral=False)
            continue
        for unknown in row.indices:
            domain = form.unknowns[unknown].region
            regions = solids(form, unknown) if domain is None else [domain]
            if regions:
                findings += _outside(form, row, samples.of(row).points, regions)
            elif row.region.dim > 0 and _flat(row.region):
                raise ProblemError(
                    f"the region has measure zero, and {name(form, unknown)} has no equation on a volume",
                    row.text,
                    "give the region an extent in every coordinate: Interval(1, 1) and FiniteSet(1) have none",
                )
    return findings


def _check_needed(form: Form, row: Row, site: Site, integral: bool) -> None:
    """Raise ProblemError where an equation or an integral needs an unknown outside the region where it lives, or, of
    an integral, where it has no equations."""
    for unknown in row.indices:
        domain = form.unknowns[unknown].region
        regions = [domain] if domain is not None else solids(form, unknown) if integral else []
        lost = ~np.any([region.contains(site.points, NEAR * region.size) for region in regions], axis=0)
        if regions and lost.any():
            u, where = name(form, unknown), row.region.label
            what = "the integral is taken over" if integral else "the equation holds on"
            raise ProblemError(
                f"{u} is needed where it does not live: {what} {where}, and {lost.mean():.0%} of that, at "
                f"{place(form.space.coords, site.points[lost][0])} for one, lies outside {_labels(regions)}",
                row.text,
                f"restrict it to where {u} lives, or let {u} live there (on=…, and an equation)",
            )


def _labels(regions: list[Region]) -> str:
    return ", ".join(region.label for region in regions)


def _flat(region: Region) -> bool:
    return isinstance(region, Flat) or any(map(_flat, region.parents))


def _outside(form: Form, row: Row, points: Array, regions: list[Region]) -> list[Finding]:
    lost = ~np.any([region.contains(points, NEAR * region.size) for region in regions], axis=0)
    if not lost.any():
        return []
    there = "; ".join(f"({place(form.space.coords, point)})" for point in points[lost][:3])
    more = ", …" if lost.sum() > 3 else ""
    what = f"{lost.sum()} of {len(points)} points lie outside the region: {there}{more}"
    if row.region.dim == 0:
        raise ProblemError(what, row.text, "leave them out, or give the equations a region that holds them")
    return [Finding(Kind.PLACES, f"{row.text}: {what}; nothing ties the solution to them")]


def check_periodic(form: Form, samples: Samples) -> None:
    """A periodic face lies at an end of its coordinate, and matches what is opposite. Raises ProblemError."""
    lo, hi = bounds(form)
    for row in form.rows:
        periodic = form.conditions[row.condition].periodic
        if not periodic:
            continue
        site, x = samples.of(row), periodic.coordinate
        pairs = site.at(PAIR)
        k = form.space.coords.index(x)
        gap = np.min(np.abs(site.points[:, k, None] - [lo[k], hi[k]]), axis=1)
        if np.any(gap > 1e-9 * (hi[k] - lo[k])):
            raise ProblemError(
                f"the face does not lie at an end of {x}",
                row.text,
                f"{x} runs from {lo[k]:.6g} to {hi[k]:.6g}: omega.face({x}, {lo[k]:.6g})",
            )
        regions = solids(form, next(iter(row.indices)))
        lost = ~np.any([region.contains(pairs) for region in regions], axis=0) if regions else np.zeros(0, bool)
        if np.any(lost):
            where = place(form.space.coords, pairs[lost][0])
            raise _mismatch(row, f"{where}, opposite to a point of the face, does not belong to the region")
        alone = _without_partner(form, row, k, regions, float(pairs[0, k]))
        if alone is not None:
            raise _mismatch(row, f"{place(form.space.coords, alone)} has no opposite point, and no other condition")


def _without_partner(form: Form, row: Row, k: int, regions: list[Region], end: float) -> Array | None:
    """A point of the opposite face that is the partner of none, and that no other condition covers."""
    lo, hi = bounds(form)
    others = [c.region for c in form.conditions if c.region.dim == form.space.dim - 1 and c.index != row.condition]
    for region in regions:
        try:
            q = sample(region.boundary if k < len(form.space.spatial) else region.final, 600, 5)
        except ProblemError:
            continue
        across = np.abs(q.points[:, k] - end) <= 1e-9 * (hi[k] - lo[k])
        if q.normals is not None and k < len(form.space.spatial):
            across &= np.abs(q.normals[:, k]) > 1 - 1e-9
        points = q.points[across]
        partners = points.copy()
        partners[:, k] = lo[k] + hi[k] - end
        covered = np.any([row.region.contains(partners), *(other.contains(points) for other in others)], axis=0)
        if np.count_nonzero(~covered) > 2:
            return points[~covered][0]
    return None


def _mismatch(row: Row, what: str) -> ProblemError:
    return ProblemError(
        f"the faces do not match: {what}",
        row.text,
        "periodic faces are shifts of one another; restrict the condition with .where to what has an opposite",
    )
