"""What is wrong or suspicious about a problem is found before anything is solved, and named."""

import numpy as np
import pytest
from sympy import Eq, FiniteSet, Integral, Interval, Rational, cos, exp, log, pi, sin

from inrpde.compiler import compile_problem
from inrpde.declaration import Ball, GridField, Learned, On, Periodic, Points, Problem, Region, Space
from inrpde.errors import ProblemError
from inrpde.verification.checks import data
from inrpde.verification.checks.validate import validate

space = Space("x y")
x, y = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1) ** 2)
walls = omega.boundary
left, rest = omega.face(x, 0), omega.boundary - omega.face(x, 0)
poisson = On(omega, Eq(-space.laplace(u), 1))

moving = Space("x", time="t")
z, t = moving.coords
v = moving.unknown("v")
bar = Region(moving, Interval(0, 1) ** 2)
heat = On(bar, Eq(moving.dt(v), v.diff(z, 2)))

line = Space("x")
(s,) = line.coords
w = line.unknown("w")
rod = Region(line, Interval(0, 1))


def findings(*conditions, unknowns=(u,), **more):
    return validate(compile_problem(Problem("p", unknowns=list(unknowns), conditions=list(conditions), **more)))


def texts(*conditions, **more):
    return [finding.text for finding in findings(*conditions, **more)]


def refused(*conditions, **more):
    with pytest.raises(ProblemError) as caught:
        findings(*conditions, **more)
    assert caught.value.where
    assert caught.value.fix
    return caught.value.what


# -- values that meet


def test_rounding_at_a_corner_is_no_disagreement():
    assert texts(heat, On(bar.boundary, Eq(v, 0)), On(bar.initial, Eq(v, sin(pi * z))), unknowns=(v,)) == []
    assert texts(poisson, On(left, Eq(u, sin(2 * pi * y))), On(rest, Eq(u, 0))) == []


def test_values_that_disagree_at_a_corner_are_both_named():
    (text,) = texts(heat, On(bar.boundary, Eq(v, 0)), On(bar.initial, Eq(v, cos(pi * z))), unknowns=(v,))
    assert text.startswith("data disagree at a corner: v is 0 by On(bar.boundary, Eq(v, 0)) and ")
    assert "1 by On(bar.initial, Eq(v, cos(pi*x)))" in text


def test_a_corner_that_belongs_to_one_of_two_sets_only_is_compared():
    (text,) = texts(poisson, On(left, Eq(u, 1)), On(rest, Eq(u, 0)))
    assert "u is 1 by On(left, Eq(u, 1)) and 0 by On(rest, Eq(u, 0)) at x = 0, y = " in text
    assert texts(poisson, On(left, Eq(u, y * (1 - y))), On(rest, Eq(u, 0))) == []


def test_ends_of_curves_are_compared_that_are_no_corners_of_boxes():
    disc = Ball(space, (0, 0), 1)
    upper, lower = disc.boundary.where(y > Rational(1, 3)), disc.boundary.where(y < Rational(1, 3))
    equation = On(disc, Eq(-space.laplace(u), 1))
    (text,) = texts(equation, On(upper, Eq(u, 2)), On(lower, Eq(u, x)))
    assert "y = 0.3333" in text
    assert texts(equation, On(upper, Eq(u, x)), On(lower, Eq(u, x))) == []


def test_other_data_on_the_same_set_are_an_error():
    assert "contradictory data: u is 0" in refused(poisson, On(walls, Eq(u, 0)), On(left, Eq(u, 1)))


# -- conditions enough


def test_faces_without_a_condition_are_named():
    found = findings(poisson, On(left, Eq(u, 0)))
    assert [f.text for f in found] == [
        "no condition on a part of the boundary of omega: x = 1; y = 0; y = 1 (75% of it)"
    ]
    assert found[0].at_most == "unverified"


def test_a_part_of_a_face_is_named_by_its_range():
    half = omega.face(y, 1).where(x < Rational(1, 2))
    (text,) = texts(poisson, On(walls - half, Eq(u, 0)))
    assert "y = 1 with x in 0.0" in text
    assert "… 0.49" in text or "… 0.5" in text


def test_a_bare_circle_is_named_by_its_box():
    ring = Ball(space, (0, 0), 1) - Ball(space, (0, 0), Rational(1, 2))
    equation = On(ring, Eq(-space.laplace(u), 1))
    (text,) = texts(equation, On(Ball(space, (0, 0), 1).boundary, Eq(u, 0)))
    assert "x in -0.5 … 0.5, y in -0.5 … 0.5" in text


def test_measurements_stand_in_for_boundary_conditions():
    sensors = Points(space, np.random.default_rng(0).uniform(0, 1, (50, 2)), {"m": np.zeros(50)})
    found = findings(poisson, On(sensors, Eq(u, sensors["m"])))
    assert [f.at_most for f in found] == [None]


def test_both_conditions_of_a_line_may_hold_at_one_end():
    start = Region(line, FiniteSet(0))
    swing = On(rod, Eq(w.diff(s, 2) + w, 0))
    assert texts(swing, On(start, Eq(w, 1)), On(start, Eq(w.diff(s), 0)), unknowns=(w,)) == []
    (finding,) = findings(swing, On(start, Eq(w, 1)), unknowns=(w,))
    assert finding.at_most == "unverified"


def test_slopes_alone_fix_the_solution_up_to_a_constant():
    slopes = [On(omega, Eq(-space.laplace(u), cos(pi * x))), On(walls, Eq(space.dn(u), 0))]
    (finding,) = findings(*slopes)
    assert finding.at_most == "plausible"
    assert finding.text == "u is determined up to a constant only: Eq(omega.mean(u), 0) would fix it"
    for gauge in (On(omega, Eq(omega.mean(u), 0)), On(Region(space, FiniteSet((0, 0))), Eq(u, 0))):
        assert findings(*slopes, gauge) == []
    assert findings(slopes[0], On(walls, Eq(space.dn(u) + u, 0))) == []


def test_periodicity_does_not_feel_constants():
    faces = [On(omega.face(x, 0), Periodic(u, x)), On(omega.face(y, 0), Periodic(u, y))]
    (finding,) = findings(On(omega, Eq(-space.laplace(u), cos(2 * pi * x))), *faces)
    assert "up to a constant" in finding.text


def test_without_initial_values_the_solution_is_open():
    found = findings(heat, On(bar.boundary, Eq(v, 1)), unknowns=(v,))
    assert [f.text for f in found] == ["v has no initial condition: give one on omega.initial"]
    assert found[0].at_most == "unverified"


@pytest.mark.parametrize(
    ("space", "first", "what", "fix"),
    [
        (Space(time="t"), {0: 1}, "u1 is of order 1 in time and has no initial conditions", "run.initial"),
        (Space("t"), {0: 1}, "u1 is of order 1 in t and has no initial conditions", "run.face(t, 0)"),
    ],
)
def test_a_system_of_odes_with_too_few_initial_values_names_the_unknown(space, first, what, fix):
    (t,) = space.coords
    pair, run = space.unknowns("u0 u1"), Region(space, Interval(0, 1))
    equations = [On(run, Eq(pair[0].diff(t), pair[1])), On(run, Eq(pair[1].diff(t), -sin(pair[0])))]
    conditions = [On(run.face(t, 0), Eq(pair[k], value)) for k, value in first.items()]
    with pytest.raises(ProblemError) as caught:
        validate(compile_problem(Problem("p", list(pair), [*equations, *conditions])))
    assert caught.value.what == what
    assert fix in caught.value.fix


def test_too_few_for_an_ode_of_second_order():
    space = Space("s")
    (s,) = space.coords
    u, run = space.unknown("u"), Region(space, Interval(0, 1))
    equation = On(run, Eq(u.diff(s, 2), -sin(u)))
    with pytest.raises(ProblemError, match="u is of order 2 in s and has 1 initial condition") as caught:
        validate(compile_problem(Problem("p", [u], [equation, On(run.face(s, 1), Eq(u, 1))])))
    assert caught.value.fix == "add one on run.face(s, 1), for example Eq(u.diff(s), 0)"


def test_one_of_two_initial_conditions_is_too_few():
    wave = On(bar, Eq(moving.dt(v, 2), v.diff(z, 2)))
    what = refused(wave, On(bar.boundary, Eq(v, 0)), On(bar.initial, Eq(v, sin(pi * z))), unknowns=(v,))
    assert what == "v is of order 2 in time and has 1 initial condition"


def test_complex_unknowns_keep_their_names():
    c = space.unknown("c", complex=True)
    k = space.unknown("k")
    coupled = [On(omega, Eq(-space.laplace(c), k)), On(omega, Eq(-space.laplace(k), exp(x))), On(walls, Eq(k, 0))]
    found = texts(*coupled, On(walls, Eq(space.dn(c), 0)), unknowns=(c, k))
    assert [text for text in found if "constant" in text] == [
        "c is determined up to a constant only: Eq(omega.mean(c), 0) would fix it"
    ]


def test_nothing_that_drives_is_said():
    assert "every source" in texts(On(omega, Eq(-space.laplace(u), 0)), On(walls, Eq(u, 0)))[0]
    cubic = On(omega, Eq(-space.laplace(u), u - u**3))
    (finding,) = findings(cubic, On(walls, Eq(u, 0)))
    assert finding.at_most == "plausible"
    assert findings(cubic, On(walls, Eq(u, 0)), guess={u: sin(pi * x) * sin(pi * y)}) == []


# -- conditions in their places


def test_points_outside_are_named():
    sensors = Points(space, [[0.5, 0.5], [3, 3]], {"m": [0.0, 0.0]})
    what = refused(poisson, On(walls, Eq(u, 0)), On(sensors, Eq(u, sensors["m"])))
    assert what == "1 of 2 points lie outside the region: (x = 3, y = 3)"


def test_points_on_the_boundary_are_inside():
    disc = Ball(space, (0, 0), 1)
    angles = np.linspace(0, 6, 30)
    rim = Points(space, np.column_stack([np.cos(angles), np.sin(angles)]), {"m": np.zeros(30)})
    assert texts(On(disc, Eq(-space.laplace(u), 1)), On(disc.boundary, u), On(rim, Eq(u, rim["m"]))) == []


def test_a_surface_outside_is_a_warning():
    ring = omega - Ball(space, (0.5, 0.5), 0.2)
    far = Ball(space, (2, 2), 0.5).boundary
    equation = On(ring, Eq(-space.laplace(u), 1))
    (text,) = texts(equation, On(ring.boundary, Eq(u, 0)), On(far, Eq(u, 1)))
    assert text.startswith("On(far, Eq(u, 1)): ")
    assert "outside the region" in text


def test_equations_on_a_set_without_volume_are_an_error():
    flat = Region(space, Interval(0, 1) * Interval(1, 1))
    what = refused(On(flat, Eq(-space.laplace(u), 1)), On(walls, Eq(u, 0)))
    assert what == "the region has measure zero, and u has no equation on a volume"


def test_a_segment_inside_may_carry_a_condition():
    segment = Region(space, Interval(0, 1) * FiniteSet(Rational(1, 2)))
    equation = On(omega, Eq(-space.laplace(u), 0))
    assert texts(equation, On(walls, Eq(u, x)), On(segment, Eq(u, x))) == []


# -- periodic faces


def test_periodic_faces_of_different_lengths_are_an_error():
    steps = omega | Region(space, Interval(1, 2) * Interval(0, 2))
    equation = On(steps, Eq(-space.laplace(u) + u, 1))
    what = refused(equation, On(steps.face(x, 0), Periodic(u, x)), On(steps.face(y, 0), Eq(u, 0)))
    assert what.startswith("the faces do not match: x = 2, y = 1.")


def test_what_has_no_opposite_may_have_another_condition():
    steps = omega | Region(space, Interval(1, 2) * Interval(0, 2))
    others = steps.boundary - steps.face(x, 0) - steps.face(x, 2).where(y < 1)
    equation = On(steps, Eq(-space.laplace(u) + u, 1))
    assert texts(equation, On(steps.face(x, 0), Periodic(u, x)), On(others, Eq(u, 0))) == []


def test_periodic_in_time_is_fine():
    found = texts(heat, On(bar.boundary, Eq(v, sin(2 * pi * t))), On(bar.initial, Periodic(v, t)), unknowns=(v,))
    assert found == []


def test_a_periodic_face_lies_at_an_end():
    half = omega.face(x, 0).where(y < Rational(1, 2))
    assert "the faces do not match" in refused(poisson, On(half, Periodic(u, x)), On(omega.face(y, 0), Eq(u, 0)))


# -- equations for the same unknowns on the same set


@pytest.mark.parametrize(
    ("pair", "gap"),
    [
        ((On(omega, Eq(-space.laplace(u), 0)), On(omega, Eq(-space.laplace(u), 1))), "1"),
        ((On(omega, Eq(-space.laplace(u), 0)), On(omega, Eq(2 * space.laplace(u), 3))), "1.5"),
        ((On(omega, Eq(u**3 - space.laplace(u), 0)), On(omega, Eq(u**3 - space.laplace(u), x + 1))), "2"),
        ((On(walls, Eq(space.dn(u), 0)), On(left, Eq(space.dn(u), 1))), "1"),
        ((On(walls, Eq(space.dn(u), 0)), On(left, Eq(u.diff(x), 1))), "1"),
        ((On(left, Eq(space.dn(u) + 2 * u, 0)), On(walls, Eq(3 * space.dn(u) + 6 * u, 6))), "2"),
    ],
    ids=["poisson", "scaled", "nonlinear", "slopes", "slopes without a normal", "robin"],
)
def test_the_same_equation_with_other_data_is_contradictory(pair, gap):
    what = refused(*pair, On(omega.face(x, 1), Eq(u, 0)))
    assert what.startswith("contradictory data: ")
    assert all(str(condition) in what for condition in pair)
    assert f"differ by {gap}" in what


def test_equations_of_different_weight_are_a_compromise():
    found = texts(poisson, On(omega, Eq(-space.laplace(u), 0), weight=0.01), On(walls, Eq(u, 0)))
    assert [text.split(":")[0] for text in found] == ["data disagree, and the loss is a compromise"]


@pytest.mark.parametrize(
    "again", [poisson, On(omega, Eq(2 * space.laplace(u), -2)), On(left, Eq(u, 0)), On(left, Eq(3 * u, 0))]
)
def test_what_is_said_twice_is_named(again):
    (text,) = texts(poisson, On(walls, Eq(u, 0)), again)
    assert text.endswith("say the same: leave one out")
    assert str(again) in text


def test_what_only_looks_alike_is_left_alone():
    """An obstacle beside another one, other equations for the same derivatives, slopes that agree."""
    obstacles = [On(omega, u >= 0), On(omega, u <= 1)]
    assert texts(poisson, On(walls, Eq(u, 0)), *obstacles) == []
    first = [On(omega, Eq(u.diff(x) + u.diff(y), 1)), On(omega, Eq(u.diff(x) - u.diff(y), 0)), On(left, Eq(u, y / 2))]
    assert texts(*first) == []
    assert texts(poisson, On(left, Eq(u, 0)), On(rest, Eq(space.dn(u), 0))) == []


# -- what flows out balances the sources


def gauge(region):
    return On(region, Eq(region.mean(u), 0))


disc = Ball(space, (0, 0), 1)
a = space.coefficient("a")
UNBALANCED = {
    "no flux": ([On(omega, Eq(-space.laplace(u), 1)), On(walls, Eq(space.dn(u), 0))], "1", "0"),
    "a flux too large": ([On(omega, Eq(space.laplace(u), 1)), On(walls, Eq(space.dn(u), 1))], "1", "4"),
    "a coefficient": (
        [On(omega, Eq(space.div(exp(x) * space.grad(u)), 1)), On(walls, Eq(2 * exp(x) * space.dn(u), 1))],
        "1",
        "2",
    ),
    "slopes without a normal": (
        [
            On(omega, Eq(space.laplace(u), 0)),
            On(omega.boundary - omega.face(x, 1), Eq(space.dn(u), 0)),
            On(omega.face(x, 1), Eq(u.diff(x), 3)),
        ],
        "0",
        "3",
    ),
    "a disc": ([On(disc, Eq(space.laplace(u), 1)), On(disc.boundary, Eq(space.dn(u), 1))], "3.14159", "6.28319"),
    "all round periodic": (
        [
            On(omega, Eq(space.laplace(u), 1)),
            On(left, Periodic(u, x)),
            On(omega.face(y, 0), Periodic(u, y)),
        ],
        "1",
        "0",
    ),
}


@pytest.mark.parametrize(("conditions", "asked", "given"), UNBALANCED.values(), ids=UNBALANCED)
def test_sources_and_slopes_that_do_not_balance(conditions, asked, given):
    what = refused(*conditions, gauge(conditions[0].region))
    assert f"ask for a flux of {asked} through its boundary, and the conditions there give {given} " in what


def test_a_balance_of_masses():
    p, q = space.unknowns("p q")
    inflow = [On(left, Eq(p, 1)), On(rest, Eq(p, 0)), On(walls, Eq(q, 0))]
    equations = [On(omega, Eq(p.diff(x) + q.diff(y), 0)), On(omega, Eq(space.laplace(p) - space.laplace(q), 0))]
    what = refused(*equations, *inflow, unknowns=(p, q))
    assert "ask for a flux of 0 through its boundary, and the conditions there give -1 " in what


def test_sources_and_slopes_that_balance_are_left_alone():
    inner = space.div(a * space.grad(u))
    assert texts(On(omega, Eq(space.laplace(u), 4)), On(walls, Eq(space.dn(u), 1)), gauge(omega)) == []
    assert texts(On(disc, Eq(space.laplace(u), 2)), On(disc.boundary, Eq(space.dn(u), 1)), gauge(disc)) == []
    narrow = exp(-((x - 0.3) ** 2 + (y - 0.6) ** 2) / 2e-4) / (2e-4 * pi)
    assert (
        texts(On(omega, Eq(space.laplace(u), narrow)), On(walls, Eq(space.dn(u), Rational(1, 4))), gauge(omega)) == []
    )
    robin = [On(omega, Eq(inner, 1)), On(walls, Eq(a * space.dn(u) + u, 0))]
    assert texts(*robin, coefficients={a: 1 + x}) == []
    assert texts(On(omega, Eq(space.laplace(u) - u, 1)), On(walls, Eq(space.dn(u), 0))) == []
    assert texts(poisson, On(left, Eq(u, 0)), On(rest, Eq(space.dn(u), 0))) == []


# -- signs, places, and what is learned


@pytest.mark.parametrize(
    ("assumption", "value", "found"),
    [
        ("positive", x - Rational(1, 2), "declared positive and is -0.49"),
        ("nonnegative", -y, "declared nonnegative and is -0.99"),
        ("negative", 1, "declared negative and is 1 at"),
        ("positive", Learned(-1.0), "declared positive and is -1"),
        ("positive", GridField(np.array([[1.0, 1], [1, -1]]), [[0, 1], [0, 1]]), "declared positive and is -0.9"),
    ],
)
def test_a_coefficient_keeps_the_sign_it_was_declared_with(assumption, value, found):
    b = space.coefficient("b", **{assumption: True})
    equation = On(omega, Eq(-space.div(b * space.grad(u)), 1))
    assert found in refused(equation, On(walls, Eq(u, 0)), coefficients={b: value})


def test_a_coefficient_may_vanish_at_a_wall():
    b = space.coefficient("b", positive=True)
    equation = On(omega, Eq(-space.div(b * space.grad(u)) + u, 1))
    assert texts(equation, On(walls, Eq(u, 0)), coefficients={b: x}) == []


def test_an_unknown_is_not_needed_where_it_does_not_live():
    inner = Ball(space, (0.5, 0.5), 0.2)
    q = space.unknown("q", on=inner)
    conditions = [On(omega, Eq(-space.laplace(u) + q, 1)), On(walls, Eq(u, 0)), On(inner, Eq(q, 1))]
    assert "q is needed where it does not live: the equation holds on [0, 1]×[0, 1], and 87%" in refused(
        *conditions, unknowns=(u, q)
    )
    away = Ball(space, (5, 5), 1)
    what = refused(poisson, On(walls, Eq(u, 0)), On(omega, Eq(away.mean(u), 0)))
    assert "the integral is taken over Ball((5, 5), 1), and 100% of that" in what
    assert texts(poisson, On(walls, Eq(u, inner.mean(u)))) == []


def test_a_learned_coefficient_needs_something_that_says_what_it_is():
    flow = [On(omega, Eq(-space.div(a * space.grad(u)), 1)), On(walls, Eq(u, 0))]
    (finding,) = findings(*flow, coefficients={a: Learned(1.0)})
    assert finding.text.startswith("nothing says what a is: ")
    assert finding.at_most == "unverified"
    sensors = Points(space, [[0.5, 0.5]], {"m": [0.1]})
    for more in (On(sensors, Eq(u, sensors["m"])), On(left, Eq(space.dn(u), y)), On(omega, Eq(omega.mean(u), 1))):
        assert texts(*flow, more, coefficients={a: Learned(1.0)}) == []
    k = moving.parameter("k")
    cooling = [
        On(bar, Eq(moving.dt(v), k * v.diff(z, 2))),
        On(bar.boundary, Eq(v, 0)),
        On(bar.initial, Eq(v, sin(pi * z))),
    ]
    assert "nothing says what k is" in texts(*cooling, unknowns=(v,), coefficients={k: Learned(1.0)})[0]
    end = On(bar.final, Eq(v, sin(pi * z) / 2))
    assert texts(*cooling, end, unknowns=(v,), coefficients={k: Learned(1.0)}) == []


def test_walls_where_the_equation_degenerates_need_no_condition():
    legendre = On(rod, Eq((s * (1 - s) * w.diff(s)).diff(s) - w, s))
    assert not any("on a part of the boundary" in text for text in texts(legendre, unknowns=(w,)))
    flat = On(omega, Eq(u.diff(y), u.diff(x, 2)))
    sides = [On(left, Eq(u, 0)), On(omega.face(x, 1), Eq(u, 0))]
    assert texts(flat, *sides, On(omega.face(y, 0), Eq(u, sin(pi * x)))) == []
    bare, surplus = texts(flat, *sides, On(omega.face(y, 1), Eq(u, sin(pi * x))))
    assert bare == "no condition on a part of the boundary of omega: y = 0 (25% of it)"
    assert "on y = 1, the equation of u asks for no condition, and 1 is given: " in surplus


def test_a_guess_is_finite():
    reaction = On(omega, Eq(-space.laplace(u) + u**3, 1))
    assert refused(reaction, On(walls, Eq(u, 0)), guess={u: 1 / x}) == "the guess of u is not finite at x = 0, y = 0"
    assert texts(reaction, On(walls, Eq(u, 0)), guess={u: x}) == []


def test_an_equation_that_is_finite_for_some_unknowns_only_has_data_that_are_finite():
    assert texts(On(omega, Eq(-space.laplace(u) + log(u - 3), 1)), On(walls, Eq(u, 4)), guess={u: 4}) == []
    assert "not finite at x = 0" in refused(On(omega, Eq(u**2 - space.laplace(u), 1 / x)), On(walls, Eq(u, 4)))


def test_equations_that_differ_are_told_apart_by_few_points(monkeypatch):
    looked = []
    difference = data._difference
    monkeypatch.setattr(
        data,
        "_difference",
        lambda f, a, b, site, *how: looked.append(len(site.points)) or difference(f, a, b, site, *how),
    )
    unknowns = space.unknowns("a b c d")
    coupled = [On(omega, Eq(-space.laplace(each) + k * sum(unknowns), 1)) for k, each in enumerate(unknowns)]
    assert findings(*coupled, *(On(walls, each) for each in unknowns), unknowns=unknowns) == []
    assert len(looked) > 6
    assert max(looked) <= 2 * data.FEW


# -- samples


def test_points_that_are_given_twice_with_other_values_are_named():
    once = np.random.default_rng(0).uniform(0, 1, (40, 2))
    twice = Points(space, np.vstack([once, once]), {"m": np.repeat([0.0, 1.0], 40)})
    (text,) = texts(On(twice, Eq(u, twice["m"])))
    assert "40 points are given more than once with values that differ, by 0.5 from their mean" in text
    same = Points(space, np.vstack([once, once]), {"m": np.ones(80)})
    assert texts(On(same, Eq(u, same["m"]))) == []
    heap = Points(space, np.zeros((3, 2)), {"m": [1.0, 2.0, 3.0]})
    assert "all the points are given more than once" in refused(On(heap, Eq(u, heap["m"])))


def test_points_without_normals_have_no_slope_across_them():
    sensors = Points(space, [[0.5, 0.5]], {"m": [0.1]})
    assert "these points have no normals" in refused(On(sensors, Eq(space.dn(u), sensors["m"])))


def test_complex_readings_of_a_real_unknown():
    sensors = Points(space, [[0.5, 0.5]], {"m": [0.1j]})
    assert refused(On(sensors, Eq(u, sensors["m"]))) == "the label m is complex and every unknown is real"


# -- what sympy has and conditions do not


def test_an_unknown_under_an_integral_and_settings_that_are_none():
    assert refused(On(omega, Eq(Integral(u, (x, 0, 1)), 1))) == "an unknown stands under sympy's Integral"
    assert refused(poisson, On(walls, Eq(u, 0)), settings=3) == "settings must be a dict, not 3"
