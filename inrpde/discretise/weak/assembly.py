"""The system of the flux form: what is left of it at a state, and its slope as a sparse matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array

from inrpde import deadline
from inrpde.compiler.flux import FluxEquation, FluxForm
from inrpde.discretise.weak.blocks import Blocks
from inrpde.discretise.weak.columns import Columns, holding
from inrpde.discretise.weak.faces import groups
from inrpde.discretise.weak.traces import Facing, Terms, Traces, conditions, face_terms, facing, traces
from inrpde.discretise.weak.volumes import Piece, involved, pieces, volumes
from inrpde.discretise.weak.waves import Entering
from inrpde.sampling.cells.tessellation import Tessellation

Array = np.ndarray
FLAT = 1e-10
"""The share of the largest energy of a function in a cell below which it is a rigid motion, which has no flux."""


@dataclass(frozen=True, eq=False)
class Assembled:
    """The slope (W, W) of what is left (W,) of the equations, by unknown the energies (C, K, K) of its bases and the
    constants (C,) of their trace inequalities, points (N, d) of the boundary where conditions are lacking, and by how
    much, as a share (W,), columns count more that others hold nearly as well."""

    matrix: csc_array
    residual: Array
    energies: dict[int, Array]
    constants: dict[int, Array]
    lacking: Array
    firm: Array | float = 0.0


@dataclass(frozen=True, eq=False)
class Discrete:
    """A flux form on a tessellation, with columns for its unknowns. What does not depend on the state is found once."""

    flux: FluxForm
    tessellation: Tessellation
    columns: Columns
    _pieces: dict[tuple[int, int, tuple[int, ...]], tuple[Piece, ...]] = field(default_factory=dict, init=False)
    """By region, test and unknowns."""

    @cached_property
    def holds(self) -> list[Array]:
        """For each equation the cells, bool (C,), on which it holds."""
        return holding(self.flux, self.tessellation)

    @cached_property
    def facings(self) -> tuple[Facing, ...]:
        found = groups(self.flux, self.tessellation, self.columns.lives, self.holds)
        return tuple(facing(group, self.columns) for group in found)

    @cached_property
    def cells(self) -> Array:
        """The volumes (C,) of cells."""
        volume = self.tessellation.volume
        return np.bincount(volume.owners, volume.weights, minlength=len(self.tessellation.cells))

    @cached_property
    def measures(self) -> Array:
        """The volume (W,) of the cell of each column, whose basis is orthonormal in the mean over it."""
        each = [
            np.repeat(self.cells[lives], family.size)
            for lives, family in zip(self.columns.lives, self.columns.families, strict=True)
        ]
        return np.concatenate(each)

    def sizes(self, vector: Array) -> Array:
        """The L2 norms (U,) of the unknowns, whose heads are a vector (W,)."""
        squares = np.abs(vector) ** 2 * self.measures
        return np.sqrt(np.bincount(self.columns.of, squares, minlength=len(self.flux.form.unknowns)))

    def pieces(self, equations: Iterable[FluxEquation]) -> Iterator[Piece]:
        """Equations, on the regions of those of the form, in the cells where they hold."""
        where = dict(zip((e.region for e in self.flux.equations), self.holds, strict=True))
        for equation in equations:
            key = id(equation.region), equation.test, tuple(involved(equation))
            if key not in self._pieces:
                cells = np.flatnonzero(where[equation.region])
                self._pieces[key] = tuple(pieces(equation, cells, self.tessellation, self.columns))
            for piece in self._pieces[key]:
                yield replace(piece, equation=equation)

    def assembled(self, vector: Array, flux: FluxForm | None = None) -> Assembled:
        """The system at the heads of a vector (W,), of the form or of another that differs by its data. Raises Unfit
        for conditions that do not fit a flux form."""
        flux, out = flux or self.flux, Blocks(self.columns.width, vector.dtype)
        energies = self.inside(flux, vector, out)
        found = [traces(flux, each, self.columns, vector) for each in self.facings]
        constants = self.constants(found, energies)
        lacking = self.around(self.terms(flux, found, constants), out)
        return Assembled(out.matrix(), out.residual, energies, constants, lacking)

    def inside(self, flux: FluxForm, vector: Array, out: Blocks) -> dict[int, Array]:
        """Adds what the equations give in cells; by unknown the energies (C, K, K) of its basis."""
        energies: dict[int, Array] = {}
        for piece in self.pieces(flux.equations):
            test = piece.equation.test
            size = self.columns.families[test].size
            energy = energies.setdefault(test, np.zeros((len(self.tessellation.cells), size, size)))
            energy[piece.cells] += volumes(flux.form, piece, self.columns, vector, out)
        return energies

    def constants(self, found: Sequence[Traces], energies: dict[int, Array]) -> dict[int, Array]:
        """By unknown those (C,) of the trace inequalities ∫_∂K |q(v)|² ≤ Λ ∫_K E(v)."""
        squares = {unknown: np.zeros_like(energy) for unknown, energy in energies.items()}
        for each in found:
            deadline.turn()
            for trace in each.traces:
                jets = each.facing.jets[trace.side, trace.unknown][:, :, 1:]
                outward = np.einsum("fqk,fqkl->fql", each.diagonal(trace), jets)
                outward *= np.sqrt(each.group.weights)[..., None]
                gram = np.swapaxes(outward.conj(), 1, 2) @ outward
                np.add.at(squares[trace.unknown], each.group.sides[trace.side].cell, gram.real)
        return {unknown: _trace_constants(energies[unknown], square) for unknown, square in squares.items()}

    def terms(
        self, flux: FluxForm, found: Sequence[Traces], constants: dict[int, Array], waves: Mapping[int, Entering] = {}
    ) -> Iterator[tuple[Traces, Terms]]:
        """What holds on faces, of a system of first order by the `waves` that enter there."""
        for each in found:
            deadline.turn()
            if waves:
                yield each, waves[id(each.facing)].terms(flux, each)
            elif each.traces:
                yield each, standing(flux, each, constants)

    def around(self, terms: Iterable[tuple[Traces, Terms]], out: Blocks) -> Array:
        """Adds what holds on faces; points (N, d) of the boundary where conditions are lacking."""
        lacking = [np.empty((0, self.tessellation.cells.origin.shape[1]))]
        for found, each in terms:
            lacking.append(found.group.points[each.lacking])
            weights = found.group.weights[..., None]
            _scatter(found.facing, each.values * weights, each.slopes * weights[..., None], self.columns, out)
        return np.concatenate(lacking)


def standing(flux: FluxForm, found: Traces, constants: dict[int, Array]) -> Terms:
    """What holds on faces with the constants (C,) of the trace inequalities by unknown."""
    cells = [constants[each.unknown][found.group.sides[each.side].cell] for each in found.traces]
    return face_terms(found, conditions(flux, found), np.stack(cells, axis=1))


def _scatter(facing: Facing, values: Array, slopes: Array, columns: Columns, out: Blocks) -> None:
    """Adds what holds at the points of a group, tested by the columns of both sides."""
    sides, many, jets = facing.group.sides, 1 + facing.group.points.shape[2], facing.jets
    for (side, test), a in facing.slots.items():
        rows, left = columns.starts[test][sides[side].cell], jets[side, test]
        part = values[..., a : a + many]
        if not np.any(part) and not np.any(slopes[..., a : a + many, :]):
            continue
        out.load(rows, np.einsum("fqm,fqmk->fk", part, left))
        flat = np.swapaxes(left.reshape(len(left), -1, left.shape[3]), 1, 2)
        for (other, unknown), b in facing.slots.items():
            both = slopes[..., a : a + many, b : b + many]
            if np.any(both):
                right = both @ jets[other, unknown]
                block = flat @ right.reshape(len(left), -1, right.shape[3])
                out.add(rows, columns.starts[unknown][sides[other].cell], block)


def _trace_constants(energy: Array, square: Array) -> Array:
    """The largest eigenvalues (C,) of squares of fluxes on the boundaries beside energies inside, (C, K, K) each."""
    sizes, vectors = np.linalg.eigh((energy + np.swapaxes(energy, 1, 2)) / 2)
    least = FLAT * sizes[:, -1:]
    roots = np.where(sizes > least, 1 / np.sqrt(np.maximum(sizes, np.maximum(least, 1e-300))), 0.0)
    white = vectors * roots[:, None, :]
    return np.maximum(np.linalg.eigvalsh(np.swapaxes(white, 1, 2) @ square @ white)[:, -1], 0.0)
