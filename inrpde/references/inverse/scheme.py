"""A discretisation whose state ends with what is sought, and the system of a problem on it."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.sparse import csr_array

from inrpde.references.boxes import box_system
from inrpde.references.cut_cells import cut_system
from inrpde.references.equations import Equations
from inrpde.references.evaluate import Array, Place, Scheme
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.layout import is_box
from inrpde.references.stencils import Axis
from inrpde.references.system import System
from inrpde.references.terms import Index


class Parametrised:
    """A scheme as it is, but that its state has the parameters at its end."""

    def __init__(self, scheme: Scheme, parameters: Parameters):
        self.scheme, self.parameters = scheme, parameters
        self.axes, self.extra, self.size = scheme.axes, scheme.extra, scheme.size
        self.width = scheme.width + parameters.count
        self._leaves: dict[tuple, csr_array] = {}

    @property
    def mask(self) -> Array | None:
        return self.scheme.mask

    def block(self, unknown: int) -> slice:
        return self.scheme.block(unknown)

    def everywhere(self, unknown: int) -> Place:
        return self.scheme.everywhere(unknown)

    def at_nodes(self, unknown: int, state: Array) -> Array:
        return self.scheme.at_nodes(unknown, state)

    def points(self, place: Place) -> Array:
        return self.scheme.points(place)

    def around(self, place: Place, offset: Sequence[float]) -> tuple[Array, Array]:
        return self.scheme.around(place, offset)

    def leaf(self, unknown: int, index: Index, time: int, place: Place) -> csr_array:
        key = unknown, index, time, place.key
        if key not in self._leaves:
            self._leaves[key] = self._widened(self.scheme.leaf(unknown, index, time, place))
        return self._leaves[key]

    def difference(self, axis: int, unknowns: frozenset[int], place: Place) -> tuple[csr_array, Place]:
        return self.scheme.difference(axis, unknowns, place)

    def unit(self, column: int, count: int) -> csr_array:
        return self._widened(self.scheme.unit(column, count))

    def _widened(self, matrix: csr_array) -> csr_array:
        return csr_array((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], self.width))


def system_of(equations: Equations, axes: Sequence[Axis], parameters: Parameters, time_order: int = 0) -> System:
    """The system on a grid of these axes, whose Jacobian is by what is sought as well, in the last columns. Raises
    Unsupported where the conditions do not fit the grid."""
    build = box_system if is_box(equations) else cut_system
    plain = build(equations, axes, time_order)
    entries = plain.entries[: len(plain.entries) - len(plain.gauges)]
    return System(equations, Parametrised(plain.grid, parameters), entries, plain.sums, plain.gauges)
