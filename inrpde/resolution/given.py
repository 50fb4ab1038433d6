"""What is given in a condition: its largest expressions of the coordinates that hold no unknown, and their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from sympy import Add, Derivative, Dummy, Expr, Mul, Symbol, sympify
from sympy.core.function import AppliedUndef

from inrpde.compiler.bind import Bound, BoundCondition
from inrpde.compiler.printing import RowFunction
from inrpde.declaration.integral import RegionIntegral

Array = np.ndarray
Function = Callable[[Array], list[Array]]
"""(points (N, d)) -> an array (N,) an expression"""
SOME = 0.6
"""What stands for the components of a normal, and for unknowns within functions of the coordinates, where only a given
function's variation counts."""


def given(bound: Bound, condition: BoundCondition) -> tuple[tuple[Expr, Expr], ...]:
    """The data and the coefficients of a condition that depend on the coordinates, those under derivatives too: each
    term of a sum by itself, and the sum. A function of unknowns and coordinates together, as a coefficient within
    Piecewise, is given at `SOME` values of the unknowns."""
    unknowns = [unknown.symbol for unknown in bound.unknowns]
    normal = dict.fromkeys(bound.space.normal, SOME)
    sums = {sympify(each.xreplace(normal)): None for row in condition.residuals for each in _known(row, unknowns)}
    found = {(term, each): None for each in sums for term in Add.make_args(each)}
    labels = set(condition.region.labels)
    coords = set(bound.space.coords)
    return tuple((term, each) for term, each in found if term.free_symbols & coords and not term.free_symbols & labels)


def depending(bound: Bound, condition: BoundCondition, symbols: Sequence[Symbol]) -> tuple[Expr, ...]:
    """The data and the coefficients of a condition that depend on symbols which are no coordinates."""
    unknowns = [unknown.symbol for unknown in bound.unknowns]
    normal = dict.fromkeys(bound.space.normal, SOME)
    each = {sympify(known.xreplace(normal)) for row in condition.residuals for known in _known(row, unknowns)}
    labels = set(condition.region.labels)
    found = (one for one in each if one.free_symbols & set(symbols) and not one.free_symbols & labels)
    return tuple(sorted(found, key=str))


def _known(expr: Expr, unknowns: Sequence[Expr]) -> Iterator[Expr]:
    if isinstance(expr, RegionIntegral) or not isinstance(expr, Expr) or expr in unknowns:
        return
    if not expr.has(*unknowns):
        yield expr
        return
    if isinstance(expr, Add | Mul):
        alone, rest = expr.as_independent(*unknowns, as_Add=isinstance(expr, Add))
        yield alone
        parts = rest.args if isinstance(rest, type(expr)) else (rest,)
    elif isinstance(expr, Derivative):
        parts = expr.args[:1]
    else:
        parts = expr.args
        yield expr.xreplace({node: SOME for node in expr.atoms(Derivative) if node.has(*unknowns)}).xreplace(
            dict.fromkeys(unknowns, SOME)
        )
    for part in parts:
        yield from _known(part, unknowns)


def function(bound: Bound, expressions: Sequence[Expr], symbols: Sequence[Symbol] = ()) -> Function:
    """Expressions of the coordinates and of fields as a function of points (N, d); complex where they are. The values
    of `symbols` that they depend on beside are further columns."""
    coords = bound.space.coords
    replaced: dict[Expr, tuple[Dummy, AppliedUndef, tuple[int, ...]]] = {}
    plain = []
    for expr in expressions:
        expr = expr.doit() if expr.has(Derivative) else expr
        nodes = [node for node in expr.atoms(Derivative) if isinstance(node.expr, AppliedUndef)]
        nodes += list(expr.atoms(AppliedUndef))
        for node in nodes:
            counts = dict(node.variable_count) if isinstance(node, Derivative) else {}
            field = node.expr if isinstance(node, Derivative) else node
            replaced.setdefault(node, (Dummy(), field, tuple(int(counts.get(x, 0)) for x in coords)))
        plain.append(expr.xreplace({node: symbol for node, (symbol, *_) in replaced.items()}))
    called = RowFunction(plain)

    def values(points: Array) -> list[Array]:
        env = dict(zip((*coords, *symbols), points.T, strict=True))
        for symbol, field, index in replaced.values():
            env[symbol] = bound.fields[field].jets(points[:, : len(coords)], {index})[index]
        with np.errstate(all="ignore"):
            return [np.broadcast_to(value, (len(points),)) for value in called(env)]

    return values
