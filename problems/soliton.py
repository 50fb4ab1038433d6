"""u_t + 6 u u_x + u_xxx = 0, Korteweg and de Vries' equation, periodic: one soliton travels and keeps its shape."""

from sympy import Eq, Interval, sech, sqrt

from inrpde import On, Periodic, Problem, Region, Space


def problem(c: float = 4) -> Problem:
    """`c` is the soliton's speed; its height is c / 2."""
    space = Space("x", time="t")
    x, t = space.coords
    u = space.unknown("u")

    omega = Region(space, Interval(-10, 10) * Interval(0, 1))
    solution = c * sech(sqrt(c) * (x + 2 - c * t) / 2) ** 2 / 2  # 1e-6 at the ends: as good as periodic
    return Problem(
        "soliton",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.dt(u) + 6 * u * u.diff(x) + u.diff(x, 3), 0)),
            On(omega.face(x, -10), Periodic(u, x)),
            On(omega.initial, Eq(u, solution.subs(t, 0))),
        ],
        exact={u: solution},
    )
