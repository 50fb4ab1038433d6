"""u_t = div(a grad u) + f on the unit square, heat passing through all walls (a Robin condition)."""

from sympy import Eq, Interval, cos, exp, sin

from inrpde import On, Problem, Region, Space

space = Space("x y", time="t")
x, y, t = space.coords
u = space.unknown("u")
a = space.coefficient("a", positive=True)

omega = Region(space, Interval(0, 1) ** 3)
conductivity = 1 + x * y / 2
solution = exp(-t) * sin(2 * x + y) + cos(3 * y - t)
source = space.dt(solution) - space.div(conductivity * space.grad(solution))

problem = Problem(
    "heat",
    unknowns=[u],
    conditions=[
        On(omega, Eq(space.dt(u), space.div(a * space.grad(u)) + source)),
        On(omega.boundary, Eq(a * space.dn(u) + u, conductivity * space.dn(solution) + solution)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ],
    coefficients={a: conductivity},
    exact={u: solution},
)
