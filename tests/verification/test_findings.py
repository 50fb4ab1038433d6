"""What is wrong or suspicious about a problem is found before anything is solved, and named."""

import numpy as np
import pytest
from sympy import Eq, FiniteSet, Interval, Rational, cos, exp, pi, sin

from inrpde.compiler import compile_problem
from inrpde.declaration import Ball, On, Periodic, Points, Problem, Region, Space
from inrpde.errors import ProblemError
from inrpde.verification.validate import validate

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
    assert found[0].open


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
    assert [f.open for f in found] == [False]


def test_both_conditions_of_a_line_may_hold_at_one_end():
    start = Region(line, FiniteSet(0))
    swing = On(rod, Eq(w.diff(s, 2) + w, 0))
    assert texts(swing, On(start, Eq(w, 1)), On(start, Eq(w.diff(s), 0)), unknowns=(w,)) == []
    (finding,) = findings(swing, On(start, Eq(w, 1)), unknowns=(w,))
    assert finding.open


def test_slopes_alone_fix_the_solution_up_to_a_constant():
    slopes = [On(omega, Eq(-space.laplace(u), cos(pi * x))), On(walls, Eq(space.dn(u), 0))]
    (finding,) = findings(*slopes)
    assert finding.open
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
    assert [(f.text, f.open) for f in found] == [("v has no initial condition: give one on omega.initial", True)]


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
    assert finding.open
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
