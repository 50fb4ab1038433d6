"""Levenberg–Marquardt on all parameters of one sine layer, its head eliminated: few features, each where it serves.

Variable projection (Golub and Pereyra 1973) with Kaufman's Jacobian (1975): frequencies and phases move in the
directions that the head cannot make good, damped by the gain ratio (Nielsen 1999)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.discretise.jets import evaluate_jets
from inrpde.discretise.score import score
from inrpde.discretise.state import State
from inrpde.discretise.system import linearise
from inrpde.errors import DivergedError
from inrpde.networks.offset import bare, counted
from inrpde.networks.siren import SineBody
from inrpde.networks.tangent import Tangent
from inrpde.networks.trial import Sum, Trial
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import bounds
from inrpde.sampling.sites import Samples
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.contract.method import Candidate, Context, reads
from inrpde.solvers.fitting import fit_for, newton
from inrpde.solvers.linear import RIDGE
from inrpde.solvers.linear.dense import ridge_solve
from inrpde.solvers.search.scales import scales

Array = np.ndarray
WIDTH, STEPS = 60, 100
"""Features an unknown, and steps."""
DENSITY = 4.0
"""Points inside a parameter of the body."""
BANDS = (0.7, 1.15, 2.0)
"""First bands that are tried, beside the declared waves."""
LOWEST = 3.0
"""The least wave number that first bands are made for, in radians a half extent of the box."""
DAMPING = 1e-3
"""The damping of the first step, relative to the squares of the columns (Nielsen's τ)."""
LEAST = 1e-3
"""A relative decrease of the loss below which steps are no longer worth their while."""
PATIENCE = 6
"""Steps in a row that may be refused."""
HELD_OUT = 6_700_417
"""Added to the seed for the points on which steps are scored; a prime."""


@dataclass(frozen=True)
class Eliminated:
    """A state whose heads are the best for its bodies, and its scaled residual."""

    state: State
    residual: Array

    @property
    def loss(self) -> float:
        value = float(np.vdot(self.residual, self.residual).real)
        return value if math.isfinite(value) else math.inf


@dataclass(frozen=True)
class Projection:
    """The loss of one layer of sines after its head has been eliminated: a form on samples, each equation over a size
    that stays the same."""

    form: Form
    samples: Samples
    scales: Mapping[Row | None, float]

    @classmethod
    def of(cls, form: Form, samples: Samples, state: State) -> Projection:
        system = linearise(form, samples, state, evaluate_jets(form, samples, state))
        return cls(form, samples, {block.row: block.scale for block in system.blocks})

    def fit(self, state: State) -> Eliminated:
        """The best heads: exact where the equations are linear, after two Newton steps otherwise."""
        try:
            for _ in range(1 if self.form.linear else 2):
                matrix, right = self._stacked(state, state)
                state = newton.clip(self.form, state.with_vector(ridge_solve(matrix, right)))
            if not self.form.linear:
                matrix, right = self._stacked(state, state)
            return Eliminated(state, matrix @ state.vector - right)
        except DivergedError:
            return Eliminated(state, np.array([math.inf]))

    def step(self, at: Eliminated, damping: float) -> tuple[Array, float]:
        """The damped step of the bodies' parameters, and the loss that it predicts."""
        slopes, residual = self._slopes(at)
        size = np.linalg.norm(slopes, axis=0)
        floor = np.sqrt(damping) * np.maximum(size, 1e-6 * max(float(size.max()), 1e-300))
        matrix = np.vstack([slopes, np.diag(floor)])
        step = ridge_solve(matrix, np.concatenate([-residual, np.zeros(len(floor))]))
        left = residual + slopes @ step
        return step, float(left @ left)

    def moved(self, at: Eliminated, step: Array) -> Eliminated:
        """The fit after a step of the bodies' parameters."""
        tangents = {key: Tangent(body, np.ones(body.width)) for key, body in _bodies(at.state).items()}
        parts = np.split(step, np.cumsum([tangent.width for tangent in tangents.values()])[:-1])
        made: dict[int, Trial] = {
            key: tangent.moved(part) for (key, tangent), part in zip(tangents.items(), parts, strict=True)
        }
        moved = (counted(made.get(id(bare(trial)), bare(trial)), trial.offset) for trial in at.state.trials)
        return self.fit(State(tuple(moved), at.state.heads))

    def _stacked(self, state: State, jets_of: State) -> tuple[Array, Array]:
        system = linearise(self.form, self.samples, state, evaluate_jets(self.form, self.samples, jets_of))
        blocks = tuple(replace(block, scale=self.scales.get(block.row, 1.0)) for block in system.blocks)
        return (scaled := replace(system, blocks=blocks)).matrix(), scaled.right

    def _slopes(self, at: Eliminated) -> tuple[Array, Array]:
        """How the residual changes with the bodies' parameters, and itself, both without what the heads can make good.

        Unknowns that share a body add up.
        """
        trials: list[Trial] = []
        heads: list[Array] = []
        for trial, head in zip(at.state.trials, at.state.heads, strict=True):
            body = bare(trial)
            tangent = Tangent(body, head) if isinstance(body, SineBody) else None
            trials.append(trial if tangent is None else counted(Sum((body, tangent)), trial.offset))
            heads.append(head if tangent is None else np.concatenate([head, np.zeros(tangent.width, dtype=head.dtype)]))
        matrix, _ = self._stacked(State(tuple(trials), tuple(heads)), at.state)
        columns: list[Array] = []
        slopes: dict[int, Array] = {}
        start = 0
        for trial, whole in zip(at.state.trials, trials, strict=True):
            columns.append(matrix[:, start : start + trial.width])
            if isinstance(body := bare(trial), SineBody):
                slopes[id(body)] = slopes.get(id(body), 0.0) + matrix[:, start + trial.width : start + whole.width]
            start += whole.width
        basis = _basis(np.hstack(columns))
        both = np.column_stack([*slopes.values(), at.residual])
        both = both - basis @ (basis.conj().T @ both)
        both = np.vstack([both.real, both.imag]) if np.iscomplexobj(both) else both
        return both[:, :-1], both[:, -1]


def _basis(matrix: Array) -> Array:
    """An orthonormal basis of the columns, but for directions that are rounding (rows of the Q of [A; μI])."""
    width = matrix.shape[1]
    ridge = RIDGE * np.linalg.norm(matrix) / np.sqrt(width)
    q, _ = np.linalg.qr(np.vstack([matrix, ridge * np.eye(width)]))
    return q[: len(matrix)]


def _bodies(state: State) -> dict[int, SineBody]:
    """The bodies that move, each once."""
    return {id(body): body for body in map(bare, state.trials) if isinstance(body, SineBody)}


@dataclass(frozen=True)
class Options:
    """Features an unknown, steps, and points inside."""

    width: int | None
    steps: int | None
    points: int | None


@reads(Options)
def solve(context: Context[Options]) -> Iterator[Candidate]:
    """The method `gauss-newton`."""
    yield from _run(context, context.seed, context.options.steps or STEPS)


def _run(context: Context[Options], seed: int, steps: int) -> Iterator[Candidate]:
    form, begun = context.form, time.perf_counter()
    held_out = draw(form, 1000, seed + HELD_OUT)
    start, samples = _start(context, seed, held_out)
    problem = Projection.of(form, samples, start)
    at = problem.fit(start)
    damping, growth, refused, accepted = DAMPING, 2.0, 0, 0

    def candidate(reason: str) -> Candidate:
        def again(other: int, lean: Sequence[float]) -> State:
            """A shorter run from other features, on other points."""
            *_, last = _run(context, other, max(accepted // 2, 1))
            return last.state

        fitted, found = (score(form, where, at.state).total for where in (samples, held_out))
        return Candidate(at.state, found, fitted, time.perf_counter() - begun, "gauss-newton", reason, again=again)

    yield candidate(f"{at.state.width} features")
    while accepted < steps and refused < PATIENCE:
        begun = time.perf_counter()
        step, predicted = problem.step(at, damping)
        other = problem.moved(at, step)
        gain = (at.loss - other.loss) / max(at.loss - predicted, 1e-300)
        if not gain > 0:
            damping, growth, refused = damping * growth, 2 * growth, refused + 1
            continue
        damping, growth, refused = damping * max(1 / 3, 1 - (2 * gain - 1) ** 3), 2.0, 0
        small = at.loss - other.loss < LEAST * at.loss
        at, accepted = other, accepted + 1
        yield candidate(f"step {accepted}, loss {at.loss:.1e}, damping {damping:.1e}")
        if small:
            return


def _start(context: Context[Options], seed: int, held_out: Samples) -> tuple[State, Samples]:
    """The best of some frozen bodies of few features, and the points for it."""
    form = context.form
    fit, _ = fit_for(form)
    width = context.options.width or WIDTH
    points = context.options.points or round(DENSITY * (form.space.dim + 2) * width)
    samples = draw(form, points, seed)
    lo, hi = bounds(form)
    waves = scales(form, samples).all * (hi - lo) / 2
    found = []
    for band in BANDS:
        plan = Global(width, tuple(np.maximum(band * waves, LOWEST * band)), density=points / width, enrichments=())
        try:
            state = fit(form, plan, samples, seed)
        except DivergedError:
            continue
        found.append((score(form, held_out, state).total, state))
    if not found:
        raise DivergedError("no frozen body gave a finite start", None, "give a `guess` close to the solution")
    return min(found, key=lambda each: each[0])[1], samples
