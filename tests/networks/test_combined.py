"""Combinations of columns are those of the trial times the weights, at each point set, and can be stored."""

import numpy as np
import pytest

from inrpde.networks import combined
from inrpde.networks.combined import Combined
from inrpde.networks.offset import Offset
from inrpde.networks.siren import SineBody
from inrpde.networks.stored import dump_trial, load_trial

RNG = np.random.default_rng(0)
BOX = (np.zeros(2), np.ones(2))
BODY = SineBody.random(30, 4.0, BOX, RNG)
WEIGHTS = RNG.standard_normal((30, 3))
POINTS = RNG.uniform(0, 1, (50, 2))
INDICES = [(0, 0), (1, 0), (0, 2)]


@pytest.mark.parametrize("weights", [WEIGHTS, WEIGHTS + 1j * WEIGHTS[::-1]])
def test_columns_are_the_trials_times_the_weights(weights):
    made, plain = Combined(BODY, weights).jets(POINTS, INDICES), BODY.jets(POINTS, INDICES)
    for index in INDICES:
        assert np.allclose(made[index], plain[index] @ weights, rtol=1e-12, atol=1e-12)


def test_the_columns_of_the_last_points_are_kept_and_others_are_made_anew():
    trial, head = Combined(BODY, WEIGHTS), np.array([1.0, -2.0, 0.5])
    zero = (0, 0)
    first = trial.jets(POINTS, [zero])[zero]
    assert trial.jets(POINTS.copy(), [zero])[zero] is first
    moved = POINTS + 0.01
    assert np.allclose(trial.apply(moved, head, [zero])[zero], BODY.apply(moved, WEIGHTS @ head, [zero])[zero])
    assert np.allclose(trial.apply(POINTS, head, INDICES)[1, 0], BODY.apply(POINTS, WEIGHTS @ head, INDICES)[1, 0])


def test_points_that_change_in_place_are_seen():
    trial, points, zero = Combined(BODY, WEIGHTS), POINTS.copy(), (0, 0)
    trial.jets(points, [zero])
    points += 0.1
    assert np.allclose(trial.jets(points, [zero])[zero], BODY.jets(points, [zero])[zero] @ WEIGHTS)


def test_too_many_are_not_kept(monkeypatch):
    monkeypatch.setattr(combined, "KEPT", 10)
    trial, zero = Combined(BODY, WEIGHTS), (0, 0)
    trial.apply(POINTS, np.ones(3), [zero])
    assert not trial.last


def test_it_is_stored_with_its_inner_trial_beside_a_constant():
    trial = Offset(Combined(BODY, WEIGHTS), 2.0)
    again = load_trial(dump_trial(trial))
    head = np.array([0.3, 0.1, -1.0])
    assert np.array_equal(again.apply(POINTS, head, INDICES)[0, 0], trial.apply(POINTS, head, INDICES)[0, 0])
    axes = [np.linspace(0, 1, 5), np.linspace(0, 1, 4)]
    assert np.allclose(again.on_grid(axes, head), trial.on_grid(axes, head))
