"""Cracks and embedded surfaces: both faces of a crack with their own normals, one side for an embedded surface."""

import meshio
import numpy as np
import pytest
from sympy import Eq, FiniteSet, Interval, Rational

from inrpde.declaration.regions import Ball, Mesh, Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample

PLANE, SOLID = Space("x y"), Space("x y z")
X, Y = PLANE.coords


def cracked_square(n=4, start=2, stop=6):
    """[0, 1]² with a crack along y = 1/2 between two of its 2n + 1 columns of nodes; its tips inside are not doubled.
    `upper` and `lower` name the faces."""
    number = np.arange((2 * n + 1) ** 2).reshape(2 * n + 1, -1)
    axis = np.linspace(0, 1, 2 * n + 1)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    inner = [number[i, n] for i in range(start + (start > 0), stop)]
    twin = dict(zip(inner, range(len(points), len(points) + len(inner)), strict=True))
    points = np.vstack([points, points[inner]])
    quads = []
    for i in range(2 * n):
        for j in range(2 * n):
            corners = [number[i, j], number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]]
            quads.append([twin.get(k, k) for k in corners] if j >= n else corners)
    lower = np.array([[number[i, n], number[i + 1, n]] for i in range(start, stop)])
    upper = np.array([[twin.get(k, k) for k in pair] for pair in lower])
    lines = np.vstack([lower, upper])
    count = len(lower)
    sets = {
        "lower": [np.empty(0, int), np.arange(count)], "upper": [np.empty(0, int), np.arange(count, 2 * count)],
        "crack": [np.empty(0, int), np.arange(2 * count)],
    }  # fmt: skip
    return meshio.Mesh(points, [("quad", np.array(quads)), ("line", lines)], cell_sets=sets)


def cracked_cube(n=4):
    """The unit cube in tetrahedra, cut along z = 1/2 for x < 1/2 (the crack's rim inside is not doubled)."""
    number = np.arange((n + 1) ** 3).reshape((n + 1,) * 3)
    axis = np.linspace(0, 1, n + 1)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    cut = np.flatnonzero((points[:, 2] == 0.5) & (points[:, 0] < 0.5))
    twin = np.arange(len(points))
    twin[cut] = len(points) + np.arange(len(cut))
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
    cells = np.column_stack([number[a : n + a, b : n + b, c : n + c].ravel() for a, b, c in corners])
    above = points[cells].mean(axis=1)[:, 2] > 0.5
    cells[above] = twin[cells[above]]
    return meshio.Mesh(np.vstack([points, points[cut]]), [("hexahedron", cells)])


def sides(region, axis):
    """The weights of a region's points by the sign of a component of their normals, and the sum of all normals."""
    q = sample(region, 400)
    up = q.normals[:, axis] > 0
    return q.weights[up].sum(), q.weights[~up].sum(), np.linalg.norm(q.weights @ q.normals)


class TestCracks:
    def test_both_faces_are_boundary_with_their_own_normals(self):
        mesh = Mesh(PLANE, cracked_square())
        assert mesh.measure == pytest.approx(1)
        assert mesh.boundary.measure == pytest.approx(5)
        for region in (mesh.tagged("crack"), mesh.boundary.where(Eq(Y, Rational(1, 2)) & (X > 0.1) & (X < 0.9))):
            up, down, total = sides(region, 1)
            assert (up, down) == (pytest.approx(0.5), pytest.approx(0.5))
            assert total < 1e-9

    def test_a_face_alone(self):
        mesh = Mesh(PLANE, cracked_square())
        upper, lower = mesh.tagged("upper"), mesh.tagged("lower")
        assert sides(upper, 1)[:2] == (0, pytest.approx(0.5)), "out of what lies above"
        assert sides(lower, 1)[:2] == (pytest.approx(0.5), 0)
        assert (mesh.boundary - upper).measure == pytest.approx(4.5)
        assert sides((mesh.boundary & lower), 1)[:2] == (pytest.approx(0.5), 0)

    def test_sets_and_time(self):
        hole = Ball(PLANE, (Rational(1, 2), Rational(1, 2)), Rational(1, 8))
        mesh = Mesh(PLANE, cracked_square())
        assert (mesh - hole).boundary.measure == pytest.approx(4 + np.pi / 4 + 0.5)
        assert (mesh | hole).boundary.measure == pytest.approx(4.5), "where the crack is filled there is none"
        space = Space("x y", time="t")
        moving = Mesh(space, cracked_square()).over(Interval(0, 2))
        assert moving.boundary.measure == pytest.approx(10)
        up, down, total = sides(moving.boundary.where(Eq(space.coords[1], Rational(1, 2))), 1)
        assert (up, down, total) == (pytest.approx(1), pytest.approx(1), pytest.approx(0))

    def test_tips_are_corners_of_a_full_turn(self):
        mesh = Mesh(PLANE, cracked_square())
        tips = [corner for corner in mesh.corners if corner.angle > 6]
        assert [tip.point for tip in tips] == [(0.25, 0.5), (0.75, 0.5)]
        assert np.allclose([tip.angle for tip in tips], 2 * np.pi)
        assert len(mesh.corners) == 6
        edge = Mesh(PLANE, cracked_square(start=0))
        assert sorted(round(np.degrees(corner.angle)) for corner in edge.corners) == [90] * 6 + [360]

    def test_it_is_said(self):
        assert any("cracked along 0.5" in text for text in Mesh(PLANE, cracked_square()).warnings)

    def test_a_crack_in_space(self):
        mesh = Mesh(SOLID, cracked_cube())
        assert mesh.measure == pytest.approx(1)
        assert mesh.boundary.measure == pytest.approx(7)
        q = sample(mesh.boundary, 4000)
        on = np.abs(q.points[:, 2] - 0.5) < 1e-9
        on &= np.abs(q.normals[:, 2]) > 0.9
        assert q.weights[on].sum() == pytest.approx(1, rel=0.05)
        assert abs(np.sum(q.weights[on] * q.normals[on, 2])) < 0.05


def test_a_slit_is_refused_unless_it_takes_nothing():
    square = Region(PLANE, Interval(0, 1) ** 2)
    with pytest.raises(ProblemError, match="a curve is taken from the inside") as caught:
        square - Region(PLANE, FiniteSet(Rational(1, 2)) * Interval(0, Rational(1, 2)))
    assert "Plugin Crack" in caught.value.fix
    assert square - square.boundary is square


class TestEmbedded:
    @pytest.fixture
    def wave(self):
        """A polyline of inner facets, x from 1/4 to 3/4 along y = 1/2 and then up: its file turns one facet round."""
        n = 8
        number = np.arange((n + 1) ** 2).reshape(n + 1, -1)
        axis = np.linspace(0, 1, n + 1)
        points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        quads = np.array([
            [number[i, j], number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]]
            for i in range(n) for j in range(n)
        ])  # fmt: skip
        path = [number[i, 4] for i in range(2, 7)] + [number[6, j] for j in (5, 6)]
        lines = np.column_stack([path[:-1], path[1:]])
        lines[2] = lines[2, ::-1]
        return points, quads, lines

    @pytest.mark.parametrize("seed", range(4))
    def test_normals_look_to_one_side_whatever_the_order_of_cells(self, wave, seed):
        points, quads, lines = wave
        rng = np.random.default_rng(seed)
        quads, lines = rng.permutation(quads), rng.permutation(lines)
        sets = {"wave": [np.empty(0, int), np.arange(len(lines))]}
        mesh = Mesh(PLANE, meshio.Mesh(points, [("quad", quads), ("line", lines)], cell_sets=sets))
        q = sample(mesh.tagged("wave"), 60)
        level = np.abs(q.points[:, 1] - 0.5) < 1e-9
        assert np.allclose(q.normals[level], [0, -1]), "to the right of the way that most of the lines go"
        assert np.allclose(q.normals[~level], [1, 0])

    def test_a_surface_in_space(self):
        n = 4
        whole = cracked_cube(n)
        number = np.arange((n + 1) ** 3).reshape((n + 1,) * 3)
        axis = np.linspace(0, 1, n + 1)
        points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
        cells = np.where(whole.cells[0].data >= len(points), 0, whole.cells[0].data)
        corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
        cells = np.column_stack([number[a : n + a, b : n + b, c : n + c].ravel() for a, b, c in corners])
        first = Mesh(SOLID, meshio.Mesh(points, [("hexahedron", cells)]))
        on = np.abs(points[first.cells][:, :, 2] - 0.5) < 1e-9
        facets = {
            tuple(np.sort(cell[flat])) for cell, flat in zip(first.cells, on, strict=True) if flat.sum() == 3
        }  # fmt: skip
        rng = np.random.default_rng(0)
        triangles = np.array([rng.permutation(facet) for facet in sorted(facets)])
        sets = {"middle": [np.empty(0, int), np.arange(len(triangles))]}
        mesh = Mesh(SOLID, meshio.Mesh(points, [("tetra", first.cells), ("triangle", triangles)], cell_sets=sets))
        normals = sample(mesh.tagged("middle"), 200).normals
        assert np.allclose(np.abs(normals[:, 2]), 1)
        assert np.ptp(normals[:, 2]) < 1e-9, "all to one side"


class TestParts:
    def test_parts_of_a_mesh_combine_to_a_part(self, meshes):
        mesh = Mesh(PLANE, meshes / "channel_4.1.msh")
        inner, outer = mesh.tagged("inner"), mesh.tagged("outer")
        both = inner | outer
        assert isinstance(both, Mesh)
        assert len(both.cells) == len(mesh.cells)
        assert both.boundary.measure == pytest.approx(6)
        assert np.array_equal((mesh - inner).cells, outer.cells)
        assert both.describe({id(mesh): "pipe"}) == 'pipe.tagged("inner") | pipe.tagged("outer")'
