"""One level: the cells, the degree of their bases, the solution on them, and where it is not yet resolved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from scipy.sparse import block_array, csc_array

from inrpde.compiler.flux import FluxEquation, FluxForm
from inrpde.discretise.state import State
from inrpde.discretise.weak.assembly import Assembled, Discrete
from inrpde.discretise.weak.border import Border, Fan, fans
from inrpde.discretise.weak.columns import Columns, Family, columns, inner_points
from inrpde.discretise.weak.pins import pins
from inrpde.networks.mosaic import basis, count
from inrpde.networks.trial import Sum, Trial
from inrpde.sampling.cells.tessellation import CUT, Cover, Tessellation
from inrpde.solvers.galerkin.ground import Ground
from inrpde.solvers.galerkin.newton import newton
from inrpde.solvers.galerkin.sparse import Block

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Level:
    """A solution: its heads (W,) in the columns on a tessellation, of bases of `degrees` by unknown, and the system
    that was last solved. The heads of functions about singular points, `fans`, come after those of the columns."""

    ground: Ground
    degrees: tuple[int, ...]
    tessellation: Tessellation
    columns: Columns
    vector: Array
    assembled: Assembled
    fans: tuple[Fan, ...] = ()

    @cached_property
    def state(self) -> State:
        cover = self.ground.divided.cover.walled(self.ground.walls, inner_points(self.tessellation))
        trials: list[Trial] = [self.columns.trial(k, cover) for k in range(len(self.degrees))]
        heads = np.split(self.vector[: self.columns.width], np.cumsum([trial.width for trial in trials])[:-1])
        for fan in self.fans:
            own = self.vector[fan.start : fan.start + fan.trial.width]
            trials[fan.unknown] = Sum((trials[fan.unknown], fan.trial))
            heads[fan.unknown] = np.concatenate([heads[fan.unknown], own])
        return State(tuple(trials), tuple(heads))

    def held(self, below: int) -> Array:
        """The energy (C,) of what the functions of the degree so far `below` the highest hold in each cell, as a share
        of all there is."""
        dim = self.tessellation.cells.origin.shape[1]
        total = np.zeros(len(self.tessellation.cells))
        for unknown, energy in self.assembled.energies.items():
            heads = self.columns.heads(unknown, self.vector)
            whole = np.einsum("ck,ckl,cl->c", heads.conj(), energy, heads).real.sum()
            degree = self.degrees[unknown] - below
            these = slice(count(degree - 1, dim) if degree else 0, count(degree, dim))
            part, inner = heads[:, these], energy[:, these, these]
            total += np.einsum("ck,ckl,cl->c", part.conj(), inner, part).real / (whole or 1.0)
        return total


def orders(flux: FluxForm, degree: int) -> tuple[int, ...]:
    """The degree of every unknown: that of what has no flux of its own, a pressure, is one lower."""
    own = carried(flux)
    return tuple(degree if k in own else max(degree - 1, 0) for k in range(len(flux.form.unknowns)))


def carried(flux: FluxForm) -> set[int]:
    """The unknowns that have a flux of their own."""
    return {equation.test for equation in flux.equations if _second(equation)}


def _second(equation: FluxEquation) -> bool:
    """Does an equation hold second derivatives of the unknown that tests it?"""
    return any(
        jet.unknown == equation.test and any(jet.index) for flux in equation.fluxes for jet in flux.jets.values()
    )


def level(flux: FluxForm, ground: Ground, degree: int, seed: int, before: Level | None = None) -> Level:
    """Solve on cells with bases of a degree; a nonlinear form from the solution `before`, by Newton's method. Raises
    Unfit for conditions that do not fit, DivergedError where it does not converge."""
    tessellation = ground.divided.tessellation(degree + 2)
    degrees = orders(flux, degree)
    families = [family(tessellation, each, ground.divided.cover.simplex, seed) for each in degrees]
    held = columns(flux, tessellation, families)
    discrete = Discrete(flux, tessellation, held)
    border = Border(discrete, ground.divided.cover, fans(ground.vertices, discrete, ground.divided.cover))
    vector: Array = np.zeros(border.width, flux.form.kind)
    if before is not None and not flux.form.linear:
        vector = projected(before, tessellation, held)
    system = partial(_assembled, discrete, ground.divided.cover) if not border.fans else border.assembled
    vector, assembled = newton(system, blocks(held), vector, discrete.sizes, flux.form.linear)
    return Level(ground, degrees, tessellation, held, vector, assembled, border.fans)


def _assembled(discrete: Discrete, cover: Cover, vector: Array) -> Assembled:
    """The system at a state, bordered by what pins constants: each with a multiplier, which is no part of the
    vector."""
    found = discrete.assembled(vector)
    slopes, left = pins(discrete.flux, discrete.tessellation, cover, discrete.columns, vector)
    if not len(left):
        return found
    scale = np.abs(found.matrix.diagonal()).mean()
    matrix = block_array([[found.matrix, scale * slopes.conj().T], [scale * slopes, None]], format="csc")
    return replace(found, matrix=csc_array(matrix), residual=np.concatenate([found.residual, scale * left]))


def blocks(held: Columns) -> tuple[Block, ...]:
    """The bases in cells, in space: in the plane factors fill up little."""
    dim = held.cells.origin.shape[1]
    if dim < 3:
        return ()
    starts = (first[lives] for first, lives in zip(held.starts, held.lives, strict=True))
    sizes = (family.size for family in held.families)
    return tuple(Block(at, size, min(size, count(1, dim))) for at, size in zip(starts, sizes, strict=True))


def family(tessellation: Tessellation, degree: int, simplex: bool, seed: int) -> Family:
    """The bases of a degree on cells, of cut ones each its own."""
    cells, dim = tessellation.cells, tessellation.cells.origin.shape[1]
    whole = basis(degree, dim, simplex, seed)
    cut = np.flatnonzero(cells.reference == CUT)
    of, bases = np.zeros(len(cells), int), [whole]
    for number in cut:
        rows = slice(*tessellation.volume.starts[number : number + 2])
        local = cells.local(np.full(tessellation.volume.counts[number], number), tessellation.volume.points[rows])
        of[number] = len(bases)
        bases.append(whole.on(local, tessellation.volume.weights[rows]))
    return Family(tuple(bases), of)


def projected(before: Level, tessellation: Tessellation, held: Columns) -> Array:
    """The heads (W,) of a solution on other cells, by least squares in each."""
    volume, state = tessellation.volume, before.state
    vector = np.zeros(held.width, before.vector.dtype)
    dim = volume.points.shape[1]
    for unknown, family in enumerate(held.families):
        lives = np.flatnonzero(held.lives[unknown])
        values = state.jets(unknown, volume.points, [(0,) * dim])[(0,) * dim]
        for cell in lives:
            rows = slice(*volume.starts[cell : cell + 2])
            columns_ = held.jets(unknown, np.full(volume.counts[cell], cell), volume.points[rows])[:, 0]
            roots = np.sqrt(np.abs(volume.weights[rows]))
            head = np.linalg.lstsq(columns_ * roots[:, None], values[rows] * roots, rcond=1e-12)[0]
            start = held.starts[unknown, cell]
            vector[start : start + family.size] = head
    return vector
