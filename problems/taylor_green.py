"""Navier and Stokes' equations for u, v, p, periodic: Taylor and Green's vortices, which decay and keep their shape."""

from sympy import Eq, FiniteSet, Interval, Matrix, cos, exp, pi, sin

from inrpde import On, Periodic, Problem, Region, Space


def problem(nu=0.1):
    """`nu` is the viscosity."""
    space = Space("x y", time="t")
    x, y, t = space.coords
    u, v, p = space.unknowns("u v p")
    flow = Matrix([u, v])

    omega = Region(space, Interval(0, 2 * pi) ** 2 * Interval(0, 1))
    corner = Region(space, FiniteSet((0, 0)) * Interval(0, 1))
    decay = exp(-2 * nu * t)
    solution = {
        u: -cos(x) * sin(y) * decay,
        v: sin(x) * cos(y) * decay,
        p: -(cos(2 * x) + cos(2 * y)) * decay**2 / 4,
    }
    momentum = space.dt(flow) + space.grad(flow) * flow + space.grad(p)
    return Problem(
        "taylor_green",
        unknowns=[u, v, p],
        conditions=[
            On(omega, Eq(momentum, nu * space.laplace(flow))),
            On(omega, Eq(space.div(flow), 0)),
            *(On(omega.face(z, 0), Periodic(f, z)) for z in (x, y) for f in (u, v, p)),
            On(omega.initial, Eq(flow, flow.subs(solution).subs(t, 0))),
            On(corner, Eq(p, solution[p])),  # the equations leave a constant open at each time
        ],
        exact=solution,
    )
