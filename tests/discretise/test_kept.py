"""Columns that are remembered are those that are made anew, are made once, and leave no trace in what is returned."""

import numpy as np
import pytest
from sympy import Eq, Interval, Matrix

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise import kept
from inrpde.discretise.jets import evaluate_jets
from inrpde.discretise.kept import Kept, digest, forgetting, remembering
from inrpde.discretise.state import dump_state, load_state, zero_state
from inrpde.discretise.system import linearise
from inrpde.networks.offset import Offset
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Cells, Global, make_trials

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
omega = Region(space, Interval(0, 2) * Interval(0, 1))
CONDITIONS = [
    On(omega, Matrix([space.laplace(u) - u**2 * v, v.diff(x) + u.diff(y) - omega.mean(u * v)])),
    On(omega.boundary, Eq(u, 1 + y)),
]
PLANS = {"one domain": Global(30, (4.0, 3.0)), "cells": Cells(((0, 0.4, 1), (0, 0.5, 1)), 15, (4.0, 4.0))}
INDICES = [(0, 0), (1, 0), (2, 0), (0, 2)]


def setup(plan, samples=80):
    form = compile_problem(Problem("p", [u, v], CONDITIONS))
    trials = tuple(make_trials(form, plan, 0))
    trials = (Offset(trials[0], 0.75), trials[1])
    samples = draw(form, samples, 0)
    fresh = zero_state(form, trials)
    fresh = fresh.with_vector(np.random.default_rng(0).standard_normal(fresh.width))
    return form, samples, fresh, remembering(trials, samples, 6)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_system_is_the_same_to_rounding_at_every_step(plan):
    form, samples, fresh, trials = setup(plan)
    for step in range(3):
        state = fresh.with_vector(fresh.vector + step)
        again = type(state)(trials, state.heads)
        mine, other = (linearise(form, samples, s, evaluate_jets(form, samples, s)) for s in (state, again))
        assert mine.pieces == other.pieces
        matrix, remembered = mine.matrix(), other.matrix()
        assert np.abs(matrix - remembered).max() < 1e-12 * np.abs(matrix).max()
        assert np.abs(mine.right - other.right).max() < 1e-12 * np.abs(mine.right).max()


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_columns_are_the_same_bit_for_bit(plan):
    _, samples, fresh, trials = setup(plan)
    points = samples.sites[0].points
    for trial, other in zip(trials, fresh.trials, strict=True):
        for piece, plain in zip(trial.pieces, other.pieces, strict=True):
            for _ in range(2):
                found, expected = piece.jets(points, INDICES), plain.jets(points, INDICES)
                assert all(np.array_equal(found[index], expected[index]) for index in INDICES)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_fields_are_the_same_with_their_constant_at_points_that_are_kept_or_not(plan):
    form, samples, fresh, trials = setup(plan)
    again = type(fresh)(trials, fresh.heads)
    for points in (samples.sites[0].points, np.random.default_rng(1).uniform(size=(20, 2))):
        for k in range(len(form.unknowns)):
            mine, other = fresh.jets(k, points, INDICES), again.jets(k, points, INDICES)
            for index in INDICES:
                assert np.allclose(mine[index], other[index], rtol=1e-11, atol=1e-11 * np.abs(mine[index]).max())


def counted(trial, made):
    """The trial; the points at which it is evaluated are added to a list."""

    class Counted(type(trial)):
        def jets(self, points, indices):
            made.append(len(points))
            return super().jets(points, indices)

    out = object.__new__(Counted)
    out.__dict__.update(vars(trial))
    return out


def test_columns_are_made_once():
    _, samples, fresh, _ = setup(PLANS["one domain"])
    at, made = samples.sites[0].points, []
    piece = Kept(counted(fresh.trials[1].pieces[0], made), {digest(at)})
    for _ in range(3):
        piece.jets(at, INDICES)
    assert made == [len(at)]
    piece.jets(at, [(0, 1), (0, 0)])  # a derivative that was not asked for before
    piece.apply(at, np.ones(piece.width), [(0, 1)])
    assert made == [len(at)] * 2
    piece.jets(at.copy(), INDICES)  # the same points
    assert made == [len(at)] * 2
    piece.jets(at[1:], INDICES)  # others are not kept
    piece.jets(at[1:], INDICES)
    assert made == [len(at)] * 2 + [len(at) - 1] * 2


def test_a_trial_that_is_shared_stays_so():
    _, samples, fresh, _ = setup(PLANS["one domain"])
    one, other = fresh.trials
    first, second, third = remembering((one, other, one), samples, 6)
    assert first is third
    assert first is not second


def test_what_is_returned_is_on_the_trials_themselves_and_is_stored():
    _, _, fresh, trials = setup(PLANS["one domain"])
    state = forgetting(type(fresh)(trials, fresh.heads))
    assert all(one is other for one, other in zip(state.trials, fresh.trials, strict=True))
    assert all(one is other for one, other in zip(state.heads, fresh.heads, strict=True))
    again = load_state(dump_state(state))
    at = np.array([[0.3, 0.4]])
    assert np.array_equal(again.jets(0, at, INDICES)[(2, 0)], fresh.jets(0, at, INDICES)[(2, 0)])
    with pytest.raises(TypeError, match="not stored"):
        type(trials[0]).from_state({})


def test_what_is_too_large_is_not_kept(monkeypatch):
    _, samples, fresh, trials = setup(PLANS["one domain"])
    sites = (*samples.sites, *samples.integrals)
    size = sum(len(at) for at in {id(s.points): s.points for s in sites}.values()) * fresh.width * 6
    monkeypatch.setattr(kept, "MOST", size)
    assert remembering(fresh.trials, samples, 6)[0] is not fresh.trials[0]
    monkeypatch.setattr(kept, "MOST", size - 1)
    assert remembering(fresh.trials, samples, 6) == fresh.trials
    assert len(trials) == 2
