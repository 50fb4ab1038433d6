"""Heads that depend on time: values and derivatives are those of the columns, however points are grouped."""

import time

import numpy as np
import pytest
from sympy import Interval

from inrpde import Ball, Region, Space
from inrpde.networks.lines import TOGETHER, Lines
from inrpde.networks.mosaic import Mosaic, basis
from inrpde.networks.offset import Offset
from inrpde.networks.siren import SineBody
from inrpde.networks.stored import dump_trial, load_trial
from inrpde.networks.trial import Sum
from inrpde.sampling.cells import quadtree

RNG = np.random.default_rng(0)
BOX = (np.zeros(2), np.ones(2))
TIMES = np.array([0.0, 0.1, 0.3, 1.0])
INDICES = [(0, 0, 0), (1, 0, 0), (0, 0, 1), (0, 1, 2), (2, 0, 0), (0, 0, 4)]
plane = Space("x y")


def mosaic(count=4):
    square, disc = Region(plane, Interval(0, 1) ** 2), Ball(plane, (0.5, 0.45), 0.3)
    divided = quadtree.divide([square - disc, disc], [[], []], 1 / count)
    cells = divided.tessellation(4).cells
    return Mosaic(divided.cover, cells.origin, cells.axes, (basis(2, 2, False),), np.zeros(len(cells), int))


SINES = SineBody.random(7, 4.0, BOX, RNG)
INNER = [SINES, mosaic(), Sum((SINES, SineBody.random(5, 2.0, BOX, RNG)))]


@pytest.mark.parametrize("inner", INNER, ids=["sines", "mosaic", "sum"])
@pytest.mark.parametrize("kind", [float, complex])
def test_a_field_is_that_of_the_columns(inner, kind):
    trial = Lines(inner, TIMES, 3)
    head = RNG.standard_normal(trial.width) + (1j * RNG.standard_normal(trial.width) if kind is complex else 0)
    points = np.column_stack([RNG.uniform(size=(300, 2)), RNG.uniform(-0.1, 1.1, 300)])
    points[:TOGETHER, 2], points[-3:, 2] = 0.7, [0.0, 0.1, 1.0]
    blocks, found = trial.jets(points, INDICES), trial.apply(points, head, INDICES)
    for index in INDICES:
        assert found[index].dtype == kind
        assert np.allclose(found[index], blocks[index] @ head, atol=1e-9 * max(1, np.abs(found[index]).max()))
    assert np.array_equal(found[0, 0, 4], np.zeros(300))


@pytest.mark.parametrize("inner", INNER, ids=["sines", "mosaic", "sum"])
def test_derivatives_by_time_are_those_of_differences(inner):
    trial, h = Lines(inner, TIMES, 3), 1e-5
    head = RNG.standard_normal(trial.width)
    points = np.column_stack([RNG.uniform(size=(50, 2)), RNG.uniform(0.12, 0.28, 50)])
    ahead, behind = (trial.apply(points + np.array([0, 0, shift]), head, [(0, 1, 0)])[0, 1, 0] for shift in (h, -h))
    found = trial.apply(points, head, [(0, 1, 1)])[0, 1, 1]
    assert np.allclose((ahead - behind) / (2 * h), found, atol=1e-5 * np.abs(found).max())


def test_a_polynomial_in_time_goes_on_at_both_ends():
    trial = Lines(SINES, np.array([1.0, 3.0]), 1)
    head = np.stack([np.arange(7.0), np.ones(7)]).ravel()
    points = np.array([[0.3, 0.4, 0.0], [0.3, 0.4, 4.0]])
    values = SINES.jets(points[:1, :2], [(0, 0)])[0, 0][0]
    assert trial.apply(points, head, [(0, 0, 0)])[0, 0, 0] == pytest.approx(
        [values @ (np.arange(7.0) - 2), values @ (np.arange(7.0) + 2)]
    )


@pytest.mark.parametrize("inner", INNER, ids=["sines", "mosaic", "sum"])
def test_a_grid_has_the_values_of_its_points(inner):
    trial = Lines(inner, TIMES, 2)
    head, axes = RNG.standard_normal(trial.width), [np.linspace(0, 1, 5), np.linspace(0, 1, 4), np.array([0, 0.1, 0.8])]
    points = np.stack([each.ravel() for each in np.meshgrid(*axes, indexing="ij")], axis=1)
    assert np.allclose(trial.on_grid(axes, head).ravel(), trial.apply(points, head, [(0, 0, 0)])[0, 0, 0])


def test_what_is_stored_is_brought_back():
    trial = Offset(Lines(mosaic(), TIMES, 3), 2.5)
    head = RNG.standard_normal(trial.width)
    points = RNG.uniform(size=(40, 3))
    again = load_trial(dump_trial(trial))
    assert again.width == trial.width
    assert np.array_equal(
        again.apply(points, head, [(0, 0, 1)])[0, 0, 1], trial.apply(points, head, [(0, 0, 1)])[0, 0, 1]
    )


def test_a_hundred_thousand_points_on_many_cells_take_seconds():
    cells = mosaic(16)
    trial = Lines(cells, np.linspace(0, 1, 101), 5)
    head, points = RNG.standard_normal(trial.width), RNG.uniform(size=(100_000, 3))
    begun = time.perf_counter()
    trial.apply(points, head, [(0, 0, 0), (0, 0, 1)])
    assert time.perf_counter() - begun < 4 * _plain(cells, points) + 1


def _plain(cells, points):
    """Seconds of one field in space at as many points."""
    begun = time.perf_counter()
    cells.apply(points[:, :2], np.ones(cells.width), [(0, 0)])
    return time.perf_counter() - begun
