"""-div(a grad u) = f on the unit square, Dirichlet left and right, no flux above and below."""

from sympy import Eq, Interval, Or, cos, exp, pi, sin

from inrpde import On, Problem, Region, Space

space = Space("x y")
x, y = space.coords
u = space.unknown("u")
a = space.coefficient("a", positive=True)

omega = Region(space, Interval(0, 1) ** 2)
walls = omega.boundary.where(Or(Eq(x, 0), Eq(x, 1)))
floor = omega.boundary.where(Or(Eq(y, 0), Eq(y, 1)))

permeability = exp(x) * (2 + cos(pi * y))
solution = sin(pi * x) * cos(pi * y)
source = -space.div(permeability * space.grad(solution)).doit()

problem = Problem(
    "darcy",
    unknowns=[u],
    conditions=[
        On(omega, Eq(-space.div(a * space.grad(u)), source)),
        On(walls, Eq(u, 0)),
        On(floor, Eq(a * space.dn(u), 0)),
    ],
    coefficients={a: permeability},
    exact={u: solution},
)
