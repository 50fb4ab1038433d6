"""What is known of learned quantities beside the readings: conditions on them alone, and how smooth they may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from inrpde.declaration.regions.pilot import pilot_points
from inrpde.references.equations import Equation, Equations, spread
from inrpde.references.evaluate import Array
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.inverse.regularise import Penalty
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Datum, Sought

POINTS = 400
"""Points of each part of a boundary, or of a volume, on which a condition on learned fields is taken to hold: more than
they have splines there (chosen)."""
ORDERS = {1: "slopes", 2: "curvatures", 3: "third derivatives"}
"""Of derivatives that are penalised."""


def check_prior(equations: Equations) -> None:
    """Raise Unsupported for conditions on learned quantities that are not linear, or no squares."""
    for equation in (*equations.given, *equations.penalties):
        term = equations.lowering.term(equation.expr.doit(), equation.text)
        sought = {symbol for symbol, atom in term.atoms.items() if isinstance(atom, Sought)}
        if any(not isinstance(atom, Sought | Datum) for atom in term.atoms.values()):
            raise Unsupported(f"{equation.text} holds an integral of what is learned")
        if any(slope.free_symbols & sought for slope in term.slopes.values()):
            raise Unsupported(f"{equation.text} is not linear in what is learned")
        if equation.condition.norm == 1:
            raise Unsupported(f"{equation.text} has the norm 1, and least squares have squares alone")


def given(equations: Equations, parameters: Parameters) -> tuple[Array, Array]:
    """Conditions that hold exactly: E θ = g, (K, count) and (K,)."""
    return _joined([_rows(equations, parameters, each) for each in equations.given], parameters)


def penalties(equations: Equations, parameters: Parameters) -> list[Penalty]:
    """Those that may be: what the problem declares, else slopes or curvatures of all learned fields."""
    if equations.penalties:
        rows = [_rows(equations, parameters, each) for each in equations.penalties]
        return [Penalty("as declared", *_joined([_mean(*each) for each in rows], parameters))]
    if not parameters.fields:
        return [Penalty("none", np.zeros((0, parameters.count)), np.zeros(0))]
    return [_of_order(order, parameters) for order in ORDERS]


def _of_order(order: int, parameters: Parameters) -> Penalty:
    rows = []
    for number in parameters.fields:
        part = parameters.parts[number]
        root = part.roughness(order) / (abs(part.initial) or 1.0)
        whole = np.zeros((len(root), parameters.count))
        whole[:, parameters.block(number)] = root
        rows.append(whole)
    matrix = np.concatenate(rows)
    return Penalty(ORDERS[order], matrix, np.zeros(len(matrix)))


def _mean(matrix: Array, right: Array) -> tuple[Array, Array]:
    share = 1 / np.sqrt(len(right))
    return share * matrix, share * right


def _joined(rows: Sequence[tuple[Array, Array]], parameters: Parameters) -> tuple[Array, Array]:
    nothing = np.zeros((0, parameters.count)), np.zeros(0)
    matrices, rights = zip(*[nothing, *rows], strict=True)
    return np.concatenate(matrices), np.concatenate(rights)


def _rows(equations: Equations, parameters: Parameters, equation: Equation) -> tuple[Array, Array]:
    """A condition on learned quantities alone at points of its region, as a matrix (N, count) and a right side."""
    term = equations.lowering.term(equation.expr.doit(), equation.text)
    points, normals = _points(equation, equations)
    env: dict[Any, Array] = {**dict(zip(equations.space.coords, points.T, strict=True)), **normals}
    own = {}
    for symbol, atom in term.atoms.items():
        if isinstance(atom, Datum):
            env[symbol] = equations.fields[atom.field].jets(points, {atom.index})[atom.index]
        elif isinstance(atom, Sought):
            own[symbol], env[symbol] = parameters.at(atom, points), np.zeros(len(points))
    value, *slopes = (np.broadcast_to(each, (len(points),)) for each in term.tangent(env))
    matrix = np.zeros((len(points), parameters.count))
    for symbol, slope in zip(term.slopes, slopes, strict=True):
        matrix += slope[:, None] * own[symbol].toarray()
    return matrix, -np.real(value)


def _points(equation: Equation, equations: Equations) -> tuple[Array, dict[Any, Array]]:
    """Points of a region, and the components of the normal there where the condition asks for them."""
    if not equation.expr.has(*equations.space.normal):
        return spread(equation.region, POINTS), {}
    points, normals = [], []
    for part in equation.region.parts:
        found = pilot_points(part, POINTS)
        outward = part.piece.normals(found)
        if outward is None:
            raise Unsupported(f"{equation.text} has a normal where there is none")
        points.append(found)
        normals.append(outward)
    return np.concatenate(points), dict(zip(equations.space.normal, np.concatenate(normals).T, strict=False))
