"""The functions at whose change of sign an expression of the coordinates, or its slope, may jump."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import (
    Abs,
    Basic,
    Expr,
    Heaviside,
    Max,
    Min,
    Mod,
    Mul,
    Piecewise,
    PolynomialError,
    Pow,
    Rational,
    Symbol,
    ceiling,
    factor_list,
    floor,
    frac,
    nsimplify,
    pi,
    sign,
    sin,
)  # fmt: skip
from sympy.core.relational import Relational

ROUNDED = (floor, ceiling, frac, Mod)
BRANCHES = 64
"""Of a function with so many absolute values and the like no more are followed."""


def switches(expr: Expr, coords: Sequence[Symbol]) -> list[Expr]:
    """Functions of the coordinates alone, smooth and without factors, with rational numbers in place of floats.

    Where their signs do not change, neither do the branches of the expression, apart from those that other symbols
    choose.
    """
    found: dict[Expr, None] = {}
    for argument in _arguments(expr):
        if set() < argument.free_symbols <= set(coords) and argument.is_real is not False:
            for branch in _branches(nsimplify(argument, rational=True)):
                found |= dict.fromkeys(_factors(branch, coords))
    return list(found)


def _arguments(expr: Basic, kinks: bool = True) -> Iterator[Expr]:
    """Those whose sign chooses; within one of them a kink chooses nothing where it does not change its sign."""
    if isinstance(expr, Relational):
        yield expr.lhs - expr.rhs
    elif isinstance(expr, (Heaviside, sign)) or (isinstance(expr, Abs) and kinks):
        yield expr.args[0]
    elif isinstance(expr, (Max, Min)) and kinks:
        yield from (one - other for k, one in enumerate(expr.args) for other in expr.args[:k])
    elif isinstance(expr, ROUNDED):
        yield sin(pi * (expr.args[0] / expr.args[1] if isinstance(expr, Mod) else expr.args[0]))
    kinks &= not isinstance(expr, (Relational, Heaviside, sign, *ROUNDED))
    for arg in expr.args:
        yield from _arguments(arg, kinks)


def _branches(g: Expr) -> list[Expr]:
    """The smooth functions that it consists of: it vanishes where one of them does, or jumps where a switch of its own
    lies."""
    left, smooth = [g], list[Expr]()
    while left and len(left) + len(smooth) <= BRANCHES:
        each = left.pop()
        kinks = each.atoms(Abs, Max, Min, sign, Heaviside, Piecewise, *ROUNDED)
        if not kinks:
            smooth.append(each)
            continue
        kink = min(kinks, key=lambda node: (node.count_ops(), str(node)))
        left += [each.xreplace({kink: value}) for value in _values(kink)]
    return smooth


def _values(kink: Expr) -> Sequence[Expr]:
    if isinstance(kink, Abs):
        return kink.args[0], -kink.args[0]
    if isinstance(kink, (sign, Heaviside)):
        return [Rational(value) for value in ((-1, 1) if isinstance(kink, sign) else (0, 1))]
    if isinstance(kink, Piecewise):
        return [value for value, _ in kink.args]
    return kink.args if isinstance(kink, (Max, Min)) else ()


def _factors(g: Expr, coords: Sequence[Symbol]) -> list[Expr]:
    """Those that vary; of a root that is compared with a number its square."""
    (root,) = [power for power in g.atoms(Pow) if power.exp == Rational(1, 2)][:1] or [None]
    if root is not None:
        rest, slope = g.xreplace({root: 0}), g.coeff(root)
        if rest.is_number and slope.is_number and g == slope * root + rest:
            return _factors(root.base - (rest / slope) ** 2, coords) if rest / slope < 0 else []
    try:
        parts = [part for part, _ in factor_list(g, *coords)[1]]
    except PolynomialError:
        parts = [part for each in Mul.make_args(g) for part in each.as_base_exp()[:1]]
    return [part for part in parts if part.free_symbols & set(coords)]
