"""Where nonlinear solves start: the problem's guess, and elsewhere zero, or where equations are singular there, one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from sympy import Expr, Float, Integer, sympify

from inrpde.compiler.evaluate import evaluate
from inrpde.compiler.form import Form, Index, Row
from inrpde.discretise.jets import environment, evaluate_jets, integral_values
from inrpde.errors import DivergedError
from inrpde.sampling.extent import bounds
from inrpde.sampling.sites import Samples

Array = np.ndarray
FURTHER = (2, 5, 10, 100, -1, -10)
"""Starts that are proposed where an equation is regular there."""


@dataclass(frozen=True)
class Guess:
    """The problem's guess, as a state: expressions, and the initial values of learned coefficients; `default`
    elsewhere."""

    form: Form
    default: Expr = Integer(0)

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        known, coords = self.form.unknowns[unknown], self.form.space.coords
        default = sympify(known.learned.initial) if known.learned else self.default
        given = _guessed(self.form)[unknown]
        expr = default if given is None else given
        fields = {key.func.__name__: field.jets for key, field in self.form.bound.fields.items()}
        out = {}
        for index in indices:
            slope = expr
            for x, n in zip(coords, index, strict=True):
                slope = slope.diff(x, n) if n else slope
            out[index] = evaluate(slope, coords, points, fields)
        return out


def guess(form: Form, samples: Samples) -> Guess:
    """The guess, with 0 for unknowns that have none; with 1, or a ramp where slopes must not vanish either, if an
    equation or its tangent is not finite at 0 (as √u and 1/u), or if it does not hold there and its tangent vanishes
    (as in u² = 1). Raises DivergedError, naming the equation, if it is finite at none of these."""
    lo, hi = bounds(form)
    ramp = sum(((x - Float(a)) / Float(b - a) for x, a, b in zip(form.space.coords, lo, hi, strict=True)), Integer(1))
    starts = [Guess(form), Guess(form, Integer(1)), Guess(form, ramp)]
    finite = [start for start in starts if singular(form, samples, start) is None]
    for start in finite:
        if not _stuck(form, samples, start):
            return start
    if finite:
        return finite[0]
    row = singular(form, samples, starts[0])
    assert row is not None
    names = list(dict.fromkeys(form.unknowns[k].declared for k in row.indices))
    given = any(_guessed(form)[k] is not None for k in row.indices)
    at = "at the guess" if given else f"at {', '.join(f'{name} = 0' for name in names)}, and at 1"
    regular = (n for n in FURTHER if not given and singular(form, samples, Guess(form, Integer(n))) is None)
    raise DivergedError(
        f"the equation is singular where Newton's method starts: {at}",
        row.text,
        f"start where the equation and its tangent are finite: Problem(…, guess={{{names[0]}: {next(regular, '…')}}})",
    )


def singular(form: Form, samples: Samples, start: Guess) -> Row | None:
    """A nonlinear row that is not finite at a state, or whose tangent is not."""
    for row, value, slopes in _nonlinear(form, samples, start):
        if not all(np.all(np.isfinite(each)) for each in (value, *slopes)):
            return row
    return None


def _stuck(form: Form, samples: Samples, start: Guess) -> bool:
    """Does some nonlinear row not hold at a state, while no change of the state changes it?"""
    return any(
        np.any(value) and not any(np.any(slope) for slope in slopes)
        for _, value, slopes in _nonlinear(form, samples, start)
    )


def _nonlinear(form: Form, samples: Samples, start: Guess) -> Iterator[tuple[Row, Array, list[Array]]]:
    """The nonlinear rows, their values and their tangents at a state."""
    if form.linear:
        return
    jets = evaluate_jets(form, samples, start)
    numbers = integral_values(form, samples, jets)
    for row, at in zip(form.rows, jets.rows, strict=True):
        if not row.linear:
            env = environment(form, row, samples.of(row)) | at | {s: numbers[k] for s, k in row.integrals.items()}
            yield row, row.value(env)[0], row.slopes(env)


def _guessed(form: Form) -> list[Expr | None]:
    """The guess of each unknown, None where there is none."""
    return form.expressions({key.func.__name__: form.bound.known(e) for key, e in form.bound.problem.guess.items()})
