"""How little it takes to move a solution: its own translations, as answers to perturbed data.

Where a nonlinear equation has an inner layer (a shock, a front between two phases), that may stand nearly anywhere:
what holds it in its place are ends that are far away, and hardly feel it. Two solves that begin alike leave it in the
same wrong place, and few smooth features do not resolve what moves it (metastability: Carr and Pego 1989;
supersensitive shocks: Laforgue and O'Malley 1994). With w = ∂u/∂x the total derivative of F(x, u, ∇u, …) = 0 along x
is L w + ∂F/∂x = 0, L its linearisation: inside w is amplified by what the equation itself varies along x, and on
boundaries by what it leaves there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sympy import diff

from inrpde.compiler.form import Form, Index, Row
from inrpde.compiler.printing import RowFunction
from inrpde.discretise.amplification import Amplification
from inrpde.discretise.fields import field_points, rms
from inrpde.discretise.jets import environments, evaluate_jets
from inrpde.discretise.score import Score
from inrpde.discretise.state import State, field_at
from inrpde.sampling.extent import bounds, slenderness
from inrpde.sampling.sites import Samples

Array = np.ndarray
LEAST = 1e-16
"""Perturbations below this share of what operators make are rounding."""
VARIES = 0.1
"""What a solution varies by along all of an axis, beside its size, that is more than noise; chosen."""
POINTS = 1000
"""Points of a condition, and points at which the size of a derivative is taken."""


@dataclass(frozen=True, eq=False)
class Moved:
    """The derivative of a state along an axis, as a state."""

    state: State
    axis: int

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        raised = {index: tuple(n + (k == self.axis) for k, n in enumerate(index)) for index in indices}
        found = self.state.jets(unknown, points, raised.values())
        return {index: found[above] for index, above in raised.items()}


def translated(form: Form, state: State, scored: Score, samples: Samples) -> Amplification | None:
    """What is amplified where a solution is moved along its coordinates, relative to its size and to the scales of its
    score; None of linear equations and of evolutions, and where integrals or data on grids stand in equations."""
    numbers = any(unknown.is_number for unknown in form.unknowns)
    if form.linear or form.evolves is not None or form.integrals or numbers or any(row.data for row in form.rows):
        return None
    gains = {unknown.name: np.zeros(len(form.rows)) for unknown in form.unknowns}
    largest, samples = 0.0, samples.thinned(POINTS)
    with np.errstate(all="ignore"):
        at = list(environments(form, samples, evaluate_jets(form, samples, state)))
        for axis in range(form.space.dim):
            moved = Moved(state, axis)
            sizes = [_size(form, moved, scored, k) for k in range(len(form.unknowns))]
            if max(sizes) * float(np.ptp(bounds(form), axis=0)[axis]) < VARIES:
                continue
            left = list(_left(form, moved, scored, samples, at))
            if not np.all(np.isfinite([*left, *sizes])):
                return None
            row, most = int(np.argmax(left)), max(*left, LEAST)
            for size, gain in zip(sizes, gains.values(), strict=True):
                gain[row] = max(gain[row], size / most)
            largest = max(largest, max(sizes) / most)
    return Amplification(gains, np.array([largest]), slenderness(form)) if largest else None


def _size(form: Form, moved: Moved, scored: Score, unknown: int) -> float:
    """Of the derivative of an unknown along an axis, beside the unknown's."""
    values = field_at(moved, unknown, field_points(form, unknown, POINTS, moved.axis))
    return rms(values) / (scored.sizes[unknown] or 1.0)


def _left(form: Form, moved: Moved, scored: Score, samples: Samples, at: Sequence[tuple[Row, dict]]) -> Iterator[float]:
    """What each equation's data have to change by, relative to its scale, so that ∂u/∂x solves the linearised one."""
    along = evaluate_jets(form, samples, moved).rows
    for (row, env), jets, known in zip(at, along, scored.rows, strict=True):
        site = samples.of(row)
        if row.region.dim == form.space.dim and not row.region.labels:
            (values,) = RowFunction([diff(row.residual, form.space.coords[moved.axis])], row.residual)(env)
        else:
            values = sum(slope * jets[symbol] for symbol, slope in row.tangents(env).items() if symbol in jets)
        yield rms(np.broadcast_to(values, (len(site.points),))) / (known.scale or 1.0)
