"""Printed functions on arrays, and on numbers, and on both beside one another, against sympy's own values."""

import numpy as np
import pytest
from sympy import (
    ITE,
    Abs,
    Derivative,
    Ei,
    Function,
    Heaviside,
    I,
    Integral,
    Max,
    Min,
    Mod,
    Piecewise,
    Rational,
    Symbol,
    airyai,
    arg,
    atan2,
    besselj,
    besselk,
    conjugate,
    cos,
    elliptic_k,
    erf,
    erfinv,
    exp,
    floor,
    gamma,
    hankel1,
    im,
    jn,
    log,
    pi,
    polylog,
    re,
    sign,
    sin,
    sinc,
    sqrt,
    tanh,
    yn,
)

from inrpde.compiler.printing import RowFunction, evaluate
from inrpde.errors import ProblemError

x, y = Symbol("x", real=True), Symbol("y", real=True)
z = Symbol("z")
XS, YS = np.array([-0.7, 0.0, 0.3, 1.0, 2.5]), np.array([0.2, -1.1, 0.3, 0.4, -2.0])
EVERYWHERE = [
    Max(x, 0),
    Max(x, y, 0),
    Max(0, sin(x), y, x * y),
    Min(x, y),
    Min(1, Max(x, 0)),
    Max(Abs(x) - 1, 0) ** 2,
    Heaviside(x - 1),
    Heaviside(y),
    sign(x),
    Abs(x - y),
    Mod(x, 1),
    floor(x),
    Piecewise((x, x < 0), (x**2, True)),
    Piecewise((1, x < 0), (2, x < 1), (3, True)),
    Piecewise((0, x > y), (x - y, x <= y)),
    Piecewise((1 / x, x > 0), (0, True)),
    Piecewise((log(x), x > 0), (-1, True)),
    Piecewise((1, (x > 0) & (y > 0)), (0, True)),
    Piecewise((1, (x > 0) | (y > 0)), (0, True)),
    Piecewise((1, ~(x > 0)), (0, True)),
    Piecewise((1, ITE(x > 0, y > 0, y < 0)), (0, True)),
    exp(-200 * (x**2 + y**2)),
    sqrt(2) * x,
    x ** Rational(2),
    10 ** (2 * x),
    pi * x,
    x - x + 3,
    tanh(x) + cos(y),
    atan2(x, y),
    sinc(x),
    erf(x),
    besselj(0, x),
    airyai(x),
    exp(I * x),
    re(exp(I * x)),
    im(exp(I * x)),
    arg(exp(I * y)),
    conjugate(x + I * y),
    (x + I * y) ** 2,
]
POSITIVE = [
    x ** Rational(1, 3),
    sqrt(x),
    log(x),
    gamma(x),
    Ei(x),
    besselk(1, x),
    hankel1(0, x),
    jn(1, x),
    yn(0, x),
    elliptic_k(x / 4),
    erfinv(x / 4),
]


def by_sympy(expr, **values):
    value = expr.subs(
        {Symbol(name, real=True): Rational(number).limit_denominator(1000) for name, number in values.items()}
    )
    return complex(value.evalf(20))


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
