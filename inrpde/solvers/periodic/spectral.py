"""Equations in a periodic box as a system in time for Fourier modes: products are taken on a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from sympy import Dummy, Expr, S

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


@dataclass(frozen=True, eq=False)
class Equations:
    """As many equations in a volume as unknowns. `terms` are linear with constant coefficients; what is left of each
    row (`rests`) depends on the coordinates, data, and `jets` on a grid."""

    form: Form
    rows: tuple[Row, ...]
    terms: tuple[Term, ...]
    jets: tuple[Mapping[Dummy, Jet], ...]
    rests: tuple[Expr, ...]

    @classmethod
    def of(cls, form: Form) -> Equations:
        rows = tuple(row for row in form.rows if row.region.dim == form.space.dim)
        terms, jets, rests = [], [], []
        for number, row in enumerate(rows):
            constant = {s: slope for s, slope in row.tangent.items() if s in row.jets and not slope.free_symbols}
            for symbol, slope in constant.items():
                jet, value = row.jets[symbol], complex(slope)
                terms.append(Term(number, jet.unknown, jet.index, value if value.imag else value.real))
            jets.append({s: jet for s, jet in row.jets.items() if s not in constant})
            rests.append(row.residual.xreplace(dict.fromkeys(constant, S.Zero)))
        return cls(form, rows, tuple(terms), tuple(jets), tuple(rests))

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
        """The constants that unknowns are counted from; those of what oscillates about them."""
        return base(self.form)

    @cached_property
    def moving(self) -> tuple[bool, ...]:
        """Which rests vary with the time, or with the unknowns."""
        time = self.form.space.coords[-1]
        return tuple(
            bool(jets or row.data or rest.has(time))
            for row, jets, rest in zip(self.rows, self.jets, self.rests, strict=True)
        )

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
    def values(self) -> RowFunction:
        return RowFunction(list(self.rests), self.rows[0].text)

    @cached_property
    def slopes(self) -> tuple[RowFunction, ...]:
        """The tangents of each row by its jets, in their order."""
        pairs = zip(self.rows, self.jets, strict=True)
        return tuple(RowFunction([row.tangent.get(s, S.Zero) for s in jets], row.text) for row, jets in pairs)


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

    def residual(self, time: float, y: Array, rate: Array, second: Array) -> Array:
        return self.residuals(np.array([time]), y[None], rate[None], second[None])[0]

    def residuals(self, times: Array, y: Array, rate: Array, second: Array) -> Array:
        """The residuals (s, W) at times (s,)."""
        states = [self.spectra(each) for each in (y, rate, second)]
        out = np.repeat(self._constant[None], len(times), axis=0)
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
        orders = self.equations.orders
        states = [self.spectra(each[None]) for each in (y, rate, second)]
        terms = [*self.equations.terms, *self._means(np.array([time]), states)]
        blocks = [self._block(terms, scale, orders, sign) for sign in ((1, -1) if self.modes.real else (1,))]
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
    def _constant(self) -> Array:
        """The spectra (R, *shape) of what neither the time nor the unknowns change."""
        out = np.zeros(self.shape, complex)
        still = [row for row, moving in enumerate(self.equations.moving) if not moving]
        if still:
            env = self._coordinates | {self.equations.form.space.coords[-1]: 0.0}
            found = RowFunction([self.equations.rests[row] for row in still], self.equations.rows[0].text)(env)
            out[still] = self.modes.spectra(np.stack([np.broadcast_to(each, self.modes.grid) for each in found]))
        for term in self.equations.terms:
            if not any(term.index):
                out[(term.row, *[0] * len(self.modes.shape))] += term.coefficient * self.equations.base[term.unknown]
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
    def _data(self):  # type: ignore[no-untyped-def]
        form, rows, grid = self.equations.form, self.equations.rows, self.modes.grid

        @lru_cache(maxsize=REMEMBERED)
        def data(time: float) -> dict:
            given = [row for row in rows if row.data]
            if not given:
                return {}
            points = np.column_stack([self.modes.points, np.full(np.prod(grid), time)])
            found: dict = {}
            for row in given:
                env = form.environment(row, points, None, {})
                found |= {s: np.broadcast_to(env[s], (len(points),)).reshape(grid) for s in row.data}
            return found

        return data

    def _means(self, times: Array, states: Sequence[Array]) -> list[Term]:
        """The terms of the tangents' means."""
        if self.equations.exact:
            return []
        env = self._environment(times, states)
        out = []
        for number, (jets, function) in enumerate(zip(self.equations.jets, self.equations.slopes, strict=True)):
            for jet, slope in zip(jets.values(), function(env), strict=True):
                mean = np.mean(np.broadcast_to(slope, (1, *self.modes.grid)))
                out.append(Term(number, jet.unknown, jet.index, mean))
        return out

    def _block(self, terms: Sequence[Term], scale: complex, orders: Sequence[int], sign: int) -> Array:
        """The matrices (*shape, R, U) of the modes k, or of -k for the sign -1."""
        out = np.zeros((*self.modes.shape, self.shape[0], self.shape[0]), complex)
        for term in terms:
            factor = self.modes.factor(term.index[:-1])
            factor = factor if sign > 0 else factor * (-1.0) ** sum(term.index[:-1])
            out[..., term.row, term.unknown] += term.coefficient * factor * scale ** (orders[term.unknown] - term.order)
        return out


def _inverse(blocks: Array) -> Array:
    """The inverses (U, R, *shape) of (*shape, R, U); of least norm where a mode's equations leave something open."""
    if blocks.shape[-1] == 1:
        found = np.where(blocks == 0, 0.0, 1 / np.where(blocks == 0, 1.0, blocks))
        return np.ascontiguousarray(np.moveaxis(found, (-2, -1), (1, 0)))
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
