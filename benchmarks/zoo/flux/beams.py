"""Elasticity: clamped beams, a hole in a plate, a crack that is opened."""

from __future__ import annotations

import numpy as np
from skfem import MeshTri
from sympy import Eq, Expr, Interval, Matrix, Rational, atan2, cos, eye, pi, sin, sqrt

from inrpde.declaration import Ball, Mesh, On, Region, Space
from zoo.flux.making import Computed, computed, flux
from zoo.flux.meshes import drawn
from zoo.flux.weak import WeakElastic
from zoo.traps.known import Known, closed

NU = Rational(1, 5)


def plane_stress(space: Space, moved: Matrix, nu: Expr, E: Expr = 1) -> Matrix:
    slip = space.grad(moved)
    strain = (slip + slip.T) / 2
    return E * ((1 - nu) * strain + nu * strain.trace() * eye(2)) / (1 - nu**2)


@flux("beam", {"1": (1,), "2": (2,), "4": (4,), "10": (10,), "hung": (4, 3)})
def clamped(length: int, other: int = 0) -> Computed:
    """A beam of unit height that is clamped on its left (and from there along its top), under its own weight."""
    space = Space("x y")
    x, _ = space.coords
    u, v = space.unknowns("u v")
    moved = Matrix([u, v])
    stress = plane_stress(space, moved, NU)
    beam = Region(space, Interval(0, length) * Interval(0, 1))
    wall = beam.face(x, 0)
    if other:
        wall |= beam.face(space.coords[1], 1).where(x < other)
    conditions = [
        On(beam, Eq(space.div(stress), Matrix([0, 1]))),
        On(wall, Eq(moved, Matrix([0, 0]))),
        On(beam.boundary - wall, Eq(stress * space.normal, Matrix([0, 0]))),
    ]
    mesh = MeshTri.init_tensor(np.linspace(0, length, 6 * length + 1), np.linspace(0, 1, 7))
    nu = float(NU)
    corners = [(0, 0), (0, 1), (length, 0), (length, 1), *([(other, 1)] if other else [])]
    weak = WeakElastic(
        mesh, (nu / (1 - nu**2), 1 / (2 * (1 + nu))), (0, 1),
        lambda p: (p[0] < 1e-9) | ((p[1] > 1 - 1e-9) & (p[0] < other)), corners, levels=30,
    )  # fmt: skip
    return computed([u, v], conditions, weak, lambda points, values: {"u": values[:, 0], "v": values[:, 1]})


def kirsch(x: Expr, y: Expr, nu: Expr) -> Matrix:
    """Displacements (E = 1, plane stress) round a hole of radius 1 in a sheet that is pulled along x with stress 1."""
    r2, twice = x**2 + y**2, 2 * atan2(y, x)
    r = sqrt(r2)
    kappa, shear = (3 - nu) / (1 + nu), 1 / (2 * (1 + nu))
    out = (r * (kappa - 1) / 2 + r * cos(twice) + (1 + (1 + kappa) * cos(twice)) / r - cos(twice) / r**3) / (4 * shear)
    turn = (-r * sin(twice) + (1 - kappa) * sin(twice) / r - sin(twice) / r**3) / (4 * shear)
    return Matrix([out * x - turn * y, out * y + turn * x]) / r


@flux("beam", {"quarter": (3,), "wide": (8,)})
def hole(width: int) -> Known:
    """A quarter of a plate with a hole of radius 1, pulled along x: Kirsch's solution."""
    space = Space("x y")
    x, y = space.coords
    u, v = space.unknowns("u v")
    stress, exact = plane_stress(space, Matrix([u, v]), NU), kirsch(x, y, NU)
    square = Region(space, Interval(0, width) ** 2)
    plate = square - Ball(space, (0, 0), 1)
    left, floor = plate.face(x, 0), plate.face(y, 0)
    pulled = square.face(x, width) | square.face(y, width)
    traction = plane_stress(space, exact, NU).doit() * space.normal
    conditions = [
        On(plate, Eq(space.div(stress), Matrix([0, 0]))),
        On(left, Eq(u, 0)),
        On(left, Eq((stress * space.normal)[1], 0)),
        On(floor, Eq(v, 0)),
        On(floor, Eq((stress * space.normal)[0], 0)),
        On(pulled, Eq(stress * space.normal, traction)),
        On(plate.boundary - left - floor - pulled, Eq(stress * space.normal, Matrix([0, 0]))),
    ]
    return closed([u, v], conditions, {u: exact[0], v: exact[1]}, accuracy=1e-13)


@flux("beam", {"opened": ()})
def cracked() -> Known:
    """A square that is cracked to its middle: the leading terms of the first and second mode (E = 1, plane stress)."""
    space = Space("x y")
    x, y = space.coords
    u, v = space.unknowns("u v")
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, 0.0]])
    plate = Mesh(space, drawn(square, 0.25, lines={"crack": np.array([[-1, 0], [0, 0]], float)}, slit="crack"))
    crack = plate.tagged("crack")
    stress = plane_stress(space, Matrix([u, v]), NU)
    kappa, half, r = (3 - NU) / (1 + NU), atan2(y, x) / 2, sqrt(sqrt(x**2 + y**2))
    opened = Matrix([cos(half) * (kappa - 1 + 2 * sin(half) ** 2), sin(half) * (kappa + 1 - 2 * cos(half) ** 2)])
    sheared = Matrix([sin(half) * (kappa + 1 + 2 * cos(half) ** 2), -cos(half) * (kappa - 1 - 2 * sin(half) ** 2)])
    exact = r * (opened + sheared / 2) * (1 + NU) / sqrt(2 * pi)
    conditions = [
        On(plate, Eq(space.div(stress), Matrix([0, 0]))),
        On(crack, Eq(stress * space.normal, Matrix([0, 0]))),
        On(plate.boundary - crack, Eq(Matrix([u, v]), exact)),
    ]
    return closed([u, v], conditions, {u: exact[0], v: exact[1]}, accuracy=1e-13)
