"""A rod at rest, one end of which is suddenly warm: what it begins with and what its end is held at disagree."""

from sympy import Eq, Interval, Piecewise, erfc, sqrt

from inrpde import On, Problem, Region, Space

space = Space("x", time="t")
x, t = space.coords
T = space.unknown("T")

rod = Region(space, Interval(0, 1) * Interval(0, 1))
root = 2 * sqrt(t)
images = sum((-1) ** k * (erfc((2 * k + x) / root) + erfc((2 * k + 2 - x) / root)) for k in range(6))

problem = Problem(
    "hot_wall",
    unknowns=[T],
    conditions=[
        On(rod, Eq(space.dt(T), space.laplace(T))),
        On(rod.face(x, 0), Eq(T, 1)),
        On(rod.face(x, 1), Eq(T.diff(x), 0)),
        On(rod.initial, Eq(T, 0)),
    ],
    exact={T: Piecewise((0, t <= 0), (images, True))},
)
