"""What a problem is compiled into: arithmetic, order, integrals, periodic rows, learned coefficients, data."""

import numpy as np
import pytest
from sympy import (
    Abs,
    Derivative,
    Eq,
    Function,
    I,
    Interval,
    Matrix,
    Max,
    Piecewise,
    Symbol,
    conjugate,
    exp,
    im,
    polylog,
    re,
    sign,
)

from inrpde import GridField, Learned, On, Periodic, Points, Problem, Region, Space
from inrpde.compiler import bind, compile_problem
from inrpde.compiler.form import HERE, PAIR, Jet
from inrpde.errors import ProblemError

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
w, z = space.unknowns("w z", complex=True)
a, b, nu = space.coefficient("a"), space.coefficient("b"), space.parameter("nu")
omega = Region(space, Interval(0, 2) * Interval(0, 1))


def form_of(*conditions, unknowns=(u,), coefficients=None):
    return compile_problem(Problem("p", list(unknowns), list(conditions), coefficients=coefficients or {}))


def row_of(expr, unknowns=(u,), coefficients=None):
    return form_of(On(omega, expr), unknowns=unknowns, coefficients=coefficients).rows[0]


# -- classification


@pytest.mark.parametrize(
    ("expr", "unknowns", "arithmetic"),
    [
        (space.laplace(u) + u, (u,), "real"),
        (space.laplace(w) + I * w, (w,), "complex"),
        (w**2 + w.diff(x), (w,), "complex"),
        (Matrix([w - z, z]), (w, z), "complex"),
        (conjugate(w) + w, (w,), "split"),
        (re(w) + 1, (w,), "split"),
        (im(w.diff(x)), (w,), "split"),
        (Abs(w) ** 2 * w, (w,), "split"),
        (Abs(x) * w, (w,), "complex"),
        (w + u, (w, u), "split"),
        (omega.integral(conjugate(w)) + w, (w,), "split"),
    ],
    ids=str,
)
def test_arithmetic(expr, unknowns, arithmetic):
    more = [On(omega, each) for each in unknowns]
    assert form_of(On(omega, expr), *more, unknowns=unknowns).arithmetic == arithmetic


def test_a_learned_coefficient_beside_a_complex_unknown_is_split():
    assert form_of(On(omega, nu * w - 1), unknowns=(w,), coefficients={nu: Learned(1)}).arithmetic == "split"


@pytest.mark.parametrize(
    ("expr", "linear"),
    [
        (space.div((1 + x**2) * space.grad(u)) + exp(y) * u - 1, True),
        ((u + 1) ** 2 - u**2, True),
        (Piecewise((u, x < 1), (2 * u, True)), True),
        (omega.mean(u) - u, True),
        (u * omega.mean(u), False),
        (omega.mean(u**2) - u, False),
        (u**2, False),
        (u * u.diff(x), False),
        (Max(u, 0), False),
        (Abs(u), False),
        (exp(u), False),
    ],
    ids=str,
)
def test_linear_or_not(expr, linear):
    assert form_of(On(omega, expr), On(omega, u)).linear == linear


def test_a_product_with_a_learned_coefficient_is_not_linear():
    assert not row_of(nu * u - 1, coefficients={nu: Learned(1)}).linear
    assert not row_of(a * u - 1, coefficients={a: Learned(1)}).linear


def test_orders_are_those_of_the_equations_in_volumes():
    form = form_of(On(omega, u.diff(x, 3) + u.diff(x, y)), On(omega.boundary, u.diff(y, 4)))
    assert form.orders == (3, 1)
    assert form.order == 4


# -- conditions, rows, coefficients


def test_a_matrix_is_a_row_an_equation():
    form = form_of(On(omega, Eq(Matrix([u, v]), Matrix([x, y]))), On(omega.boundary, u), unknowns=(u, v))
    assert [row.condition for row in form.rows] == [0, 0, 1]
    assert [list(row.jets.values()) for row in form.rows] == [[Jet(0, (0, 0))], [Jet(1, (0, 0))], [Jet(0, (0, 0))]]
    assert form.rows[0].text == "On(omega, Eq(Matrix([u, v]), Matrix([x, y])))"


def test_coefficients_are_bound_inside_one_another():
    bound = bind(Problem("p", [u], [On(omega, a * u - nu)], coefficients={a: exp(b), b: nu * x, nu: 3}))
    assert bound.conditions[0].residuals == (exp(3 * x) * u - 3,)
    assert bound.known(b + 1) == 3 * x + 1


def test_coefficients_in_a_circle_are_an_error():
    problem = Problem("p", [u], [On(omega, a * u)], coefficients={a: b + 1, b: a - 1})
    with pytest.raises(ProblemError, match="in a circle") as caught:
        compile_problem(problem)
    assert "a(x, y), b(x, y)" in caught.value.where


def test_data_enter_with_their_derivatives():
    axes = np.linspace(0, 2, 9), np.linspace(0, 1, 7)
    field = GridField(axes[0][:, None] ** 2 * axes[1], axes)
    form = form_of(On(omega, space.div(a * space.grad(u))), coefficients={a: field})
    row, points = form.rows[0], np.array([[0.5, 0.25], [1.5, 0.5]])
    assert {jet.index for jet in row.data.values()} == {(0, 0), (1, 0), (0, 1)}
    env = form.environment(row, points, None, {})
    at = {jet.index: env[symbol] for symbol, jet in row.data.items()}
    assert np.allclose(at[0, 0], points[:, 0] ** 2 * points[:, 1])
    assert np.allclose(at[1, 0], 2 * points[:, 0] * points[:, 1])
    jets = {symbol: {(1, 0): 1.0, (0, 1): 2.0, (2, 0): 3.0, (0, 2): 4.0}[jet.index] for symbol, jet in row.jets.items()}
    (value,) = row.value(env | jets)
    assert np.allclose(
        value, 2 * points[:, 0] * points[:, 1] + 2 * points[:, 0] ** 2 + 7 * points[:, 0] ** 2 * points[:, 1]
    )


def test_normals_and_labels_enter_by_their_symbols():
    form = form_of(On(omega.boundary, space.dn(u) - x))
    row, points = form.rows[0], np.array([[2.0, 0.5]])
    env = form.environment(row, points, np.array([[0.6, 0.8]]), {})
    (value,) = row.value(env | {symbol: [10.0, 100.0][jet.index[1]] for symbol, jet in row.jets.items()})
    assert np.allclose(value, 6 + 80 - 2)
    sensors = Points(space, points, {"reading": np.array([7.0])})
    row = form_of(On(sensors, u - sensors["reading"])).rows[0]
    (value,) = row.value(
        form.environment(row, points, None, {sensors["reading"]: np.array([7.0])}) | dict.fromkeys(row.jets, 1.0)
    )
    assert np.allclose(value, -6)


def test_a_learned_number_and_a_learned_field_are_unknowns():
    form = form_of(On(omega, nu * u + a.diff(x)), coefficients={nu: Learned(2), a: Learned(3)})
    assert [(k.name, k.is_number, k.learned and k.learned.initial) for k in form.unknowns] == [
        ("u", False, None), ("nu", True, 2), ("a", False, 3),
    ]  # fmt: skip
    assert set(form.rows[0].jets.values()) == {Jet(0, (0, 0)), Jet(1, (0, 0)), Jet(2, (1, 0))}


# -- integrals


def test_an_integral_is_a_number_of_its_own():
    form = form_of(On(omega, u - omega.mean(u * x) + 2 * omega.boundary.integral(space.dn(u))))
    (row,) = form.rows
    assert [(term.mean, term.row.region) for term in form.integrals] == [(True, omega), (False, omega.boundary)]
    slopes = {form.integrals[number].mean: row.tangent[symbol] for symbol, number in row.integrals.items()}
    assert slopes == {True: -1, False: 2}
    assert {jet.index for jet in form.integrals[1].row.jets.values()} == {(1, 0), (0, 1)}
    assert list(row.jets.values()) == [Jet(0, (0, 0))]


def test_an_integral_inside_an_integral_comes_before_it():
    form = form_of(On(omega, u - omega.mean((u - omega.mean(u)) ** 2)))
    (number,) = form.rows[0].integrals.values()
    (inner,) = form.integrals[number].row.integrals.values()
    assert inner < number


def test_coefficients_are_bound_inside_integrals():
    form = form_of(On(omega, u - omega.integral(a * u)), coefficients={a: x + 1})
    assert set(map(str, form.integrals[0].row.residual.free_symbols)) == {"x", "_u"}


# -- periodicity


def test_all_derivatives_below_the_order_are_tied():
    left = omega.face(x, 0)
    form = form_of(On(omega, u.diff(x, 3) + u.diff(y)), On(left, Periodic(u, x)), On(omega.face(y, 0), Periodic(u, y)))
    tied = [(row.condition, sorted(row.jets.values())) for row in form.rows if row.condition]
    pairs = [(1, (0, 0)), (1, (1, 0)), (1, (2, 0)), (2, (0, 0))]
    assert tied == [(k, [Jet(0, index, HERE), Jet(0, index, PAIR)]) for k, index in pairs]
    row = form.rows[1]
    (value,) = row.value({symbol: 5.0 if jet.site == HERE else 3.0 for symbol, jet in row.jets.items()})
    assert abs(value) == 2


def test_both_parts_of_a_split_unknown_are_tied():
    form = form_of(On(omega, Abs(w) * w.diff(x)), On(omega.face(x, 0), Periodic(w, x)), unknowns=(w,))
    assert [{jet.unknown for jet in row.jets.values()} for row in form.rows[1:]] == [{0}, {1}]


# -- what cannot be compiled, and what is suspicious


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        (space.laplace(u) - polylog(2, x), "cannot be evaluated: polylog"),
        (space.laplace(Abs(x - 1) * space.laplace(u)), "a coefficient that jumps, or whose slope does"),
        (Derivative(sign(x - 1) * u, x), "a coefficient that jumps"),
        (u - Function("f")(x).diff(x) + Symbol("f"), None),
    ],
    ids=["polylog", "kink", "jump", "stray"],
)
def test_what_cannot_be_evaluated(expr, said):
    with pytest.raises(ProblemError) as caught:
        row_of(expr).value(dict.fromkeys((x, y), 0.0))
    assert said is None or said in caught.value.what
    assert caught.value.where.startswith("On(omega, ")
    assert caught.value.fix
