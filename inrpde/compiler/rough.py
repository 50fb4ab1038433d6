"""Which coefficients jump: functions of the coordinates that may, and data that do between cells."""

from __future__ import annotations

from sympy import Derivative, Expr, Heaviside, Mod, Piecewise, ceiling, floor, frac, preorder_traversal, sign

from inrpde.compiler.bind import Bound
from inrpde.declaration.fields import GridField, MeshField

JUMPING = (Piecewise, Heaviside, sign, floor, ceiling, frac, Mod)
"""Functions of sympy that may jump."""


def steps(field: GridField | MeshField) -> bool:
    """Do data jump between the places where they are given?"""
    return field.on == "cells" if isinstance(field, MeshField) else field.method == "nearest"


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
