"""Marches in one coordinate: how accurate they are, in whichever direction, and where they end."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Eq, Interval, sin

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.state import field_at
from inrpde.errors import DivergedError
from inrpde.solvers.marching.interval import Integrator, initial_values, refusal
from tests.odes import ODES, Ode, pendulum

PLAN = Integrator(24, 6.0, 0, 1e-12)
LOOSER = {"an unstable way down": 1e-6}
"""Errors of rounding that the equations amplify."""


def marched(ode, plan=PLAN, **options):
    form = compile_problem(ode.problem(**options))
    assert refusal(form) is None
    found = plan.run(form)

    def values(times):
        return [field_at(found.state, k, times[:, None]) for k in range(len(form.unknowns))]

    return found, values


DEAR = ("van der pol", "robertson", "lorenz")
"""Those that take a second and more; tests/solvers/strategies/test_initial_values.py solves one of them always."""


@pytest.mark.parametrize("name", [pytest.param(each, marks=pytest.mark.slow if each in DEAR else []) for each in ODES])
def test_all_kinds_are_accurate(name):
    found, values = marched(ODES[name])
    assert found.until is None
    assert max(ODES[name].errors(values)) < LOOSER.get(name, 3e-11)


@pytest.mark.parametrize("name", ["lotka", "airy", "kink"])
def test_backwards_is_as_good(name):
    found, values = marched(ODES[name], space=Space("t"), backwards=True)
    assert found.until is None
    assert max(ODES[name].errors(values, backwards=True)) < 3e-11


@pytest.mark.slow
def test_a_hundred_periods():
    ode = pendulum(670)
    _, values = marched(ode)
    assert max(ode.errors(values)) < 1e-9


@pytest.mark.parametrize("backwards", [False, True])
def test_what_blows_up_is_followed_as_long_as_it_can_be_and_is_nan_from_there(backwards):
    ode = Ode(2, [[1]], lambda t, u: [(u.diff(), u.u**2)], lambda t: [1 / np.where(t < 1, 1 - t, np.nan)])
    found, values = marched(ode, backwards=backwards)
    assert 0.99 < abs(found.until) < 1
    assert ode.errors(values, backwards)[0] < 1e-8
    assert np.isnan(values(np.array([-1.5 if backwards else 1.5]))[0][0])


def test_the_looser_the_aim_the_fewer_the_windows():
    fine, coarse = (marched(ODES["lorenz"], Integrator(24, 6.0, 0, aim)) for aim in (1e-12, 1e-6))
    fewer, more = (len(each.state.trials[0].parts) for each, _ in (coarse, fine))
    assert fewer < 0.8 * more
    assert max(ODES["lorenz"].errors(coarse[1])) > 1e-9
    assert coarse[0].error < 1e-6


def test_windows_do_not_shrink_where_rounding_is_what_is_left_below_the_aim():
    """These features leave 5e-13 in however short a window."""
    found, _ = marched(ODES["decay"], replace(PLAN, seed=4))
    assert len(found.state.trials[0].parts) < 100


def conditions(*start, equations=None):
    space = Space(time="t")
    (t,) = space.coords
    u, v = space.unknowns("u v")
    run = Region(space, Interval(0, 1))
    given = [On(run.initial, each(u, v, t)) for each in start]
    equations = equations or (lambda u, v, t: [Eq(u.diff(t), v), Eq(v.diff(t), -sin(u))])
    return compile_problem(Problem("p", [u, v], [*(On(run, each) for each in equations(u, v, t)), *given]))


def test_initial_values_may_be_given_by_equations():
    form = conditions(lambda u, v, t: Eq(u + v, 3), lambda u, v, t: Eq(u**2, 4))
    np.testing.assert_allclose(initial_values(form), [2, 1])
    with pytest.raises(DivergedError, match="initial values cannot be found"):
        initial_values(conditions(lambda u, v, t: Eq(u, 1), lambda u, v, t: Eq(2 * u, 2)))


def test_algebra_beside_the_equations():
    form = conditions(lambda u, v, t: Eq(u, 2), equations=lambda u, v, t: [Eq(u.diff(t), v), Eq(v + 3 * u, 0)])
    assert refusal(form) is None
    found, times = PLAN.run(form), np.linspace(0, 1, 9)
    for k, factor in enumerate((2, -6)):
        np.testing.assert_allclose(field_at(found.state, k, times[:, None]), factor * np.exp(-3 * times), rtol=1e-10)


def test_what_it_refuses():
    few = conditions(lambda u, v, t: Eq(u, 1))
    assert refusal(few) == "there are not as many initial values as the order asks for"
    high = conditions(lambda u, v, t: Eq(u, 1), lambda u, v, t: Eq(v.diff(t), 0))
    assert refusal(high) == "an initial condition has a derivative as high as the equations"
    space = Space("x")
    (x,) = space.coords
    u, line = space.unknown("u"), Region(space, Interval(0, 1))
    both = Problem("p", [u], [On(line, u.diff(x, 2) - 1), On(line.boundary, u)])
    assert refusal(compile_problem(both)) == "it takes one coordinate, with all conditions at one end"


def test_equations_that_are_nowhere_finite_are_told():
    form = conditions(
        lambda u, v, t: Eq(u, 0),
        lambda u, v, t: Eq(v, 1),
        equations=lambda u, v, t: [Eq(u.diff(t), (-1 - u * u) ** 0.5), Eq(v.diff(t), v)],
    )
    with pytest.raises(DivergedError, match="the first window could not be solved"):
        PLAN.run(form)


def test_what_begins_at_nothing_with_a_rate_of_its_own_drives_others():
    """A fall from rest, u the height."""
    form = conditions(
        lambda u, v, t: Eq(u, 10),
        lambda u, v, t: Eq(v, 0),
        equations=lambda u, v, t: [Eq(u.diff(t), v), Eq(v.diff(t), -9.81)],
    )
    found, times = PLAN.run(form), np.linspace(0, 1, 9)
    np.testing.assert_allclose(field_at(found.state, 0, times[:, None]), 10 - 9.81 * times**2 / 2, rtol=1e-12)
    np.testing.assert_allclose(field_at(found.state, 1, times[:, None]), -9.81 * times, rtol=1e-12, atol=1e-12)
