"""Equations in a periodic box as a system in time for Fourier modes: products are taken on a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Dummy, Expr, I, S

from inrpde.compiler.form import Form, Index, Jet, Row
from inrpde.compiler.printing import RowFunction
from inrpde.discretise.base import base
from inrpde.solvers.lines.collocation import Solver
from inrpde.solvers.periodic.modes import Modes

Array = np.ndarray
SINGULAR = 1e-13
"""What the smallest singular value of a mode's equations is beside the largest where they leave something open, as a
pressure's mean."""
REMEMBERED = 16
"""Times at which data on grids are kept: those of a step; chosen."""


@dataclass(frozen=True)
class Term:
    """coefficient · ∂^index of an unknown in an equation."""

    row: int
    unknown: int
    index: Index
    coefficient: complex | float

    @property
    def order(self) -> int:
        return self.index[-1]


@dataclass(frozen=True)
class Part:
    """An equation: a row, by its number, or one part of it where its unknowns are parts of complex ones."""

    row: int
    imaginary: bool | None = None

    def of(self, value: Any) -> Any:
        return value if self.imaginary is None else np.imag(value) if self.imaginary else np.real(value)


@dataclass(frozen=True, eq=False)
class Equations:
    """As many equations in a volume, `parts` of its rows, as unknowns. `terms` are linear with constant coefficients;
    what is left of each row (`rests`) depends on the coordinates, data, and `jets` on a grid."""

    form: Form
    rows: tuple[Row, ...]
    parts: tuple[Part, ...]
    terms: tuple[Term, ...]
    jets: tuple[Mapping[Dummy, Jet], ...]
    rests: tuple[Expr, ...]

    @classmethod
    def of(cls, form: Form) -> Equations:
        rows = tuple(row for row in form.rows if row.region.dim == form.space.dim)
        parts = tuple(part for number, row in enumerate(rows) for part in parted(form, number, row))
        constants = [
            {s: slope for s, slope in row.tangent.items() if s in row.jets and not slope.free_symbols} for row in rows
        ]
        terms = []
        for number, part in enumerate(parts):
            for symbol, slope in constants[part.row].items():
                jet, value = rows[part.row].jets[symbol], part.of(complex(slope))
                if value:
                    terms.append(
                        Term(number, jet.unknown, jet.index, value if np.imag(value) else float(np.real(value)))
                    )
        pairs = list(zip(rows, constants, strict=True))
        jets = tuple({s: jet for s, jet in row.jets.items() if s not in constant} for row, constant in pairs)
        rests = tuple(row.residual.xreplace(dict.fromkeys(constant, S.Zero)) for row, constant in pairs)
        return cls(form, rows, parts, tuple(terms), jets, rests)

    @cached_property
    def orders(self) -> tuple[int, ...]:
        """The order in time of each unknown."""
        found = [0] * len(self.form.unknowns)
        for row in self.rows:
            for jet in row.jets.values():
                found[jet.unknown] = max(found[jet.unknown], jet.index[-1])
        return tuple(found)

    @cached_property
    def base(self) -> tuple[complex | float, ...]:
        """The constants that unknowns are counted from; parts of complex ones share a trial, and have none."""
        return (0.0,) * len(self.form.unknowns) if self.form.arithmetic == "split" else base(self.form)

    @cached_property
    def moving(self) -> tuple[bool, ...]:
        """Of which parts the rest varies with the time, or with the unknowns."""
        time = self.form.space.coords[-1]
        rows = zip(self.rows, self.jets, self.rests, strict=True)
        found = [bool(jets or row.data or rest.has(time)) for row, jets, rest in rows]
        return tuple(found[part.row] for part in self.parts)

    @cached_property
    def exact(self) -> bool:
        """Does all that is linear act on each mode by itself?"""
        return not any(self.jets)

    @cached_property
    def steady(self) -> bool:
        """Do the tangents depend on space alone?"""
        space = set(self.form.space.coords[:-1])
        slopes = [row.tangent[s] for row, jets in zip(self.rows, self.jets, strict=True) for s in jets]
        return all(slope.free_symbols <= space for slope in slopes)

    @cached_property
    def _values(self) -> RowFunction:
        return RowFunction(list(self.rests), self.rows[0].text)

    def values(self, env: Mapping) -> list[Any]:
        """The rest of each part in an environment."""
        found = self._values(env)
        return [part.of(found[part.row]) for part in self.parts]

    @cached_property
    def _slopes(self) -> tuple[RowFunction, ...]:
        pairs = zip(self.rows, self.jets, strict=True)
        return tuple(RowFunction([row.tangent.get(s, S.Zero) for s in jets], row.text) for row, jets in pairs)

    def slopes(self, env: Mapping) -> list[tuple[int, Jet, Any]]:
        """The tangents of the rests: the number of a part, a jet, and the slope."""
        found = [function(env) for function in self._slopes]
        return [
            (number, jet, part.of(slope))
            for number, part in enumerate(self.parts)
            for jet, slope in zip(self.jets[part.row].values(), found[part.row], strict=True)
        ]


def parted(form: Form, number: int, row: Row) -> list[Part]:
    """A row of real unknowns that has complex values is two equations."""
    if form.arithmetic != "split" or not row.residual.has(I):
        return [Part(number)]
    return [Part(number, False), Part(number, True)]


@dataclass(frozen=True, eq=False)
class Spectral:
    """The equations for the modes of the deviations from the base. A vector holds the spectra (U, *shape): of real
    fields real and imaginary parts."""

    equations: Equations
    modes: Modes

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.equations.orders), *self.modes.shape)

    @cached_property
    def orders(self) -> Array:
        return np.repeat(self.equations.orders, self.modes.size * (2 if self.modes.real else 1))

    @property
    def linear(self) -> bool:
        """The factors are exact."""
        return self.equations.exact

    @property
    def steady(self) -> bool:
        return self.equations.steady

    def vector(self, spectra: Array) -> Array:
        flat = np.ascontiguousarray(spectra).reshape(-1)
        return flat.view(float) if self.modes.real else flat

    def spectra(self, vector: Array) -> Array:
        """The spectra (U, *shape) of a vector (W,); of several (J, W), (J, U, *shape)."""
        vector = np.ascontiguousarray(vector)
        found = vector.view(complex) if self.modes.real else vector
        return found.reshape(*vector.shape[:-1], *self.shape)

    def sizes(self, vector: Array) -> Array:
        return self.modes.sizes(self.spectra(vector))

    def residuals(self, times: Array, y: Array, rate: Array, second: Array) -> Array:
        """The residuals (s, W) at times (s,)."""
        states = [self.spectra(each) for each in (y, rate, second)]
        out = np.repeat(self.constant[None], len(times), axis=0)
        for (row, unknown, order), factor in self._multipliers.items():
            out[:, row] += factor * states[order][:, unknown]
        moving = [row for row, each in enumerate(self.equations.moving) if each]
        if moving:
            found = self.equations.values(self._environment(times, states))
            shape = (len(times), *self.modes.grid)
            for row in moving:
                out[:, row] += self.modes.spectra(np.broadcast_to(found[row], shape))
        return self.vector(out).reshape(y.shape)

    def factorised(self, time: float, y: Array, rate: Array, second: Array, scale: complex) -> Solver:
        """Exact but for coefficients that vary in space: these are taken at their means."""
        states = [self.spectra(each[None]) for each in (y, rate, second)]
        terms = [*self.equations.terms, *self._means(np.array([time]), states)]
        blocks = [self.block(terms, scale, sign) for sign in ((1, -1) if self.modes.real else (1,))]
        inverses = [_inverse(block) for block in blocks]
        if not self.modes.real:
            return lambda right: self.vector(_times(inverses[0], self.spectra(right)))
        if not np.iscomplexobj(scale):
            return lambda right: self.vector(self.modes.symmetric(_times(inverses[0], self.spectra(right))))

        def solve(right: Array) -> Array:
            """A field with complex values is a pair of real ones: its modes at k, and the conjugate ones at -k."""
            one, two = self.spectra(right.real), self.spectra(right.imag)
            plus, minus = _times(inverses[0], one + 1j * two), _times(inverses[1], one.conj() + 1j * two.conj())
            parts = (plus + minus.conj()) / 2, (plus - minus.conj()) / 2j
            real, imaginary = (self.vector(self.modes.symmetric(part)) for part in parts)
            return real + 1j * imaginary

        return solve

    @cached_property
    def constant(self) -> Array:
        """The spectra (R, *shape) of what neither the time nor the unknowns change."""
        out = np.zeros(self.shape, complex)
        still = [row for row, moving in enumerate(self.equations.moving) if not moving]
        if still:
            env = self._environment(np.zeros(1), [np.zeros((1, *self.shape), complex)] * 3)
            found = self.equations.values(env)
            shape = (1, *self.modes.grid)
            out[still] = self.modes.spectra(np.concatenate([np.broadcast_to(found[row], shape) for row in still]))
        for term in self.equations.terms:
            if not any(term.index):
                out[(term.row, *[0] * len(self.modes.shape))] += term.coefficient * self.equations.base[term.unknown]
        return out

    def block(self, terms: Sequence[Term], scale: complex, sign: int) -> Array:
        """The matrices (*shape, R, U) of the modes k, or of -k for the sign -1."""
        out = np.zeros((*self.modes.shape, self.shape[0], self.shape[0]), complex)
        for term in terms:
            factor = self.modes.factor(term.index[:-1])
            factor = factor if sign > 0 else factor * (-1.0) ** sum(term.index[:-1])
            out[..., term.row, term.unknown] += (
                term.coefficient * factor * scale ** (self.equations.orders[term.unknown] - term.order)
            )
        return out

    # -- inside

    @cached_property
    def _multipliers(self) -> dict[tuple[int, int, int], Array]:
        """By equation, unknown and order in time, what the terms multiply each mode by."""
        out: dict[tuple[int, int, int], Array] = {}
        for term in self.equations.terms:
            key = (term.row, term.unknown, term.order)
            out[key] = out.get(key, 0.0) + term.coefficient * self.modes.factor(term.index[:-1])
        return out

    @cached_property
    def _coordinates(self) -> dict:
        dim = len(self.modes.shape)
        open_ = [axis.reshape([-1 if i == k else 1 for i in range(dim)]) for k, axis in enumerate(self.modes.axes)]
        return dict(zip(self.equations.form.space.coords, open_, strict=False))

    def _environment(self, times: Array, states: Sequence[Array]) -> dict:
        """The arrays for everything in the rests and their tangents, (s, *grid) at times (s,)."""
        wanted = list(dict.fromkeys(jet for jets in self.equations.jets for jet in jets.values()))
        values = {}
        for jet in wanted:
            values[jet] = self.modes.values(states[jet.index[-1]][:, jet.unknown] * self.modes.factor(jet.index[:-1]))
            if not any(jet.index):
                values[jet] += self.equations.base[jet.unknown]
        env = self._coordinates | {self.equations.form.space.coords[-1]: times.reshape(-1, *[1] * len(self.modes.grid))}
        env |= {s: values[jet] for jets in self.equations.jets for s, jet in jets.items()}
        given = [self._data(float(time)) for time in times]
        return env | {s: np.stack([each[s] for each in given]) for s in given[0]}

    @cached_property
    def _known(self) -> dict[float, dict]:
        """Data by the times at which they were last asked for."""
        return {}

    def _data(self, time: float) -> dict:
        """Data on grids and meshes at a time, by their symbols in the rows."""
        given = [row for row in self.equations.rows if row.data]
        if not given:
            return {}
        if time not in self._known:
            if len(self._known) == REMEMBERED:
                self._known.clear()
            points = np.column_stack([self.modes.points, np.full(np.prod(self.modes.grid), time)])
            found: dict = {}
            for row in given:
                env = self.equations.form.environment(row, points, None, {})
                found |= {s: np.broadcast_to(env[s], (len(points),)).reshape(self.modes.grid) for s in row.data}
            self._known[time] = found
        return self._known[time]

    def _means(self, times: Array, states: Sequence[Array]) -> list[Term]:
        """The terms of the tangents' means."""
        if self.equations.exact:
            return []
        env, shape = self._environment(times, states), (1, *self.modes.grid)
        return [
            Term(number, jet.unknown, jet.index, np.mean(np.broadcast_to(slope, shape)))
            for number, jet, slope in self.equations.slopes(env)
        ]


def _inverse(blocks: Array) -> Array:
    """The inverses (U, R, *shape) of (*shape, R, U); of least norm where a mode's equations leave something open."""
    if blocks.shape[-1] == 1:
        found = np.where(blocks == 0, 0.0, 1 / np.where(blocks == 0, 1.0, blocks))
        return np.ascontiguousarray(np.moveaxis(found, (-2, -1), (1, 0)))
    if blocks.shape[-1] == 2:
        (a, b), (c, d) = np.moveaxis(blocks, (-2, -1), (0, 1))
        one, two = a * d, b * c
        determinant = one - two
        if np.all(np.abs(determinant) > SINGULAR * (np.abs(one) + np.abs(two))):
            return np.array([[d, -b], [-c, a]]) / determinant
    rows = np.linalg.norm(blocks, axis=-1, keepdims=True)
    rows = np.where(rows > 0, rows, 1.0)
    scaled = blocks / rows
    columns = np.linalg.norm(scaled, axis=-2, keepdims=True)
    columns = np.where(columns > 0, columns, 1.0)
    scaled = scaled / columns
    out = np.zeros_like(scaled)
    regular = np.abs(np.linalg.det(scaled)) > SINGULAR
    out[regular] = np.linalg.inv(scaled[regular])
    if not regular.all():
        out[~regular] = np.linalg.pinv(scaled[~regular], rcond=SINGULAR)
    out = out / np.swapaxes(rows, -1, -2) / np.swapaxes(columns, -1, -2)
    return np.ascontiguousarray(np.moveaxis(out, (-2, -1), (0, 1)))


def _times(inverses: Array, spectra: Array) -> Array:
    """Of each mode its matrix times its column."""
    return np.stack([sum(factor * row for factor, row in zip(line, spectra, strict=True)) for line in inverses])
