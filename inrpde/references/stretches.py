"""Time in parts, for integrators: in which data do not jump, with steps that see how they vary."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from inrpde.references.equations import Equations
from inrpde.references.narrow import jumps, narrow


@dataclass(frozen=True)
class Stretch:
    """A part of time in which data do not jump, and the longest step that sees how they vary."""

    start: float
    end: float
    step: float

    def inner(self, time: float) -> float:
        """A time, or one just within the ends, where data may jump."""
        margin = 1e-10 * (self.end - self.start)
        return min(max(time, self.start + margin), self.end - margin)


def stretches_of(equations: Equations) -> tuple[Stretch, ...]:
    """Time from the start to the end, in parts at whose ends data jump, or begin or end to vary fast."""
    start, end = equations.span
    k = len(equations.space.coords) - 1
    places = narrow(equations, k)
    ends = {start, end, *jumps(equations, k, start, end)}
    ends |= {at for place in places for at in (place.lo, place.hi) if start < at < end}
    return tuple(
        Stretch(a, b, min((p.step for p in places if p.lo < b and p.hi > a), default=np.inf))
        for a, b in pairwise(sorted(ends))
        if b > a
    )


class Stopped(Exception):
    """The solution could not be continued to the last time."""


class Late(Exception):
    """The deadline has passed."""
