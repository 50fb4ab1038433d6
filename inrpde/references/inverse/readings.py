"""What was measured: equations at labelled points, in values and derivatives of the unknowns that a grid has there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from inrpde.declaration.regions.points import Points
from inrpde.references.cut_grid import CutGrid
from inrpde.references.equations import Equation, Equations
from inrpde.references.evaluate import Array, Scheme
from inrpde.references.grid import Grid
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.inverse.scheme import Parametrised
from inrpde.references.reference import Unsupported
from inrpde.references.stencils import stencils
from inrpde.references.terms import Datum, Difference, Integral, Leaf, Sought, Term

NEAR = {1: 5, 2: 12, 3: 24}
"""Sites on which a parabola is fitted near a reading on a grid with curved walls: twice its coefficients (chosen)."""


@dataclass(frozen=True, eq=False)
class Reading:
    """The readings of one equation: its `term` at `points` (M, d) with the values `known` of all symbols but those of
    the unknowns and of what is sought."""

    equation: Equation
    region: Points
    term: Term
    points: Array
    known: Mapping[Any, Array]

    @property
    def size(self) -> float:
        """The root mean square of what was read, 1 where that is nothing."""
        every = np.concatenate([np.ravel(each) for each in self.region.values.values()])
        return float(np.sqrt(np.mean(np.abs(every) ** 2))) or 1.0

    @property
    def leaves(self) -> list[tuple[Any, Leaf | Integral]]:
        """The values of the state in it, by their symbols."""
        return [(s, atom) for s, atom in self.term.atoms.items() if isinstance(atom, Leaf | Integral)]

    def residual(self, jets: Mapping[Any, Array], parameters: Parameters, theta: Array) -> tuple[Array, Any, Array]:
        """What is left (M,), from the values (M,) of the leaves; its slopes by these {symbol: (M,)}; and those by what
        is sought itself (M, count)."""
        own = {s: parameters.at(a, self.points) for s, a in self.term.atoms.items() if isinstance(a, Sought)}
        env = {**self.known, **jets, **{symbol: matrix @ theta for symbol, matrix in own.items()}}
        count = len(self.points)
        value, *slopes = (np.broadcast_to(each, (count,)) for each in self.term.tangent(env))
        by = dict(zip(self.term.slopes, slopes, strict=True))
        direct = sum((by[s][:, None] * m.toarray() for s, m in own.items()), np.zeros((count, parameters.count)))
        return value, {symbol: by[symbol] for symbol in by if symbol in jets}, direct


def readings_of(equations: Equations) -> list[Reading]:
    """All that is read. Raises Unsupported for what a grid has no value of at a point."""
    return [_reading(equations, equation) for equation in equations.readings]


def _reading(equations: Equations, equation: Equation) -> Reading:
    region, space = equation.region, equations.space
    if not isinstance(region, Points):
        raise Unsupported(f"{equation.text} holds at labelled points of a kind that a grid has no values at")
    term = equations.lowering.term(equation.expr.doit(), equation.text)
    if any(isinstance(atom, Difference) for atom in term.atoms.values()):
        raise Unsupported(f"{equation.text} reads the derivative of a product")
    points = region.coordinates
    known: dict[Any, Array] = {**dict(zip(space.coords, points.T, strict=True)), **region.values}
    if region.normals is not None:
        known |= dict(zip(space.normal, region.normals.T, strict=True))
    for symbol, atom in term.atoms.items():
        if isinstance(atom, Datum):
            known[symbol] = equations.fields[atom.field].jets(points, {atom.index})[atom.index]
    if missing := term.expr.free_symbols - {*known, *term.atoms}:
        raise Unsupported(f"{equation.text} holds {', '.join(sorted(map(str, missing)))}, of which nothing is known")
    return Reading(equation, region, term, points, known)


def observed(scheme: Scheme, leaf: Leaf | Integral, points: Array) -> csr_array:
    """The matrix (M, size) of a derivative in space of an unknown at points (M, axes), of an integral everywhere,
    acting on the values of a state."""
    scheme = scheme.scheme if isinstance(scheme, Parametrised) else scheme
    if isinstance(leaf, Integral):
        return scheme.unit(scheme.extra + leaf.number, len(points))[:, : scheme.size]
    if isinstance(scheme, Grid):
        own = _on_lines(scheme, leaf, points)
    elif isinstance(scheme, CutGrid):
        own = _fitted(scheme.coordinates, leaf, points)
    else:
        raise Unsupported(f"a grid of the kind {type(scheme).__name__} has no values between its nodes")
    start = scheme.block(leaf.unknown).start
    return csr_array((own.data, own.indices + start, own.indptr), shape=(len(points), scheme.size))


def _on_lines(grid: Grid, leaf: Leaf, points: Array) -> csr_array:
    """By the stencils of each axis, of second order and more."""
    lattice = grid.lattices[leaf.unknown]
    weights, numbers = np.ones((len(points), 1)), np.zeros((len(points), 1), int)
    for axis, own, x, order in zip(grid.axes, lattice.positions, points.T, leaf.index, strict=True):
        at = np.array([axis.near(each) for each in x])
        along, places = _padded(stencils(axis, own, at, order))
        weights = (weights[:, :, None] * along[:, None, :]).reshape(len(points), -1)
        numbers = (numbers[:, :, None] * len(own) + places[:, None, :]).reshape(len(points), -1)
    rows = np.repeat(np.arange(len(points)), weights.shape[1])
    return csr_array((weights.ravel(), (rows, numbers.ravel())), shape=(len(points), lattice.size))


def _padded(matrix: csr_array) -> tuple[Array, Array]:
    """The weights and the columns of each row (N, k), zeros where there are fewer."""
    counts = np.diff(matrix.indptr)
    inside = np.arange(counts.max()) < counts[:, None]
    weights, numbers = np.zeros(inside.shape), np.zeros(inside.shape, int)
    weights[inside], numbers[inside] = matrix.data, matrix.indices
    return weights, numbers


def _fitted(sites: Array, leaf: Leaf, points: Array) -> csr_array:
    """By parabolas fitted to the values at the sites (K, axes) that lie nearest."""
    dim = points.shape[1]
    if sum(leaf.index) > 2:
        raise Unsupported("a derivative of more than second order is read on a region with curved walls")
    count = min(NEAR[dim], len(sites))
    distance, near = cKDTree(sites).query(points, count)
    size = distance[:, -1]
    away = (sites[near] - points[:, None, :]) / size[:, None, None]
    powers = _powers(dim)
    columns = np.stack([np.prod(away ** np.array(power), axis=-1) for power in powers], axis=-1)
    closeness = np.exp(-2 * np.sum(away**2, axis=-1))
    wanted = np.zeros((len(points), len(powers)))
    factor = 2.0 if max(leaf.index) == 2 else 1.0
    wanted[:, powers.index(tuple(leaf.index))] = factor / size ** sum(leaf.index)
    weighted = closeness[:, :, None] * columns
    coefficients = np.linalg.solve(np.swapaxes(columns, 1, 2) @ weighted, wanted[:, :, None])
    weights = (weighted @ coefficients)[:, :, 0]
    rows = np.repeat(np.arange(len(points)), count)
    return csr_array((weights.ravel(), (rows, near.ravel())), shape=(len(points), len(sites)))


def _powers(dim: int) -> list[tuple[int, ...]]:
    """The powers of the monomials of second degree at most."""
    every = np.stack(np.meshgrid(*[range(3)] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    return [tuple(power) for power in every.tolist() if sum(power) <= 2]
