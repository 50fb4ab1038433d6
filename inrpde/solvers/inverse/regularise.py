"""How smooth is what is learned? As smooth as the readings say: restricted maximum likelihood (Wahba 1985)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.solvers.inverse.coordinates import Penalty

Array = np.ndarray
VAGUE = 1e-4
"""The penalty on directions that have none, beside the median of those that have one: it says nothing, and keeps them
finite where no reading says anything; chosen."""
GRID = np.linspace(-24.0, 4.0, 113)
"""Logarithms of the penalty's weight beside the readings' strongest effect among which the likeliest is taken."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The likeliest coordinates z (n,), `root` (n, n) of their covariance, and the noise (its standard deviation, in the
    units of the rows); `penalty` and its `weight`; `trusted` (rows,) is how much of each reading the answer takes up,
    between 0 and 1, and `degrees` of all together. `unlikely` is minus twice the logarithm of the likelihood, but for a
    constant."""

    z: Array
    root: Array
    noise: float
    penalty: Penalty
    weight: float
    trusted: Array
    degrees: float
    unlikely: float


def choose(slopes: Array, data: Array, penalties: tuple[Penalty, ...], count: int) -> Chosen:
    """Minimise ‖slopes z - data‖² + λ ‖penalty‖² for the penalty and the λ under which the readings are likeliest;
    `count` of the rows are readings."""
    return min((_likeliest(slopes, data, penalty, count) for penalty in penalties), key=lambda each: each.unlikely)


def _likeliest(slopes: Array, data: Array, penalty: Penalty, count: int) -> Chosen:
    n, free = slopes.shape[1], penalty.free
    columns = np.linalg.norm(penalty.matrix, axis=0)
    middle = float(np.median(columns[columns > 0])) if np.any(columns) else 1.0
    q, r = np.linalg.qr(np.vstack([penalty.matrix, VAGUE * middle * np.eye(n)]))
    about = np.linalg.solve(r, q.T @ np.concatenate([penalty.right, np.zeros(n)]))
    into = np.linalg.inv(r)
    u, s, vt = np.linalg.svd(slopes @ into, full_matrices=False)
    rest = data - slopes @ about
    seen = u.T @ rest
    beyond = max(float(rest @ rest - seen @ seen), 0.0)

    def left(weight: float) -> float:
        return beyond + float(np.sum(weight / (s**2 + weight) * seen**2))

    def unlikely(weight: float) -> float:
        bounded = np.sort(weight / (s**2 + weight))[free:]
        return (count - free) * np.log(max(left(weight), 1e-300)) - float(np.sum(np.log(bounded)))

    weights = s[0] ** 2 * 10.0**GRID
    weight = float(min(weights, key=unlikely) if free < n else weights[0])
    share = s**2 / (s**2 + weight)
    noise = float(np.sqrt(left(weight) / max(count - free, 1)))
    z = about + into @ (vt.T @ (s / (s**2 + weight) * seen))
    root = noise * into @ (vt.T / np.sqrt(s**2 + weight))
    trusted = np.sum(u**2 * share, axis=1)
    return Chosen(z, root, noise, penalty, weight, trusted, float(share.sum()), unlikely(weight))
