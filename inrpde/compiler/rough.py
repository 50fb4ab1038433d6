"""Which coefficients jump: functions of the coordinates that may, and data that do between cells."""

from __future__ import annotations

from functools import lru_cache

from sympy import (
    Derivative,
    DiracDelta,
    Expr,
    Heaviside,
    Integer,
    Mod,
    Piecewise,
    Subs,
    ceiling,
    floor,
    frac,
    preorder_traversal,
    sign,
)  # fmt: skip
from sympy.core.function import AppliedUndef

from inrpde.compiler.bind import Bound
from inrpde.declaration.fields import GridField, MeshField

JUMPING = (Piecewise, Heaviside, sign, floor, ceiling, frac, Mod)
"""Functions of sympy that may jump."""


def steps(field: GridField | MeshField) -> bool:
    """Do data jump between the places where they are given?"""
    return field.steps


def rough(bound: Bound, expr: Expr) -> list[Expr]:
    """What may jump in an expression: the outermost functions that do, and data, in the order in which they stand."""
    data = {key for key, field in bound.fields.items() if steps(field)}
    found: dict[Expr, None] = {}
    nodes = preorder_traversal(expr)
    for node in nodes:
        if isinstance(node, JUMPING) or node in data:
            found[node] = None
            nodes.skip()
    return list(found)


def loses_fluxes(bound: Bound, expr: Expr) -> bool:
    """Does something that may jump stand under a derivative? What is concentrated there is in no residual at points."""
    return any(rough(bound, node.expr) for node in expr.atoms(Derivative) if isinstance(node.expr, Expr))


@lru_cache(maxsize=256)
def worked_out(expr: Expr) -> tuple[Expr, bool]:
    """An expression with its derivatives worked out, but for what is concentrated where a known function jumps; and
    whether there is such."""
    expr = expr.replace(Mod, lambda value, unit: value - unit * floor(value / unit))
    done = expr.replace(frac, lambda value: value - floor(value)).doit()
    kept = done.replace(_concentrated, lambda _: Integer(0))
    return kept, kept != done


def _concentrated(node: Expr) -> bool:
    """A Dirac, or a derivative of what is constant between jumps, which sympy does not know."""
    steps = isinstance(node, Derivative) and node.has(floor, ceiling) and not node.has(AppliedUndef)
    return steps or isinstance(node, DiracDelta) or (isinstance(node, Subs) and node.expr == 0)
