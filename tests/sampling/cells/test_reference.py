"""Quadrature on the reference cube and simplex is exact to its degree, and to no higher one."""

from itertools import product
from math import factorial, prod

import numpy as np
import pytest

from inrpde.sampling.cells.reference import cube_rule, simplex_rule

CASES = [(dim, order) for dim in (1, 2, 3) for order in (1, 2, 4)]


def powers(dim, degree):
    return [each for each in product(range(degree + 1), repeat=dim) if sum(each) <= degree]


def on_simplex(each):
    """∫ Π ((1 + ξ_k) / 2)^n_k over the simplex."""
    return 2 ** len(each) * prod(factorial(n) for n in each) / factorial(sum(each) + len(each))


def on_cube(each):
    return prod(2 / (n + 1) for n in each)


@pytest.mark.parametrize(("rule", "truth"), [(simplex_rule, on_simplex), (cube_rule, on_cube)])
@pytest.mark.parametrize(("dim", "order"), CASES)
def test_polynomials_of_degree_2n_minus_1_are_exact_and_those_of_the_next_are_not(rule, truth, dim, order):
    points, weights = rule(dim, order)
    unit = (1 + points) / 2
    assert len(weights) == order**dim
    assert weights.min() > 0
    assert unit.min() > 0
    assert (unit.sum(axis=1) if rule is simplex_rule else unit).max() < 1
    for each in powers(dim, 2 * order - 1):
        assert weights @ np.prod(unit**each, axis=1) == pytest.approx(truth(each), rel=1e-13)
    missed = [
        weights @ np.prod(unit**each, axis=1) - truth(each) for each in powers(dim, 2 * order) if sum(each) == 2 * order
    ]
    assert np.max(np.abs(missed)) > 1e-6


def test_a_point_is_a_simplex():
    points, weights = simplex_rule(0, 3)
    assert points.shape == (1, 0)
    assert weights == [1]
