"""Evaluate expressions of fields at points: what `Solution.evaluate` and the checks of exact solutions need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    expr = _bind(sympify(expr), values or {})
    expr = expr.xreplace({s: x for s in expr.free_symbols for x in coords if s.name == x.name})
    replaced: dict[Expr, Dummy] = {}
    env: dict[Symbol, Any] = dict(zip(coords, points.T, strict=True)) | dict(arrays or {})
    for node in outermost(expr):
        replaced[node] = Dummy()
        env[replaced[node]] = integrate(node, points) if integrate else np.nan
    expr = expr.xreplace(replaced)
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
    for name, nodes in wanted.items():
        found = fields[name](points, set(nodes.values()))
        env |= {jets[node]: found[index] for node, index in nodes.items()}
    rest = rest.xreplace(jets)
    strays = sorted(rest.free_symbols - env.keys(), key=str)
    if strays:
        known = ", ".join([*map(str, coords), *fields, *(values or {})])
        raise UsageError(f"the symbol {strays[0]} is unknown", words(expr), f"known are {known}")
    (value,) = RowFunction([rest], expr)(env)
    return np.array(np.broadcast_to(value, (len(points),)))


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


def _name(f: Expr, fields: Mapping[str, Derivatives]) -> str:
    if not isinstance(f, AppliedUndef) or f.func.__name__ not in fields:
        raise UsageError(f"{words(f)} is not a field of this solution", words(f), f"its fields are {', '.join(fields)}")
    return f.func.__name__
