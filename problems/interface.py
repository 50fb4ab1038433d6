"""-div(a grad u) = f in a square with a disc of another material: a jumps, u and the flux do not."""

from sympy import Eq, Interval, Rational, cos, exp

from inrpde import Ball, On, Problem, Region, Space


def problem(contrast: float = 10) -> Problem:
    """`contrast` is the disc's conductivity; that of the square round it is 1."""
    space = Space("x y")
    x, y = space.coords
    square = Region(space, Interval(-1, 1) ** 2)
    radius = Rational(1, 2)
    disc = Ball(space, (0, 0), radius)
    shell = square - disc
    u = space.unknown("u", on=disc)
    v = space.unknown("v", on=shell)

    potential = (x**2 + y**2 - radius**2) * exp(x) * cos(2 * y)  # a u: it vanishes on the circle
    source = -space.laplace(potential)
    return Problem(
        "interface",
        unknowns=[u, v],
        conditions=[
            On(disc, Eq(-contrast * space.laplace(u), source)),
            On(shell, Eq(-space.laplace(v), source)),
            On(disc.boundary, Eq(u, v)),
            On(disc.boundary, Eq(contrast * space.dn(u), space.dn(v))),
            On(square.boundary, Eq(v, potential)),
        ],
        exact={u: potential / contrast, v: potential},
    )
