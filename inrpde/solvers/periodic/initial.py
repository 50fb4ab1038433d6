"""Initial values of what is periodic, as spectra."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from inrpde.compiler.form import Form, Jet, Row
from inrpde.sampling.extent import bounds, times
from inrpde.solvers.periodic.modes import Modes
from inrpde.solvers.periodic.spectral import Part, parted

Array = np.ndarray
FINER, OUTER, SMALL, RICH = 2, 0.8, 0.01, 2**21
"""Times as many modes as are asked for, when given functions are taken at nodes; twice as many again, as long as more
than a part of the tolerance lies beyond a share of these, as where a function jumps, and nodes are no more; chosen."""
INDEPENDENT = 1e-10
"""The smallest singular value of the conditions at a point beside the largest, at least."""


@dataclass(frozen=True, eq=False)
class Initial:
    """Linear equations at the start for the values of unknowns of first order in time, and for these and the rates of
    those of second order: as many as there are of them. Unknowns are counted from a base."""

    form: Form
    rows: tuple[Row, ...]
    orders: tuple[int, ...]
    base: tuple[complex | float, ...]

    @cached_property
    def wanted(self) -> list[Jet]:
        """What is to be found."""
        zero = (0,) * (self.form.space.dim - 1)
        return [Jet(k, (*zero, n)) for k, order in enumerate(self.orders) for n in range(order)]

    @cached_property
    def parts(self) -> list[Part]:
        return [part for number, row in enumerate(self.rows) for part in parted(self.form, number, row)]

    def refusal(self) -> str:
        """Why the equations do not give what is wanted, or nothing."""
        given = [jet for row in self.rows for jet in row.jets.values()]
        if not all(row.linear and not row.integrals for row in self.rows):
            return "initial values are given by equations that are not linear"
        if any(any(jet.index[:-1]) for jet in given):
            return "initial values are given by derivatives in space"
        if not set(given) <= set(self.wanted) or len(self.parts) != len(self.wanted):
            return "there are not as many initial values as the equations' orders in time ask for"
        matrix, _ = self._system(np.array([[*bounds(self.form)[0]]]))
        sizes = np.linalg.svd(matrix[0], compute_uv=False)
        return "" if sizes[-1] > INDEPENDENT * sizes[0] else "initial values do not depend on all unknowns"

    def spectra(self, modes: Modes) -> Array:
        """The values and the rates, (2, U, *shape)."""
        fine = _finer(modes, FINER)
        return self._counted(fine.moved(self._found(fine), modes), modes)

    def exact(self, modes: Modes, tolerance: float) -> Array:
        """The same to a tolerance; of functions that jump, by many nodes."""
        times = FINER
        while True:
            fine = _finer(modes, times)
            found = self._found(fine)
            clear = np.all(fine.tails(found, OUTER) <= SMALL * tolerance * fine.sizes(found))
            if clear or np.prod(fine.grid) > RICH / 2 ** len(fine.grid):
                return self._counted(fine.moved(found, modes), modes)
            times *= 2

    def _counted(self, found: Array, modes: Modes) -> Array:
        """From spectra (n, *shape) of what is wanted, counted from the base."""
        out = np.zeros((2, len(self.orders), *modes.shape), complex)
        for jet, spectrum in zip(self.wanted, found, strict=True):
            out[jet.index[-1], jet.unknown] = spectrum
        for unknown, base in enumerate(self.base):
            if self.orders[unknown]:
                out[(0, unknown, *[0] * len(modes.shape))] -= base
        return out

    def _found(self, modes: Modes) -> Array:
        """The spectra (n, *shape) of what is wanted, from values at nodes."""
        matrix, right = self._system(np.column_stack([modes.points, np.full(np.prod(modes.grid), times(self.form)[0])]))
        same = bool(np.all(matrix == matrix[0]))
        found = np.linalg.solve(matrix[0], right.T).T if same else np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
        return modes.spectra(found.T.reshape(-1, *modes.grid))

    def _system(self, points: Array) -> tuple[Array, Array]:
        """The matrices (N, n, n) and right-hand sides (N, n) at points (N, d)."""
        number = {jet: k for k, jet in enumerate(self.wanted)}
        complex_ = self.form.arithmetic == "complex"
        matrix = np.zeros((len(points), len(self.parts), len(self.wanted)), complex if complex_ else float)
        right = np.zeros(matrix.shape[:2], matrix.dtype)
        for k, part in enumerate(self.parts):
            row = self.rows[part.row]
            env = self.form.environment(row, points, None, {}) | dict.fromkeys(row.jets, 0.0)
            right[:, k] = part.of(-row.value(env)[0])
            for symbol, slope in row.tangents(env).items():
                matrix[:, k, number[row.jets[symbol]]] = part.of(slope)
        return matrix, right


def _finer(modes: Modes, times: int) -> Modes:
    return replace(modes, most=tuple(times * n for n in modes.most))
