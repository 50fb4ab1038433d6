"""The weight of a penalty by robust cross-validation, conditions that hold exactly, and what readings do not tell."""

import numpy as np
import pytest

from inrpde.references.inverse.regularise import Penalty, choose

N = 40
AT = np.linspace(0, 1, N)
TRUTH = np.sin(2 * np.pi * AT)
SMOOTH = np.array([[np.exp(-(((a - b) / 0.06) ** 2)) for b in AT] for a in AT])  # what blurs is hard to undo
SECOND = Penalty("curvatures", np.diff(np.eye(N), 2, axis=0) * N**2, np.zeros(N - 2))
FIRST = Penalty("slopes", np.diff(np.eye(N), axis=0) * N, np.zeros(N - 1))
NOTHING = np.zeros((0, N)), np.zeros(0)


def chosen(noise=0.05, penalties=(FIRST, SECOND), fixed=NOTHING, matrix=SMOOTH, seed=0):
    read = matrix @ TRUTH + noise * np.random.default_rng(seed).standard_normal(len(matrix))
    return choose(np.zeros(N), -read, matrix, penalties, fixed, 1.0)


def test_the_weight_is_near_the_best_one():
    for seed in range(5):
        found = chosen(seed=seed)
        error = np.linalg.norm(found.theta - TRUTH) / np.linalg.norm(TRUTH)
        assert error < 0.15, seed
        assert 0.5 < found.noise / 0.05 < 1.5, seed
        spread = np.linalg.norm(found.root) / np.linalg.norm(TRUTH)
        assert 0.3 < spread / error < 5, seed
        assert found.settled


def test_what_another_penalty_makes_of_it_is_a_deviation():
    both, alone = chosen(), chosen(penalties=(SECOND,))
    assert both.penalty.name == "curvatures"
    assert np.allclose(both.theta, alone.theta)
    assert np.allclose(both.root[:, :-1], alone.root)
    assert np.linalg.norm(both.root[:, -1]) > 0


def test_conditions_hold_exactly_and_have_no_deviation():
    ends = np.eye(N)[[0, N - 1]]
    found = chosen(fixed=(ends, ends @ (np.zeros(N) - TRUTH - 0.5)))
    assert np.allclose(found.theta[[0, -1]], 0.5)
    assert np.allclose(found.root[[0, -1]], 0, atol=1e-8)


def test_without_a_penalty_it_is_least_squares():
    nothing = Penalty("none", np.zeros((0, N)), np.zeros(0))
    matrix = np.random.default_rng(5).standard_normal((3 * N, N))
    found = chosen(noise=0.1, penalties=(nothing,), matrix=matrix)
    read = matrix @ TRUTH + 0.1 * np.random.default_rng(0).standard_normal(3 * N)
    assert np.allclose(found.theta, np.linalg.lstsq(matrix, read, rcond=None)[0], atol=1e-6)
    assert found.taken == pytest.approx(N)


def test_as_many_numbers_as_readings_tell_nothing_of_the_noise():
    nothing = Penalty("none", np.zeros((0, N)), np.zeros(0))
    found = chosen(penalties=(nothing,), matrix=np.eye(N))
    assert not found.settled
    assert found.noise == 0.1  # of their size
