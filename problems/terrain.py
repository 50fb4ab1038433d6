"""Steady flow through a real heterogeneous field: permeability 10^(2s), s the elevation of a mountain ridge."""

from sympy import Eq, Interval, Or

from inrpde import GridField, On, Problem, Region, Space

elevation = GridField.from_hdf5("data/terrain.h5", "elevation")  # scaled to [0, 1]; made by data/terrain.py
height = float(elevation.axes[1][-1])  # the width is 1

space = Space("x y")
x, y = space.coords
u = space.unknown("u")  # the head
s = space.coefficient("s")
permeability = 10 ** (2 * s)

omega = Region(space, Interval(0, 1) * Interval(0, height))
banks = omega.boundary.where(Or(Eq(y, 0), Eq(y, height)))

problem = Problem(
    "terrain",
    unknowns=[u],
    conditions=[
        On(omega, Eq(-space.div(permeability * space.grad(u)), 0)),
        On(omega.face(x, 0), Eq(u, 1)),
        On(omega.face(x, 1), Eq(u, 0)),
        On(banks, Eq(permeability * space.dn(u), 0)),
    ],
    coefficients={s: elevation},
)
