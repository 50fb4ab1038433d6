"""Training by a self-scaled Broyden method: the whole inverse Hessian is kept, for networks of a thousand parameters.

The formula is that of Al-Baali and Khalfan 2005, as Urbán, Stefanou and Pons 2025 (J. Comput. Phys. 523) use it on
physics-informed networks, where it gains several digits on L-BFGS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from inrpde.solvers.contract.method import Candidate, Context, reads
from inrpde.solvers.contract.options import Training
from inrpde.solvers.descent.quasi_newton import FLAT, QuasiNewton, train

Array = np.ndarray


@dataclass(frozen=True)
class Inverse:
    """The approximation itself, (n, n)."""

    matrix: Array

    def times(self, gradient: Array) -> Array:
        return self.matrix @ gradient

    def updated(self, step: Array, change: Array, gradient: Array, length: float) -> Inverse:
        curvature = step @ change
        if curvature <= FLAT * (change @ change):
            return self
        image = self.matrix @ change
        size = change @ image
        b, h = -length * (step @ gradient) / curvature, size / curvature
        scale, share = _scales(b, h, len(step))
        normal = np.sqrt(size) * (step / curvature - image / size)
        matrix = self.matrix - np.outer(image / size, image)
        matrix += np.outer(share * normal, normal)
        matrix /= scale
        matrix += np.outer(step / curvature, step)
        return Inverse(matrix)

    def forgotten(self) -> Inverse:
        return Inverse(np.eye(len(self.matrix)))

    def memory(self) -> dict[str, Any]:
        return {"matrix": self.matrix}


def _scales(b: float, h: float, n: int) -> tuple[float, float]:
    """The scale of what was known, and the share of the BFGS formula, from b = sᵀBs/sᵀy and h = yᵀHy/sᵀy."""
    a = max(b * h - 1, 1e-16)
    low = min(1.0, h * (1 - np.sqrt(a / (1 + a))))
    theta = max((low - 1) / a, min(1 / max(low, 1e-16), (1 - b) / b))
    sigma = max(1 + a * theta, 1e-16)
    root, most = sigma ** (-1 / (n - 1)), min(1.0, 1 / b)
    scale = min(most * root, sigma) if theta <= 0 else most * min(root, 1 / theta)
    return float(scale), float((1 - theta) / sigma)


@reads(Training)
def solve(context: Context[Training]) -> Iterator[Candidate]:
    """The method `broyden`.

    Raises ProblemError for an equation that cannot be differentiated, UsageError for a device that is not there, or
    without torch, and DivergedError where the loss is not finite at the start.
    """
    yield from train(METHOD, context)


METHOD = QuasiNewton("broyden", lambda n, kept: Inverse(kept["matrix"] if kept else np.eye(n)), 30, 2000)
