"""Lotka and Volterra's hares and lynxes."""

from sympy import Eq, Interval

from inrpde import On, Problem, Region, Space

space = Space(time="t")
(t,) = space.coords
hares, lynxes = space.unknowns("hares lynxes")

years = Region(space, Interval(0, 20))

problem = Problem(
    "predators",
    unknowns=[hares, lynxes],
    conditions=[
        On(years, Eq(space.dt(hares), hares - hares * lynxes / 2)),
        On(years, Eq(space.dt(lynxes), hares * lynxes / 4 - 3 * lynxes / 4)),
        On(years.initial, Eq(hares, 4)),
        On(years.initial, Eq(lynxes, 2)),
    ],
)
