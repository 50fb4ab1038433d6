"""Problems in space and time, each with a formula or with a classical method at two resolutions (`truths`, made by
`python benchmarks/zoo/time/truths.py`) for its truth."""

from zoo.time import carried, cooled, elastic, flows, forced, reactions, spread, walls, waves
from zoo.time.making import MAKERS, TIMED

__all__ = [
    "MAKERS",
    "TIMED",
    "carried",
    "cooled",
    "elastic",
    "flows",
    "forced",
    "reactions",
    "spread",
    "walls",
    "waves",
]
