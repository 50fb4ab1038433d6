"""The flux form in time: M₂ ∂²u/∂t² + M₁ ∂u/∂t + S(u, t) = 0, tested on cells.

Bases are orthonormal, but what rates are multiplied by need not be constant, so that M₁ and M₂ are sparse matrices. On
faces all is affine in the state where fluxes are linear; then only cells are integrated anew for another state. What
carries along counts upwind by the state of the last `slopes`: that term vanishes where the state is continuous and has
the values that are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array
from sympy import Integer

from inrpde.compiler.flux import FluxEquation, FluxForm
from inrpde.compiler.form import Row
from inrpde.compiler.frozen import Frozen, Start
from inrpde.discretise.weak.assembly import Discrete
from inrpde.discretise.weak.blocks import Blocks
from inrpde.discretise.weak.columns import Columns
from inrpde.discretise.weak.traces import Facing, Traces, traces
from inrpde.discretise.weak.volumes import Piece, volumes
from inrpde.discretise.weak.waves import Entering, entering
from inrpde.sampling.cells.tessellation import Tessellation

Array = np.ndarray
ROUNDING = 1e-12
"""What is left of a part that is none, beside the whole."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """The matrix ∂S/∂u (W, W) at a state, that of the faces alone, the trace constants, by `id` of the faces at which
    velocities (F, q) a trace is carried and what waves enter, and `still` (W,), what is given on faces and does not
    vary with time."""

    whole: csc_array
    faces: csc_array
    constants: dict[int, Array]
    drifts: dict[int, tuple[Array, ...]]
    waves: dict[int, Entering]
    still: Array


@dataclass(frozen=True, eq=False)
class Evolving:
    """A form that is parted in space and time, on cells."""

    frozen: Frozen
    tessellation: Tessellation
    columns: Columns

    @property
    def kind(self) -> type:
        """Of the heads."""
        return self.frozen.flux.form.kind

    @cached_property
    def discrete(self) -> Discrete:
        return Discrete(self.frozen.flux, self.tessellation, self.columns)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(self.discrete.pieces(self.frozen.flux.equations))

    @cached_property
    def masses(self) -> tuple[csc_array, ...]:
        """M₁ and M₂, (W, W) each."""
        parts = zip(self.frozen.masses, self.frozen.walls, strict=True)
        return tuple(csc_array(self._mass(equations) + self._on_walls(rows)) for equations, rows in parts)

    @cached_property
    def conserves(self) -> bool:
        """Do equations take nothing from the solution? Those of second order in time do not, nor where M₁ is skew, as
        in Schrödinger's equation, nor waves of first order in space; what has no rate follows at once."""
        if self.frozen.flux.rates:
            return True
        first = self.masses[0]
        damping = abs(first + first.conj().T)
        return all(self.frozen.orders) and (not first.nnz or bool(damping.max() <= ROUNDING * abs(first).max()))

    def _mass(self, equations: Sequence[FluxEquation]) -> csc_array:
        out = Blocks(self.columns.width, np.dtype(self.kind))
        zero: Array = np.zeros(self.columns.width, self.kind)
        for piece in self.discrete.pieces(equations):
            volumes(self.frozen.flux.form, piece, self.columns, zero, out)
        return out.matrix(bare=True)

    def _on_walls(self, moved: Mapping[Row, Row]) -> csc_array:
        """What rates in conditions on boundaries are multiplied by, (W, W): natural conditions are affine in it, so
        that it is what faces differ by with and without it."""
        if not moved:
            return csc_array((self.columns.width,) * 2, dtype=self.kind)
        zero: Array = np.zeros(self.columns.width, self.kind)
        found = []
        at = self.slopes(self.frozen.evolution.start, zero)
        for rows in (moved, {}):
            facings = [each.exchanged(rows) for each in self.discrete.facings if each.holds(moved)]
            out = Blocks(self.columns.width, zero.dtype)
            held = [traces(self.frozen.flux, each, self.columns, zero) for each in facings]
            self.discrete.around(self.frozen.flux, held, at.constants, out)
            found.append(out.matrix(bare=True))
        return csc_array(found[0] - found[1])

    @cached_property
    def affine(self) -> bool:
        """Is all that holds on faces affine in the state, but for what is carried?"""
        flux = self.frozen.flux
        fluxes = [each for equation in flux.equations for each in equation.fluxes]
        waves = [equation.rest for equation in flux.equations] if flux.rates else []
        return all(map(self.frozen.keeps_slopes, (*flux.boundary, *fluxes, *waves)))

    @cached_property
    def given(self) -> tuple[tuple[Facing, ...], tuple[Facing, ...]]:
        """The faces on which something is given that varies with time, and those on which all that is does not."""
        fluxes = [flux for equation in self.frozen.flux.equations for flux in equation.fluxes]
        everywhere = any(flux.residual.xreplace(dict.fromkeys(flux.jets, Integer(0))) != 0 for flux in fluxes)
        held = [each for each in self.discrete.facings if each.group.rows or everywhere]
        always = any(map(self.frozen.varies, fluxes))
        moving = {id(each) for each in held if always or any(self.frozen.varies(row) for row, _ in each.group.rows)}
        return tuple(e for e in held if id(e) in moving), tuple(e for e in held if id(e) not in moving)

    def energies(self, time: float, vector: Array) -> dict[int, Array]:
        """By unknown those (C, K, K) of its basis in each cell: by derivatives, of waves of first order by values."""
        if self.frozen.flux.rates:
            cells = self.discrete.cells
            return {k: cells[:, None, None] * np.eye(each.size) for k, each in enumerate(self.columns.families)}
        return self.discrete.inside(self.frozen.at(time), vector, Blocks(self.columns.width, vector.dtype))

    @cached_property
    def standing(self) -> bool:
        """Are the slopes on faces the same at all states and times, those of what is carried, too?"""
        rests = [equation.rest for equation in self.frozen.flux.equations]
        return self.affine and all(self.frozen.keeps_slopes(row, gradients=True) for row in rests)

    def slopes(self, time: float, vector: Array, before: Slopes | None = None) -> Slopes:
        """At a state and a time, where those at another are known."""
        flux, whole = self.frozen.at(time), Blocks(self.columns.width, vector.dtype)
        energies = self.discrete.inside(flux, vector, whole)
        inside = whole.matrix(bare=True)
        if before is not None and self.standing:
            return replace(before, whole=csc_array(inside + before.faces))
        found = [traces(flux, each, self.columns, vector) for each in self.discrete.facings]
        constants, faces = self.discrete.constants(found, energies), Blocks(self.columns.width, vector.dtype)
        waves = self._waves(flux, found)
        self.discrete.around(flux, found, constants, faces, waves)
        around, zero = faces.matrix(bare=True), np.zeros_like(vector)
        drifts = {id(each.facing): tuple(trace.drift for trace in each.traces) for each in found}
        at = Slopes(csc_array(inside + around), around, constants, drifts, waves, zero)
        return replace(at, still=self._around(flux, self.given[1], zero, at)) if self.affine else at

    def left(self, time: float, vector: Array, at: Slopes) -> Array:
        """S (W,) at a state, what is affine on faces by the slopes at another."""
        flux, out = self.frozen.at(time), Blocks(self.columns.width, vector.dtype)
        for piece in self.pieces:
            piece.load(flux.form, self.columns, vector, out)
        if not self.affine:
            return out.residual + self._around(flux, self.discrete.facings, vector, at)
        given = self._around(flux, self.given[0], np.zeros_like(vector), at)
        return out.residual + at.faces @ vector + at.still + given

    def _around(self, flux: FluxForm, facings: Sequence[Facing], vector: Array, at: Slopes) -> Array:
        out = Blocks(self.columns.width, vector.dtype)
        found = [traces(flux, each, self.columns, vector) for each in facings]
        if self.affine:
            found = [each.carried(at.drifts[id(each.facing)]) for each in found]
        self.discrete.around(flux, found, at.constants, out, at.waves if self.affine else self._waves(flux, found))
        return out.residual

    def unmet(self, time: float, vector: Array) -> float:
        """How far conditions on boundaries are off at a state, root mean square, where waves leave and nothing that
        enters can meet them, beside the sizes of the unknowns."""
        flux, sizes = self.frozen.at(time), self.discrete.sizes(vector) / np.sqrt(self.discrete.cells.sum())
        held = [traces(flux, each, self.columns, vector) for each in self.discrete.facings if each.group.rows]
        waves, total, area = self._waves(flux, held), 0.0, 0.0
        for each in held if waves else []:
            total += np.sum(each.group.weights * waves[id(each.facing)].unmet(flux, each, sizes) ** 2)
            area += np.sum(each.group.weights)
        return float(np.sqrt(total / (area or 1.0)))

    @staticmethod
    def _waves(flux: FluxForm, found: Sequence[Traces]) -> dict[int, Entering]:
        return {id(each.facing): entering(flux, each) for each in found} if flux.rates else {}

    def start(self, starts: Sequence[Start], order: int) -> tuple[Array, float]:
        """The initial values (W,), or rates, by their projections on the bases, and the largest share of an unknown's
        that these miss, root mean square."""
        missed, whole = np.zeros((2, len(self.columns.families)))
        out: Array = np.zeros(self.columns.width, self.kind)
        form, begun = self.frozen.whole, self.frozen.evolution.start
        for piece in self.pieces:
            test = piece.equation.test
            points = np.column_stack([piece.points, np.full(len(piece.points), begun)])
            values = np.zeros(len(points), out.dtype)
            for each in starts:
                if (each.unknown, each.order) != (test, order):
                    continue
                here = np.flatnonzero(each.row.region.contains(points))
                (jet,) = each.row.jets
                env = form.environment(each.row, points[here], None, {}) | {jet: 0.0}
                values[here] = -each.row.value(env)[0] / each.row.tangents(env)[jet]
            weighted = piece.weights * values.reshape(piece.weights.shape)
            heads = weighted @ piece.jets[test][:, 0] / piece.weights.sum(axis=1)[:, None]
            at = self.columns.starts[test][piece.cells][:, None] + np.arange(heads.shape[1])
            out[at] = heads
            left = values.reshape(piece.weights.shape) - heads @ piece.jets[test][:, 0].T
            missed[test] += np.sum(piece.weights * np.abs(left) ** 2)
            whole[test] += np.sum(np.abs(weighted * values.reshape(piece.weights.shape)))
        return out, float(np.sqrt(np.max(missed / np.where(whole > 0, whole, 1.0))))
