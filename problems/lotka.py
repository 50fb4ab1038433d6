"""Prey and predators over some years, Lotka and Volterra's equations: ordinary differential equations in time."""

from sympy import Eq, Interval

from inrpde import On, Problem, Region, Space


def problem(years: float = 10, predators: float = 15) -> Problem:
    """`predators` are those at the start, beside a hundred prey."""
    space = Space(time="t")
    prey, hunters = space.unknowns("prey hunters")

    run = Region(space, Interval(0, years))
    return Problem(
        "lotka",
        unknowns=[prey, hunters],
        conditions=[
            On(run, Eq(space.dt(prey), 2 * prey - 0.04 * prey * hunters)),
            On(run, Eq(space.dt(hunters), 0.02 * prey * hunters - 1.06 * hunters)),
            On(run.initial, Eq(prey, 100)),
            On(run.initial, Eq(hunters, predators)),
        ],
    )
