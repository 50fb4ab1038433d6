"""Flow past a post in a channel, steady at Reynolds number 100; or from rest until `end`, when it sheds vortices."""

from sympy import Eq, Interval, Matrix, exp

from inrpde import Ball, On, Problem, Region, Space


def problem(reynolds: float = 100, end: float = 0) -> Problem:
    """`reynolds` is that of the mean speed, 1, and the post's diameter, 1; it lies a little below the middle, as in the
    benchmark of Schäfer and Turek (1996)."""
    space = Space("x y", time="t" if end else None)
    x, y, *t = space.coords
    u, v, p = space.unknowns("u v p")
    flow, nu = Matrix([u, v]), 1 / reynolds

    box, post = Interval(-2, 20) * Interval(-2, 2.1), Ball(space, (0, 0), 0.5)
    channel = Region(space, box * Interval(0, end) if end else box)
    water = channel - (post.over(Interval(0, end)) if end else post)
    inlet, outlet = channel.face(x, -2), channel.face(x, 20)
    speed = 6 * (y + 2) * (2.1 - y) / 4.1**2 * ((1 - exp(-5 * t[0] ** 2)) if end else 1)
    rate = space.dt(flow) if end else Matrix([0, 0])
    start = [On(water.initial, Eq(flow, Matrix([0, 0])))] if end else []
    return Problem(
        "channel",
        unknowns=[u, v, p],
        conditions=[
            On(water, Eq(rate + space.grad(flow) * flow + space.grad(p), nu * space.laplace(flow))),
            On(water, Eq(space.div(flow), 0)),
            On(inlet, Eq(flow, Matrix([speed, 0]))),
            On(outlet, Eq(nu * u.diff(x) - p, 0)),
            On(outlet, Eq(v.diff(x), 0)),
            On(water.boundary - inlet - outlet, Eq(flow, Matrix([0, 0]))),
            *start,
        ],
    )
