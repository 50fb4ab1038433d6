"""Where given data are narrow."""

from __future__ import annotations

from inrpde.compiler import Bound


def steps(bound: Bound, k: int) -> tuple[tuple[float, float, float], ...]:
    """(a, b, h), ...: in [a, b] along coordinate k the given data vary on the length h, small beside the extent."""
    return ()
