"""Corners of plane regions: where they are, their angles, and where there are none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import And, Interval, Rational

from inrpde.declaration.regions import Ball, Implicit, Region
from inrpde.declaration.space import Space

PLANE = Space("x y")
x, y = PLANE.coords


def box(*ends):
    return Region(PLANE, Interval(*ends[:2]) * Interval(*ends[2:]))


def degrees(region):
    return sorted(round(float(np.degrees(corner.angle)), 6) for corner in region.corners)


def test_angles():
    assert degrees(box(0, 2, 0, 1)) == [90] * 4
    assert degrees(box(-1, 1, -1, 1) - box(0, 1, -1, 0)) == [90] * 5 + [270]
    assert degrees(box(-3, 3, -1, 1) | box(-1, 1, -3, 3)) == [90] * 8 + [270] * 4
    assert degrees(box(0, 4, 0, 4) - box(1, 2, 1, 2)) == [90] * 4 + [270] * 4
    assert degrees(Ball(PLANE, (0, 0), 1)) == []
    assert degrees(box(-1, 1, -1, 1) - Ball(PLANE, (0, 0), Rational(1, 2))) == [90] * 4
    assert degrees(Ball(PLANE, (0, 0), 1) & Ball(PLANE, (1, 0), 1)) == [120, 120]
    assert degrees(Ball(PLANE, (0, 0), 1) | Ball(PLANE, (1, 0), 1)) == [240, 240]
    assert degrees(box(-1, 1, -1, 1) - Ball(PLANE, (1, 1), Rational(1, 2))) == [90] * 5
    assert degrees(box(0, 1, 0, 1) | box(1, 2, 1, 2)) == [90] * 8, "two sectors where two squares touch"


def test_a_re_entrant_corner_is_where_it_is():
    (corner,) = (c for c in (box(-1, 1, -1, 1) - box(0, 1, -1, 0)).corners if c.angle > np.pi)
    assert corner.point == pytest.approx((0, 0), abs=1e-15)
    # counter-clockwise from the wall y = 0, x > 0 to the wall x = 0, y < 0
    assert corner.start == pytest.approx(0, abs=1e-12)
    assert corner.angle == pytest.approx(3 * np.pi / 2, abs=1e-12)


@settings(max_examples=15)
@given(st.floats(0.2, 3.0), st.floats(-3, 3))
def test_a_wedge_of_any_angle(angle, turn):
    """The sector between two half planes through the origin, cut by a disc."""
    one = x * np.sin(turn) - y * np.cos(turn) < 0
    other = x * np.sin(turn + angle) - y * np.cos(turn + angle) > 0
    wedge = Implicit(PLANE, And(one, other), within=Ball(PLANE, (0, 0), 1))
    apex = min(wedge.corners, key=lambda corner: np.hypot(*corner.point))
    assert np.hypot(*apex.point) < 1e-9
    assert apex.angle == pytest.approx(angle, abs=1e-7)
    assert np.cos(apex.start - turn) == pytest.approx(1, abs=1e-9)
    assert len(wedge.corners) == 3


def test_the_sector_is_inside():
    region = box(-1, 1, -1, 1) - Ball(PLANE, (1, 0), Rational(1, 2)) - box(-1, 0, Rational(1, 2), 1)
    for corner in region.corners:
        middle = corner.start + corner.angle / 2
        other = middle + np.pi
        ahead = np.array(corner.point) + 1e-4 * np.array(
            [[np.cos(middle), np.sin(middle)], [np.cos(other), np.sin(other)]]
        )
        assert region.contains(ahead).tolist() == [True, False]


def test_no_corners_in_other_dimensions():
    assert Region(Space("x"), Interval(0, 1)).corners == ()
    assert Region(Space("x y z"), Interval(0, 1) ** 3).corners == ()
    assert Region(Space("x", time="t"), Interval(0, 1) ** 2).corners == ()
    assert box(0, 1, 0, 1).boundary.corners == ()
