"""Learned numbers and fields by least squares on grids, with errors that hold; what it does not serve is refused."""

import numpy as np
import pytest
from sympy import Eq, Interval, Matrix, Or, cos, cosh, pi, sin, sinh

from inrpde import Ball, Learned, On, Points, Problem, Region, Space
from inrpde.answer import alone
from inrpde.compiler import bind
from inrpde.references import NoReference, inverse
from inrpde.references.inverse.levels import alike

line = Space("x")
(x,) = line.coords
u = line.unknown("u")
a = line.coefficient("a", positive=True)
k, f = line.parameter("k", positive=True), line.parameter("f")
rod = Region(line, Interval(0, 1))
ends = On(rod.boundary, Eq(u, 0))
NOISE = np.random.default_rng(3).standard_normal(60)


def sensors(values, count, noise):
    places = np.linspace(0.03, 0.97, count)
    read = values(places)
    return Points(line, places, {"u": read + noise * np.abs(read).max() * NOISE[:count]})


def number(noise, count=40, more=(), learned=None, **bounds):
    """k = 0.7 in -k u'' = 1."""
    some = sensors(lambda at: at * (1 - at) / 1.4, count, noise)
    equation = On(rod, Eq(-k * line.laplace(u), sum(more, 1)))
    return Problem(
        "p", [u], [equation, ends, On(some, Eq(u, some["u"]))], coefficients=learned or {k: Learned(1.0, **bounds)}
    )  # fmt: skip


def field(noise, *more, count=60):
    """a = 1 + x/2 in -(a u')' = 1, a(0) being given."""
    c = (2 - 4 * np.log(1.5)) / (2 * np.log(1.5))
    some = sensors(lambda at: 2 * c * np.log(1 + at / 2) - 2 * at + 4 * np.log(1 + at / 2), count, noise)
    return Problem(
        "p", [u],
        [
            On(rod, Eq(-line.div(a * line.grad(u)), 1)), ends, On(rod.face(x, 0), Eq(a, 1)),
            On(some, Eq(u, some["u"])), *more,
        ],
        coefficients={a: Learned(1.0, bounds=(0.1, 10))}, exact={a: 1 + x / 2},
    )  # fmt: skip


@pytest.mark.parametrize("bounds", [{}, {"bounds": (0.01, 100)}])
def test_a_number_is_known_as_well_as_the_noise_allows(bounds):
    found = inverse.solve(bind(number(0.01, **bounds)), 32)
    k = found.numbers["k"]
    read = np.linspace(0.03, 0.97, 40) * (1 - np.linspace(0.03, 0.97, 40)) / 1.4
    expected = 0.01 * read.max() / np.linalg.norm(read / 0.7)
    assert k.std == pytest.approx(expected, rel=0.4)
    assert abs(k.value - 0.7) < 3 * k.std
    assert k.std <= k.error < 2 * k.std
    assert found.estimated_error["u"] == pytest.approx(k.std / 0.7, rel=0.1)
    assert found.sound == {"u": False}
    assert alone(found)[0] == "plausible"


def test_without_noise_what_grids_leave_is_removed():
    waves = np.sin(3 * np.linspace(0.03, 0.97, 40)) / np.sin(3)
    some = Points(line, np.linspace(0.03, 0.97, 40), {"u": waves})
    walls = [On(rod.face(x, 0), Eq(u, 0)), On(rod.face(x, 1), Eq(u, 1))]
    problem = Problem(
        "p", [u], [On(rod, line.laplace(u) + k * u), *walls, On(some, u - some["u"])], coefficients={k: Learned(8.0)}
    )  # fmt: skip
    found = inverse.solve(bind(problem), 64)
    known = found.numbers["k"]
    assert abs(known.value - 9) < 3 * known.error < 1e-2


def test_a_field_has_an_error_that_holds_and_keeps_to_what_is_given(true_errors):
    problem = field(0.002)
    found = inverse.solve(bind(problem), 64)
    error = true_errors(problem, found)["a"]
    assert 0.2 < found.estimated_error["a"] / error < 10
    assert error < 0.05
    assert found.values["a"][0] == pytest.approx(1, abs=1e-3)
    assert found.deviations["a"][0] < 1e-6
    assert found.deviations["a"].shape == found.values["a"].shape


def test_a_declared_penalty_takes_the_place_of_others():
    straight = inverse.solve(bind(field(0.01, On(rod, Eq(a.diff(x, 2), 0)))), 32).values["a"]
    flat = inverse.solve(bind(field(0.01, On(rod, Eq(line.grad(a), Matrix([2]))))), 32).values["a"]
    assert np.abs(np.diff(straight, 2)).max() < 0.02
    assert np.isfinite(flat).all()


def test_bounds_are_kept():
    found = inverse.solve(bind(number(0.01, bounds=(0.9, 2))), 32)
    assert found.numbers["k"].value == pytest.approx(0.9, abs=1e-3)


def test_what_a_wrong_model_leaves_is_no_noise_and_vouches_for_nothing():
    found = inverse.solve(bind(number(0.003, more=(-x,))), 32)
    assert any("no noise" in text for text in found.warnings)
    assert found.estimated_error["u"] >= 0.3
    assert found.numbers["k"].error >= 0.3 * found.numbers["k"].value
    assert alone(found)[0] == "unverified"


def test_numbers_that_only_their_ratio_says_are_not_known():
    some = sensors(lambda at: at * (1 - at) / 1.4, 40, 0.01)
    conditions = [On(rod, Eq(-k * line.laplace(u), f)), ends, On(some, Eq(u, some["u"]))]
    problem = Problem("p", [u], conditions, coefficients={k: Learned(1.0, bounds=(0.1, 10)), f: Learned(1.0)})
    found = inverse.solve(bind(problem), 32)
    assert found.numbers["k"].error > found.numbers["k"].value
    assert alone(found)[0] == "unverified"


def test_one_reading_says_nothing_of_its_noise():
    found = inverse.solve(bind(number(0.0, count=1)), 32)
    assert found.warnings
    assert found.numbers["k"].error >= 0.3 * found.numbers["k"].value


def test_a_constant_that_equations_leave_open_is_sought_as_well():
    plane = Space("x y")
    x, y = plane.coords
    v, q = plane.unknown("v"), plane.coefficient("q", of=x)
    slab = Region(plane, Interval(0, 1) * Interval(0, 0.4))
    solution = 1 + cos(pi * x) * cosh(pi * y) / sinh(0.4 * pi)
    places = np.column_stack([np.linspace(0.05, 0.95, 40), np.full(40, 0.05)])
    read = 1 + np.cos(np.pi * places[:, 0]) * np.cosh(np.pi * 0.05) / np.sinh(0.4 * np.pi)
    some = Points(plane, places, {"v": read + 1e-3 * NOISE[:40]})
    conditions = [
        On(slab, Eq(plane.laplace(v), 0)),
        On(slab.boundary.where(Or(Eq(x, 0), Eq(x, 1), Eq(y, 0))), Eq(plane.dn(v), 0)),
        On(slab.face(y, 0.4), Eq(plane.dn(v), q)),
        On(some, Eq(v, some["v"])),
    ]
    problem = Problem("p", [v], conditions, coefficients={q: Learned(0.0)}, exact={v: solution, q: pi * cos(pi * x)})
    found = inverse.solve(bind(problem), 32)
    shown = found.axes[0]
    assert not found.numbers  # the constant is nobody's
    assert np.linalg.norm(found.values["q"][:, 0] - np.pi * np.cos(np.pi * shown)) < 0.1 * np.pi * len(shown) ** 0.5
    assert np.array_equal(found.values["q"][:, 0], found.values["q"][:, -1])
    assert found.estimated_error["q"] < 0.5


def test_a_number_in_time():
    space = Space("x", time="t")
    x, _ = space.coords
    v, c = space.unknown("v"), space.parameter("c", positive=True)
    bar = Region(space, Interval(0, 1) * Interval(0, 1))
    places = np.column_stack([np.full(30, 0.4), np.linspace(0, 1, 30)])
    read = np.exp(-0.3 * np.pi**2 * places[:, 1]) * np.sin(0.4 * np.pi) + 0.01 * NOISE[:30]
    some = Points(space, places, {"v": read})
    conditions = [
        On(bar, Eq(space.dt(v), c * space.laplace(v))), On(bar.boundary, v), On(bar.initial, v - sin(pi * x)),
        On(some, v - some["v"]),
    ]  # fmt: skip
    found = inverse.solve(bind(Problem("p", [v], conditions, coefficients={c: Learned(1.0)})), 16)
    known = found.numbers["c"]
    assert abs(known.value - 0.3) < 3 * known.std < 0.05
    assert found.values["v"].shape == (17, 33)


def test_there_is_no_time_for_it():
    found = inverse.solve(bind(field(0.01)), budget=1e-9)
    assert isinstance(found, NoReference) or len(found.axes[0]) <= 129  # two grids at least


def refused():
    some = sensors(lambda at: at, 10, 0.0)
    read = On(some, Eq(u, some["u"]))
    plane = Space("x y")
    v, b = plane.unknown("v"), plane.parameter("b")
    spots = Points(plane, [[0.1, 0.2], [0.3, 0.1]], {"v": [0.0, 1.0]})
    disc = Ball(plane, (0, 0), 1)
    ring = [On(disc, plane.laplace(v) - b), On(disc.boundary, plane.dn(v)), On(spots, v - spots["v"])]
    law = On(rod, -line.div(a * line.grad(u)) - 1)
    return {
        "nothing is learned": Problem("p", [u], [On(rod, line.laplace(u) - 1), ends]),
        "nothing is read": Problem("p", [u], [law, ends, On(rod.face(x, 0), a - 1)], coefficients={a: Learned()}),
        "not linear in what is learned": Problem(
            "p", [u], [law, ends, read, On(rod.face(x, 0), a**2 - 1)], coefficients={a: Learned()}
        ),
        "has the norm 1": Problem(
            "p", [u], [law, ends, read, On(rod, a.diff(x), norm=1)], coefficients={a: Learned()}
        ),
        "a derivative on a curved wall": Problem("p", [v], ring, coefficients={b: Learned()}),
    }  # fmt: skip


@pytest.mark.parametrize("reason", refused())
def test_what_it_does_not_serve_is_refused_in_words(reason):
    problem = refused()[reason]
    bound = bind(problem)
    said = inverse.supports(bound)
    if said is None:  # what only the grid tells
        found = inverse.solve(bound, 16)
        assert isinstance(found, NoReference)
        said = found.reason
    assert reason in said


def test_neighbours_are_alike_where_a_wave_is_left_and_not_where_noise_is():
    places = np.random.default_rng(0).random((100, 2))
    assert alike(places, np.sin(4 * places[:, 0]))
    assert not alike(places, np.random.default_rng(1).standard_normal(100))
    assert not alike(places[:10], np.ones(10))
