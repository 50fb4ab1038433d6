"""A ripple: -div((1 + x) grad u) + u = f on the unit square, u given round it."""

from sympy import Eq, Expr, Interval, cos, sin

from inrpde import On, Problem, Region, Space


def problem(k: float = 6) -> Problem:
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    omega, ripple = Region(space, Interval(0, 1) ** 2), sin(k * x) * cos(k * y)

    def left(field: Expr) -> Expr:
        return -space.div((1 + x) * space.grad(field)) + field

    conditions = [On(omega, Eq(left(u), left(ripple).doit())), On(omega.boundary, Eq(u, ripple))]
    return Problem("ripple", unknowns=[u], conditions=conditions, exact={u: ripple}, settings={"rff.sigma": 6})
