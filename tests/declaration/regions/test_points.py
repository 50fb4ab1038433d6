"""Sets of points: labels, normals, and what is refused."""

import numpy as np
import pytest
from sympy import Eq, FiniteSet, Interval, Matrix, MatrixBase

from inrpde.declaration.regions import Ball, Points, Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample

PLANE = Space("x y")
GRID = np.stack(np.meshgrid(np.arange(4.0), np.arange(3.0), indexing="ij"), axis=-1).reshape(-1, 2)


def test_every_point_once_in_its_order_with_its_labels():
    readings, colours = GRID[:, 0] * 10, np.column_stack([GRID, GRID.sum(axis=1)])
    points = Points(PLANE, GRID, {"reading": readings, "colour": colours, "phase": 1j * readings})
    q = sample(points, 5)
    assert np.array_equal(q.points, GRID)
    assert np.allclose(q.weights, 1 / 12)
    assert q.measure == 1
    assert np.array_equal(q.labels[points["reading"]], readings)
    assert isinstance(points["colour"], MatrixBase)
    assert points["colour"].shape == (3, 1)
    assert np.array_equal(np.column_stack([q.labels[symbol] for symbol in points["colour"]]), colours)
    assert points["reading"].is_real
    assert points["phase"].is_complex
    assert not points["phase"].is_real
    assert set(points.labels) == set(q.labels)
    assert str(points["reading"]) == "_reading"


def test_labels_are_each_region_own():
    one, other = (Points(PLANE, GRID, {"reading": GRID[:, 0]}) for _ in range(2))
    assert one["reading"] != other["reading"]
    assert Eq(one["reading"], other["reading"]) != True  # noqa: E712 sympy's own truth


def test_selected_points_keep_their_labels():
    points = Points(PLANE, GRID, {"reading": np.arange(12)})
    near = points & Ball(PLANE, (0, 0), 1.2)
    q = sample(near, 1)
    assert q.labels[points["reading"]].tolist() == [0, 1, 3]
    assert q.weights.sum() == pytest.approx(1)
    both = points | Points(PLANE, [[9, 9]], {"other": [5]})
    labels = sample(both, 1).labels
    assert np.isnan(labels[points["reading"]][-1])


def test_normals_are_made_unit():
    angles = np.linspace(0, 6, 7)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    points = Points(PLANE, circle, normals=3 * circle)
    assert np.allclose(sample(points, 1).normals, circle)
    half = sample(points.where(PLANE.coords[1] >= 0), 1)
    assert np.allclose(half.normals, half.points)
    in_time = Points(Space("x y", time="t"), np.column_stack([circle, angles]), normals=circle)
    assert np.allclose(sample(in_time, 1).normals, np.column_stack([circle, 0 * angles]))


def test_a_line_of_numbers_is_enough_in_one_dimension():
    assert Points(Space("x"), [0, 1, 2]).coordinates.shape == (3, 1)


def test_finite_sets():
    pins = Region(PLANE, FiniteSet((0, 0), (1, 2)))
    assert pins.dim == 0
    assert pins.measure == 1
    assert pins.contains(np.array([[1, 2], [1, 2 + 1e-12], [1, 1]])).tolist() == [True, True, False]
    walls = sample(Region(Space("x"), Interval(0, 2)).boundary, 9)
    assert walls.measure == 2
    assert walls.normals.ravel().tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("coordinates", "options", "words"),
    [
        (GRID, {"labels": {"reading": np.arange(11)}}, r"'reading' has shape \(11,\) and there are 12"),
        (GRID, {"labels": {"reading": np.zeros((3, 12))}}, "there are 12"),
        (GRID, {"labels": {"reading": [np.nan] * 12}}, "12 of 12 values are not finite"),
        (GRID, {"labels": {"reading": ["a"] * 12}}, "not an array of numbers"),
        (GRID, {"normals": GRID[:5]}, "normals have shape"),
        (GRID, {"normals": GRID}, "1 of the normals are zero"),
        (GRID[:, :1], {}, "2 coordinates"),
        (np.zeros((0, 2)), {}, "2 coordinates"),
        (1j * GRID, {}, "2 coordinates"),
        (np.full((2, 2), np.inf), {}, "not finite"),
    ],
)
def test_what_is_refused(coordinates, options, words):
    with pytest.raises(ProblemError, match=words) as caught:
        Points(PLANE, coordinates, **options)
    assert caught.value.where.startswith("Points")


def test_a_label_that_is_not_there_lists_those_that_are():
    points = Points(PLANE, GRID, {"reading": np.arange(12)})
    with pytest.raises(ProblemError, match="no label 'height'") as caught:
        points["height"]
    assert "'reading'" in caught.value.fix
    assert Matrix([points["reading"]]).free_symbols == set(points.labels)


def test_labels_have_names():
    with pytest.raises(ProblemError, match="the labels have no names"):
        Points(PLANE, GRID, np.ones(len(GRID)))


def test_points_of_a_time_alone_are_as_long_as_it():
    space = Space(time="t")
    readings = Points(space, np.array([[0.5], [2.0]]), {"f": np.array([1.0, 2.0])})
    assert readings.size == 1.5
    assert readings.extents == pytest.approx([1.5])
