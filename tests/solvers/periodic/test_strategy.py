"""The strategy of periodic evolutions: what it claims, how near it comes, and whether its estimates are honest."""

from itertools import islice

import numpy as np
import pytest
from sympy import Eq, cos, sin

import inrpde
from inrpde import On, Periodic, Problem
from inrpde.compiler import compile_problem
from inrpde.solvers import auto
from inrpde.solvers.contract.strategy import Claim, Role, Withdrawn
from inrpde.solvers.periodic import course, strategy
from tests.solvers.periodic import etdrk4
from tests.solvers.periodic.problems import (
    advection,
    blowing,
    burgers,
    cubic,
    jump,
    kuramoto,
    line,
    made,
    on_line,
    plane,
    schroedinger,
    separating,
    spots,
    tied,
    vortices,
    wave,
)
from tests.solvers.turns import context

EVERY = [advection()[0], burgers(), kuramoto(), wave()[0], schroedinger()[0], cubic()[0], vortices()[0], spots(),
         jump(), separating()]  # fmt: skip


# -- claims


@pytest.mark.parametrize("problem", EVERY)
def test_evolutions_that_are_periodic_in_all_of_space_are_claimed(problem):
    form = compile_problem(problem)
    claim = strategy.serves(form)
    assert isinstance(claim, Claim)
    assert claim.role is Role.ALONE
    assert auto.chosen(form, context(problem).settings).main == [strategy]


def walled():
    _space, x, t, u, omega = line()
    conditions = [On(omega, Eq(u.diff(t), u.diff(x, 2))), On(omega.initial, Eq(u, sin(x))), On(omega.boundary, u)]
    return Problem("walled", [u], conditions)


def half():
    space, x, y, t, (u,), omega = plane(["u"])
    conditions = [On(omega, Eq(u.diff(t), space.laplace(u))), On(omega.initial, Eq(u, sin(x) * sin(y)))]
    return Problem("half", [u], [*conditions, On(omega.face(x, 0), Periodic(u, x)), On(omega.face(y, 0), u),
                                 On(omega.face(y, 2 * np.pi), u)])  # fmt: skip


def mean():
    space, x, t, u, omega = line()
    equation = Eq(u.diff(t), u.diff(x, 2) + u - omega.mean(u))
    return made(space, [u], omega, [equation], [Eq(u, sin(x))])


def third():
    space, x, t, u, omega = line()
    starts = [Eq(u, sin(x)), u.diff(t), u.diff(t, 2)]
    return made(space, [u], omega, [Eq(u.diff(t, 3), u.diff(x))], starts)


def part():
    _space, x, t, u, omega = line()
    inner = omega.where(x < 1)
    conditions = [On(omega, Eq(u.diff(t), u.diff(x, 2))), On(inner, u), On(omega.initial, Eq(u, sin(x)))]
    return Problem("part", [u], [*conditions, *tied(omega, u)])


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        (walled, "not all unknowns are periodic"),
        (half, "not all unknowns are periodic"),
        (mean, "integrals"),
        (third, "first or second order"),
        (part, "one box"),
    ],
)
def test_others_are_not(problem, why):
    assert why in strategy.serves(compile_problem(problem()))


# -- how near


def errors(problem, known, count, tol=None):
    """By candidate its score, and the true error on points."""
    made_ = context(problem, tol=tol)
    points = on_line(2000, made_.form.evolves.end)
    exact = known(*points.T)
    for each in islice(strategy.solve(made_), count):
        found = each.state.jets(0, points, [(0, 0)])[0, 0]
        yield each.score, np.linalg.norm(found - exact) / np.linalg.norm(exact)


@pytest.mark.parametrize(
    ("problem", "known"),
    [
        (wave()[0], lambda x, t: np.cos(x) * np.cos(2 * t) + np.sin(2 * x - t)),
        (schroedinger()[0], lambda x, t: np.exp(1j * (t + np.cos(x)))),
    ],
)
def test_estimates_are_near_the_true_errors(problem, known):
    found = list(errors(problem, known, 3))
    assert found[-1][1] < 1e-6
    for estimate, true in found[1:]:
        assert true / 3 < estimate < 100 * true


def test_a_wave_that_is_carried_for_long_is_exact():
    found = list(errors(advection(1000)[0], lambda x, t: np.exp(np.sin(x - t)), 9))
    assert found[-1][1] < 1e-10


@pytest.mark.slow
def test_kuramoto_and_sivashinsky_agree_with_another_integrator():
    x, exact = etdrk4.kuramoto(1.0)
    for number, each in enumerate(islice(strategy.solve(context(kuramoto())), 3)):
        values = each.state.jets(0, np.column_stack([x, np.ones(len(x))]), [(0, 0)])[0, 0]
        true = np.linalg.norm(values - exact) / np.linalg.norm(exact)
        assert number == 0 or true < 30 * each.score  # at the end it is larger than over all times
    assert true < 1e-3


def test_a_reaction_agrees_with_another_integrator():
    x, (u, v) = etdrk4.spots(20.0)
    found = list(islice(strategy.solve(context(spots())), 2))[-1]
    axes = [x, x, np.array([20.0])]
    for k, exact in enumerate((u, v)):
        values = found.state.trials[k].on_grid(axes, found.state.heads[k])[:, :, 0]
        assert np.linalg.norm(values - exact) < 3e-3 * np.linalg.norm(exact)


def test_a_pressure_that_is_open_has_no_mean():
    found = list(islice(strategy.solve(context(vortices()[0])), 2))[-1]
    points = np.column_stack([on_line(500), on_line(500, seed=1)[:, 1]])
    x, y, t = points.T
    exact = (np.cos(2 * x) + np.cos(2 * y)) * np.exp(-t / 5) / 4
    assert np.max(np.abs(found.state.jets(2, points, [(0, 0, 0)])[0, 0, 0] - exact)) < 1e-3


# -- what it does not know


def test_a_tolerance_ends_the_levels():
    *_, last = errors(wave()[0], lambda x, t: np.cos(x) * np.cos(2 * t) + np.sin(2 * x - t), 9, tol=1e-3)
    assert last[0] < 1e-3 / 30


def test_a_solution_that_blows_up_is_known_until_then(monkeypatch):
    monkeypatch.setitem(course.MOST, 1, 300)
    (only,) = strategy.solve(context(blowing()))
    assert 0.6 < only.until < 0.75
    values = only.state.jets(0, np.array([[0.0, 0.3]]), [(0, 0)])[0, 0]
    assert 1.5 < values[0] < 2.73


def test_modes_that_are_too_many_are_a_doubt(monkeypatch):
    monkeypatch.setitem(course.MOST, 1, 30)
    first = next(strategy.solve(context(burgers(2, 0.002))))
    assert "shorter lengths than its modes" in first.doubts[0]
    assert first.score > 1e-3


def test_modes_that_are_enough_are_none():
    assert next(strategy.solve(context(burgers()))).doubts == ()


def test_what_takes_too_long_is_left_to_others(monkeypatch):
    monkeypatch.setattr(strategy, "BEGINNING", 0.0)
    with pytest.raises(Withdrawn, match="too many"):
        next(strategy.solve(context(burgers())))


def test_the_second_solve_of_a_first_level_is_a_coarser_one():
    first = next(strategy.solve(context(wave()[0])))
    points = on_line(500)
    known = np.cos(points[:, 0]) * np.cos(2 * points[:, 1]) + np.sin(2 * points[:, 0] - points[:, 1])
    one, two = (
        np.linalg.norm(each.jets(0, points, [(0, 0)])[0, 0] - known) for each in (first.state, first.again(1, []))
    )
    assert one < two


def test_an_answer_is_verified_stored_and_brought_back(tmp_path):
    space, x, t, u, omega = line()
    problem = made(space, [u], omega, [Eq(u.diff(t) + u * u.diff(x), u.diff(x, 2) / 5)], [Eq(u, 1 + cos(x) / 2)])
    solution = inrpde.solve(problem, reference="none")
    assert solution.report["method"] == "periodic"
    assert solution.report["verdict"]["word"] == "verified"
    assert solution.report["fields"]["u"]["estimated_error"] < 1e-5
    again = inrpde.load(solution.save(tmp_path / "found.h5"))
    points = on_line()
    assert np.array_equal(again(points)["u"], solution(points)["u"])
