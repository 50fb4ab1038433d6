"""Where cells lie: points are located in them, and told apart by what runs between two cells in one box."""

import numpy as np
import pytest
from sympy import Interval

from inrpde import Ball, Mesh, Region, Space
from inrpde.discretise.weak.columns import inner_points
from inrpde.sampling.cells import quadtree, simplices
from inrpde.sampling.cells.tessellation import OUTSIDE

plane = Space("x y")
square = Region(plane, Interval(0, 1) ** 2)
disc = Ball(plane, (0.5, 0.45), 0.3)
POINTS = np.random.default_rng(0).uniform(size=(3000, 2))


def round_disc(points):
    return np.sum((points - [0.5, 0.45]) ** 2, axis=1) - 0.09


def triangles():
    nodes = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    return simplices.divide([Mesh.of(plane, nodes, {"triangle": np.array([[0, 1, 2], [0, 2, 3]])})])


def boxes():
    return quadtree.divide([square - Region(plane, Interval(0.5, 1) * Interval(0, 0.5))], size=0.5)


def walled(size=0.5):
    """Boxes, in several of which a circle parts a disc from what is round it."""
    divided = quadtree.divide([disc, square - disc], size=size)
    return divided, divided.cover.walled([round_disc], inner_points(divided.tessellation(8)))


def test_points_are_located_in_their_cells_and_outside():
    cover = triangles().cover
    inside = cover.locate(POINTS)
    assert np.array_equal(inside, np.where(POINTS[:, 1] < POINTS[:, 0], 0, 1))
    assert np.array_equal(boxes().cover.locate(POINTS) == OUTSIDE, (POINTS[:, 0] > 0.5) & (POINTS[:, 1] < 0.5))
    assert np.all(cover.locate(POINTS + 1.001) == OUTSIDE)
    assert np.all(cover.locate(np.array([[0.0, 0], [0.5, 0], [1, 1], [0.5, 0.5], [1 + 1e-12, 0.3]])) != OUTSIDE)


def test_points_between_two_cells_can_be_asked_of_one_part():
    left, right = Region(plane, Interval(0, 0.5) * Interval(0, 1)), Region(plane, Interval(0.5, 1) * Interval(0, 1))
    divided = quadtree.divide([left, right], size=0.5)
    part, between = divided.cover.part, np.array([[0.5, 0.2], [0.5, 0.9]])
    for wanted in (0, 1):
        cell = divided.cover.locate(between, np.full(2, wanted))
        assert np.all(part[cell] == wanted)
    assert np.all(divided.cover.locate(between - [0.1, 0], np.ones(2, int)) == OUTSIDE)


def test_cells_touch_the_points_on_their_boundaries():
    assert triangles().cover.touching(np.array([[0.0, 0]])).tolist() == [0, 1]
    assert triangles().cover.touching(np.array([[1.0, 0]])).tolist() == [0]
    assert triangles().cover.touching(np.array([[1.0, 0], [0, 1]])).tolist() == [0, 1]
    cover = boxes().cover
    assert len(cover.touching(np.array([[0.5, 0.5]]))) == 3
    assert len(cover.touching(np.array([[0.0, 0.5]]))) == 2


@pytest.mark.parametrize(("make", "many"), [(triangles, 3), (boxes, 4)])
def test_corners_are_those_of_the_cells(make, many):
    divided = make()
    corners = divided.cover.corners
    assert corners.shape == (len(divided.cover.cell), many, 2)
    found = {tuple(each) for each in corners.reshape(-1, 2)}
    if many == 3:
        assert found == {(0, 0), (1, 0), (1, 1), (0, 1)}
    else:
        assert found == {(a / 2, b / 2) for a in range(3) for b in range(3)} - {(1, 0)}


@pytest.mark.parametrize("size", [0.5, 0.25])
def test_cells_that_share_a_box_are_told_apart_by_the_curve_between_them(size):
    divided, cover = walled(size)
    part = np.empty(len(np.unique(cover.cell)), int)
    part[cover.cell] = cover.part
    inside = round_disc(POINTS) < 0
    assert np.array_equal(part[cover.locate(POINTS)] == 0, inside)
    assert np.array_equal(cover.locate(POINTS), divided.locate(POINTS))
    assert not np.array_equal(divided.cover.locate(POINTS), divided.locate(POINTS))


def test_points_close_to_the_curve_are_told_apart():
    _, cover = walled()
    angle = np.linspace(0, 2 * np.pi, 400)
    around = np.column_stack([np.cos(angle), np.sin(angle)])
    part = np.empty(len(np.unique(cover.cell)), int)
    part[cover.cell] = cover.part
    for radius, wanted in ((0.3 - 1e-7, 0), (0.3 + 1e-7, 1)):
        assert np.all(part[cover.locate([0.5, 0.45] + radius * around)] == wanted)


def test_what_no_curve_cuts_has_no_walls():
    divided = boxes()
    cover, inside = divided.cover, inner_points(divided.tessellation(2))
    for functions in ([], [lambda points: points[:, 0] + 1]):
        assert cover.walled(functions, inside).walls is None


def test_of_cells_some_are_taken_with_their_walls():
    _, cover = walled()
    lives = np.zeros(cover.cell.max() + 1, bool)
    lives[cover.cell[cover.part == 1]] = True
    taken = cover.taken(lives[cover.cell], np.cumsum(lives) - 1)
    outside = round_disc(POINTS) > 0
    assert np.array_equal(taken.locate(POINTS) != OUTSIDE, outside)
    number = np.flatnonzero(lives)
    assert np.array_equal(number[taken.locate(POINTS[outside])], cover.locate(POINTS[outside]))
