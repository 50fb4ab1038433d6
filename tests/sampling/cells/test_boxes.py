"""Regions of boxes, divided into boxes: exact quadrature, closed cells, hanging nodes."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Interval

from inrpde import Region, Space
from inrpde.sampling.cells.quadtree import divide
from inrpde.sampling.cells.tessellation import OUTSIDE
from tests.sampling.cells.checks import closedness, shuffled, volumes

line, plane, room = Space("x"), Space("x y"), Space("x y z")
SPACES = {1: line, 2: plane, 3: room}


def box(*sides):
    whole = Interval(*sides[0])
    for side in sides[1:]:
        whole = whole * Interval(*side)
    return Region(SPACES[len(sides)], whole)


interval = box((0, 2))
square = box((0, 1), (0, 1))
ell = box((-1, 1), (-1, 1)) - box((0, 1), (-1, 0))
notched = box((0, 1), (0, 1), (0, 1)) - box((0.3, 0.7), (0.3, 1), (0, 0.5))
frame = box((0, 2), (0, 1)) - box((0.4, 0.9), (0.3, 0.6))


@pytest.mark.parametrize(
    ("region", "measure", "boundary"),
    [(interval, 2, 2), (square, 1, 4), (ell, 3, 8), (frame, 2 - 0.15, 6 + 1.6), (notched, 1 - 0.4 * 0.7 * 0.5, None)],
)
def test_measures_and_closed_cells_with_hanging_nodes(region, measure, boundary):
    found = shuffled(divide([region], size=0.5)).tessellation(3)
    outer = found.faces.cells[found.faces.owners][:, 1] == OUTSIDE
    assert found.volume.weights.sum() == pytest.approx(measure, rel=1e-13)
    assert found.faces.weights[outer].sum() == pytest.approx(
        boundary or region.boundary.measure, rel=1e-3 if boundary is None else 1e-13
    )
    assert closedness(found).max() < 1e-13
    inner, outward = volumes(found)
    assert np.allclose(inner, outward, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("region", "dim"), [(interval, 1), (square, 2), (notched, 3)])
def test_polynomials_of_degree_2n_minus_1_are_exact(region, dim):
    order = 3
    q = shuffled(divide([box(*[(0, 1)] * dim)], size=0.5), 2).tessellation(order).volume
    for powers in product((0, 2 * order - 1), repeat=dim):
        value = q.weights @ np.prod(q.points ** np.array(powers), axis=1)
        assert value == pytest.approx(1 / np.prod(np.array(powers) + 1.0), rel=1e-13)


def test_each_face_lies_between_its_two_cells():
    divided = shuffled(divide([ell], size=0.5))
    found = divided.tessellation(2)
    faces = found.faces
    pairs = faces.cells[faces.owners]
    assert np.array_equal(divided.locate(faces.points - 1e-6 * faces.normals), pairs[:, 0])
    assert np.array_equal(divided.locate(faces.points + 1e-6 * faces.normals), pairs[:, 1])


def test_points_are_located_in_the_cells_they_came_from():
    divided = shuffled(divide([notched], size=0.5))
    found = divided.tessellation(3)
    assert np.array_equal(divided.locate(found.volume.points), found.volume.owners)
    local = found.cells.local(found.volume.owners, found.volume.points)
    assert np.abs(local).max() < 1
    assert np.all(divided.locate(np.array([[0.5, 0.8, 0.2], [0.5, 0.5, 1.1]])) == OUTSIDE)


def test_points_on_the_boundary_lie_in_a_cell():
    divided = divide([ell], size=0.5)
    on = np.array([[0.0, -0.5], [0.5, 0.0], [1.0, 1.0], [-1.0, -1.0], [0.0, 0.0], [0.0, -1.0], [1.0, 0.0]])
    assert np.all(divided.locate(on) >= 0)


def test_breaks_and_materials_are_sides_of_boxes():
    left, right = box((0, 0.3), (0, 1)), box((0.3, 1), (0, 1))
    divided = shuffled(divide([left, right], breaks=((0.77,), (0.21, 0.4)), size=0.25))
    found = divided.tessellation(2)
    lo = found.cells.origin - np.diagonal(found.cells.axes, axis1=1, axis2=2)
    hi = found.cells.origin + np.diagonal(found.cells.axes, axis1=1, axis2=2)
    for axis, value in ((0, 0.3), (0, 0.77), (1, 0.21), (1, 0.4)):
        assert not np.any((lo[:, axis] < value - 1e-12) & (hi[:, axis] > value + 1e-12))
    assert np.array_equal(found.cells.part, np.where(found.cells.origin[:, 0] < 0.3, 0, 1))
    parts = found.cells.part[found.faces.cells]
    between = (found.faces.cells[:, 1] != OUTSIDE) & (parts[:, 0] != parts[:, 1])
    assert found.faces.weights[between[found.faces.owners]].sum() == pytest.approx(1.0, rel=1e-13)


def test_boxes_are_no_larger_than_asked_and_a_corner_can_be_graded():
    divided = divide([ell], size=0.3)
    for _ in range(24):
        tessellation = divided.tessellation(1)
        axes = np.diagonal(tessellation.cells.axes, axis1=1, axis2=2)
        assert np.all(axes <= 0.15 + 1e-12)
        divided = divided.refined(np.all(np.abs(tessellation.cells.origin) < 1.01 * axes, axis=1))
    assert divided.tessellation(1).cells.axes[:, 0, 0].min() < 1e-8
    assert closedness(divided.tessellation(2)).max() < 1e-13


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4, unique=True), st.integers(0, 100))
def test_any_hole_leaves_closed_cells(ends, seed):
    (a, b), (c, d) = sorted(ends[:2]), sorted(ends[2:])
    if min(b - a, d - c) < 1e-6:
        return
    found = shuffled(divide([square - box((a, b), (c, d))], size=0.5), 2, seed=seed).tessellation(2)
    assert found.volume.weights.sum() == pytest.approx(1 - (b - a) * (d - c), rel=1e-12)
    assert closedness(found).max() < 1e-13
