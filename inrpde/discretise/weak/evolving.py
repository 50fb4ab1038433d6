"""The flux form in time: M₂ ∂²u/∂t² + M₁ ∂u/∂t + S(u, t) = 0, tested on cells.

Bases are orthonormal, but what rates are multiplied by need not be constant, so that M₁ and M₂ are sparse matrices. On
faces all is affine in the state where fluxes are linear; then only cells are integrated anew for another state. Where
they are not, fluxes and conditions are those of the state, and what these are multiplied by is that of the last
`slopes`, as is which way counts as upwind: such terms vanish where the state is continuous and has the values that are
given, whatever multiplies them. Several moments are looked at together: a cell has few points, and each look at
expressions takes longer than these.
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
from inrpde.discretise.weak.traces import Facing, Trace, Traces, applied, seen, traces
from inrpde.discretise.weak.volumes import Piece, volumes
from inrpde.discretise.weak.waves import Entering, entering
from inrpde.sampling.cells.tessellation import Tessellation

Array = np.ndarray
ROUNDING = 1e-12
"""What is left of a part that is none, beside the whole."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """The matrix ∂S/∂u (W, W) at a state, that of the faces alone, what is `held` on them, and `still` (W,), what is
    given on faces and does not vary with time."""

    whole: csc_array
    faces: csc_array
    held: tuple[Held, ...]
    still: Array


@dataclass(frozen=True, eq=False)
class Held:
    """What holds on a group of faces at any state: at points of these weights the jets of test functions are multiplied
    `by` (F, q, S, D) what is seen."""

    facing: Facing
    carried: tuple[Trace, ...]
    by: Array

    def load(self, flux: FluxForm, columns: Columns, vectors: Array, out: Array) -> None:
        """Adds to `out` (s, W) what is left at vectors (s, W), which may be at a moment each."""
        facing, many = self.facing, 1 + self.facing.group.points.shape[2]
        looks = seen(flux, facing, self.carried, facing.states(columns, vectors))
        values = applied(self.by, looks)
        for (side, test), a in facing.slots.items():
            part, jets = values[..., a : a + many], facing.jets[side, test]
            if not np.any(part):
                continue
            flat = part.reshape(*part.shape[:2], 1, -1) @ jets.reshape(len(jets), -1, jets.shape[3])
            rows = columns.starts[test][facing.group.sides[side].cell][:, None] + np.arange(jets.shape[3])
            np.add.at(out.T, rows, np.moveaxis(flat[..., 0, :], 0, -1))  # a cell may have several faces


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
        begun = self.frozen.at(self.frozen.evolution.start)
        every = [traces(begun, each, self.columns, zero) for each in self.discrete.facings]
        energies = self.discrete.inside(begun, zero, Blocks(self.columns.width, zero.dtype))
        constants = self.discrete.constants(every, energies)
        for rows in (moved, {}):
            facings = [each.exchanged(rows) for each in self.discrete.facings if each.holds(moved)]
            out = Blocks(self.columns.width, zero.dtype)
            held = [traces(self.frozen.flux, each, self.columns, zero) for each in facings]
            self.discrete.around(self.discrete.terms(self.frozen.flux, held, constants), out)
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
        terms = list(self.discrete.terms(flux, found, constants, self._waves(flux, found)))
        self.discrete.around(terms, faces)
        around, still = faces.matrix(bare=True), np.zeros((1, self.columns.width), vector.dtype)
        held = [Held(on.facing, on.traces, each.by * on.group.weights[..., None, None]) for on, each in terms]
        if self.affine:
            _added(flux, held, self.given[1], self.columns, np.zeros_like(still), still)
        return Slopes(csc_array(inside + around), around, tuple(held), still[0])

    def left(self, times: Array, vectors: Array, at: Slopes) -> Array:
        """S (s, W) at times (s,) and states (s, W), what is on faces by the slopes at another."""
        if self.frozen.flux.rates and not self.affine:  # where waves go is not for long what it was
            each = [(time, vector, self.slopes(time, vector)) for time, vector in zip(times, vectors, strict=True)]
            return np.stack([slopes.whole @ vector + self.load(np.array([t]), slopes)[0] for t, vector, slopes in each])
        flux, out = self.frozen.at(times), np.zeros_like(vectors)
        for piece in self.pieces:
            piece.load(flux.form, self.columns, vectors, out)
        if not self.affine:
            return _added(flux, at.held, self.discrete.facings, self.columns, vectors, out)
        out += (at.faces @ vectors.T).T + at.still
        return _added(flux, at.held, self.given[0], self.columns, np.zeros_like(vectors), out)

    def load(self, times: Array, at: Slopes) -> Array:
        """The same (s, W) where all unknowns vanish."""
        flux, (moving, still) = self.frozen.at(times), self._sources
        out = np.zeros((len(times), self.columns.width), still.dtype) + still + at.still
        nothing = np.zeros_like(out)
        for piece in moving:
            piece.load(flux.form, self.columns, nothing, out)
        return _added(flux, at.held, self.given[0], self.columns, nothing, out)

    @cached_property
    def _sources(self) -> tuple[list[Piece], Array]:
        """Where something is given inside that varies with time, and what is left (W,) of what does not."""
        moving = [piece for piece in self.pieces if any(map(self.frozen.varies, piece.equation.rows))]
        still: Array = np.zeros((1, self.columns.width), self.kind)
        form = self.frozen.at(self.frozen.evolution.start).form
        for piece in self.pieces:
            if piece not in moving:
                piece.load(form, self.columns, np.zeros_like(still), still)
        return moving, still[0]

    def unmet(self, time: float, vector: Array) -> float:
        """How far conditions on boundaries are off at a state, root mean square, where waves leave and nothing that
        enters can meet them, beside the sizes of the unknowns."""
        vector = vector[: self.columns.width]  # without what keeps a constant
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


def _added(
    flux: FluxForm, held: Sequence[Held], facings: Sequence[Facing], columns: Columns, vectors: Array, out: Array
) -> Array:
    """What is left (s, W) with what holds on these of the faces."""
    for each in held:
        if each.facing in facings:
            each.load(flux, columns, vectors, out)
    return out
