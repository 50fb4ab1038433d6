"""What gains and their spectrum say."""

import numpy as np
import pytest

from inrpde.discretise.amplification import LARGE, WIDE, Amplification


def amplification(*gains, spectrum=(), **more):
    names = "uvw"[: len(gains)]
    return Amplification(
        {name: np.array(each) for name, each in zip(names, gains, strict=True)}, np.array(spectrum), **more
    )


def test_the_largest_gain_of_an_unknown_and_of_all():
    found = amplification([1.0, 7.0, 2.0], [3.0, 1.0, 9.0])
    assert (found.of("u"), found.of("v"), found.largest) == (7.0, 9.0, 9.0)
    assert found.steepest == 2


@pytest.mark.parametrize(
    ("largest", "spectrum", "unbounded"),
    [
        (10 * LARGE, [1e5, 1e4, 2 * WIDE, 1.0], True),
        (10 * LARGE, [1e5, 1e4, WIDE / 2, 1.0], False),
        (10 * LARGE, [1e5, 1e4], False),
        (LARGE / 2, [1e5, 1e4, 1e4], False),
    ],
)
def test_nothing_bounds_it_where_several_fields_are_amplified(largest, spectrum, unbounded):
    assert amplification([largest], spectrum=spectrum).unbounded == unbounded


def test_a_slender_region_amplifies_by_its_slenderness():
    steep = {"spectrum": [1e5, 1e4, 2 * WIDE, 1.0]}
    assert amplification([10 * LARGE], **steep).large("u")
    slender = amplification([10 * LARGE], **steep, slenderness=100.0)
    assert not slender.large("u")
    assert not slender.unbounded
