"""Where an expression can vary fast, from its own structure: places from which adaptive boxes begin.

The functions that make data narrow (exp, tanh, Heaviside, negative powers, …) have arguments that vary slowly. The
places are where an argument vanishes, is largest or smallest; a few steps of Newton's method from points all over the
region find these, even where the function itself underflows to zero at each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import (
    Abs,
    Expr,
    I,
    Max,
    Min,
    Mod,
    Piecewise,
    Pow,
    Rational,
    ceiling,
    exp,
    floor,
    log,
    pi,
    postorder_traversal,
    sign,
    sin,
)
from sympy.core.function import AppliedUndef
from sympy.core.function import Function as SympyFunction
from sympy.core.relational import Relational

from inrpde import deadline
from inrpde.compiler.bind import Bound
from inrpde.declaration.fields import GridField, MeshField
from inrpde.resolution.frame import Frame
from inrpde.resolution.given import function

Array = np.ndarray
Argument = Callable[[Array], Array]
"""(unit (…, dim)) -> (…)"""
Values = Callable[[Array], Array]
"""(points (N, d)) -> (N,)"""
STARTS, STEPS = 24, 40
"""Points from which the places are looked for, and the steps from each."""
FEW = 12
"""Places of a kind that are followed, about, where they are many."""
SAMPLES = 256
"""Points on which an argument's range is looked at."""
RANGE = 20.0
"""A function whose argument varies less on the whole region varies on no length below about 3 % of it."""
RATIO = 30.0
"""So do powers of what varies by a smaller factor."""
STEEP = 20
"""A power that is higher is narrow where its base is largest, like an exponential; a negative one where it is
smallest."""
HALF = Rational(1, 2)
SPARE = 3.0
"""How much more an argument may vary than it does on points all over the region."""
DIFFERENCE = 1e-5
"""The step of differences, in the unit cube."""
ROUNDING = 1e-15
"""Gains that are smaller, beside the range, are none."""
NEAR = 0.05
"""Places count beside the best where the target lacks so much of its range."""
LARGEST = 1e100
"""Arguments are cut off there."""
OPAQUE = 8
"""Nodes of a field on a grid where it is largest, and where it steps most, along each axis."""
ALONG = 32
"""Nodes and cells where one is steepest: a line of such may go through many boxes."""
FURTHER, FAINT = 8, 1e-3
"""Places each along what is steep there, and what one steep side of a node counts beside two."""


@dataclass(frozen=True)
class Node:
    """A function in an expression: its argument, and whether it may be narrow where that is largest, where its absolute
    value is smallest, or where it vanishes."""

    argument: Expr
    kind: str


def nodes(expr: Expr) -> list[Node]:
    """The functions that can be narrow, inner ones first."""
    return list(dict.fromkeys(_nodes(expr)))


def _nodes(expr: Expr) -> Iterator[Node]:
    for node in postorder_traversal(expr):
        if isinstance(node, exp):
            yield Node(node.args[0], "exp")
            if node.args[0].has(I):
                yield Node(-I * node.args[0], "function")
        elif isinstance(node, Pow) and (not node.exp.is_number or (node.exp.is_real and abs(node.exp) > STEEP)):
            yield Node(node.exp * log(Abs(node.base)), "exp")
        elif isinstance(node, Pow) and not node.base.is_number and not (node.exp.is_Integer and node.exp > 0):
            yield Node(1 / node if node.exp < -2 else node.base, "power")
        elif isinstance(node, Relational):
            yield Node(_middle(node.lhs - node.rhs), "jump")
        elif isinstance(node, sympy.Heaviside | sign):
            yield Node(node.args[0], "jump")
        elif isinstance(node, floor | ceiling):
            yield Node(sin(pi * node.args[0]), "jump")
        elif isinstance(node, Mod):
            yield Node(sin(pi * node.args[0] / node.args[1]), "jump")
        elif isinstance(node, Max | Min):
            first, *others = node.args
            yield from (Node(first - other, "kink") for other in others)
        elif isinstance(node, Abs):
            yield Node(node.args[0], "kink")
        elif isinstance(node, log):
            yield Node(node.args[0], "power")
        elif isinstance(node, sympy.atan2):
            y, x = node.args
            if y.is_number or x.is_number:  # as narrow as that is small; an angle about a point is not
                yield Node(y / x if x.is_number else x / y, "function")
        elif isinstance(node, SympyFunction) and not isinstance(node, AppliedUndef | Piecewise):
            yield from (Node(each, "function") for each in node.args if not each.is_number)


def _middle(expr: Expr) -> Expr:
    """With what lies in the middle of a step of `floor` or `ceiling` in place of these: they are constant nearly
    everywhere, and nothing leads to the step where they have a value."""
    return expr.replace(floor, lambda each: each - HALF).replace(ceiling, lambda each: each + HALF)


def seeds(bound: Bound, frame: Frame, expr: Expr) -> Array:
    """Points (N, d) of a part of a region about which the expression may vary fast; none where it cannot."""
    coords = set(bound.space.coords)
    every = [node for node in nodes(expr) if set() < node.argument.free_symbols <= coords]  # not what a sum binds
    found = searched(frame, every, [_alone(bound, node.argument) for node in every])
    found += _of_fields(bound, frame, expr)
    return np.concatenate(found) if found else np.zeros((0, bound.space.dim))


def _alone(bound: Bound, expr: Expr) -> Values:
    called = function(bound, [expr])
    return lambda points: called(points)[0]


def searched(frame: Frame, every: Sequence[Node], arguments: Sequence[Values]) -> list[Array]:
    """Points (N, d) of a part of a region about which each of these functions may vary fast, by what gives the argument
    of each at points."""
    spread = frame.spread(SAMPLES)
    if not len(spread) or not every:
        return []
    with np.errstate(all="ignore"):
        return _found(frame, spread, every, arguments)


def _found(frame: Frame, spread: Array, every: Sequence[Node], arguments: Sequence[Values]) -> list[Array]:
    starts = spread[:: max(len(spread) // STARTS, 1)]
    found: list[Array] = []
    within = np.ones(len(every))  # how much what functions within an argument are of varies, one after the other
    for number, node in enumerate(every):
        inner = [k for k in range(number) if node.argument.has(every[k].argument)]
        steep = float(within[inner].max(initial=1.0))

        def argument(unit: Array, number: int = number) -> Array:
            shape = unit.shape[:-1]
            value = arguments[number](frame.at(unit.reshape(-1, frame.dim)))
            return np.clip(np.nan_to_num(np.real(value).astype(float)), -LARGEST, LARGEST).reshape(shape)

        begin = np.concatenate([starts, *found])
        values = argument(np.concatenate([spread, *found]))
        if node.kind in ("exp", "function"):
            within[number] = steep * max(float(np.ptp(values)), 1.0)
        if not _fast(node, values, steep, SPARE):
            continue
        target = _target(node, argument, values)
        top = begin[:0] if target is None else _polished(frame, begin, target)
        zeros = _zeros(frame, np.concatenate([begin, top]), argument)
        if not _fast(node, np.concatenate([values, argument(top), argument(zeros)]), steep):
            continue
        if target is not None:
            found.append(_best(top, target(top)))
        found += [zeros, _steepest(spread, argument)]
    found = [_apart(unit) for unit in found]
    return [frame.at(unit) for unit in found if len(unit)]


def _target(node: Node, argument: Argument, values: Array) -> Argument | None:
    """What is to be largest at a node's places beside those where its argument vanishes, as it does between values (N,)
    of both signs."""
    if node.kind == "exp":
        return argument
    if values.min() <= 0 <= values.max():
        return None
    if node.kind in ("jump", "kink"):  # it may change its sign in between
        return argument if values.max() < 0 else lambda unit: -argument(unit)
    return lambda unit: -np.abs(argument(unit))


def _fast(node: Node, values: Array, steep: float, spare: float = 1.0) -> bool:
    """May the function of these values of its argument, itself `steep` times as fast as coordinates, vary on a
    small part of the region? With `spare` there may be values beyond these."""
    if node.kind in ("jump", "kink") and spare > 1:
        return True
    if node.kind == "jump":
        return bool(values.min() <= 0 <= values.max())
    if node.kind == "kink":  # a kink alone is not narrow, but what lies between two may be
        above, below = max(values.max(), 0.0), max(-values.min(), 0.0)
        return bool(0 < RATIO * min(above, below) < max(above, below))
    if node.kind == "power":
        return bool(spare**2 * steep * np.abs(values).max() > RATIO * np.abs(values).min())
    return bool(spare * steep * np.ptp(values) > RANGE)


def _best(unit: Array, values: Array) -> Array:
    """The places where the target is nearly as large as anywhere."""
    top = values.max()
    return unit[values >= top - NEAR * max(np.ptp(values), 1e-300)]


def _apart(unit: Array) -> Array:
    """Those that differ, some of them where they are many."""
    _, first = np.unique(np.round(unit, 12), axis=0, return_index=True)
    return unit[np.sort(first)[:: max(len(first) // FEW, 1)]]


def _steepest(unit: Array, argument: Argument) -> Array:
    slope, _ = _derivatives(unit, argument, second=False)
    return unit[np.argsort(-np.linalg.norm(slope, axis=1))[:2]]


def _polished(frame: Frame, unit: Array, target: Argument) -> Array:
    """Where the target is largest, by Newton's method with the absolute curvatures, from each of the starts (N, dim);
    steps that leave the region or gain nothing are halved."""
    value, length = target(unit), np.ones(len(unit))
    size = np.ptp(value)
    for _ in range(STEPS):
        deadline.turn()
        slope, bend = _derivatives(unit, target)
        held = ((unit <= 0) & (slope < 0)) | ((unit >= 1) & (slope > 0))
        slope = np.where(held, 0.0, slope)
        curvature, axes = np.linalg.eigh(bend)
        along = np.einsum("nij,ni->nj", axes, slope)
        step = along / np.maximum(np.abs(curvature), np.linalg.norm(slope, axis=1)[:, None] + 1e-300)
        moved = np.clip(unit + length[:, None] * np.einsum("nij,nj->ni", axes, step), 0, 1)
        new = target(moved)
        gains = (new > value) & frame.holds(frame.at(moved))
        settled = (length < 1e-8) | (np.abs(new - value) <= ROUNDING * size)
        unit, value = np.where(gains[:, None], moved, unit), np.where(gains, new, value)
        length = np.where(gains, np.minimum(2 * length, 1.0), length / 4)
        if settled.all():
            break
    return unit


def _zeros(frame: Frame, unit: Array, argument: Argument) -> Array:
    """Where the argument vanishes, by Newton's method along its gradient."""
    value, length = argument(unit), np.ones(len(unit))
    size = max(float(np.ptp(value)), 1e-300)
    for _ in range(STEPS):
        deadline.turn()
        slope, _ = _derivatives(unit, argument, second=False)
        step = -value[:, None] * slope / np.maximum((slope**2).sum(axis=1), 1e-300)[:, None]
        moved = np.clip(unit + length[:, None] * step, 0, 1)
        new = argument(moved)
        gains = (np.abs(new) < np.abs(value)) & frame.holds(frame.at(moved))
        unit, value = np.where(gains[:, None], moved, unit), np.where(gains, new, value)
        length = np.where(gains, np.minimum(2 * length, 1.0), length / 4)
        if ((length < 1e-8) | (value == 0)).all():
            break
    return unit[np.abs(value) <= 1e-9 * size]


def _derivatives(unit: Array, target: Argument, second: bool = True) -> tuple[Array, Array]:
    """First (N, dim) and second (N, dim, dim) derivatives by differences that stay in the unit cube."""
    n, dim = unit.shape
    middle = np.clip(unit, DIFFERENCE, 1 - DIFFERENCE)
    shifts = DIFFERENCE * np.eye(dim)
    pairs = [(i, j) for i in range(dim) for j in range(i)] if second else []
    moves = [np.zeros(dim), *shifts, *-shifts]
    moves += [a * shifts[i] + b * shifts[j] for i, j in pairs for a in (1, -1) for b in (1, -1)]
    values = target(middle[None] + np.array(moves)[:, None])
    ahead, behind = values[1 : dim + 1], values[dim + 1 : 2 * dim + 1]
    slope = ((ahead - behind) / (2 * DIFFERENCE)).T
    bend = np.zeros((n, dim, dim))
    if second:
        bend[:, range(dim), range(dim)] = ((ahead + behind - 2 * values[0]) / DIFFERENCE**2).T
        for number, (i, j) in enumerate(pairs):
            a, b, c, d = values[2 * dim + 1 + 4 * number :][:4]
            bend[:, i, j] = bend[:, j, i] = (a - b - c + d) / (4 * DIFFERENCE**2)
        slope = slope + np.einsum("nij,nj->ni", bend, unit - middle)
    return slope, bend


def _of_fields(bound: Bound, frame: Frame, expr: Expr) -> list[Array]:
    """Nodes of the fields in an expression where they are steepest, differ most from their mean, and step most; from
    steep ones on along what is narrow there."""
    found: list[Array] = []
    for key in expr.atoms(AppliedUndef):
        field = bound.fields.get(key)
        if isinstance(field, GridField):
            found += _of_grid(field)
        elif isinstance(field, MeshField) and field.on == "nodes":
            for points in _of_nodes(field):  # at the start of a time
                begun = np.broadcast_to(frame.lo[points.shape[1] :], (len(points), len(frame.lo) - points.shape[1]))
                found.append(np.column_stack([points, begun]))
    return found


def _of_grid(field: GridField) -> Iterator[Array]:
    def at(index: Sequence[Array]) -> Array:
        return np.column_stack([axis[i] for axis, i in zip(field.axes, index, strict=True)])

    every = [np.abs(np.diff(field.values, axis=k)) for k in range(field.values.ndim)]
    rng = np.random.default_rng(0)
    for k, (axis, steps) in enumerate(zip(field.axes, every, strict=True)):
        slopes = np.moveaxis(steps, k, -1) / np.diff(axis)
        sides = np.zeros((2, *slopes.shape[:-1], len(axis)))
        sides[0, ..., :-1] = sides[1, ..., 1:] = slopes
        both = np.moveaxis(np.sqrt(sides[0] * sides[1]) + FAINT * sides.max(axis=0), -1, k)  # a narrow pixel, or a hat
        index = np.array(np.unravel_index(_most(both, ALONG), both.shape))
        index = np.repeat(index, -(-ALONG * FURTHER // index.shape[1]), axis=1)
        points = at(list(index))
        for j, other in enumerate(field.axes):
            ahead = other[np.minimum(index[j] + 1, len(other) - 1)] - other[index[j]]
            points[:, j] += ahead * rng.random(len(points)) * (j != k)
        yield points
    for size in (np.abs(field.values - field.values.mean()), *every):
        yield at(np.unravel_index(_most(size, OPAQUE), size.shape))


def _of_nodes(field: MeshField) -> Iterator[Array]:
    nodes, cells = field.mesh.nodes, field.mesh.cells
    edges, steps = nodes[cells[:, 1:]] - nodes[cells[:, :1]], field.values[cells[:, 1:]] - field.values[cells[:, :1]]
    steep = np.linalg.norm(np.linalg.solve(edges, steps[:, :, None]), axis=(1, 2))
    count = np.bincount(cells.ravel(), minlength=len(nodes))
    around = np.bincount(cells.ravel(), np.repeat(steep, cells.shape[1]), len(nodes)) / np.maximum(count, 1)
    chosen = cells[_most(steep, ALONG)]
    order = np.argsort(-around[chosen], axis=1, kind="stable")
    ends = nodes[np.take_along_axis(chosen, order[:, :2], axis=1)]
    for share in np.arange(FURTHER) / FURTHER:
        yield (1 - share) * ends[:, 0] + share * ends[:, 1]
    yield nodes[_most(np.abs(field.values - field.values.mean(axis=0)), OPAQUE)]


def _most(sizes: Array, count: int) -> Array:
    """The numbers of so many of the largest, all over the place where more are about as large."""
    order = np.argsort(-sizes, axis=None, kind="stable")
    near = int(np.sum(sizes >= (1 - NEAR) * sizes.max()))
    return np.sort(order[:near])[:: -(-near // count)] if near > count else order[:count]
