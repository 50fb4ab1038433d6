"""Training by L-BFGS: the curvature is that of the last steps (Nocedal and Wright 2006, algorithm 7.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from inrpde.solvers.contract.method import Candidate, Context, reads
from inrpde.solvers.contract.options import Training
from inrpde.solvers.descent.quasi_newton import FLAT, QuasiNewton, train

Array = np.ndarray
KEPT = 50
"""Pairs of steps and changes of the gradient that are kept; chosen."""


@dataclass(frozen=True)
class Pairs:
    """Steps and changes of the gradient, (k, n) each, the latest last."""

    steps: Array
    changes: Array

    def times(self, gradient: Array) -> Array:
        out, shares = gradient.copy(), np.empty(len(self.steps))
        products = np.einsum("kn,kn->k", self.steps, self.changes)
        for k in reversed(range(len(shares))):
            shares[k] = self.steps[k] @ out / products[k]
            out -= shares[k] * self.changes[k]
        if len(shares):
            out *= products[-1] / (self.changes[-1] @ self.changes[-1])
        for k, share in enumerate(shares):
            out += (share - self.changes[k] @ out / products[k]) * self.steps[k]
        return out

    def updated(self, step: Array, change: Array, gradient: Array, length: float) -> Pairs:
        if step @ change <= FLAT * (change @ change):
            return self
        return Pairs(np.vstack([self.steps, step])[-KEPT:], np.vstack([self.changes, change])[-KEPT:])

    def forgotten(self) -> Pairs:
        return Pairs(self.steps[:0], self.changes[:0])

    def memory(self) -> dict[str, Any]:
        return {"steps": self.steps, "changes": self.changes}


@reads(Training)
def solve(context: Context[Training]) -> Iterator[Candidate]:
    """The method `lbfgs`.

    Raises ProblemError for an equation that cannot be differentiated, UsageError for a device that is not there, or
    without torch, and DivergedError where the loss is not finite at the start.
    """
    yield from train(METHOD, context)


METHOD = QuasiNewton(
    "lbfgs", lambda n, kept: Pairs(kept["steps"], kept["changes"]) if kept else Pairs(*np.empty((2, 0, n))), 64, 2000
)
