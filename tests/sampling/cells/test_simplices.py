"""The cells of a mesh, some of them divided: closed where facets of two sizes meet, every part kept."""

from itertools import product

import numpy as np
import pytest

from inrpde.sampling.cells.simplices import divide
from inrpde.sampling.cells.tessellation import OUTSIDE
from tests.sampling.cells.checks import closedness, shuffled, volumes
from tests.sampling.cells.meshes import TRIANGLES, cube, ell, segments

SHAPES = {"segments": (segments, 1, 2), "ell": (ell, 3, 8), "cube": (cube, 1, 6)}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_measures_and_closed_cells_with_hanging_facets(name, rounds):
    make, measure, boundary = SHAPES[name]
    divided = shuffled(divide([make()]), rounds)
    found = divided.tessellation(3)
    outer = found.faces.cells[found.faces.owners][:, 1] == OUTSIDE
    assert len(found.cells) > len(divide([make()]).cells) or not rounds
    assert found.volume.weights.sum() == pytest.approx(measure, rel=1e-13)
    assert found.faces.weights[outer].sum() == pytest.approx(boundary, rel=1e-13)
    assert closedness(found).max() < 1e-13
    inner, outward = volumes(found)
    assert np.allclose(inner, outward, rtol=1e-12)


@pytest.mark.parametrize("name", ["ell", "cube"])
def test_each_face_lies_between_its_left_cell_and_its_right_one(name):
    divided = divide([SHAPES[name][0]()])
    for number in (0, 0, 3):  # twice in one place: facets of cells three sizes apart meet
        divided = divided.refined(np.arange(len(divided.cells)) == number)
    divided = shuffled(divided, 2)
    faces, cover = divided.tessellation(2).faces, divided.cover
    pairs = faces.cells[faces.owners]
    assert np.array_equal(cover.locate(faces.points - 1e-6 * faces.normals), pairs[:, 0])
    assert np.array_equal(cover.locate(faces.points + 1e-6 * faces.normals), pairs[:, 1])
    assert np.allclose(np.linalg.norm(faces.normals, axis=1), 1)


def test_cells_that_are_graded_towards_a_corner_stay_closed():
    divided, corner = divide([ell()]), np.array([[1.0, 1.0]])
    for _ in range(20):
        marks = np.zeros(len(divided.cells), bool)
        marks[divided.cover.touching(corner)] = True
        divided = divided.refined(marks)
    found = divided.tessellation(2)
    assert np.abs(found.cells.axes).max(axis=(1, 2)).min() < 1e-6
    assert len(found.cells) == 6 + 20 * 3 * np.count_nonzero([4 in each for each in TRIANGLES])
    assert closedness(found).max() < 1e-13
    assert np.array_equal(divided.cover.locate(found.volume.points), found.volume.owners)


def test_parts_are_kept_when_cells_are_divided():
    mesh = ell(tagged=True)
    left, right = mesh.tagged("left"), mesh.tagged("right")
    found = shuffled(divide([left, right])).tessellation(3)
    assert np.array_equal(found.cells.part, np.where(found.volume.points[found.volume.starts[:-1], 0] < 1, 0, 1))
    assert np.bincount(found.cells.part, volumes(found)[0]) == pytest.approx([2, 1], rel=1e-13)
    parts = found.cells.part[found.faces.cells]
    between = (found.faces.cells[:, 1] != OUTSIDE) & (parts[:, 0] != parts[:, 1])
    assert found.faces.weights[between[found.faces.owners]].sum() == pytest.approx(1, rel=1e-13)


def test_a_cell_belongs_to_the_first_region_that_holds_it():
    mesh = ell(tagged=True)
    assert np.all(divide([mesh, mesh.tagged("left")]).part == 0)
    assert np.bincount(divide([mesh.tagged("left"), mesh]).part).tolist() == [4, 2]
    assert len(divide([mesh.tagged("right")]).cells) == 2


@pytest.mark.parametrize("name", SHAPES)
def test_quadrature_in_divided_cells_is_exact_to_its_degree(name):
    make, order = SHAPES[name][0], 3
    points, weights = ((q := shuffled(divide([make()]), 2).tessellation(order).volume).points, q.weights)
    lone = divide([make()]).tessellation(8).volume
    for powers in product(range(2 * order), repeat=points.shape[1]):
        if sum(powers) < 2 * order:
            truth = lone.weights @ np.prod(lone.points**powers, axis=1)
            assert weights @ np.prod(points**powers, axis=1) == pytest.approx(truth, rel=1e-12)


def test_what_is_not_marked_stays_as_it_is():
    divided = divide([ell()])
    assert np.array_equal(divided.refined(np.zeros(6, bool)).cells, divided.cells)
    once = divided.refined(np.arange(6) == 2)
    assert np.array_equal(once.cells[:5], np.delete(divided.cells, 2, axis=0))
    assert len(once.cells) == 5 + 4
