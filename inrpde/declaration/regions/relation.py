"""Sympy relations of the coordinates as predicates on arrays of points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sympy import And, Contains, Eq, Expr, Ge, Gt, Le, Lt, MatrixBase, Ne, Or, Symbol, lambdify, sympify, to_nnf
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanAtom

from inrpde.declaration.words import words
from inrpde.errors import ProblemError

Array = np.ndarray
_WRITE = "write Eq(x, 0), x < 1, Or(…), And(…), of coordinates and numbers"
ROUNDING = 1e-3
"""The share of the slack in which a strict inequality takes two sides for equal."""


@dataclass(frozen=True)
class Relation:
    """A relation as a tree of And and Or over atoms lhs ∘ rhs; `gaps` gives every lhs - rhs at once."""

    tree: Boolean
    coords: tuple[Symbol, ...]
    atoms: tuple[Relational, ...]
    gaps: Callable[..., list[Any]]

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle holds the tree, and compiles it anew."""
        return _compile, (self.tree, self.coords)

    @cached_property
    def ranges(self) -> tuple[tuple[int, float, float], ...]:
        """(axis, least, most) of each condition on one coordinate alone that must hold: x < 1, Eq(y, 0)."""
        conditions = self.tree.args if isinstance(self.tree, And) else (self.tree,)
        return tuple(found for condition in conditions if (found := _range(condition, self.coords)))

    @property
    def is_box(self) -> bool:
        """Whether the relation says no more than that coordinates lie in ranges."""
        return len(self.ranges) == (len(self.tree.args) if isinstance(self.tree, And) else 1)

    def holds(self, points: Array, slack: Callable[[Relational], float], closed: bool = False) -> Array:
        """bool (N,): equalities to within the atom's slack, ≤ and ≥ relaxed by as much, < and > false at equality, or
        relaxed like the others where the relation's closure is meant."""
        with np.errstate(all="ignore"):
            gaps = self.gaps(*points.T)
        values = {
            atom: _holds(atom, np.broadcast_to(gap, len(points)), slack(atom), closed)
            for atom, gap in zip(self.atoms, gaps, strict=True)
        }
        return _fold(self.tree, values, len(points))


def _range(condition: Boolean, coords: tuple[Symbol, ...]) -> tuple[int, float, float] | None:
    if isinstance(condition, Relational) and condition.rhs in coords:
        condition = condition.reversed
    if not isinstance(condition, (Eq, Le, Lt, Ge, Gt)) or condition.lhs not in coords or not condition.rhs.is_number:
        return None
    value = float(condition.rhs)
    least = -np.inf if isinstance(condition, (Le, Lt)) else value
    most = np.inf if isinstance(condition, (Ge, Gt)) else value
    return coords.index(condition.lhs), least, most


def _holds(atom: Relational, gap: Array, slack: float, closed: bool) -> Array:
    if isinstance(atom, (Le, Lt)):
        return gap <= slack if closed or isinstance(atom, Le) else gap < -ROUNDING * slack
    if isinstance(atom, (Ge, Gt)):
        return gap >= -slack if closed or isinstance(atom, Ge) else gap > ROUNDING * slack
    return np.abs(gap) > slack if isinstance(atom, Ne) else np.abs(gap) <= slack


def _fold(node: Boolean, values: dict[Relational, Array], count: int) -> Array:
    if isinstance(node, (And, Or)):
        combine = np.logical_and if isinstance(node, And) else np.logical_or
        return combine.reduce([_fold(arg, values, count) for arg in node.args])
    if isinstance(node, BooleanAtom):
        return np.full(count, bool(node))
    return values[node]


def as_relation(relation: Any, place: str) -> Boolean:
    """A relation, or a truth value that sympy has made of one. Raises ProblemError for anything else."""
    if not isinstance(relation, (Boolean, bool, np.bool_)):
        raise ProblemError(f"{words(relation)} is not a relation that can hold or fail", place, _WRITE)
    return sympify(bool(relation)) if isinstance(relation, np.bool_) else sympify(relation)


def compile_relation(relation: Boolean, coords: tuple[Symbol, ...], place: str) -> Relation:
    """Compile a relation of the coordinates. Raises ProblemError for what is no relation, has other symbols or fields,
    or cannot be evaluated."""
    try:
        inside = relation.replace(
            lambda node: isinstance(node, Contains), lambda node: node.args[1].as_relational(node.args[0])
        )
    except (AttributeError, ValueError, TypeError, NotImplementedError):  # what sympy raises for sets without one
        raise ProblemError(f"{words(relation)} asks for a set that no relation describes", place, _WRITE) from None
    tree = to_nnf(inside, simplify=False)
    for leaf in _leaves(tree):
        sides = leaf.args if isinstance(leaf, Relational) else ()
        if not isinstance(leaf, (Relational, BooleanAtom)) or not all(_is_scalar(side) for side in sides):
            raise ProblemError(f"{words(leaf)} is not a relation of the coordinates", place, _WRITE)
    for symbol in sorted(tree.atoms(AppliedUndef) | (tree.free_symbols - set(coords)), key=str):
        kind = "field" if isinstance(symbol, AppliedUndef) else "symbol"
        raise ProblemError(
            f"the relation {words(relation)} has the {kind} {words(symbol)}, which is not a coordinate of the region",
            place, f"its coordinates are {', '.join(map(str, coords))}: take the symbols from space.coords",
        )  # fmt: skip
    try:
        compiled = _compile(tree, coords)
        compiled.holds(np.full((2, len(coords)), 0.5), lambda atom: 0.0)
    except (TypeError, ValueError, OverflowError, NameError, NotImplementedError) as error:
        raise ProblemError(
            f"the relation {words(relation)} cannot be evaluated: {str(error).splitlines()[0]}", place, _WRITE
        ) from None
    return compiled


def _is_scalar(side: Any) -> bool:
    return isinstance(side, Expr) and not isinstance(side, MatrixBase) and not getattr(side, "is_Matrix", False)


@lru_cache(maxsize=1024)
def _compile(tree: Boolean, coords: tuple[Symbol, ...]) -> Relation:
    atoms = tuple(sorted({leaf for leaf in _leaves(tree) if isinstance(leaf, Relational)}, key=str))
    sides = [atom.lhs - atom.rhs for atom in atoms]
    gaps = lambdify(coords, sides, modules=["numpy", "scipy"], cse=True, docstring_limit=0)
    return Relation(tree, coords, atoms, gaps)


def _leaves(node: Boolean) -> list[Boolean]:
    return [leaf for arg in node.args for leaf in _leaves(arg)] if isinstance(node, (And, Or)) else [node]
