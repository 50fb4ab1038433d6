"""u_t = u_xx + ρ u (1 - u), Fisher and KPP's equation: a front moves to the right and leaves u = 1 behind."""

from sympy import Eq, Interval, Rational, exp, sqrt

from inrpde import On, Problem, Region, Space


def problem(rho: float = 6) -> Problem:
    """`rho` is the rate of growth."""
    space = Space("x", time="t")
    x, t = space.coords
    u = space.unknown("u")

    omega = Region(space, Interval(-5, 15) * Interval(0, 2))
    speed = 5 * sqrt(Rational(rho) / 6)
    solution = (1 + exp(sqrt(Rational(rho) / 6) * (x - speed * t))) ** -2  # Ablowitz and Zeppetella (1979)
    return Problem(
        "reaction_front",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.dt(u), space.laplace(u) + rho * u * (1 - u))),
            On(omega.boundary, Eq(u, solution)),
            On(omega.initial, Eq(u, solution.subs(t, 0))),
        ],
        exact={u: solution},
    )
