"""A wave that is carried round a ring a thousand times."""

from sympy import Eq, Interval, pi, sin

from inrpde import On, Periodic, Problem, Region, Space

space = Space("x", time="t")
x, t = space.coords
u = space.unknown("u")

ring = Region(space, Interval(0, 1) * Interval(0, 1000))
wave = sin(2 * pi * (x - t))

problem = Problem(
    "advection",
    unknowns=[u],
    conditions=[
        On(ring, Eq(space.dt(u) + u.diff(x), 0)),
        On(ring.face(x, 0), Periodic(u, x)),
        On(ring.initial, Eq(u, wave.subs(t, 0))),
    ],
    exact={u: wave},
)
