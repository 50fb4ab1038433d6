"""Rows against the expressions that they were compiled from, evaluated directly by sympy."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Derivative, I, Interval, Rational, cos, diff, exp, lambdify, sin

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
w = space.unknown("w", complex=True)
a, nu = space.coefficient("a"), space.parameter("nu")
omega = Region(space, Interval(0, 1) ** 2)
known = {u: sin(x + 2 * y) + x * y**2, v: exp(x / 2) * cos(y), w: exp(I * (2 * x - y)) + I * x**2}
bound = {a: 1 + x * sin(y) / 2, nu: Rational(3, 2)}
POINTS = np.random.default_rng(0).uniform(0.1, 0.9, (6, 2))

leaves = st.sampled_from([u, v, x, y, a, nu, u.diff(x), u.diff(y), v.diff(x, y), Rational(1, 3), -2])


def grown(inner):
    one, two = st.builds(lambda f: f, inner), st.tuples(inner, inner)
    return st.one_of(
        two.map(lambda fg: fg[0] + fg[1]),
        two.map(lambda fg: fg[0] * fg[1]),
        one.map(lambda f: f**2),
        one.map(lambda f: sin(f)),
        one.map(lambda f: exp(f / 8)),
        st.tuples(one, st.sampled_from([x, y])).map(lambda fx: Derivative(fx[0], fx[1])),
    )


expressions = st.recursive(leaves, grown, max_leaves=5)


def compiled(expr, *more, unknowns=(u, v)):
    conditions = [On(omega, expr), *(On(omega, each) for each in more)]
    used = {key: value for key, value in bound.items() if expr.has(key)}
    return compile_problem(Problem("p", list(unknowns), conditions, coefficients=used))


def jets(form, row, functions):
    """The jets of known functions, {symbol: (N,)}, by sympy's own derivatives."""
    env = {}
    for symbol, jet in row.jets.items():
        f = functions[form.unknowns[jet.unknown].symbol]
        for coordinate, order in zip(space.coords, jet.index, strict=True):
            f = f.diff(coordinate, order)
        env[symbol] = at_points(f)
    return env


def at_points(expr):
    return np.array(np.broadcast_to(lambdify((x, y), expr, "numpy")(*POINTS.T), len(POINTS)))


def environment(form, row):
    return form.environment(row, POINTS, None, {})


@settings(max_examples=60)
@given(expressions)
def test_a_row_at_the_jets_of_known_functions_is_the_expression_at_these(expr):
    form = compiled(u * v + expr, u, v)
    row = form.rows[0]
    (value,) = row.value(environment(form, row) | jets(form, row, known))
    direct = (u * v + expr).xreplace(bound).xreplace({u: known[u], v: known[v]}).doit()
    assert np.allclose(value, at_points(direct), rtol=1e-10, atol=1e-10)


@settings(max_examples=60)
@given(expressions)
def test_the_tangent_is_the_derivative_along_any_direction(expr):
    form = compiled(u * v + expr, u, v)
    row = form.rows[0]
    here = environment(form, row) | jets(form, row, known)
    direction = jets(form, row, {u: cos(3 * x * y), v: x**2 + sin(y)})
    step = 1e-30  # a complex step differentiates to rounding
    (moved,) = row.value(here | {s: here[s] + 1j * step * d for s, d in direction.items()})
    slope = sum(np.asarray(c) * direction[s] for s, c in zip(row.tangent, row.slopes(here), strict=True))
    assert np.allclose(slope, np.imag(moved) / step, rtol=1e-9, atol=1e-9)


@settings(max_examples=30)
@given(expressions)
def test_a_row_is_linear_where_its_second_derivatives_vanish(expr):
    form = compiled(u + v + expr, u, v)
    row = form.rows[0]
    zero, here = dict.fromkeys(row.jets, 0.0), jets(form, row, known)
    at = environment(form, row)
    slopes = [row.slopes(at | jets_) for jets_ in (zero, here, {s: 2 * value for s, value in here.items()})]
    constant = all(
        np.allclose(p, q, rtol=1e-12) and np.allclose(p, r, rtol=1e-12) for p, q, r in zip(*slopes, strict=True)
    )
    assert row.linear == constant


def test_each_derivative_is_one_jet_whatever_its_order():
    form = compiled(Derivative(u, y, x) + Derivative(u, x, y) + Derivative(Derivative(u, y), x) + u, v)
    assert [jet.index for jet in form.rows[0].jets.values()] == [(1, 1), (0, 0)]
    assert sorted(map(str, form.rows[0].tangent.values())) == ["1", "3"]


def test_the_flux_form_is_expanded():
    form = compiled(space.div(a * space.grad(u)), v, unknowns=(u, v))
    indices = {jet.index for jet in form.rows[0].jets.values()}
    assert indices == {(1, 0), (0, 1), (2, 0), (0, 2)}
    assert form.rows[0].linear
    assert form.orders == (2, 2)
    assert form.order == 2


def linear(f, c):
    """A complex-linear expression in f."""
    return space.laplace(f) + (3 + I * x) * f + c * f.diff(x) * exp(I * y) - I


@given(st.complex_numbers(max_magnitude=3))
@settings(max_examples=10)
def test_complex_and_split_arithmetic_agree(c):
    c = complex(c)
    whole = compile_problem(Problem("p", [w], [On(omega, linear(w, c))]))
    halves = compile_problem(Problem("p", [w, v], [On(omega, linear(w, c)), On(omega, v - 1)]))
    assert (whole.arithmetic, halves.arithmetic) == ("complex", "split")
    row, pair = whole.rows[0], halves.rows[0]
    values = jets(whole, row, known)
    by_jet = {jet.index: values[s] for s, jet in row.jets.items()}
    names = [unknown.name for unknown in halves.unknowns]
    assert names == ["w_re", "w_im", "v"]
    split = {s: [np.real, np.imag][jet.unknown](by_jet[jet.index]) for s, jet in pair.jets.items()}
    (one,), (other,) = row.value(environment(whole, row) | values), pair.value(environment(halves, pair) | split)
    assert np.allclose(one, other)
    slopes = dict(
        zip(
            ((j.unknown, j.index) for j in map(pair.jets.get, pair.tangent)),
            pair.slopes(environment(halves, pair) | split),
            strict=True,
        )
    )
    for symbol, slope in zip(row.tangent, row.slopes(environment(whole, row) | values), strict=True):
        index = row.jets[symbol].index
        assert np.allclose(slopes[0, index], slope)  # Cauchy and Riemann
        assert np.allclose(slopes[1, index], 1j * np.asarray(slope))


@pytest.mark.parametrize("power", [1, 2])
def test_a_modulus_is_split_into_pairs_and_differentiated(power):
    expr = abs(w) ** (2 * power) * w - I * w.diff(x)
    form = compile_problem(Problem("p", [w], [On(omega, expr)]))
    row = form.rows[0]
    assert form.arithmetic == "split"
    assert not row.linear
    whole = {index: at_points(f) for index, f in {(0, 0): known[w], (1, 0): known[w].diff(x)}.items()}
    here = environment(form, row) | {s: [np.real, np.imag][j.unknown](whole[j.index]) for s, j in row.jets.items()}
    (value,) = row.value(here)
    assert np.allclose(value, np.abs(whole[0, 0]) ** (2 * power) * whole[0, 0] - 1j * whole[1, 0])
    direction = {s: np.full(len(POINTS), 0.3 + k) for k, s in enumerate(row.jets)}
    step = 1e-6
    ahead, behind = (row.value(here | {s: here[s] + h * d for s, d in direction.items()})[0] for h in (step, -step))
    slope = sum(np.asarray(c) * direction[s] for s, c in zip(row.tangent, row.slopes(here), strict=True))
    assert np.allclose(slope, (ahead - behind) / (2 * step), rtol=1e-8)


def test_only_the_terms_that_hold_a_jet_are_differentiated_by_it(monkeypatch):
    asked = []
    module = sys.modules["inrpde.compiler.lower"]  # the package has a function of that name
    monkeypatch.setattr(module, "diff", lambda term, symbol: asked.append((term, symbol)) or diff(term, symbol))
    many = space.unknowns(" ".join(f"u{k}" for k in range(9)))
    conditions = [On(omega, sum(many) + each**2 - 1) for each in many]
    compile_problem(Problem("many", unknowns=list(many), conditions=conditions))
    assert len(asked) <= 10 * len(many)
    assert all(symbol in term.free_symbols for term, symbol in asked)
