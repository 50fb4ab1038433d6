"""Which samples are the nodes of a grid."""

import numpy as np
from sympy import Interval

from inrpde import Points, Region, Space
from inrpde.sampling import grid_points
from inrpde.sampling.lattice import lattice

SPACE = Space("x y")
AXES = [np.linspace(0.1, 0.9, 9), np.array([0.0, 1 / 3, 2 / 3])]
NODES = grid_points(AXES)


def test_nodes_in_any_order_and_in_several_sets():
    order = np.random.default_rng(0).permutation(len(NODES))
    one, other = (Points(SPACE, NODES[part]) for part in (order[:20], order[15:]))
    found = lattice([one, other, one])
    assert found is not None
    for axis, expected in zip(found, AXES, strict=True):
        np.testing.assert_allclose(axis, expected)


def test_what_is_no_grid():
    assert lattice([Points(SPACE, NODES[1:])]) is None
    assert lattice([Points(SPACE, NODES**2)]) is None
    assert lattice([Points(SPACE, np.random.default_rng(1).uniform(size=(50, 2)))]) is None
    assert lattice([Points(SPACE, NODES), Region(SPACE, Interval(0, 1) ** 2)]) is None
    assert lattice([]) is None
