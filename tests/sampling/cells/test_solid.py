"""Boxes in space cut by curved walls: volumes and areas that converge, closed cells, materials, slivers, hanging nodes."""

import time
from itertools import pairwise

import numpy as np
import pytest
from sympy import And, Interval, cos

from inrpde import Ball, Implicit, Region, Space
from inrpde.sampling.cells.quadtree import divide
from inrpde.sampling.cells.tessellation import CUT, OUTSIDE
from tests.sampling.cells.checks import closedness, shuffled, volumes

space = Space("x y z")
x, y, z = space.coords


def box(a, b):
    return Region(space, Interval(a, b) ** 3)


cube = box(0, 1)
unit = Ball(space, (0, 0, 0), 1)
rod = Implicit(space, (x - 0.5) ** 2 + (y - 0.45) ** 2 < 0.09, within=cube)
whole = 4 * np.pi / 3
SHAPES = {
    "ball": (unit, whole, 4 * np.pi),
    "a far ball": (Ball(space, (20, -30, 10), 0.1), whole / 1000, np.pi / 25),
    "shell": (unit - Ball(space, (0, 0, 0), 0.6), whole * (1 - 0.6**3), 4 * np.pi * 1.36),
    "ball minus box": (unit - box(-0.3, 0.3), whole - 0.6**3, 4 * np.pi + 6 * 0.36),
    "rod": (rod, 0.09 * np.pi, 0.18 * np.pi + 0.6 * np.pi),
    "wave": (Implicit(space, z < 0.4 + 0.2 * cos(3 * x + 2 * y), within=cube), None, None),
}  # fmt: skip


def outer(tessellation):
    return tessellation.faces.cells[tessellation.faces.owners][:, 1] == OUTSIDE


@pytest.mark.parametrize("name", SHAPES)
def test_volumes_areas_and_each_cell_closed(name):
    region, volume, area = SHAPES[name]
    found = shuffled(divide([region]), 1).tessellation(7)
    if volume is not None:
        assert found.volume.weights.sum() == pytest.approx(volume, rel=1e-6)
        assert found.faces.weights[outer(found)].sum() == pytest.approx(area, rel=1e-6)
    size = np.max(np.diff(region.bounds, axis=0))
    assert closedness(found).max() < 1e-6 * size**2
    inner, outward = volumes(found)
    assert np.allclose(inner, outward, rtol=0, atol=3e-7 * size**3)
    assert found.volume.weights.min() > 0
    assert np.abs(found.cells.local(found.volume.owners, found.volume.points)).max() < 1 + 1e-12


def test_oblique_walls_are_exact():
    found = shuffled(divide([Implicit(space, x + 2 * y + z < 0.9, within=cube)], size=0.4), 1).tessellation(3)
    assert found.volume.weights.sum() == pytest.approx(0.9**3 / 12, rel=1e-13)
    assert closedness(found).max() < 1e-13
    q = found.volume
    moment = 0.9**5 / 2 * 2 / 120  # ∫ x² over the corner with legs 0.9, 0.45, 0.9
    assert q.weights @ q.points[:, 0] ** 2 == pytest.approx(moment, rel=1e-12)


def test_integrals_converge_as_the_order_grows():
    def integral(order):
        q = divide([cube - rod], size=0.3).tessellation(order).volume
        return q.weights @ (np.exp(q.points[:, 0]) * np.cos(3 * q.points[:, 1] + q.points[:, 2]))

    truth = integral(12)
    errors = [abs(integral(order) - truth) for order in (2, 4, 6, 8)]
    assert all(b < a / 10 for a, b in pairwise(errors))
    assert errors[-1] < 1e-11


def test_areas_converge_as_the_boxes_shrink():
    wall = Implicit(space, (x - 0.5) ** 2 + (y - 0.45) ** 2 < 0.09, within=cube)

    def error(size):
        found = divide([cube & wall], size=size).tessellation(3)
        return abs(found.faces.weights[outer(found)].sum() / (0.78 * np.pi) - 1)

    errors = [error(size) for size in (0.3, 0.15, 0.075)]
    assert errors[2] < errors[1] / 10 < errors[0] / 100


def test_two_balls_are_known_to_what_is_left_at_the_edge_in_which_they_meet():
    pair = unit | Ball(space, (1, 0, 0), 1)
    found = divide([pair], size=0.3).tessellation(5)
    assert found.volume.weights.sum() == pytest.approx(2 * whole - 5 * np.pi / 12, rel=1e-5)
    assert found.faces.weights[outer(found)].sum() == pytest.approx(6 * np.pi, rel=1e-3)
    assert closedness(found).max() < 1e-3


def test_materials_meet_along_an_interface():
    divided = shuffled(divide([rod, cube - rod], size=0.25), 1)
    found = divided.tessellation(6)
    faces, parts = found.faces, found.cells.part[found.faces.cells]
    between = (faces.cells[:, 1] != OUTSIDE) & (parts[:, 0] != parts[:, 1])
    here = between[faces.owners]
    assert faces.weights[here].sum() == pytest.approx(0.6 * np.pi, rel=1e-6)
    radial = (faces.points[here] - [0.5, 0.45, 0]) * [1, 1, 0] / 0.3
    assert np.allclose(np.linalg.norm(radial, axis=1), 1, rtol=0, atol=1e-13)
    outward = np.where(parts[faces.owners[here], 0] == 0, 1.0, -1.0)
    assert np.allclose(faces.normals[here], outward[:, None] * radial, atol=1e-12)
    assert found.volume.weights.sum() == pytest.approx(1.0, rel=1e-13)
    assert np.bincount(found.cells.part, volumes(found)[0]) == pytest.approx([0.09 * np.pi, 1 - 0.09 * np.pi], rel=1e-6)
    assert np.array_equal(found.cells.part[found.volume.owners] == 0, rod.side(found.volume.points, 0.0) > 0)


def test_a_surface_written_twice_is_one():
    other = Implicit(space, 2 * (x - 0.5) ** 2 + 2 * (y - 0.45) ** 2 > 0.18, within=cube)
    found = divide([rod, other], size=0.25).tessellation(7)
    assert found.volume.weights.sum() == pytest.approx(1.0, rel=1e-13)
    assert closedness(found).max() < 1e-6


@pytest.mark.parametrize("name", SHAPES)
def test_points_are_located_in_the_cells_they_came_from(name):
    region = SHAPES[name][0]
    divided = shuffled(divide([region]), 1)
    found = divided.tessellation(3)
    assert np.array_equal(divided.locate(found.volume.points), found.volume.owners)
    points = np.random.default_rng(0).uniform(*region.bounds, size=(5000, 3))
    assert np.array_equal(divided.locate(points) != OUTSIDE, region.contains(points))


def test_each_face_lies_between_its_two_cells():
    divided = shuffled(divide([rod, cube - rod], size=0.25), 1)
    faces = divided.tessellation(3).faces
    pairs = faces.cells[faces.owners]
    assert np.array_equal(divided.locate(faces.points - 1e-7 * faces.normals), pairs[:, 0])
    assert np.array_equal(divided.locate(faces.points + 1e-7 * faces.normals), pairs[:, 1])


def test_slivers_are_joined_to_their_neighbours():
    ball = Ball(space, (0.5, 0.5, 0.5), 0.499)
    found = divide([cube - ball, ball], size=0.125).tessellation(3)
    assert volumes(found)[0].min() > 0.2 * 0.125**3
    assert closedness(found).max() < 1e-6


def test_the_cover_tells_cells_in_one_box_apart():
    ball = Ball(space, (0.45, 0.5, 0.5), 0.3)
    divided = divide([ball, cube - ball], size=0.25)
    found = divided.tessellation(3)
    middle = found.volume.starts[:-1] + found.volume.counts // 2
    cover = divided.cover.walled([ball.value], found.volume.points[middle])
    assert np.array_equal(cover.locate(found.volume.points), found.volume.owners)


def test_thousands_of_boxes_take_seconds():
    start = time.process_time()
    found = divide([unit - box(-0.3, 0.3)], size=0.15).tessellation(5)
    assert len(found.cells) > 1000
    assert np.count_nonzero(found.cells.reference == CUT) > 500
    assert time.process_time() - start < 5


def test_a_part_of_a_ball_between_oblique_planes():
    wedge = unit & Implicit(space, And(x + y > 0, x - 2 * y > 0), within=box(-1, 1))
    angle = np.pi - np.arccos(-1 / np.sqrt(10))  # between the planes, inside
    found = divide([wedge], size=0.3).tessellation(5)
    assert found.volume.weights.sum() == pytest.approx(2 * angle / 3, rel=1e-3)
