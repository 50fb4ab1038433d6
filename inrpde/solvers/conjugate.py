"""Least squares by conjugate gradients on small cells, for linear forms with many labelled samples and priors beside
them, in squares or in absolute values; see `fine` for samples alone.

There are more features than samples, so that many fields fit them. Frequencies weigh less the higher they are, and
conjugate gradients from zero lead to the field that fits with the least of them: a spline with a spectral density of
|k|^(-4), as good between the samples as cubic interpolation. The matrix is kept in single precision.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inrpde.compiler.form import Form
from inrpde.solvers.features import make_trials
from inrpde.solvers.least_squares import leaning
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.resolution import Resolved, resolved_plan, sample_points
from inrpde.solvers.samples import Samples, draw, left_out, sampled
from inrpde.solvers.score import score
from inrpde.solvers.state import State, zero_state
from inrpde.solvers.survey import LEFT_OUT
from inrpde.solvers.system import System, linearise, no_jets
from inrpde.solvers.threads import sized

Array = np.ndarray
STEPS = (25, 50, 100, 200, 400, 800, 1600)
"""Iterations after which there is a candidate."""
CONVERGED = 1e-5
"""The gradient, beside the first, below which single precision has no more to give."""
PAYS = 0.8
"""Twice the iterations should lower the score by so much."""
FITTED = 1e-3
"""A score that is good enough where no tolerance asks for more: images and recordings have no more digits."""
RATE = 2e9
"""Numbers of the matrix that pass through the processor in a nominal second."""
PATIENCE, SHARE = 12.0, 0.5
"""Nominal seconds without a budget, and the share of one: the rest is for a second solve of half as many iterations."""
MOST = 1.5e9
"""Numbers of the largest matrix."""
ROUND = 25
"""Iterations between two reweightings, where a condition asks for the norm 1."""
SMALLEST = 1e-3
"""A residual of such a condition counts as at least so large, beside their root mean square."""
HELD_OUT = 15_487_469


@dataclass(frozen=True)
class Matrix:
    """The rows of all equations over scaled columns, (height, width), in blocks (rows, columns, entries).

    `root` (height,) are the roots of the rows' shares of the loss, `absolute` those that count by their absolute value,
    `weight` what all rows are multiplied by.
    """

    blocks: tuple[tuple[Array, slice, Array], ...]
    root: Array
    absolute: Array
    width: int
    kind: Any
    weight: Any = 1

    @property
    def entries(self) -> int:
        return sum(block.size for _, _, block in self.blocks)

    def times(self, vector: Array) -> Array:
        out = np.zeros(len(self.root), dtype=self.kind)
        for rows, columns, block in self.blocks:
            out[rows] += block @ vector[columns]
        return self.weight * out

    def adjoint(self, vector: Array) -> Array:
        out, vector = np.zeros(self.width, dtype=self.kind), self.weight * vector
        for rows, columns, block in self.blocks:
            out[columns] += (vector[rows].conj() @ block).conj()
        return out

    def weights(self, residual: Array) -> Array:
        """What rows are multiplied by so that their squares are the absolute values (Holland and Welsch 1977)."""
        size = np.abs(residual) / np.where(self.root > 0, self.root, 1)
        least = SMALLEST * float(np.sqrt(np.mean(size[self.absolute] ** 2)))
        return np.where(self.absolute, 1 / np.sqrt(np.maximum(size, max(least, 1e-12))), 1).astype(self.root.dtype)


@dataclass(frozen=True)
class Iterate:
    """Where conjugate gradients are: coefficients, residual, direction, the gradient's square now and at first."""

    vector: Array
    residual: Array
    direction: Array
    gamma: float
    first: float
    steps: int = 0

    @property
    def converged(self) -> bool:
        return self.gamma <= CONVERGED**2 * self.first


def solve(context: Context) -> Iterator[Candidate]:
    """Candidates after more and more iterations, while they pay. For forms that it `supports`."""
    form, seed = context.form, context.seed
    begun = time.perf_counter()
    plan = resolved_plan(form)
    fit = Fit.of(form, plan, draw(form, plan.points, seed), seed)
    held_out = draw(form, 1000, seed + HELD_OUT)
    budget = context.clock.budget
    at, best = fit.start(), np.inf
    for steps in affordable(fit.matrix.entries, PATIENCE if budget is None else SHARE * budget):
        at = fit.run(at, steps)
        state = fit.state(at)
        scored = score(form, held_out, state).total
        cost = time.perf_counter() - begun
        reason = f"{plan}, {at.steps} iterations"
        yield Candidate(state, scored, scored, cost, "least-squares", reason, {}, fit.again(at.steps // 2))
        enough = scored < (context.tol or FITTED)
        if enough or at.converged or scored > PAYS * best or not context.clock.fits(3 * cost):
            return
        best, begun = min(scored, best), time.perf_counter()


def supports(form: Form) -> bool:
    """Is a form linear, of fields of at most three coordinates, and its matrix not too large?"""
    fields = not any(unknown.is_number for unknown in form.unknowns) and form.space.dim <= 3
    if not (form.linear and fields) or form.integrals:
        return False
    plan = resolved_plan(form)
    rows = sum(plan.points if row.region.dim else len(sample_points(form)) for row in form.rows)
    return rows * 2**form.space.dim * plan.features < MOST


def affordable(entries: int, seconds: float) -> tuple[int, ...]:
    """The numbers of iterations that fit into nominal seconds."""
    return tuple(n for n in STEPS if 2 * n * entries / RATE < seconds) or STEPS[:1]


@dataclass(frozen=True)
class Fit:
    """A linear form on samples and a body, its columns multiplied by `scale` (width,)."""

    form: Form
    plan: Resolved
    body: State
    matrix: Matrix
    right: Array
    scale: Array

    @classmethod
    def of(cls, form: Form, plan: Resolved, samples: Samples, seed: int) -> Fit:
        body = zero_state(form, make_trials(form, plan, seed))
        scale = np.concatenate([plan.falloff(piece) for trial in body.trials for piece in trial.pieces])
        system = linearise(form, samples, body, no_jets(form))
        return cls(form, plan, body, *single(form, system, scale), scale)

    def start(self, vector: Array | None = None) -> Iterate:
        """The first iterate, at zero or at heads (width,)."""
        x = np.zeros(self.matrix.width) if vector is None else vector / self.scale
        return self._restarted(x.astype(self.matrix.kind), 0)

    def run(self, at: Iterate, steps: int) -> Iterate:
        """Iterate until so many have been done; with new weights now and then, where the norm is 1."""
        with sized(0):
            if not self.matrix.absolute.any():
                return descend(self.matrix, at, steps)
            while at.steps < steps:
                weights = self.matrix.weights(at.residual)
                weighted = replace(self.matrix, weight=weights)
                at = descend(weighted, replace(at, residual=weights * at.residual), min(at.steps + ROUND, steps))
                at = self._restarted(at.vector, at.steps)
            return at

    def state(self, at: Iterate) -> State:
        return self.body.with_vector(at.vector * self.scale)

    def again(self, steps: int) -> Any:
        """A second solve of so many iterations, with other features, that does not see all samples."""

        def second(seed: int, lean: Sequence[float]) -> State:
            plan = self.plan.varied()
            samples = left_out(draw(self.form, plan.points, seed), LEFT_OUT, seed)
            other = Fit.of(self.form, plan, samples, seed)
            alone = all(sampled(self.form, k) for k in range(len(self.form.unknowns)))
            start = None if alone else leaning(other.body, lean, seed)
            return other.state(other.run(other.start(start), steps))

        return second

    def _restarted(self, vector: Array, steps: int) -> Iterate:
        residual = self.right - self.matrix.times(vector)
        return Iterate(vector, residual, np.zeros_like(vector), np.inf, np.inf, steps)


def descend(matrix: Matrix, at: Iterate, steps: int) -> Iterate:
    """Conjugate gradients on the normal equations (Björck 1996, section 7.4) up to a number of steps."""
    x, residual, direction = at.vector.copy(), at.residual.copy(), at.direction
    gamma, first, step = at.gamma, at.first, at.steps
    while True:
        gradient = matrix.adjoint(residual)
        before, gamma = gamma, float(np.vdot(gradient, gradient).real)
        direction = gradient + np.float32(gamma / before) * direction
        first = gamma if not np.isfinite(first) else first
        if step >= steps or gamma <= CONVERGED**2 * first:
            return Iterate(x, residual, direction, gamma, first, step)
        image = matrix.times(direction)
        length = np.float32(gamma / max(float(np.vdot(image, image).real), 1e-37))
        x += length * direction
        residual -= length * image
        step += 1


def single(form: Form, system: System, scale: Array) -> tuple[Matrix, Array]:
    """The system over scaled columns in single precision, and its right-hand side."""
    blocks, rights, roots, absolute, start = [], [], [], [], 0
    complex_ = any(np.iscomplexobj(part.matrix) for block in system.blocks for part in block.parts)
    kind = np.complex64 if complex_ else np.float32
    for block, factor in zip(system.blocks, system.factors(lambda row: 1.0), strict=True):
        for part in block.parts:
            columns = system.pieces[part.piece]
            rows = np.arange(len(factor)) if part.rows is None else part.rows
            entries = (part.matrix * factor[rows, None] * scale[columns]).astype(kind)
            blocks.append((start + rows, columns, entries))
        rights.append(block.right * factor)
        roots.append(block.root)
        norm = 2 if block.row is None else form.conditions[block.row.condition].norm
        absolute.append(np.full(len(factor), norm == 1))
        start += len(factor)
    root = np.concatenate(roots).astype(np.float32)
    matrix = Matrix(tuple(blocks), root, np.concatenate(absolute), system.width, kind)
    return matrix, np.concatenate(rights).astype(kind)
