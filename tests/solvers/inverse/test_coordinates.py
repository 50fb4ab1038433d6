"""Coordinates: fields of their own, the conditions that hold in them, and how rough polynomials and sines are."""

from math import factorial

import numpy as np
import pytest
from sympy import Eq, Integer, Interval, exp, sin

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions
from inrpde.discretise.state import State, field_at
from inrpde.solvers.inverse.coordinates import ORDERS, Coordinates, Penalty, coordinates, nearest
from inrpde.solvers.inverse.roles import Roles
from inrpde.solvers.inverse.strategy import Plan, bodies
from tests.solvers.inverse import problems

X = problems.x
SIZE = 2.0
AT = np.linspace(0, 1, 101)[:, None]
NONE = {1: 1e-8, 2: 3e-6, 3: 3e-3}
ROUGH = {1: 1e-4, 2: 2e-3, 3: 0.09}
"""By order, of what features make of a polynomial and of a sine, and of a mean over points."""


def made(initial=SIZE, band=6.0):
    """The form of a field a and a number k that are learned, its trials, and the coordinates."""
    a, k, u, omega = problems.a, problems.k, problems.u, problems.omega
    conditions = [On(omega, Eq(u.diff(X, 2), a * k)), On(omega.boundary, Eq(u, 0)), problems.read(X)]
    form = compile_problem(Problem("p", [u], conditions, {a: Learned(initial), k: Learned(3.0)}))
    trials = bodies(form, Roles.of(form), Plan((6.0,), band), 30, 0)
    return form, trials, coordinates(form, Roles.of(form).learned, trials)


def coordinates_of(form, trials, within, field, number=3):
    return nearest(
        form, Roles.of(form).learned, trials, within, Expressions(form, (Integer(0), field, Integer(number)))
    )


def test_each_order_of_derivative_is_a_penalty():
    _, _, within = made()
    assert len(within.penalties) == len(ORDERS)
    number = within.basis.shape[0] - 1  # of the number's head
    (alone,) = np.flatnonzero(within.basis[number])
    assert all(np.allclose(each.matrix[:, alone], 0) for each in within.penalties)


def test_features_that_others_make_are_no_coordinates_of_their_own():
    form, trials, within = made()
    field = within.basis[:-1, :-1]
    values = trials[1].jets(AT, [(0,)])[(0,)] @ field
    assert within.count < len(within.basis)
    assert np.linalg.cond(values) < 1e3
    # and they make every feature, to the share below which one is rounding
    features = trials[1].jets(AT, [(0,)])[(0,)]
    left = features - values @ np.linalg.lstsq(values, features)[0]
    assert np.linalg.norm(left) < 1e-4 * np.linalg.norm(features)
    assert form.unknowns[1].name == "a"


@pytest.mark.parametrize("order", ORDERS)
def test_polynomials_of_a_lower_degree_are_not_rough(order):
    form, trials, within = made()
    penalty = within.penalties[order - 1]
    for degree in range(order + 1):
        rough = penalty.of(coordinates_of(form, trials, within, (2 * X - 1) ** degree))
        unit = factorial(order) ** 2 / SIZE**2
        assert rough == (
            pytest.approx(unit, rel=ROUGH[order]) if degree == order else pytest.approx(0, abs=NONE[order] * unit)
        )


@pytest.mark.parametrize("order", ORDERS)
def test_the_roughness_of_a_sine_is_its_integral(order):
    """The mean of (∂^m sin(3x))² on [0, 1], x scaled to [-1, 1], over the square of the field's initial size."""
    form, trials, within = made()
    rough = within.penalties[order - 1].of(coordinates_of(form, trials, within, sin(3 * X)))
    exact = ((1 - sin(3 * X) ** 2) if order % 2 else sin(3 * X) ** 2).integrate((X, 0, 1)) * 1.5 ** (2 * order)
    assert rough == pytest.approx(float(exact) / SIZE**2, rel=ROUGH[order])


def test_roughness_is_relative_to_the_initial_size():
    (form, _, one), (_, _, other) = made(2.0), made(20.0)
    z = np.random.default_rng(0).standard_normal(one.count)
    assert [p.of(z) for p in one.penalties] == pytest.approx([100 * p.of(z) for p in other.penalties])
    assert form.unknowns[1].learned.initial == 2.0


def test_the_nearest_coordinates_are_those_of_the_initial_values_or_of_a_state():
    form, trials, within = made()
    state = State(trials, tuple(np.zeros(t.width) for t in trials))
    roles = Roles.of(form)
    for field, number, z in (
        (Integer(2), 3.0, nearest(form, roles.learned, trials, within)),
        (exp(X), 7.0, coordinates_of(form, trials, within, exp(X), 7)),
    ):
        heads = within.heads(z)
        placed = State(trials, (state.heads[0], heads[:-1], heads[-1:]))
        values = [float(field.subs(X, each)) for each in AT[:, 0]]
        assert np.abs(field_at(placed, 1, AT) - values).max() < 2e-4
        assert heads[-1] == pytest.approx(number)


def test_conditions_hold_whatever_the_coordinates():
    rng = np.random.default_rng(1)
    basis = rng.standard_normal((12, 8))
    matrix, right = rng.standard_normal((3, 12)), rng.standard_normal(3)
    before = Coordinates(rng.standard_normal(12), basis, (Penalty(rng.standard_normal((5, 8)), np.ones(5)),))
    within = before.within(matrix, right)
    assert within.count == before.count - 3
    for seed in range(5):
        z = np.random.default_rng(seed).standard_normal(within.count)
        assert matrix @ within.heads(z) == pytest.approx(right)
        old = np.linalg.lstsq(basis, within.heads(z) - before.origin)[0]  # as rough as in the coordinates before
        assert basis @ old == pytest.approx(within.heads(z) - before.origin)
        assert within.penalties[0].of(z) == pytest.approx(before.penalties[0].of(old))


def test_of_conditions_that_contradict_one_another_the_least_squares_hold():
    before = Coordinates(np.zeros(2), np.eye(2), (Penalty(np.eye(2), np.zeros(2)),))
    within = before.within(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([1.0, 3.0]))
    assert within.count == 1
    assert within.heads(np.array([5.0]))[0] == pytest.approx(2.0)


def test_given_values_hold_at_the_ends():
    case = problems.setup(problems.of_field())
    for seed in range(3):
        z = case.z + np.random.default_rng(seed).standard_normal(len(case.z))
        placed = case.reduced.placed(case.state, case.within.heads(z))
        found = field_at(placed, 1, np.array([[0.0], [1.0]]))
        assert found == pytest.approx([float(problems.FIELD.subs(X, each)) for each in (0, 1)], abs=1e-9)


def test_a_declared_penalty_is_the_only_one():
    rng = np.random.default_rng(2)
    before = Coordinates(rng.standard_normal(6), rng.standard_normal((6, 4)), (Penalty(np.eye(4), np.zeros(4)),) * 3)
    matrix, right, z = rng.standard_normal((9, 6)), rng.standard_normal(9), rng.standard_normal(4)
    (penalty,) = before.penalised(matrix, right).penalties
    assert penalty.of(z) == pytest.approx(float(np.sum((matrix @ before.heads(z) - right) ** 2)))


def test_the_kernel_of_a_penalty_is_what_it_does_not_see():
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((7, 5)) @ np.diag([1, 1, 1, 0, 0]) @ np.linalg.qr(rng.standard_normal((5, 5)))[0]
    kernel = Penalty(matrix, np.zeros(7)).kernel
    assert kernel.shape == (5, 2)
    assert kernel.T @ kernel == pytest.approx(np.eye(2))
    assert np.abs(matrix @ kernel).max() < 1e-12
    assert Penalty(np.zeros((0, 3)), np.zeros(0)).kernel == pytest.approx(np.eye(3))


def test_numbers_alone_have_one_penalty_that_is_none():
    within = problems.setup(problems.of_place()).within
    (penalty,) = within.penalties
    assert penalty.matrix.size == 0
    assert penalty.of(np.array([3.0, 4.0])) == 0


def test_a_field_of_some_coordinates_is_rough_along_these_alone():
    space = Space("x", time="t")
    x, t = space.coords
    u, c = space.unknown("u"), space.coefficient("c", of=x)
    omega = Region(space, Interval(0, 1) * Interval(0, 1))
    sensors = Points(space, np.array([[0.5, 0.5]]), {"f": np.array([1.0])})
    conditions = [On(omega, Eq(u.diff(t), c * u)), On(omega.initial, Eq(u, 1)), On(sensors, Eq(u, sensors["f"]))]
    form = compile_problem(Problem("p", [u], conditions, {c: Learned(1.0)}))
    roles = Roles.of(form)
    trials = bodies(form, roles, Plan((6.0, 6.0), 4.0), 60, 0)
    within = coordinates(form, roles.learned, trials)
    z = nearest(form, roles.learned, trials, within, Expressions(form, (Integer(0), 2 * x)))
    for order, rough in zip(ORDERS, (penalty.of(z) for penalty in within.penalties), strict=True):
        assert rough == pytest.approx(float(order == 1), abs=ROUGH[order])
