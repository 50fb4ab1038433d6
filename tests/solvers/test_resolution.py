"""How finely samples resolve: on grids, on a share of a grid's nodes, scattered."""

import numpy as np
import pytest

from inrpde.sampling import grid_points
from inrpde.solvers.resolution import spacings

LO, HI = np.array([0.0, -1.0]), np.array([1.0, 3.0])
GRID = grid_points([np.linspace(0, 1, 51), np.linspace(-1, 3, 41)])


def test_a_grid_has_the_spacing_of_its_lines():
    assert spacings(GRID, LO, HI) == pytest.approx([0.02, 0.1], rel=1e-6)


def test_a_share_of_a_grids_nodes_resolves_as_much_less():
    few = GRID[np.random.default_rng(0).permutation(len(GRID))[: len(GRID) // 4]]
    assert spacings(few, LO, HI) == pytest.approx([0.04, 0.2], rel=0.01)


def test_scattered_samples_share_out_the_box():
    scattered = np.random.default_rng(0).uniform(LO, HI, (400, 2))
    assert spacings(scattered, LO, HI) == pytest.approx([1 / 20, 4 / 20])
