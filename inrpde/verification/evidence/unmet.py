"""Equations that the answer leaves unsatisfied: residuals as large as the data that drive the solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.discretise.score import RowScore, Score, alike
from inrpde.errors import DivergedError
from inrpde.sampling.extent import slenderness
from inrpde.solvers.contract.method import Candidate
from inrpde.verification.evidence.estimate import Estimate
from inrpde.verification.evidence.resonance import rings
from inrpde.verification.evidence.thresholds import DRIVES, RESONANT, UNMET
from inrpde.verification.finding import Finding, Kind

NONE = "does not exist"


@dataclass(frozen=True)
class Unmet:
    """An equation that does not hold: its residual, that as a `share` of what it is compared with, and its data where
    they drive the solution; `lasting` if a different solve leaves the very same residual."""

    row: Row
    residual: float
    share: float
    data: float | None
    lasting: bool

    @property
    def text(self) -> str:
        beside = "as large as what drives the solution" if self.data is None else f"where its data are {self.data:.2g}"
        left = f"{self.row.text} leaves a residual of {self.residual:.2g}, {beside}"
        if self.lasting:
            return f"{left}, in two different solves: the solution is too sharp for them (a layer, a kink), or {NONE}"
        return f"{left}: the solution is not resolved, or {NONE}"

    @property
    def finding(self) -> Finding:
        """Where a residual is as large as what it is compared with, nothing of the equation holds."""
        return Finding(Kind.RESIDUAL, self.text, "unverified" if self.lasting or self.share > 1 else "plausible")


def unmet(form: Form, estimated: Estimate) -> list[Unmet]:
    """The equations that the answer does not satisfy, on points that were not fitted; priors need not hold."""
    first, second = estimated.first, estimated.second
    if estimated.weak is not None:
        return []
    if form.space.dim == 1 and form.evolves is not None:
        return []  # such a problem has a solution, which may outgrow what drives it
    driving = _driving(first)
    others: tuple[RowScore | None, ...] = second.rows if second else (None,) * len(first.rows)
    found = []
    for row, mine, other in zip(form.rows, first.rows, others, strict=True):
        data = mine.data if mine.data > DRIVES * driving * mine.scale else None
        left = mine.unexplained
        share = left / (driving * mine.scale if data is None else data) if driving > 0 and mine.scale > 0 else 0.0
        if share > UNMET and not mine.prior:
            found.append(Unmet(row, mine.rms, share, data, other is not None and alike(mine, other)))
    return found


def _driving(scored: Score) -> float:
    """The largest data over what an equation's operator makes of the solution's lowest mode; 0 where there are none."""
    return max((row.data / row.scale for row in scored.rows if row.scale > 0 and np.isfinite(row.data)), default=0.0)


def ended(form: Form, candidate: Candidate) -> list[Finding]:
    """That an answer ends before the last time."""
    if candidate.until is None:
        return []
    text = f"the answer ends at {form.space.coords[-1]} = {candidate.until:.4g}: nothing is known of what follows"
    return [Finding(Kind.RESIDUAL, text, "unverified")]


def failure(form: Form, candidate: Candidate, estimated: Estimate) -> DivergedError | None:
    """Why the answer is none: the problem is singular, or the solution could not be continued in time."""
    if candidate.until is not None:
        last = f"{form.space.coords[-1]} = {candidate.until:.4g}"
        return DivergedError(
            f"the solution blows up, or changes faster than can be followed, after {last}",
            form.rows[0].text,
            "the answer holds until then; end the region's time there, or give more time by --budget",
        )
    undecided = estimated.open or unmet(form, estimated)
    if form.linear and undecided and 0 < _driving(estimated.first) * slenderness(form) < RESONANT:
        size, residual = max(estimated.first.sizes), max(row.rms for row in estimated.first.rows)
        ringing = next((row for row in form.rows if rings(form, row)), None)
        return DivergedError(
            "the answer is out of proportion to its data, as where a problem is singular or not resolved: it has the "
            f"size {size:.1g} and leaves a residual of {residual:.2g}",
            (ringing or max(form.rows, key=lambda row: row.region.dim)).text,
            "a term of lower order is at a resonance: change it, or add damping or an absorbing boundary"
            if ringing
            else "check that the conditions determine the solution; choose units in which coefficients are alike",
        )
    return None
