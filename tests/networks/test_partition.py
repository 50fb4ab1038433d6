"""Windows sum to one with all their derivatives, and a windowed trial is the product that it says it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inrpde.networks.exponentials import Exponentials
from inrpde.networks.partition import Ramp, Windowed, smooth_step, windows
from inrpde.networks.siren import SineBody
from inrpde.networks.slab import Slab
from inrpde.networks.stored import dump_trial, load_trial
from inrpde.networks.trial import Constant, Sum, Trial, down_closed, leibniz

RNG = np.random.default_rng(0)
BOX = (np.array([0.0, -1.0]), np.array([2.0, 1.0]))
BREAKS = [np.array([0.0, 0.3, 1.2, 2.0]), np.array([-1.0, 0.2, 1.0])]
POINTS = RNG.uniform(*BOX, (300, 2))
INDICES = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 1), (2, 2)]


def cells(smoothness=5, width=7):
    made = [
        Windowed(SineBody.random(width, 3.0, BOX, np.random.default_rng(k)), w)
        for k, w in enumerate(windows(BREAKS, smoothness))
    ]
    return Sum((Constant(), *made))


# -- windows


@pytest.mark.parametrize("n", range(6))
def test_a_step_is_flat_at_its_ends(n):
    step = smooth_step(n)
    assert step.degree() == 2 * n + 1
    for k in range(n + 1):
        assert np.isclose(step.deriv(k)(-1) if k else step(-1), 0, atol=1e-9)
        assert np.isclose(step.deriv(k)(1) if k else step(1), 0 if k else 1, atol=1e-9)
    assert np.allclose(step(np.linspace(-1, 1, 9)) + step(np.linspace(1, -1, 9)), 1)


@settings(max_examples=25)
@given(
    st.lists(st.floats(0.05, 3), min_size=1, max_size=5), st.lists(st.floats(0.05, 3), min_size=1, max_size=4),
    st.integers(1, 5), st.floats(0.1, 1), st.integers(0, 10**6),
)  # fmt: skip
def test_windows_sum_to_one_and_their_derivatives_to_zero(widths, heights, smoothness, overlap, seed):
    breaks = [np.concatenate([[-1.0], -1 + np.cumsum(each)]) for each in (widths, heights)]
    points = np.random.default_rng(seed).uniform([b[0] - 0.5 for b in breaks], [b[-1] + 0.5 for b in breaks], (50, 2))
    indices = [(i, j) for i in range(3) for j in range(3)]
    jets = [window.jets(points, indices) for window in windows(breaks, smoothness, overlap)]
    assert len(jets) == len(widths) * len(heights)
    finest = min(widths + heights) * overlap / 2
    for index in indices:
        total = sum(jet[index] for jet in jets)
        assert np.allclose(total, 0 if any(index) else 1, atol=1e-10 / finest ** sum(index))


def test_a_window_is_one_in_its_middle_and_vanishes_beyond_its_support():
    for window in windows(BREAKS, 3, overlap=0.5):
        inside = np.all((window.lo < POINTS) & (window.hi > POINTS), axis=1)
        values = window.jets(POINTS, [(0, 0), (2, 1)])
        assert np.all(values[0, 0][~inside] == 0)
        assert np.all(values[2, 1][~inside] == 0)
        assert np.all((values[0, 0] >= -1e-12) & (values[0, 0] <= 1 + 1e-12))
    middle = np.array([[0.75, -0.5]])
    assert [float(w.jets(middle, [(0, 0)])[0, 0][0]) for w in windows(BREAKS, 3, overlap=0.5)] == [0, 0, 1, 0, 0, 0]


def test_derivatives_of_a_window_are_those_of_differences():
    window, step = windows(BREAKS, 5)[3], 1e-5
    found = window.jets(POINTS, INDICES)
    for index in [(1, 0), (0, 1), (2, 0), (1, 1), (2, 2), (3, 1)]:
        k = 0 if index[0] else 1
        lower = tuple(order - (i == k) for i, order in enumerate(index))
        shift = step * np.eye(2)[k]
        ahead, behind = (window.jets(POINTS + s, [lower])[lower] for s in (shift, -shift))
        assert np.allclose(
            found[index], (ahead - behind) / (2 * step), rtol=1e-4, atol=1e-4 * np.abs(found[index]).max()
        )


def test_a_ramp_without_an_end_is_one():
    values = Ramp(0.0, np.inf).derivatives(np.linspace(-5, 5, 4), 2, [])
    assert [list(v) for v in values] == [[1] * 4, [0] * 4, [0] * 4]


# -- trials


def difference(trial, points, index, step=1e-4):
    if not any(index):
        return trial.jets(points, [index])[index]
    k = next(i for i, order in enumerate(index) if order)
    lower = tuple(order - (i == k) for i, order in enumerate(index))
    shift = step * np.eye(points.shape[1])[k]
    return (difference(trial, points + shift, lower, step) - difference(trial, points - shift, lower, step)) / (
        2 * step
    )


@pytest.mark.parametrize("index", [(1, 0), (0, 1), (2, 0), (1, 1)])
def test_jets_are_those_of_differences(index):
    trial = cells()
    found = trial.jets(POINTS[:40], [index])[index]
    assert np.allclose(found, difference(trial, POINTS[:40], index), atol=1e-5 * np.abs(found).max())


@pytest.mark.parametrize("kind", [float, complex])
def test_an_operator_is_its_jets_added_up_with_the_coefficients(kind):
    trial = cells()
    jets = trial.jets(POINTS, INDICES)
    coefficients = {index: RNG.standard_normal(300).astype(kind) for index in INDICES[:5]} | {
        (0, 2): kind(2.5),
        (2, 2): 1.0,
    }
    if kind is complex:
        coefficients[1, 0] = coefficients[1, 0] * 1j
    direct = sum(np.reshape(c, (-1, 1)) * jets[index] for index, c in coefficients.items())
    assert np.allclose(trial.operator(POINTS, coefficients), direct, rtol=1e-10, atol=1e-8)


@pytest.mark.parametrize("head", [RNG.standard_normal(43), RNG.standard_normal(43) + 1j * RNG.standard_normal(43)])
def test_a_field_is_its_columns_times_the_head(head):
    trial = cells()
    jets, field = trial.jets(POINTS, INDICES), trial.apply(POINTS, head, INDICES)
    assert all(np.allclose(field[index], jets[index] @ head, rtol=1e-9, atol=1e-7) for index in INDICES)


def test_cells_with_the_same_head_everywhere_are_one_body():
    """The sum of windows times one function is this function."""
    body = SineBody.random(7, 3.0, BOX, np.random.default_rng(0))
    made = Sum(tuple(Windowed(body, window) for window in windows(BREAKS, 5)))
    head = RNG.standard_normal(7)
    together, alone = made.apply(POINTS, np.tile(head, 6), INDICES), body.apply(POINTS, head, INDICES)
    assert all(np.allclose(together[index], alone[index], rtol=1e-8, atol=1e-8) for index in INDICES)


def test_columns_vanish_outside_their_support():
    for piece in cells().pieces[1:]:
        outside = np.setdiff1d(np.arange(300), piece.support(POINTS))
        assert len(outside)
        assert np.all(piece.jets(POINTS[outside], [(0, 0), (2, 0)])[2, 0] == 0)


def test_leibniz_in_three_dimensions():
    psi = {index: RNG.standard_normal(5) for index in down_closed([(2, 1, 1)])}
    phi = {index: RNG.standard_normal(5) for index in down_closed([(2, 1, 1)])}
    found = sum(c * phi[index] for index, c in leibniz({(2, 1, 1): 3.0}, psi).items())
    by_hand = 0
    for i, a in enumerate((1, 2, 1)):
        for j in range(2):
            for k in range(2):
                by_hand = by_hand + 3 * a * psi[i, j, k] * phi[2 - i, 1 - j, 1 - k]
    assert np.allclose(found, by_hand)


# -- stored


@pytest.mark.parametrize(
    "trial",
    [cells(), Constant(), Slab(SineBody.random(5, 2.0, BOX, RNG), -np.inf, 0.5), Sum((Sum((Constant(),)), cells(3)))],
    ids=["cells", "constant", "slab", "nested"],
)
def test_what_is_stored_comes_back(trial: Trial):
    again = load_trial(dump_trial(trial))
    assert type(again) is type(trial)
    assert again.width == trial.width
    head = np.arange(1.0, trial.width + 1)
    there, here = again.apply(POINTS, head, INDICES[:4]), trial.apply(POINTS, head, INDICES[:4])
    assert all(np.array_equal(there[index], here[index]) for index in INDICES[:4])


# -- grids

GRID = np.linspace(0.0, 2.0, 23), np.linspace(-1.0, 1.0, 17)


def trials():
    rng = np.random.default_rng(3)
    waves = SineBody.random(9, 4.0, BOX, rng)
    layers = Exponentials.within(rng.normal(size=(8, 2)) + 2j * rng.normal(size=(8, 2)), BOX, rng.uniform(0, 6, 8))
    deep = SineBody.random(6, 2.0, BOX, rng, layers=2)
    return {
        "sines": waves, "exponentials": layers, "deep": deep, "cells": cells(),
        "slabs": Sum((Slab(cells(), -np.inf, 0.25), Slab(layers, 0.25, np.inf))),
    }  # fmt: skip


@pytest.mark.parametrize("name", trials())
@pytest.mark.parametrize("kind", [float, complex])
def test_a_field_on_a_grid_is_the_field_at_its_nodes(name, kind):
    trial = trials()[name]
    head = np.random.default_rng(1).normal(size=trial.width) * (1 if kind is float else 1 + 2j)
    points = np.stack([x.ravel() for x in np.meshgrid(*GRID, indexing="ij")], axis=1)
    at_nodes = trial.apply(points, head, [(0, 0)])[0, 0].reshape(23, 17)
    on_grid = trial.on_grid(GRID, head)
    assert on_grid.dtype == kind
    assert np.allclose(on_grid, at_nodes, rtol=0, atol=1e-13 * np.abs(head).sum())


def test_a_grid_may_have_one_axis_or_three():
    for d in (1, 3):
        box = np.zeros(d), np.arange(1.0, d + 1)
        trial = SineBody.random(8, 3.0, box, np.random.default_rng(0))
        axes = [np.linspace(0, top, 5 + k) for k, top in enumerate(box[1])]
        points = np.stack([x.ravel() for x in np.meshgrid(*axes, indexing="ij")], axis=1)
        found = trial.on_grid(axes, np.ones(8))
        assert found.shape == tuple(map(len, axes))
        assert np.allclose(found.ravel(), trial.apply(points, np.ones(8), [(0,) * d])[(0,) * d], rtol=0, atol=1e-13)
