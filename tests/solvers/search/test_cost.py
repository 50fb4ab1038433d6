"""Predicted costs: what they grow with, the same on every machine; and how busy this one is."""

from types import SimpleNamespace

import numpy as np
import pytest
from sympy import I, Interval, exp

from inrpde import Learned, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.sampling.localised import patches
from inrpde.solvers.bodies.plan import OVERHEAD, Cells, Global
from inrpde.solvers.search import cost
from inrpde.solvers.search.cost import NEWTON, REWEIGHTED, STEP, nominal, pace

line = Space("x")
(x,) = line.coords
u, v = line.unknowns("u v")
w = line.unknown("w", complex=True)
nu = line.parameter("nu")
omega = Region(line, Interval(0, 1))
PLAN = Global(200, (4.0,))


def test_costs_grow_with_the_plan():
    form = compile_problem(Problem("p", [u], [On(omega, u.diff(x, 2) - 1), On(omega.boundary, u)]))
    one, more = Global(100, (3.0,)), Global(400, (3.0,))
    assert nominal(form, more) > nominal(form, one) > 0
    few = Cells(((0, 0.5, 1),), 20, (3.0,))
    many = Cells((tuple(np.linspace(0, 1, 11)),), 20, (3.0,))
    assert nominal(form, many) > nominal(form, few)


def beside(*conditions, unknowns=(u,), plan=PLAN, **more):
    """Nominal seconds of a fit beside those of every fit."""
    return nominal(compile_problem(Problem("p", list(unknowns), list(conditions), **more)), plan) - STEP


def test_kinds_of_equations_cost_multiples_of_a_real_linear_one():
    one = beside(On(omega, u.diff(x, 2) - 1))
    assert beside(On(omega, w.diff(x) - 2 * I * w), unknowns=[w]) == pytest.approx(4 * one)
    assert beside(On(omega, u.diff(x, 2) - exp(u))) == pytest.approx(NEWTON * one)
    assert beside(On(omega, u.diff(x, 2) - 1, norm=1)) == pytest.approx(REWEIGHTED * one)
    assert beside(On(omega, u.diff(x, 2) - exp(u), norm=1)) == pytest.approx(NEWTON * one)


def test_unknowns_that_are_coupled_cost_as_cubes_and_others_as_sums():
    one = beside(On(omega, u.diff(x, 2) - 1))
    apart = beside(On(omega, u.diff(x, 2) - 1), On(omega, v.diff(x) - 1), unknowns=[u, v])
    together = beside(On(omega, u.diff(x) - v), On(omega, v.diff(x) - u), unknowns=[u, v])
    assert apart == pytest.approx(2 * one)
    assert together - OVERHEAD == pytest.approx(8 * (one - OVERHEAD))
    twice = beside(On(omega, u.diff(x, 2) - 1), plan=Global(400, (4.0,)))
    assert twice == pytest.approx(together)


def test_learned_numbers_cost_nothing():
    conditions = On(omega, nu * u.diff(x, 2) - 1), On(omega.boundary, u)
    learned = beside(*conditions, coefficients={nu: Learned(1.0)})
    assert learned == pytest.approx(NEWTON * beside(On(omega, u.diff(x, 2) - 1)))


@pytest.mark.parametrize(("slower", "expected"), [(3.0, 3.0), (1.0, 1.0), (0.2, 1.0)])
def test_the_pace_is_the_time_of_known_work_and_a_fast_machine_has_none_to_spare(slower, expected, monkeypatch):
    rows, columns, count = cost.PILOT
    seconds = count * (4 * rows * columns**2 / cost.BLOCK_RATE + cost.CALL)
    moments, done = iter([10.0, 10.0 + slower * seconds]), []
    monkeypatch.setattr(cost, "time", SimpleNamespace(perf_counter=lambda: next(moments)))
    monkeypatch.setattr(cost, "qr", lambda matrix, **options: done.append(matrix.shape))
    assert pace() == pytest.approx(expected)
    assert done == [(rows, columns)] * count


def test_integrals_couple_all_columns():
    """Cells cost what one domain of as many features does where an equation holds an integral of their unknown."""
    line = Space("x")
    (at,), w = line.coords, line.unknown("w")
    whole = Region(line, Interval(0, 1))
    plain, coupled = (
        compile_problem(Problem("p", [w], [On(whole, w.diff(at, 2) + more), On(whole.boundary, w)]))
        for more in (w, whole.integral(w))
    )
    plan = Cells((tuple(np.linspace(0, 1, 41)),), 60, (8.0,))
    assert nominal(coupled, plan) > 10 * nominal(plain, plan)
    assert np.isclose(nominal(coupled, plan), nominal(plain, Global(plan.width, (8.0,))))


def test_patches_are_beside_all_features_of_one_domain_and_beside_few_cells():
    plane = Space("x y")
    (a, b), q = plane.coords, plane.unknown("q")
    square = Region(plane, Interval(0, 1) ** 2)
    plain, peaked = (
        compile_problem(Problem("p", [q], [On(square, plane.laplace(q) + source), On(square.boundary, q)]))
        for source in (1, exp(-((a - 0.5) ** 2 + (b - 0.5) ** 2) * 1e6))
    )
    many = sum(patch.width for patch in patches(peaked.bound))
    assert many > 300
    assert nominal(peaked, Global(1000, (9.0, 9.0))) == pytest.approx(nominal(plain, Global(1000 + many, (9.0, 9.0))))
    cells = Cells((tuple(np.linspace(0, 1, 11)),) * 2, 100, (6.0, 6.0))
    densely = nominal(plain, Global(cells.width + many, (6.0, 6.0))) - nominal(plain, Global(cells.width, (6.0, 6.0)))
    assert 0 < nominal(peaked, cells) - nominal(plain, cells) < densely / 4
