"""How smooth is what is learned? As smooth as the readings say: restricted maximum likelihood (Wahba 1985)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.solvers.inverse.coordinates import Coordinates

Array = np.ndarray
VAGUE = 1e-4
"""The penalty on directions that have none, beside the median of those that have one: it says nothing, and keeps them
finite where no reading says anything; chosen."""
GRID = np.linspace(-24.0, 4.0, 113)
"""Logarithms of the penalty's weight beside the readings' strongest effect among which the likeliest is taken."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The coordinates z (n,) of the likeliest, with `covariance` root (n, n) and the noise (its standard deviation, in
    units of the rows); `trusted` (rows,) is how much of each reading the answer takes up, between 0 and 1, and
    `penalty` the weight of roughness. `weak` holds directions (n, k) of which the readings say nothing."""

    z: Array
    root: Array
    noise: float
    penalty: float
    trusted: Array
    degrees: float
    weak: Array


def choose(
    slopes: Array, data: Array, within: Coordinates, count: int, penalty: float | None = None
) -> Chosen:  # fmt: skip
    """Minimise ‖slopes z - data‖² + λ ‖rough z - smooth‖²; λ is the likeliest, or the given one. `count` of the rows are
    readings."""
    n = within.count
    middle = np.median(np.linalg.norm(within.rough, axis=0)[np.any(within.rough, axis=0)]) if within.rough.any() else 1.0
    q, r = np.linalg.qr(np.vstack([within.rough, VAGUE * middle * np.eye(n)]))
    about = np.linalg.solve(r, q.T @ np.concatenate([within.smooth, np.zeros(n)]))
    into = np.linalg.inv(r)
    u, s, vt = np.linalg.svd(slopes @ into, full_matrices=False)
    rest = data - slopes @ about
    seen = u.T @ rest
    beyond = max(float(rest @ rest - seen @ seen), 0.0)
    rows, free = count, within.free

    def left(weight: float) -> float:
        return beyond + float(np.sum(weight / (s**2 + weight) * seen**2))

    def unlikely(weight: float) -> float:
        """Minus twice the logarithm of the restricted likelihood, but for a constant."""
        bounded = np.sort(weight / (s**2 + weight))[free:]
        return (rows - free) * np.log(max(left(weight), 1e-300)) - float(np.sum(np.log(bounded)))

    if penalty is None:
        candidates = s[0] ** 2 * 10.0**GRID
        penalty = float(min(candidates, key=unlikely)) if within.rough.any() else float(candidates[0])
    share = s**2 / (s**2 + penalty)
    noise = np.sqrt(left(penalty) / max(rows - free, 1))
    z = about + into @ (vt.T @ (s / (s**2 + penalty) * seen))
    root = noise * into @ (vt.T / np.sqrt(s**2 + penalty))
    trusted = np.sum(u**2 * share, axis=1)
    return Chosen(z, root, float(noise), penalty, trusted, float(share.sum()), into @ vt[s**2 < penalty].T)
