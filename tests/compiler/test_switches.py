"""Functions at whose change of sign an expression of the coordinates may jump."""

import pytest
from sympy import Abs, And, Heaviside, Max, Min, Piecewise, Symbol, floor, pi, sign, sin, sqrt, symbols

from inrpde.compiler.switches import switches

x, y = symbols("x y", real=True)
j = Symbol("j", real=True)


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        (sin(x) * y + 3, []),
        (Heaviside(x - 0.5) * sign(y), [2 * x - 1, y]),
        (Abs(x - y), [x - y]),
        (Max(x, y, 0), [x, y, x - y]),
        (Piecewise((1, And(x < 1, y > 2)), (j, j > 0), (3, True)), [x - 1, y - 2]),
        (Heaviside(j - x), []),
        (Heaviside(x * (y - 1) ** 2 * (x - y)), [x, y - 1, x - y]),
        (Heaviside(Abs(x) - y), [x - y, x + y]),
        (Heaviside(Min(x, y) - 1), [x - 1, y - 1]),
        (Heaviside(x * sign(y)), [x, y]),
        (Abs(Abs(x) - 1), [x - 1, x + 1, x]),
        (floor(3 * x), [sin(3 * pi * x)]),
        (Heaviside(sqrt(x**2 + y**2) - 0.5), [4 * x**2 + 4 * y**2 - 1]),
        (Heaviside(sqrt(x**2 + y**2) + 0.5), []),
    ],
)
def test_switches(expr, found):
    up_to_sign = {frozenset((g, (-g).expand())) for g in switches(expr, (x, y))}
    assert up_to_sign == {frozenset((g, (-g).expand())) for g in found}
