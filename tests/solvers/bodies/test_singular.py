"""Singular functions: where corners, changes of condition and holes call for them, and with which exponents."""

import numpy as np
import pytest
from sympy import Interval, Rational

from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.networks.corner import CornerFunctions
from inrpde.networks.cylindrical import CylindricalWaves
from inrpde.networks.multipole import Multipoles
from inrpde.solvers.bodies.plan import Global, make_trials
from inrpde.solvers.bodies.singular import Corners, Poles, changes

space = Space("x y")
x, y = space.coords
u = space.unknown("u")
elbow = Region(space, Interval(-1, 1) ** 2) - Region(space, Interval(0, 1) * Interval(-1, 0))


def form_of(*conditions):
    return compile_problem(Problem("p", [u], list(conditions)))


def corners(trial):
    return [piece for piece in trial.pieces if isinstance(piece, CornerFunctions)]


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


def test_a_change_of_condition_on_a_flat_wall_is_a_corner_of_half_a_turn():
    """Values on the left third of the lower side, slopes on the rest: the exponents of a square root there."""
    square = Region(space, Interval(0, 1) ** 2)
    lower = square.face(y, 0)
    held = lower.where(x < Rational(1, 3))
    form = form_of(On(square, space.laplace(u)), On(held, u), On(lower - held, space.dn(u)))
    (corner,) = changes(form, 0, square)
    np.testing.assert_allclose(corner.point, [1 / 3, 0], atol=1e-9)
    assert corner.angle == pytest.approx(np.pi)
    found = Corners().beside(form, 0, np.random.default_rng(0))
    (there,) = [each for each in found if np.allclose(each.point, [1 / 3, 0], atol=1e-9)]
    assert min(mode.power for mode in there.modes) == pytest.approx(1 / 2)
    whole = form_of(On(square, space.laplace(u)), On(square.boundary, u))
    assert changes(whole, 0, square) == []


def test_a_ball_without_a_ball_gets_multipoles():
    solid = Space("x y z")
    f = solid.unknown("f")
    shell = Ball(solid, (0, 0, 0), 1) - Ball(solid, (Rational(1, 5), 0, 0), Rational(1, 4))
    form = compile_problem(Problem("p", [f], [On(shell, solid.laplace(f)), On(shell.boundary, f - 1)]))
    (found,) = Poles().beside(form, 0, np.random.default_rng(0))
    assert isinstance(found, Multipoles)
    np.testing.assert_allclose(found.centre, [0.2, 0, 0])
    first_order = form_of(On(elbow, u.diff(x) - u))
    assert Poles().beside(first_order, 0, np.random.default_rng(0)) == []
