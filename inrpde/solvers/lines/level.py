"""One level of the method of lines: cells, the degree of their bases, a tolerance in time, and the solution so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inrpde.compiler.frozen import Frozen
from inrpde.discretise.state import State
from inrpde.discretise.weak.columns import columns, inner_points
from inrpde.discretise.weak.evolving import Evolving
from inrpde.networks.lines import Lines
from inrpde.networks.mosaic import count
from inrpde.resolution import steps
from inrpde.solvers.galerkin.ground import Ground
from inrpde.solvers.galerkin.level import family, orders
from inrpde.solvers.lines.collocation import Steps, march
from inrpde.solvers.lines.nodes import Nodes, gauss, radau
from inrpde.solvers.lines.on_cells import OnCells

Array = np.ndarray
LOOKS = 12
"""Times at which it is asked what is unresolved in space; chosen."""
COUNTS = ((1e-4, 3), (1e-8, 5), (0.0, 7))
"""Nodes of a step from a tolerance on: with more of them steps are longer, and dearer; measured."""

NOISE = 10.0
"""What the error of a step is, beside what bases miss of initial values, that no longer sees that; measured on
equations of first order, and not so of those of second order, whose steps hardly see it."""


@dataclass(frozen=True, eq=False)
class Level:
    """A solution: the heads in columns on cells, at all times."""

    ground: Ground
    degrees: tuple[int, ...]
    evolving: Evolving
    steps: Steps
    energies: dict[int, Array]

    @cached_property
    def state(self) -> State:
        columns_ = self.evolving.columns
        cover = self.ground.divided.cover.walled(self.ground.walls, inner_points(self.evolving.tessellation))
        trials, heads = [], []
        for unknown in range(len(self.degrees)):
            inner = columns_.trial(unknown, cover)
            mine = self.steps.coefficients[:, :, np.flatnonzero(self.evolving.columns.of == unknown)]
            trials.append(Lines(inner, self.steps.times, mine.shape[1] - 1))
            heads.append(mine.ravel())
        return State(tuple(trials), tuple(heads))

    def held(self, below: int) -> Array:
        """The energy (C,) of what the functions of the degree so far `below` the highest hold in each cell, as a share
        of all there is, over all times."""
        columns_, dim = self.evolving.columns, self.evolving.tessellation.cells.origin.shape[1]
        total = np.zeros(len(self.evolving.tessellation.cells))
        looks = np.linspace(self.steps.times[0], self.steps.times[-1], LOOKS)
        vectors = [self.steps(time) for time in looks]
        for unknown, energy in self.energies.items():
            heads = np.stack([columns_.heads(unknown, vector) for vector in vectors])
            whole = np.einsum("tck,ckl,tcl->", heads.conj(), energy, heads, optimize=True).real
            degree = self.degrees[unknown] - below
            these = slice(count(degree - 1, dim) if degree else 0, count(degree, dim))
            part = heads[:, :, these]
            inner = np.einsum("tck,ckl,tcl->c", part.conj(), energy[:, these, these], part, optimize=True).real
            total += inner / (whole or 1.0)
        return total

    @cached_property
    def unmet(self) -> float:
        """How far conditions are off where waves leave, over all times."""
        looks = np.linspace(self.steps.times[0], self.steps.times[-1], LOOKS)
        return max(self.evolving.unmet(time, self.steps(time)) for time in looks)

    @property
    def width(self) -> int:
        return self.evolving.columns.width


def level(
    frozen: Frozen, ground: Ground, degree: int, tolerance: float, seed: int,
    on_step: Callable[[float, float], object], stop: Callable[[], bool],
) -> Level:  # fmt: skip
    """Solve on cells with bases of a degree. Raises Unfit for conditions that do not fit.

    What bases miss of initial values is in the fastest modes that they have. Where nothing takes it away, steps that
    follow it would be many, and of no use."""
    tessellation = ground.divided.tessellation(degree + 2)
    lowered = orders(frozen.flux, degree)
    degrees = tuple(degree if order else lower for order, lower in zip(frozen.orders, lowered, strict=True))
    families = [family(tessellation, each, ground.divided.cover.simplex, seed) for each in degrees]
    evolving = Evolving(frozen, tessellation, columns(frozen.flux, tessellation, families))
    way, system = frozen.evolution, OnCells(evolving, ground.divided.cover)
    (values, missed), (rates, _) = (evolving.start(frozen.starts, n) for n in (0, 1))
    values = system.consistent(way.start, system.begun(values), abs(way.end - way.start))
    if evolving.conserves and max(frozen.orders) == 1:
        tolerance = max(tolerance, NOISE * missed)
    found = march(
        system, way.start, way.end, values, system.begun(rates), tolerance, nodes(evolving, tolerance),
        way.stages(steps(frozen.whole.bound, way.axis)), on_step, stop,
    )  # fmt: skip
    return Level(ground, degrees, evolving, found, evolving.energies(way.start, values[: evolving.columns.width]))


def nodes(evolving: Evolving, tolerance: float) -> Nodes:
    """Those of Gauss for waves, which they do not damp; else those of Radau, for what is stiff."""
    many = next(each for least, each in COUNTS if tolerance >= least)
    return gauss(many) if evolving.conserves else radau(many)
