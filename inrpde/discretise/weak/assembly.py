"""The system of the flux form: what is left of it at a state, and its slope as a sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array

from inrpde import deadline
from inrpde.compiler.flux import FluxForm
from inrpde.discretise.weak.blocks import Blocks
from inrpde.discretise.weak.columns import Columns, holding
from inrpde.discretise.weak.faces import groups
from inrpde.discretise.weak.traces import Traces, conditions, face_terms, traces
from inrpde.discretise.weak.volumes import volumes
from inrpde.sampling.cells.tessellation import Tessellation

Array = np.ndarray
FLAT = 1e-10
"""The share of the largest energy of a function in a cell below which it is a rigid motion, which has no flux."""


@dataclass(frozen=True, eq=False)
class Assembled:
    """The slope (W, W) of what is left (W,) of the equations, by unknown the energies (C, K, K) of its bases, and
    points (N, d) of the boundary where conditions are lacking."""

    matrix: csc_array
    residual: Array
    energies: dict[int, Array]
    lacking: Array


def assemble(flux: FluxForm, tessellation: Tessellation, columns: Columns, vector: Array) -> Assembled:
    """At the heads of a vector (W,). Raises Unfit for conditions that do not fit a flux form."""
    holds = holding(flux, tessellation)
    out = Blocks(columns.width, vector.dtype)
    energies: dict[int, Array] = {}
    for equation, on in zip(flux.equations, holds, strict=True):
        numbers = np.flatnonzero(on)
        size = columns.families[equation.test].size
        energy = energies.setdefault(equation.test, np.zeros((len(on), size, size)))
        energy[numbers] += volumes(flux.form, equation, numbers, tessellation, columns, vector, out)
    faces, lacking = [], [np.empty((0, tessellation.cells.origin.shape[1]))]
    squares = {unknown: np.zeros_like(energy) for unknown, energy in energies.items()}
    for group in groups(flux, tessellation, columns.lives, holds):
        deadline.turn()
        found, jets = traces(flux, group, columns, vector)
        faces.append((found, jets))
        for trace in found.traces:
            outward = np.einsum("fqk,fqkl->fql", found.diagonal(trace), jets[trace.side, trace.unknown][:, :, 1:])
            outward *= np.sqrt(group.weights)[..., None]
            cell = group.sides[trace.side].cell
            gram = np.swapaxes(outward.conj(), 1, 2) @ outward
            np.add.at(squares[trace.unknown], cell, gram.real)
    constants = {unknown: _trace_constants(energies[unknown], square) for unknown, square in squares.items()}
    for found, jets in faces:
        deadline.turn()
        if not found.traces:
            continue
        group = found.group
        known = np.stack([constants[t.unknown][group.sides[t.side].cell] for t in found.traces], axis=1)
        terms = face_terms(found, conditions(flux, found), known)
        lacking.append(group.points[terms.lacking])
        values = terms.values * group.weights[..., None]
        slopes = terms.slopes * group.weights[..., None, None]
        _scatter(found, jets, values, slopes, columns, out)
    return Assembled(out.matrix(), out.residual, energies, np.concatenate(lacking))


def _scatter(
    found: Traces, jets: dict[tuple[int, int], Array], values: Array, slopes: Array, columns: Columns, out: Blocks
) -> None:
    """Adds what holds at the points of a group, tested by the columns of both sides."""
    sides, many = found.group.sides, 1 + found.group.points.shape[2]
    for (side, test), a in found.slots.items():
        rows, left = columns.starts[test][sides[side].cell], jets[side, test]
        part = values[..., a : a + many]
        if not np.any(part) and not np.any(slopes[..., a : a + many, :]):
            continue
        out.load(rows, np.einsum("fqm,fqmk->fk", part, left))
        flat = np.swapaxes(left.reshape(len(left), -1, left.shape[3]), 1, 2)
        for (other, unknown), b in found.slots.items():
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
