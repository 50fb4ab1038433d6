"""Mutants differ from a problem in one condition, and its exact solution is none of theirs."""

import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from sympy import Derivative, Eq, Interval, pi, sin

from inrpde import On, Periodic, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.planted.manufacture import manufactured
from inrpde.planted.mutate import Change, equivalent, mutants

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from zoo import PROBLEMS

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
omega = Region(plane, Interval(0, 1) ** 2)
hat = sin(pi * x) * sin(2 * pi * y)
POISSON = Problem(
    "p",
    [u],
    [On(omega, Eq(-plane.laplace(u), 5 * pi**2 * hat)), On(omega.boundary, Eq(u, 0))],
    exact={u: hat},
)


@pytest.fixture(scope="module")
def found():
    return list(mutants(POISSON))


def test_every_kind_of_change_is_made(found):
    assert {mutant.change for mutant in found} == set(Change)


def test_one_condition_differs_and_the_solution_stays(found):
    for mutant in found:
        differ = [a is not b for a, b in zip(mutant.problem.conditions, POISSON.conditions, strict=True)]
        assert differ == [k == mutant.condition for k in range(2)]
        changed, before = mutant.problem.conditions[mutant.condition], POISSON.conditions[mutant.condition]
        assert (changed.where, changed.region) == (before.where, before.region)
        assert changed.residuals != before.residuals
        assert mutant.problem.exact == POISSON.exact


def test_what_the_exact_solution_satisfies_is_no_mutant():
    twin = Problem("p", [u], [On(omega, plane.laplace(u) + 2 * pi**2 * u), On(omega.boundary, u)], exact={
        u: sin(pi * x) * sin(pi * y)
    })  # fmt: skip
    made = list(mutants(twin))
    assert not [m for m in made if m.change is Change.DERIVATIVE]  # u_xx is u_yy
    assert not [m for m in made if m.condition == 1 and m.change in (Change.SIGN, Change.COEFFICIENT)]  # u is zero
    form, (inside, wall) = compile_problem(twin), twin.conditions
    assert equivalent(form, inside, inside.residuals[0], inside.residuals[0] - u.diff(x, 2) + u.diff(y, 2))
    assert not equivalent(form, inside, inside.residuals[0], inside.residuals[0] + u / 1000)
    assert equivalent(form, wall, u, 3 * u)


def test_beside_a_generic_solution_more_of_them_tell(found):
    assert sum(1 for _ in mutants(manufactured(POISSON))) > len(found)


def test_derivatives_are_swapped_in_flux_form_too():
    a = 1 + x**2
    flux = Problem("p", [u], [On(omega, Eq(plane.div(a * plane.grad(u)), 1)), On(omega.boundary, u)])
    swapped = [m for m in mutants(manufactured(flux)) if m.change is Change.DERIVATIVE]
    residuals = [m.problem.conditions[0].residuals[0] for m in swapped]
    assert any(row.has(Derivative(a * Derivative(u, y), y)) for row in residuals)
    assert not any(row.has(Derivative(a * Derivative(u, x), x)) and row.has(a.diff(x)) for row in residuals[:1])


def test_periods_inequalities_and_readings_are_left_alone():
    readings = Points(plane, np.array([[0.5, 0.5]]), {"m": np.array([1.0])})
    conditions = [
        *POISSON.conditions,
        On(omega.face(x, 0), Periodic(u, x)),
        On(omega, u <= 2),
        On(readings, u - readings["m"]),
    ]
    changed = {m.condition for m in mutants(Problem("p", [u], conditions, exact={u: hat}))}
    assert changed == {0, 1}


def test_the_start_of_time_gets_a_speed_for_a_value():
    slopes = [m for m in mutants(PROBLEMS["heat"]()) if m.change is Change.SLOPE]
    (start,) = [m.problem.conditions[m.condition] for m in slopes if m.condition == 2]
    t = PROBLEMS["heat"]().space.time
    assert any(d.variables == (t,) for d in start.residuals[0].atoms(Derivative))


def test_the_seed_chooses_the_order(found):
    def order(listed):
        return [(m.change, m.text) for m in listed]

    assert order(islice(mutants(POISSON), 5)) == order(found[:5])
    other = order(mutants(POISSON, 1))
    assert other != order(found)
    assert sorted(other) == sorted(order(found))
