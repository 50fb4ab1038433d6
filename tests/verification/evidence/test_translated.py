"""Solutions that may be moved for little, and those that are held."""

import numpy as np
import pytest
from sympy import Eq, Interval, exp, sin, sqrt, tanh

from inrpde import GridField, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions
from inrpde.discretise.score import score
from inrpde.sampling.draw import draw
from inrpde.verification.evidence.translated import Moved, translated

line = Space("x")
(x,), u, a = line.coords, line.unknown("u"), line.coefficient("a")


def measured(known, equation, half=6, **more):
    """What is said of a solution, known as an expression, of an equation with its values at both ends."""
    rod = Region(line, Interval(-half, half))
    form = compile_problem(Problem("p", [u], [On(rod, equation), On(rod.boundary, Eq(u, known))], **more))
    state, samples = Expressions(form, (known,)), draw(form, 200, 0)
    return translated(form, state, score(form, samples, state), samples)


def test_a_front_is_the_freer_the_farther_the_ends_are():
    """Its derivative falls by exp(-sqrt(2)) a length."""
    front, phases = tanh(x / sqrt(2)), Eq(line.laplace(u) + u, u**3)
    near, far, farther = (measured(front, phases, half).largest for half in (2, 8, 10))
    assert near < 20
    assert far > 1e3
    assert farther / far == pytest.approx(np.exp(2 * np.sqrt(2)), rel=0.3)


def test_a_solution_whose_equation_varies_from_place_to_place_is_held():
    front = tanh(x / sqrt(2))
    source = sin(x) - front
    free, held = Eq(line.laplace(u) + u, u**3), Eq(line.laplace(u) + u + sin(x), u**3 + source + front)
    assert measured(front, held, 8).largest == pytest.approx(measured(front, free, 8).largest)  # sin(x) on both sides
    pinned = Eq(line.laplace(u) + u + exp(-(x**2)) * (u - front), u**3)
    assert measured(front, pinned, 8).largest < 30


def test_of_linear_equations_and_of_data_on_grids_nothing_is_said():
    assert measured(sin(x), Eq(line.laplace(u) + u, 0)) is None
    data = GridField(np.ones(5), [np.linspace(-6, 6, 5)])
    assert measured(tanh(x / sqrt(2)), Eq(line.laplace(u) + a * u, u**3), coefficients={a: data}) is None


def test_along_an_axis_on_which_nothing_varies_nothing_is_moved():
    """Of a flow through a straight channel the derivative along it is noise, as is what it leaves."""
    plane = Space("x y")
    (z, y), w = plane.coords, plane.unknown("w")
    box = Region(plane, Interval(0, 1) ** 2)
    for known, said in ((1 + y**2 + 1e-9 * exp(-50 * (z - 0.5) ** 2), True), (1 + 0 * y, False)):
        equation = Eq(plane.laplace(w) + w**2, 2 + known**2)
        form = compile_problem(Problem("p", [w], [On(box, equation), On(box.boundary, Eq(w, known))]))
        state, samples = Expressions(form, (known,)), draw(form, 200, 0)
        found = translated(form, state, score(form, samples, state), samples)
        assert (found is not None) == said
        assert found is None or found.largest < 10


def test_evolutions_are_held_by_their_start():
    space = Space("x", time="t")
    (z, _), w = space.coords, space.unknown("w")
    bar = Region(space, Interval(-8, 8) * Interval(0, 1))
    known = tanh(z / sqrt(2))
    conditions = [On(bar, Eq(space.dt(w), space.laplace(w) + w - w**3)), On(bar.boundary, Eq(w, known)),
                  On(bar.initial, Eq(w, known))]  # fmt: skip
    form = compile_problem(Problem("p", [w], conditions))
    state, samples = Expressions(form, (known,)), draw(form, 200, 0)
    assert translated(form, state, score(form, samples, state), samples) is None


def test_a_state_that_is_moved_is_its_derivative():
    rod = Region(line, Interval(-1, 1))
    form = compile_problem(Problem("p", [u], [On(rod, line.laplace(u)), On(rod.boundary, u)]))
    points = np.linspace(-1, 1, 7)[:, None]
    found = Moved(Expressions(form, (sin(3 * x),)), 0).jets(0, points, [(0,), (1,)])
    assert found[(0,)] == pytest.approx(3 * np.cos(3 * points[:, 0]))
    assert found[(1,)] == pytest.approx(-9 * np.sin(3 * points[:, 0]))
