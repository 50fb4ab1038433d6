"""In space: a fibre in a matrix, a ball without a box."""

from __future__ import annotations

import numpy as np
from sympy import Eq, Interval, Rational

from inrpde.declaration import Ball, Mesh, On, Region, Space
from zoo.flux.making import Computed, computed, flux
from zoo.flux.meshes import fibre
from zoo.flux.prisms import Fibre
from zoo.flux.tets import Solid, octant_between
from zoo.flux.weak import NONE, ONE


@flux("solid", {"through": (20, (0.0, 1.0)), "short": (50, (0.25, 0.75)), "void": (0.02, (0.25, 0.75))})
def rod(contrast: float, ends: tuple[float, float]) -> Computed:
    """A fibre of another conductivity in a cube, warm on one side and cold on the other: two fields on tetrahedra."""
    mesh = fibre(0.16, 8, ends)
    space = Space("x y z")
    x = space.coords[0]
    cube = Mesh(space, mesh)
    inside, outside = cube.tagged("fibre"), cube.tagged("matrix")
    f, m = space.unknown("f", on=inside), space.unknown("m", on=outside)
    skin = inside.boundary & outside.boundary
    walls = [cube.boundary.where(Eq(x, at)) for at in (0, 1)]
    conditions = [
        On(inside, Eq(-contrast * space.laplace(f), 1)),
        On(outside, Eq(-space.laplace(m), 1)),
        On(skin, Eq(f, m)),
        On(skin, Eq(contrast * space.dn(f), space.dn(m))),
        *[On(wall & outside.boundary, Eq(m, value)) for wall, value in zip(walls, (0, 1), strict=True)],
        On(outside.boundary - skin - walls[0] - walls[1], Eq(space.dn(m), 0)),
    ]
    if ends[0] == 0:
        conditions += [On(wall & inside.boundary, Eq(f, value)) for wall, value in zip(walls, (0, 1), strict=True)]

    def held(points: np.ndarray) -> np.ndarray:
        """In the prism of eight sides?"""
        x, (y, z) = points[:, 0], points[:, 1:].T - 0.5
        turned = np.mod(np.arctan2(z, y), np.pi / 4) - np.pi / 8
        return (np.hypot(y, z) * np.cos(turned) < 0.2 * np.cos(np.pi / 8)) & (x > ends[0]) & (x < ends[1])

    def fields(points, values):
        within = held(points)
        return {"f": np.where(within, values, np.nan), "m": np.where(within, np.nan, values)}

    return computed([f, m], conditions, Fibre(contrast, ends, 1.0), fields)


@flux("solid")
def ballbox() -> Computed:
    """-Δu = 1 in a ball without a box in its middle."""
    space = Space("x y z")
    u = space.unknown("u")
    omega = Ball(space, (0, 0, 0), 1) - Region(space, Interval(-Rational(3, 10), Rational(3, 10)) ** 3)
    conditions = [On(omega, Eq(-space.laplace(u), 1)), On(omega.boundary, Eq(u, 0))]
    walls = ((lambda p: p.min(axis=0) > 1e-9, NONE),)  # an eighth of it, the rest by symmetry
    return computed(u, conditions, Solid(lambda k: octant_between(0.3, 0.3 / 2**k), ONE, ONE, walls))
