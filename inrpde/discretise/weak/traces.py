"""Conditions on faces, in Nitsche's way: what the traces of the unknowns and their fluxes satisfy, point by point.

On a face let u be the traces (m,) of all unknowns that have a flux, on both of its sides, and q their outward fluxes.
Every condition is linear there: A q + B u + ρ = 0. Those with A = 0 are essential, B₀ u + ρ₀ = 0: that u is the same
on both sides, or given. The others are natural: that fluxes cancel, or are given. With a projection P onto what the
essential ones hold fast, ∮ q·v = ∮ q·P v + ∮ q·(1 - P) v, and the natural conditions give the last term: with
M = (1 - P)ᵀ A⁺ it is ∮ (M A q)·v, A q = -B u - ρ. To this are added, as they vanish in the solution, the adjoint term
∮ q(v)·P u and the penalty ∮ B₀v·H B₀u (Nitsche 1971; for Robin's conditions Juntunen and Stenberg 2009). P is
orthogonal in the metric of the constants Λ of the trace inequalities ∫_∂K |q(v)|² ≤ Λ ∫_K E(v), and H = C (B₀ Λ⁻¹
B₀ᵀ)⁻¹: between two cells the weights Λ₂/(Λ₁ + Λ₂) and the penalty C Λ₁Λ₂/(Λ₁ + Λ₂), the harmonic means that do not see
how much coefficients jump (Ern, Stephansen and Zunino 2009).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.flux import FluxForm
from inrpde.compiler.form import Row
from inrpde.discretise.weak.columns import Columns
from inrpde.discretise.weak.faces import Group, Side
from inrpde.discretise.weak.volumes import localised, values

Array = np.ndarray
PENALTY = 4.0
"""C above: coercive from 1 on for one face, 2 leaves half of the energy; twice that, as a system's fluxes couple."""
LACKING = 1e-6
"""A part of a trace that no condition holds, beside all of it."""
SMALL = 1e-9
"""The share of what is there below which it is rounding."""


class Unfit(Exception):
    """In a few words why a condition does not fit a flux form."""


@dataclass(frozen=True, eq=False)
class Trace:
    """One unknown with a flux on one side: `side` and `unknown`, its `equation`, its flux (F, q) and the slopes of that
    by all jets of the group (F, q, S); `drift` (F, q), the outward velocity with which the rest of its equation carries
    it."""

    side: int
    unknown: int
    equation: int
    value: Array
    slopes: Array
    drift: Array


@dataclass(frozen=True, eq=False)
class Facing:
    """A group of faces, with `slots`: where the jets (value, first derivatives) of an unknown on a side begin among the
    S jets of the group. `jets` by side and unknown (F, q, 1 + d, K) are those of the columns."""

    group: Group
    slots: dict[tuple[int, int], int]
    jets: dict[tuple[int, int], Array]

    def holds(self, rows: Container[Row]) -> bool:
        """Is one of these among the rows on the faces?"""
        return any(row in rows for row, _ in self.group.rows)

    def starts(self, number: int) -> dict[int, int]:
        """Where the jets of each unknown on a side begin."""
        return {unknown: start for (side, unknown), start in self.slots.items() if side == number}

    def exchanged(self, rows: Mapping[Row, Row]) -> Facing:
        """The same with other rows in place of some."""
        theirs = tuple((rows.get(row, row), sign) for row, sign in self.group.rows)
        return replace(self, group=replace(self.group, rows=theirs))

    def states(self, columns: Columns, vector: Array) -> Array:
        """The jets (…, F, q, S) of the unknowns, of vectors (…, W)."""
        many = 1 + self.group.points.shape[2]
        out = np.zeros((*vector.shape[:-1], *self.group.weights.shape, many * len(self.slots)), vector.dtype)
        for (number, unknown), start in self.slots.items():
            heads = columns.heads(unknown, vector)[..., self.group.sides[number].cell, :]
            jets = self.jets[number, unknown]
            flat = jets.reshape(len(jets), -1, jets.shape[3]) @ heads[..., None]
            out[..., start : start + many] = flat.reshape(*heads.shape[:-1], *jets.shape[1:3])
        return out


def facing(group: Group, columns: Columns) -> Facing:
    """The jets of all unknowns that live beside faces."""
    many = 1 + group.points.shape[2]
    keys = [(number, unknown) for number, side in enumerate(group.sides) for unknown in side.unknowns]
    jets = {(number, k): columns.jets(k, group.sides[number].cell, group.points) for number, k in keys}
    return Facing(group, {key: many * place for place, key in enumerate(keys)}, jets)


@dataclass(frozen=True, eq=False)
class Traces:
    """All traces of a group, and the values (F, q, S) of its jets."""

    facing: Facing
    traces: tuple[Trace, ...]
    states: Array

    @property
    def group(self) -> Group:
        return self.facing.group

    @property
    def slots(self) -> dict[tuple[int, int], int]:
        return self.facing.slots

    def diagonal(self, trace: Trace) -> Array:
        """The slopes (F, q, d) of a flux by the derivatives of its own unknown."""
        start = self.slots[trace.side, trace.unknown]
        return trace.slopes[..., start + 1 : start + 1 + self.group.points.shape[2]]


def traces(flux: FluxForm, facing: Facing, columns: Columns, vector: Array) -> Traces:
    """The traces at a state; systems of first order have none."""
    group, slots, dim = facing.group, facing.slots, facing.group.points.shape[2]
    states = facing.states(columns, vector)
    if flux.rates:
        return Traces(facing, (), states)
    width = states.shape[2]
    found = []
    for number, side in enumerate(group.sides):
        for k in side.equations:
            equation = flux.equations[k]
            value = np.zeros(group.weights.shape, vector.dtype)
            slopes = np.zeros((*group.weights.shape, width), vector.dtype)
            *fluxes, (_, rest) = at_side(flux, equation.rows, side, facing.starts(number), states)
            for axis, (each, by) in enumerate(fluxes):
                outward = equation.sign * side.normals[..., axis]
                value = value + outward * each
                for start, slope in by:
                    slopes[..., start : start + 1 + dim] += outward[..., None] * slope
            start = slots[number, equation.test]
            if not np.any(slopes[..., start + 1 : start + 1 + dim]):
                continue
            carried = sum((slope for at, slope in rest if at == start), np.zeros((*group.weights.shape, 1 + dim)))
            drift = np.real(equation.sign * np.einsum("fqk,fqk->fq", carried[..., 1:], side.normals))
            found.append(Trace(number, equation.test, k, value, slopes, drift))
    return Traces(facing, tuple(found), states)


def at_side(
    flux: FluxForm, rows: Sequence[Row], side: Side, starts: Mapping[int, int], states: Array,
    normals: Array | None = None, points: Array | None = None,
) -> list[tuple[Array, list[tuple[int, Array]]]]:  # fmt: skip
    """Rows on a side on which the jets of unknowns begin at `starts`: the value (F, q) of each, and its slopes (F, q, 1
    + d) with the places where they belong."""
    shape, dim = states.shape[:2], side.points.shape[2]
    at = _placed(rows, starts, states, dim)
    where = (side.points if points is None else points).reshape(-1, dim)
    found = localised(flux.form, rows, where, None if normals is None else normals.reshape(-1, dim), at)
    return [
        (
            each.value.reshape(shape),
            [(starts[j], slope.reshape(*shape, 1 + dim)) for j, slope in each.slopes.items()],
        )
        for each in found
    ]


@dataclass(frozen=True, eq=False)
class Terms:
    """What multiplies the jets of the test functions at the points of a group: `by` (F, q, S, D) what is `seen` (F, q,
    D), and `slopes` (F, q, S, S) by the jets of the unknowns; and at which points, bool (F, q), conditions are
    `lacking`."""

    by: Array
    seen: Array
    slopes: Array
    lacking: Array

    @property
    def values(self) -> Array:
        """(F, q, S)."""
        return applied(self.by, self.seen)


@dataclass(frozen=True, eq=False)
class Conditions:
    """Those at the points of a group, m traces: essential `fast` (F, q, r, m), and natural `given` (F, q, n, m) with
    their slopes (F, q, n, S) by the jets. What is left of them are shares of what is `seen` (F, q, D): by `fast_by` (F,
    q, r, D) and `given_by` (F, q, n, D)."""

    fast: Array
    fast_by: Array
    given: Array
    given_slopes: Array
    given_by: Array
    seen: Array

    @property
    def fast_left(self) -> Array:
        """(F, q, r)."""
        return applied(self.fast_by, self.seen)

    @property
    def given_left(self) -> Array:
        """(F, q, n)."""
        return applied(self.given_by, self.seen)


def pairs(carried: Sequence[Trace]) -> list[tuple[int, int]]:
    """The numbers of the two traces of an unknown that has one on both sides."""
    return [
        (a, b)
        for a, one in enumerate(carried)
        for b, other in enumerate(carried)
        if one.unknown == other.unknown and one.side < other.side
    ]


def seen(flux: FluxForm, facing: Facing, carried: Sequence[Trace], states: Array) -> Array:
    """What conditions on faces are about, (s, F, q, D), at the states (s, F, q, S) of the jets: the fluxes of traces,
    the jumps of values between two sides, and the rows of the problem. Systems of first order have all values instead
    of the first two."""
    sides = facing.group.sides
    parts = list(np.moveaxis(states, -1, 0)) if flux.rates else []
    for each in carried:
        equation, side = flux.equations[each.equation], sides[each.side]
        fluxes = _valued(flux, equation.fluxes, facing.starts(each.side), states, side.points)
        parts.append(equation.sign * sum(flux * along for flux, along in zip(fluxes, _along(side), strict=True)))
    for one, other in pairs(carried):
        at = [states[..., facing.slots[carried[k].side, carried[k].unknown]] for k in (one, other)]
        parts.append(at[0] - at[1])
    for row, sign in facing.group.rows:
        _, starts = _living(flux, row, sign, facing)
        parts += _valued(flux, [row], starts, states, facing.group.points, sign * sides[0].normals)
    return np.stack(parts, axis=-1) if parts else np.zeros((*states.shape[:-1], 0))


def _along(side: Side) -> list[Array]:
    """The parts (F, q) of the outward normals."""
    return [side.normals[..., axis] for axis in range(side.normals.shape[-1])]


def _valued(
    flux: FluxForm, rows: Sequence[Row], starts: Mapping[int, int], states: Array, points: Array,
    normals: Array | None = None,
) -> list[Array]:  # fmt: skip
    """Rows at points (F, q, d) and states (s, F, q, S) of the jets, which begin at `starts` by unknown: (s, F, q)
    each."""
    many, dim = len(states), points.shape[2]
    at = _placed(rows, starts, states, dim)
    turned = None if normals is None else np.tile(normals.reshape(-1, dim), (many, 1))
    found = values(flux.form, rows, np.tile(points.reshape(-1, dim), (many, 1)), turned, at)
    return [each.reshape(states.shape[:-1]) for each in found]


def _placed(rows: Sequence[Row], starts: Mapping[int, int], states: Array, dim: int) -> dict[int, Array]:
    """The jets (N, 1 + d) of the unknowns in rows."""
    involved = {jet.unknown for row in rows for jet in row.jets.values()}
    return {k: states[..., starts[k] : starts[k] + 1 + dim].reshape(-1, 1 + dim) for k in involved}


def conditions(flux: FluxForm, found: Traces) -> Conditions:
    """Continuity between two sides, and the rows of the problem. Raises Unfit for a row that is neither essential nor
    in terms of the fluxes."""
    group, many, alike = found.group, len(found.traces), pairs(found.traces)
    shape, width = group.weights.shape, found.states.shape[2]
    places = [found.slots[each.side, each.unknown] for each in found.traces]
    whole = many + len(alike) + len(group.rows)
    seen = [each.value for each in found.traces]
    fast: list[tuple[Array, Array]] = []
    pinned: list[tuple[Array, Array]] = []
    given: list[tuple[Array, Array, Array]] = []

    def alone(number: int, size: Array | float = 1.0) -> Array:
        """One of what is seen, over a size (F, q)."""
        out = np.zeros((*shape, whole))
        out[..., number] = 1.0 / size
        return out

    for number, (a, b) in enumerate(alike, many):
        jump, both = np.zeros((*shape, many)), np.zeros((*shape, many))
        jump[..., a], jump[..., b], both[..., a], both[..., b] = 1.0, -1.0, 1.0, 1.0
        seen.append(found.states[..., places[a]] - found.states[..., places[b]])
        fast.append((jump, alone(number)))
        given.append((both, np.zeros((*shape, width)), alone(a) + alone(b)))
    for number, (row, sign) in enumerate(group.rows, many + len(alike)):
        value, slopes = on_sides(flux, row, sign, found)
        size = np.linalg.norm(slopes, axis=2)
        size = np.where(size > 0, size, 1.0)
        slopes, left = slopes / size[..., None], alone(number, size)
        seen.append(value)
        share, rest = _by_fluxes(row, slopes, found)
        if np.max(np.abs(share), initial=0.0) > 0:
            given.append((share, rest, left))
        elif np.max(np.abs(rest[..., places]), initial=0.0) > SMALL:
            fast.append((_by_values(row, rest, places), left))
        else:
            pinned.append((rest, left))
    for rest, left in pinned:
        given = [_without(each, rest, left) for each in given]
    kind = np.result_type(float, *(each for pair in fast for each in pair), *(each for trio in given for each in trio))

    def stacked(arrays: list[Array], *last: int) -> Array:
        return np.stack(arrays, axis=2) if arrays else np.zeros((*shape, 0, *last), kind)

    return Conditions(
        stacked([b for b, _ in fast], many), stacked([left for _, left in fast], whole),
        stacked([a for a, _, _ in given], many), stacked([b for _, b, _ in given], width),
        stacked([left for *_, left in given], whole), stacked(seen) if seen else np.zeros((*shape, 0)),
    )  # fmt: skip


def applied(matrices: Array, vectors: Array) -> Array:
    """Matrices (…, m, n) times vectors (…, n)."""
    product: Array = (matrices @ vectors[..., None])[..., 0]
    return product


def on_sides(flux: FluxForm, row: Row, sign: int, found: Traces) -> tuple[Array, Array]:
    """A row's value (F, q) and its slopes (F, q, S); each unknown is taken on the side where it lives, on the one that
    the row's normal points out of where that is both."""
    group, dim = found.group, found.group.points.shape[2]
    (side, starts), normals = _living(flux, row, sign, found.facing), sign * group.sides[0].normals
    [(value, by)] = at_side(flux, [row], group.sides[side], starts, found.states, normals, group.points)
    slopes = np.zeros(found.states.shape, np.result_type(float, *(slope for _, slope in by)))
    for start, slope in by:
        slopes[..., start : start + 1 + dim] += slope
    return value, slopes


def _living(flux: FluxForm, row: Row, sign: int, facing: Facing) -> tuple[int, dict[int, int]]:
    """The side that a row's normal points out of, and where the jets of its unknowns begin."""
    order = list(range(len(facing.group.sides)))[:: 1 if sign > 0 else -1]
    slots = {}
    for unknown in {jet.unknown for jet in row.jets.values()}:
        side = next((k for k in order if (k, unknown) in facing.slots), None)
        if side is None:
            raise Unfit(
                f"{flux.form.conditions[row.condition]} holds where {flux.form.unknowns[unknown].name} does not live"
            )
        slots[unknown] = facing.slots[side, unknown]
    return order[0], slots


def _by_fluxes(row: Row, slopes: Array, found: Traces) -> tuple[Array, Array]:
    """A row's slopes as a share (F, q, m) of each flux and slopes by the values (F, q, S) that are left."""
    dim, width = found.group.points.shape[2], slopes.shape[2]
    derivative = np.arange(width) % (1 + dim) > 0
    if not np.any(slopes[..., derivative]):
        return np.zeros((*slopes.shape[:2], len(found.traces))), slopes
    fluxes = np.stack([trace.slopes for trace in found.traces], axis=2)
    size = np.linalg.norm(fluxes[..., derivative], axis=3)[..., None]
    inverse = np.linalg.pinv(fluxes[..., derivative] / size, rcond=SMALL)
    share = np.einsum("fqs,fqsm->fqm", slopes[..., derivative], inverse) / size[..., 0]
    rest = slopes - np.einsum("fqm,fqms->fqs", share, fluxes)
    if np.max(np.abs(rest[..., derivative])) > 1e-6:
        raise Unfit(f"{row.text} is neither on the values nor on the fluxes")
    return share, np.where(derivative, 0.0, rest)


def _by_values(row: Row, rest: Array, places: list[int]) -> Array:
    """An essential row's slopes (F, q, m) by the traces."""
    if np.max(np.abs(np.delete(rest, places, axis=2)), initial=0.0) > SMALL:
        raise Unfit(f"{row.text} ties what has a flux to what has none")
    return rest[..., places]


def _without(given: tuple[Array, Array, Array], rest: Array, by: Array) -> tuple[Array, Array, Array]:
    """A natural condition with what another one gives, of unknowns without a flux (a pressure), put into it."""
    share, slopes, left = given
    times = np.einsum("fqs,fqs->fq", slopes, rest.conj()) / np.einsum("fqs,fqs->fq", rest, rest.conj())
    return share, slopes - times[..., None] * rest, left - times[..., None] * by


def face_terms(found: Traces, held: Conditions, trace_constants: Array) -> Terms:
    """What holds on a group of faces. `trace_constants` (F, m) are Λ. Where conditions are too few nothing goes
    through."""
    many, width = len(found.traces), found.states.shape[2]
    places = [found.slots[each.side, each.unknown] for each in found.traces]
    flux_slopes = np.stack([each.slopes for each in found.traces], axis=2)
    weight = 1.0 / np.maximum(trace_constants, 1e-300)[:, None, None, :]  # Λ⁻¹ on the diagonal
    fast, given = held.fast, held.given
    adjoint = np.swapaxes(fast, 2, 3)
    inner = _inverse((fast * weight) @ adjoint)
    lift = np.swapaxes(weight, 2, 3) * adjoint @ inner  # (F, q, m, r)
    project = lift @ fast
    rest = np.swapaxes(np.eye(many) - project, 2, 3)
    onto = rest @ _right_inverse(given) if given.shape[2] else np.zeros((*given.shape[:2], many, 0))
    back = np.swapaxes(project, 2, 3)
    terms = back @ flux_slopes - onto @ held.given_slopes  # (F, q, m, S)
    symmetric = np.swapaxes(_derived(found, flux_slopes), 2, 3)
    stiff = PENALTY * adjoint @ inner + _upwind(found, fast, places)  # (F, q, m, r)
    by = np.zeros((*found.states.shape, held.seen.shape[2]), np.result_type(terms, held.given_by))
    slopes = np.zeros((*found.states.shape, width), by.dtype)
    by[..., places, :] += stiff @ held.fast_by - onto @ held.given_by
    by[..., places, :many] += back + onto @ given
    by += symmetric @ (lift @ held.fast_by)
    slopes[..., places, :] += terms
    slopes[..., places] += symmetric @ project
    square = slopes[..., places, :]
    square[..., places] += stiff @ fast
    slopes[..., places, :] = square
    lacking = np.max(np.abs(rest - onto @ given), axis=(2, 3), initial=0.0) > LACKING
    return Terms(by, held.seen, slopes, lacking)


def _inverse(square: Array) -> Array:
    """The pseudoinverses of matrices (F, q, r, r) that are Hermitian and not negative, whatever the units of rows:
    temperatures and displacements are 1e10 times apart."""
    size = np.sqrt(np.maximum(np.real(np.diagonal(square, axis1=2, axis2=3)), 1e-300))
    scale = size[..., :, None] * size[..., None, :]
    return np.linalg.pinv(square / scale, rcond=SMALL, hermitian=True) / scale


def _right_inverse(rows: Array) -> Array:
    """The pseudoinverses (F, q, m, n) of conditions (F, q, n, m), each as large as the others."""
    size = np.linalg.norm(rows, axis=3)
    size = np.where(size > 0, size, 1.0)
    return np.linalg.pinv(rows / size[..., None], rcond=SMALL) / size[..., None, :]


def _derived(found: Traces, flux_slopes: Array) -> Array:
    """The slopes of the fluxes that the adjoint term has: not those by the values of what has a flux itself, which is
    carried along; and with the opposite sign those by what has none, a pressure, whose own equation is coupled so."""
    width, many = flux_slopes.shape[3], 1 + found.group.points.shape[2]
    out = flux_slopes * np.where(np.arange(width) % many > 0, 1.0, -1.0)
    out[..., [found.slots[each.side, each.unknown] for each in found.traces]] = 0.0
    return out


def _upwind(found: Traces, fast: Array, places: list[int]) -> Array:
    """What stabilises transport, by what is left of the essential conditions (F, q, m, r): the values upwind count
    (Brezzi, Marini and Süli 2004)."""
    drift = np.stack([each.drift for each in found.traces], axis=2)
    own = np.stack([each.slopes[..., p] for each, p in zip(found.traces, places, strict=True)], axis=2)
    adjoint = np.swapaxes(fast, 2, 3)
    stiff = np.zeros_like(adjoint)
    if np.any(drift):
        weight = np.where(drift < 0, 1.0, SMALL)[:, :, None, :]
        lift = np.swapaxes(weight, 2, 3) * adjoint @ np.linalg.pinv((fast * weight) @ adjoint, rcond=1e-12)
        stiff = stiff - np.minimum(drift, 0.0)[..., None] * lift
    if np.any(own):
        stiff = stiff + np.max(np.abs(own), axis=2)[..., None, None] / 2 * adjoint
    return stiff
