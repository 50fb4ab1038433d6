"""Bodies made from plans: their width, where they live, what unknowns share, what corners add."""

import numpy as np
import pytest
from sympy import Interval, Rational, pi, sin

from inrpde import Ball, Learned, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.networks.corner import CornerFunctions
from inrpde.networks.cylindrical import CylindricalWaves
from inrpde.networks.trial import Constant
from inrpde.solvers.bodies.corners import Poles
from inrpde.solvers.bodies.plan import Cells, Global, make_trials

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
nu = space.parameter("nu")
omega = Region(space, Interval(0, 2) * Interval(0, 1))
elbow = Region(space, Interval(-1, 1) ** 2) - Region(space, Interval(0, 1) * Interval(-1, 0))
HALVES = ((0, 0.5, 1), (0, 0.5, 1))


def form_of(*conditions, unknowns=(u,), **more):
    return compile_problem(Problem("p", list(unknowns), list(conditions), **more))


def corners(trial):
    return [piece for piece in trial.pieces if isinstance(piece, CornerFunctions)]


def test_a_plan_says_its_width_and_its_points():
    assert (Global(100, (3.0, 3.0)).width, Global(100, (3.0, 3.0)).points) == (100, 200)
    plan = Cells(((0, 0.2, 1), (0, 0.5, 0.6, 1)), 30, (5.0, 5.0))
    assert (plan.cells, plan.width, plan.points) == (6, 180, 360)


@pytest.mark.parametrize("plan", [Global(100, (3.0, 5.0)), Cells(HALVES, 50, (3.0, 5.0))])
def test_a_second_opinion_is_smaller_and_slower(plan):
    other = plan.varied()
    assert type(other) is type(plan)
    assert other != plan
    assert 20 <= other.width < plan.width
    assert all(a < b for a, b in zip(other.band, plan.band, strict=True))


def test_unknowns_on_the_same_region_share_a_body():
    form = form_of(On(omega, [u - v, v.diff(x)]), unknowns=(u, v))
    one, other = make_trials(form, Global(20, (3.0, 3.0)), 0)
    assert one is other
    left = Region(space, Interval(0, 1) * Interval(0, 1))
    form = form_of(On(omega, u), On(left, v), unknowns=(u, v))
    one, other = make_trials(form, Global(20, (3.0, 3.0)), 0)
    assert one is not other
    assert np.array_equal(other.box[1], [1, 1])


def test_a_learned_number_is_one_constant():
    trials = make_trials(form_of(On(omega, nu * u - 1), coefficients={nu: Learned(1)}), Global(20, (3.0, 3.0)), 0)
    assert isinstance(trials[1], Constant)


def test_frequencies_keep_to_the_band():
    (trial,) = make_trials(form_of(On(omega, u)), Global(200, (3.0, 7.0)), 0)
    weight = trial.layers[0][0]
    assert np.all(np.abs(weight) <= [3, 7])
    assert np.all(np.abs(weight).max(axis=0) > [2.8, 6.5])


def test_the_seed_makes_the_body():
    form = form_of(On(omega, u))
    one, same, other = (make_trials(form, Global(20, (3.0, 3.0)), seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one.layers[0][0], same.layers[0][0])
    assert not np.array_equal(one.layers[0][0], other.layers[0][0])


def test_cells_outside_the_region_are_left_out():
    quarters = ((0, 0.25, 0.5, 0.75, 1), (0, 0.25, 0.5, 0.75, 1))
    plan = Cells(quarters, 30, (4.0, 4.0), enrichments=())
    (whole,) = make_trials(form_of(On(Region(space, Interval(-1, 1) ** 2), u)), plan, 0)
    (part,) = make_trials(form_of(On(elbow, u)), plan, 0)
    assert len(whole.pieces) == 16
    assert len(part.pieces) < 16
    points = np.array([[0.9, -0.9], [-0.9, -0.9]])
    values = part.jets(points, [(0, 0)])[0, 0]
    assert not values[0].any()
    assert values[1].any()


def elliptic(*walls, region=elbow, equation=None):
    return form_of(On(region, space.laplace(u) - 1 if equation is None else equation), *walls)


def test_a_re_entrant_corner_gets_its_exponents():
    (trial,) = make_trials(elliptic(On(elbow.boundary, u)), Global(30, (3.0, 3.0)), 0)
    inner = next(piece for piece in corners(trial) if np.allclose(piece.point, 0, atol=1e-9))
    assert min(mode.power for mode in inner.modes) == pytest.approx(2 / 3)
    points = np.column_stack([np.zeros(9), -np.linspace(0.1, 0.9, 9)])  # on a wall
    plain = [k for k, mode in enumerate(inner.modes) if not mode.log]
    assert np.allclose(inner.jets(points, [(0, 0)])[0, 0][:, plain], 0, atol=1e-9)


def test_slopes_and_values_make_other_exponents():
    flat = elbow.face(x, 0)
    rest = elbow.boundary - flat
    (trial,) = make_trials(elliptic(On(flat, space.dn(u)), On(rest, u)), Global(30, (3.0, 3.0)), 0)
    inner = next(piece for piece in corners(trial) if np.allclose(piece.point, 0, atol=1e-9))
    assert min(mode.power for mode in inner.modes) == pytest.approx(1 / 3)


def test_no_corners_where_they_are_not_wanted_or_not_needed():
    (trial,) = make_trials(elliptic(On(elbow.boundary, u)), Global(30, (3.0, 3.0), enrichments=()), 0)
    assert trial.width == 30
    disc = Ball(space, (0, 0), 1)
    (trial,) = make_trials(elliptic(On(disc.boundary, u), region=disc), Global(30, (3.0, 3.0)), 0)
    assert trial.width == 30
    (trial,) = make_trials(form_of(On(elbow, u.diff(x) - u), On(elbow.boundary, u)), Global(30, (3.0, 3.0)), 0)
    assert trial.width == 30


def test_poles_lie_in_the_holes():
    punched = Region(space, Interval(-2, 2) ** 2) - Ball(space, (Rational(1, 2), 0), Rational(1, 4))
    form = elliptic(On(punched.boundary, u), region=punched)
    (plain,) = make_trials(form, Global(30, (3.0, 3.0)), 0)
    (poles,) = make_trials(form, Global(30, (3.0, 3.0)).enriched(Poles()), 0)
    assert poles.width > plain.width
    assert any(np.allclose(piece.point, [0.5, 0]) for piece in corners(poles))


def test_a_hole_sends_waves_where_the_equation_has_a_constant_wave_number():
    punched = Region(space, Interval(-2, 2) ** 2) - Ball(space, (Rational(1, 2), 0), Rational(1, 4))

    def kappas(operator):
        form = form_of(On(punched, operator), On(punched.boundary, u))
        (trial,) = make_trials(form, Global(30, (3.0, 3.0)).enriched(Poles()), 0)
        return [piece.kappa for piece in trial.pieces if isinstance(piece, CylindricalWaves)]

    assert kappas(2 * space.laplace(u) + 50 * u) == pytest.approx([25])
    assert kappas(25 * u - space.laplace(u)) == pytest.approx([-25])
    for other in (space.laplace(u), space.laplace(u) + (25 + x) * u, u.diff(x, 2) + 2 * u.diff(y, 2) + 25 * u):
        assert kappas(other) == []


def test_a_window_of_time_ends_the_box():
    timed = Space("x", time="t")
    f = timed.unknown("f")
    strip = Region(timed, Interval(0, 1) * Interval(0, 4))
    form = compile_problem(
        Problem("p", [f], [On(strip, timed.dt(f)), On(strip.initial, f - sin(pi * timed.coords[0]))])
    )
    (trial,) = make_trials(form, Global(20, (3.0, 3.0), span=(0.25, 0.5)), 0)
    assert np.allclose(trial.box, [[0, 1], [1, 2]])
