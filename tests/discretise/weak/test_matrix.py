"""Sums of dense blocks, and the columns that they are made of, against the same written out."""

import numpy as np
import pytest

from inrpde.discretise.weak.blocks import Blocks
from inrpde.discretise.weak.columns import Columns, Family
from inrpde.networks.mosaic import basis
from inrpde.sampling.cells.reference import cube_rule
from inrpde.sampling.cells.tessellation import Cells

SIZES = np.array([3, 3, 2, 3, 2])
STARTS = np.cumsum(SIZES) - SIZES


def filled(kind, pairs, seed=0):
    rng, width = np.random.default_rng(seed), int(SIZES.sum())
    blocks, dense = Blocks(width, np.dtype(kind)), np.zeros((width, width), kind)
    for row, column in pairs:
        shape = (2, SIZES[row], SIZES[column])
        values = rng.normal(size=shape).astype(kind) * (1 if kind is float else 1 + 2j)
        blocks.add(np.full(2, STARTS[row]), np.full(2, STARTS[column]), values)
        dense[STARTS[row] :, STARTS[column] :][: SIZES[row], : SIZES[column]] += values.sum(axis=0)
    return blocks, dense


@pytest.mark.parametrize("kind", [float, complex])
def test_blocks_of_several_shapes_that_begin_alike_are_summed(kind):
    pairs = [(k, k) for k in range(5)] + [(0, 1), (3, 0), (2, 0), (0, 2), (4, 1), (0, 1), (2, 2)]
    blocks, dense = filled(kind, pairs)
    matrix = blocks.matrix()
    assert np.allclose(matrix.toarray(), dense, atol=1e-14)
    assert matrix.has_canonical_format
    assert matrix.nnz == sum(SIZES[i] * SIZES[j] for i, j in set(pairs))


def test_a_column_of_nothing_is_one_on_the_diagonal():
    blocks, dense = filled(float, [(0, 0), (1, 1), (2, 2), (3, 3), (1, 0)])
    blocks.add(STARTS[[4]], STARTS[[4]], np.array([[[2.0, 0.0], [0.0, 0.0]]]))
    dense[-2, -2], dense[-1, -1] = 2.0, 1.0
    assert np.allclose(blocks.matrix().toarray(), dense, atol=1e-14)


def test_what_is_left_is_summed_where_equations_begin_alike():
    blocks = Blocks(5, np.dtype(float))
    blocks.load(np.array([0, 2, 0]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert blocks.residual.tolist() == [6.0, 8.0, 3.0, 4.0, 0.0]


def test_columns_at_points_that_lie_alike_are_those_of_each_point():
    rng = np.random.default_rng(0)
    plain = basis(3, 2, simplex=False)
    points, weights = cube_rule(2, 5)
    cut = plain.on(points * [0.5, 1.0], weights)
    axes = np.array([np.eye(2), 2 * np.eye(2), np.diag([1.0, 3.0]), np.eye(2)])
    cells = Cells(rng.normal(size=(4, 2)), axes, np.zeros(4, int), np.zeros(4, int))
    held = Columns(cells, (Family((plain, cut), np.array([0, 0, 1, 0])),), np.ones((1, 4), bool))
    cell, local = np.array([0, 1, 2, 3, 1]), rng.uniform(-1, 1, (5, 3, 2))
    local[[0, 1, 2]] = local[0]  # alike, in cells of two bases
    where = cells.origin[cell][:, None] + np.einsum("nij,nqj->nqi", axes[cell], local)
    jets = held.jets(0, cell, where)
    for n, k in enumerate(cell):
        each = (plain, plain, cut, plain)[k].jets(local[n])
        each[:, 1:] = np.einsum("ji,qjk->qik", np.linalg.inv(axes[k]), each[:, 1:])
        assert np.allclose(jets[n], each, atol=1e-10)
