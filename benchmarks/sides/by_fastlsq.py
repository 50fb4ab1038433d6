"""FastLSQ's side: the problems that the package itself ships, with the features and points that it takes by default.

The nonlinear one has 600 features, as the default of 1,500 takes five times as long for an error a quarter as large.

Of the bandwidths in its own search each problem has the one that comes nearest to the exact solution, as that search
chooses it; the search, which solves dozens of times, is not counted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from fastlsq import solve_linear, solve_nonlinear
from fastlsq.problems import linear, nonlinear

from sides.problems import MEMBRANE_TIME

Array = np.ndarray
LINEAR = {
    "poisson5": (linear.PoissonND, 0.5),
    "heat5": (linear.HeatND, 0.5),
    "string": (linear.Wave1D, 15.0),
    "membrane": (linear.Wave2D_MS, 3.0),
    "helmholtz": (linear.Helmholtz2D, 8.0),
}
NONLINEAR = {"cubic": (nonlinear.NLPoisson2D, 3.0)}
NAMES = (*LINEAR, *NONLINEAR)


def solve(name: str, seed: int) -> Callable[[Array], Array]:
    """The answer at points (N, d): (N, 1)."""
    torch.manual_seed(seed)
    run, (kind, bandwidth) = (solve_linear, LINEAR[name]) if name in LINEAR else (solve_nonlinear, NONLINEAR[name])
    sizes = {} if name in LINEAR else {"hidden_size": 200}
    found = run(kind(), scale=bandwidth, **sizes, return_metrics=False, verbose=False)["u_fn"]
    # its membrane runs from time 0 to 1
    units = np.array([1, 1, 1 / MEMBRANE_TIME]) if name == "membrane" else 1.0
    return lambda points: found(torch.as_tensor(points * units)).numpy()


def warm() -> None:
    """What is loaded late is loaded."""
    solve_linear(linear.Wave1D(), scale=1.0, hidden_size=20, return_metrics=False, verbose=False)
