"""Levels, each finer than the one before: what is left of the last difference, and whether a further one is begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form
from inrpde.discretise.fields import field_points, rms
from inrpde.discretise.score import score
from inrpde.discretise.state import State
from inrpde.sampling.draw import draw
from inrpde.solvers.contract.method import Context

Array = np.ndarray
FIRST_SHARE, LEAST_SHARE, MOST_SHARE, UNSTEADY = 1.0, 0.2, 20.0, 2.0
"""The part of the difference to the level before that is the error of a second level, and of any at least and at most
(where materials meet in a point levels may gain a tenth); and that of one that does not come nearer; chosen."""
CONFIRMED = 0.1, 0.05, 0.03
"""The same at least after one difference, after two, and after more, where what bases hold says so, too: of levels of
which the errors are known (`benchmarks/calibration.py --half fit`) no estimate was five times too small so."""
STEADY, MARGIN = 3, 1.5
"""Gains of so many levels tell, by their median where the last is larger; what the error is taken for beside what it
would be if they went on; chosen."""
HELD_OUT, SCORED = 104_729, 1000
"""Added to the seed for the points that are never fitted, a prime; and such points, inside; chosen."""
SETTLED, BALANCED = 1e-6, 300
"""A difference below which no unknown is asked whether it vanishes, and points of each condition that tell; chosen."""
PATIENCE, FINE, GOOD = (8.0, 40.0), 1e-8, 1e-5
"""Without a budget, seconds after which no level is begun: with an error that is below `GOOD`, and with a larger one;
below `FINE` a quarter of the first; chosen."""


def gained(
    gaps: Sequence[float],
    least: float = LEAST_SHARE,
    alike: float = 0.0,
    decay: float = 1.0,
    first: float = FIRST_SHARE,
) -> float:
    """The part of the last difference that is the error of the last level, at least as much; of that an error that the
    last levels may have `alike` does not show. Two witnesses are believed where they say that less is left: how
    differences fall from level to level (`first` where there is one alone), and the factor `decay` by which a level
    ought to gain on its own account, as by what the functions that it has more of than the one before hold in it."""
    if not gaps:
        return max(FIRST_SHARE, least)
    unseen = alike / max(gaps[-1], 1e-300)
    told, ratio = first, 0.0
    if len(gaps) > 1:
        ratios = np.array(gaps[1:]) / np.maximum(gaps[:-1], 1e-300)
        ratio = float(max(ratios[-1], np.median(ratios[-STEADY:])))
        told = UNSTEADY if ratio >= 1 else remaining(ratio)
    both = max(remaining(max(ratio, decay)), CONFIRMED[min(len(gaps), len(CONFIRMED)) - 1])
    return max(min(max(told, least), both), unseen)


def remaining(ratio: float) -> float:
    """What is left of a geometric series beside its last term, with a margin, `MOST_SHARE` at most."""
    return MOST_SHARE if ratio >= 1 else min(MARGIN * ratio / (1 - ratio), MOST_SHARE)


def left(context: Context, error: float) -> float:
    """Seconds for a further level."""
    if context.clock.budget is not None:
        return context.clock.searching
    short, long = PATIENCE
    if context.tol is not None:
        return 2 * long - context.clock.spent
    return (short / 4 if error < FINE else short if error < GOOD else long) - context.clock.spent


@dataclass(frozen=True, eq=False)
class Comparison:
    """Where levels are compared: points of each unknown (N, d) and, where these are not spread evenly, their weights
    (N,), of mean 1."""

    form: Form
    points: Sequence[Array]
    weights: Sequence[Array] | None = None

    @classmethod
    def of(cls, form: Form, count: int, seed: int) -> Comparison:
        """At so many points spread evenly."""
        return cls(form, [field_points(form, k, count, seed) for k in range(len(form.unknowns))])

    def __call__(self, one: State, other: State) -> float:
        """By how much two states differ beside the first's size, of all unknowns the most.

        An unknown that is smaller than what those beside it are wrong by, all beside what would balance the others
        (`Score.balances`), vanishes as far as is known: what it differs by is counted beside that balance."""
        sizes, gaps = [], []
        for k, at in enumerate(self.points):
            zero = (0,) * at.shape[1]
            root = 1.0 if self.weights is None else np.sqrt(self.weights[k])
            a, b = (root * state.jets(k, at, [zero])[zero] for state in (one, other))
            sizes.append(rms(a))
            gaps.append(rms(a - b))
        found = [gap / (size or 1.0) for gap, size in zip(gaps, sizes, strict=True)]
        if max(found) < SETTLED or len(found) < 2:
            return max(found)
        balances = score(self.form, draw(self.form, BALANCED, 0), one).balances
        shares = [size / balance if balance else np.inf for size, balance in zip(sizes, balances, strict=True)]
        for k, (share, gap) in enumerate(zip(shares, gaps, strict=True)):
            if share <= max((each for each, other in zip(found, shares, strict=True) if other > share), default=0.0):
                found[k] = gap / balances[k]
        return max(found)
