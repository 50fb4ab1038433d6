"""Corners that nobody names: an L, a T, a drum without a sector, walls that change their kind."""

from __future__ import annotations

import numpy as np
from scipy.special import jv
from skfem import MeshTri
from sympy import Eq, Interval, Rational, atan2, pi, sin, sqrt

from inrpde.declaration import Ball, On, Region, Space
from zoo.flux.lightning import Lightning
from zoo.flux.making import Computed, computed, flux
from zoo.flux.weak import Weak, constant, middles
from zoo.traps.known import Known, closed, numeric


def cut(cells: int, held, lo: float, hi: float) -> MeshTri:
    """Triangles of a square, of which those whose middles are `held` stay."""
    line = np.linspace(lo, hi, cells + 1)
    mesh = MeshTri.init_tensor(line, line)
    return mesh.remove_elements(np.flatnonzero(~held(*middles(mesh))))


@flux("vertex")
def elbow() -> Computed:
    """-Δu = 1 on an L."""
    space = Space("x y")
    u = space.unknown("u")
    omega = Region(space, Interval(-1, 1) ** 2) - Region(space, Interval(0, 1) * Interval(-1, 0))
    conditions = [On(omega, Eq(-space.laplace(u), 1)), On(omega.boundary, Eq(u, 0))]
    corners = np.array([(0, 0), (1, 0), (1, 1), (-1, 1), (-1, -1), (0, -1)], float)
    return computed(u, conditions, Lightning(corners, 120, 60))


@flux("vertex")
def step() -> Computed:
    """A Z, insulated but for its ends: two corners that point inwards."""
    space = Space("x y")
    x, _ = space.coords
    u = space.unknown("u")
    box = Region(space, Interval(0, 2) ** 2)
    omega = (
        box
        - Region(space, Interval(0, Rational(3, 4)) * Interval(1, 2))
        - Region(space, Interval(Rational(5, 4), 2) * Interval(0, 1))
    )
    mesh = cut(16, lambda x, y: ((x > 0.75) | (y < 1)) & ((x < 1.25) | (y > 1)), 0, 2)
    ends = [omega.face(x, at) for at in (0, 2)]
    conditions = [
        On(omega, Eq(space.laplace(u), 0)),
        *[On(end, Eq(u, value)) for end, value in zip(ends, (0, 1), strict=True)],
        On(omega.boundary - ends[0] - ends[1], Eq(space.dn(u), 0)),
    ]
    fixed = [(lambda x, at=at: np.abs(x[0] - at) < 1e-9, constant(at / 2)) for at in (0, 2)]
    corners = [(0.75, 1), (1.25, 1), (0, 0), (0, 1), (1.25, 0), (2, 1), (2, 2), (0.75, 2)]
    return computed(u, conditions, Weak(mesh, fixed=fixed, sharp=corners, levels=40))


@flux("vertex", {"3": (3,), "9": (Rational(17, 2),)})
def drum(k) -> Known:
    """Δu + k² u = 0 in three quarters of a disc: a mode that is singular in its middle."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    omega = Ball(space, (0, 0), 1) - Region(space, Interval(0, 2) * Interval(-2, 0))
    rim = omega.boundary.where(x**2 + y**2 > Rational(99, 100))
    turned = atan2((x + y) / sqrt(2), (y - x) / sqrt(2)) + 3 * pi / 4  # 0 on x = 0, y < 0, from there clockwise
    value = sin(Rational(2, 3) * turned)
    conditions = [
        On(omega, Eq(space.laplace(u) + k**2 * u, 0)),
        On(rim, Eq(u, value)),
        On(omega.boundary - rim, Eq(u, 0)),
    ]
    number = float(k)

    def truth(points):
        r, angle = np.hypot(*points.T), np.arctan2(points[:, 0] + points[:, 1], points[:, 1] - points[:, 0])
        return {"u": jv(2 / 3, number * r) / jv(2 / 3, number) * np.sin((angle + 3 * np.pi / 4) * 2 / 3)}

    return numeric(u, conditions, truth, accuracy=1e-13)


@flux("vertex", {"wedge": ()})
def wedge() -> Known:
    """Three quarters of a disc, insulated on one side of the corner and held on the other: r^(1/3)."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    omega = Ball(space, (0, 0), 1) - Region(space, Interval(0, 2) * Interval(-2, 0))
    turned = atan2((x + y) / sqrt(2), (y - x) / sqrt(2)) + 3 * pi / 4
    solution = (x**2 + y**2) ** Rational(1, 6) * sin(turned / 3)
    held, free = omega.face(x, 0), omega.face(y, 0)
    conditions = [
        On(omega, Eq(space.laplace(u), 0)),
        On(held, Eq(u, 0)),
        On(free, Eq(space.dn(u), 0)),
        On(omega.boundary - held - free, Eq(u, sin(turned / 3))),
    ]
    return closed(u, conditions, {u: solution})


@flux("vertex")
def floor() -> Computed:
    """A heated square whose floor is held in its middle third only, cooled on top."""
    space = Space("x y")
    x, y = space.coords
    u, omega = space.unknown("u"), Region(space, Interval(0, 3) ** 2)
    held, top = omega.face(y, 0).where((x > 1) & (x < 2)), omega.face(y, 3)
    conditions = [
        On(omega, Eq(-space.laplace(u), 1)),
        On(held, Eq(u, 0)),
        On(top, Eq(space.dn(u) + u, 0)),
        On(omega.boundary - held - top, Eq(space.dn(u), 0)),
    ]
    weak = Weak(
        cut(18, lambda x, y: x > -1, 0, 3), source=constant(1),
        fixed=[(lambda p: (p[1] < 1e-9) & (np.abs(p[0] - 1.5) < 0.5), constant(0))],
        through=[(lambda p: p[1] > 3 - 1e-9, 1.0, constant(0))],
        sharp=[(0, 0), (1, 0), (2, 0), (3, 0), (0, 3), (3, 3)], levels=40,
    )  # fmt: skip
    return computed(u, conditions, weak)
