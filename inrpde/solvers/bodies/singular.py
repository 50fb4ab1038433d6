"""Where a form's regions call for singular functions: corners, changes of condition on a wall, and holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form
from inrpde.declaration.regions import Corner, Region
from inrpde.errors import ProblemError
from inrpde.networks.corner import CornerFunctions, corner_modes, pole_modes
from inrpde.networks.cylindrical import CylindricalWaves
from inrpde.networks.multipole import Multipoles
from inrpde.networks.trial import Trial
from inrpde.sampling import sample
from inrpde.sampling.extent import volumes
from inrpde.sampling.holes import holes
from inrpde.solvers.bodies.enrichment import Enrichment
from inrpde.solvers.bodies.trefftz import symbol

Array = np.ndarray
EXPONENTS = 8
"""Exponents a corner. Measured on an L-shape with 800 features: none leaves an error of 1.7e-1, two leave 2.2e-4,
eight 3.7e-5, twenty 1.5e-5."""
POLES = 8
"""Negative powers a hole in the plane; chosen."""
STATIC = 0.1
"""The radius of a hole, in wave lengths over 2π, up to which powers do as well as waves; chosen."""
FLAT = 1e-3
"""Radians by which the faces of a crack may part at its tip; chosen."""
DEGREE = 6
"""Degree of the multipoles of a hole in space; chosen."""


@dataclass(frozen=True)
class Corners(Enrichment):
    """Singular functions at the corners of the plane that matter to second-order equations."""

    def beside(self, form: Form, unknown: int, rng: np.random.Generator) -> list[Trial]:
        if form.orders != (2, 2) or form.space.time is not None:
            return []
        return [trial for region in volumes(form, unknown) for trial in _corner_trials(form, unknown, region)]


@dataclass(frozen=True)
class Poles(Enrichment):
    """Multipoles, or the waves that take their place, in round holes, for second-order equations."""

    def beside(self, form: Form, unknown: int, rng: np.random.Generator) -> list[Trial]:
        if form.orders not in ((2, 2), (2, 2, 2)) or form.space.time is not None:
            return []
        return [trial for region in volumes(form, unknown) for trial in _hole_trials(form, unknown, region)]


def _corner_trials(form: Form, unknown: int, region: Region) -> list[Trial]:
    found: list[Trial] = []
    for corner in (*region.corners, *changes(form, unknown, region)):
        first = _kind(form, unknown, region.size, corner.point, corner.start)
        last = _kind(form, unknown, region.size, corner.point, corner.start + corner.angle)
        if first is not None and last is not None and _cut_is_outside(region, corner):
            modes = corner_modes(corner.angle, (first, last), EXPONENTS)
            if modes:
                found.append(CornerFunctions(corner.point, corner.start + corner.angle / 2, region.size, modes))
    return found


def _cut_is_outside(region: Region, corner: Corner) -> bool:
    """Whether the half line on which the functions of a crack's tip jump runs in the crack or outside the region."""
    if corner.angle < 2 * np.pi - FLAT:
        return True
    along = np.array([np.cos(corner.start), np.sin(corner.start)])
    points = np.array(corner.point) + np.outer(np.linspace(0, 3 * region.size, 600)[1:], along)
    near = 1e-6 * region.size
    return bool(np.all(region.boundary.contains(points, near) | ~region.contains(points)))


def _hole_trials(form: Form, unknown: int, region: Region) -> list[Trial]:
    """Multipoles at the centres of round holes, or the waves that take their place."""
    if region.space.dim == 3:
        return [Multipoles((float(c[0]), float(c[1]), float(c[2])), radius, DEGREE) for c, radius in holes(region)]
    kappa = _wave_number(form, unknown)
    found: list[Trial] = []
    for centre, radius in holes(region):
        at, across = (float(centre[0]), float(centre[1])), np.sqrt(abs(kappa)) * radius
        if across > STATIC:
            found.append(CylindricalWaves(at, radius, kappa, POLES + int(np.ceil(2 * across))))
        else:
            found.append(CornerFunctions(at, 0.0, radius, pole_modes(POLES)))
    return found


def _wave_number(form: Form, unknown: int) -> float:
    """κ where an unknown's equation is Δu + κu = f with a real constant κ, else 0."""
    of = symbol(form, unknown)
    if of is None or not set(of.indices) <= {(2, 0), (0, 2), (0, 0)} or len(of.indices) < 3:
        return 0.0
    terms = dict(zip(of.indices, of.coefficients, strict=True))
    across, ratio = terms[0, 2] / terms[2, 0], terms[0, 0] / terms[2, 0]
    kappa = complex(np.mean(ratio))
    same = np.allclose(across, 1, rtol=1e-9) and np.allclose(ratio, kappa, rtol=1e-9)
    return kappa.real if same and abs(kappa.imag) < 1e-9 * abs(kappa) else 0.0


def changes(form: Form, unknown: int, region: Region) -> list[Corner]:
    """Points of a flat wall where a condition on values meets one on slopes: corners of angle π."""
    try:
        q = sample(region.boundary, 600, 5)
    except ProblemError:
        return []
    assert q.normals is not None  # it is a boundary
    value = np.zeros(len(q.points), bool)
    slope = value.copy()
    for row in form.rows:
        mine = [jet for jet in row.jets.values() if jet.unknown == unknown]
        if row.region.dim == 1 and mine:
            holds = row.region.contains(q.points)
            if any(any(jet.index) for jet in mine):
                slope |= holds
            else:
                value |= holds
    values, slopes = q.points[value], q.points[slope & ~value]
    if not len(values) or not len(slopes):
        return []
    gap = np.linalg.norm(values[:, None] - slopes[None], axis=2)
    near = 4 * q.measure / len(q.points)
    found: list[Corner] = []
    i, j = np.nonzero(gap < near)
    for point in _between(form, unknown, values[i], slopes[j]):
        normals = q.normals[np.argsort(np.linalg.norm(q.points - point, axis=1))[:2]]
        known = [np.array(c.point) for c in (*region.corners, *found)]
        flat = normals[0] @ normals[1] > 0.999
        if flat and all(np.linalg.norm(point - k) > 2 * near for k in known):
            along = np.arctan2(normals[0][0], -normals[0][1])
            found.append(Corner((float(point[0]), float(point[1])), float(np.pi), float(along)))
    return found


def _between(form: Form, unknown: int, value: Array, slope: Array) -> Array:
    """The ends (P, 2) of the condition on values, on the way from points (P, 2) of it to points of the other: by
    bisection."""
    rows = [row for row in form.rows if row.region.dim == 1 and unknown in row.indices]
    plain = [row for row in rows if not any(any(jet.index) for jet in row.jets.values())]
    for _ in range(45 if len(value) else 0):
        middle = (value + slope) / 2
        holds = np.any([row.region.contains(middle) for row in plain], axis=0)[..., None]
        value, slope = np.where(holds, middle, value), np.where(holds, slope, middle)
    return (value + slope) / 2


def _kind(form: Form, unknown: int, size: float, point: tuple[float, float], direction: float) -> str | None:
    """What holds on the wall that leaves a corner in this direction: "value" if a condition without derivatives does,
    "slope" if one with them does, None if none does."""
    kinds = set()
    for step in (1e-3, 1e-2):
        probe = np.array([[point[0] + step * size * np.cos(direction), point[1] + step * size * np.sin(direction)]])
        for row in form.rows:
            mine = [jet for jet in row.jets.values() if jet.unknown == unknown]
            if row.region.dim == 1 and mine and row.region.contains(probe, 10 * step**2 * size)[0]:
                kinds.add("slope" if any(any(jet.index) for jet in mine) else "value")
        if kinds:
            return "value" if "value" in kinds else "slope"
    return None
