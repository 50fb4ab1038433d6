"""Manufactured solutions: a problem whose solution is known, with the operators, regions and coefficients of another.

Every condition C_m(a, Φ, ∇Φ, …) = 0 becomes C_m(a, Φ, …) = C_m(a, Φ*, …), for a smooth random Φ*. Periodicity and
inequalities stay as they are, and Φ* keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from sympy import Derivative, Expr, Float, Heaviside, I, Piecewise, S, Symbol, exp, pi, sign, sin
from sympy.core.function import AppliedUndef
from sympy.core.relational import Eq, Relational

from inrpde.compiler import Form, compile_problem
from inrpde.compiler.evaluate import known
from inrpde.declaration import Learned, MeshField, On, Problem
from inrpde.declaration.space import is_complex
from inrpde.discretise.fields import field_points, rms
from inrpde.errors import ProblemError
from inrpde.sampling.extent import bounds
from inrpde.verification.checks.validate import validate

LEVELS = ((0.0, 1.0), (2.0, 1.0), (0.5, 0.3), (-2.0, 1.0), (0.0, 0.1))
"""The middle and the half width of the values of Φ*, in the order of trying: any, positive, in (0, 1), negative."""
WAVES, GROWTH = (1.0, 3.0), (0.3, 1.0)
"""Radians across the box, and the exponents there."""
START = 0.8
"""A nonlinear solve starts from that part of Φ*."""
ASIDE = 1.25
"""A learned coefficient, whose initial value is the truth of a manufactured problem, starts from so many times that."""
Known = Mapping[AppliedUndef | Symbol, Expr]


def manufactured(problem: Problem, seed: int = 0) -> Problem:
    """A problem like this one with a known, smooth, random solution: its `exact`.

    The truth of a learned coefficient is its initial value, from which the new one's differs. Raises ProblemError where
    there is none: a jumping coefficient under a derivative, equations that hold for no values that were tried.
    """
    form = compile_problem(problem)
    _check_smooth(form)
    reason = None
    for middle, width in _levels(form):
        try:
            made = _made(form, {u: _solution(form, u, middle, width, seed) for u in problem.unknowns})
            validate(compile_problem(made))
            return made
        except ProblemError as error:
            reason = reason or error
    raise ProblemError(
        f"no manufactured solution was found: {reason.what if reason else 'nothing was tried'}",
        problem.name, "give `exact`, or a guess whose values the equations allow",
    )  # fmt: skip


def settled(problem: Problem) -> Problem:
    """The same problem with its learned coefficients bound to their initial values, for a solution that is known with
    these. Conditions on nothing else are left out."""
    learned = {key: S(value.initial) for key, value in problem.coefficients.items() if isinstance(value, Learned)}
    kept = [c for c in problem.conditions if c.periodic or any(row.has(*problem.unknowns) for row in c.residuals)]
    return changed(problem, conditions=kept, coefficients={**problem.coefficients, **learned})


def changed(problem: Problem, **parts: object) -> Problem:
    """A problem with other parts."""
    names = ("name", "unknowns", "conditions", "coefficients", "exact", "guess", "settings")
    return Problem(**({name: getattr(problem, name) for name in names} | parts))


def at(residual: Expr, truth: Known) -> Expr:
    """What an expression is for known unknowns: derivatives of them taken, coefficients left as symbols."""
    return residual.xreplace(dict(truth)).doit()


def inequality(condition: On) -> bool:
    return isinstance(condition.equation, Relational) and not isinstance(condition.equation, Eq)


def _made(form: Form, solutions: Known) -> Problem:
    """The problem with the data of its solutions, its coefficients bound, but for data and what is learned."""
    problem = form.bound.problem
    learned = {key: value for key, value in problem.coefficients.items() if isinstance(value, Learned)}
    truth = {**solutions, **{key: S(value.initial) for key, value in learned.items()}}

    def known(condition: On) -> On:
        rows = [form.bound.known(row) for row in condition.residuals]
        return condition.with_residuals([row - at(row, truth) for row in rows])

    conditions = [c if c.periodic or inequality(c) else known(c) for c in problem.conditions]
    rows = [row for condition in conditions for row in condition.residuals]
    needed = set().union(*(form.bound.known(row).atoms(AppliedUndef, Symbol) for row in rows))
    named = set().union(*(row.atoms(AppliedUndef, Symbol) for row in rows))
    coefficients = {
        key: _aside(value) if isinstance(value, Learned) else value
        for key, value in problem.coefficients.items()
        if key in needed | named
    }
    guess = {} if form.linear else {u: START * solution for u, solution in solutions.items()}
    name = f"{problem.name}, manufactured"
    return changed(problem, name=name, conditions=conditions, coefficients=coefficients, exact=solutions, guess=guess)


def _aside(value: Learned) -> Learned:
    start = ASIDE * value.initial if value.initial else 0.25
    return Learned(start if value.bounds is None else min(start, value.bounds[1]), value.bounds)


def _solution(form: Form, unknown: AppliedUndef, middle: float, width: float, seed: int) -> Expr:
    rng = np.random.default_rng([seed, form.bound.problem.unknowns.index(unknown)])
    value = middle + width * _smooth(form, rng)
    return value + I * width * _smooth(form, rng) if is_complex(unknown) else value


def _smooth(form: Form, rng: np.random.Generator) -> Expr:
    """Two waves and a growth across the box, between -1 and 1."""
    lo, hi = bounds(form)
    across = [(x - Float(a)) / Float(b - a) for x, a, b in zip(form.space.coords, lo, hi, strict=True)]
    around = {condition.periodic.coordinate for condition in form.conditions if condition.periodic}

    def phase(low: float, high: float, whole: int) -> Expr:
        rates = [_number(rng, low, high) for _ in across]
        signs = rng.choice([-1, 1], len(across))
        turning = (2 * pi * whole if x in around else rate for x, rate in zip(form.space.coords, rates, strict=True))
        return sum(int(s) * rate * z for s, rate, z in zip(signs, turning, across, strict=True)) + 6 * _number(
            rng, 0, 1
        )

    rising = [_number(rng, *GROWTH) for _ in across]
    grown = sum(rate * (z - 1) for x, rate, z in zip(form.space.coords, rising, across, strict=True) if x not in around)
    return (2 * sin(phase(*WAVES, 1)) + sin(phase(*WAVES, 2)) + exp(grown)) / 4


def _number(rng: np.random.Generator, low: float, high: float) -> Expr:
    return Float(round(rng.uniform(low, high), 3))


def _levels(form: Form) -> Iterator[tuple[float, float]]:
    """Where values are known that the equations allow, these first."""
    problem = form.bound.problem
    for given in (problem.exact, problem.guess):
        for unknown, expr in given.items():
            points = field_points(form, form.parts(unknown.func.__name__)[0], 200, 0)
            values = known(form.bound, expr, points)
            middle = float(np.mean(values.real))
            if np.isfinite(middle) and rms(values) > 0:
                yield middle, float(np.std(values)) or abs(middle) / 4
    yield from LEVELS


def _check_smooth(form: Form) -> None:
    """Raise ProblemError where a smooth solution would ask for a source that is concentrated at jumps."""
    meshed = {key for key, field in form.bound.fields.items() if isinstance(field, MeshField)}
    for condition in form.conditions:
        for derivative in set().union(*(row.atoms(Derivative) for row in condition.residuals)):
            if derivative.expr.has(Piecewise, Heaviside, sign, *meshed):
                raise ProblemError(
                    "a coefficient that jumps, or whose slope does, stands under a derivative: its equation has no "
                    "smooth solution to try", str(condition), "give `exact`",
                )  # fmt: skip
