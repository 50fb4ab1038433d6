"""Planted errors: problems that differ from one in a single condition, and keep its exact solution, which is none of
theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, zip_longest

import numpy as np
from sympy import Add, Derivative, Expr, Float, expand_mul
from sympy.core.symbol import Symbol

from inrpde.compiler import Form, compile_problem
from inrpde.compiler.evaluate import evaluate
from inrpde.declaration import On, Problem
from inrpde.declaration.words import words
from inrpde.discretise.fields import field_points, rms
from inrpde.errors import ProblemError
from inrpde.planted.manufacture import at, changed, inequality
from inrpde.sampling import sample
from inrpde.sampling.gauss import integration

Array = np.ndarray
MORE = 1.1
"""What a changed coefficient is multiplied by."""
SHIFT = 0.1
"""By how much a given value is shifted, of the unknown's size."""
EQUIVALENT = 1e-9
"""A change of an equation that is smaller, beside its terms, is none: the exact solution still satisfies it."""
POINTS = 200


class Change(StrEnum):
    """What was done to a condition."""

    SIGN = "a sign flipped"
    COEFFICIENT = "a coefficient changed by 10 %"
    DROPPED = "a term dropped"
    DERIVATIVE = "derivatives swapped"
    SOURCE = "the source halved"
    VALUE = "the value shifted"
    SLOPE = "a slope for a value"


@dataclass(frozen=True)
class Mutant:
    """A problem whose condition of that number was changed; `text` says how."""

    change: Change
    condition: int
    text: str
    problem: Problem


def mutants(problem: Problem, seed: int = 0) -> Iterator[Mutant]:
    """The mutants of a problem with exact solutions of all its unknowns, in random order, of each kind of change as
    many as there are while they last. Those that the exact solution satisfies are left out."""
    form = compile_problem(problem)
    rng = np.random.default_rng(seed)
    found: dict[Change, list[tuple[int, int, Expr, str]]] = {}
    for k, condition in enumerate(problem.conditions):
        if not (condition.periodic or inequality(condition)):
            for j, row in enumerate(condition.residuals):
                if row.free_symbols & set(condition.region.labels):  # measured: errors are not told from noise
                    continue
                for change, expr, text in _changes(form, condition, row):
                    found.setdefault(change, []).append((k, j, expr, text))
    kinds = [(change, [found[change][i] for i in rng.permutation(len(found[change]))]) for change in found]
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    for turn in zip_longest(*([(change, each) for each in listed] for change, listed in order)):
        for change, (k, j, expr, text) in filter(None, turn):
            condition = problem.conditions[k]
            if not equivalent(form, condition, condition.residuals[j], expr):
                residuals = [expr if i == j else row for i, row in enumerate(condition.residuals)]
                conditions = [c.with_residuals(residuals) if c is condition else c for c in problem.conditions]
                try:
                    yield Mutant(change, k, text, changed(problem, conditions=conditions))
                except ProblemError:  # nothing is left of an unknown, or of the equation
                    continue


def _changes(form: Form, condition: On, row: Expr) -> Iterator[tuple[Change, Expr, str]]:
    """What one equation may become, and in words."""
    space, unknowns = form.space, form.bound.problem.unknowns
    terms, source = _parts(form, row)
    rest = {term: row - term for term in terms}
    if source != 0:
        yield Change.SOURCE, row - source / 2, words(source, 60)
        yield Change.SIGN, row - 2 * source, words(source, 60)
    for term in terms:
        if len(terms) > 1 or source != 0:
            yield Change.SIGN, rest[term] - term, words(term, 60)
            yield Change.COEFFICIENT, rest[term] + Float(MORE) * term, words(term, 60)
            yield Change.DROPPED, rest[term], words(term, 60)
        for x, y in combinations(space.coords, 2):
            swapped = _swapped(term, x, y)
            if swapped != term:
                yield Change.DERIVATIVE, rest[term] + swapped, f"{words(term, 60)}: {x} for {y}"
    given = [u for u in unknowns if row.has(u)]
    if condition.region.dim < space.dim and not row.has(Derivative) and len(given) == 1:
        (u,) = given
        yield Change.VALUE, row - Float(SHIFT * _size(form, u)), words(row, 60)
        drawn = sample(condition.region, 4, 0)
        ends = space.time is not None and not np.ptp(drawn.points[:, -1])
        if ends or drawn.normals is not None:
            slope = space.dt(u) if ends else space.dn(u)
            yield Change.SLOPE, row.xreplace({u: slope}), words(row, 60)


def _parts(form: Form, row: Expr) -> tuple[list[Expr], Expr]:
    """The terms of an expression that have unknowns, and the sum of the others."""
    listed = Add.make_args(expand_mul(row, deep=False))
    held = [term.has(*form.bound.problem.unknowns) for term in listed]
    terms = [term for term, has in zip(listed, held, strict=True) if has]
    return terms, Add(*(term for term, has in zip(listed, held, strict=True) if not has))


def _swapped(term: Expr, x: Symbol, y: Symbol) -> Expr:
    """A term with its derivatives by x taken by y, and those by y by x."""
    other = {x: y, y: x}

    def turned(node: Derivative) -> Derivative:
        return Derivative(node.expr, *((other.get(v, v), n) for v, n in node.variable_count))

    return term.replace(lambda node: isinstance(node, Derivative), turned)


def equivalent(form: Form, condition: On, row: Expr, other: Expr) -> bool:
    """Does the exact solution leave the same of both expressions, beside the size of their terms there and inside? They
    are evaluated as they are written, by no code of the checks."""
    drawn = sample(condition.region, POINTS, 1)
    inside = field_points(form, 0, POINTS, 1)
    arrays = dict(drawn.labels)
    if drawn.normals is not None:
        arrays |= dict(zip(form.space.normal, drawn.normals.T, strict=False))
    typical = {key: np.sqrt(np.mean(np.abs(values) ** 2)) for key, values in arrays.items()}
    parts = [_parts(form, row), _parts(form, other)]
    terms = dict.fromkeys(term for listed, source in parts for term in (*listed, source))
    sizes = [rms(_evaluated(form, term, *at)) for term in terms for at in ((drawn.points, arrays), (inside, typical))]
    difference = _evaluated(form, other, drawn.points, arrays) - _evaluated(form, row, drawn.points, arrays)
    return not rms(difference) > EQUIVALENT * np.nanmax(sizes)


def _evaluated(form: Form, expr: Expr, points: Array, arrays: Mapping[Symbol, Array]) -> Array:
    """Values (N,) of an expression at points (N, d), for the exact solution."""

    def integrate(node: Expr, here: Array) -> complex:
        rule = integration(node.region, 0)
        weights = rule.weights / (rule.measure if node.mean else 1.0)
        normals = {} if rule.normals is None else dict(zip(form.space.normal, rule.normals.T, strict=False))
        return complex(np.sum(weights * _evaluated(form, node.integrand, rule.points, {**rule.labels, **normals})))

    bound = form.bound
    known = bound.known(at(bound.known(expr), bound.problem.exact))
    with np.errstate(all="ignore"):
        return evaluate(known, form.space.coords, points, bound.data, integrate=integrate, arrays=arrays)


def _size(form: Form, unknown: Expr) -> float:
    """The root mean square of an unknown."""
    points = field_points(form, form.parts(unknown.func.__name__)[0], POINTS, 1)
    return rms(_evaluated(form, unknown, points, {}))
