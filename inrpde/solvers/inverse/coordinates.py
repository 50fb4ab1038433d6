"""Coordinates of what is learned, and how rough it is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import block_diag, eigh

from inrpde.compiler.form import Form
from inrpde.discretise.fields import field_points
from inrpde.discretise.state import Evaluable, field_at
from inrpde.networks.trial import Trial
from inrpde.sampling.extent import bounds

Array = np.ndarray
POINTS = 6
"""Points for each feature at which fields are compared: as many as make its Gram matrix certain; chosen."""
DISTINCT = 1e-10
"""The share of the largest eigenvalue of the Gram matrix of features from which a combination of them is a field of
its own, and no rounding: below the square root of the double's precision, above that itself; chosen."""
FLAT = 1e-7
"""The share of the median bending energy below which a field is flat, and its energy rounding; chosen."""
HELD = 1e-4
"""The share of the largest effect on what is given from which a coordinate is one that it fixes: what is left is
smaller than readings tell; chosen."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """The heads of all that is learned (width,) are `origin + basis @ z`; how rough it is is ‖rough z - smooth‖².

    Of fields, the penalty is that of thin plates, ∫ Σ (∂²a/∂x_i ∂x_j)² in coordinates scaled to [-1, 1], over the
    field's initial size (Duchon 1977; Wahba 1990, section 2.4). Numbers are free. `free` counts the directions on which
    there is no penalty."""

    origin: Array
    basis: Array
    rough: Array
    smooth: Array
    free: int

    @property
    def count(self) -> int:
        return self.basis.shape[1]

    def heads(self, z: Array) -> Array:
        return self.origin + self.basis @ z

    def within(self, matrix: Array, right: Array) -> Coordinates:
        """Those in which equations `matrix @ heads = right` hold, as far as they can."""
        slopes, left = matrix @ self.basis, right - matrix @ self.origin
        u, s, vt = np.linalg.svd(slopes)
        fixed = int(np.sum(s > HELD * max(s.max(initial=0.0), 1e-300)))
        point = vt[:fixed].T @ (u[:, :fixed].T @ left / s[:fixed])
        rest = vt[fixed:].T
        rough = self.rough @ rest
        free = int(np.sum(_spectrum(rough) <= 0))
        return replace(
            self, origin=self.origin + self.basis @ point, basis=self.basis @ rest, rough=rough,
            smooth=self.smooth - self.rough @ point, free=free,
        )  # fmt: skip

    def penalised(self, matrix: Array, right: Array) -> Coordinates:
        """With the penalty ‖matrix @ heads - right‖² in place of their own."""
        rough = matrix @ self.basis
        return replace(self, rough=rough, smooth=right - matrix @ self.origin, free=int(np.sum(_spectrum(rough) <= 0)))


def coordinates(form: Form, learned: Sequence[int], trials: Sequence[Trial]) -> Coordinates:
    """Those of the learned unknowns of a form, on their trials, before anything is given."""
    origins, bases, roughs = [], [], []
    for k in learned:
        trial, known = trials[k], form.unknowns[k].learned
        assert known is not None
        if form.unknowns[k].is_number:
            origins.append(np.zeros(1))
            bases.append(np.eye(1))
            roughs.append(np.zeros((0, 1)))
            continue
        at = field_points(form, k, POINTS * trial.width, 5)
        values, bends = _jets(form, k, trial, at)
        weight, vectors = eigh(values.T @ values / len(at))
        kept = weight > DISTINCT * weight[-1]
        basis = vectors[:, kept] / np.sqrt(weight[kept])
        bent = sum(each.T @ each for each in bends) / len(at)
        energy, turn = eigh(basis.T @ bent @ basis)
        size = abs(float(known.initial)) or 1.0
        energy = np.where(energy > FLAT * np.median(energy), energy, 0.0)
        bases.append(basis @ turn)
        origins.append(np.zeros(trial.width))
        roughs.append(np.diag(np.sqrt(energy) / size))
    rough = block_diag(*roughs)
    return Coordinates(
        np.concatenate(origins), block_diag(*bases), rough, np.zeros(len(rough)), int(np.sum(~np.any(rough, axis=0)))
    )


def nearest(
    form: Form, learned: Sequence[int], trials: Sequence[Trial], within: Coordinates, near: Evaluable | None = None
) -> Array:  # fmt: skip
    """The coordinates (n,) whose fields and numbers come closest to those of a state, or to the initial values."""
    matrices, values, at = [], [], 0
    for k in learned:
        trial, known = trials[k], form.unknowns[k].learned
        assert known is not None
        points = np.zeros((1, form.space.dim))
        if not form.unknowns[k].is_number:
            points = field_points(form, k, POINTS * trial.width, 5)
        zero = (0,) * form.space.dim
        mine = slice(at, at + trial.width)
        made = trial.jets(points, [zero])[zero] / np.sqrt(len(points))
        wanted = np.full(len(points), float(known.initial)) if near is None else field_at(near, k, points)
        matrices.append(made @ within.basis[mine])
        values.append((wanted - trial.offset) / np.sqrt(len(points)) - made @ within.origin[mine])
        at += trial.width
    return np.linalg.lstsq(np.concatenate(matrices), np.concatenate(values), rcond=1e-10)[0]


def _spectrum(rough: Array) -> Array:
    """How rough the principal directions are, rounding taken for 0."""
    if not rough.size:
        return np.zeros(rough.shape[1])
    s = np.zeros(rough.shape[1])
    found = np.linalg.svd(rough, compute_uv=False)
    s[: len(found)] = found
    return np.where(s > np.sqrt(FLAT) * np.median(s), s, 0.0)


def _jets(form: Form, unknown: int, trial: Trial, points: Array) -> tuple[Array, list[Array]]:
    """Values of the features at points, and second derivatives in coordinates scaled to [-1, 1]."""
    d = points.shape[1]
    lo, hi = bounds(form, unknown)
    half, units = (hi - lo) / 2, np.eye(d, dtype=int)
    zero = (0,) * d
    pairs = {(i, j): tuple(int(v) for v in units[i] + units[j]) for i in range(d) for j in range(d)}
    jets = trial.jets(points, [zero, *dict.fromkeys(pairs.values())])
    return jets[zero], [jets[index] * half[i] * half[j] for (i, j), index in pairs.items()]
