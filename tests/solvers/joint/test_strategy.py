"""The strategy as a whole: what it serves, what it finds, how sure it is, and what it says of a model that is wrong."""

import warnings

import numpy as np
import pytest
from sympy import Eq

import inrpde
from inrpde import Learned, On, Problem
from inrpde.compiler import compile_problem
from inrpde.solvers.contract.strategy import Claim
from inrpde.solvers.joint.strategy import FINER, bends, serves, shaped
from tests.solvers.inverse import problems as linear
from tests.solvers.joint import problems


def solved(problem):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return inrpde.solve(problem)


def test_it_serves_numbers_in_equations_that_are_not_linear():
    assert isinstance(serves(compile_problem(problems.logistic())), Claim)
    assert "linear in the fields" in serves(compile_problem(linear.of_number()))
    assert "varies from place to place" in serves(compile_problem(linear.of_reaction()))
    u, t = problems.u, problems.space
    run = problems.logistic().conditions[0].region
    plain = Problem("p", [u], [On(run, Eq(t.dt(u), u**2))])
    unread = Problem("p", [u], [On(run, Eq(t.dt(u), problems.r * u**2))], {problems.r: Learned(1.0)})
    assert serves(compile_problem(plain)) == "nothing is learned"
    assert serves(compile_problem(unread)) == "no field is read"


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_numbers_of_growth_from_exact_readings_in_any_units(scale):
    found = solved(problems.logistic(scale=scale)).learned
    assert abs(found["r"] / problems.RATE - 1) < 1e-7
    assert abs(found["K"] / problems.LIMIT - 1) < 1e-7


def test_deviations_hold_the_truth_and_noise_is_that_of_the_readings():
    off = []
    for seed in range(6):
        report = solved(problems.logistic(0.03, seed)).report["learned"]
        off += [(report["r"]["value"] - problems.RATE) / report["r"]["std"]]
        off += [(report["K"]["value"] - problems.LIMIT) / report["K"]["std"]]
    assert 0.4 < np.sqrt(np.mean(np.square(off))) < 2.0


def test_rates_of_predators_and_prey_from_poor_first_values():
    found = solved(problems.prey(noise=0.02, first=(0.1, 0.001, 0.001, 0.1))).learned
    for name, true in zip("abcd", (2.0, 0.04, 0.02, 1.06), strict=True):
        assert abs(found[name] / true - 1) < 0.02, name


def test_a_number_stays_within_its_bounds_and_says_so():
    solution = solved(problems.logistic(bounds=(0.1, 1.5), first=(1.0, 3.0)))
    assert solution.learned["r"] <= 1.5
    assert solution.report["verdict"]["word"] == "unverified"


def test_a_model_that_is_wrong_is_not_believed():
    report = solved(problems.logistic(noise=0.01, wrong=0.01)).report
    assert report["verdict"]["word"] == "unverified"


def test_cells_are_many_along_what_bends():
    assert shaped(np.array([4.0, 1.0]), 36) == (12, 3)
    assert shaped(np.array([1.0]), 3 * FINER) == (5,)


def test_what_bends_twice_as_often_counts_twice():
    class Waves:
        def jets(self, unknown, points, indices):
            x, y = points.T
            (index,) = indices
            k, m = 40.0, 10.0
            return {index: -((k if index[0] else m) ** 2) * np.sin(k * x) * np.sin(m * y)}

    form = compile_problem(in_the_plane())
    along = bends(form, Waves())
    assert along[0] / along[1] == pytest.approx(4.0, rel=0.1)


def in_the_plane():
    space, u = linear.Space("x y"), None
    u = space.unknown("u")
    square = linear.Region(space, linear.Interval(0, 1) ** 2)
    return Problem("plane", [u], [On(square, Eq(space.laplace(u), u**2)), On(square.boundary, Eq(u, 1))])
