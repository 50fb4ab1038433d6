"""How smooth what is sought is: Tikhonov's penalty on a slope, or on a curvature, by generalised cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import qr

Array = np.ndarray
GRID = np.arange(-14.0, 4.01, 0.25)
"""Powers of ten that weights are tried at, beside the square of the largest effect that is penalised (chosen)."""
ROBUST = 0.2
"""The share of plain cross-validation in the robust criterion: that alone, 1, smooths too little now and then, by far
where a problem is ill-posed (Lukas 2006, Inverse Problems 22, 1883: 0.1 to 0.4; chosen by two problems with six draws
of noise each)."""
VAGUE = 1e-7
"""The penalty on what a seminorm leaves open, beside its own size (chosen: too small to be felt)."""
RANK = 1e-8
"""Singular values beside the largest below which conditions on what is sought say nothing new (chosen)."""
SPARE = 2.0
"""Readings beyond those that an answer takes up, below which nothing says how noisy they are (chosen)."""
UNKNOWN = 0.1
"""The noise then, beside the size of the readings (chosen)."""


@dataclass(frozen=True, eq=False)
class Penalty:
    """‖matrix θ - right‖²; `name` is the order of what it penalises, or what the problem declares."""

    name: str
    matrix: Array
    right: Array


@dataclass(frozen=True, eq=False)
class Choice:
    """A vector θ that is likely by equations made linear, with the penalty and its weight.

    `root` (count, r) is a root of its covariance, in which what the next best penalty makes of it counts as a
    deviation, the last. `noise` is the deviation of readings from it, in the units that they were given in, and
    `taken` how many of them it takes up. `settled` is False where the readings do not tell the weight."""

    theta: Array
    penalty: Penalty
    weight: float
    root: Array
    noise: float
    taken: float
    criterion: float
    settled: bool


def choose(
    theta: Array, left: Array, slopes: Array, penalties: Sequence[Penalty], fixed: tuple[Array, Array], size: float
) -> Choice:
    """The best by cross-validation, of readings (M,) of which `left` is left at θ, with `slopes` (M, count) there.

    `fixed` are slopes and values of conditions on θ that hold exactly, `size` is that of the readings."""
    about, free = _held(theta, fixed)
    moved, count = left + slopes @ (about - theta), len(left)
    (whole,) = qr(np.column_stack([slopes @ free, moved]), mode="r")
    small = whole[: free.shape[1] + 1]  # of the same squares, and fewer rows
    every = [_by(about, free, small[:, -1], small[:, :-1], penalty, count, size) for penalty in penalties]
    best, *others = sorted(every, key=lambda choice: choice.criterion)
    apart = [each.theta - best.theta for each in others[:1]]
    return replace(best, root=np.column_stack([best.root, *apart]))


def _held(theta: Array, fixed: tuple[Array, Array]) -> tuple[Array, Array]:
    """The nearest vector that keeps to conditions (as far as they agree), and the directions (count, k) along which all
    keep to them."""
    slopes, left = fixed
    if not len(left):
        return theta, np.eye(len(theta))
    u, s, vt = np.linalg.svd(slopes)
    rank = int(np.sum(s > RANK * s[0]))
    return theta - vt[:rank].T @ (u.T[:rank] @ left / s[:rank]), vt[rank:].T


def _by(
    about: Array, free: Array, left: Array, slopes: Array, penalty: Penalty, count: int, size: float
) -> Choice:  # fmt: skip
    """Of so many readings, in coordinates in which the penalty is a sum of squares (Eldén 1977)."""
    rows, n = slopes.shape
    matrix, rest = penalty.matrix @ free, penalty.matrix @ about - penalty.right
    largest = float(np.linalg.norm(matrix, 2)) if matrix.size else 0.0
    kernel = n - int(np.linalg.matrix_rank(matrix, tol=RANK * largest)) if largest else n
    q, r = np.linalg.qr(np.vstack([matrix, VAGUE * (largest or 1.0) * np.eye(n)]))
    into = np.linalg.inv(r)
    least = -into @ (q.T @ np.concatenate([rest, np.zeros(n)]))
    moved = left + slopes @ least
    u, s, vt = np.linalg.svd(slopes @ into, full_matrices=rows < n)
    seen = u.T[: len(s)] @ moved
    beyond = max(float(moved @ moved - seen @ seen), 0.0)
    effect = s[kernel] ** 2 if kernel < len(s) else 0.0
    weights = effect * 10.0**GRID if effect else np.array([1e-28 * s[0] ** 2])

    def told(weight: float) -> tuple[float, float]:
        """What is left, and how much is taken up."""
        return beyond + float(np.sum((weight / (s**2 + weight) * seen) ** 2)), float(np.sum(s**2 / (s**2 + weight)))

    def criterion(weight: float) -> float:
        residual, taken = told(weight)
        spare, twice = count - taken, float(np.sum((s**2 / (s**2 + weight)) ** 2)) / count
        return count * residual / spare**2 * (ROBUST + (1 - ROBUST) * twice) if spare > 0 else np.inf

    criteria = [criterion(weight) for weight in weights]
    best = int(np.argmin(criteria))
    weight = float(weights[best])
    residual, taken = told(weight)
    spare = count - taken
    noise = float(np.sqrt(residual / spare)) if spare >= SPARE else UNKNOWN * size
    full = np.zeros(len(vt))
    full[: len(s)] = s
    root = noise * free @ (into @ (vt.T / np.sqrt(full**2 + weight)))
    found = about + free @ (least - into @ (vt.T[:, : len(s)] @ (s / (s**2 + weight) * seen)))
    inside = not effect or best > 0
    settled = inside and spare >= SPARE and bool(np.isfinite(criteria[best]))
    return Choice(found, penalty, weight, root, noise, taken, criteria[best], settled)
