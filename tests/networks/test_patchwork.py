"""Many cells evaluated together."""

import numpy as np
import pytest

from inrpde.networks.boxes import Sorted
from inrpde.networks.partition import windows
from inrpde.networks.patchwork import Cell, Patchwork
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Sum


@pytest.mark.parametrize("width", [lambda k: 6, lambda k: 5 + k % 2], ids=["equal", "unequal"])
def test_cells_together_are_the_sum_of_each(width):
    """To rounding, at the edges of the box too, for derivatives up to the third."""
    rng = np.random.default_rng(0)
    made = windows([np.linspace(-1, 1, n + 1) for n in (5, 3)], smoothness=4)
    edges = [(np.maximum(w.lo, -1), np.minimum(w.hi, 1)) for w in made]
    bodies = [SineBody.random(width(k), 4.0, box, rng) for k, box in enumerate(edges)]
    trial = Patchwork(tuple(map(Cell, bodies, made)))
    points = np.concatenate([rng.uniform(-1, 1, (200, 2)), [[-1, -1], [1, 0.5], [0, 1]]])
    head, indices = rng.standard_normal(trial.width), [(0, 0), (1, 0), (1, 2), (0, 3)]
    together, each = trial.apply(points, head, indices), Sum.apply(trial, points, head, indices)
    for index in indices:
        np.testing.assert_allclose(together[index], each[index], rtol=1e-10, atol=1e-10 * np.abs(each[index]).max())


@pytest.mark.parametrize("count", [0, 1, 7, 200])
def test_the_cells_of_few_points_are_found_as_those_of_many(count):
    points = np.random.default_rng(count).uniform(-0.2, 1.2, (count, 2))
    made = windows([np.linspace(0, 1, 8)] * 2, smoothness=3)
    inner = SineBody.random(3, 1.0, (np.zeros(2), np.ones(2)), np.random.default_rng(0))
    body = Patchwork(tuple(Cell(inner, window) for window in made))
    index = Sorted(points)
    expected = [index.inside(*cell.reach) for cell in body.parts]
    found = body.inside(points)
    assert len(found) == len(body.parts)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
