"""Problems in time: steps of second order, and slopes of what is read at any time, beside differences of whole runs."""

import numpy as np
import pytest
from sympy import Eq, Interval, cos, exp, pi, sin

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references.equations import sort_equations
from inrpde.references.inverse import marching
from inrpde.references.inverse.marching import Marching
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.inverse.readings import readings_of
from inrpde.references.layout import coarsest_axes

line = Space("x", time="t")
x, t = line.coords
u = line.unknown("u")
a = line.coefficient("a", of=x, positive=True)
start = line.coefficient("start", of=x)
drive = line.coefficient("drive", of=t)
k = line.parameter("k")
bar = Region(line, Interval(0, 1) * Interval(0, 1))
PLACES = np.random.default_rng(0).uniform(0.1, 0.9, (25, 2))
sensors = Points(line, PLACES, {"read": np.zeros(len(PLACES))})


def model(conditions, coefficients, n=8, steps=8):
    equations = sort_equations(bind(Problem("p", [u], conditions, coefficients=coefficients)), inverse=True)
    parameters = Parameters(equations, {1: 3, 2: 2})
    return Marching(equations, coarsest_axes(equations, n), steps, parameters, readings_of(equations))


def heat():
    conditions = [
        On(bar, Eq(line.dt(u), line.div(a * line.grad(u)) + k * x)),
        On(bar.boundary, Eq(u, 0)),
        On(bar.initial, Eq(u, start * sin(pi * x))),
        On(sensors, u - sensors["read"]),
        On(sensors, line.dt(u) * a - sensors["read"]),
    ]
    return model(conditions, {a: Learned(0.3), start: Learned(1.0), k: Learned(0.5)})


def nonlinear():
    conditions = [
        On(bar, Eq(line.dt(u), line.div((a + u**2) * line.grad(u)))),
        On(bar.face(x, 0), Eq(u, drive)),
        On(bar.face(x, 1), Eq(line.dn(u) + k * u, 0)),
        On(bar.initial, Eq(u, 1 - x)),
        On(sensors, u - sensors["read"]),
    ]
    return model(conditions, {a: Learned(0.3), drive: Learned(1.0), k: Learned(0.5)})


def wave():
    conditions = [
        On(bar, Eq(line.dt(line.dt(u)), k**2 * line.laplace(u))),
        On(bar.boundary, Eq(u, 0)),
        On(bar.initial, Eq(u, sin(pi * x))),
        On(bar.initial, Eq(line.dt(u), start)),
        On(sensors, u - sensors["read"]),
        On(sensors, line.dt(u) - sensors["read"]),
    ]
    return model(conditions, {start: Learned(0.5), k: Learned(1.2)})


@pytest.mark.parametrize("make", [heat, nonlinear, wave])
def test_slopes_are_those_of_the_discrete_problem(make, monkeypatch):
    monkeypatch.setattr(marching, "KEPT", 4)
    made = make()
    theta = made.parameters.initial + 0.05 * np.random.default_rng(1).random(made.parameters.count)
    along = np.random.default_rng(2).standard_normal(made.parameters.count)
    slopes, _ = made.slopes(theta)
    ahead, behind = (made.fit(theta + step * along) for step in (1e-5, -1e-5))
    for number, each in enumerate(slopes):
        assert np.allclose(each @ along, (ahead.left[number] - behind.left[number]) / 2e-5, rtol=1e-4, atol=1e-6)
    (moved,) = made.responses(theta, along[:, None])
    change = (made.fields(theta + 1e-5 * along)["u"] - made.fields(theta - 1e-5 * along)["u"]) / 2e-5
    assert np.allclose(moved["u"], change, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("equation", "solution"),
    [
        (line.dt(u) - k * line.laplace(u) / pi**2, exp(-t) * sin(pi * x)),
        (line.dt(line.dt(u)) - k * line.laplace(u) / pi**2, cos(t) * sin(pi * x)),
    ],
    ids=["heat", "wave"],
)
def test_steps_and_readings_in_time_are_of_second_order(equation, solution):
    second = [On(bar.initial, line.dt(u))] if equation.has(u.diff(t, 2)) else []
    conditions = [On(bar, equation), On(bar.boundary, u), On(bar.initial, u - solution.subs(t, 0)), *second]
    conditions += [On(sensors, u - solution), On(sensors, line.dt(u) - solution.diff(t))]
    errors = []
    for n in (8, 16):
        made = model(conditions, {k: Learned(1.0)}, n, 4 * n)
        errors.append([np.abs(left).max() for left in made.fit(made.parameters.initial).left])
    assert np.all(np.log2(np.array(errors[0]) / errors[1]) > 1.6), errors
