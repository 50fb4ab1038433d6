"""i u_t + u_xx / 2 + |u|² u = 0, the cubic Schrödinger equation: a bright soliton; u is complex."""

from sympy import Abs, Eq, I, Interval, exp, sech

from inrpde import On, Problem, Region, Space


def problem(v: float = 1) -> Problem:
    """`v` is the soliton's speed."""
    space = Space("x", time="t")
    x, t = space.coords
    u = space.unknown("u", complex=True)

    omega = Region(space, Interval(-8, 8) * Interval(0, 2))
    solution = sech(x + 1 - v * t) * exp(I * (v * x + (1 - v**2) * t / 2))
    return Problem(
        "schrodinger",
        unknowns=[u],
        conditions=[
            On(omega, Eq(I * space.dt(u) + space.laplace(u) / 2 + Abs(u) ** 2 * u, 0)),
            On(omega.boundary, Eq(u, solution)),
            On(omega.initial, Eq(u, solution.subs(t, 0))),
        ],
        exact={u: solution},
    )
