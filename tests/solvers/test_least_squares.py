"""The method `least-squares`: what it refuses, and what it finds."""

import numpy as np
import pytest
from sympy import Interval, exp

import inrpde
from inrpde import On, Problem, Region, Space
from inrpde.errors import ProblemError
from inrpde.solvers import auto, least_squares

line = Space("x")
(x,) = line.coords
u, omega = line.unknown("u"), Region(line, Interval(0, 1))


def test_nonlinear_problems_go_to_newton(small):
    problem = Problem("p", [u], [On(omega, u.diff(x, 2) - exp(u) + 1), On(omega.boundary, u)])
    assert next(auto.solve(small.context(problem))).method == "newton"
    with pytest.raises(ProblemError) as caught:
        next(least_squares.solve(small.context(problem)))
    assert "exp(u)" in caught.value.where


def test_methods_that_serve_no_form_say_why():
    with pytest.raises(ProblemError, match="least-squares needs linear equations"):
        inrpde.solve(Problem("p", [u], [On(omega, u.diff(x) - u**2), On(omega.face(x, 0), u)]), method="least-squares")


def test_the_heads_are_exact_of_real_and_complex_linear_problems(small):
    for problem, exact in ((small.poisson(), lambda s: np.sin(np.pi * s)), (small.wave(), lambda s: np.exp(3j * s))):
        *_, last = least_squares.solve(small.context(problem))
        assert last.method == "least-squares"
        assert small.error(last, exact) < 1e-9


def test_samples_alone_are_fitted(small):
    first = next(least_squares.solve(small.context(small.regression())))
    assert small.error(first, small.regression_exact) < 1e-6
