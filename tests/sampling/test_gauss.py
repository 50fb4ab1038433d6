"""Rules of high order for integrals over boxes and along curves."""

from itertools import permutations

import meshio
import numpy as np
import pytest
from sympy import Interval

from inrpde import Ball, Mesh, Region, Space
from inrpde.sampling import across, integration

space = Space("x y")
x, y = space.coords
square = Region(space, Interval(0, 1) * Interval(0, 2))
disc = Ball(space, (0, 0), 1)


@pytest.mark.parametrize(
    ("region", "f", "truth"),
    [
        (square, lambda p: np.exp(p[:, 0]) * p[:, 1] ** 3, 4 * (np.e - 1)),
        (square.face(x, 0), lambda p: np.exp(p[:, 1]), np.exp(2) - 1),
        (square.boundary, lambda p: np.exp(p[:, 0]), 2 * (np.e - 1) + 2 * (1 + np.e)),
        (disc.boundary, lambda p: p[:, 0] ** 2 + p[:, 1], np.pi),
        (disc.boundary.where(y > 0), lambda p: p[:, 1], 2.0),
        ((square - Ball(space, (0, 0), 0.5)).boundary, lambda p: np.ones(len(p)), 5 + np.pi / 4),
    ],
)
def test_it_is_exact_but_for_where_curves_end(region, f, truth):
    q = integration(region)
    assert np.sum(q.weights * f(q.points)) == pytest.approx(truth, rel=1e-9)
    assert q.measure == pytest.approx(q.weights.sum())


def test_normals_come_with_the_points_of_a_boundary():
    q = integration(disc.boundary)
    assert np.allclose(q.normals, q.points, atol=1e-9)
    assert integration(square).normals is None


def test_elsewhere_points_are_drawn_by_the_seed():
    first, second = (integration(disc, seed).points for seed in (0, 1))
    assert len(first) == pytest.approx(20_000, rel=0.01)
    assert not np.array_equal(first[:100], second[:100])


CUBE = Space("x y z")


def cut_cube() -> Mesh:
    """The unit cube in six tetrahedra, its faces x = 0 and x = 1 named."""
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    paths = [np.cumsum([0, *(4 >> a for a in order)]) for order in permutations(range(3))]
    faces = np.array([[0, 1, 3], [0, 2, 3], [4, 5, 7], [4, 6, 7]])
    sets = {"near": [np.array([], int), np.array([0, 1])], "far": [np.array([], int), np.array([2, 3])]}
    return Mesh(CUBE, meshio.Mesh(corners, [("tetra", np.array(paths)), ("triangle", faces)], cell_sets=sets))


def test_cells_and_facets_of_a_mesh_have_rules_of_their_own():
    mesh = cut_cube()
    q = integration(mesh)
    assert np.sum(q.weights * np.exp(q.points[:, 0]) * q.points[:, 1] ** 3) == pytest.approx((np.e - 1) / 4, rel=1e-9)
    q = integration(mesh.tagged("far"))
    assert np.sum(q.weights * q.normals[:, 0] * np.exp(q.points[:, 1]) * q.points[:, 2]) == pytest.approx(
        (np.e - 1) / 2
    )
    assert np.sum(integration(mesh.tagged("near")).normals[:, 0] < 0) > 0


def test_many_cells_have_few_nodes_each():
    line = np.linspace(0, 1, 41)
    nodes = np.array([[a, b] for a in line for b in line])
    first = np.add.outer(41 * np.arange(40), np.arange(40)).ravel()
    cells = np.concatenate([first[:, None] + [0, 41, 42], first[:, None] + [0, 1, 42]])
    q = integration(Mesh.of(space, nodes, {"triangle": cells}))
    assert len(q) < 40_000
    assert np.sum(q.weights * np.cos(q.points[:, 0])) == pytest.approx(np.sin(1), rel=1e-9)


def test_a_rule_along_some_sides_of_a_box():
    nodes, weights = across(square, [1])
    assert nodes.shape == (len(weights), 1)
    assert np.isclose(weights @ np.exp(nodes[:, 0]), np.exp(2) - 1)
    nodes, weights = across(square, [1, 0])
    assert np.isclose(weights @ (nodes[:, 0] * np.exp(nodes[:, 1])), 2 * (np.e - 1))
