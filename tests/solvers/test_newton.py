"""The method `newton`."""

from inrpde.solvers import newton


def test_newton_solves_linear_problems_too(small):
    assert next(newton.solve(small.context(small.poisson()))).score < 1e-10
