"""Do equations hold where a function of the answer itself varies fast, as a reaction that sets in at one value does?

No data show where that is, and points that were drawn before the solve may all miss it: it is looked for in the answer,
as narrow data are in expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from sympy import Derivative, Expr, Integer

from inrpde import deadline
from inrpde.compiler.bind import BoundCondition
from inrpde.compiler.form import Form
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.discretise.jets import evaluate_jets, integral_values
from inrpde.discretise.operators import lowest_modes, operator, slopes
from inrpde.discretise.state import Evaluable
from inrpde.resolution import Node, nodes, searched
from inrpde.resolution.frame import frames
from inrpde.sampling.sites import Samples
from inrpde.verification.evidence.thresholds import FLUX, LOST
from inrpde.verification.finding import Finding, Kind, name, place

Array = np.ndarray
Evaluate = Callable[[Expr, Array], Array]
NEAREST, RINGS = 1e-10, 80
"""Distances from a place at which a residual is looked at, beside the extent: the smallest, and how many."""
PLACES = 16
STEPS = np.geomspace(NEAREST, 1.0, RINGS)
GRADED = np.concatenate([-STEPS[::-1], [0.0], STEPS])
"""Steps that shrink towards a place, beside the extent."""
SLOWEST = 1e12
"""How many times as long anything takes, at most."""
EVEN = np.linspace(-1.0, 1.0, 1003)
"""Even ones; 501 on each side, not a multiple of what places have for coordinates."""


def switching(
    form: Form, samples: Samples, state: Evaluable, sizes: Sequence[float], evaluate: Evaluate, error: float
) -> list[Finding]:  # fmt: skip
    """Equations on volumes that are left where functions of the answer, a state, are narrow. `sizes` are the unknowns',
    `evaluate` gives an expression of the answer at points (N, d), `error` is the estimated relative error."""
    findings = list(_integrated(form, evaluate))
    for condition, expr, every in _sought(form):
        worst, point = _left(form, condition, expr.doit(), every, evaluate)
        if point is not None:
            share = worst / max(_scale(form, condition, samples, state, sizes), 1e-300)
            if share > LOST + FLUX * error:
                findings.append(_finding(form, condition, share, point))
    return findings


def unsearched(form: Form) -> list[Finding]:
    """That there was no time to look."""
    every = [condition.text for condition, *_ in (*_sought(form), *_integrals(form))]
    text = (
        f"there was no time to see whether {every[0]} holds where functions of the answer are narrow" if every else ""
    )
    return [Finding(Kind.UNCHECKED, text, "unverified", fix="give more time")] if every else []


def _sought(form: Form) -> Iterator[tuple[BoundCondition, Expr, list[Node]]]:
    """The equations on volumes that hold functions of unknowns which may be narrow, and these."""
    for condition in form.conditions:
        if condition.region.dim < form.space.dim or condition.region.labels:
            continue
        for expr in condition.residuals:
            if every := _of_unknowns(form, expr):
                yield condition, expr, every


def _of_unknowns(form: Form, expr: Expr) -> list[Node]:
    unknowns = {unknown.symbol for unknown in form.bound.unknowns}
    return [node for node in nodes(expr) if node.argument.has(*unknowns)]


def _scale(
    form: Form, condition: BoundCondition, samples: Samples, state: Evaluable, sizes: Sequence[float]
) -> float:  # fmt: skip
    """What the operator of a condition makes of the lowest mode of the solution, at most points: a point or two in the
    narrow places, where the slopes are out of proportion, do not count (see `score.RowScore`)."""
    jets = evaluate_jets(form, samples, state)
    numbers, made = integral_values(form, samples, jets), []
    for row, at in zip(form.rows, jets.rows, strict=True):
        if row.condition == condition.index:
            usual = {s: np.median(np.abs(v)) for s, v in slopes(form, row, samples, at, numbers).items()}
            size = operator(row, samples.of(row), usual, lowest_modes(form))
            made.append(np.sqrt(sum((value * sizes[k]) ** 2 for k, value in size.items())))
    return float(max(made))


def _finding(form: Form, condition: BoundCondition, share: float, point: Array) -> Finding:
    text = (
        f"{condition.text} is left near {place(form.space.coords, point)}, where a function of the answer is narrow: "
        f"{share:.0%} of the equation is lost there, between the points"
    )
    fix = "make that function wider, or go there in steps from a wider one"
    row = next(row for row in form.rows if row.condition == condition.index)
    return Finding(
        Kind.RESIDUAL, text, "unverified", fix=fix, of=name(form, min(row.indices)), cost=min(float(share), 1.0)
    )


def _left(
    form: Form, condition: BoundCondition, residual: Expr, every: list[Node], evaluate: Evaluate
) -> tuple[float, Array | None]:  # fmt: skip
    """The largest mean of a residual's size over a line along a coordinate, through a place where functions of the
    answer may be narrow, in steps that shrink towards it; and that place, None where there is none. Where rates do not
    follow from the rest of an equation, what passes in a time t takes t times as long as they are too large."""
    worst, at, rest = 0.0, None, _without_rates(form, residual)

    def size(points: Array) -> Array:
        left = evaluate(residual, points)
        if rest is None:
            return left
        others = evaluate(rest, points)
        return left * np.clip(np.abs(left - others) / np.maximum(np.abs(others), 1e-300), 1.0, SLOWEST)

    for seed, k in _places(condition.region, every, evaluate):
        mean = _mean(size, condition.region, seed, k, GRADED)
        if mean > worst:
            worst, at = mean, seed
    return worst, at


def _integrals(form: Form) -> Iterator[tuple[BoundCondition, RegionIntegral, list[Node]]]:
    """Integrals in conditions of functions of unknowns which may be narrow, and these."""
    for condition in form.conditions:
        for expr in condition.residuals:
            for each in sorted(expr.atoms(RegionIntegral), key=str):
                if every := _of_unknowns(form, each.integrand):
                    yield condition, each, every


def _integrated(form: Form, evaluate: Evaluate) -> Iterator[Finding]:
    """Integrals of functions that are narrow in the answer: on some line through them steps that shrink towards it give
    another mean than points all along it, as rules have."""
    for condition, integral, every in _integrals(form):
        integrand = partial(evaluate, integral.integrand.doit())
        for seed, k in _places(integral.region, every, evaluate):
            one, other = (_mean(integrand, integral.region, seed, k, offsets) for offsets in (GRADED, EVEN))
            share = abs(one - other) / max(one, other, 1e-300)
            if share > LOST:
                text = (
                    f"{condition.text}: near {place(form.space.coords, seed)} what is integrated is a function of the "
                    f"answer that is narrow, and the rule for the integral loses {share:.0%} of it on a line through it"
                )
                fix = "make that function wider, or go there in steps from a wider one"
                yield Finding(Kind.RESIDUAL, text, "unverified", fix=fix, cost=share)
                break


def _places(region: Region, every: Sequence[Node], evaluate: Evaluate) -> Iterator[tuple[Array, int]]:
    """Where functions of the answer may be narrow, each with every coordinate in which the region has an extent."""
    along = np.flatnonzero(region.bounds[1] > region.bounds[0])
    for frame in frames(region):
        found = searched(frame, every, [partial(evaluate, node.argument) for node in every])
        for seed in np.concatenate(found)[:PLACES] if found else ():
            for k in along:
                deadline.turn()
                yield seed, int(k)


def _mean(size: Callable[[Array], Array], region: Region, seed: Array, k: int, offsets: Array) -> float:
    """Of the size of something on the line through a place along a coordinate, at offsets beside the extent."""
    lo, hi = (end[k] for end in region.bounds)
    points = np.tile(seed, (len(offsets), 1))
    points[:, k] += (hi - lo) * offsets
    points = points[(points[:, k] >= lo) & (points[:, k] <= hi) & region.contains(points)]
    values = np.abs(size(points)) if len(points) else np.zeros(0)
    return float(np.trapezoid(np.nan_to_num(values), points[:, k])) / (hi - lo)


def _without_rates(form: Form, residual: Expr) -> Expr | None:
    """A residual without its highest derivatives along the coordinate in which a solution evolves; None where it does
    not, or has none."""
    if form.evolves is None:
        return None
    along = form.space.coords[form.evolves.axis]
    orders = {each: each.variables.count(along) for each in residual.atoms(Derivative)}
    highest = max(orders.values(), default=0)
    return residual.xreplace({each: Integer(0) for each, n in orders.items() if n == highest}) if highest else None
