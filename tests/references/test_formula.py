"""The references' own functions of arrays: sympy's own values, and nothing of the compiler's."""

import numpy as np
import pytest
from sympy import Derivative, Function, I, Integral, Rational, Sum, Symbol, exp, polylog, sin, zoo

from inrpde.references.formula import Formula
from inrpde.references.reference import Unsupported
from tests.expressions import EVERYWHERE, POSITIVE, XS, YS, X, Y, by_sympy

Z, N = Symbol("z"), Symbol("n")


@pytest.mark.parametrize("expr", EVERYWHERE, ids=str)
def test_on_arrays_and_on_numbers(expr):
    formula = Formula([expr], "")
    expected = [by_sympy(expr, x=a, y=b) for a, b in zip(XS, YS, strict=True)]
    assert np.allclose(formula({X: XS, Y: YS})[0], expected, rtol=1e-12, atol=1e-12)
    for a, b, value in zip(XS, YS, expected, strict=True):
        assert np.allclose(formula({X: float(a), Y: b})[0], value, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("expr", POSITIVE, ids=str)
def test_on_positive_numbers(expr):
    at = np.array([0.3, 1.0, 2.5])
    assert np.allclose(Formula([expr], "")({X: at})[0], [by_sympy(expr, x=a) for a in at], rtol=1e-10)


def test_several_expressions_share_their_parts():
    formula = Formula([sin(X + Y) ** 2, sin(X + Y) + Z, Rational(1, 3), X], "")
    squares, sums, third, same = formula({X: XS, Y: YS, Z: 1j, Symbol("unused"): 0})
    assert np.allclose(squares, np.sin(XS + YS) ** 2)
    assert np.allclose(sums, np.sin(XS + YS) + 1j)
    assert third == 1 / 3
    assert np.array_equal(same, XS)
    assert sum("of_" in line for _, _, line in formula._lines) == 1


@pytest.mark.parametrize(("number", "value"), [(10**400, np.inf), (-(10**400), -np.inf), (2**60, 2.0**60)])
def test_numbers_that_no_double_holds_are_infinite(number, value):
    assert Formula([X + number], "")({X: np.zeros(1)})[0] == value


def test_what_is_infinite_or_not_known_raises_nothing():
    assert np.isinf(Formula([1 / X], "")({X: 0.0})[0])
    assert np.isnan(Formula([X * zoo], "")({X: np.ones(2)})[0]).all()


def test_sums_are_written_out():
    assert Formula([Sum(X**N, (N, 1, 3))], "")({X: np.array([2.0])})[0] == 14.0


def test_no_name_of_a_symbol_becomes_code(tmp_path):
    x = Symbol(f"open({str(tmp_path / 'made')!r},chr(119))")
    assert Formula([exp(I * 0) + x**2 + polylog(1, x).doit() * 0], "")({x: np.array([3.0])})[0] == 10.0
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("expr", "named"),
    [
        (polylog(2, X), "polylog"),
        (Integral(exp(X * Y**2), (Y, 0, 1)), "integrals"),
        (Derivative(Function("u")(X), X), "Derivative"),
    ],
)
def test_what_cannot_be_evaluated_is_named(expr, named):
    with pytest.raises(Unsupported, match=rf"On\(omega, …\) cannot be evaluated: .*{named}"):
        Formula([expr], "On(omega, …)")({X: XS, Y: YS})
