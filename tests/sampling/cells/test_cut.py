"""Boxes cut by curved walls: areas and lengths to rounding, closed cells, materials, slivers, hanging nodes."""

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import ellipe
from sympy import And, Interval, Or, cos

from inrpde import Ball, Implicit, Region, Space
from inrpde.errors import ProblemError
from inrpde.sampling.cells.quadtree import divide
from inrpde.sampling.cells.tessellation import CUT, OUTSIDE
from tests.sampling.cells.checks import closedness, shuffled, volumes

space = Space("x y")
x, y = space.coords


def box(a, b, c, d):
    return Region(space, Interval(a, b) * Interval(c, d))


square = box(0, 1, 0, 1)
wide = box(-1.2, 1.2, -1.2, 1.2)
disc = Ball(space, (0.5, 0.45), 0.3)
lens = 2 * np.arccos(0.25) - 0.5 * np.sqrt(1 - 0.25**2)
"""The area that two unit discs have in common whose centres are half a unit apart."""
pair = Ball(space, (0, 0), 1) | Ball(space, (0.5, 0), 1)
annulus = Ball(space, (0, 0), 1) - Ball(space, (0, 0), 0.5)
SHAPES = {
    "disc": (disc, np.pi * 0.09, np.pi * 0.6),
    "square minus disc": (square - disc, 1 - np.pi * 0.09, 4 + np.pi * 0.6),
    "discs minus box": (pair - box(-0.3, 0.4, -0.2, 0.1), 2 * np.pi - lens - 0.21, 4 * np.pi - 4 * np.arccos(0.25) + 2),
    "sector": (annulus & Implicit(space, And(x > 0, y > 0), within=wide), np.pi * 3 / 16, np.pi * 3 / 4 + 1),
    "ellipse": (Implicit(space, x**2 + 4 * y**2 < 1, within=wide), np.pi / 2, 4 * ellipe(0.75)),
    "one relation's two ovals": (
        Implicit(space, ((x - 0.6) ** 2 + y**2 - 0.16) * ((x + 0.6) ** 2 + y**2 - 0.25) < 0, within=wide),
        np.pi * 0.41, np.pi * 1.8),
    "a far disc": (Ball(space, (20, -30), 0.1), np.pi * 0.01, np.pi * 0.2),
    "two ovals": (Implicit(space, Or((x - 0.6) ** 2 + y**2 < 0.16, (x + 0.6) ** 2 + y**2 < 0.25), within=wide),
                  np.pi * 0.41, np.pi * 1.8),
    "half plane": (Implicit(space, x + 2 * y < 0.7, within=square), 0.7**2 / 4, 1.05 + 0.35 * np.sqrt(5)),
    "wave": (Implicit(space, y < 0.4 + 0.2 * cos(7 * x), within=square), 0.4 + 0.2 * np.sin(7) / 7, None),
}  # fmt: skip


def outer(tessellation):
    return tessellation.faces.cells[tessellation.faces.owners][:, 1] == OUTSIDE


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("size", [None, 0.1])
def test_areas_lengths_and_each_cell_closed(name, size):
    region, area, length = SHAPES[name]
    found = shuffled(divide([region], size=size), 2).tessellation(10)
    assert found.volume.weights.sum() == pytest.approx(area, rel=1e-12)
    if length is not None:
        assert found.faces.weights[outer(found)].sum() == pytest.approx(length, rel=1e-12)
    assert closedness(found).max() < 1e-12
    inner, outward = volumes(found)
    assert np.allclose(inner, outward, rtol=1e-12, atol=1e-14)
    assert found.volume.weights.min() > 0
    assert np.abs(found.cells.local(found.volume.owners, found.volume.points)).max() < 1 + 1e-12


@pytest.mark.parametrize("name", SHAPES)
def test_points_are_located_in_the_cells_they_came_from(name):
    region = SHAPES[name][0]
    divided = shuffled(divide([region]), 2)
    found = divided.tessellation(4)
    assert np.array_equal(divided.locate(found.volume.points), found.volume.owners)
    points = np.random.default_rng(0).uniform(*region.bounds, size=(2000, 2))
    assert np.array_equal(divided.locate(points) != OUTSIDE, region.contains(points))
    edge = found.faces.points[outer(found)]
    assert np.all(divided.locate(edge) != OUTSIDE)


def test_moments_are_exact_to_the_order_where_walls_are_straight():
    triangle = Implicit(space, x + 2 * y < 0.7, within=square)
    q = divide([triangle], size=0.3).tessellation(3).volume
    exact = np.polynomial.legendre.leggauss(20)
    t, w = (exact[0] + 1) / 2, exact[1] / 2
    X, Y = 0.7 * t[:, None] + 0 * t, 0.35 * (1 - t[:, None]) * t
    W = (0.7 * w)[:, None] * 0.35 * (1 - t[:, None]) * w
    for i, j in ((0, 0), (5, 0), (0, 5), (2, 3), (4, 1)):
        assert q.weights @ (q.points[:, 0] ** i * q.points[:, 1] ** j) == pytest.approx(
            (W * X**i * Y**j).sum(), rel=1e-13
        )


def test_moments_of_a_disc():
    q = divide([disc], size=0.15).tessellation(8).volume
    u, v = (q.points - [0.5, 0.45]).T / 0.3
    for value, truth in ((u**2, np.pi / 4), (u * v, 0), (u**2 * v**2, np.pi / 24), (u**6, 5 * np.pi / 64), (u**3, 0)):
        assert q.weights @ value == pytest.approx(0.09 * truth, rel=1e-12, abs=1e-15)


def test_integrals_converge_as_the_order_grows():
    def integral(order):
        q = divide([square - disc]).tessellation(order).volume
        return q.weights @ (np.exp(3 * q.points[:, 0]) * np.cos(3 * q.points[:, 1]))

    truth = integral(16)
    errors = [abs(integral(order) - truth) for order in (1, 2, 3, 4, 6)]
    assert all(b < a / 20 for a, b in pairwise(errors))
    assert errors[-1] < 1e-12


def test_integrals_converge_as_the_boxes_shrink():
    def integral(size, order=2):
        q = divide([disc], size=size).tessellation(order).volume
        return q.weights @ (np.exp(3 * q.points[:, 0]) * np.cos(3 * q.points[:, 1]))

    truth = integral(0.05, 10)
    errors = [abs(integral(size) - truth) for size in (0.3, 0.15, 0.075)]
    assert errors[2] < errors[1] / 8 < errors[0] / 64


def test_materials_meet_along_an_interface():
    divided = shuffled(divide([disc, square - disc], size=0.2), 2)
    found = divided.tessellation(8)
    faces, parts = found.faces, found.cells.part[found.faces.cells]
    between = (faces.cells[:, 1] != OUTSIDE) & (parts[:, 0] != parts[:, 1])
    here = between[faces.owners]
    assert faces.weights[here].sum() == pytest.approx(0.6 * np.pi, rel=1e-12)
    assert np.allclose(np.linalg.norm(faces.points[here] - [0.5, 0.45], axis=1), 0.3, rtol=1e-14)
    radial = (faces.points[here] - [0.5, 0.45]) / 0.3
    outward = np.where(parts[faces.owners[here], 0] == 0, 1.0, -1.0)
    assert np.allclose(faces.normals[here], outward[:, None] * radial, atol=1e-13)
    assert found.volume.weights.sum() == pytest.approx(1.0, rel=1e-13)
    areas = np.bincount(found.cells.part, volumes(found)[0])
    assert areas == pytest.approx([0.09 * np.pi, 1 - 0.09 * np.pi], rel=1e-12)
    assert np.array_equal(found.cells.part[found.volume.owners] == 0, disc.side(found.volume.points, 0.0) > 0)


def test_each_face_lies_between_its_two_cells():
    divided = shuffled(divide([disc, square - disc], size=0.2), 2)
    faces = divided.tessellation(3).faces
    pairs = faces.cells[faces.owners]
    assert np.array_equal(divided.locate(faces.points - 1e-7 * faces.normals), pairs[:, 0])
    assert np.array_equal(divided.locate(faces.points + 1e-7 * faces.normals), pairs[:, 1])


def test_two_sides_of_a_thin_hole_are_cells_of_their_own():
    hole = Ball(space, (0.5, 4.5), 4.01) & Ball(space, (0.5, -3.5), 4.01)
    divided = divide([square - hole], size=0.25)
    above, below = divided.locate(np.array([[0.55, 0.53], [0.55, 0.47]]))
    assert above != below
    found = divided.tessellation(8)
    assert closedness(found).max() < 1e-12
    assert 0 < 1 - found.volume.weights.sum() < 0.02 * 0.6


def test_a_bend_that_is_finer_than_its_curve_is_known_is_refused():
    hole = Implicit(space, (x - 0.5) ** 2 / 0.2 + 1e4 * (y - 0.51) ** 2 < 1, within=square)
    with pytest.raises(ProblemError, match="gap"):
        divide([square - hole], size=0.25)


def test_slivers_are_joined_to_their_neighbours():
    found = divide([square - Ball(space, (0.5, 0.5), 0.499)], size=0.1).tessellation(4)
    cells = found.cells
    share = volumes(found)[0] / np.prod(2 * np.diagonal(cells.axes, axis1=1, axis2=2), axis=1)
    plain = divide([box(0, 1, 0, 1) - Ball(space, (0.501, 0.499), 0.3)], size=0.1).tessellation(4)
    assert volumes(plain)[0].min() > 0.2 * 0.1**2
    assert share.min() > 0
    assert np.all((cells.reference == CUT) | np.isclose(share, 1.0, rtol=1e-12))


def test_a_small_hole_divides_the_box_that_holds_it():
    found = divide([square - Ball(space, (0.3, 0.3), 0.01)], size=0.5).tessellation(8)
    assert found.volume.weights.sum() == pytest.approx(1 - np.pi * 1e-4, rel=1e-13)
    assert closedness(found).max() < 1e-12


@pytest.mark.parametrize(
    ("inner", "outside_of"),
    [
        (Ball(space, (0.5, 0.45), 0.3), Ball(space, (0.5, 0.45), 0.3)),
        (
            Implicit(space, (x - 0.5) ** 2 + (y - 0.45) ** 2 < 0.09, within=box(0.5, 1, 0, 1))
            | Implicit(space, (x - 0.5) ** 2 + (y - 0.45) ** 2 < 0.09, within=box(0, 0.5, 0, 1)),
            Implicit(space, (x - 0.5) ** 2 + (y - 0.45) ** 2 <= 0.09, within=square),
        ),
        (disc, square - Implicit(space, (x - 0.5) ** 2 + (y - 0.45) ** 2 > 0.09, within=square)),
    ],
)
def test_one_curve_written_twice_is_one_wall(inner, outside_of):
    found = divide([inner, square - outside_of], size=0.2).tessellation(8)
    parts = found.cells.part[found.faces.cells]
    between = ((found.faces.cells[:, 1] != OUTSIDE) & (parts[:, 0] != parts[:, 1]))[found.faces.owners]
    assert found.faces.weights[between].sum() == pytest.approx(0.6 * np.pi, rel=1e-12)
    assert found.volume.weights.sum() == pytest.approx(1.0, rel=1e-13)
    assert closedness(found).max() < 1e-12


def test_cells_stay_closed_where_three_materials_meet_and_boxes_are_graded():
    one, other = Ball(space, (0.4, 0.5), 0.25), Ball(space, (0.6, 0.5), 0.25)
    divided, corner = divide([one, other - one, square - (one | other)]), (0.5, 0.5 + np.sqrt(0.25**2 - 0.01))
    for _ in range(20):
        cells = divided.tessellation(1).cells
        apart = np.abs(cells.origin - corner) - np.diagonal(cells.axes, axis1=1, axis2=2)
        divided = divided.refined(np.all(apart < 1e-12, axis=1))
    found = divided.tessellation(6)
    assert np.min(found.cells.axes[:, 0, 0]) < 1e-6
    assert len(found.cells) < 400
    assert closedness(found).max() < 1e-14
    assert np.array_equal(divided.locate(found.volume.points), found.volume.owners)


def test_a_disc_far_from_the_origin_is_closed_to_rounding():
    found = divide([Ball(space, (1e4, -1e4), 0.1)]).tessellation(8)
    assert found.volume.weights.sum() == pytest.approx(np.pi * 0.01, rel=1e-10)
    assert closedness(found).max() < 1e-11


def test_two_hundred_cut_cells_are_quick():
    start = time.process_time()
    found = divide([disc, square - disc], size=1 / 64).tessellation(6)
    assert np.count_nonzero(found.cells.reference == CUT) > 200
    assert time.process_time() - start < 0.5


places, radii = st.floats(0, 1), st.floats(0.05, 0.6)


@settings(max_examples=40)
@given(places, places, radii, places, places, radii, places, places, st.integers(0, 3))
def test_any_discs_and_boxes_leave_closed_cells(a, b, r, c, d, s, e, f, seed):
    one, other, block = Ball(space, (a, b), r), Ball(space, (c, d), s), box(e, e + 0.3, f, f + 0.2)
    assume(np.hypot(a - c, b - d) + abs(r - s) > 1e-6)
    parts = [one & square, (other - one) & square, (square & block) - (one | other), square - (one | other | block)]
    points = np.random.default_rng(0).uniform(size=(4000, 2))
    parts = [part for part in parts if np.any(part.side(points, 0.0) > 0)]
    found = shuffled(divide(parts, size=0.3), 1, seed=seed).tessellation(8)
    assert closedness(found).max() < 1e-12
    inner, outward = volumes(found)
    assert np.allclose(inner, outward, rtol=0, atol=1e-13)
