"""Expressions of fields at points."""

import numpy as np
import pytest
from sympy import Abs, Derivative, Eq, Function, Interval, Matrix, Symbol, exp, sin, symbols

from inrpde import Region, Space
from inrpde.compiler.evaluate import evaluate
from inrpde.errors import UsageError

space = Space("x y")
x, y = space.coords
u, a = space.unknown("u"), space.coefficient("a")
omega = Region(space, Interval(0, 1) ** 2)
POINTS = np.random.default_rng(0).uniform(0, 1, (8, 2))
X, Y = POINTS.T


def jets(points, indices):
    """The derivatives of e^{2x} y³."""
    powers = {0: lambda y: y**3, 1: lambda y: 3 * y**2, 2: lambda y: 6 * y}
    return {(i, j): 2**i * np.exp(2 * points[:, 0]) * powers[j](points[:, 1]) for i, j in indices}


def value(expr, **more):
    return evaluate(expr, space.coords, POINTS, {"u": jets}, **more)


U = np.exp(2 * X) * Y**3


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (u, U),
        (u + x, U + X),
        (u.diff(x), 2 * U),
        (u.diff(x, y), 6 * U / Y),
        (space.laplace(u), 4 * U + 6 * U / Y**2),
        (space.div(exp(x) * space.grad(u)), np.exp(X) * (6 * U + 6 * U / Y**2)),
        (Derivative(u**2, x), 4 * U**2),
        (sin(u) * Abs(x - y), np.sin(U) * np.abs(X - Y)),
        (3, 3 + 0 * X),
        (2.5, 2.5 + 0 * X),
    ],
    ids=str,
)
def test_values(expr, expected):
    found = value(expr)
    assert found.shape == (8,)
    assert np.allclose(found, expected)


def test_a_matrix_or_a_list_is_a_column_an_entry():
    assert np.allclose(value(space.grad(u)), np.stack([2 * U, 3 * U / Y], axis=1))
    assert np.allclose(value([u, x]), np.stack([U, X], axis=1))
    assert value(Matrix([u, x, y])).shape == (8, 3)


def test_symbols_are_known_by_their_names():
    plain, p, q = Function("u"), *symbols("x y")
    assert np.allclose(value(plain(p, q).diff(p) + p), 2 * U + X)


def test_values_are_bound_by_name_inside_one_another():
    nu = Symbol("nu")
    assert np.allclose(value(a * nu, values={"a": nu * x + u, "nu": 3}), (3 * X + U) * 3)
    assert np.allclose(value(a.diff(x), values={"a": x**2 * y}), 2 * X * Y)


def test_integrals_are_handed_over():
    seen = []

    def integrate(node, points):
        assert points is POINTS
        seen.append((node.integrand, node.region, node.mean))
        return 5.0

    assert np.allclose(value(u + omega.mean(u**2) * x, integrate=integrate), U + 5 * X)
    assert seen == [(u**2, omega, True)]


def test_normals_come_in_arrays():
    n = space.normal
    arrays = {n[0]: np.full(8, 0.6), n[1]: np.full(8, 0.8)}
    assert np.allclose(value(space.dn(u), arrays=arrays), 0.6 * 2 * U + 0.8 * 3 * U / Y)


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        (Function("f")(x, y), "f is not a field of this solution"),
        (Function("f")(x, y).diff(x), "f is not a field"),
        (Symbol("q") * u, "the symbol q is unknown"),
        (space.dn(u), "the symbol n_x is unknown"),
        ("u", "u is not an expression"),
        (None, "None is not an expression"),
        (Eq(u, 1), "Eq(u, 1) is not an expression"),
        (u.diff((x, Symbol("n"))), "of order n"),
        ([u, "x"], "x is not an expression"),
    ],
    ids=str,
)
def test_what_is_not_there(expr, said):
    with pytest.raises(UsageError) as caught:
        value(expr)
    assert said in caught.value.what
    assert caught.value.fix
