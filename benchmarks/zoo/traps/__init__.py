"""Small problems like those that users write, of kinds that are easily answered wrongly, and as many that look alike
and are not: what verdicts and estimates are measured on. None of their truths comes from this package."""

from zoo.traps import (
    disguised,
    edges,
    free,
    illposed,
    jumps,
    layers,
    narrow,
    odes,
    rough,
    systems,
    units,
    unseen,
    waves,
)
from zoo.traps.known import TRAPS, Known, Trap

__all__ = [
    "TRAPS", "Known", "Trap", "disguised", "edges", "free", "illposed", "jumps", "layers", "narrow", "odes", "rough",
    "systems", "units", "unseen", "waves",
]  # fmt: skip
