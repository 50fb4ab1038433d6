"""Navier and Stokes' equations for u, v, p in a square: one of Taylor and Green's vortices, which decays."""

from sympy import Eq, FiniteSet, Interval, Matrix, cos, exp, pi, sin

from inrpde import On, Problem, Region, Space


def problem(nu: float = 0.1) -> Problem:
    """`nu` is the viscosity."""
    space = Space("x y", time="t")
    x, y, t = space.coords
    u, v, p = space.unknowns("u v p")
    flow = Matrix([u, v])

    omega = Region(space, Interval(0, pi) ** 2 * Interval(0, 1))
    corner = Region(space, FiniteSet((0, 0)) * Interval(0, 1))
    decay = exp(-2 * nu * t)
    vortex = Matrix([sin(x) * cos(y), -cos(x) * sin(y)]) * decay
    pressure = (cos(2 * x) + cos(2 * y)) * decay**2 / 4
    momentum = space.dt(flow) + space.grad(flow) * flow + space.grad(p)
    return Problem(
        "taylor_green",
        unknowns=[u, v, p],
        conditions=[
            On(omega, Eq(momentum, nu * space.laplace(flow))),
            On(omega, Eq(space.div(flow), 0)),
            On(omega.boundary, Eq(flow, vortex)),
            On(omega.initial, Eq(flow, vortex.subs(t, 0))),
            On(corner, Eq(p, pressure)),  # the equations leave a constant open at each time
        ],
        exact={u: vortex[0], v: vortex[1], p: pressure},
    )
