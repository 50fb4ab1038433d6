"""Are there conditions enough: all round, at the start, and for what is fixed only up to a constant?"""

from __future__ import annotations

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form, Row
from inrpde.declaration.conditions import Periodic
from inrpde.declaration.regions import Mesh, Region
from inrpde.declaration.regions.mesh import Tagged
from inrpde.declaration.regions.simplices import measures
from inrpde.discretise.operators import coefficients
from inrpde.errors import ProblemError
from inrpde.sampling import Quadrature, sample
from inrpde.sampling.extent import bounds, opposite, priors
from inrpde.verification.finding import Finding, Kind, name

Array = np.ndarray
MOST = 6
"""Faces, and groups, that a message names."""
ASKEW = 1.3
"""How much more the last vertex of a facet counts than the first."""
BESIDE = 1e-6
"""How far beyond a boundary it is asked what lies there, as a share of a region's size."""


def bare_boundary(form: Form) -> list[Finding]:
    """Parts of the boundary of the volumes without any condition, for equations of second order in space and above."""
    surfaces = [(c.region, c.periodic) for c in form.conditions if c.region.dim < form.space.dim]
    findings: list[Finding] = []
    seen: set[Region] = set()
    for row in form.rows:
        deadline.turn()
        spatial = max((sum(jet.index[: len(form.space.spatial)]) for jet in row.jets.values()), default=0)
        if row.region.dim < form.space.dim or spatial < 2 or row.region in seen or row.condition in priors(form):
            continue
        given = {k for each in form.rows if each.region is row.region and each.gives_value for k in each.indices}
        if all(k in given for k, indices in row.indices.items() if any(sum(index) > 1 for index in indices)):
            continue  # what is given all over needs nothing at the boundary
        seen.add(row.region)
        try:
            boundary = _boundary(row.region)
        except ProblemError:
            continue
        bare = ~_degenerate(form, row, boundary, spatial)
        for region, periodic in surfaces:
            bare &= ~covers(form, region, periodic, boundary.points)
        if form.space.dim == 1:
            bare &= not _starts(form, row, spatial)
        elif bare.sum() < (1 if isinstance(row.region, Mesh) else 3):
            continue
        if bare.any():
            where = faces(form, row.region, boundary, bare)
            whole = form.conditions[row.condition].where
            share = boundary.weights[bare].sum() / boundary.weights.sum()
            text = f"no condition on a part of the boundary of {whole}: {where} ({share:.0%} of it)"
            text += _beyond(form, row, boundary, bare) + _unused(form, row.region)
            measured = all(_measured(form, k) for k in row.indices if not form.unknowns[k].learned)
            findings.append(Finding(Kind.COVERAGE, text, None if measured else "unverified"))
    return findings


def _boundary(region: Region) -> Quadrature:
    """Points on the boundary: of a mesh one in each facet, beside its middle, where conditions may meet."""
    if not isinstance(region, Mesh) or region.volume is None:
        return sample(region.boundary, 600, 3)
    facets, opposite, _ = region.volume.facets
    vertices = region.nodes[facets]
    shares = np.linspace(1, ASKEW, facets.shape[1])
    sizes = measures(vertices) if facets.shape[1] > 1 else np.ones(len(facets))
    points = np.einsum("fkd,k->fd", vertices, shares / shares.sum())
    return Quadrature(points, sizes, region.volume.outward(facets, opposite), {}, float(sizes.sum()))


def _beyond(form: Form, row: Row, boundary: Quadrature, bare: Array) -> str:
    """What lies beyond a part of the boundary, and has other unknowns."""
    assert boundary.normals is not None
    outside = boundary.points[bare] + BESIDE * row.region.size * boundary.normals[bare]
    mine = {k for each in form.rows if each.region is row.region for k in each.indices}
    for other in form.rows:
        apart = other.region is not row.region and other.jets and not mine & {*other.indices}
        if apart and other.region.dim == form.space.dim and other.region.contains(outside).any():
            one, two = (name(form, min(numbers)) for numbers in (mine, other.indices))
            where = form.conditions[other.condition].where
            return f"; {where} lies beyond: say what ties {one} to {two} there, equal values and equal fluxes"
    return ""


def _unused(form: Form, region: Region) -> str:
    """Groups of a mesh's facets that no condition names."""
    if not isinstance(region, Mesh):
        return ""
    named = {each.group for c in form.conditions for each in _ancestors(c.region) if isinstance(each, Tagged)}
    facets = len(region.coords) - 1
    left = [f"'{group}'" for group, by_dim in region.data.groups.items() if by_dim.keys() == {facets}]
    left = [group for group in left if group[1:-1] not in named]
    return f"; no condition names {', '.join(left[:MOST])} of {region.label}" if left else ""


def _ancestors(region: Region) -> list[Region]:
    return [region, *(each for parent in region.parents for each in _ancestors(parent))]


def _degenerate(form: Form, row: Row, boundary: Quadrature, order: int) -> Array:
    """Where a linear equation of second order asks for no condition: its second derivative across the boundary vanishes
    there, and what is left of its first does not point inwards (Fichera 1956): bool (N,)."""
    if order != 2 or not row.linear or len({jet.unknown for jet in row.jets.values()}) > 1:
        return np.zeros(len(boundary), dtype=bool)
    assert boundary.normals is not None
    points, normals, step = boundary.points, boundary.normals, 1e-4 * row.region.size
    inside = sample(row.region, 200, 3).points
    spatial = range(len(form.space.spatial))
    ellipticity = sum(np.mean(_across(form, row, inside, np.eye(form.space.dim)[k], 2)) for k in spatial)
    second = _across(form, row, points, normals, 2)
    slope = (second - _across(form, row, points - step * normals, normals, 2)) / step
    first = np.sign(ellipticity) * (_across(form, row, points, normals, 1) - slope)
    return (np.abs(second) <= 1e-9 * abs(ellipticity)) & (first <= 1e-2 * abs(ellipticity) / row.region.size)


def _across(form: Form, row: Row, points: Array, direction: Array, order: int) -> Array:
    """The coefficient (N,) of the derivative of an order along a direction, a unit vector for each point or for all."""
    towards = np.broadcast_to(direction, points.shape)
    total = np.zeros(len(points))
    for symbol, slope in coefficients(form, row, points, towards).items():
        index = row.jets[symbol].index if symbol in row.jets else ()
        if sum(index) == order:
            total = total + np.real(slope) * np.prod(towards ** np.array(index), axis=1)
    return total


def covers(form: Form, region: Region, periodic: Periodic | None, points: Array) -> Array:
    """Which points lie on a set, or opposite to it where it is a periodic face."""
    covered = region.contains(points)
    if periodic:
        covered = covered | region.contains(opposite(form, periodic.coordinate, points))
    return covered


def _starts(form: Form, row: Row, order: int) -> bool:
    """On a line, as many conditions as the order are enough, wherever they hold, all at one end, as for the time, or
    on integrals."""
    totals = [other for other in form.rows if other.integrals and not other.jets]
    given = [other for other in form.rows if other.region.dim == 0 and set(other.indices) & set(row.indices)]
    return sum(len(sample(other.region, 1, 0)) for other in given) + len(totals) >= order


def faces(form: Form, region: Region, boundary: Quadrature, bare: Array) -> str:
    """Where the boundary is bare: its flat faces by name, and a box round the rest."""
    assert boundary.normals is not None
    coords, size = form.space.coords, region.size
    left = bare.copy()
    words = []
    for k in range(len(form.space.spatial)):
        flat = np.abs(boundary.normals[:, k]) > 1 - 1e-9
        for value in np.unique(np.round(boundary.points[left & flat, k] / size, 9)) * size:
            face = flat & (np.abs(boundary.points[:, k] - value) < 1e-8 * size)
            mine = face & left
            left &= ~face
            part = f" with {_box(form, boundary.points[mine], k)}" if mine.sum() < 0.98 * face.sum() else ""
            words.append(f"{coords[k]} = {value + 0.0:.4g}{part}")
    if left.any():
        words.append(_box(form, boundary.points[left]))
    return "; ".join(words[:MOST]) + "; …" * (len(words) > MOST)


def _box(form: Form, points: Array, without: int | None = None) -> str:
    lo, hi = points.min(axis=0), points.max(axis=0)
    ranges = zip(form.space.coords, lo, hi, strict=True)
    return ", ".join(f"{x} in {a:.3g} … {b:.3g}" for k, (x, a, b) in enumerate(ranges) if k != without)


def initial_conditions(form: Form) -> list[Finding]:
    """As many conditions at the start as the order of what evolves (or at both ends together).

    Raises ProblemError where there are some, but too few. A linear equation of second order on a line may be singular
    at an end and ask for fewer: `bare_boundary` tells."""
    given = [row for row in form.rows if at_an_end(form, row)]
    way = form.evolves or (form.bound.one_sided if given else None)
    if way is None:
        return []
    few = form.space.dim == 1 and 0 < len(given) < sum(form.bound.orders)
    findings = []
    along = form.space.coords[way.axis]
    periodic = any(c.periodic and c.periodic.coordinate == along for c in form.conditions)
    for number in range(len(form.unknowns)):
        volume = [row for row in form.rows if row.region.dim == form.space.dim]
        orders = [jet.index[way.axis] for row in volume for jet in row.jets.values() if jet.unknown == number]
        order = max(orders, default=0)
        ends = [row for row in given if number in row.indices]
        if periodic or len(ends) >= order or (form.evolves is None and form.linear and order > 1):
            continue
        u = name(form, number)
        place, rate = "omega.initial", f"space.dt({u})"
        if form.space.dim == 1:
            place = "run.initial" if form.space.time else f"run.face({along}, {way.start:g})"
            rate = rate if form.space.time else f"{u}.diff({along})"
        if ends or few:
            what = f"{len(ends) or 'no'} initial condition{'s' * (len(ends) != 1)}"
            raise ProblemError(
                f"{u} is of order {order} in {'time' if form.space.time else along} and has {what}",
                "; ".join(row.text for row in ends or volume if number in row.indices),
                f"add one on {place}, for example Eq({rate if ends else u}, 0)",
            )
        text = f"{u} has no initial condition: give one on {place}"
        findings.append(Finding(Kind.COVERAGE, text, None if _measured(form, number) else "unverified"))
    return findings


def at_an_end(form: Form, row: Row) -> bool:
    """Does a condition hold at one end of the last coordinate alone?"""
    if form.space.dim == 1:
        return row.region.dim == 0
    (*_, start), (*_, end) = bounds(form)
    flat = np.ptp([bound[-1] for bound in row.region.bounds]) < 1e-9 * (end - start)
    return row.region.dim == form.space.dim - 1 and bool(flat)


def _measured(form: Form, unknown: int) -> bool:
    """Is the unknown measured at points, which may stand in for conditions?"""
    return any(row.region.labels and unknown in row.indices for row in form.rows)
