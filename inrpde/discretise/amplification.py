"""How much a problem's equations amplify its data: what a solver has measured, by unknown and by equation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
LARGE, SEVERAL, WIDE = 1e3, 3, 300.0
"""Amplification of an unknown's data that well-posed problems do not have, and a number of independent fields with the
amplification that no few modes at a resonance have."""


@dataclass(frozen=True, eq=False)
class Amplification:
    """`gains`: for each unknown its relative change over the perturbation of one equation's data, relative to
    `RowScore.scale`, by equation (rows,): the largest of some random ones. `spectrum` (k,): the singular values of the
    fields that all of them excite, the largest first. A slender region amplifies by its `slenderness`."""

    gains: Mapping[str, Array]
    spectrum: Array
    slenderness: float = 1.0

    def of(self, name: str) -> float:
        """The largest gain of an unknown, over all equations."""
        return float(self.gains[name].max())

    def joined(self, other: Amplification | None) -> Amplification:
        """With what others have found to be amplified, too."""
        if other is None:
            return self
        gains = {name: np.maximum(each, other.gains[name]) for name, each in self.gains.items()}
        spectrum = np.sort(np.concatenate([self.spectrum, other.spectrum]))[::-1]
        return Amplification(gains, spectrum, self.slenderness)

    @property
    def largest(self) -> float:
        return max(map(self.of, self.gains))

    @property
    def steepest(self) -> int:
        """The number of the equation whose data are amplified most."""
        return int(np.max(list(self.gains.values()), axis=0).argmax())

    def large(self, name: str) -> bool:
        """Are the data of an unknown amplified as in no well-posed problem?"""
        return self.of(name) > LARGE * self.slenderness

    @property
    def unbounded(self) -> bool:
        """Are several independent fields amplified by far? So it is where an equation that smooths is asked backwards,
        without a bound; near a resonance a few modes are, and all else as in well-posed problems."""
        several = self.spectrum[SEVERAL - 1] if len(self.spectrum) >= SEVERAL else 0.0
        return bool(any(map(self.large, self.gains)) and several > WIDE * self.slenderness)
