"""Ordinary differential equations from the declaration to the verdict: their errors, and what is said of these."""

import numpy as np
import pytest
from sympy import Eq, Interval, sin

import inrpde
from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.solvers import auto
from inrpde.solvers.contract.strategy import Claim
from inrpde.solvers.strategies import initial_values
from tests.odes import ODES, lorenz

WITHIN, LEAST = 10.0, 1e-12


DEAR = ("van der pol", "lorenz")
"""Long runs; of what is stiff there is "robertson", of what oscillates and is not linear "lotka" and "pendulum"."""


@pytest.mark.parametrize("name", [pytest.param(each, marks=pytest.mark.slow if each in DEAR else []) for each in ODES])
def test_estimates_are_true(name):
    ode = ODES[name]
    solution = inrpde.solve(ode.problem(), reference="none")
    errors = ode.errors(lambda times: list(solution(times).values()))
    for error, field in zip(errors, solution.report["fields"].values(), strict=True):
        estimated = field["estimated_error"]
        assert max(error, LEAST) / WITHIN < estimated < WITHIN * max(error, LEAST)


@pytest.mark.slow
def test_chaos_is_said_where_it_has_set_in():
    ode = lorenz(50)
    solution = inrpde.solve(ode.problem(), reference="none")
    errors = ode.errors(lambda times: list(solution(times).values()))
    fields = [field["estimated_error"] for field in solution.report["fields"].values()]
    assert all(0.1 * error < field < 10 * error for error, field in zip(errors, fields, strict=True))
    assert solution.report["verdict"]["word"] == "unverified"


def test_boundary_value_problems_stay_what_they_are():
    space = Space("x")
    (x,) = space.coords
    u, line = space.unknown("u"), Region(space, Interval(0, 1))

    def serves(*conditions):
        return initial_values.serves(compile_problem(Problem("p", [u], [On(line, Eq(u.diff(x, 2), -u)), *conditions])))

    assert isinstance(serves(On(line.boundary, Eq(u, 1))), str)
    assert isinstance(serves(On(line.face(x, 0), u), On(line.face(x, 1), Eq(u, 1))), str)
    assert isinstance(serves(On(line.face(x, 1), u), On(line.face(x, 1), Eq(u.diff(x), 1))), Claim)


def test_what_the_user_sets_leaves_them_to_others():
    problem = ODES["decay"].problem()
    form = compile_problem(problem)
    runs = auto.chosen(form, inrpde.config.resolve({}, {"solver.width": 60})).main
    assert initial_values not in runs
    assert auto.chosen(form, inrpde.config.resolve({}, {})).main == [initial_values]


@pytest.mark.parametrize("method", ["least-squares", "newton"])
def test_methods_of_frozen_features_take_them(method):
    solution = inrpde.solve(ODES["decay"].problem(), method=method, reference="none")
    assert solution.report["fields"]["u0"]["estimated_error"] < 1e-11


def test_a_break_leaves_the_good_part():
    space = Space(time="t")
    (t,) = space.coords
    u, run = space.unknown("u"), Region(space, Interval(0, 2))
    problem = Problem("blow", [u], [On(run, Eq(space.dt(u), u**2 + 0 * sin(t))), On(run.initial, Eq(u, 1))])
    solution = inrpde.solve(problem, reference="none")
    assert solution.report["status"] == "diverged"
    np.testing.assert_allclose(solution([[0.5], [0.99]])["u"], [2, 100], rtol=1e-8)
    assert np.isnan(solution([[1.5]])["u"][0])
