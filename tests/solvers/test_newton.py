"""The method `newton`."""

from sympy import Interval, exp, sin

from inrpde import On, Problem, Region, Space
from inrpde.solvers import newton


def test_newton_solves_linear_problems_too(small):
    assert next(newton.solve(small.context(small.poisson()))).score < 1e-10


def test_it_solves_nonlinear_problems_to_rounding(small):
    """u' = u² from u(0) = 1/2 is 1 / (2 - x)."""
    line = Space("x")
    (x,) = line.coords
    u, omega = line.unknown("u"), Region(line, Interval(0, 1))
    problem = Problem("p", [u], [On(omega, u.diff(x) - u**2), On(omega.face(x, 0), u - 0.5)])
    *_, last = newton.solve(small.context(problem))
    assert last.method == "newton"
    assert small.error(last, lambda s: 1 / (2 - s)) < 1e-10


def test_a_body_that_is_given_is_kept(small):
    line = Space("x")
    u, omega = line.unknown("u"), Region(line, Interval(0, 1))
    problem = Problem("p", [u], [On(omega, exp(u) - 2 - sin(20 * line.coords[0]))])
    (only,) = newton.solve(small.context(problem, width=8, band=3.0))
    assert only.state.width == 8
    assert only.score > 0.01, "too few features: others would be tried"
