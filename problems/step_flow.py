"""Steady flow over a step that faces back, at Reynolds number 100: behind it the water turns round."""

from sympy import Eq, Interval, Matrix

from inrpde import On, Problem, Region, Space


def problem(reynolds: float = 100) -> Problem:
    """`reynolds` is that of the mean speed at the inlet, 2, and half the inlet's height."""
    space = Space("x y")
    x, y = space.coords
    u, v, p = space.unknowns("u v p")
    flow, nu = Matrix([u, v]), 1 / reynolds

    channel = Region(space, Interval(-1, 7) * Interval(0, 1))
    water = channel - Region(space, Interval(-1, 0) * Interval(0, 0.5))
    inlet, outlet = channel.face(x, -1).where(y > 0.5), channel.face(x, 7)
    return Problem(
        "step_flow",
        unknowns=[u, v, p],
        conditions=[
            On(water, Eq(space.grad(flow) * flow + space.grad(p), nu * space.laplace(flow))),
            On(water, Eq(space.div(flow), 0)),
            On(inlet, Eq(flow, Matrix([48 * (y - 0.5) * (1 - y), 0]))),
            On(outlet, Eq(nu * u.diff(x) - p, 0)),  # nothing pushes or pulls there
            On(outlet, Eq(v.diff(x), 0)),
            On(water.boundary - inlet - outlet, Eq(flow, Matrix([0, 0]))),
        ],
    )
