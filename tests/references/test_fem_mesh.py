"""Meshes for finite elements: they follow circles and materials, are divided where asked, and know where points are."""

import time

import numpy as np
import pytest
from sympy import Abs, Interval, Rational, pi, sin

from inrpde import Ball, Region, Space, deadline
from inrpde.references.fem_adapt import adapted
from inrpde.references.fem_gmsh import Plane, Sphere, cut
from inrpde.references.fem_mesh import Geometry, curved, finer, first
from inrpde.references.fem_search import locate
from inrpde.references.fem_spaces import Spaces, middles

pytest.importorskip("skfem")
pytest.importorskip("gmsh")
PLANE, SPACE = Space("x y"), Space("x y z")
X, Y = PLANE.coords
SQUARE = Region(PLANE, Interval(0, 1) ** 2)
CUBE = Region(SPACE, Interval(0, 1) ** 3)
HALF = Rational(1, 2)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (2 * X - 1, Plane((1.0, 0.0), 0.5)),
        (3 * X + 4 * Y - 10, Plane((0.6, 0.8), 2.0)),
        (2 * (X - 1) ** 2 + 2 * (Y - HALF) ** 2 - 8, Sphere((1.0, 0.5), 2.0)),
        (X**2 + Y**2 + 1, None),
        (X**2 + 2 * Y**2 - 1, None),
        (X * Y, None),
        (sin(X), None),
        (Abs(X) - 1, None),
        (PLANE.unknown("u"), None),
    ],
)
def test_lines_and_circles_are_known_by_their_equations(expr, expected):
    assert cut(expr, PLANE.spatial) == expected


def sizes(mesh):
    """The measures of the cells."""
    count = mesh.nelements
    return np.concatenate(
        [p.weights.sum(axis=1) for p in Spaces(mesh, (2,), [np.ones(count, bool)]).patches(np.arange(count))]
    )


@pytest.mark.parametrize(
    ("cube", "ball", "measure"),
    [
        (SQUARE, Ball(PLANE, (HALF, HALF), 0.3), pi * 0.09),
        (CUBE, Ball(SPACE, (HALF, HALF, HALF), 0.3), pi * 0.036),
    ],
)
def test_cells_follow_a_ball_inside_and_beside_it(cube, ball, measure):
    centre, dim = (0.5,) * len(cube.coords), len(cube.coords)
    errors = []
    hole, inclusion = Geometry((cube - ball,)), Geometry((cube,), (Sphere(centre, 0.3),))
    for shape in (hole, inclusion):
        mesh = first(shape, 0.4)
        for _ in range(2):
            bent = curved(shape, mesh)
            away = np.linalg.norm(middles(bent, np.arange(bent.nelements)) - 0.5, axis=1)
            each = sizes(bent)
            assert np.sum(each) == pytest.approx(1 if shape is inclusion else float(1 - measure), rel=2e-3)
            errors.append(abs(np.sum(each[away < 0.3]) - (float(measure) if shape is inclusion else 0)))
            mesh = finer(shape, mesh)
    assert max(errors[:2]) == 0
    assert errors[3] < errors[2] / 12  # of fourth order
    assert errors[3] < 1e-3 / 10 ** (dim == 2)


def test_lines_are_sides_of_cells():
    shape = Geometry((SQUARE,), (Plane((0.6, 0.8), 0.7), Plane((1.0, 0.0), 0.21), Plane((1.0, 0.0), 5.0)))
    mesh = first(shape, 0.5)
    vertices = mesh.p[:, mesh.t]
    for line in shape.cuts:
        gaps = np.tensordot(np.array(line.normal), vertices, 1) - line.offset
        assert not np.any((gaps.max(axis=0) > 1e-9) & (gaps.min(axis=0) < -1e-9))
    assert np.all((mesh.p >= -1e-12) & (mesh.p <= 1 + 1e-12))


def test_points_are_found_in_cells_of_very_different_sizes():
    shape = Geometry((SQUARE,), (Sphere((0.5, 0.5), 0.25),))
    mesh = first(shape, 0.2)
    for _ in range(12):
        corner = np.flatnonzero(np.any(np.all(mesh.p[:, mesh.t] == 0, axis=0), axis=0))
        mesh = finer(shape, mesh, corner)
    bent = curved(shape, mesh)
    points = np.random.default_rng(0).uniform(size=(2000, 2)) ** 3
    found = locate(bent, bent.mapping(), np.arange(bent.nelements), points)
    assert np.all(found >= 0)
    inside = np.linalg.norm(middles(bent, found) - 0.5, axis=1) < 0.25
    away = np.linalg.norm(points - 0.5, axis=1)
    assert np.array_equal(inside, away < 0.25)
    spaces = Spaces(bent, (3,), [np.ones(bent.nelements, bool)])
    x, y = spaces.places[3].T
    values = spaces.probe(0, points) @ (x**2 * y)
    straight = np.abs(away - 0.25) > 0.1
    assert values[straight] == pytest.approx((points[:, 0] ** 2 * points[:, 1])[straight], abs=1e-12)
    assert np.all(locate(bent, bent.mapping(), np.arange(bent.nelements), points + 2) == -1)


class TestAdapted:
    def trial(self, mesh):
        """The root of the distance from (0, 0), rough there and nowhere else."""
        spaces = Spaces(mesh, (3,), [np.ones(mesh.nelements, bool)])
        return spaces, np.hypot(*spaces.places[3].T) ** 0.5

    def test_cells_are_divided_where_the_solution_is_rough(self):
        shape = Geometry((SQUARE,))
        mesh = adapted(shape, first(shape, 0.3), 200, self.trial)
        assert 150 < mesh.nelements < 300
        middles_ = np.linalg.norm(middles(mesh, np.arange(mesh.nelements)), axis=1)
        assert middles_.min() < 1e-3
        assert np.median(middles_) < 0.5

    def test_it_leaves_time_for_the_meshes_that_follow(self):
        def slow(mesh):
            time.sleep(0.1)
            return self.trial(mesh)

        shape, rounds = Geometry((SQUARE,)), []
        with deadline.within(1.2) as scope:
            adapted(shape, first(shape, 0.3), 10_000, lambda mesh: rounds.append(mesh) or slow(mesh))
        assert 1 <= len(rounds) <= 4
        assert not scope.expired
