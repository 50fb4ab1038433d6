"""Responses to perturbed data: large and of many fields, large and of one mode, and those of well-posed problems."""

import numpy as np
import pytest
from sympy import Eq, Interval, exp, sqrt, tanh

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.amplification import LARGE
from inrpde.discretise.score import score
from inrpde.discretise.state import State
from inrpde.networks.slab import Slab
from inrpde.networks.trial import Sum
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.fitting import fit_for
from inrpde.solvers.search.response import amplification
from tests.problems.amplifying import ILL_POSED, SINGULAR, WELL_POSED, heat_forward, plane, square, waves, x, y


def solved(problem, width=200, band=5.0):
    form = compile_problem(problem)
    plan = Global(width, (band,) * form.space.dim)
    fit, _ = fit_for(form)
    state = fit(form, plan, draw(form, plan.points, 0), 0)
    return form, state, score(form, draw(form, 500, 7), state)


def measured(problem):
    return amplification(*solved(problem), 0)


@pytest.mark.parametrize("name", ILL_POSED)
def test_what_is_ill_posed_amplifies_many_fields(name):
    found = measured(ILL_POSED[name]())
    assert found.unbounded
    assert found.largest > 1e4


@pytest.mark.parametrize("name", ["final_heat", "backward_heat", "cauchy", "final_sheet"])
def test_the_condition_that_is_amplified_is_known(name):
    form = compile_problem(ILL_POSED[name]())
    row = form.rows[measured(ILL_POSED[name]()).steepest]
    assert row.region.dim == form.space.dim - 1
    assert len(set(row.region.bounds[0][-1:]) | set(row.region.bounds[1][-1:])) == 1  # not the sides


@pytest.mark.parametrize(
    ("name", "factor"), [("resonance", 1e7), ("buckled", 1e9), ("hardly_fixed", 2 * np.pi**2 * 1e10)]
)
def test_near_a_resonance_one_mode_is_amplified(name, factor):
    """By the operator's scale over the distance to the eigenvalue, times the share of that mode in the data."""
    found = measured(SINGULAR[name]())
    assert not found.unbounded
    assert factor / 30 < found.largest < 3 * factor
    assert found.spectrum[1] < 100


@pytest.mark.parametrize("name", WELL_POSED)
def test_what_is_well_posed_amplifies_nothing(name):
    found = measured(WELL_POSED[name]())
    assert found is None or found.largest < LARGE / 10


def test_the_linearisation_is_that_at_the_answer():
    """-u'' = λ exp(u) has a fold at λ = 3.51."""
    space = Space("x")
    s = space.coords[0]
    u = space.unknown("u")
    bar = Region(space, Interval(0, 1))

    def bratu(strength):
        equation = On(bar, Eq(-u.diff(s, 2), strength * exp(u)))
        return measured(Problem("bratu", unknowns=[u], conditions=[equation, On(bar.boundary, u)])).largest

    assert bratu(1.0) < 3
    assert bratu(3.51383) > 10 * bratu(1.0)


def test_what_readings_hardly_see_is_amplified():
    u, q = plane.unknown("u"), plane.parameter("q")
    bump = exp(-20 * ((x - 0.2) ** 2 + (y - 0.2) ** 2))

    def seen(at):
        reading = Points(plane, np.array([at]), {"m": np.array([0.01])})
        conditions = [
            On(square, Eq(-plane.laplace(u), q * bump)), On(square.boundary, u), On(reading, Eq(u, reading["m"])),
        ]  # fmt: skip
        return measured(Problem("p", [u], conditions, coefficients={q: Learned(1.0)})).of("q")

    assert seen([0.999, 0.5]) > 30 * seen([0.3, 0.3])


def test_windows_of_time_are_not_measured_where_they_are_well_posed():
    form, state, scored = solved(heat_forward())
    assert amplification(form, state, scored, 0) is not None
    halves = Sum((Slab(state.trials[0], -np.inf, 0.5), Slab(state.trials[0], 0.5, np.inf)))
    windows = State((halves,), (np.tile(state.heads[0], 2),))
    assert amplification(form, windows, scored, 0) is None
    form, state, scored = solved(ILL_POSED["final_heat"]())
    assert amplification(form, State((halves,), (np.zeros(400),)), scored, 0).unbounded


def test_what_few_features_do_not_resolve_is_not_measured():
    assert amplification(*solved(waves(300)), 0) is None


def test_samples_alone_are_not_measured():
    u = plane.unknown("u")
    at = Points(plane, np.random.default_rng(0).uniform(size=(50, 2)), {"m": np.zeros(50)})
    assert measured(Problem("p", [u], [On(at, Eq(u, at["m"]))])) is None


@pytest.mark.parametrize(("half", "least", "most"), [(1, 0.1, 30), (4, 60, 1e4)])
def test_an_inner_layer_is_moved_by_features_of_its_own(half, least, most):
    """u'' + u = u³ from -1 to 1: what moves the front falls by exp(-2 sqrt(2)) a length, and is as narrow as that."""
    space = Space("s")
    (s,), f = space.coords, space.unknown("f")
    rod = Region(space, Interval(-half, half))
    conditions = [On(rod, Eq(space.laplace(f) + f, f**3)), On(rod.face(s, -half), f + 1), On(rod.face(s, half), f - 1)]
    found = amplification(*solved(Problem("phases", [f], conditions, guess={f: tanh(s / sqrt(2))}), band=15.0), 0)
    assert least < found.largest < most
    assert not found.unbounded
