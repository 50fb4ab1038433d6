"""Evaluate expressions of fields at points: what `Solution.evaluate` and the checks of exact solutions need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Derivative, Dummy, Expr, MatrixBase, Symbol, sympify
from sympy.core.function import AppliedUndef

from inrpde.compiler.bind import Bound, Derivatives
from inrpde.compiler.lower import outermost
from inrpde.compiler.printing import RowFunction
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.words import words
from inrpde.errors import UsageError

Array = np.ndarray


def evaluate(
    expr: Any, coords: Sequence[Symbol], points: Array, fields: Mapping[str, Derivatives],
    values: Mapping[str, Any] | None = None, integrate: Callable[[RegionIntegral, Array], Any] | None = None,
    arrays: Mapping[Symbol, Array] | None = None,
) -> Array:  # fmt: skip
    """Values (N,) of an expression at points (N, d); of a Matrix of k entries (N, k).

    Symbols and functions are known by their names, whatever their assumptions. `fields` maps names to functions that
    give jets, {multi-index: (N,)}; `values` binds further expressions and numbers by name; `integrate` evaluates
    integrals over regions (at the points, where they vary); `arrays` gives further symbols (normals). Raises UsageError
    for what is no expression, and for names that are neither.
    """
    if isinstance(expr, (MatrixBase, list, tuple)) and len(expr):
        return np.stack([evaluate(e, coords, points, fields, values, integrate, arrays) for e in expr], axis=1)
    if not isinstance(expr, (Expr, int, float, complex)):
        raise UsageError(
            f"{words(expr)} is not an expression", words(expr), "give a sympy expression, space.grad(u) for one"
        )
    bindings = tuple((name, sympify(value)) for name, value in (values or {}).items())
    made = _prepared(sympify(expr), tuple(coords), tuple(fields), bindings, frozenset(arrays or ()))
    env: dict[Symbol, Any] = dict(zip(coords, points.T, strict=True)) | dict(arrays or {})
    for node, symbol in made.integrals.items():
        env[symbol] = integrate(node, points) if integrate else np.nan
    for name, jets in made.jets.items():
        found = fields[name](points, set(jets.values()))
        env |= {symbol: found[index] for symbol, index in jets.items()}
    (value,) = made.called(env)
    return np.array(np.broadcast_to(value, (len(points),)))


@dataclass(frozen=True, eq=False)
class Prepared:
    """An expression as a function of numbers: symbols stand for the integrals in it, and by field for its jets."""

    called: RowFunction
    integrals: Mapping[Expr, Dummy]
    jets: Mapping[str, Mapping[Dummy, tuple[int, ...]]]


@lru_cache(maxsize=256)
def _prepared(
    expr: Expr, coords: tuple[Symbol, ...], fields: tuple[str, ...], bindings: tuple[tuple[str, Expr], ...],
    further: frozenset[Symbol],
) -> Prepared:  # fmt: skip
    """What does not depend on points: it takes longer than a few thousand of them."""
    expr = _bind(expr, dict(bindings))
    expr = expr.xreplace({s: x for s in expr.free_symbols for x in coords if s.name == x.name})
    integrals = {node: Dummy() for node in outermost(expr)}
    expr = expr.xreplace(integrals)
    expr = expr.doit() if expr.has(Derivative) else expr
    wanted: dict[str, dict[Expr, tuple[int, ...]]] = {}
    for node in expr.atoms(Derivative):
        counts = dict.fromkeys(coords, 0)
        for x, n in node.variable_count:
            if x not in counts or not n.is_Integer:
                raise UsageError(
                    f"a derivative with respect to {x} of order {n}",
                    words(node),
                    f"coordinates: {', '.join(map(str, coords))}",
                )
            counts[x] += int(n)
        wanted.setdefault(_name(node.expr, fields), {})[node] = tuple(counts.values())
    jets: dict[Expr, Dummy] = {node: Dummy() for group in wanted.values() for node in group}
    rest = expr.xreplace(jets)
    for node in rest.atoms(AppliedUndef):
        wanted.setdefault(_name(node, fields), {})[node] = (0,) * len(coords)
        jets[node] = Dummy()
    rest = rest.xreplace(jets)
    strays = sorted(rest.free_symbols - {*coords, *further, *integrals.values(), *jets.values()}, key=str)
    if strays:
        known = ", ".join([*map(str, coords), *fields, *(name for name, _ in bindings)])
        raise UsageError(f"the symbol {strays[0]} is unknown", words(expr), f"known are {known}")
    by_field = {name: {jets[node]: index for node, index in nodes.items()} for name, nodes in wanted.items()}
    return Prepared(RowFunction([rest], expr), integrals, by_field)


def known(bound: Bound, expr: Expr, points: Array) -> Array:
    """Values (N,) of a known expression (an exact solution, a guess, a coefficient) at points (N, d)."""
    return evaluate(bound.known(expr), bound.space.coords, points, bound.data)


def _bind(expr: Expr, values: Mapping[str, Any]) -> Expr:
    for _ in range(len(values) + 1):
        found = {
            atom: sympify(values[_label(atom)]) for atom in expr.atoms(AppliedUndef, Symbol) if _label(atom) in values
        }
        if not found:
            return expr
        expr = expr.xreplace(found)
    return expr


def _label(atom: Expr) -> str:
    return atom.name if isinstance(atom, Symbol) else atom.func.__name__


def _name(f: Expr, fields: Sequence[str]) -> str:
    if not isinstance(f, AppliedUndef) or f.func.__name__ not in fields:
        raise UsageError(f"{words(f)} is not a field of this solution", words(f), f"its fields are {', '.join(fields)}")
    return f.func.__name__
