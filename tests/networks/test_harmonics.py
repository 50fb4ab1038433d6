"""Sines that fit a box: the fields of heads are those of the columns, on points and on grids, and are stored."""

import numpy as np
import pytest

from inrpde.networks.harmonics import Harmonics
from inrpde.networks.lines import Lines
from inrpde.networks.stored import dump_trial, load_trial

RNG = np.random.default_rng(0)
BOXES = {1: ([-1.0], [2.0]), 2: ([0.0, 1.0], [1.0, 4.0]), 3: ([0.0, 0.0, -2.0], [1.0, 2.0, 2.0])}


def half(dim, most=3):
    grid = np.stack([each.ravel() for each in np.meshgrid(*[np.arange(-most, most + 1)] * dim, indexing="ij")], axis=1)
    first = np.array([next((n for n in row[::-1] if n), 1) > 0 for row in grid])
    chosen = grid[first]
    return chosen[(chosen**2).sum(axis=1) <= most**2]


def trial(dim):
    lo, hi = map(np.array, BOXES[dim])
    return Harmonics((lo, hi), half(dim))


def points(dim, count=40):
    lo, hi = map(np.array, BOXES[dim])
    return RNG.uniform(lo, hi, (count, dim))


INDICES = {
    1: [(0,), (1,), (4,)],
    2: [(0, 0), (1, 0), (0, 2), (2, 1)],
    3: [(0, 0, 0), (1, 1, 1), (0, 2, 0)],
}


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("kind", [float, complex])
def test_fields_are_those_of_the_columns(dim, kind):
    body, at = trial(dim), points(dim)
    heads = RNG.standard_normal((2, 3, body.width)) + (1j * RNG.standard_normal((2, 3, body.width)))
    heads = heads if kind is complex else heads.real
    blocks = body.jets(at, INDICES[dim])
    found = body.apply(at, heads[0, 0], INDICES[dim])
    group, weights = RNG.integers(0, 2, len(at)), RNG.standard_normal((2, len(at), 3))
    mixed = body.mixed(at, heads, group, weights, INDICES[dim])
    for index in INDICES[dim]:
        assert np.allclose(found[index], blocks[index] @ heads[0, 0], atol=1e-9)
        expected = np.einsum("nk,nmk,jnm->jn", blocks[index], heads[group], weights)
        assert np.allclose(mixed[index], expected, atol=1e-8)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_columns_are_periodic_and_orthogonal(dim):
    body = trial(dim)
    lo, hi = map(np.array, BOXES[dim])
    at = points(dim)
    zero = (0,) * dim
    assert np.allclose(body.jets(at, [zero])[zero], body.jets(at + (hi - lo), [zero])[zero], atol=1e-12)
    axes = [np.linspace(a, b, 9)[:-1] for a, b in zip(lo, hi, strict=True)]
    grid = np.stack([each.ravel() for each in np.meshgrid(*axes, indexing="ij")], axis=1)
    values = body.jets(grid, [zero])[zero]
    gram = values.T @ values / len(grid)
    assert np.allclose(gram, np.diag(np.diag(gram)), atol=1e-12)


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("kind", [float, complex])
def test_a_grid_has_the_values_of_its_points(dim, kind):
    body = trial(dim)
    head = RNG.standard_normal(body.width) * (1 + (1j if kind is complex else 0))
    axes = [np.sort(RNG.uniform(-1, 1, 4 + k)) for k in range(dim)]
    grid = np.stack([each.ravel() for each in np.meshgrid(*axes, indexing="ij")], axis=1)
    zero = (0,) * dim
    assert np.allclose(body.on_grid(axes, head).ravel(), body.apply(grid, head, [zero])[zero], atol=1e-11)


def test_what_is_stored_is_brought_back_with_heads_that_depend_on_time():
    body = Lines(trial(2), np.array([0.0, 0.5, 1.0]), 2)
    head, at = RNG.standard_normal(body.width), np.column_stack([points(2), RNG.uniform(0, 1, 40)])
    again = load_trial(dump_trial(body))
    for index in [(0, 0, 0), (1, 0, 1)]:
        assert np.array_equal(again.apply(at, head, [index])[index], body.apply(at, head, [index])[index])
        assert np.allclose(body.apply(at, head, [index])[index], body.jets(at, [index])[index] @ head, atol=1e-10)
