"""Regions by relations: measures, normals, corners at kinks, what is refused."""

import numpy as np
import pytest
from sympy import Abs, And, Eq, Interval, Max, Min, Ne, Or, Rational, cos, exp, sqrt

from inrpde.declaration.regions import Ball, Implicit, Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample

PLANE, SOLID = Space("x y"), Space("x y z")
x, y = PLANE.coords
BOX = Interval(-2, 2) ** 2


@pytest.mark.parametrize(
    ("relation", "area", "perimeter"),
    [
        (x**2 + y**2 < 1, np.pi, 2 * np.pi),
        (-(x**2) - y**2 >= -1, np.pi, 2 * np.pi),
        (x + y < 0, 8, 8 + 4 * np.sqrt(2)),
        (And(x**2 + y**2 < 1, x + y > 0), np.pi / 2, np.pi + 2),
        (Or(x**2 + y**2 < 1, (x - 1) ** 2 + y**2 < 1), 4 * np.pi / 3 + np.sqrt(3) / 2, 8 * np.pi / 3),
        (Abs(x) + Abs(y) < 1, 2, 4 * np.sqrt(2)),
        (Max(Abs(x), Abs(y)) < 1, 4, 8),
        (Min(x**2 + y**2 - 1, x) > 0, 8 - np.pi / 2, 8 + 2 + np.pi),
        (x**2 / 4 + y**2 < 1, 2 * np.pi, 9.688448220547675),
        (x > 3, None, None),
    ],
)
def test_measures_and_normals(relation, area, perimeter):
    region = Implicit(PLANE, relation, within=BOX)
    if area is None:
        with pytest.raises(ProblemError, match="x > 3 selects nothing"):
            region.check()
        return
    # the ellipse touches its box from inside: two boundaries within 1e-9 of each other count as one
    assert region.boundary.measure == pytest.approx(perimeter, rel=1e-4)
    assert region.measure == pytest.approx(area, rel=1e-4)
    q = sample(region.boundary, 500)
    step = 1e-4 * q.normals
    assert region.contains(q.points - step).mean() > 0.98
    assert region.contains(q.points + step).mean() < 0.02
    assert np.linalg.norm(q.weights @ q.normals) < 5e-3 * perimeter


def test_points_of_a_wall_lie_on_it():
    wall = Implicit(PLANE, exp(x) + y**4 + cos(x * y) < 3, within=BOX).boundary
    q = sample(wall, 400)
    px, py = q.points.T
    on_curve = np.max(np.abs(q.points), axis=1) < 2 - 1e-9
    assert on_curve.sum() > 100
    assert np.allclose((np.exp(px) + py**4 + np.cos(px * py))[on_curve], 3, atol=1e-12)
    assert wall.contains(q.points).all()


def test_a_wall_that_coincides_with_the_box_counts_once():
    region = Implicit(PLANE, x < 2, within=BOX)
    assert region.boundary.measure == pytest.approx(16)
    assert len(region.corners) == 4


def test_it_combines_like_any_solid():
    disc = Implicit(PLANE, x**2 + y**2 < 1, within=BOX)
    ring = disc - Ball(PLANE, (0, 0), Rational(1, 2))
    assert ring.boundary.measure == pytest.approx(3 * np.pi, rel=1e-5)
    q = sample(ring.boundary, 200)
    radii = np.hypot(*q.points.T)
    assert np.allclose(np.sum(q.normals * q.points, axis=1), np.where(radii > 0.75, radii, -radii), atol=1e-6)


def test_within_a_region():
    half = Implicit(PLANE, x > 0, within=Ball(PLANE, (0, 0), 1))
    assert half.measure == pytest.approx(np.pi / 2, rel=1e-6)
    assert half.boundary.measure == pytest.approx(np.pi + 2, rel=1e-6)


def test_surfaces_in_space():
    a, b, c = SOLID.coords
    torus = Implicit(SOLID, (sqrt(a**2 + b**2) - 1) ** 2 + c**2 < Rational(4, 25), within=Interval(-2, 2) ** 3)
    assert torus.boundary.measure == pytest.approx(4 * np.pi**2 * 0.4, rel=2e-3)
    assert torus.measure == pytest.approx(2 * np.pi**2 * 0.16, rel=3e-3)
    q = sample(torus.boundary, 4000)
    assert np.linalg.norm(q.weights @ q.normals) < 3e-3 * q.measure
    px, py, pz = q.points.T
    assert np.allclose((np.hypot(px, py) - 1) ** 2 + pz**2, 0.16, atol=1e-12)


def test_on_a_line():
    line = Space("x")
    (s,) = line.coords
    region = Implicit(line, cos(s) > 0, within=Interval(0, 10))
    q = sample(region.boundary, 1)
    order = np.argsort(q.points[:, 0])
    # the cosine is positive up to π/2, from 3π/2 to 5π/2, and negative at 10
    assert np.allclose(q.points[order, 0], [0, np.pi / 2, 3 * np.pi / 2, 5 * np.pi / 2])
    assert q.normals[order, 0].tolist() == [-1, 1, -1, 1]
    assert region.measure == pytest.approx(np.pi / 2 + np.pi)


def test_what_is_no_region():
    for relation, words in (
        (Eq(x, 0), "does not bound a region"),
        (And(Ne(x, 0), x < 1), "does not bound a region"),
        (x < x + 1, "can hold or fail"),
        (x + y, "can hold or fail"),
    ):
        with pytest.raises(ProblemError, match=words):
            Implicit(PLANE, relation, within=BOX)
    with pytest.raises(ProblemError, match="no volume"):
        Implicit(PLANE, x < 1, within=Region(PLANE, BOX).boundary)
    with pytest.raises(ProblemError, match="symbol z"):
        Implicit(PLANE, SOLID.coords[2] < 1, within=BOX)
    space = Space("a b c d")
    a, b, c, d = space.coords
    with pytest.raises(ProblemError, match="up to 3"):
        Implicit(space, a**2 + b**2 + c**2 + d**2 < 1, within=Interval(-1, 1) ** 4).boundary.check()
