"""u_tt = Δu on a square with reflecting walls: a pulse spreads, and comes back from them."""

from sympy import Eq, Interval, exp

from inrpde import On, Problem, Region, Space

space = Space("x y", time="t")
x, y, t = space.coords
u = space.unknown("u")

omega = Region(space, Interval(-1, 1) ** 2 * Interval(0, 1.5))
pulse = exp(-12 * (x**2 + y**2))

problem = Problem(
    "wave",
    unknowns=[u],
    conditions=[
        On(omega, Eq(space.dt(u, 2), space.laplace(u))),
        On(omega.boundary, Eq(space.dn(u), 0)),
        On(omega.initial, Eq(u, pulse)),
        On(omega.initial, Eq(space.dt(u), 0)),
    ],
)
