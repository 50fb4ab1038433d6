"""Δu + k²u = 0 for all wave numbers k from 5 to 20 at once: the sound of a source beside a square that lets it out."""

from sympy import Eq, Expr, I, Interval, hankel1, sqrt

from inrpde import On, Parameter, Problem, Region, Space


def problem(k: Expr = Parameter("k", 5, 20)) -> Problem:
    """`k` is the wave number: `solution(points, k=7.5)`, or `--param k=7.5` for one alone."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u", complex=True)

    room = Region(space, Interval(0, 1) ** 2)
    source = I / 4 * hankel1(0, k * sqrt((x + 0.3) ** 2 + (y - 0.6) ** 2))
    return Problem(
        "family_helmholtz",
        unknowns=[u],
        conditions=[
            On(room, Eq(space.laplace(u) + k**2 * u, 0)),
            On(room.boundary, Eq(space.dn(u) - I * k * u, space.dn(source) - I * k * source)),
        ],
        exact={u: source},
    )
