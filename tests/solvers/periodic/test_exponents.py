"""Exponentials in time: exact, for all that is linear with constant coefficients, and nothing else."""

import numpy as np
import pytest
from sympy import Eq, I, Rational, cos, exp, sin

from inrpde.solvers.periodic import exponents
from inrpde.solvers.periodic.course import first_modes
from inrpde.solvers.periodic.exponents import exponentials
from tests.solvers.periodic.problems import advection, burgers, jump, line, made, on_line, parts, plane, wave


def solved(problem, tolerance=1e-12):
    equations, initial = parts(problem)
    modes = first_modes(equations, initial, tolerance)
    return exponentials(equations, modes, *initial.exact(modes, tolerance), tolerance)


def one(equation, starts, end=1, **options):
    """Of one unknown on a line, from functions that make an equation and initial values."""
    space, x, t, u, omega = line(end, **options)
    return made(space, [u], omega, [equation(u, x, t)], starts(u, x, t))


CASES = {
    "advection": (advection(1000)[0], lambda x, t: np.exp(np.sin(x - t)), 1000),
    "heat": (
        one(lambda u, x, t: Eq(u.diff(t), u.diff(x, 2)), lambda u, x, t: [Eq(u, 300 + sin(x) + cos(5 * x))]),
        lambda x, t: 300 + np.exp(-t) * np.sin(x) + np.exp(-25 * t) * np.cos(5 * x),
        1,
    ),
    "growth": (
        one(lambda u, x, t: Eq(u.diff(t), u + u.diff(x, 2) / 9), lambda u, x, t: [Eq(u, 2 + sin(3 * x))], 20),
        lambda x, t: 2 * np.exp(t) + np.sin(3 * x),
        20,
    ),
    "wave": (
        one(
            lambda u, x, t: Eq(u.diff(t, 2) + u.diff(t) / 5, u.diff(x, 2)),
            lambda u, x, t: [Eq(u, sin(x)), Eq(u.diff(t), -sin(x) / 10)],
            7,
        ),
        lambda x, t: np.exp(-t / 10) * np.cos(np.sqrt(0.99) * t) * np.sin(x),
        7,
    ),
    "source": (
        one(lambda u, x, t: Eq(u.diff(t), u.diff(x, 2) + sin(2 * x)), lambda u, x, t: [Eq(u, 1)]),
        lambda x, t: 1 + np.sin(2 * x) * (1 - np.exp(-4 * t)) / 4,
        1,
    ),
    "complex": (
        one(
            lambda u, x, t: Eq(I * u.diff(t), -u.diff(x, 2)),
            lambda u, x, t: [Eq(u, exp(2 * I * x) + exp(-I * x) / 2 + I)],
            complex=True,
        ),
        lambda x, t: np.exp(1j * (2 * x - 4 * t)) + np.exp(1j * (-x - t)) / 2 + 1j,
        1,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_known_solutions_are_exact(name):
    problem, known, end = CASES[name]
    found, points = solved(problem), on_line(end=end)
    exact = known(*points.T)
    values = found.jets(0, points, [(0, 0)])[0, 0]
    assert np.max(np.abs(values - exact)) < 1e-10 * np.max(np.abs(exact))


def test_unknowns_that_turn_into_one_another_are_exact_in_the_plane():
    space, x, y, t, (u, v), omega = plane("u v")
    nu = Rational(1, 10)
    equations = [Eq(u.diff(t), nu * space.laplace(u) + v), Eq(v.diff(t), nu * space.laplace(v) - u)]
    found = solved(made(space, [u, v], omega, equations, [Eq(u, sin(x) * cos(2 * y)), Eq(v, 0)]))
    points = np.column_stack([on_line(), on_line(seed=1)[:, 1]])
    shape = np.exp(-points[:, 2] / 2) * np.sin(points[:, 0]) * np.cos(2 * points[:, 1])
    for k, wave_ in enumerate((np.cos, lambda t: -np.sin(t))):
        values = found.jets(k, points, [(0, 0, 0)])[0, 0, 0]
        assert np.allclose(values, wave_(points[:, 2]) * shape, atol=1e-12)


@pytest.mark.parametrize(
    "problem",
    [
        burgers(),
        wave()[0],
        one(lambda u, x, t: Eq(u.diff(t), u.diff(x, 2) + sin(x + t)), lambda u, x, t: [Eq(u, sin(x))]),
        one(
            lambda u, x, t: Eq(u.diff(t, 2), u.diff(x, 2)), lambda u, x, t: [Eq(u, sin(x)), Eq(u.diff(t), 1)]
        ),  # its mean is 1 t, which is no exponential
        jump(),
    ],
    ids=["nonlinear", "variable", "moving source", "linear in time", "too many"],
)
def test_what_is_no_sum_of_a_few_exponentials_is_left_to_others(problem):
    assert solved(problem, 1e-4) is None


def test_a_mean_that_stands_still_is_a_wave_of_no_frequency():
    problem = one(lambda u, x, t: Eq(u.diff(t, 2), u.diff(x, 2)), lambda u, x, t: [Eq(u, 5 + sin(x)), u.diff(t)])
    found, points = solved(problem), on_line()
    values = found.jets(0, points, [(0, 0)])[0, 0]
    assert np.allclose(values, 5 + np.sin(points[:, 0]) * np.cos(points[:, 1]), atol=1e-12)


def test_no_more_exponentials_are_kept_than_the_tolerance_asks_for(monkeypatch):
    problem = advection()[0]
    widths = [solved(problem, tolerance).trials[0].inner.width for tolerance in (1e-2, 1e-6, 1e-12)]
    assert widths[0] < widths[1] < widths[2]
    monkeypatch.setattr(exponents, "WIDEST", widths[1])
    assert solved(problem, 1e-12) is None
