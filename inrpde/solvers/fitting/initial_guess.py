"""Where nonlinear solves start: the problem's guess, and elsewhere zero, or where equations are singular there, one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sympy import Float, Integer

from inrpde.compiler.form import Form, Row
from inrpde.discretise.base import base
from inrpde.discretise.expressions import Expressions, guessed
from inrpde.discretise.jets import evaluate_jets, filled, integral_values
from inrpde.discretise.state import Evaluable
from inrpde.errors import DivergedError
from inrpde.sampling.extent import bounds
from inrpde.sampling.sites import Samples

Array = np.ndarray
FURTHER = (2, 5, 10, 100, -1, -10)
"""Starts that are proposed where an equation is regular there."""


def guess(form: Form, samples: Samples) -> Expressions:
    """The guess, with 0, counted from the base, for unknowns that have none; with 1, or a ramp where slopes must not
    vanish either, if an equation or its tangent is not finite at 0 (as √u and 1/u), or if it does not hold there and
    its tangent vanishes (as in u² = 1). Raises DivergedError, naming the equation, if it is finite at none of these."""
    lo, hi = bounds(form)
    ramp = sum(((x - Float(a)) / Float(b - a) for x, a, b in zip(form.space.coords, lo, hi, strict=True)), Integer(1))
    starts = [guessed(form, default) for default in (Integer(0), Integer(1), ramp)]
    finite = [start for start in starts if singular(form, samples, start) is None]
    for start in finite:
        if not _stuck(form, samples, start):
            return start
    if finite:
        return finite[0]
    row = singular(form, samples, starts[0])
    assert row is not None
    names = list(dict.fromkeys(form.unknowns[k].declared for k in row.indices))
    guesses = {key.func.__name__ for key in form.bound.problem.guess}
    given = any(name in guesses for name in names)
    zero = np.real(base(form)[next(iter(row.indices))])
    at = "at the guess" if given else f"at {', '.join(f'{name} = {zero:g}' for name in names)}, and at {zero + 1:g}"
    regular = (n for n in FURTHER if not given and singular(form, samples, guessed(form, Integer(n))) is None)
    raise DivergedError(
        f"the equation is singular where Newton's method starts: {at}",
        row.text,
        f"start where the equation and its tangent are finite: Problem(…, guess={{{names[0]}: {next(regular, '…')}}})",
    )


def singular(form: Form, samples: Samples, start: Evaluable) -> Row | None:
    """A nonlinear row that is not finite at a state, or whose tangent is not."""
    for row, value, slopes in _nonlinear(form, samples, start):
        if not all(np.all(np.isfinite(each)) for each in (value, *slopes)):
            return row
    return None


def _stuck(form: Form, samples: Samples, start: Evaluable) -> bool:
    """Does some nonlinear row not hold at a state, while no change of the state changes it?"""
    return any(
        np.any(value) and not any(np.any(slope) for slope in slopes)
        for _, value, slopes in _nonlinear(form, samples, start)
    )


def _nonlinear(form: Form, samples: Samples, start: Evaluable) -> Iterator[tuple[Row, Array, list[Array]]]:
    """The nonlinear rows, their values and their tangents at a state."""
    if form.linear:
        return
    jets = evaluate_jets(form, samples, start)
    numbers = integral_values(form, samples, jets)
    for row, at in zip(form.rows, jets.rows, strict=True):
        if not row.linear:
            env = filled(form, row, samples.of(row), at, numbers)
            yield row, row.value(env)[0], row.slopes(env)
