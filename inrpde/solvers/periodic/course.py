"""A solution in time on Fourier modes, as many as it has at each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil, prod

import numpy as np

from inrpde.resolution import steps as narrow_times
from inrpde.sampling.extent import bounds
from inrpde.solvers.lines.collocation import VANISHING, Stage, Start, walk
from inrpde.solvers.lines.nodes import Nodes, gauss, radau
from inrpde.solvers.periodic.initial import Initial
from inrpde.solvers.periodic.modes import Modes
from inrpde.solvers.periodic.spectral import Equations, Spectral

Array = np.ndarray
FEWEST = 7
"""The highest number of a mode along a coordinate, at least; chosen."""
GROWTH = 1.5
"""Times as many modes along a coordinate when they become too few; chosen."""
OUTER, SMALL, LARGE = 0.85, 0.5, 2.0
"""Beyond this share of the numbers along a coordinate a spectrum is to hold no more than so much of the tolerance; with
more than the last a step is taken again; chosen."""
INNER, IDLE, LASTING = 0.5, 0.003, 4
"""Where less than so much of the tolerance lies beyond that share in so many steps, there are fewer modes; chosen."""
MORE, LESS = 1.2, 0.8
"""Times as many modes along a coordinate, and as long steps, as a course to a larger tolerance has had, at least and at
most: what is left out by both does not show in their difference; chosen."""
MOST = {1: 8_192, 2: 500_000, 3: 600_000}
"""Modes of an unknown at most, by dimension: up to a second for an evaluation of the equations; chosen."""
COARSE, FINE = 3e-4, 1e-8
"""Tolerances above and below which steps have fewer, and more, nodes; chosen."""
SINGLE = 1e-5
"""A tolerance above which single precision is enough for what is kept; chosen."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Polynomials in time on the same modes: a spectrum (degree + 1, U, *shape) for each step."""

    modes: Modes
    steps: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class Course:
    """The solution between `times` (n + 1,), in pieces of one or many steps, to a tolerance in each. `missed` is what
    modes beyond those that there may be would have held, about, in the root mean square, from a time `poor` on."""

    times: Array
    pieces: tuple[Piece, ...]
    tolerance: float
    missed: float = 0.0
    poor: float = 0.0

    def step(self, time: float) -> int:
        """The number of the step that begins at a time, or holds it."""
        return min(int(np.searchsorted(self.times[1:], time, side="right")), len(self.times) - 2)


def follow(
    equations: Equations, initial: Initial, tolerance: float, before: Course | None = None,
    tell: Callable[[float, Modes], object] = lambda time, modes: None,
) -> Course:  # fmt: skip
    """Follow the initial values to the end, or to where steps become too short, with more modes and shorter steps at
    each time than a course `before` has had."""
    way = equations.form.evolves
    assert way is not None
    stages, nodes = way.stages(narrow_times(equations.form.bound, way.axis)), _nodes(equations, tolerance)
    modes = _richer(first_modes(equations, initial, tolerance), before, way.start)
    system = Spectral(equations, modes)
    at = Start.of(system, way.start, *map(system.vector, initial.exact(modes, tolerance)))
    times, pieces, length, missed, poor = [way.start], list[Piece](), None, 0.0, way.end
    kind = np.complex64 if tolerance > SINGLE else complex
    while True:
        taken: list[Array] = []
        idle, wanted = 0, modes
        limit = partial(_longest, before)
        for step in walk(system, at, way.end, tolerance, nodes, _left(stages, at.time), length, limit):
            length = abs(step.length)
            largest = np.asarray(step.end.largest)
            sizes = np.maximum(largest, VANISHING * np.max(largest))
            limits = tolerance * np.where(sizes > 0, sizes, 1.0)
            spectra = system.spectra(step.end.y)
            outer, inner = (np.max(modes.tails(spectra, share) / limits, axis=1) for share in (OUTER, INNER))
            idle = idle + 1 if np.any(inner < IDLE) else 0
            if np.any(outer > SMALL):
                wanted = _scaled(modes, np.where(outer > SMALL, GROWTH, 1.0))
                if wanted.size > MOST[len(modes.most)]:
                    poor, wanted = min(poor, step.end.time), modes
                    missed += length * float(np.max(outer)) ** 2
                elif np.any(outer > LARGE):
                    break
            elif idle >= LASTING:
                fewest = np.maximum(modes.needed(spectra, SMALL * limits) / INNER, FEWEST).astype(int)
                wanted = replace(modes, most=tuple(np.minimum(modes.most, fewest).tolist()))
                idle = 0
            at, wanted = step.end, _richer(wanted, before, step.end.time)
            times.append(at.time)
            taken.append(system.spectra(step.coefficients).astype(kind))
            tell(at.time, modes)
            if wanted.most != modes.most:
                break
        pieces += [Piece(modes, tuple(taken))] if taken else []
        if wanted.most == modes.most or at.time == way.end:
            missed = tolerance * float(np.sqrt(missed / abs(way.end - way.start)))
            return Course(np.array(times), tuple(pieces), tolerance, missed, poor)
        finer = Spectral(equations, wanted)
        at, modes, system = _moved(at, system, finer), wanted, finer


def first_modes(equations: Equations, initial: Initial, tolerance: float) -> Modes:
    """As many as the initial values have."""
    form = equations.form
    lo, hi = (end[:-1] for end in bounds(form))
    dim, real = len(lo), form.arithmetic != "complex"
    most = np.full(dim, 2 * FEWEST)
    while True:
        modes = Modes(lo, hi - lo, tuple(most.tolist()), real)
        spectra = np.concatenate(initial.spectra(modes))
        sizes = modes.sizes(spectra)
        limits = SMALL * tolerance * np.where(sizes > 0, sizes, 1.0)
        more = np.any(modes.tails(spectra, INNER) > limits, axis=1)
        if not more.any() or prod(2 * most + 1) > MOST[dim]:
            break
        most = np.where(more, 2 * most, most)
    fewest = np.maximum(np.ceil(modes.needed(spectra, limits) / OUTER), FEWEST)
    return Modes(lo, hi - lo, tuple(np.minimum(most, fewest).astype(int).tolist()), real)


def _nodes(equations: Equations, tolerance: float) -> Nodes:
    """Without damping where all unknowns are of second order in time."""
    if min(equations.orders) == 2:
        return gauss(3 if tolerance > COARSE else 5)
    return radau(3 if tolerance > COARSE else 5 if tolerance > FINE else 7)


def _left(stages: Sequence[Stage], time: float) -> list[Stage]:
    """What is left of stages after a time."""
    return [(max(a, time), b, longest) for a, b, longest in stages if b > time]


def _richer(modes: Modes, before: Course | None, time: float) -> Modes:
    """With more modes than there were at a time before, as far as there may be."""
    if before is None:
        return modes
    counts = np.cumsum([len(piece.steps) for piece in before.pieces])
    earlier = before.pieces[int(np.searchsorted(counts, before.step(time), side="right"))].modes
    most = np.maximum(modes.most, np.ceil(MORE * np.array(earlier.most))).astype(int)
    richer = replace(modes, most=tuple(most.tolist()))
    return richer if richer.size <= MOST[len(most)] else modes


def _longest(before: Course | None, time: float) -> float:
    """The longest step at a time."""
    if before is None:
        return np.inf
    step = before.step(time)
    return LESS * abs(before.times[step + 1] - before.times[step])


def _scaled(modes: Modes, factors: Array) -> Modes:
    most = [max(FEWEST, ceil(n * factor)) for n, factor in zip(modes.most, factors, strict=True)]
    return replace(modes, most=tuple(most))


def _moved(at: Start, system: Spectral, other: Spectral) -> Start:
    """On other modes."""

    def move(vector: Array) -> Array:
        spectra = system.modes.moved(system.spectra(vector), other.modes)
        return other.vector(spectra).reshape(*vector.shape[:-1], -1)

    y, rate, second = map(move, (at.y, at.rate, at.second))
    before = None if at.before is None else (at.before[0], move(at.before[1]))
    return Start(at.time, y, rate, second, before, at.largest)
