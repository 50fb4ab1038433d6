"""How many functions a band holds: the one law behind the sizes of all bodies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ENDS = 3.0
"""Functions a coordinate beside those of the band: what a box's two ends, and its mean, ask for."""
CELL, DOMAIN = 1.6, 2.2
"""Random features a mode of a cell or a patch, which overlaps with others, and of one domain or of samples alone."""


def modes(band: Sequence[float] | np.ndarray) -> float:
    """About how many functions on the box [-1, 1]^d have frequencies within half-widths `band` (d,), in radians: 2w/π a
    coordinate (Landau and Pollak 1962), and a few more for its ends."""
    return float(np.prod(2 * np.asarray(band) / np.pi + ENDS))
