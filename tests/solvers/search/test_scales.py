"""The wave numbers that a declaration shows: of its operators, of its data, of one coordinate by another."""

import numpy as np
import pytest
from sympy import I, Interval, Piecewise, exp, pi, sin, sqrt

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.sampling.draw import draw
from inrpde.solvers.search.scales import scales

plane, timed = Space("x y"), Space("x", time="t")
x, y = plane.coords
u, w = plane.unknown("u"), plane.unknown("w", complex=True)
omega = Region(plane, Interval(0, 1) ** 2)
X, t = timed.coords
h = timed.unknown("h")
strip = Region(timed, Interval(0, 1) ** 2)


def waves(unknown, *conditions, **more):
    form = compile_problem(Problem("p", [unknown], list(conditions), **more))
    return scales(form, draw(form, 2000, 0)).all


@pytest.mark.parametrize("k", [5, 40])
def test_an_oscillating_operator(k):
    assert np.allclose(waves(u, On(omega, plane.laplace(u) + k**2 * u - 1)), k)
    assert np.allclose(waves(u, On(omega, -3 * plane.laplace(u) - 3 * k**2 * u - 1)), k)
    assert np.allclose(waves(w, On(omega, plane.laplace(w) + k**2 * w - 1)), k)


def test_a_damping_operator_has_no_waves():
    assert np.allclose(waves(u, On(omega, plane.laplace(u) - 100 * u - 1)), 0)


def test_a_variable_coefficient_counts_where_it_is_large():
    k = 30 * (1 + x)
    assert np.allclose(waves(u, On(omega, plane.laplace(u) + k**2 * u - 1)), 60, rtol=0.05)


def test_each_coordinate_has_its_own():
    found = waves(u, On(omega, u.diff(x, 2) + 4 * u.diff(y, 2) + 400 * u - 1))
    assert np.allclose(found, [20, 10])


def test_data_show_theirs():
    along = waves(u, On(omega, plane.laplace(u)), On(omega.boundary, u - sin(16 * pi * x) * exp(y)))
    assert 16 * np.pi < along[0] < 24 * np.pi
    assert along[1] < 0.2 * along[0]
    source = waves(u, On(omega, plane.laplace(u) - sin(9 * x) * sin(7 * y)))
    assert np.allclose(source, [9, 7], rtol=0.15)


def test_what_rounding_leaves_of_zero_is_no_wave():
    """sin(40πx) vanishes on the walls where x is 0 or 1, but for 1e-15."""
    walls = omega.face(x, 1)
    found = waves(u, On(omega, plane.laplace(u) - 1), On(walls, u - sin(40 * pi * x) * sin(40 * pi * y)))
    assert found.max() < 10


def test_waves_travel_into_the_time():
    exact = sin(3 * pi * X)
    equation = On(strip, timed.dt(h, 2) - 4 * h.diff(X, 2))
    found = waves(h, equation, On(strip.boundary, h), On(strip.initial, h - exact), On(strip.initial, timed.dt(h)))
    assert np.isclose(found[0], 3 * np.pi, rtol=0.1)
    assert np.isclose(found[1], 2 * found[0])


def test_heat_does_not_travel():
    found = waves(h, On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.initial, h - sin(3 * pi * X)))
    assert found[1] == 0


def test_nothing_is_known_of_nothing():
    assert np.array_equal(waves(u, On(omega, plane.laplace(u)), On(omega.boundary, u - 1)), [0, 0])


def test_systems_take_the_fastest():
    space = Space("x")
    (s,) = space.coords
    f, g = space.unknowns("f g")
    line = Region(space, Interval(0, 1))
    rows = [On(line, f.diff(s, 2) + 900 * f - 1), On(line, g.diff(s, 2) + 4 * g - f)]
    form = compile_problem(Problem("p", [f, g], rows))
    assert scales(form, draw(form, 500, 0)).all[0] == pytest.approx(30)
    swapped = compile_problem(Problem("p", [g, f], [On(line, [f.diff(s, 2) + 900 * f + g.diff(s, 2) + g - 1, g - f])]))
    assert scales(swapped, draw(swapped, 500, 0)).all[0] == pytest.approx(30)


def test_impedance_conditions_are_no_trouble():
    k = 20
    exact = exp(I * k * (x + sqrt(3) * y) / 2)
    data = plane.dn(exact) - I * k * exact
    found = waves(w, On(omega, plane.laplace(w) + k**2 * w), On(omega.boundary, plane.dn(w) - I * k * w - data))
    assert np.all((found >= 20) & (found < 30))


def test_a_jump_is_no_wave():
    steps = Piecewise((0, x < 0.31), (1, x < 0.62), (2, True))
    found = waves(u, On(omega, plane.laplace(u) - steps), On(omega.boundary, u))
    assert found[0] < 30
    assert found[1] == 0
