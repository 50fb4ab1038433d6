"""Manufactured data make a known function the solution, whatever the operators."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, Eq, Interval, Piecewise, Rational, cos, exp, log, pi, sin

from inrpde import GridField, Learned, On, Periodic, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.evaluate import evaluate
from inrpde.errors import ProblemError
from inrpde.planted.manufacture import at, manufactured, settled
from inrpde.sampling.draw import draw
from inrpde.verification.checks.exact import violated

plane = Space("x y")
x, y = plane.coords
u, v = plane.unknowns("u v")
w = plane.unknown("w", complex=True)
a, nu = plane.coefficient("a"), plane.parameter("nu")
omega = Region(plane, Interval(0, 2) * Interval(-1, 0))
walls = omega.boundary


def problem(*conditions, unknowns=(u,), **more):
    return Problem("p", list(unknowns), list(conditions), **more)


def leaves(made):
    """What the manufactured solution leaves of every condition, by sympy alone: the largest value at random points."""
    points = np.random.default_rng(5).uniform(*np.array(omega.bounds), (20, 2))
    values = dict(made.coefficients)
    expressions = [at(row, made.exact).subs(values).doit() for c in made.conditions for row in c.residuals]
    normals = dict(zip(plane.normal, np.random.default_rng(6).normal(size=(2, 20)), strict=True))
    return max(float(np.max(np.abs(evaluate(expr, plane.coords, points, {}, arrays=normals)))) for expr in expressions)


TERMS = st.sampled_from(
    [u, u.diff(x), u.diff(y, 2), plane.laplace(u), u**2, u * u.diff(x), exp(u / 3), plane.div(a * plane.grad(u)),
     u.diff(x, y), sin(x) * u.diff(y), plane.div((1 + u**2) * plane.grad(u)), u.diff(x, 3), a * u, x * y, cos(3 * x)]
)  # fmt: skip
FACTORS = st.sampled_from([1, -1, Rational(1, 7), 20, x, exp(y)])
OPERATORS = st.lists(st.tuples(FACTORS, TERMS), min_size=1, max_size=4)


@settings(max_examples=8)
@given(OPERATORS, st.sampled_from([u, plane.dn(u), u + 3 * plane.dn(u), plane.dn(u) + u**3]), st.integers(0, 99))
def test_data_make_residuals_of_random_operators_vanish(terms, wall, seed):
    equation = sum(factor * term for factor, term in terms) + u
    bound = {a: 2 + cos(x * y)} if equation.has(a) else {}
    made = manufactured(problem(On(omega, equation), On(walls, Eq(wall, x)), coefficients=bound), seed)
    assert leaves(made) < 1e-9
    assert not list(violated(compile_problem(made), draw(compile_problem(made), 300, 3)))


def test_regions_weights_and_kinds_of_conditions_stay():
    declared = problem(On(omega, Eq(-plane.laplace(u), 1)), On(walls, Eq(u, 0), weight=3, norm=1))
    made = manufactured(declared)
    assert [c.region for c in made.conditions] == [c.region for c in declared.conditions]
    assert [c.where for c in made.conditions] == ["omega", "walls"]
    assert (made.conditions[1].weight, made.conditions[1].norm) == (3, 1)
    assert set(made.exact) == {u}
    assert made.exact != manufactured(declared, seed=1).exact


def test_nonlinear_equations_start_near_the_truth_and_linear_ones_from_nothing():
    assert not manufactured(problem(On(omega, plane.laplace(u)), On(walls, u))).guess
    made = manufactured(problem(On(omega, plane.laplace(u) - u**3), On(walls, u)))
    assert made.guess[u] != made.exact[u]


def test_complex_unknowns_have_complex_solutions():
    made = manufactured(problem(On(omega, plane.laplace(w) + Abs(w) ** 2 * w), On(walls, w), unknowns=[w]))
    assert made.exact[w].as_real_imag()[1] != 0
    assert leaves(made) < 1e-10


def test_values_are_where_the_equations_are_finite():
    made = manufactured(problem(On(omega, plane.laplace(u) - log(u)), On(walls, u - 1)))
    points = np.random.default_rng(0).uniform(*np.array(omega.bounds), (500, 2))
    assert np.min(evaluate(made.exact[u], plane.coords, points, {})) > 0


def test_values_are_near_those_of_a_guess():
    guessed = problem(On(omega, plane.laplace(u) - u**4), On(walls, u - 300), guess={u: 300 + x})
    points = np.random.default_rng(0).uniform(*np.array(omega.bounds), (500, 2))
    assert np.allclose(evaluate(manufactured(guessed).exact[u], plane.coords, points, {}), 301, atol=2)


def test_inequalities_and_periods_stay_and_are_kept():
    around = On(omega.face(x, 0), Periodic(u, x))
    declared = problem(On(omega, plane.laplace(u) - u), around, On(omega, u >= 0), On(omega.face(y, 0), u - 2))
    made = manufactured(declared)
    assert made.conditions[1:3] == declared.conditions[1:3]
    shifted = made.exact[u].subs(x, x + 2)
    assert abs(float((shifted - made.exact[u]).subs({x: 0.3, y: -0.4}))) < 1e-12


def test_integrals_and_readings_are_data_too():
    sensors = Points(plane, np.array([[0.5, -0.5], [1.0, -0.2]]), {"m": np.array([3.0, 4.0])})
    conditions = [On(omega, plane.laplace(u)), On(walls, plane.dn(u)), On(omega, omega.mean(u) - 1)]
    made = manufactured(problem(*conditions, On(sensors, u - sensors["m"])))
    form = compile_problem(made)
    assert not made.conditions[3].residuals[0].has(sensors["m"])
    assert not list(violated(form, draw(form, 300, 3)))


def test_gridded_coefficients_stay_data():
    axes = (np.linspace(0, 2, 9), np.linspace(-1, 0, 9))
    field = GridField(2 + np.sin(axes[0])[:, None] * axes[1], axes)
    equation = On(omega, plane.div(a * plane.grad(u)))
    made = manufactured(problem(equation, On(walls, u), coefficients={a: field}))
    assert made.coefficients[a].values is field.values


def test_coefficients_that_cancel_are_left_out():
    axes = (np.linspace(0, 2, 9), np.linspace(-1, 0, 9))
    source = GridField(np.ones((9, 9)), axes)
    made = manufactured(problem(On(omega, Eq(plane.laplace(u), a)), On(walls, u), coefficients={a: source}))
    assert not made.coefficients


def test_the_truth_of_a_learned_coefficient_is_its_initial_value():
    readings = Points(plane, np.array([[0.5, -0.5], [1.0, -0.2]]), {"m": np.zeros(2)})
    conditions = [On(omega, nu * plane.laplace(u) - 1), On(walls, u), On(readings, u - readings["m"])]
    declared = problem(*conditions, coefficients={nu: Learned(0.4, bounds=(0.1, 0.45))})
    made = manufactured(declared)
    assert made.coefficients[nu] == Learned(0.45, bounds=(0.1, 0.45))
    assert leaves(problem(*made.conditions, exact=made.exact, coefficients={nu: 0.4})) < 1e-12
    assert settled(declared).coefficients[nu] == pytest.approx(0.4)


def test_a_jump_under_a_derivative_has_no_smooth_solution():
    jump = Piecewise((1, x < 1), (10, True))
    declared = problem(On(omega, plane.div(a * plane.grad(u))), On(walls, u), coefficients={a: jump})
    with pytest.raises(ProblemError, match="jumps"):
        manufactured(declared)


def test_equations_that_no_value_satisfies_are_named():
    with pytest.raises(ProblemError, match="no manufactured solution") as caught:
        manufactured(problem(On(omega, plane.laplace(u) - log(-1 - u**2)), On(walls, u - pi)))
    assert "guess" in caught.value.fix
