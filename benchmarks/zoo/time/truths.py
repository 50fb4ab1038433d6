"""Makes the truths of the cases in space and time without a formula: `python benchmarks/zoo/time/truths.py [NAME …]`.

Prints the accuracy of each, and seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))

import zoo.time  # noqa: F401 - its modules register their cases
from zoo.time.making import timed

if __name__ == "__main__":
    timed.compute()
