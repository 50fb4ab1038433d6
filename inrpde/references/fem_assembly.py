"""Assembly of weak forms on a mesh: the residual of a state and its derivative."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from inrpde.references.arrange import distinct
from inrpde.references.cut_cells import whole
from inrpde.references.equations import Equations, spread
from inrpde.references.fem_spaces import Entries, Patch, Spaces, assembled, entries
from inrpde.references.reference import Unsupported
from inrpde.references.weak_form import Array, Evaluator, Slot, State, WeakForm, weak_form

NEVER = -1e6
"""What it gains to find an unknown from an equation that does not hold it."""
KEPT = 2e8
"""Bytes of basis functions at the points of quadrature that are kept for the next assembly; chosen."""


@dataclass(frozen=True, eq=False)
class Forms:
    """The weak forms of a problem's volume equations, and of each the unknown with whose functions it is tested."""

    equations: Equations
    forms: tuple[WeakForm, ...]
    owners: tuple[int, ...]
    evaluator: Evaluator

    @cached_property
    def linear(self) -> bool:
        return all(form.linear for form in self.forms)

    @cached_property
    def second(self) -> frozenset[int]:
        """The unknowns that have an equation of second order, and so a flux of their own."""
        return frozenset(owner for owner, form in zip(self.owners, self.forms, strict=True) if form.second)

    def flux(self, unknown: int, patch: Patch, values: dict[Slot, Array]) -> tuple[Array, dict[Slot, Array]]:
        """F · n of the equation of an unknown on the facets of a patch, (N,), and its derivatives."""
        points, normals = (
            patch.points.reshape(-1, patch.points.shape[2]),
            patch.normals.reshape(-1, patch.points.shape[2]),
        )
        total, tangent = np.zeros(len(points)), dict[Slot, Array]()
        for number, here in self.holding(patch, unknown):
            part = self.equations.volume[number].part
            at = State(points[here], {slot: each[here] for slot, each in values.items()})
            for k, flux in enumerate(self.forms[number].fluxes):
                value, slopes = self.evaluator(flux, part, at)
                total = _added(total, here, normals[here, k] * value)
                for slot, slope in slopes.items():
                    tangent[slot] = _added(tangent.get(slot, np.zeros(len(points))), here, normals[here, k] * slope)
        return total, tangent

    def holding(self, patch: Patch, unknown: int) -> list[tuple[int, Array]]:
        """The equations by which an unknown is found, and at which of a patch's points each holds. Raises Unsupported
        where one holds nowhere in its cells that it should, or two do."""
        points, count = patch.points.reshape(-1, patch.points.shape[2]), patch.points.shape[1]
        found, times = [], np.zeros(len(points), int)
        for number, owner in enumerate(self.owners):
            if owner != unknown:
                continue
            region = self.equations.volume[number].region
            here = np.flatnonzero(np.repeat(whole(region).contains(patch.middles), count))
            if region is not whole(region):
                here = here[region.contains(points[here], 1e-4 * region.size)]
            if len(here):
                times[here] += 1
                found.append((number, here))
        if np.any(times != 1):
            what = "holds in no cell of the mesh" if np.any(times == 0) else "is one equation too many where it holds"
            number = self.owners.index(unknown) if np.any(times == 0) else found[-1][0]
            raise Unsupported(f"{self.equations.volume[number].text} {what}")
        return found


def _added(total: Array, here: Array, more: Array) -> Array:
    total = total.astype(np.result_type(total, more))
    total[here] += more
    return total


def forms_of(equations: Equations, time: float = 0.0) -> Forms:
    """Raises Unsupported where an equation is not of second order, or equations and unknowns do not correspond."""
    forms = tuple(weak_form(e.expr, e.text, equations.lowering, equations.space) for e in equations.volume)
    evaluator = Evaluator(equations.space, equations.fields, time)
    return Forms(equations, forms, _owners(equations, forms, evaluator), evaluator)


def lives(equations: Equations, unknown: int, points: Array) -> Array:
    """At which points (N, d) of the problem's region an unknown lives."""
    region = equations.unknowns[unknown].region
    return np.ones(len(points), bool) if region is None else region.contains(points)


def _owners(equations: Equations, forms: Sequence[WeakForm], evaluator: Evaluator) -> tuple[int, ...]:
    """Of each equation the unknown that is found from it, in every part of the region where other equations hold."""
    count = len(equations.unknowns)
    points = np.concatenate([spread(equation.region) for equation in equations.volume])
    holding = np.array([equation.region.contains(points) for equation in equations.volume])
    living = np.array([lives(equations, unknown, points) for unknown in range(count)])
    owners: dict[int, int] = {}
    signatures, kinds = distinct(np.vstack([holding, living]))
    for kind, signature in enumerate(signatures.T):
        here, unknowns = np.flatnonzero(signature[: len(forms)]).tolist(), np.flatnonzero(signature[len(forms) :])
        if len(here) != len(unknowns):
            few = "few" if len(here) < len(unknowns) else "many"
            raise Unsupported(f"{len(here)} equations hold where there are {len(unknowns)} unknowns: too {few}")
        point = points[np.flatnonzero(kinds == kind)[:1]]
        second = frozenset[int]().union(*(forms[n].second for n in here))
        gain = np.array(
            [_gains(forms[n], equations.volume[n].part, unknowns, second, evaluator, point, count) for n in here]
        )
        rows, columns = linear_sum_assignment(gain, maximize=True)
        if np.any(gain[rows, columns] <= NEVER):
            raise Unsupported("some unknown has no equation of its own")
        for row, column in zip(rows, columns, strict=True):
            if owners.setdefault(int(here[row]), int(unknowns[column])) != unknowns[column]:
                raise Unsupported("an equation determines one unknown here and another there")
    return tuple(owners[n] for n in range(len(forms)))


def _gains(
    form: WeakForm, part: str, unknowns: Array, second: frozenset[int], evaluator: Evaluator, point: Array, count: int
) -> list[float]:
    """How well an equation determines each unknown of `count`: by its derivatives in the fluxes along their own axes,
    of which a divergence of stresses has most in its own component. What stands in no flux is left to an equation
    without."""
    state = State(point, {})
    trace, size = dict[int, float](), 0.0
    for k, flux in enumerate(form.fluxes):
        for (unknown, slot), slope in evaluator(flux, part, state)[1].items():
            if slot:
                trace[unknown] = trace.get(unknown, 0.0) + (slope[0] if slot == k + 1 else 0.0)
                size = max(size, abs(slope[0]))
    if not form.second:  # a divergence determines the pressure, which it does not hold; a rate its own unknown
        moving = {unknown % count for unknown in form.rest.unknowns if unknown >= count}
        return [float(unknown in moving) if unknown not in second else NEVER for unknown in unknowns.tolist()]
    own = {unknown: abs(value) / (size or 1.0) for unknown, value in trace.items()}
    return [1e-3 + own[u] if u in form.second and u in own else NEVER for u in unknowns.tolist()]


@dataclass(frozen=True, eq=False)
class Part:
    """Quadrature in cells where the same `unknowns` live; of those with an equation {unknown: (number of the equation,
    at which points it holds)}."""

    patch: Patch
    unknowns: list[int]
    holding: dict[int, list[tuple[int, Array]]]


class Assembly:
    """The residual of the weak forms in the volume, and its derivative, for states of some spaces."""

    def __init__(self, forms: Forms, spaces: Spaces):
        self.forms, self.spaces = forms, spaces
        self._kept: list[Part] | None = None

    def residual(self, state: Array) -> Array:
        """∫ (-F · grad v + r v) dx for every function, (size,)."""
        return self._assembled(state, False)[0]

    def tangent(self, state: Array) -> tuple[Array, csr_array]:
        """The residual, and its derivative (size, size)."""
        residual, parts = self._assembled(state, True)
        return residual, assembled(parts, self.spaces.size)

    def parts(self) -> Iterable[Part]:
        """All cells, a part of them after the other; kept where they are few."""
        if self._kept is not None:
            return self._kept
        if self.spaces.quadrature_bytes <= KEPT:
            self._kept = list(self._parts())
            return self._kept
        return self._parts()

    def _parts(self) -> Iterator[Part]:
        signatures, kinds = distinct(np.array(self.spaces.domains))
        owners = set(self.forms.owners)
        for kind, living in enumerate(signatures.T):
            unknowns = np.flatnonzero(living).tolist()
            for patch in self.spaces.patches(np.flatnonzero(kinds == kind)) if unknowns else ():
                holding = {unknown: self.forms.holding(patch, unknown) for unknown in unknowns if unknown in owners}
                yield Part(patch, unknowns, holding)

    def _assembled(self, state: Array, slopes: bool) -> tuple[Array, list[Entries]]:
        spaces, found = self.spaces, list[Entries]()
        residual: Array = np.zeros(spaces.size, spaces.dtype)
        zero = not np.any(state)
        for part in self.parts():
            patch, values = part.patch, {} if zero else spaces.values(part.patch, part.unknowns, state)
            for unknown, holding in part.holding.items():
                load, stiffness = self._local(patch, values, holding, slopes)
                own = spaces.numbers(unknown, patch.cells)
                shapes = patch.shapes[spaces.degrees[unknown]]
                np.add.at(residual, own, np.einsum("cekq,ecq->ck", shapes, load))
                for other, coefficients in stiffness.items():
                    trial = patch.shapes[spaces.degrees[other]]
                    local = _products(shapes, coefficients, trial)
                    found.append(entries(own, spaces.numbers(other, patch.cells), local))
        return residual, found

    def _local(
        self, patch: Patch, values: dict[Slot, Array], holding: Sequence[tuple[int, Array]], slopes: bool
    ) -> tuple[Array, dict[int, dict[Slot, Array]]]:
        """What stands beside v and its derivatives, (1 + d, C, Q), and for each unknown what stands beside these and
        its own: {(number of the derivative of v, of the unknown): (C, Q)}; times the weights of the quadrature."""
        shape, dim = patch.weights.shape, self.spaces.dim
        points = patch.points.reshape(-1, dim)
        load: Array = np.zeros((1 + dim, len(points)), self.spaces.dtype)
        stiffness: dict[int, dict[Slot, Array]] = {}
        for number, here in holding:
            form, part = self.forms.forms[number], self.forms.equations.volume[number].part
            state = State(points[here], {slot: each[here] for slot, each in values.items()})
            for e, term in enumerate((form.rest, *form.fluxes)):
                sign = -1 if e else 1
                value, tangent = self.forms.evaluator(term, part, state, slopes)
                load[e, here] += sign * value
                for (other, slot), slope in tangent.items():
                    mine = stiffness.setdefault(other, {})
                    mine[e, slot] = _added(mine.get((e, slot), np.zeros(len(points))), here, sign * slope)
        weights = patch.weights
        grouped = {j: {key: weights * each.reshape(shape) for key, each in own.items()} for j, own in stiffness.items()}
        return weights * load.reshape(1 + dim, *shape), grouped


def _products(test: Array, coefficients: dict[Slot, Array], trial: Array) -> Array:
    """Σ_q Σ_ef test[e] coefficients[e, f] trial[f], (C, K, K')."""
    dtype = np.result_type(*coefficients.values())
    total = np.zeros((len(test), test.shape[2], trial.shape[2]), dtype)
    for f in {slot for _, slot in coefficients}:
        beside = sum(test[:, e] * each[:, None, :] for (e, slot), each in coefficients.items() if slot == f)
        total += beside @ np.swapaxes(trial[:, f], 1, 2)
    return total
