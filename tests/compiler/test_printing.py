"""Printed functions on arrays, and on numbers, and on both beside one another, against sympy's own values."""

import numpy as np
import pytest
from sympy import (
    Derivative,
    Function,
    Integral,
    Rational,
    Symbol,
    exp,
    polylog,
    sin,
)

from inrpde.compiler.printing import RowFunction, evaluate
from inrpde.errors import ProblemError
from tests.expressions import EVERYWHERE, POSITIVE, XS, YS, X, Y, by_sympy

x, y, z = X, Y, Symbol("z")


@pytest.mark.parametrize("expr", EVERYWHERE, ids=str)
def test_on_arrays_and_on_numbers(expr):
    expected = [by_sympy(expr, x=a, y=b) for a, b in zip(XS, YS, strict=True)]
    assert np.allclose(evaluate(expr, {x: XS, y: YS}, 5), expected, rtol=1e-12, atol=1e-12)
    for a, b, value in zip(XS, YS, expected, strict=True):
        assert np.allclose(evaluate(expr, {x: float(a), y: b}, 1), [value], rtol=1e-12, atol=1e-12)
    assert np.allclose(
        evaluate(expr, {x: XS, y: 0.2}, 5), [by_sympy(expr, x=a, y=0.2) for a in XS], rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("expr", POSITIVE, ids=str)
def test_on_positive_numbers(expr):
    at = np.array([0.3, 1.0, 2.5])
    assert np.allclose(evaluate(expr, {x: at}, 3), [by_sympy(expr, x=a) for a in at], rtol=1e-10)


def test_several_expressions_share_a_call():
    function = RowFunction([sin(x + y) ** 2, sin(x + y) + z, Rational(1, 3)])
    squares, sums, third = function({x: XS, y: YS, z: 1j, Symbol("unused"): 0})
    assert np.allclose(squares, np.sin(XS + YS) ** 2)
    assert np.allclose(sums, np.sin(XS + YS) + 1j)
    assert third == 1 / 3
    assert RowFunction([])({}) == []


def test_a_division_by_zero_is_infinite_and_nothing_is_raised():
    assert np.isinf(RowFunction([1 / x])({x: 0.0})[0])
    assert np.isnan(RowFunction([1 / x - 1 / x**2])({x: np.zeros(2)})[0]).all()


@pytest.mark.parametrize(
    ("expr", "named"),
    [
        (polylog(2, x), "polylog"),
        (Integral(exp(x * y**2), (y, 0, 1)), "Integral"),
        (Derivative(Function("u")(x), x), "Derivative"),
    ],
)
def test_what_cannot_be_evaluated_is_named(expr, named):
    with pytest.raises(ProblemError, match=named) as caught:
        evaluate(expr, {x: XS}, 5, "On(omega, …)")
    assert caught.value.where == "On(omega, …)"


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        (z + 10**400, np.inf),
        (z - 10**400, -np.inf),
        (z * Rational(10**400, 7), np.inf),
        (z * Rational(10**400, 10**399), 20.0),
        (z * Rational(10**400 + 1, 10**399), 20.0),
    ],
)
def test_numbers_that_no_double_holds_are_infinite(expr, value):
    assert evaluate(expr, {z: np.array([2.0])}, 1) == pytest.approx(value)
