"""The maximum principle bounds the error of what nearly solves an equation, and is silent where none holds."""

import numpy as np
import pytest
from sympy import Eq, Interval, Rational, cos, exp, pi, sin

from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions
from inrpde.discretise.score import score
from inrpde.discretise.state import field_at
from inrpde.sampling import sample
from inrpde.sampling.draw import draw
from inrpde.verification.evidence.bounds import bound

plane, moving = Space("x y"), Space("x", time="t")
(x, y), (z, t) = plane.coords, moving.coords
u, v = plane.unknown("u"), moving.unknown("v")
square = Region(plane, Interval(0, 2) * Interval(0, 1))
disc = square - Ball(plane, (1, Rational(1, 2)), Rational(1, 4))
strip = Region(moving, Interval(0, 1) * Interval(0, 3))


def equation(space, region, unknown, operator, exact, *more):
    walls = [region.boundary, *([region.initial] if space.time else [])]
    conditions = [On(region, Eq(operator(unknown), operator(exact).doit())), *more]
    conditions += [On(each, Eq(2 * unknown, 2 * exact)) for each in walls]
    return compile_problem(Problem("p", unknowns=[unknown], conditions=conditions))


EXACT, LATER = exp(x) * cos(2 * y), exp(-t) * sin(2 * z) + 1
HELD = {
    "poisson": (plane, square, u, lambda w: -plane.laplace(w), EXACT),
    "screened": (plane, disc, u, lambda w: plane.laplace(w) - (1 + x) * w, EXACT),
    "mixed": (plane, disc, u, lambda w: 2 * w.diff(x, 2) + w.diff(x, y) + w.diff(y, 2) + 3 * w.diff(x), EXACT),
    "darcy": (plane, square, u, lambda w: -plane.div((1 + x * y) * plane.grad(w)), EXACT),
    "heat": (moving, strip, v, lambda w: moving.dt(w) - w.diff(z, 2) / 5 + z * w.diff(z), LATER),
}


def bounded(form, guess):
    return bound(form, score(form, draw(form, 4000, 7), Expressions(form, (guess,))))


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize(("size", "wave", "shift"), [(-6, 0.0, 0.0), (-1, 3.7, -0.4), (-3, 1.0, 1.0)])
def test_it_bounds_the_error_of_what_nearly_solves_it(name, size, wave, shift):
    space, region, unknown, operator, exact = HELD[name]
    form = equation(space, region, unknown, operator, exact)
    first, second = space.coords
    error = 10.0**size * (sin(wave * first + 2 * second) + shift)
    found = bounded(form, exact + error)
    points = sample(region, 3000, 1).points
    truth, wrong = (field_at(Expressions(form, (each,)), 0, points) for each in (exact, error))
    largest = np.abs(wrong).max() / np.sqrt(np.mean(truth**2))
    assert 0.95 * largest <= found <= 1000 * 10.0**size


@pytest.mark.parametrize(
    "form",
    [
        equation(plane, square, u, lambda w: plane.laplace(w) + 9 * w, EXACT),  # Helmholtz
        equation(plane, square, u, lambda w: w.diff(x, 2) - w.diff(y, 2), EXACT),  # a wave
        equation(moving, strip, v, lambda w: moving.dt(w) + w.diff(z, 2), LATER),  # backwards
        equation(plane, square, u, lambda w: plane.laplace(plane.laplace(w)), EXACT),
        equation(plane, square, u, lambda w: plane.laplace(w) + w**3, EXACT),
        equation(plane, square, u, plane.laplace, EXACT, On(square.face(x, 0), Eq(plane.dn(u), 1))),
    ],
    ids=["helmholtz", "wave", "backwards", "biharmonic", "nonlinear", "a flux"],
)
def test_it_is_silent_where_no_principle_is_known(form):
    assert bounded(form, EXACT if form.space is plane else LATER) is None


def test_it_is_silent_where_a_wall_is_bare():
    conditions = [On(square, Eq(plane.laplace(u), 0)), On(square.face(x, 0), Eq(u, 1))]
    form = compile_problem(Problem("p", unknowns=[u], conditions=conditions))
    assert bounded(form, x * pi) is None
