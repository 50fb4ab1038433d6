"""Singular functions: harmonic where they should be, zero on the walls, their derivatives, their storage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inrpde.networks.corner import CornerFunctions, Mode, corner_modes, pole_modes
from inrpde.networks.stored import dump_trial, load_trial

ANGLES = [1.5 * np.pi, 0.7 * np.pi, 1.9 * np.pi, np.pi / 3 + 0.1]
KINDS = [("value", "value"), ("slope", "slope"), ("value", "slope"), ("slope", "value")]
START = 0.4


def at_corner(angle, modes, size=1.7):
    return CornerFunctions((0.3, -0.2), START + angle / 2, size, tuple(modes))


def wedge(angle, n=40, seed=0):
    """Points of the wedge from START to START + angle round (0.3, -0.2)."""
    rng = np.random.default_rng(seed)
    theta, r = START + angle * rng.uniform(0.02, 0.98, n), rng.uniform(0.05, 1.5, n)
    return np.column_stack([0.3 + r * np.cos(theta), -0.2 + r * np.sin(theta)])


def along(angle, n=20):
    """Points of the two walls, and the normals there."""
    r = np.linspace(0.05, 1.5, n)
    for theta, sign in ((START + 1e-12, -1), (START + angle - 1e-12, 1)):
        normal = sign * np.array([-np.sin(theta), np.cos(theta)])
        yield np.column_stack([0.3 + r * np.cos(theta), -0.2 + r * np.sin(theta)]), normal


def laplacian(trial, points):
    jets = trial.jets(points, [(2, 0), (0, 2)])
    return jets[2, 0] + jets[0, 2]


@pytest.mark.parametrize("kinds", KINDS, ids="-".join)
@pytest.mark.parametrize("angle", ANGLES)
def test_modes_without_a_bar_are_harmonic_and_those_with_one_biharmonic(angle, kinds):
    modes = corner_modes(angle, kinds, 4)
    points = wedge(angle)
    plain = at_corner(angle, [m for m in modes if not m.bar])
    size = np.abs(plain.jets(points, [(2, 0)])[2, 0]).max(axis=0)
    assert np.all(np.abs(laplacian(plain, points)) < 1e-11 * size)
    barred = at_corner(angle, [m for m in modes if m.bar])
    fourth = barred.jets(points, [(4, 0), (2, 2), (0, 4)])
    assert np.all(np.abs(fourth[4, 0] + 2 * fourth[2, 2] + fourth[0, 4]) < 1e-9 * np.abs(fourth[4, 0]).max(axis=0))


@pytest.mark.parametrize("kinds", KINDS, ids="-".join)
@pytest.mark.parametrize("angle", ANGLES)
def test_modes_satisfy_the_conditions_of_both_walls(angle, kinds):
    trial = at_corner(angle, [m for m in corner_modes(angle, kinds, 4) if not m.log])
    for kind, (points, normal) in zip(kinds, along(angle), strict=True):
        jets = trial.jets(points, [(0, 0), (1, 0), (0, 1)])
        slope = normal[0] * jets[1, 0] + normal[1] * jets[0, 1]
        found, scale = (jets[0, 0], 1) if kind == "value" else (slope, np.abs(jets[1, 0]).max(axis=0))
        assert np.all(np.abs(found) < 1e-9 * np.maximum(scale, 1))


@pytest.mark.parametrize(("kinds", "first"), [(KINDS[0], 2 / 3), (KINDS[1], 2 / 3), (KINDS[2], 1 / 3)])
def test_exponents_at_a_re_entrant_corner(kinds, first):
    powers = sorted({m.power for m in corner_modes(1.5 * np.pi, kinds, 4) if not m.bar})
    assert np.allclose(powers, first + np.arange(4) * 2 / 3)


def test_whole_exponents_take_a_logarithm():
    modes = corner_modes(np.pi / 2, ("value", "value"), 2)
    assert {(m.power, m.log) for m in modes} == {(2, True), (4, True)}
    points = wedge(np.pi / 2)
    trial = at_corner(np.pi / 2, modes)
    assert np.all(np.abs(laplacian(trial, points)) < 1e-10)


def difference(trial, points, index, step):
    if not any(index):
        return trial.jets(points, [index])[index]
    k = next(i for i, order in enumerate(index) if order)
    lower = tuple(order - (i == k) for i, order in enumerate(index))
    shift = step * np.eye(2)[k]
    return (trial.jets(points + shift, [lower])[lower] - trial.jets(points - shift, [lower])[lower]) / (2 * step)


@settings(max_examples=30)
@given(
    st.floats(-2, 6), st.floats(0, 6), st.integers(0, 2), st.booleans(),
    st.sampled_from([(i, n - i) for n in range(1, 5) for i in range(n + 1)]), st.integers(0, 1000),
)  # fmt: skip
def test_derivatives_to_the_fourth_order_are_those_of_differences(power, phase, bar, log, index, seed):
    trial = at_corner(1.5 * np.pi, [Mode(power, phase, bar, log)])
    points = wedge(1.4 * np.pi, 10, seed)
    points = points[np.linalg.norm(points - [0.3, -0.2], axis=1) > 0.3]
    found = trial.jets(points, [index])[index]
    around = [np.abs(trial.jets(points, [other])[other]).max(initial=1) for other in ((2, 0), (4, 0), (5, 0), (3, 3))]
    assert np.allclose(found, difference(trial, points, index, 1e-5), rtol=1e-5, atol=1e-6 * max(around))


def test_poles_are_single_valued_and_harmonic_or_biharmonic():
    trial = CornerFunctions((0.0, 0.0), 0.7, 0.5, pole_modes(3))
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False) + 0.7 + np.pi  # the cut of the logarithm lies between these
    either = np.array([[np.cos(0.7 + np.pi + s), np.sin(0.7 + np.pi + s)] for s in (1e-9, -1e-9)])
    values = trial.jets(either, [(0, 0), (1, 0)])
    assert np.allclose(values[0, 0][0], values[0, 0][1], atol=1e-6)
    assert np.allclose(values[1, 0][0], values[1, 0][1], atol=1e-6)
    points = np.column_stack([np.cos(angle), np.sin(angle)]) * np.linspace(0.6, 2, 60)[:, None]
    fourth = trial.jets(points, [(4, 0), (2, 2), (0, 4)])
    assert np.allclose(fourth[4, 0] + 2 * fourth[2, 2] + fourth[0, 4], 0, atol=1e-7 * np.abs(fourth[4, 0]).max())
    harmonic = [k for k, mode in enumerate(pole_modes(3)) if not mode.bar]
    assert np.allclose(laplacian(trial, points)[:, harmonic], 0, atol=1e-9)


def test_the_corner_itself_is_finite():
    trial = at_corner(1.5 * np.pi, corner_modes(1.5 * np.pi, ("value", "value"), 3))
    jets = trial.jets(np.array([[0.3, -0.2]]), [(0, 0), (2, 0)])
    assert np.isfinite(jets[2, 0]).all()
    assert np.allclose(jets[0, 0], 0, atol=1e-7)


def test_constant_in_a_third_coordinate():
    trial = at_corner(1.5 * np.pi, [Mode(2 / 3, 0.1)])
    plane = wedge(1.5 * np.pi, 5)
    jets = trial.jets(np.column_stack([plane, np.arange(5.0)]), [(0, 0, 0), (1, 1, 0), (1, 0, 1)])
    flat = trial.jets(plane, [(0, 0), (1, 1)])
    assert np.array_equal(jets[0, 0, 0], flat[0, 0])
    assert np.array_equal(jets[1, 1, 0], flat[1, 1])
    assert not jets[1, 0, 1].any()


def test_what_is_stored_comes_back():
    trial = at_corner(
        1.5 * np.pi, (*corner_modes(1.5 * np.pi, ("value", "slope"), 3), *pole_modes(2), Mode(2, 0.3, 0, True))
    )
    again = load_trial(dump_trial(trial))
    assert again == trial
    points = wedge(1.5 * np.pi)
    assert np.array_equal(again.jets(points, [(1, 1)])[1, 1], trial.jets(points, [(1, 1)])[1, 1])
