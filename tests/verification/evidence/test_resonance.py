"""Terms that may cancel those of the highest order on a wave."""

import pytest
from sympy import Eq

from inrpde import On, Problem
from inrpde.compiler import compile_problem
from inrpde.verification.evidence.resonance import rings
from tests.problems.amplifying import bar, moving, plane, rod, square, strip, t, x, y


def ringing(space, region, equation):
    u = space.unknown("u")
    form = compile_problem(Problem("p", [u], [On(region, Eq(equation(u), 1)), On(region.boundary, u)]))
    return [rings(form, row) for row in form.rows]


@pytest.mark.parametrize(
    ("equation", "found"),
    [
        (lambda u: plane.laplace(u) + 20 * u, True),
        (lambda u: -plane.laplace(u) + 20 * u, False),
        (lambda u: plane.laplace(u) + (x + y - 1) * u, True),
        (lambda u: plane.laplace(u) + u.diff(x), False),
        (lambda u: plane.laplace(u), False),
        (lambda u: plane.laplace(plane.laplace(u)) + 30 * plane.laplace(u), True),
        (lambda u: plane.laplace(plane.laplace(u)) - 30 * plane.laplace(u) + u, False),
        (lambda u: plane.laplace(plane.laplace(u)) - u, True),
        (lambda u: plane.laplace(u) + 20 * u**3, False),
    ],
)
def test_a_term_of_lower_order_and_the_other_sign_rings(equation, found):
    assert ringing(plane, square, equation) == [found, False]


def test_a_beam_under_pressure_rings_and_one_under_tension_does_not():
    assert ringing(rod, bar, lambda w: w.diff(x, 4) + 9 * w.diff(x, 2)) == [True, False]
    assert ringing(rod, bar, lambda w: w.diff(x, 4) - 9 * w.diff(x, 2)) == [False, False]


@pytest.mark.parametrize(
    "equation",
    [
        lambda u: moving.dt(u) - u.diff(x, 2) - 20 * u,
        lambda u: u.diff(t, 2) + u.diff(x, 4),
        lambda u: u.diff(t, 2) - u.diff(x, 2) - u,
    ],
)
def test_an_evolution_does_not_ring(equation):
    assert ringing(moving, strip, equation) == [False, False]
