"""Scores: nothing for a solution, the same for whatever units, honest about fields that vanish."""

import numpy as np
import pytest
from sympy import Eq, FiniteSet, I, Integer, Interval, exp, pi, sin

from inrpde import On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions, exact_state
from inrpde.discretise.score import score
from inrpde.sampling.draw import draw

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
w = space.unknown("w", complex=True)
omega = Region(space, Interval(0, 1) ** 2)
walls = omega.boundary
hat = sin(pi * x) * sin(pi * y)


def poisson(scale=1.0, units=1.0):
    """-Δu = f for u = units·sin(πx)sin(πy), the equation multiplied by `scale`."""
    equation = Eq(-scale * space.laplace(u), 2 * pi**2 * hat * scale * units)
    return Problem("p", [u], [On(omega, equation), On(walls, scale * u)], exact={u: units * hat})


def scored(problem, state=None, seed=0):
    form = compile_problem(problem)
    return score(form, draw(form, 300, seed), (state or exact_state)(form))


def known(equation, *more, f=u, exact=hat):
    return Problem("p", [f], [On(omega, equation), *more], exact={f: exact})


SOLVED = {
    "poisson": poisson(),
    "flux": known(space.div(exp(x) * space.grad(u)) - space.div(exp(x) * space.grad(hat))),
    "complex": known(space.laplace(w) + w, On(walls, space.dn(w) - I * space.normal[0] * w), f=w, exact=exp(I * x)),
    "nonlinear": known(space.laplace(u) - u**2 + hat**2 + 2 * pi**2 * hat, On(walls, u)),
    "integral": known(u - omega.mean(u) - hat + 4 / pi**2),
}


@pytest.mark.parametrize("problem", SOLVED.values(), ids=SOLVED)
def test_a_solution_scores_nothing(problem):
    assert scored(problem).total < 1e-13


@pytest.mark.parametrize(("scale", "units"), [(1e8, 1.0), (1.0, 1e8), (1e-6, 1e-6)])
def test_the_score_does_not_depend_on_units(scale, units):
    def wrong(unit):
        return lambda form: Expressions(form, (unit * (hat + 0.01 * sin(5 * x) * y),))

    here, there = scored(poisson(), wrong(1)), scored(poisson(scale, units), wrong(units))
    for a, b in zip(here.rows, there.rows, strict=True):
        assert np.isclose(a.relative, b.relative)
        assert np.isclose(a.rms * scale * units, b.rms)


def test_the_score_is_the_relative_error_of_a_smooth_perturbation():
    for size in (1e-2, 1e-5, 1e-8):
        found = scored(poisson(), lambda form, size=size: Expressions(form, (hat * (1 + size),)))
        assert size < found.total < 2 * size


def test_values_are_taken_with_the_derivatives_at_the_same_points():
    form, taken = compile_problem(poisson()), []

    class Counted(Expressions):
        def jets(self, unknown, points, indices):
            taken.append((unknown, points.tobytes()))
            return super().jets(unknown, points, indices)

    exact = exact_state(form)
    score(form, draw(form, 100, 0), Counted(exact.form, exact.known))
    assert len(taken) == len(set(taken)) == 2  # the square and its boundary


def test_the_total_is_the_root_of_the_sum_of_squares():
    found = scored(poisson(), lambda form: Expressions(form, (hat + 0.1 * x,)))
    assert np.isclose(found.total, np.hypot(*(row.relative for row in found.rows)))
    assert all(row.max >= row.rms > 0 for row in found.rows[1:])


def test_what_is_not_finite_scores_infinity():
    problem = Problem("p", [u], [On(omega, Eq(space.laplace(u), 1 / u)), On(walls, u - 1)])
    assert scored(problem, lambda form: Expressions(form, (0 * x,))).total == float("inf")


def test_a_field_that_vanishes_is_measured_beside_what_balances_it():
    equations = Eq(-space.laplace(u) + v, 2 * pi**2 * hat), Eq(-space.laplace(v) + u, hat)
    conditions = [*(On(omega, each) for each in equations), On(walls, u), On(walls, v)]
    problem = Problem("p", [u, v], conditions, exact={u: hat, v: 0})
    assert scored(problem).total < 1e-13
    noise = scored(problem, lambda form: Expressions(form, (hat, 1e-12 * sin(3 * x) * sin(2 * y))))
    assert 1e-13 < noise.total < 1e-7
    large = scored(problem, lambda form: Expressions(form, (hat, 0.1 * sin(3 * x) * sin(2 * y))))
    assert large.total > 0.1
    assert noise.sizes[0] == pytest.approx(0.5, rel=0.02)
    assert noise.sizes[1] == pytest.approx(1e-4 * 0.5 / (np.sqrt(2) * np.pi**2), rel=0.02)  # its -Δv balances u


def test_terms_may_vanish_with_what_they_are_multiplied_by():
    """In u v_x of a flow along x nothing shows of u: that does not make u small beside the other terms."""
    conditions = [On(omega, Eq(u * v.diff(x) + v.diff(y), 0)), On(omega, u.diff(x) + v.diff(y)), On(walls, v)]
    found = scored(Problem("p", [u, v], [*conditions, On(walls, Eq(u, hat + 1))], exact={u: hat + 1, v: 0}))
    assert found.sizes[0] == pytest.approx(0.5, rel=0.02)  # counted from its walls'
    assert found.vanishes(1)
    assert not found.vanishes(0)
    assert found.balances[1] == pytest.approx(1e4 * found.sizes[1])


def test_a_field_that_only_shows_its_slope_has_a_size():
    where = np.random.default_rng(0).uniform(size=(200, 2))
    slopes = Points(space, where, {"g": np.stack([np.ones(200), np.zeros(200)], axis=1)})
    at = Region(space, FiniteSet((0, 0)))
    problem = Problem("p", [u], [On(slopes, Eq(space.grad(u), slopes["g"])), On(at, u)], exact={u: x})
    found = scored(problem)
    assert found.total < 1e-13
    assert np.isclose(found.sizes[0], np.sqrt(np.mean(np.append(where[:, 0], 0) ** 2)))
    assert scored(problem, lambda form: Expressions(form, (1.01 * x,))).total < 0.05


def test_a_problem_without_data_has_the_score_of_its_solution_zero():
    nothing = Problem("p", [u], [On(omega, space.laplace(u)), On(walls, u)])
    assert scored(nothing, lambda form: Expressions(form, (0 * x,))).total == 0


def test_readings_of_the_norm_1_are_scored_by_their_mean():
    """A tenth of readings that are off by 3: the mean 0.3, not the root mean square 0.95, over the readings' size."""
    line = Space("x")
    w = line.unknown("w")
    values = np.ones(100)
    values[::10] += 3.0
    points = Points(line, np.linspace(0, 1, 100)[:, None], {"f": values})
    for norm, expected in ((1, 0.3), (2, 3 * np.sqrt(0.1))):
        form = compile_problem(Problem("readings", [w], [On(points, Eq(w, points["f"]), norm=norm)]))
        (row,) = score(form, draw(form, 10, 0), Expressions(form, (Integer(1),))).rows
        assert np.isclose(row.relative * row.scale, expected)
        assert np.isclose(row.rms, 3 * np.sqrt(0.1))


def test_noise_that_readings_have_is_no_residual():
    """Of readings that are off by 0.3 nothing is left beside a noise of 0.3, and most beside one of 0.03."""
    line = Space("x")
    w = line.unknown("w")
    values = 1 + 0.3 * np.tile([1.0, -1.0], 50)
    points = Points(line, np.linspace(0, 1, 100)[:, None], {"f": values})
    form = compile_problem(Problem("readings", [w], [On(points, Eq(w, points["f"]))]))
    found = score(form, draw(form, 10, 0), Expressions(form, (Integer(1),)))
    assert found.beside({}).total == found.total > 0.1
    assert found.beside({1: 0.3}).total == found.total  # that of another condition
    assert found.beside({0: 0.3}).total == 0
    assert found.beside({0: 0.03}).total == pytest.approx(found.total * np.sqrt(1 - 0.12**2))
