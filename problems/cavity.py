"""Steady flow in a square cavity under a sliding lid (Navier and Stokes' equations for u, v, p)."""

from sympy import Eq, FiniteSet, Interval, Matrix

from inrpde import On, Problem, Region, Space


def problem(Re: float = 100) -> Problem:
    """`Re` is the Reynolds number, of the lid's speed and the square's side."""
    space = Space("x y")
    x, y = space.coords
    u, v, p = space.unknowns("u v p")
    flow = Matrix([u, v])

    omega = Region(space, Interval(0, 1) ** 2)
    lid = omega.face(y, 1)
    slide = Matrix([(1 - (2 * x - 1) ** 14) ** 2, 0])  # 1 but for the ends, where it meets walls at rest
    return Problem(
        "cavity",
        unknowns=[u, v, p],
        conditions=[
            On(omega, Eq(space.grad(flow) * flow + space.grad(p), space.laplace(flow) / Re)),
            On(omega, Eq(space.div(flow), 0)),
            On(lid, Eq(flow, slide)),
            On(omega.boundary - lid, Eq(flow, Matrix([0, 0]))),
            On(Region(space, FiniteSet((0, 0))), Eq(p, 0)),  # the equations leave a constant open
        ],
    )
