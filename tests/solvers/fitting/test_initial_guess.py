"""Where nonlinear solves start."""

import numpy as np
import pytest
from sympy import Integer, Interval, exp, log, sin, sqrt

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions
from inrpde.errors import DivergedError
from inrpde.sampling.draw import draw
from inrpde.solvers.fitting import newton
from inrpde.solvers.fitting.initial_guess import guess, singular
from tests.solvers.fitted import AT, PLAN, solved, values

line = Space("x")
(x,) = line.coords
u = line.unknown("u")
omega = Region(line, Interval(0, 1))
ends = omega.boundary


@pytest.mark.parametrize("f", [sqrt, log, lambda value: 1 / value])
def test_where_an_equation_is_singular_at_zero_it_starts_at_one(f):
    wanted = 2 + sin(x)
    _, state = solved(Problem("p", [u], [On(omega, -u.diff(x, 2) + f(u) - sin(x) - f(wanted)), On(ends, u - wanted)]))
    assert np.allclose(values(state), 2 + np.sin(AT[:, 0]), atol=1e-9)


def test_where_slopes_must_not_vanish_it_starts_from_a_ramp():
    form = compile_problem(Problem("p", [u], [On(omega, 1 / u.diff(x) - exp(-x)), On(omega.face(x, 0), u - 1)]))
    assert not guess(form, draw(form, 50, 0)).known[0].is_number
    _, state = solved(form.bound.problem)
    assert np.allclose(values(state), np.exp(AT[:, 0]), atol=1e-8)


@pytest.mark.parametrize(
    ("given", "what", "fix"), [({}, "at u = 0, and at 1", "{u: 5}"), ({u: 2}, "at the guess", "{u: …}")]
)
def test_a_start_where_the_equation_is_singular_is_named(given, what, fix):
    ends = On(omega.face(x, 0), u - 4), On(omega.face(x, 1), u - 20)
    with pytest.raises(DivergedError, match=what) as raised:
        solved(Problem("p", [u], [On(omega, log(u - 3) - u.diff(x, 2)), *ends], guess=given))
    assert raised.value.where == "On(omega, log(u - 3) - u_xx)"
    assert fix in raised.value.fix


def test_a_guess_that_is_not_finite_is_an_error():
    form = compile_problem(Problem("p", [u], [On(omega, sqrt(u) - 1)], guess={u: -1}))
    with pytest.raises(DivergedError) as caught:
        newton.fit(form, PLAN, draw(form, 80, 0), 0)
    assert caught.value.fix


def started(*conditions, **more):
    form = compile_problem(Problem("p", [u], list(conditions), **more))
    samples = draw(form, 50, 0)
    return form, samples, guess(form, samples)


def test_it_starts_at_zero_at_the_guess_and_at_one_where_zero_is_stuck():
    """u² = 1 + x does not hold at zero, and no small change of u makes it hold better."""
    assert started(On(omega, u.diff(x, 2) - u**2 - 1))[2].known == (0,)
    assert started(On(omega, u**2 - (1 + x)))[2].known == (1,)
    assert started(On(omega, u**2 - (1 + x)), guess={u: -2 + x})[2].known == (x - 2,)


def test_the_row_that_is_singular_is_named_and_linear_ones_are_not_looked_at():
    regular, singular_ = On(omega, u.diff(x) + u**2), On(omega, log(u) - x)
    form, samples, start = started(regular, singular_)
    assert start.known == (1,)
    row = singular(form, samples, Expressions(form, (Integer(0),)))
    assert row is form.rows[1]
    assert singular(form, samples, start) is None
    pole = On(omega.face(x, 0), u - 1 / x)
    form, samples, _ = started(regular, pole)
    assert form.rows[1].linear
    assert singular(form, samples, Expressions(form, (Integer(0),))) is None
