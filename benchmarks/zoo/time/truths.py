"""Makes the truths of the cases in space and time without a formula: `python benchmarks/zoo/time/truths.py [NAME …]`.

Prints the accuracy of each, and seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[2]))

from zoo.time import MAKERS
from zoo.time.making import TRUTHS, Computed


def main() -> None:
    TRUTHS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or MAKERS:
        made, start = MAKERS[name](), time.perf_counter()
        if isinstance(made, Computed):
            truth = made.truth()
            np.savez_compressed(TRUTHS / f"{name}.npz", **truth)
            print(f"{name:22s} {truth['accuracy']:.1e} {time.perf_counter() - start:6.1f} s", flush=True)


if __name__ == "__main__":
    main()
