"""-Δu + u = f on a disc with a hole off its centre: the flux is given inside, a Robin condition outside."""

from sympy import Eq, cos, exp

from inrpde import Ball, On, Problem, Space

space = Space("x y")
x, y = space.coords
u = space.unknown("u")

disc = Ball(space, (0, 0), 1)
hole = Ball(space, (0.2, 0.1), 0.4)
omega = disc - hole
solution = exp(x) * cos(2 * y) + x * y

problem = Problem(
    "annulus",
    unknowns=[u],
    conditions=[
        On(omega, Eq(-space.laplace(u) + u, -space.laplace(solution) + solution)),
        On(omega.boundary & hole.boundary, Eq(space.dn(u), space.dn(solution))),
        On(omega.boundary & disc.boundary, Eq(space.dn(u) + 2 * u, space.dn(solution) + 2 * solution)),
    ],
    exact={u: solution},
)
