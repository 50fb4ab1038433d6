"""Narrow places: where they are, how wide, and none in data that are not narrow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, Eq, Float, I, Interval, Max, Piecewise, cos, erf, exp, pi, sin, sqrt, tanh

from inrpde import Ball, GridField, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.resolution import narrow, steps
from tests.resolution.line import bump, poisson

CENTRE = (0.3137, 0.61803, 0.2718, 0.873)
NAMES = ("x", "x y", "x y z", "x y z w")
widths = st.floats(-6, -2.3).map(lambda power: 10.0**power)
places = st.floats(0.02, 0.98)


def holds(place, point, slack=0.0):
    within = zip(place.lo, place.hi, point, strict=True)
    return all(lo - slack <= x <= hi + slack for lo, hi, x in within)


class TestRandom:
    @settings(max_examples=15, deadline=None)
    @given(widths, st.lists(places, min_size=1, max_size=4))
    def test_a_bump(self, width, centre):
        bound = poisson(NAMES[len(centre) - 1], lambda *x: bump(width, *np.subtract(x, centre)) + sum(x))
        (one,) = narrow(bound)
        assert one.condition == 0
        assert one.kind == "peak"
        assert one.resolved
        assert holds(one, centre, width)
        assert np.ptp([one.lo, one.hi], axis=0).max() < 200 * width + 0.13
        np.testing.assert_allclose(one.widths, width, rtol=0.2)
        np.testing.assert_allclose(one.centre, centre, atol=0.25 * width)

    @settings(max_examples=10, deadline=None)
    @given(widths, places, st.integers(0, 3), st.sampled_from([tanh, erf]))
    def test_a_front_in_a_coefficient(self, width, at, k, step):
        bound = poisson(NAMES[k], coefficient=lambda *x: 2 + step((x[k] - at) / width))
        (one,) = narrow(bound)
        assert holds(one, [at if i == k else 0.5 for i in range(k + 1)], width)
        assert width / 3 < one.widths[k] < 3 * width
        assert np.isinf(np.delete(one.widths, k)).all()

    @settings(max_examples=10, deadline=None)
    @given(st.floats(0.3, 2), st.lists(places, min_size=1, max_size=4))
    def test_nothing_in_what_is_wide(self, width, centre):
        assert not narrow(poisson(NAMES[len(centre) - 1], lambda *x: bump(width, *np.subtract(x, centre))))


class TestKinds:
    @pytest.mark.parametrize("width", [1e-3, 1e-5])
    def test_boundary_data_on_faces(self, width):
        found = narrow(poisson("x y", boundary=lambda x, y: bump(width, x - 0.3137)))
        assert sorted(one.centre[1] for one in found) == [0, 1]
        for one in found:
            assert one.condition == 1
            assert one.centre[0] == pytest.approx(0.3137, abs=0.1 * width)
            assert np.isinf(one.widths[1])

    def test_boundary_data_on_a_circle(self):
        space = Space("x y")
        x, y = space.coords
        u = space.unknown("u")
        disc = Region(space, Interval(-2, 2) ** 2) & Ball(space, (0, 0), 1)
        datum = bump(1e-4, x - Float(0.6), y - Float(0.8))
        bound = bind(Problem("p", [u], [On(disc, space.laplace(u)), On(disc.boundary, Eq(u, datum))]))
        (one,) = narrow(bound)
        assert one.condition == 1
        assert holds(one, (0.6, 0.8), 1e-4)

    @pytest.mark.parametrize("width", [1e-2, 1e-3, 1e-4])
    def test_a_source_that_moves_is_followed(self, width):
        every = narrow(poisson("x", lambda x, t: bump(width, x - 0.1 - 0.7 * t), time="t"))
        boxes = np.array([box for place in every for box in place.boxes])
        times = np.linspace(0.05, 0.95, 19)
        path = np.column_stack([0.1 + 0.7 * times, times])
        met = ((boxes[:, 0] <= path[:, None]) & (boxes[:, 1] >= path[:, None])).all(axis=2).any(axis=1)
        assert met.mean() > 0.9 if width > 1e-4 else met.any()
        assert min(place.width for place in every) == pytest.approx(1.65 * width, rel=0.8)

    def test_a_moment_in_time(self):
        bound = poisson("x", lambda x, t: bump(1e-3, t - 0.3137) * sin(pi * x), time="t")
        (one,) = narrow(bound)
        assert np.isinf(one.widths[0])
        assert one.lo[1] < 0.3137 < one.hi[1]
        ((a, b, h),) = steps(bound, 1)
        assert a < 0.3137 < b
        assert h == pytest.approx(1e-3, rel=0.15)
        assert not steps(bound, 0)

    def test_waves(self):
        (one,) = narrow(poisson("x", lambda x: sin(2000 * x)))
        assert one.kind == "oscillation"
        assert one.width == pytest.approx(5e-4, rel=0.05)
        assert one.lo[0] < 0.01
        assert one.hi[0] > 0.99

    def test_complex_waves(self):
        space = Space("x")
        u = space.unknown("u", complex=True)
        omega = Region(space, Interval(0, 1))
        wave = exp(2000 * I * space.coords[0])
        (one,) = narrow(bind(Problem("p", [u], [On(omega, Eq(space.laplace(u), wave)), On(omega.boundary, u)])))
        assert one.width == pytest.approx(5e-4, rel=0.05)

    @pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-6])
    @pytest.mark.parametrize("names", NAMES[:2])
    def test_a_pulse_between_two_jumps(self, width, names):
        bound = poisson(names, lambda *x: Piecewise((0, x[-1] < 0.3), (1, x[-1] < 0.3 + width), (0, True)))
        (one,) = narrow(bound)
        assert one.kind == "peak"
        assert one.width == pytest.approx(width, rel=0.05)

    def test_a_small_disc(self):
        (one,) = narrow(poisson("x y", lambda x, y: Piecewise((1, (x - 0.3) ** 2 + (y - 0.4) ** 2 < 1e-8), (0, True))))
        assert one.kind == "peak"
        assert one.width == pytest.approx(2e-4, rel=0.5)
        assert holds(one, (0.3, 0.4))

    def test_a_jump(self):
        bound = poisson("x y", lambda x, y: Piecewise((1, x < 1 / 3), (2, True)))
        (one,) = narrow(bound)
        assert one.kind == "jump"
        assert one.lo[0] == pytest.approx(1 / 3)
        assert np.isinf(one.widths[1])
        ((a, b, h),) = steps(bound, 0)
        assert a < 1 / 3 < b
        assert h > 0.01

    def test_several_of_different_sizes_in_one_sum(self):
        source = poisson("x", lambda x: bump(1e-5, x - 0.3) * 1e5 + bump(1e-4, x - 0.5) + tanh((x - 0.7) / 1e-3))
        found = sorted(narrow(source), key=lambda place: place.lo)
        assert [holds(place, (at,)) for place, at in zip(found, (0.3, 0.5, 0.7), strict=True)] == [True] * 3

    @pytest.mark.parametrize(
        "source",
        [
            lambda x, y: sin(3 * x) * exp(-(x**2) - y**2) / (1 + x**2),
            lambda x, y: x**7 - y**3 * x,
            lambda x, y: Abs(x - 0.3) + Max(0, y - 0.2),
            lambda x, y: sqrt(x) + cos(10 * y),
            lambda x, y: 0 * x,
        ],
    )
    def test_ordinary_data_have_none(self, source):
        assert narrow(poisson("x y", source)) == ()

    def test_other_narrow_functions(self):
        for source in (
            lambda x: 1 / ((x - 0.77) ** 2 + 1e-10), lambda x: 1 / sqrt((x - 0.77) ** 2 + 1e-12),
            lambda x: Max(0, 1 - Abs(x - 0.77) / 1e-4),
            lambda x: tanh(100 * bump(1e-4, x - 0.77)), lambda x: 1 / (1 + 1e4 * bump(1e-5, x - 0.77)),
        ):  # fmt: skip
            found = narrow(poisson("x", source))
            assert found
            assert all(holds(one, (0.77,), 1e-3) and one.width < 1e-3 for one in found)

    def test_boundary_layers(self):
        (one,) = narrow(poisson("x y", lambda x, y: exp(-x / Float("1e-5"))))
        assert one.lo[0] == 0
        assert one.width == pytest.approx(1e-5, rel=0.7)

    def test_data_on_a_grid(self):
        axis = np.linspace(0, 1, 400)
        values = np.ones((400, 400))
        values[123, 321] = 5
        space = Space("x y")
        k, u = space.coefficient("k"), space.unknown("u")
        omega = Region(space, Interval(0, 1) ** 2)
        problem = Problem(
            "p", [u], [On(omega, space.div(k * space.grad(u)) + 1), On(omega.boundary, u)],
            coefficients={k: GridField(values, (axis, axis))},
        )  # fmt: skip
        (one,) = narrow(bind(problem))
        assert holds(one, (axis[123], axis[321]))
        assert 1e-3 < one.width < 1e-2


def test_the_nearest_values_of_a_grid_jump():
    space = Space("x y")
    k, u = space.coefficient("k"), space.unknown("u")
    omega = Region(space, Interval(0, 1) ** 2)
    values = np.ones((3, 3))
    values[1, 1] = 10
    nearest = GridField(values, (np.linspace(0, 1, 3),) * 2, method="nearest")
    conditions = [On(omega, space.div(k * space.grad(u)) + 1), On(omega.boundary, u)]
    found = narrow(bind(Problem("p", [u], conditions, coefficients={k: nearest})))
    assert {place.kind for place in found} == {"jump"}
    assert all(place.resolved for place in found)


def test_words():
    (one,) = narrow(poisson("x", lambda x: bump(1e-5, x - 0.3137)))
    assert "near x = 0.3137, of width 1e-05" in one.text
