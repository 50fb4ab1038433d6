"""What is given in a condition."""

import numpy as np
from sympy import Abs, Interval, Piecewise, cos, exp, sin

from inrpde import On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.resolution import narrow
from inrpde.resolution.given import SOME, function, given
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


def test_what_unknowns_share_a_function_with():
    """A coefficient within Piecewise, a source that an unknown dampens within its exponential."""
    space = Space("x")
    (x,), u = space.coords, space.unknown("u")
    omega, near = Region(space, Interval(0, 1)), Abs(x - 0.3) < 1e-6
    rows = [Piecewise((5 * u.diff(x), near), (0, True)), exp(-(((x - 0.3) / 1e-6) ** 2) - u) + sin(u)]
    bound = bind(Problem("p", [u], [On(omega, u.diff(x, 2) + row) for row in rows]))
    jump, dampened = (given(bound, condition) for condition in bound.conditions)
    assert [term for term, _ in jump] == [Piecewise((5 * SOME, near), (0, True))]
    assert [term for term, _ in dampened if term.has(exp)] == [exp(-(((x - 0.3) / 1e-6) ** 2) - SOME)]
    assert all(place.width < 1e-5 for place in narrow(bound))
    assert {place.condition for place in narrow(bound)} == {0, 1}
