"""How smooth is what is learned? As smooth as the readings say: the likeliest penalty (Wahba 1985; MacKay 1992), and
beside it all that are about as likely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import qr

from inrpde.solvers.inverse.coordinates import Penalty

Array = np.ndarray
VAGUE = 1e-4
"""The penalty on directions that have none, beside the median of those that have one: it says nothing, and keeps them
finite where no reading says anything; chosen."""
STEP = 0.25
GRID = np.arange(-24.0, 4.0, STEP)
"""Logarithms of the penalty's weight beside the readings' strongest effect among which the likeliest is taken."""
WIDE = 10.0
"""How large, beside their initial size, learned quantities are expected to be at most where nothing is penalised;
chosen."""
STRAIGHT = 0.03
"""The root mean square of a penalised derivative, beside the field's size, that a field is expected to have at least: a
penalty that allows none would know what no reading has said; chosen."""
LIKELY = 1e-3
"""The likelihood beside the largest from which a penalty adds to what is uncertain; chosen."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The likeliest coordinates z (n,) under a `penalty` of a `weight`, `root` (n, n) of their covariance under it, and
    the noise (its standard deviation, in the units of the rows); `trusted` (rows,) is how much of each reading the
    answer takes up, between 0 and 1, and `degrees` of all together. `unlikely` is minus twice the logarithm of the
    likelihood, but for a constant."""

    z: Array
    root: Array
    noise: float
    penalty: Penalty
    weight: float
    trusted: Array
    degrees: float
    unlikely: float


def choose(slopes: Array, data: Array, penalties: Sequence[Penalty], count: int) -> Chosen:
    """Minimise ‖slopes z - data‖² + λ ‖penalty‖² for the penalty and the λ under which the readings are likeliest;
    `count` of the rows are readings."""
    q, r = np.linalg.qr(np.column_stack([slopes, data]))
    made = [_Spectrum.of(r[:, :-1], r[:, -1], penalty, count) for penalty in penalties]
    best, weight = min(((each, w) for each in made for w in each.weights), key=lambda pair: pair[0].unlikely(pair[1]))
    found = best.chosen(weight)
    trusted = np.sum((q @ best.u) ** 2 * best.share(weight), axis=1)
    return replace(found, trusted=trusted)


def averaged(slopes: Array, data: Array, penalties: Sequence[Penalty], count: int) -> tuple[Array, Array]:
    """The mean (n,) of the coordinates, and the root (n, n) of their covariance, under all weights of all penalties, by
    their likelihood (Hoeting et al. 1999).

    For the covariance all penalties count alike: that a smooth one fits better is no proof of what no reading says."""
    (r,) = qr(np.column_stack([slopes, data]), mode="r", check_finite=False)
    made = [_Spectrum.of(r[:, :-1], r[:, -1], penalty, count) for penalty in penalties]
    tried = [[(each.chosen(w), each.unlikely(w)) for w in each.weights] for each in made]
    least = min(value for each in tried for _, value in each)
    mean, whole = np.zeros(slopes.shape[1]), 0.0
    for chosen, value in (pair for each in tried for pair in each):
        share = float(np.exp((least - value) / 2))
        mean, whole = mean + share * chosen.z, whole + share
    mean = mean / whole
    parts = []
    for each in tried:
        best = min(value for _, value in each)
        likely = [(chosen, np.exp((best - value) / 2)) for chosen, value in each]
        likely = [(chosen, share) for chosen, share in likely if share > LIKELY]
        total = len(tried) * sum(share for _, share in likely)
        parts += [np.sqrt(s / total) * np.column_stack([chosen.root, chosen.z - mean]) for chosen, s in likely]
    (r,) = qr(np.column_stack(parts).T, mode="r", check_finite=False)
    return mean, r[: len(mean)].T


@dataclass(frozen=True, eq=False)
class _Spectrum:
    """The singular values of the slopes in coordinates in which a penalty is a sum of squares."""

    penalty: Penalty
    count: int
    about: Array
    into: Array
    u: Array
    s: Array
    vt: Array
    seen: Array
    beyond: float
    free: Array
    """The squared effects on the readings of the directions without a penalty."""

    @classmethod
    def of(cls, slopes: Array, data: Array, penalty: Penalty, count: int) -> _Spectrum:
        n = slopes.shape[1]
        columns = np.linalg.norm(penalty.matrix, axis=0)
        middle = float(np.median(columns[columns > 0])) if np.any(columns) else 1.0
        q, r = np.linalg.qr(np.vstack([penalty.matrix, VAGUE * middle * np.eye(n)]))
        about = np.linalg.solve(r, q.T @ np.concatenate([penalty.right, np.zeros(n)]))
        into = np.linalg.inv(r)
        u, s, vt = np.linalg.svd(slopes @ into, full_matrices=False)
        rest = data - slopes @ about
        seen = u.T @ rest
        free = np.linalg.svd(slopes @ penalty.kernel, compute_uv=False) ** 2
        return cls(penalty, count, about, into, u, s, vt, seen, float(np.sum((rest - u @ seen) ** 2)), free)

    @property
    def weights(self) -> Array:
        """Those that are tried."""
        found = self.s[0] ** 2 * 10.0**GRID
        if len(self.free) == len(self.s):
            return found[:1]
        allowed = np.array([self.noise(w) / np.sqrt(w) >= STRAIGHT for w in found])
        return found[allowed] if allowed.any() else found[:1]

    def left(self, weight: float) -> float:
        return self.beyond + float(np.sum(weight / (self.s**2 + weight) * self.seen**2))

    def noise(self, weight: float) -> float:
        return float(np.sqrt(self.left(weight) / max(self.count - len(self.free), 1)))

    def unlikely(self, weight: float) -> float:
        left = max(self.left(weight), 1e-300)
        bounded = np.sort(weight / (self.s**2 + weight))[len(self.free) :]
        vague = np.sum(np.log1p(self.free * WIDE**2 * self.count / left))
        return self.count * np.log(left) - float(np.sum(np.log(bounded))) + float(vague)

    def share(self, weight: float) -> Array:
        """How much of each direction the readings tell, between 0 and 1."""
        found: Array = self.s**2 / (self.s**2 + weight)
        return found

    def chosen(self, weight: float) -> Chosen:
        share = self.share(weight)
        noise = self.noise(weight)
        z = self.about + self.into @ (self.vt.T @ (self.s / (self.s**2 + weight) * self.seen))
        root = noise * self.into @ (self.vt.T / np.sqrt(self.s**2 + weight))
        return Chosen(z, root, noise, self.penalty, weight, np.zeros(0), float(share.sum()), self.unlikely(weight))
