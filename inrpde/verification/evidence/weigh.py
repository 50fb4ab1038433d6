"""What two independent answers say of one another: the error of each field by its estimate and by the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from inrpde.verification.evidence.thresholds import (
    AGREES,
    APART,
    BETTER,
    GAINED,
    LEAST_ORDER,
    NOTHING,
    REGULAR,
    SINGULAR,
    TINY,
)

Compared = Mapping[str, Any]
"""What a comparison with a reference says of a field (see `report.reference_errors`)."""


@dataclass(frozen=True)
class Weighed:
    """A field's relative L2 `error` by all that is known, its estimate without a reference (`own`), and what the
    reference says: `gap` is the difference to it, `trust` its own error (`sound` only where there is one).

    `ratio` is how much larger the field's norm is than its deviation from its mean: errors times it are relative to
    what varies."""

    own: float
    error: float
    ratio: float = 1.0
    gap: float = 0.0
    trust: float = 0.0
    sound: bool = False
    bounded: bool = False
    """Is the error proved, by a maximum principle?"""
    alone: float = 0.0
    """The error relative to itself of a field that vanishes as far as is known: all others are beside what would
    balance the other fields."""

    @property
    def agrees(self) -> bool:
        """Does a sound reference agree, or differ by so little that the difference, which is then the error, is
        none?"""
        return self.sound and (self.gap * self.ratio <= NOTHING or not self.apart(AGREES))

    @property
    def contradicted(self) -> bool:
        """Does a reference, sound or not, differ by far more than what the errors of both explain?"""
        return self.gap * self.ratio > TINY and self.apart(APART)

    @property
    def better(self) -> bool:
        """Is the reference the better answer?"""
        return self.sound and self.gap > BETTER * self.trust and self.gap * self.ratio > NOTHING

    @property
    def of_itself(self) -> float:
        """The error relative to the field's own norm."""
        return max(self.error, self.alone)

    @property
    def of_variation(self) -> float:
        """The error relative to the deviation from the mean."""
        return self.error * self.ratio

    def no_less(self, least: float) -> Weighed:
        """With an error no smaller than what is left, though the reference, on points of its own, leaves it as well."""
        return replace(self, error=max(self.error, least))

    def apart(self, times: float) -> bool:
        """Do answer and reference differ by more than so many times their errors together?"""
        return self.gap > times * (self.trust + self.own)


def weigh(
    own: float, compared: Compared | None, ratio: float = 1.0, bound: float | None = None, amplified: float = 1.0,
    alone: float = 0.0,
) -> Weighed:  # fmt: skip
    """What the estimate of a field, a `bound` on its error and the comparison with a reference say together.

    By the triangle inequality the error lies within gap ± trust. Where the estimate is far below, the gap is the error;
    where it is far above, gap + trust bounds it; where the reference is the better answer, it is no less than the gap.
    A reference that hardly converges, or whose order makes no sense (not `sound`), supports nothing, and may
    contradict: then the gap is the error as far as is known. One that differs where errors are `amplified` by far has
    an error that its grids do not show, and says nothing."""
    bounded = bound is not None and bound <= AGREES * own
    own = min(own, bound) if bound is not None else own
    if not compared:
        return Weighed(own, own, ratio, bounded=bounded, alone=alone)
    gap, trust = _closest(compared)
    trust *= max(1.0, REGULAR / max(compared.get("order", REGULAR), LEAST_ORDER)) ** 2
    sound = compared.get("sound", True) and compared.get("order", LEAST_ORDER) >= LEAST_ORDER
    found = Weighed(own, own, ratio, gap, trust, sound, bounded, alone)
    if found.apart(AGREES) and amplified > SINGULAR:
        return Weighed(own, own, ratio, bounded=bounded, alone=alone)
    if found.contradicted or (found.sound and not found.agrees):
        return replace(found, error=gap)
    if found.sound and own > AGREES * (gap + trust):
        return replace(found, error=gap + trust)
    return replace(found, error=max(own, gap)) if found.better else found


def _closest(compared: Compared) -> tuple[float, float]:
    """The difference to the reference, or to what is extrapolated from its grids, where that is more accurate, and the
    error of that."""
    gap, trust = compared["rel_l2"], compared.get("estimated_error") or 0.0
    better = max(compared.get("extrapolated_estimated_error", trust), trust / GAINED)
    return (compared["extrapolated_rel_l2"], better) if better < trust else (gap, trust)
