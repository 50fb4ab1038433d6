"""Regions in space and time: lateral boundaries, ends, cylinders."""

import numpy as np
import pytest
from sympy import And, Eq, FiniteSet, Interval, Rational

from inrpde.declaration.regions import Ball, Implicit, Points, Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample

LINE, PLANE = Space("x", time="t"), Space("x y", time="t")


def test_a_box_in_time_has_a_lateral_boundary_and_ends():
    x, t = LINE.coords
    omega = Region(LINE, Interval(-1, 1) * Interval(0, 3))
    lateral = sample(omega.boundary, 100)
    assert (omega.dim, omega.boundary.dim, omega.initial.dim) == (2, 1, 1)
    assert lateral.measure == 6
    assert np.array_equal(np.abs(lateral.points[:, 0]), np.ones(len(lateral)))
    assert np.array_equal(lateral.normals[:, 0], lateral.points[:, 0])
    assert not lateral.normals[:, 1].any()
    for end, time in ((omega.initial, 0), (omega.final, 3)):
        q = sample(end, 50)
        assert (q.measure, q.normals) == (2, None)
        assert np.all(q.points[:, 1] == time)
        assert end.contains(q.points).all()
        assert not end.contains(lateral.points).any()
    assert omega.face(t, 0) is omega.initial
    assert omega.face(t, 3) is omega.final
    assert omega.face(x, 1).measure == pytest.approx(3)
    assert omega.initial.bounds[1][1] == 0
    with pytest.raises(ProblemError, match="starts at 0"):
        omega.face(t, 1)


def test_an_interval_of_time_has_a_start_and_an_end_and_no_boundary():
    space = Space(time="t")
    run = Region(space, Interval(-2, 1e6))
    for end, time in ((run.initial, -2), (run.final, 1e6)):
        assert end.dim == 0
        assert np.array_equal(sample(end, 5).points, [[time]])
        assert run.face(space.time, time) is end
    assert (run.measure, run.size) == (1e6 + 2, 1e6 + 2)
    assert np.array_equal(run.contains(np.array([[-2.0], [-3.0], [1e6]])), [True, False, True])
    with pytest.raises(ProblemError, match="no boundary where time is the only coordinate") as caught:
        run.boundary  # noqa: B018
    assert caught.value.fix == "take the start or the end of time: run.initial, run.final"


def test_corners_in_time_belong_to_both():
    omega = Region(LINE, Interval(-1, 1) * Interval(0, 3))
    corner = np.array([[1.0, 0.0]])
    assert omega.initial.contains(corner).all()
    assert omega.boundary.contains(corner).all()


def test_a_ball_becomes_a_cylinder_where_it_meets_space_time():
    ball = Ball(PLANE, (0, 0), Rational(1, 2))
    box = Region(PLANE, Interval(-1, 1) ** 2 * Interval(0, 2))
    cut = box - ball
    assert cut.measure == pytest.approx(2 * (4 - np.pi / 4), rel=3e-4)
    assert cut.boundary.measure == pytest.approx(2 * (8 + np.pi), rel=1e-6)
    for end in (cut.initial, cut.final):
        assert end.measure == pytest.approx(4 - np.pi / 4, rel=1e-3)
    walls = sample(cut.boundary, 500)
    assert not walls.normals[:, 2].any()
    on_hole = np.hypot(*walls.points[:, :2].T) < 0.6
    assert np.allclose(walls.normals[on_hole, :2], -2 * walls.points[on_hole, :2])
    assert cut.describe({id(box): "box", id(ball): "ball"}) == "box - ball"
    assert (cut.initial & ball.boundary).contains(np.array([[0.5, 0, 0]])).all()


def test_a_plug_that_starts_later_has_its_own_ends():
    box = Region(LINE, Interval(0, 4) * Interval(0, 2))
    plug = Region(LINE, Interval(1, 2) * Interval(1, 2))
    cut = box - plug
    assert cut.final.measure == pytest.approx(4)
    q = sample(cut.final, 100)
    assert set(np.unique(q.points[:, 1])) == {1.0, 2.0}
    assert cut.boundary.measure == pytest.approx(4 + 2)
    assert cut.initial.measure == pytest.approx(4)


def test_over_time():
    ball = Ball(PLANE, (0, 0), 1)
    cylinder = ball.over(Interval(0, Rational(1, 2)))
    assert cylinder.measure == pytest.approx(np.pi / 2)
    assert cylinder.boundary.measure == pytest.approx(np.pi)
    assert cylinder.initial.measure == pytest.approx(np.pi)
    assert cylinder.label == "Ball((0, 0), 1)×[0, 0.5]"
    assert cylinder.describe({id(ball): "ball"}) == "ball.over(Interval(0, 0.5))"
    square = Region(PLANE, Interval(0, 1) ** 2)
    assert square.over(Interval(0, 2)).box == ((0, 1), (0, 1), (0, 2))
    assert square.boundary.over(Interval(0, 2)).measure == pytest.approx(8)
    line = Region(LINE, FiniteSet(0, 1)).over(Interval(0, 3))
    assert (line.dim, line.measure) == (1, 3)
    ring = (ball - Ball(PLANE, (0, 0), Rational(1, 2))).over(Interval(0, 1))
    assert ring.boundary.measure == pytest.approx(3 * np.pi)
    assert ring.initial.measure == pytest.approx(0.75 * np.pi, rel=1e-3)


def test_an_interval_over_time_has_two_walls():
    wall = sample(Ball(LINE, 0, 1).over(Interval(0, 2)).boundary, 40)
    assert wall.measure == 4
    assert np.array_equal(wall.normals[:, 0], wall.points[:, 0])


def test_a_boundary_that_moves():
    x, y, t = PLANE.coords
    growing = Implicit(PLANE, x**2 + y**2 < (1 + t) ** 2 / 4, within=Interval(-2, 2) ** 2 * Interval(0, 1))
    assert growing.measure == pytest.approx(np.pi * 7 / 12, rel=5e-3)
    assert growing.boundary.measure == pytest.approx(1.5 * np.pi * np.sqrt(1.25), rel=1e-3)
    q = sample(growing.boundary, 400)
    assert np.allclose(np.hypot(*q.points[:, :2].T), (1 + q.points[:, 2]) / 2)
    assert np.allclose(q.normals[:, :2], q.points[:, :2] / np.hypot(*q.points[:, :2].T)[:, None])
    assert growing.initial.measure == pytest.approx(np.pi / 4, rel=1e-3)
    assert growing.final.measure == pytest.approx(np.pi, rel=1e-3)


def test_tolerances_know_units():
    """Seconds by the million beside millimetres: equality on a wall is still that of the wall."""
    space = Space("x", time="t")
    x, t = space.coords
    rod = Region(space, Interval(0, Rational(1, 1000)) * Interval(0, 10**7))
    wall = rod.boundary.where(Eq(x, 0))
    assert wall.measure == pytest.approx(1e7)
    assert np.all(sample(wall, 20).points[:, 0] == 0)
    late = rod.boundary.where(And(Eq(x, 0), t > 5 * 10**6))
    assert late.measure == pytest.approx(5e6)
    assert rod.initial.contains(np.array([[5e-4, 0.0]])).all()
    assert not rod.contains(np.array([[-1e-9, 1e6]])).any()


def test_what_needs_time_says_so():
    plane = Space("x y")
    with pytest.raises(ProblemError, match="without time") as caught:
        _ = Region(plane, Interval(0, 1) ** 2).initial
    assert "over" in caught.value.fix
    with pytest.raises(ProblemError, match="no time"):
        Ball(plane, (0, 0), 1).over(Interval(0, 1))
    with pytest.raises(ProblemError, match="already"):
        Region(LINE, Interval(0, 1) ** 2).over(Interval(0, 1))
    with pytest.raises(ProblemError, match="bounded interval"):
        Ball(PLANE, (0, 0), 1).over(3)
    with pytest.raises(ProblemError, match="purely spatial") as caught:
        sample(Ball(PLANE, (0, 0), 1), 10)
    assert "over" in caught.value.fix


def test_a_spatial_region_cuts_what_lies_at_one_time():
    box = Region(PLANE, Interval(-1, 1) ** 2 * Interval(0, 2))
    ball = Ball(PLANE, (0, 0), Rational(1, 2))
    assert (box.initial & ball).measure == pytest.approx(np.pi / 4, rel=1e-3)
    points = Points(PLANE, [[0, 0, 1], [0.9, 0, 1]], {"reading": [1, 2]})
    q = sample(points - ball, 1)
    assert q.labels[points["reading"]].tolist() == [2]
