"""Coordinates of what is learned, and how rough it is in them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import block_diag, eigh

from inrpde.compiler.form import Form
from inrpde.discretise.fields import field_points
from inrpde.discretise.state import Evaluable, field_at
from inrpde.networks.trial import Trial
from inrpde.sampling.extent import bounds

Array = np.ndarray
ORDERS = (1, 2, 3)
"""The orders of derivative of which fields may be penalised; readings say which (`regularise.choose`)."""
POINTS = 6
"""Points for each feature at which fields are compared: as many as make its Gram matrix certain; chosen."""
DISTINCT = 1e-10
"""The share of the largest eigenvalue of the Gram matrix of features from which a combination of them is a field of
its own, and no rounding: below the square root of the double's precision, above that itself; chosen."""
FLAT = 1e-7
"""The share of the median energy below which a field is flat, and its energy rounding; chosen."""
HELD = 1e-4
"""The share of the largest effect on what is given from which a coordinate is one that it fixes: what is left is
smaller than readings tell; chosen."""


@dataclass(frozen=True, eq=False)
class Penalty:
    """How rough coordinates z (n,) are: ‖matrix z - right‖²."""

    matrix: Array
    right: Array

    @cached_property
    def kernel(self) -> Array:
        """Orthonormal directions (n, k) on which there is none."""
        n = self.matrix.shape[1]
        if not self.matrix.size:
            return np.eye(n)
        _, s, vt = np.linalg.svd(self.matrix)
        return vt[int(np.sum(s > np.sqrt(FLAT) * np.median(s))) :].T

    def of(self, z: Array) -> float:
        bent = self.matrix @ z - self.right
        return float(bent @ bent)


@dataclass(frozen=True, eq=False)
class Coordinates:
    """The heads of all that is learned (width,) are `origin + basis @ z`; how rough it is one of `penalties` says.

    Of fields these are seminorms, ∫ Σ (∂^m a)² of the orders m of `ORDERS`, in coordinates scaled to [-1, 1], over the
    field's initial size (Duchon 1977; Wahba 1990, section 2.4). Numbers are free."""

    origin: Array
    basis: Array
    penalties: tuple[Penalty, ...]

    @property
    def count(self) -> int:
        return self.basis.shape[1]

    def heads(self, z: Array) -> Array:
        return self.origin + self.basis @ z

    def within(self, matrix: Array, right: Array) -> Coordinates:
        """Those in which equations `matrix @ heads = right` hold, as far as they can."""
        u, s, vt = np.linalg.svd(matrix @ self.basis)
        fixed = int(np.sum(s > HELD * max(s.max(initial=0.0), 1e-300)))
        point = vt[:fixed].T @ (u[:, :fixed].T @ (right - matrix @ self.origin) / s[:fixed])
        rest = vt[fixed:].T
        penalties = tuple(Penalty(p.matrix @ rest, p.right - p.matrix @ point) for p in self.penalties)
        return Coordinates(self.origin + self.basis @ point, self.basis @ rest, penalties)

    def penalised(self, matrix: Array, right: Array) -> Coordinates:
        """With the penalty ‖matrix @ heads - right‖² in place of their own."""
        return replace(self, penalties=(Penalty(matrix @ self.basis, right - matrix @ self.origin),))


def coordinates(form: Form, learned: Sequence[int], trials: Sequence[Trial]) -> Coordinates:
    """Those of the learned unknowns of a form, on their trials, before anything is given."""
    bases: list[Array] = []
    roughs: dict[int, list[Array]] = {order: [] for order in ORDERS}
    for k in learned:
        trial, known = trials[k], form.unknowns[k].learned
        assert known is not None
        if form.unknowns[k].is_number:
            bases.append(np.eye(1))
            for order in ORDERS:
                roughs[order].append(np.zeros((0, 1)))
            continue
        at = field_points(form, k, POINTS * trial.width, 5)
        derived = _derivatives(form, k, trial, at)
        (values,) = derived[0]
        weight, vectors = eigh(values.T @ values / len(at))
        kept = weight > DISTINCT * weight[-1]
        basis = vectors[:, kept] / np.sqrt(weight[kept])
        size = abs(float(known.initial)) or 1.0
        for order in ORDERS:
            energy, turn = eigh(sum((each @ basis).T @ (each @ basis) for each in derived[order]) / len(at))
            rough = energy > FLAT * np.median(energy)
            roughs[order].append((np.sqrt(energy[rough])[:, None] * turn[:, rough].T) / size)
        bases.append(basis)
    whole = block_diag(*bases)
    made = [block_diag(*roughs[order]) for order in ORDERS] if any(map(_varies, bases)) else [block_diag(*roughs[1])]
    return Coordinates(np.zeros(len(whole)), whole, tuple(Penalty(each, np.zeros(len(each))) for each in made))


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


def _varies(basis: Array) -> bool:
    """Is it that of a field, not of a number?"""
    return basis.shape[1] > 1


def _derivatives(form: Form, unknown: int, trial: Trial, points: Array) -> dict[int, list[Array]]:
    """By order the derivatives of the features at points, in coordinates scaled to [-1, 1]; mixed ones as often as
    there are orders of taking them."""
    d = points.shape[1]
    lo, hi = bounds(form, unknown)
    half = (hi - lo) / 2
    along = [axis for axis in range(d) if form.space.coords[axis] in form.unknowns[unknown].symbol.args]
    taken = {order: list(itertools.product(along, repeat=order)) for order in (0, *ORDERS)}
    index = {axes: tuple(axes.count(axis) for axis in range(d)) for each in taken.values() for axes in each}
    jets = trial.jets(points, dict.fromkeys(index.values()))
    return {
        order: [jets[index[axes]] * float(np.prod(half[list(axes)])) for axes in each] for order, each in taken.items()
    }
