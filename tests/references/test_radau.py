"""Implicit equations in time: known solutions, algebraic equations, what blows up, and how often factors are made."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from inrpde.references import radau
from inrpde.references.radau import Run, Stretch, fitting, tableau
from inrpde.references.stretches import Stopped

TIMES = np.linspace(0, 5, 11)


class Linear:
    """M y'' + C y' + K y = load(t), of matrices; `second` where M counts."""

    fixed = True

    def __init__(self, *matrices, load=lambda time: 0.0, second=None):
        self.matrices = [csr_array(np.atleast_2d(matrix)) for matrix in matrices]
        self.order, count = len(matrices) - 1, self.matrices[0].shape[0]
        self.load = load
        self.second = np.full(count, self.order == 2) if second is None else np.array(second)
        self.groups = [np.array([k]) for k in range(count)]

    def residual(self, time, levels):
        return sum(m @ level for m, level in zip(self.matrices, levels, strict=True)) - self.load(time)

    def tangents(self, time, levels):
        return self.matrices


class Nonlinear:
    """y' = f(y), with its slope."""

    order, fixed = 1, False

    def __init__(self, f, slope, count):
        self.f, self.slope = f, slope
        self.second, self.groups = np.zeros(count, bool), [np.arange(count)]

    def residual(self, time, levels):
        return levels[1] - self.f(levels[0])

    def tangents(self, time, levels):
        return [csr_array(-np.atleast_2d(self.slope(levels[0]))), csr_array(np.eye(len(levels[0])))]


def through(motion, levels, tolerance, times=TIMES, **options):
    run = Run(motion, [np.array(level) for level in levels], tolerance, **options)
    return np.array(run.through([Stretch(times[0], times[-1], np.inf)], times)), run


def test_three_stages_are_those_of_hairer_and_wanner():
    found = tableau(3)
    assert found.nodes == pytest.approx([(4 - 6**0.5) / 10, (4 + 6**0.5) / 10, 1])
    assert found.values[0].real == pytest.approx(3 + 3 ** (2 / 3) - 3 ** (1 / 3))
    first = found.values[0].real * found.error
    assert first == pytest.approx([(-13 - 7 * 6**0.5) / 3, (-13 + 7 * 6**0.5) / 3, -1 / 3])


@pytest.mark.parametrize("stages", [3, 5])
@pytest.mark.parametrize("tolerance", [1e-3, 1e-5])
def test_decay_and_what_drives_it(stages, tolerance):
    motion = Linear([[50.0]], [[1.0]], load=lambda time: 50 * np.cos(time) - np.sin(time))
    found, run = through(motion, [[2.0]], tolerance, stages=stages)
    assert found[:, 0] == pytest.approx(np.cos(TIMES) + np.exp(-50 * TIMES), abs=5 * tolerance)
    assert run.steps < 100


def test_oscillations_of_second_order():
    motion = Linear(np.diag([25.0, 4.0]), np.zeros((2, 2)), np.eye(2), load=lambda time: np.array([0, np.cos(time)]))
    found, run = through(motion, [[1.0, 0.0], [0.0, 0.0]], 1e-5)
    exact = np.stack([np.cos(5 * TIMES), (np.cos(TIMES) - np.cos(2 * TIMES)) / 3], axis=1)
    assert np.max(np.abs(found - exact)) < 1e-5
    assert run.steps < 100


def test_orders_are_mixed():
    """u'' = -4u beside v' = -v + u."""
    motion = Linear([[4.0, 0], [-1, 1]], [[0.0, 0], [0, 1]], [[1.0, 0], [0, 0]], second=[True, False])
    found, _ = through(motion, [[1.0, 0.0], [0.0, 0.0]], 1e-6)
    exact = np.stack([np.cos(2 * TIMES), (np.cos(2 * TIMES) + 2 * np.sin(2 * TIMES) - np.exp(-TIMES)) / 5], axis=1)
    assert np.max(np.abs(found - exact)) < 1e-6


def test_algebraic_equations_hold_exactly():
    """u' = -v with v = u, whose first value is not known."""
    motion = Linear([[0.0, 1], [1, -1]], [[1.0, 0], [0, 0]])
    motion.groups = [np.array([0])]
    found, _ = through(motion, [[1.0, 7.0]], 1e-6)
    assert found[1:, 0] == pytest.approx(found[1:, 1], abs=1e-6)
    assert found[:, 0] == pytest.approx(np.exp(-TIMES), abs=1e-6)


def test_complex_numbers():
    found, _ = through(Linear([[3j]], [[1.0]]), [[1.0 + 0j]], 1e-6)
    assert np.max(np.abs(found[:, 0] - np.exp(-3j * TIMES))) < 1e-6


def test_newton():
    motion = Nonlinear(lambda y: -100 * y**3, lambda y: -300 * y**2, 1)
    found, _ = through(motion, [[1.0]], 1e-6)
    assert found[:, 0] == pytest.approx(1 / np.sqrt(1 + 200 * TIMES), abs=1e-6)


def test_what_blows_up_is_stopped():
    motion = Nonlinear(lambda y: y**2, lambda y: 2 * y, 1)
    with pytest.raises(Stopped, match=r"beyond t = (0\.99|1)"):
        through(motion, [[1.0]], 1e-4)


def test_factors_are_made_seldom(monkeypatch):
    made = []
    factors = radau.Factors
    monkeypatch.setattr(radau, "Factors", lambda matrix: made.append(0) or factors(matrix))
    motion = Linear([[1.0]], [[0.0]], [[1.0]])
    _, run = through(motion, [[1.0], [0.0]], 1e-6, np.linspace(0, 200, 11))
    assert run.steps > 200
    assert len(made) <= 3 * 8  # of three matrices each


def test_what_is_known_begins_with_longer_steps():
    motion = Linear([[1.0]], [[0.0]], [[1.0]])
    _, first = through(motion, [[1.0], [0.0]], 1e-6)
    found, second = through(motion, [[1.0], [0.0]], 1e-6, known=first.known)
    assert second.steps < first.steps
    assert found[:, 0] == pytest.approx(np.cos(TIMES), abs=1e-6)


def test_steps_end_with_the_time():
    assert fitting(0.3, 1.0) == pytest.approx(0.25)
    assert fitting(0.25, 1.0) == 0.25
