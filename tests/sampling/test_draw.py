"""Collocation points of a form: how many, where, with what weight."""

import numpy as np
import pytest
from sympy import Eq, FiniteSet, Interval, Or, Rational, sin

from inrpde import Ball, On, Periodic, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.sampling.draw import boundary_points, draw
from inrpde.sampling.extent import bounds, volumes
from inrpde.sampling.holes import holes

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
omega = Region(space, Interval(0, 2) * Interval(0, 1))
ball = Ball(space, (3, 0), 1)
sensors = Points(space, np.array([[0.5, 0.5], [1.5, 0.2], [0.1, 0.9]]), {"reading": np.arange(3.0)})


def form_of(*conditions, unknowns=(u,)):
    return compile_problem(Problem("p", list(unknowns), list(conditions)))


def test_the_outer_ball_of_a_ring_is_no_hole():
    ((centre, radius),) = holes(Ball(space, (0, 0), 2) - Ball(space, (0, 0.1), 1))
    assert np.allclose([*centre, radius], [0, 0.1, 1])


def test_weights_sum_to_the_measure_and_points_lie_inside():
    walls = omega.boundary
    form = form_of(On(omega, space.laplace(u)), On(walls, u), On(sensors, u - sensors["reading"]))
    inside, outside, few = draw(form, 500, 0).conditions
    for site, region, measure in ((inside, omega, 2), (outside, walls, 6), (few, sensors, 1)):
        assert np.isclose(site.weights.sum(), measure)
        assert np.isclose(site.measure, measure)
        assert region.contains(site.points).all()
    assert abs(len(inside.points) - 500) <= 5
    assert abs(len(outside.points) - boundary_points(2, 500)) <= 8
    assert np.allclose(np.linalg.norm(outside.normals, axis=1), 1)
    assert np.array_equal(few.labels[sensors["reading"]], [0, 1, 2])


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_points():
    form = form_of(On(omega, space.laplace(u)), On(omega.boundary, u))
    one, same, other = draw(form, 200, 3), draw(form, 200, 3), draw(form, 200, 4)
    for a, b, c in zip(one.conditions, same.conditions, other.conditions, strict=True):
        assert a.points.tobytes() == b.points.tobytes()
        assert a.weights.tobytes() == b.weights.tobytes()
        assert a.points.tobytes() != c.points.tobytes()


def test_conditions_on_one_region_share_its_points():
    form = form_of(On(omega, space.laplace(u)), On(omega, v - u), On(ball, v), unknowns=(u, v))
    samples = draw(form, 1000, 0)
    first, second, third = samples.conditions
    assert first is second
    assert np.isclose(len(third.points) / len(first.points), np.pi / 2, rtol=0.02)
    assert [samples.of(row) for row in form.rows] == [first, second, third]


@pytest.mark.parametrize(("dim", "interior", "expected"), [(1, 50, 2), (2, 100, 60), (2, 4, 8), (3, 1000, 900)])
def test_boundaries_get_points_in_proportion(dim, interior, expected):
    assert boundary_points(dim, interior) == expected


def test_small_faces_get_points_too():
    tiny = omega.boundary.where(Eq(x, 0) & (y < 0.01))
    form = form_of(On(omega, space.laplace(u)), On(tiny, u))
    assert len(draw(form, 100, 0).conditions[1].points) >= 16


def test_an_interval_has_two_ends():
    line = Space("s")
    s, f = line.coords[0], line.unknown("f")
    region = Region(line, Interval(0, 3))
    form = form_of(On(region, f.diff(s, 2)), On(region.boundary, f), unknowns=(f,))
    assert sorted(draw(form, 30, 0).conditions[1].points.ravel()) == [0, 3]


def test_periodic_points_have_partners_on_the_opposite_face():
    form = form_of(On(omega, u.diff(x, 2) - sin(y)), On(omega.face(x, 0), Periodic(u, x)))
    site = draw(form, 100, 0).conditions[1]
    assert np.all(site.points[:, 0] == 0)
    assert np.all(site.pairs[:, 0] == 2)
    assert np.array_equal(site.points[:, 1], site.pairs[:, 1])


def test_cells_of_unequal_sizes_get_equal_shares():
    form = form_of(On(omega, space.laplace(u)), On(omega.boundary, u))
    cells = (0, 0.1, 0.2, 1), (0, 0.5, 1)
    site = draw(form, 600, 0, cells).conditions[0]
    place = [np.searchsorted([0.2, 0.4], site.points[:, 0]), np.searchsorted([0.5], site.points[:, 1])]
    counts = np.bincount(np.ravel_multi_index(place, (3, 2)))
    assert counts.min() > 0.8 * counts.max()
    assert np.isclose(site.weights.sum(), 2)
    for f, integral in ((lambda x, y: x, 2.0), (lambda x, y: x * y, 1.0), (lambda x, y: np.exp(x), np.exp(2) - 1)):
        assert np.isclose(f(*site.points.T) @ site.weights, integral, rtol=0.05)


def test_integrals_over_a_region_with_a_hole_see_it_weighted():
    form = form_of(On(omega - Ball(space, (1, 0.5), 0.2), space.laplace(u)))
    (site,) = draw(form, 800, 0).conditions
    area = 2 - np.pi * 0.04
    assert np.isclose(site.weights.sum(), area, rtol=1e-3)
    assert np.isclose(site.points[:, 0] @ site.weights, area, rtol=0.03)
    distance = np.linalg.norm(site.points - [1, 0.5], axis=1)
    assert np.all(distance > 0.2)


def test_bounds_are_those_of_an_unknowns_volumes():
    form = form_of(On(omega, space.laplace(u)), On(ball, space.laplace(v)), On(omega.boundary, u), unknowns=(u, v))
    assert np.allclose(bounds(form), [[0, -1], [4, 1]])
    assert np.allclose(bounds(form, 0), [[0, 0], [2, 1]])
    assert np.allclose(bounds(form, 1), [[2, -1], [4, 1]])
    assert volumes(form, 0) == [omega]
    assert volumes(form, 1) == [ball]


def test_bounds_of_points_alone_are_never_empty():
    alone = Region(space, FiniteSet((1, 2)))
    form = form_of(On(alone, u - 1))
    lo, hi = bounds(form)
    assert np.array_equal(lo, [1, 2])
    assert np.all(hi > lo)
    assert volumes(form, 0) == [alone]


def test_parts_of_a_boundary_share_it_out():
    ends = omega.boundary.where(Or(Eq(x, 0), Eq(x, 2)))
    sides = omega.boundary.where(Or(Eq(y, 0), Eq(y, 1)))
    form = form_of(On(omega, space.laplace(u)), On(ends, u), On(sides, u))
    _, a, b = draw(form, 5000, 0).conditions
    assert np.isclose(len(b.points) / len(a.points), 2, rtol=0.05)


@pytest.mark.parametrize(("s", "r"), [(1, 1), (10**12, 1), (1, 10**12), (Rational(1, 10**9), 10**9)])
def test_points_are_shared_out_alike_in_all_units(s, r):
    timed = Space("x y", time="t")
    f = timed.unknown("f")
    bar = Region(timed, Interval(0, 2 * s) * Interval(0, s) * Interval(0, r))
    drawn = draw(
        compile_problem(
            Problem("p", [f], [On(bar, timed.dt(f)), On(bar.boundary, f), On(bar.initial, f), On(bar.final, f)])
        ),
        2000, 0,
    )  # fmt: skip
    volume, walls, start, end = drawn.conditions
    assert len(volume.points) == 2000
    assert (len(walls.points), len(start.points)) == (1072, 179)
    for site, measure in ((walls, 6 * s * r), (start, 2 * s * s), (end, 2 * s * s)):
        assert np.isclose(site.weights.sum() / float(measure), 1)
    assert np.isclose(np.mean(walls.points[:, 2]) / float(r), 0.5, atol=0.02)
