"""How much a problem's equations amplify its data: what a solver has measured, by unknown and by equation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
SEVERAL = 3
"""Independent fields that are amplified, where no few modes at a resonance are the reason."""


@dataclass(frozen=True, eq=False)
class Amplification:
    """`gains`: for each unknown its relative change over the relative perturbation of one equation's data, beside
    `RowScore.scale`, by equation (rows,), the largest of some random perturbations. `spectrum` (k,): the singular values
    of the fields that all of them excite, the largest first."""

    gains: Mapping[str, Array]
    spectrum: Array

    def of(self, name: str) -> float:
        """The largest gain of an unknown, over all equations."""
        return float(self.gains[name].max())

    @property
    def largest(self) -> float:
        return max(map(self.of, self.gains))

    @property
    def steepest(self) -> int:
        """The number of the equation whose data are amplified most."""
        return int(np.max(list(self.gains.values()), axis=0).argmax())

    @property
    def spread(self) -> float:
        """By how much several independent fields are amplified: nothing bounds it where an equation that smooths is
        asked backwards, and near a resonance it is that of well-posed problems."""
        return float(self.spectrum[SEVERAL - 1]) if len(self.spectrum) >= SEVERAL else 0.0
