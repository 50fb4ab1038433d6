"""Newton's method: from far off, where it overshoots, with few factors near the solution, and where there is none."""

import numpy as np
import pytest
from scipy.sparse import csc_array

from inrpde.discretise.weak.assembly import Assembled
from inrpde.errors import DivergedError
from inrpde.solvers.galerkin import newton as module
from inrpde.solvers.galerkin.newton import newton


def system(function, slope):
    """Equations for each number by itself, with an account of how often they were asked for."""
    asked = []

    def assembled(vector):
        asked.append(vector)
        return Assembled(csc_array(np.diag(slope(vector))), function(vector), {}, {}, np.empty((0, 2)))

    return assembled, asked


def solved(function, slope, start, linear=False):
    assembled, asked = system(function, slope)
    found, last = newton(assembled, (), np.array(start), np.abs, linear)
    return found, last, asked


@pytest.mark.parametrize("start", [0.1, 2.0, 30.0])
def test_it_is_damped_where_steps_overshoot(start):
    found, _, _ = solved(lambda v: np.arctan(v - 1), lambda v: 1 / (1 + (v - 1) ** 2), [start])
    assert found == pytest.approx([1], abs=1e-8)


def test_it_does_not_ask_that_less_be_left():
    """Of Rosenbrock's equations, in a form in which what is left grows a hundred times on the way."""

    def assembled(vector):
        a, b = vector
        left, slope = np.array([10 * (b - a**2), 1 - a]), np.array([[-20 * a, 10], [-1, 0]])
        return Assembled(csc_array(slope), left, {}, {}, np.empty((0, 2)))

    found, _ = newton(assembled, (), np.array([-1.2, 1.0]), np.abs, False)
    assert found == pytest.approx([1, 1], abs=1e-9)


def test_near_the_solution_factors_are_kept(monkeypatch):
    made, real = [], module.factorised
    monkeypatch.setattr(module, "factorised", lambda *args: made.append(1) or real(*args))
    found, _, asked = solved(lambda v: v**2 - 4, lambda v: 2 * v, [2.01])
    assert found == pytest.approx([2], rel=1e-10)
    assert len(made) < len(asked)


def test_multipliers_behind_the_columns_are_dropped():
    def assembled(vector):
        bordered = np.array([[2 * vector[0], 1.0], [1.0, 0.0]])  # u² + λ = 3 with u held at 2
        return Assembled(csc_array(bordered), np.array([vector[0] ** 2 - 3, vector[0] - 2]), {}, {}, np.empty((0, 2)))

    found, _ = newton(assembled, (), np.array([1.0]), np.abs, False)
    assert found == pytest.approx([2])


def test_linear_equations_take_one_system():
    found, last, asked = solved(lambda v: 3 * v - 6, lambda v: 3 + 0 * v, [0.0], linear=True)
    assert found == pytest.approx([2])
    assert len(asked) == 1
    assert last.residual == pytest.approx([-6])


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (lambda v: np.arctan(v) + 2, lambda v: 1 / (1 + v**2)),
        (lambda v: np.where(v > 2, v, np.nan), lambda v: 1 + 0 * v),
    ],
)
def test_where_it_does_not_converge_it_says_so(function, slope):
    with pytest.raises(DivergedError, match="Newton"):
        solved(function, slope, [3.0])
