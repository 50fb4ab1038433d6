"""Does the exact solution that a problem gives satisfy its conditions?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from sympy import Add, S

from inrpde.compiler.form import Form, Row
from inrpde.compiler.printing import RowFunction
from inrpde.discretise.expressions import Expressions, exact_state
from inrpde.discretise.fields import field_points, varying
from inrpde.discretise.jets import environments, evaluate_jets
from inrpde.discretise.operators import lowest_modes
from inrpde.discretise.state import field_at
from inrpde.errors import ProblemError
from inrpde.sampling.sites import Samples

Array = np.ndarray
SATISFIES = 1e-4
"""Relative residual below which an exact solution satisfies an equation."""
ROUNDING = 1e-9
"""A residual below this part of the terms that it is the sum of is none."""


@dataclass(frozen=True)
class Violation:
    """An equation that the exact solution does not satisfy: the root mean square of its residual, in its own units and
    over what its operator, at each point, makes of the lowest mode of the region in unknowns of their size."""

    row: Row
    rms: float
    relative: float


def check_exact(form: Form, samples: Samples) -> None:
    """Raise ProblemError, naming all conditions that the exact solution does not satisfy, if there are any."""
    found = list(violated(form, samples))
    if found:
        worst = max(found, key=lambda each: each.relative)
        texts = list(dict.fromkeys(each.row.text for each in found))
        which = "equation" if len(texts) == 1 else f"equations, {len(texts)} of {len(form.conditions)}"
        raise ProblemError(
            f"the exact solution does not satisfy its {which}: "
            f"residual {worst.rms:.2g} (relative {worst.relative:.1g})",
            "; ".join(texts),
            "check signs, coefficients and sources, or leave `exact` out",
        )


def violated(form: Form, samples: Samples) -> Iterator[Violation]:
    """The equations in whose unknowns the exact solution is known and which it does not satisfy. Labels are measured,
    and measurements are noisy: an equation that holds some is passed over."""
    exact = exact_state(form)
    rows = [row for row in form.rows if _is_known(form, row, exact) and not _measured(row)]
    if not rows:
        return
    part = replace(form, rows=tuple(rows))
    with np.errstate(all="ignore"):
        fields = [field_at(exact, k, field_points(form, k, 500, 17)) for k in range(len(form.unknowns))]
        sizes = [varying(values) for values in fields]
        for row, env in environments(part, samples, evaluate_jets(part, samples, exact)):
            site = samples.of(row)
            (residual,) = row.value(env)
            terms = RowFunction([*Add.make_args(row.residual)], row.text)(env)
            largest = np.sum([np.broadcast_to(np.abs(term), site.weights.shape) for term in terms], axis=0)
            scale = np.broadcast_to(_scale(form, row, row.tangents(env), sizes), largest.shape)
            left = np.where(np.abs(residual) <= ROUNDING * largest, 0.0, np.abs(residual))
            relative = float(np.linalg.norm(site.roots * np.where(left == 0, 0.0, left / scale)))
            if not relative < SATISFIES:
                yield Violation(row, float(np.linalg.norm(site.roots * left)), relative)


def _is_known(form: Form, row: Row, exact: Expressions) -> bool:
    """Is there an exact solution for all unknowns of an equation, those in its integrals included?"""
    inner = [form.integrals[k].row for k in row.integrals.values()]
    mine = all(exact.known[k] is not S.NaN for k in row.indices)
    return mine and all(_is_known(form, each, exact) for each in inner)


def _measured(row: Row) -> bool:
    return bool(row.residual.free_symbols & set(row.region.labels))


def _scale(form: Form, row: Row, tangent: dict, sizes: list[float]) -> Array:
    """What an equation makes of the lowest mode at each point, (N,) or (1,)."""
    squares, modes = np.zeros(1), lowest_modes(form)
    for symbol, slope in tangent.items():
        jet = row.jets.get(symbol)
        if jet is None:
            inner = form.integrals[row.integrals[symbol]].row
            size = max((sizes[k] for k in inner.indices), default=0.0)
        else:
            size = sizes[jet.unknown] * float(np.prod(modes ** np.array(jet.index)))
        squares = squares + np.abs(slope) ** 2 * size**2
    return np.sqrt(squares)
