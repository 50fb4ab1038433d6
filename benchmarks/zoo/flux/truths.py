"""Makes the truths of the flux cases that have no formula: `python benchmarks/zoo/flux/truths.py [NAME …]`.

Prints the accuracy of each, and seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))

import zoo.flux  # noqa: F401 - its modules register their cases
from zoo.flux.making import flux

if __name__ == "__main__":
    flux.compute()
