"""The constants that unknowns are counted from."""

import numpy as np
import pytest
from sympy import Eq, Interval, exp, pi, sin

import inrpde
from inrpde import On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.base import base
from inrpde.discretise.fields import FAR, ROUNDED, varying

space, timed = Space("x"), Space("x", time="t")
(x,), u = space.coords, space.unknown("u")
line = Region(space, Interval(0, 1))
X, t = timed.coords
f = timed.unknown("f")
rod = Region(timed, Interval(0, 1) * Interval(0, 2))
HEAT = On(rod, Eq(timed.dt(f), timed.laplace(f) + sin(X)))
INSULATED = On(rod.boundary, Eq(timed.dn(f), 0))
GROWS = {
    "values": [On(line, Eq(-u.diff(x, 2), x)), On(line.boundary, u)],
    "a flux and a mean": [On(line, Eq(-u.diff(x, 2), x)), On(line.boundary, Eq(space.dn(u), -0.25)), line.mean(u)],
    "transfer": [On(line, Eq(-u.diff(x, 2), x)), On(line.boundary, Eq(space.dn(u) + u / 10, 0))],
    "a term without derivatives": [On(line, Eq(u - u.diff(x, 2), x)), On(line.boundary, u)],
}


def of(*conditions, unknowns=(u,), **more):
    return base(compile_problem(Problem("p", list(unknowns), list(conditions), **more)))


@pytest.mark.parametrize("conditions", GROWS.values(), ids=GROWS)
@pytest.mark.parametrize("offset", [300, -1e6])
def test_a_constant_is_found_wherever_conditions_tell_it(conditions, offset):
    def beside(condition):
        on = condition if isinstance(condition, On) else On(line, condition)
        return On(on.region, on.equation.subs(u, u - offset).doit())

    (found,) = of(*map(beside, conditions))
    assert abs(found - offset) < 3


def test_an_initial_value_is_one():
    assert of(HEAT, INSULATED, On(rod.initial, Eq(f, 300)), unknowns=[f]) == pytest.approx((300,), rel=1e-3)


def test_there_is_none_without_values_or_for_what_is_learned():
    assert of(On(line, Eq(u.diff(x, 2), 1)), On(line.boundary, Eq(space.dn(u), 0.5))) == (0.0,)
    assert of(On(line, Eq(u.diff(x, 2) + 100 * u, 0)), On(line.boundary, Eq(u, 1 + x))) == (0.0,)


def test_readings_need_an_offset_that_outweighs_what_they_vary_by():
    at = np.linspace(0, 1, 20)
    for offset, far in ((1.0, False), (100.0, True)):
        points = Points(space, at, {"g": offset + np.sin(6 * at)})
        (found,) = of(On(line, Eq(u.diff(x, 2), 0)), On(points, Eq(u, points["g"])))
        assert (found != 0) == far


def test_what_varies_is_counted_from_an_offset():
    values = np.random.default_rng(0).normal(size=1000)
    assert varying(values) == pytest.approx(1, rel=0.1)
    assert varying(values + 2) == pytest.approx(5**0.5, rel=0.1)
    assert varying(values + 2 * FAR) == pytest.approx(1, rel=0.1)
    assert varying(values + 300, 299) == pytest.approx(2**0.5, rel=0.1)
    assert varying(np.full(10, 300.0)) == pytest.approx(300 * ROUNDED)


def test_an_offset_costs_no_digit_and_survives_a_file(tmp_path):
    exact = 300 + sin(pi * X) * exp(-(pi**2) * t) / 1000
    conditions = [On(rod, Eq(timed.dt(f), timed.laplace(f))), On(rod.boundary, Eq(f, 300))]
    problem = Problem("p", [f], [*conditions, On(rod.initial, Eq(f, exact.subs(t, 0)))], exact={f: exact})
    solution = inrpde.solve(problem, reference="none")
    field = solution.report["fields"]["f"]
    assert field["exact"]["rel_l2"] < 1e-13
    assert field["variation"]["exact"] == pytest.approx(field["exact"]["rel_l2"] * 300e3 * 2.83, rel=0.7)
    assert field["variation"]["estimated_error"] >= field["variation"]["exact"]
    points = np.random.default_rng(0).random((50, 2))
    kept = inrpde.load(solution.save(tmp_path / "warm.h5"))
    assert np.array_equal(kept(points)["f"], solution(points)["f"])


def test_errors_are_told_relative_to_the_variation_where_that_differs_tenfold():
    def fields(offset):
        conditions = [On(line, Eq(-u.diff(x, 2), 10 * x)), On(line.boundary, Eq(u, offset))]
        return inrpde.solve(Problem("p", [u], conditions), reference="none").report["fields"]["u"]

    assert "variation" not in fields(0)
    told = fields(300)
    assert told["variation"]["estimated_error"] > 100 * told["estimated_error"]
