"""The strategy as a whole: which problems it serves, its levels, and what a solution and its file say."""

import warnings

import numpy as np
import pytest
from sympy import Eq, Interval, exp, lambdify, pi, sin

import inrpde
from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.kept import Remembering
from inrpde.discretise.state import field_at
from inrpde.errors import UsageError
from inrpde.found import DeviationField
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.inverse.roles import Roles
from inrpde.solvers.inverse.strategy import (
    WIDER,
    Plan,
    differences,
    doubts,
    forward,
    level,
    serves,
    spreads,
)  # fmt: skip
from tests.solvers.inverse import problems

AT = np.linspace(0, 1, 101)[:, None]
EXACT = lambdify(problems.x, problems.FIELD)(AT[:, 0])


def solved(problem):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return inrpde.solve(problem)


def of(problem, plan=problems.PLAN):
    form = compile_problem(problem)
    return form, level(form, Roles.of(form), plan, 0)


# -- which problems


def test_it_serves_what_is_read_and_learned_alone():
    claim = serves(compile_problem(problems.of_field()))
    assert isinstance(claim, Claim)
    assert claim.role is Role.ALONE


def test_it_says_why_it_does_not_serve():
    u, x, k, omega = problems.u, problems.x, problems.k, problems.omega
    plain = Problem("p", [u], [On(omega, Eq(u.diff(x, 2), 1)), problems.ends(0)])
    unread = Problem("p", [u], [On(omega, Eq(u.diff(x, 2), k)), problems.ends(0)], {k: Learned(1.0)})
    assert serves(compile_problem(plain)) == "nothing is learned"
    assert serves(compile_problem(unread)) == "no field is read"


def test_the_form_forward_has_initial_values_for_what_is_learned():
    form = compile_problem(problems.of_field())
    made = forward(form)
    assert not any(unknown.learned for unknown in made.unknowns)
    assert made.linear
    assert len(made.conditions) == len(form.conditions) - 1  # that of the coefficient alone is left out


def test_plans_become_wider():
    plan = Plan((10.0, 20.0), 5.0)
    after = plan.wider()
    assert after.band == pytest.approx((10 * WIDER, 20 * WIDER))
    assert after.learned == pytest.approx(5 * WIDER)
    assert after.width(1) >= plan.width(1) >= plan.width(8)


# -- a level


def test_a_level_comes_nearer_with_its_plan():
    form, coarse = of(problems.of_field(), Plan((4.0,), 1.5))
    _, fine = of(problems.of_field(), Plan((16.0,), 6.0))
    errors = [np.abs(field_at(each.state, 1, AT) - EXACT).max() for each in (coarse, fine)]
    assert errors[1] < 1e-3
    assert errors[1] < errors[0] / 3
    points = [AT, AT]
    assert differences(form, None, points) == [1.0, 1.0]
    apart = differences(fine, coarse, points)
    assert apart[1] == pytest.approx(
        np.linalg.norm(field_at(coarse.state, 1, AT) - EXACT) / np.linalg.norm(EXACT), rel=0.2
    )


def test_what_a_level_gives_back_remembers_nothing():
    _, found = of(problems.of_field(0.01))
    assert not any(isinstance(trial, Remembering) for trial in found.state.trials)


def test_spreads_are_relative():
    _, found = of(problems.of_field(0.01))
    made = found.state.trials[1].jets(AT, [(0,)])[(0,)] @ found.spread[1]
    expected = np.sqrt(np.mean(np.sum(made**2, axis=1)) / np.mean(field_at(found.state, 1, AT) ** 2))
    assert spreads(found, [AT, AT])[1] == pytest.approx(expected)


def test_it_doubts_what_the_readings_do_not_tell():
    form, found = of(problems.of_ratio())
    (said,) = doubts(form, Roles.of(form), found)
    assert "do not determine k and q" in said
    form, found = of(problems.of_number(0.01))
    assert doubts(form, Roles.of(form), found) == ()


# -- whole solutions


@pytest.fixture(scope="module")
def solution():
    return solved(problems.of_reaction(0.001))


def test_numbers_and_fields_have_their_deviation(solution):
    """In the report and beside the field, and the truth lies within four of them."""
    known = solution.report["learned"]["k"]
    assert known["value"] == solution.learned["k"]
    assert 0 < abs(known["value"] - 2) < 4 * known["std"] < 0.4
    found = solution(AT)
    inner = slice(5, -5)
    assert np.all(np.abs(found["a"] - EXACT)[inner] < 4 * found["a_std"][inner])
    assert found["a_std"].max() < 0.1
    assert set(solution.fields) == {"u", "a", "a_std"}


def test_a_file_gives_deviations_back_bit_for_bit(solution, tmp_path):
    again = inrpde.load(solution.save(tmp_path / "s.h5"))
    one, other = solution.fields["a_std"], again.fields["a_std"]
    assert isinstance(other, DeviationField)
    assert np.array_equal(one.heads, other.heads)
    indices = [(0,), (1,)]
    assert all(np.array_equal(one.jets(AT, indices)[index], other.jets(AT, indices)[index]) for index in indices)
    assert np.array_equal(solution(AT)["a_std"], again(AT)["a_std"])
    assert again.report["learned"] == solution.report["learned"]


def test_a_deviation_has_first_derivatives_alone(solution):
    field, step = solution.fields["a_std"], 1e-5
    inner = AT[10:-10]
    difference = (field.jets(inner + step, [(0,)])[(0,)] - field.jets(inner - step, [(0,)])[(0,)]) / (2 * step)
    slope = field.jets(inner, [(1,)])[(1,)]
    assert slope == pytest.approx(difference, abs=1e-4 * np.abs(difference).max())
    with pytest.raises(UsageError, match="no second derivatives"):
        field.jets(inner, [(2,)])


def test_a_field_of_x_alone_is_the_same_at_all_times():
    """u_t = a(x) u_xx + f."""
    space = Space("x", time="t")
    x, t = space.coords
    u, a = space.unknown("u"), space.coefficient("a", of=x, positive=True)
    truth, solution = 1 + sin(pi * x) / 3, exp(-t) * (1 + sin(2 * x)) + x
    rng = np.random.default_rng(0)
    places = rng.uniform(0.02, 0.98, (200, 2))
    values = lambdify((x, t), solution)(*places.T) + 0.001 * rng.standard_normal(200)
    sensors = Points(space, places, {"u": values})
    omega = Region(space, Interval(0, 1) * Interval(0, 1))
    conditions = [
        On(omega, Eq(space.dt(u), a * u.diff(x, 2) + solution.diff(t) - truth * solution.diff(x, 2))),
        On(omega.boundary, Eq(u, solution)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
        On(sensors, Eq(u, sensors["u"])),
    ]
    _, found = of(Problem("heat", [u], conditions, {a: Learned(1.0, (0.1, 10))}), Plan((8.0, 6.0), 4.0))
    lines = [field_at(found.state, 1, np.column_stack([AT[:, 0], np.full(101, at)])) for at in (0.0, 0.3, 1.0)]
    assert np.array_equal(lines[0], lines[1])
    assert np.array_equal(lines[0], lines[2])
    assert np.abs(lines[0] - lambdify(x, truth)(AT[:, 0])).max() < 0.1
