"""Parts that nothing couples are solved one by one, with the heads, rows and volume of the whole."""

import numpy as np
import pytest

from inrpde.discretise.system import Block, Entries, System
from inrpde.solvers.linear.parts import Parts, times

RNG = np.random.default_rng(0)
WIDTHS = (4, 3, 5)
SLICES = tuple(slice(a, a + w) for a, w in zip((0, 4, 7), WIDTHS, strict=True))


def block(*pieces):
    parts = tuple(Entries(k, None, RNG.standard_normal((12, WIDTHS[k]))) for k in pieces)
    return Block(None, parts, RNG.standard_normal(12), 2.0, np.full(12, 0.5))


SYSTEM = System((block(0), block(1, 2), block(0)), SLICES)


@pytest.mark.parametrize("roughly", [False, True])
def test_heads_are_those_of_the_whole(roughly):
    parts, whole = Parts.of(SYSTEM), SYSTEM.matrix()
    assert len(parts.parts) == 2
    right = np.column_stack([SYSTEM.right, RNG.standard_normal(36)])
    assert np.allclose(parts.solve(right, roughly), np.linalg.lstsq(whole, right, rcond=None)[0])
    assert np.allclose(parts.solve(SYSTEM.right), np.linalg.lstsq(whole, SYSTEM.right, rcond=None)[0])


def test_volumes_add_up():
    whole = SYSTEM.matrix()
    assert Parts.of(SYSTEM).volume == pytest.approx(np.linalg.slogdet(whole.T @ whole)[1] / 2)


def test_rows_are_the_matrix_times_heads():
    heads = RNG.standard_normal((12, 3))
    assert np.allclose(times(SYSTEM, heads), SYSTEM.matrix() @ heads)
    assert np.allclose(times(SYSTEM, heads[:, 0]), SYSTEM.matrix() @ heads[:, 0])
