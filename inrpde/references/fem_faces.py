"""Conditions on faces: fluxes go into the weak form, given values into the choice of its functions.

Where unknowns end their fluxes t_i = F_i · n stand in the weak form, Σ t_i v_i. Conditions that give B u = b restrict
the functions to B v = 0; those on fluxes are s · t = τ(u), so that with the rows s of S the functions v = Sᵀα make
t · v = α · S t, which is known. Both must say all: B Sᵀ = 0. That holds for displacements and tractions, for what
slides (u · n and the tangential traction), and where unknowns meet (equal values, balanced fluxes, resistances).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from inrpde.references.fem_assembly import Forms
from inrpde.references.fem_spaces import Entries, Patch, Spaces, assembled, entries
from inrpde.references.fem_walls import Row, Wall
from inrpde.references.reference import Unsupported
from inrpde.references.weak_form import Array, Slot, State

ALONG = 1e-6
"""What is left of a derivative that is a sum of fluxes, as a share of it."""


class Faces:
    """What walls add to the weak form. `scales` (unknowns,) are factors of the equations that make fluxes of two
    equations balance where their unknowns are tied: B Sᵀ = 0."""

    def __init__(self, forms: Forms, spaces: Spaces, walls: Sequence[Wall]):
        self.forms, self.spaces = forms, spaces
        self.walls = [wall for wall in walls if wall.bounded]
        self.patches = [
            {side: spaces.facets(wall.facets, np.full(len(wall.facets), side)) for side in {*wall.sides.values(), 0}}
            for wall in self.walls
        ]
        self.scales = self._scales()

    def residual(self, state: Array) -> Array:
        """∫ F · n v ds for every function, (size,)."""
        return self._assembled(state, False)[0]

    def tangent(self, state: Array) -> tuple[Array, csr_array]:
        """The residual, and its derivative by the state, (size, size)."""
        residual, parts = self._assembled(state, True)
        return residual, assembled(parts, self.spaces.size)

    def _assembled(self, state: Array, slopes: bool) -> tuple[Array, list[Entries]]:
        spaces, parts = self.spaces, list[Entries]()
        total: Array = np.zeros(spaces.size, spaces.dtype)
        for wall, patches in zip(self.walls, self.patches, strict=True):
            seen = _Seen(self.forms, spaces, wall, patches, state)
            share = seen.share(self.scales)  # (N, bounded, flowing)
            shape = seen.patches[0].weights.shape
            for n, unknown in enumerate(wall.bounded):
                patch = seen.of(unknown)
                own = spaces.numbers(unknown, patch.cells)
                shapes = patch.shapes[spaces.degrees[unknown]][:, 0] * patch.weights[:, None, :]
                load, tangent = _sum(zip(seen.flows, share[:, n].T, strict=True), seen.size)
                np.add.at(total, own, np.einsum("ckq,cq->ck", shapes, load.reshape(shape)))
                for (other, slot), slope in tangent.items() if slopes else ():
                    theirs = seen.of(other)
                    trial = theirs.shapes[spaces.degrees[other]][:, slot]
                    local = (shapes * slope.reshape(shape)[:, None, :]) @ np.swapaxes(trial, 1, 2)
                    parts.append(entries(own, spaces.numbers(other, theirs.cells), local))
        return total, parts

    def _scales(self) -> Array:
        """The factors of the equations with which B Sᵀ = 0; Raises Unsupported where there are none."""
        count = len(self.spaces.domains)
        gram: Array = np.zeros((count, count))
        zero: Array = np.zeros(self.spaces.size, self.spaces.dtype)
        tied = []
        for wall, patches in zip(self.walls, self.patches, strict=True):
            seen = _Seen(self.forms, self.spaces, wall, patches, zero)
            given = [n for n in wall.giving if wall.rows[n].term.unknowns & self.forms.second]
            if not given or not seen.along.shape[1]:
                continue
            tied.append(wall)
            units = [each / np.linalg.norm(each, axis=2, keepdims=True) for each in (seen.given(given), seen.along)]
            products = (units[0][:, :, None] * units[1][:, None]).reshape(-1, len(wall.bounded))
            gram[np.ix_(wall.bounded, wall.bounded)] += np.real(products.conj().T @ products) / len(products)
        sizes, vectors = np.linalg.eigh(gram)
        kernel = vectors[:, sizes <= ALONG**2]
        inverse = kernel @ (kernel.T @ np.ones(count))
        if not np.all(inverse > 1e-12 * np.max(np.abs(inverse), initial=0.0)):
            text = tied[0].rows[-1].text
            raise Unsupported(f"{text} does not balance the fluxes of what is given there")
        return 1 / inverse


class _Seen:
    """A wall's conditions and fluxes for a state, at the N points of a quadrature: `patches` are the facets seen from
    its sides."""

    def __init__(self, forms: Forms, spaces: Spaces, wall: Wall, patches: dict[int, Patch], state: Array):
        self.forms, self.spaces, self.wall, self.patches = forms, spaces, wall, patches
        self.size = self.patches[0].weights.size
        self.values: dict[Slot, Array] = {}
        for unknown in wall.sides if np.any(state) else ():  # what is missing is zero
            self.values |= spaces.values(self.of(unknown), [unknown], state)
        self.along = np.zeros((self.size, 0, len(wall.bounded)))
        self.flows: list[tuple[Array, dict[Slot, Array]]] = []
        self._flow()

    def of(self, unknown: int) -> Patch:
        """The facets, seen from where an unknown lives."""
        return self.patches[self.wall.sides[unknown]]

    def row(self, number: int) -> tuple[Array, dict[Slot, Array]]:
        """The value of a condition and its derivatives."""
        return evaluated(self.forms, self.spaces, self.wall, number, self.patches[0], self.values)

    def _flow(self) -> None:
        """s and τ of s · t = τ for each flux: (N, flowing, bounded), and τ with its derivatives."""
        wall, dim = self.wall, self.spaces.dim
        fluxes = [self.forms.flux(unknown, self.of(unknown), self.values) for unknown in wall.bounded]
        slots = [(unknown, k) for unknown in wall.sides for k in range(1, 1 + dim)]
        across = np.stack([_stacked(tangent, slots, self.size) for _, tangent in fluxes], axis=1)
        rows = []
        for number in wall.flowing:
            value, tangent = self.row(number)
            gradient = _stacked(tangent, slots, self.size)
            share = np.einsum("ns,nsb->nb", gradient, np.linalg.pinv(across))
            left = np.linalg.norm(gradient - np.einsum("nb,nbs->ns", share, across), axis=1)
            if not np.all(left <= ALONG * np.linalg.norm(gradient, axis=1)):
                raise Unsupported(f"{wall.rows[number].text} has a derivative that is not the equation's flux")
            rows.append(share)
            # F · n less the condition: the derivatives cancel
            self.flows.append(_sum([*zip(fluxes, share.T, strict=True), ((value, tangent), -1.0)], self.size))
        given = [n for n in wall.giving if wall.rows[n].term.unknowns & self.forms.second]
        if len(given) + len(rows) < len(wall.bounded):
            # a pressure is given in place of the traction: what is left open of that is what the state makes it
            open_ = np.linalg.svd(self.given(given))[2][:, len(given) :].conj()
            for share in np.moveaxis(open_, 1, 0):
                rows.append(share)
                self.flows.append(_sum(zip(fluxes, share.T, strict=True), self.size))
        if rows:
            self.along = np.stack(rows, axis=1)

    def given(self, numbers: Sequence[int]) -> Array:
        """B of conditions that give values, (N, conditions, bounded)."""
        found = [self.row(number)[1] for number in numbers]
        slots = [(unknown, 0) for unknown in self.wall.bounded]
        return np.stack([_stacked(tangent, slots, self.size) for tangent in found], axis=1)

    def share(self, scales: Array) -> Array:
        """How much of τ each unknown's functions are given, (N, bounded, flowing): S⁺ of the scaled fluxes."""
        own = scales[list(self.wall.bounded)]
        if not self.along.shape[1]:
            return np.zeros((self.size, len(own), 0))
        scaled = self.along / own
        turned = np.swapaxes(scaled, 1, 2)
        return turned @ np.linalg.inv(scaled @ turned) / own[:, None]


def evaluated(
    forms: Forms, spaces: Spaces, wall: Wall, number: int, patch: Patch, values: dict[Slot, Array]
) -> tuple[Array, dict[Slot, Array]]:
    """The value of a wall's condition at the points of a patch seen from side 0, and its derivatives."""
    row: Row = wall.rows[number]
    normals = patch.normals * wall.signs[number][:, None, None]
    state = State(patch.points.reshape(-1, spaces.dim), values, normals.reshape(-1, spaces.dim))
    return forms.evaluator(row.term, row.equation.part, state)


def _stacked(tangent: dict[Slot, Array], slots: Sequence[Slot], size: int) -> Array:
    return np.stack([np.broadcast_to(tangent.get(slot, 0.0), size) for slot in slots], axis=1)


def _sum(terms: Iterable[tuple[tuple[Array, dict[Slot, Array]], Any]], size: int) -> tuple[Array, dict[Slot, Array]]:
    """The sum of values with their derivatives, times factors, (size,) each."""
    total: Array = np.zeros(size)
    tangent: dict[Slot, Array] = {}
    for (value, slopes), factor in terms:
        total = total + factor * value
        for slot, slope in slopes.items():
            tangent[slot] = tangent.get(slot, np.zeros(size)) + factor * slope
    return total, tangent
