"""Sizes of equations and readings: in which units, how many rows are spare, and how small they may be."""

import numpy as np
import pytest

from inrpde.compiler import compile_problem
from inrpde.discretise.jets import evaluate_jets
from inrpde.discretise.state import zero_state
from inrpde.discretise.system import linearise
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global, make_trials
from inrpde.solvers.joint.components import EQUATIONS, SMALLEST, Sizes, factors, kinds, spare, weighted
from inrpde.solvers.linear.parts import Parts
from tests.solvers.joint import problems

SIZES = Sizes({EQUATIONS: 0.5, 1: 0.1}, (1.0, 1.0, 1.0))


def system(scale=1.0):
    form = compile_problem(problems.logistic(scale=scale))
    trials = make_trials(form, Global(12, (6.0,)), 0)
    state = zero_state(form, trials)
    state = state.with_vector(np.random.default_rng(0).standard_normal(state.width))
    samples = draw(form, 64, 0)
    plain = linearise(form, samples, state, evaluate_jets(form, samples, state), (0,))
    return weighted(form, plain, [0, 1, 2], SIZES, {1})


def test_equations_are_counted_in_errors_of_fields_row_by_row_and_readings_in_their_units():
    made, scaled = system(), system(1e4)
    assert np.allclose(made.matrix(), scaled.matrix())
    equations, readings = made.blocks
    rows = np.sqrt(np.mean((equations.parts[0].matrix * equations.root[:, None]) ** 2, axis=1))
    assert np.allclose(rows, 1 / 0.5)
    assert np.allclose(readings.root, 1 / 0.1)


def test_spare_rows_are_those_that_fields_do_not_take_up():
    made = system()
    fields, kind = Parts.of(made), kinds(made, {1})
    assert np.sum(kind == 1) == 40
    n = len(kind)
    found = spare(fields, kind, np.sqrt(n) * np.eye(n), fields.solve(np.sqrt(n) * np.eye(n)))
    matrix = made.matrix()[:, :12]
    hat = matrix @ np.linalg.pinv(matrix)
    for each in (EQUATIONS, 1):
        assert found[each] == pytest.approx(np.sum(1 - np.diag(hat)[kind == each]), rel=1e-6)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (n, 400))
    guessed = spare(fields, kind, signs, fields.solve(signs))
    assert guessed[1] == pytest.approx(found[1], abs=1.0)


def test_factors_are_one_where_sizes_are_right():
    left = np.array([2.0, -2.0, 2.0, 1.0, 1.0])
    kind = np.array([EQUATIONS] * 3 + [1] * 2)
    assert factors(left, kind, {EQUATIONS: 3.0, 1: 2.0}) == pytest.approx({EQUATIONS: 2.0, 1: 1.0})


def test_no_size_is_so_small_that_the_others_are_rounding():
    found = SIZES.times({1: 1e-30})
    assert found.of[1] == pytest.approx(SMALLEST * 0.5)
    assert SIZES.times({EQUATIONS: 1e-30}).of[EQUATIONS] == pytest.approx(SMALLEST * 0.1)
    assert SIZES.times({EQUATIONS: 1e-30}, least=0.0).of[EQUATIONS] < 1e-30
