"""Gauss and Newton's steps for fields and learned numbers together, equations and readings over their sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form
from inrpde.discretise.jets import Jets, evaluate_jets
from inrpde.discretise.state import State
from inrpde.discretise.system import System, linearise
from inrpde.sampling.sites import Samples
from inrpde.solvers.inverse.roles import Roles
from inrpde.solvers.joint.components import EQUATIONS, Sizes, factors, kinds, spare, weighted
from inrpde.solvers.linear.parts import Parts, times
from inrpde.solvers.linear.weights import absolute, weights

Array = np.ndarray
STEPS = 5
"""Steps of a level at most; chosen."""
SHORTEST = 2.0**-3
"""The shortest step; where that does not help either, equations hold less; chosen."""
SOFTER = 4.0
"""How many times larger the size of equations is then; chosen."""
TRUE = 2.0
"""How many times what a linearisation foretells may be left of equations, for their size to follow: what is curved is
no size of theirs; chosen."""
SETTLED, STEADY = 0.3, 0.7
"""The share of its standard deviation by which a step moves a number, and that to which new sizes lower that, when no
further step is taken; chosen."""
BLIND, SHARE = 1e-6, 0.1
"""The effect of a combination of numbers beside the largest below which nothing tells it, and the part of it that a
number is, at least; chosen."""
STIFFER = 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6
"""Shares of the size of equations that are tried in its place; chosen."""
EVIDENT = 4.0
"""How much less twice the negative logarithm of a likelihood is that is larger beyond doubt; chosen."""
INSIDE = 0.9
"""The part of the way to a bound that a step may go; chosen."""
DRAWN = 16_000, 4, 32
"""Columns of all draws of the fields' errors together, and draws at least and at most: a few tell its mean square, and
each costs a solve; chosen."""


@dataclass(frozen=True, eq=False)
class Reached:
    """A state with the sizes of what is left of equations and readings; `root` (numbers, numbers) of the covariance of
    the learned numbers, heads (width, k) of fields whose squares add up to their variance, how many readings are
    `spare`, and the numbers (unknowns) that are `open`."""

    state: State
    sizes: Sizes
    root: Array
    spread: Array
    spare: float
    open: tuple[int, ...]
    steps: int


@dataclass(frozen=True, eq=False)
class Joint:
    """A form on samples, with what its unknowns and equations are to it."""

    form: Form
    roles: Roles
    samples: Samples

    def jets(self, state: State) -> Jets:
        with np.errstate(all="ignore"):
            return evaluate_jets(self.form, self.samples, state)

    def left(self, state: State, jets: Jets, like: System) -> Array:
        """What is left of all rows, (rows,), weighted as those of a system."""
        with np.errstate(all="ignore"):
            return _like(linearise(self.form, self.samples, state, jets, ()), like).right


@dataclass(frozen=True, eq=False)
class Linear:
    """At a state the fields' rows, factorised; what is left of all (rows,), and its slopes (rows, numbers) by learned
    numbers; the kind of each row."""

    joint: Joint
    state: State
    sizes: Sizes
    fields: Parts
    left: Array
    slopes: Array
    kind: Array

    @classmethod
    def of(cls, joint: Joint, state: State, jets: Jets, sizes: Sizes) -> Linear:
        form, roles = joint.form, joint.roles
        plain = linearise(form, joint.samples, state, jets, roles.fields)
        columns = [k for k, trial in enumerate(state.trials) for _ in trial.pieces]
        readings = {number for number, block in enumerate(plain.blocks) if block.row in roles.readings}
        system = weighted(form, plain, columns, sizes, readings)
        if absolute(system):
            here = np.concatenate([h if k in roles.fields else 0 * h for k, h in enumerate(state.heads)])
            system = system.weighted(weights(system.minus(here)))
        heads = np.zeros((state.width, len(roles.learned)))
        stops = np.cumsum([trial.width for trial in state.trials])
        heads[stops[list(roles.learned)] - 1, np.arange(len(roles.learned))] = 1.0
        slopes = times(_like(linearise(form, joint.samples, state, jets, roles.learned), system), heads)
        return cls(
            joint, state, sizes, Parts.of(system), joint.left(state, jets, system), slopes, kinds(system, readings)
        )

    def step(self, rng: np.random.Generator) -> Step:
        """That to where the linearised rows leave least, within the numbers' bounds."""
        width, (columns, least, most) = self.fields.system.width, DRAWN
        signs = rng.choice([-1.0, 1.0], (len(self.left), int(np.clip(columns // width, least, most))))
        count = self.slopes.shape[1]
        several = self.fields.solve(np.column_stack([self.slopes, signs]), roughly=True)
        made = np.column_stack([self.fields.solve(self.left), several])
        rest = np.column_stack([self.left, self.slopes]) - self.fields.times(made[:, : count + 1])
        learned = self.joint.roles.learned
        units = np.array([abs(float(self.state.heads[k][0])) or 1.0 for k in learned])
        u, s, vt = np.linalg.svd(rest[:, 1:] * units, full_matrices=False)
        seen = s > BLIND * max(s.max(initial=0.0), 1e-300)
        root = units[:, None] * vt[seen].T / s[seen]
        moved = self._bounded(root @ (u.T[seen] @ rest[:, 0]))
        heads = made[:, 0] - made[:, 1 : count + 1] @ moved
        stops = np.cumsum([trial.width for trial in self.state.trials])
        heads[stops[list(learned)] - 1] = moved
        drawn = made[:, count + 1 :]
        return Step(
            heads, moved, root,
            np.column_stack([-made[:, 1 : count + 1] @ root, drawn / np.sqrt(drawn.shape[1])]),
            rest[:, 0] - rest[:, 1:] @ moved, spare(self.fields, self.kind, signs, drawn),
            tuple(k for k, column in zip(learned, vt[~seen].T, strict=True) if np.any(np.abs(column) > SHARE)),
        )  # fmt: skip

    def unlikely(self, step: Step) -> tuple[float, float]:
        """Minus twice the logarithm of the restricted likelihood of the ratio of the sizes, but for a constant, and how
        many times as large as assumed all are."""
        count = len(self.left) - self.fields.system.width
        left = float(step.foretold @ step.foretold) / count
        rows = np.concatenate(self.fields.system.factors)
        return count * np.log(left) - 2 * float(np.sum(np.log(rows))) + 2 * self.fields.volume, float(np.sqrt(left))

    def _bounded(self, moved: Array) -> Array:
        """A step of the numbers by which none leaves its bounds."""
        out = moved.copy()
        for at, k in enumerate(self.joint.roles.learned):
            if (limits := self.joint.form.unknowns[k].limits) is not None:
                now, (lo, hi) = float(self.state.heads[k][0]), limits
                out[at] = np.clip(moved[at], -INSIDE * (now - lo), INSIDE * (hi - now))
        return out


@dataclass(frozen=True, eq=False)
class Step:
    """To all heads (width,), and what it moves the learned numbers by; `root` and `spread` as of `Reached`; what it is
    to leave of all rows, and by kind how many are `spare`."""

    heads: Array
    moved: Array
    root: Array
    spread: Array
    foretold: Array
    spare: Mapping[int, float]
    open: tuple[int, ...]

    @property
    def deviations(self) -> Array:
        """The standard deviations of the numbers."""
        return np.linalg.norm(self.root, axis=1)


def descend(joint: Joint, state: State, sizes: Sizes, seed: int) -> Reached:
    """From a state, and sizes of what is left there, to where no step moves the numbers by much of what they are
    uncertain by. Raises DivergedError where equations are singular."""
    rng, jets = np.random.default_rng([seed, 17]), joint.jets(state)
    known: Array | None = None
    taken = 0
    while taken < STEPS:
        deadline.turn()
        taken += 1
        here = Linear.of(joint, state, jets, sizes)
        step = here.step(rng)
        state, jets, length = _searched(here, jets, step)
        if not length:
            sizes, known = sizes.times({EQUATIONS: SOFTER}), None
            continue
        true = factors(joint.left(state, jets, here.fields.system), here.kind, step.spare)
        foretold = factors(step.foretold, here.kind, step.spare)
        curved = length < 1 or TRUE * foretold[EQUATIONS] < true[EQUATIONS]
        still = bool(np.all(np.abs(step.moved) <= SETTLED * step.deviations))
        steady = known is not None and bool(np.all(step.deviations >= STEADY * known))
        if still and steady and not curved:
            break
        kept = curved and true[EQUATIONS] < 1
        known = known if kept else step.deviations
        sizes = sizes.times({kind: each for kind, each in true.items() if not (kept and kind == EQUATIONS)})
    return Reached(state, sizes, step.root, step.spread, read(step.spare), step.open, taken)


def read(spare: Mapping[int, float]) -> float:
    """How many readings are spare."""
    return sum(count for kind, count in spare.items() if kind != EQUATIONS)


def likelier(joint: Joint, at: Reached, seed: int) -> tuple[Sizes | None, float]:
    """Sizes with equations that hold better, where these are likelier, and how many readings are spare where equations
    hold: where there are more features than readings, these may pass for exact, their noise for a misfit of the
    equations, and steps do not lead from there."""
    rng, jets = np.random.default_rng([seed, 19]), joint.jets(at.state)
    tried: list[tuple[float, Sizes]] = []
    for share in (1.0, *STIFFER):
        sizes = at.sizes.times({EQUATIONS: share}, least=0.0)
        here = Linear.of(joint, at.state, jets, sizes)
        step = here.step(rng)
        value, factor = here.unlikely(step)
        tried.append((value, sizes.times(dict.fromkeys(sizes.of, factor))))
    value, best = min(tried, key=lambda pair: pair[0])
    return best if value < tried[0][0] - EVIDENT else None, read(step.spare)


def _searched(here: Linear, jets: Jets, step: Step) -> tuple[State, Jets, float]:
    """The state and its jets on the way of a step where what is left falls, and how far; 0 where it does not."""
    joint, state = here.joint, here.state
    target = state.with_vector(state.vector + step.heads)
    beyond, before, length = joint.jets(target), float(here.left @ here.left), 1.0
    while length >= SHORTEST:
        moved = state.with_vector(state.vector + length * step.heads)
        at = beyond if length == 1 else jets.towards(beyond, length)
        left = joint.left(moved, at, here.fields.system)
        if float(left @ left) < before:
            return moved, at, length
        length /= 2
    return state, jets, 0.0


def _like(system: System, other: System) -> System:
    """A system of the same rows, weighted as another."""
    return System(
        tuple(replace(b, scale=o.scale, root=o.root) for b, o in zip(system.blocks, other.blocks, strict=True)),
        system.pieces,
    )
