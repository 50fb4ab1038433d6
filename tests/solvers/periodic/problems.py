"""Evolutions that are periodic in space, with known solutions."""

import numpy as np
from sympy import Eq, Interval, Rational, cos, exp, lambdify, pi, sin

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.declaration import Periodic
from inrpde.discretise.fields import field_points
from inrpde.solvers.periodic.spectral import Equations
from inrpde.solvers.periodic.strategy import initial

space = Space("x", time="t")
(x, t), u = space.coords, space.unknown("u")
ring = Region(space, Interval(0, 2 * pi) * Interval(0, 1))


def periodic(operator, known, orders=1, **more):
    """operator(u) = operator(known) on a ring, with what it begins with."""
    starts = [On(ring.initial, Eq(space.dt(u, k) if k else u, known.diff(t, k).subs(t, 0))) for k in range(orders)]
    equation = On(ring, Eq(operator(u), operator(known).doit()))
    return Problem("ring", [u], [equation, On(ring.face(x, 0), Periodic(u, x)), *starts], **more), known


def carried():
    return periodic(lambda f: f.diff(t) + 3 * f.diff(x), sin(2 * (x - 3 * t)) + cos(x - 3 * t) / 2)


def waves():
    return periodic(lambda f: f.diff(t, 2) - 4 * f.diff(x, 2), sin(3 * x) * cos(6 * t), orders=2)


def burgers():
    return periodic(lambda f: f.diff(t) + f * f.diff(x) - f.diff(x, 2) / 10, 1 + sin(x - t) * exp(-t))


def thin():
    """Of fourth order, as Kuramoto and Sivashinsky's."""
    return periodic(
        lambda f: f.diff(t) + f * f.diff(x) + f.diff(x, 2) + Rational(1, 10) * f.diff(x, 4), cos(x + sin(t))
    )


def parts(made):
    """The equations, and the initial values, of a problem."""
    equations = Equations.of(compile_problem(made))
    return equations, initial(equations)


def wrong(state, made, known):
    """The relative error of the first unknown over space and time."""
    form = compile_problem(made)
    points = field_points(form, 0, 500, 3)
    truth = lambdify(form.space.coords, known)(*points.T)
    zero = (0,) * points.shape[1]
    return np.linalg.norm(state.jets(0, points, [zero])[zero] - truth) / np.linalg.norm(truth)
