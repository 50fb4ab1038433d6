"""The method `least-squares`: what it refuses, and what it finds."""

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
