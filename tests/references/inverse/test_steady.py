"""Slopes of all that is read, by adjoints and by sensitivities, beside differences of whole solves."""

import numpy as np
import pytest
from sympy import Eq, I, Interval, Or, exp

from inrpde import Ball, Learned, On, Points, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references.equations import sort_equations
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.inverse.readings import readings_of
from inrpde.references.inverse.steady import Steady
from inrpde.references.layout import coarsest_axes

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
w = plane.unknown("w", complex=True)
a = plane.coefficient("a", positive=True)
b = plane.coefficient("b", of=x)
k = plane.parameter("k")
square = Region(plane, Interval(0, 1) ** 2)
disc = Ball(plane, (0, 0), 1)


def sensors(count, low=0.1, high=0.9, values=None):
    places = np.random.default_rng(0).uniform(low, high, (count, 2))
    return Points(plane, places, {"read": np.ones(count) if values is None else values}, normals=np.ones((count, 2)))


def model(conditions, unknowns, coefficients, n=8):
    problem = Problem("p", unknowns, conditions, coefficients=coefficients)
    equations = sort_equations(bind(problem), inverse=True)
    parameters = Parameters(equations, {1: 3, 2: 2})
    return Steady(equations, coarsest_axes(equations, n), parameters, readings_of(equations))


def nonlinear(count):
    some = sensors(count)
    return model(
        [
            On(square, Eq(-plane.div(a * plane.grad(u)) + k * u**3, exp(k * x))),
            On(square.boundary.where(Or(Eq(x, 0), Eq(x, 1))), Eq(u, b)),
            On(square.boundary.where(Or(Eq(y, 0), Eq(y, 1))), Eq(plane.dn(u), 0)),
            On(some, Eq(a * u * some["read"], 1)),
            On(some, Eq(plane.dn(u) + k, 1)),
        ],
        [u], {a: Learned(1.0), b: Learned(0.2), k: Learned(0.5)},
    )  # fmt: skip


def curved(count):
    some = sensors(count, -0.5, 0.5)
    where = [On(disc, Eq(-plane.div(a * plane.grad(u)), k)), On(disc.boundary, u)]
    return model([*where, On(some, u - some["read"])], [u], {a: Learned(1.0), k: Learned(2.0)})


def waves(count):
    some = sensors(count, values=np.full(count, 1 + 2j))
    where = [On(square, Eq(plane.laplace(w) + (9 + I) * k * w, a)), On(square.boundary, w)]
    return model([*where, On(some, w - some["read"])], [w], {a: Learned(1.0), k: Learned(1.1)})


@pytest.mark.parametrize("count", [3, 60])
@pytest.mark.parametrize("make", [nonlinear, curved, waves])
def test_slopes_are_those_of_the_discrete_problem(make, count):
    made = make(count)
    assert (made.parameters.count > 2 * count) == (count == 3)  # adjoints, then sensitivities
    theta = made.parameters.initial + 0.05 * np.random.default_rng(1).random(made.parameters.count)
    along = np.random.default_rng(2).standard_normal(made.parameters.count)
    slopes, must = made.slopes(theta)
    ahead, behind = (made.fit(theta + step * along) for step in (1e-5, -1e-5))
    assert must.shape == (0, len(theta))
    for k, each in enumerate(slopes):
        assert np.allclose(each @ along, (ahead.left[k] - behind.left[k]) / 2e-5, rtol=1e-5, atol=1e-7)
    (moved,) = made.responses(theta, along[:, None])
    for name, each in moved.items():
        change = (made.fields(theta + 1e-5 * along)[name] - made.fields(theta - 1e-5 * along)[name]) / 2e-5
        there = np.isfinite(change)
        assert np.allclose(each[there], change[there], rtol=1e-5, atol=1e-7)


def test_readings_between_nodes_are_of_second_order():
    errors = []
    for n in (8, 16):
        some = sensors(20)
        solution = x**2 * y + exp(x)
        where = [On(square, Eq(-plane.laplace(u), -2 * y * k - exp(x))), On(square.boundary, u - solution)]
        made = model([*where, On(some, u - solution), On(some, plane.dn(u - solution))], [u], {k: Learned(1.0)}, n)
        errors.append([np.abs(left).max() for left in made.fit(made.parameters.initial).left])
    assert np.all(np.log2(np.array(errors[0]) / errors[1]) > 1.6), errors
