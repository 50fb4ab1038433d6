"""Set operations: boundaries of the result, outward normals, membership on shared faces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Eq, Interval, Or, Rational

from inrpde.declaration.regions import Ball, Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample

PLANE = Space("x y")
x, y = PLANE.coords


def box(*ends):
    return Region(PLANE, Interval(*ends[:2]) * Interval(*ends[2:]))


def total_flux(region, n=4000):
    q = sample(region, n)
    return np.linalg.norm(q.weights @ q.normals)


def steps_are_inside_and_outside(solid, n=2000):
    q = sample(solid.boundary, n)
    step = 1e-4 * solid.size * q.normals
    inside, outside = solid.contains(q.points - step), solid.contains(q.points + step)
    # points within a step of a corner can tell neither
    return inside.mean() > 0.99 and outside.mean() < 0.01 and np.allclose(np.linalg.norm(q.normals, axis=1), 1)


SOLIDS = {
    "hole": (box(0, 2, 0, 1) - box(Rational(1, 2), 1, Rational(1, 4), Rational(3, 4)), 6 + 2, 2 - 0.25),
    "notch": (box(-1, 1, -1, 1) - box(0, 1, -1, 0), 8, 3),
    "beside": (box(0, 1, 0, 1) | box(1, 2, 0, 1), 6, 2),
    "overlap": (box(0, 2, 0, 1) | box(1, 3, 0, 1), 8, 3),
    "cross": (box(-3, 3, -1, 1) | box(-1, 1, -3, 3), 24, 20),
    "nested": (box(0, 4, 0, 4) - (box(1, 3, 1, 3) - box(1, 2, 1, 2)), 16 + 8, 16 - 3),
    "disc": (box(-1, 1, -1, 1) - Ball(PLANE, (0, 0), Rational(1, 2)), 8 + np.pi, 4 - np.pi / 4),
    "bite": (box(-1, 1, -1, 1) - Ball(PLANE, (1, 0), Rational(1, 2)), 8 - 1 + np.pi / 2, 4 - np.pi / 8),
    "lens": (Ball(PLANE, (0, 0), 1) & Ball(PLANE, (1, 0), 1), 4 * np.pi / 3, 2 * np.pi / 3 - np.sqrt(3) / 2),
    "pair": (Ball(PLANE, (0, 0), 1) | Ball(PLANE, (1, 0), 1), 8 * np.pi / 3, 4 * np.pi / 3 + np.sqrt(3) / 2),
    "touching": (box(-1, 1, -1, 1) & Ball(PLANE, (0, 0), 1), 2 * np.pi, np.pi),
    "ring": (Ball(PLANE, (0, 0), 1) - Ball(PLANE, (Rational(1, 4), 0), Rational(1, 2)), 3 * np.pi, 0.75 * np.pi),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_boundaries_of_the_result(name):
    solid, perimeter, area = SOLIDS[name]
    # tangent boundaries count as one where they are within 1e-9 of the size: here over some 1e-4 of the length
    loose = 1e-4 if name == "touching" else 1e-6
    assert solid.boundary.measure == pytest.approx(perimeter, rel=loose)
    assert solid.measure == pytest.approx(area, rel=loose)
    assert total_flux(solid.boundary) < 2e-3 * perimeter
    assert steps_are_inside_and_outside(solid)


def test_normals_of_a_hole_point_into_the_hole():
    q = sample(SOLIDS["disc"][0].boundary, 400)
    on_circle = np.hypot(*q.points.T) < 0.6
    assert on_circle.any()
    assert np.allclose(q.normals[on_circle], -2 * q.points[on_circle])


CENTRE, RADIUS = st.tuples(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2)), st.floats(0.2, 0.9)


@given(CENTRE, RADIUS, CENTRE, RADIUS)
def test_membership_is_that_of_the_parts(a, r, b, half):
    one, other = Ball(PLANE, a, r), box(b[0] - half, b[0] + half, b[1] - half, b[1] + half)
    points = np.random.default_rng(3).uniform(-2.5, 2.5, (500, 2))
    in_one, in_other = np.hypot(*(points - a).T) <= r, np.max(np.abs(points - b), axis=1) <= half
    assert np.array_equal((one - other).contains(points), in_one & ~in_other)
    assert np.array_equal((one | other).contains(points), in_one | in_other)
    if (in_one & in_other).any():
        assert np.array_equal((one & other).contains(points), in_one & in_other)


def test_results_are_closed_and_have_no_dangling_faces():
    half = box(0, 1, 0, 1) - box(Rational(1, 2), 1, 0, 1)
    on_the_removed_face, on_the_cut, inside_hole_rim = [[1.0, 0.3]], [[0.5, 0.3]], [[0.25, 0.5]]
    assert not half.contains(np.array(on_the_removed_face)).any()
    assert half.contains(np.array(on_the_cut)).all()
    beside = box(0, Rational(1, 2), 0, 1) | box(Rational(1, 2), 1, 0, 1)
    frame = box(0, 1, 0, 1) - (beside & box(Rational(1, 4), Rational(3, 4), Rational(1, 4), Rational(3, 4)))
    assert frame.contains(np.array(inside_hole_rim)).all()
    assert not frame.contains(np.array([[0.5, 0.5]])).any(), "the seam of two holes is no region"


def test_surfaces_are_filtered_by_surfaces():
    left, right = box(0, 1, 0, 1), box(1, 2, 0, 1)
    shared = left.boundary & right.boundary
    assert shared.measure == pytest.approx(1)
    q = sample(shared, 50)
    assert np.allclose(q.points[:, 0], 1)
    assert np.allclose(q.normals, [1, 0]), "the normal is that of the left operand"
    walls = left.boundary.where(Or(Eq(x, 0), Eq(x, 1)))
    assert np.allclose(np.abs(sample(left.boundary - walls, 50).normals[:, 1]), 1)
    assert ((left.boundary - walls) | walls).measure == pytest.approx(4)
    assert (left.boundary & Ball(PLANE, (0, 0), Rational(1, 2))).measure == pytest.approx(1)


def test_emptiness_names_the_operation():
    for region in (box(0, 1, 0, 1) - box(-1, 2, -1, 2), box(0, 1, 0, 1) & box(2, 3, 0, 1)):
        with pytest.raises(ProblemError, match="empty") as caught:
            region.check()
        assert "[0, 1]×[0, 1]" in caught.value.where


def test_regions_of_two_spaces_do_not_mix():
    with pytest.raises(ProblemError, match="different spaces"):
        box(0, 1, 0, 1) - Ball(Space("u v"), (0, 0), 1)


def test_fifty_holes():
    region = box(0, 10, 0, 5)
    for i in range(10):
        for j in range(5):
            region = region - Ball(PLANE, (i + Rational(1, 2), j + Rational(1, 2)), Rational(1, 4))
    assert region.boundary.measure == pytest.approx(30 + 50 * np.pi / 2)
    assert region.measure == pytest.approx(50 - 50 * np.pi / 16)


def test_three_dimensions():
    space = Space("x y z")
    cube = Region(space, Interval(-1, 1) ** 3)
    carved = cube - Ball(space, (0, 0, 0), Rational(1, 2)) - Ball(space, (1, 1, 1), Rational(1, 2))
    assert carved.boundary.measure == pytest.approx(24 + np.pi - 3 * np.pi / 16 + np.pi / 8, rel=2e-4)
    assert carved.measure == pytest.approx(8 - np.pi / 6 - np.pi / 48, rel=2e-4)
    assert total_flux(carved.boundary) < 2e-2
    assert steps_are_inside_and_outside(carved)


def test_an_empty_intersection_within_a_larger_tree_is_harmless():
    apart = box(0, 1, 0, 1) & box(2, 3, 0, 1)
    region = box(0, 1, 0, 1) | apart
    assert region.measure == pytest.approx(1)
    assert region.contains(np.array([[0.5, 0.5], [1.5, 0.5]])).tolist() == [True, False]
