"""What is given in a condition."""

import numpy as np
from sympy import cos, exp, sin

from inrpde.resolution.given import function, given
from tests.resolution.line import poisson


def test_data_and_coefficients_under_derivatives_term_by_term():
    bound = poisson("x y", lambda x, y: sin(x) + 3 * cos(y), coefficient=lambda x, y: 2 + exp(x))
    x, y = bound.space.coords
    found = given(bound, bound.conditions[0])
    assert set(found) == {(sin(x), sin(x) + 3 * cos(y)), (3 * cos(y), sin(x) + 3 * cos(y)), (exp(x), 2 + exp(x))}


def test_values():
    bound = poisson("x y")
    x, y = bound.space.coords
    points = np.random.default_rng(0).random((5, 2))
    found = function(bound, [x * y, sin(x).diff(x), x - x + 2])(points)
    np.testing.assert_allclose(found, [points[:, 0] * points[:, 1], np.cos(points[:, 0]), np.full(5, 2.0)])
