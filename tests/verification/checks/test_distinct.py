"""Rows that differ: one of each kind, and of which kind each is."""

import numpy as np
import pytest

from inrpde.verification.checks.distinct import distinct


@pytest.mark.parametrize("kind", [bool, float, complex])
def test_each_row_is_one_of_the_first_of_their_kinds(kind):
    rows = np.random.default_rng(0).integers(0, 2, (200, 3)).astype(kind)
    first, which = distinct(rows[:, ::-1])  # not contiguous
    assert np.array_equal(rows[first][which], rows)
    assert len(first) == len(np.unique(rows, axis=0)) == 8
