"""Residuals on torch tensors: the same values as numpy's, gradients by finite differences, traps of branches."""

import numpy as np
import pytest
import sympy
import torch
from sympy import (
    Abs,
    And,
    Eq,
    Heaviside,
    I,
    Interval,
    Max,
    Min,
    Piecewise,
    Rational,
    atan2,
    besselj,
    conjugate,
    cos,
    cosh,
    erf,
    exp,
    im,
    log,
    pi,
    re,
    sign,
    sin,
    sqrt,
    tanh,
)  # fmt: skip

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.errors import ProblemError
from inrpde.solvers.training.tensors import TensorRow, as_value

plane = Space("x y")
x, y = plane.coords
u, v = plane.unknowns("u v")
w = plane.unknown("w", complex=True)
square = Region(plane, Interval(0, 1) ** 2)
POINTS = np.random.default_rng(0).uniform(0.1, 0.9, (40, 2))


def both(expr, unknowns=(u, v)):
    """The row of an equation, its residual by torch and by numpy on random jets, and these as tensors."""
    problem = Problem("p", list(unknowns), [On(square, expr), *(On(square, f) for f in unknowns)])
    form = compile_problem(problem)
    row = form.rows[0]
    rng = np.random.default_rng(1)
    env = form.environment(row, POINTS, None, {})
    jets = {s: rng.uniform(0.2, 2, 40) * rng.choice([-1, 1], 40) for s in row.jets}
    if form.arithmetic == "complex":
        jets = {s: values + 1j * rng.standard_normal(40) for s, values in jets.items()}
    function = TensorRow(row)
    known = {s: as_value(np.asarray(value), torch.device("cpu")) for s, value in function.coefficients(env).items()}
    tensors = {s: torch.tensor(values, requires_grad=True) for s, values in jets.items()}
    return function, known, tensors, row.value(env | jets)[0]


@pytest.mark.parametrize(
    "expr",
    [
        u.diff(x, 2) + exp(x) * u.diff(y) - sin(x * y) * u + 3,
        u**3 - 2 / u + u ** Rational(-2) + x ** u.diff(x),
        sqrt(u.diff(x) ** 2 + u.diff(y) ** 2) - 1,
        Max(u, 0) + Min(u, v, x) + Max(u, Rational(1, 3), v),
        Abs(u) + u * sign(x - y) + v * Heaviside(x - 0.4) + tanh(u) + cosh(v / 2) + erf(u),
        Piecewise((u**2, u > 0), (v * x, x > Rational(1, 2)), (cos(v), True)),
        Piecewise((u, And(u > v, x < y)), (3, True)),
        Piecewise((1, x < Rational(1, 2)), (2, True)) * u.diff(x) + besselj(0, x) * u,
        atan2(u, v) + sympy.log(exp(u) + 1),
    ],
    ids=str,
)
def test_values_and_gradients_are_numpys(expr):
    function, known, tensors, expected = both(expr)
    found = function(known | tensors)
    assert np.allclose(found.detach().numpy(), expected, rtol=1e-12, atol=1e-12)
    total = found.abs().sum()
    gradients = torch.autograd.grad(total, list(tensors.values()), allow_unused=True)
    for symbol, gradient in zip(tensors, gradients, strict=True):
        shift = 1e-6

        def moved(step, symbol=symbol):
            return function(known | {**tensors, symbol: tensors[symbol] + step}).abs().sum()

        slope = (moved(shift) - moved(-shift)).item() / (2 * shift)
        assert slope == pytest.approx(0.0 if gradient is None else float(gradient.sum()), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("expr", [w**2 + I * w.diff(x) - exp(I * x), (1 + I) * sin(w)], ids=str)
def test_complex_equations(expr):
    function, known, tensors, expected = both(expr, (w,))
    assert np.allclose(function(known | tensors).detach().numpy(), expected, rtol=1e-12)


def test_equations_that_are_not_complex_differentiable():
    function, known, tensors, expected = both(conjugate(w) * w + re(w) - I * im(w) * x, (w,))
    assert np.allclose(function(known | tensors).detach().numpy(), expected, rtol=1e-12)


def test_what_is_known_is_left_to_numpy():
    function, known, tensors, _ = both(besselj(0, x) * log(y) * u.diff(x) + cos(x) * sin(y) * pi)
    assert len(known) == 2
    assert not function.expression.free_symbols & {x, y}
    assert len(tensors) == 1


def test_a_branch_that_is_not_taken_brings_no_nan():
    function, known, tensors, _ = both(Piecewise((sqrt(u) + log(u), u > 0), (u, True)))
    (leaf,) = tensors.values()
    (gradient,) = torch.autograd.grad(function(known | tensors).sum(), leaf)
    taken = leaf.detach() > 0
    assert torch.isfinite(gradient).all()
    assert (gradient[~taken] == 1).all()


def test_a_norm_has_a_gradient_at_zero():
    function, known, tensors, _ = both(sqrt(u.diff(x) ** 2 + u.diff(y) ** 2))
    zeros = {s: torch.zeros(40, dtype=torch.float64, requires_grad=True) for s in tensors}
    for gradient in torch.autograd.grad(function(known | zeros).sum(), list(zeros.values())):
        assert (gradient == 0).all()


def test_a_function_without_a_gradient_is_named():
    with pytest.raises(ProblemError, match="besselj of an unknown") as caught:
        both(Eq(besselj(0, u), x))
    assert "On(square" in caught.value.where
    assert caught.value.fix
