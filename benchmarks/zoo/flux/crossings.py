"""Blocks of many materials to many digits, where they meet in fours as well: rings of spectral elements without end.

Round a point where materials meet the solution is r^λ, and λ may be near zero (two good conductors that touch at a
point): cells that are divided have to be divided hundreds of times. Rings that are half as large each are similar, so
that what lies within is a map from values to fluxes that the same step takes inwards again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sparse
from numpy.polynomial import legendre
from scipy.sparse.linalg import spsolve

Array = np.ndarray
RINGS = 10_000
"""Within each crossing, at most; the smallest is of size 2^-RINGS."""
KEPT = 40
"""Rings in which values are asked for, and a source is felt."""
SAME = 1e-13
"""Maps of rings that differ by no more are the limit."""


class Line:
    """The nodes of Gauss and Lobatto on [-1, 1], Gauss's rule, and the polynomials through the nodes there."""

    def __init__(self, degree: int):
        inner = legendre.Legendre.basis(degree).deriv().roots()
        self.nodes = np.concatenate([[-1], np.sort(inner.real), [1]])
        self.points, self.weights = legendre.leggauss(degree + 2)
        vandermonde = np.linalg.inv(legendre.legvander(self.nodes, degree))
        self.coefficients = vandermonde
        self.values = self.at(self.points)
        slopes = np.stack([legendre.legval(self.points, legendre.legder(c)) for c in vandermonde.T], axis=1)
        self.slopes = slopes

    def at(self, x: Array) -> Array:
        """Each of the polynomials (N, degree + 1)."""
        return legendre.legvander(x, len(self.nodes) - 1) @ self.coefficients


@dataclass(frozen=True, eq=False)
class Element:
    """A quadrilateral by its corners (2, 2, 2): [i, j] at (±1, ±1)."""

    corners: Array
    line: Line

    def map(self, s: Array, t: Array) -> Array:
        """Places (N, 2) of coordinates (N,) within."""
        shares = np.stack([(1 - s) / 2, (1 + s) / 2]), np.stack([(1 - t) / 2, (1 + t) / 2])
        return np.einsum("in,jn,ijd->nd", *shares, self.corners)

    @cached_property
    def nodes(self) -> Array:
        s, t = np.meshgrid(self.line.nodes, self.line.nodes, indexing="ij")
        return self.map(s.ravel(), t.ravel())

    @cached_property
    def matrices(self) -> tuple[Array, Array]:
        """The stiffness for a conductivity of one, and the load of a source of one."""
        v, d, w = self.line.values, self.line.slopes, self.line.weights
        count = len(w)
        s, t = (grid.ravel() for grid in np.meshgrid(self.line.points, self.line.points, indexing="ij"))
        along = (self.corners[1] - self.corners[0]) / 2, (self.corners[:, 1] - self.corners[:, 0]) / 2
        ds = np.einsum("jn,jd->nd", np.stack([(1 - t) / 2, (1 + t) / 2]), along[0])
        dt = np.einsum("in,id->nd", np.stack([(1 - s) / 2, (1 + s) / 2]), along[1])
        volume = ds[:, 0] * dt[:, 1] - ds[:, 1] * dt[:, 0]
        weights = (w[:, None] * w).ravel() * np.abs(volume)
        basis_s = np.einsum("ia,jb->ijab", d, v).reshape(count**2, -1)
        basis_t = np.einsum("ia,jb->ijab", v, d).reshape(count**2, -1)
        gx = (basis_s * dt[:, [1]] - basis_t * ds[:, [1]]) / volume[:, None]
        gy = (basis_t * ds[:, [0]] - basis_s * dt[:, [0]]) / volume[:, None]
        stiff = (gx * weights[:, None]).T @ gx + (gy * weights[:, None]).T @ gy
        return stiff, np.einsum("ia,jb->ijab", v, v).reshape(count**2, -1).T @ weights


class Ring:
    """Sixteen elements between the squares of half sides 1 and 1/2 round a crossing of materials a[i, j]."""

    def __init__(self, a: Array, line: Line):
        side = np.linspace(-1, 1, 5)
        around = [(x, -1) for x in side] + [(1, y) for y in side[1:]]
        around += [(x, 1) for x in side[-2::-1]] + [(-1, y) for y in side[-2:0:-1]]
        outer = np.array(around)
        self.elements, conducted = [], []
        for k in range(16):
            one, other = outer[k], outer[(k + 1) % 16]
            self.elements.append(Element(np.array([[one, other], [one / 2, other / 2]]), line))
            middle = one + other
            conducted.append(a[int(middle[0] > 0), int(middle[1] > 0)])
        nodes, self.numbers = merged(np.concatenate([each.nodes for each in self.elements]))
        self.numbers = self.numbers.reshape(16, -1)
        size = np.abs(nodes).max(axis=1)
        matrix, load = np.zeros((len(nodes),) * 2), np.zeros(len(nodes))
        for element, number, value in zip(self.elements, self.numbers, conducted, strict=True):
            stiff, full = element.matrices
            matrix[np.ix_(number, number)] += value * stiff
            load[number] += full
        self.outer = np.flatnonzero(size > 1 - 1e-9)
        inner = np.flatnonzero(size < 0.5 + 1e-9)
        order = {tuple(np.round(2 * nodes[i], 9) + 0.0): i for i in inner}
        self.inner = np.array([order[tuple(np.round(nodes[i], 9) + 0.0)] for i in self.outer])
        self.middle = np.setdiff1d(np.arange(len(nodes)), np.concatenate([self.outer, self.inner]))
        self.places = nodes[self.outer]
        m, rest = self.middle, np.concatenate([self.outer, self.inner])
        self.lifted = -np.linalg.solve(matrix[np.ix_(m, m)], np.column_stack([matrix[np.ix_(m, rest)], -load[m]]))
        self.matrix = matrix[np.ix_(rest, rest)] + matrix[np.ix_(rest, m)] @ self.lifted[:, :-1]
        self.load = load[rest] - matrix[np.ix_(rest, m)] @ self.lifted[:, -1]

    def condensed(self, source: float) -> tuple[Array, Array, list[tuple[Array, Array]]]:
        """The matrix and the load on the outermost square, and for each ring, from there inwards, what its inner
        values are made of: a matrix of the outer ones and a part of their own."""
        n = len(self.outer)
        a, b, c = self.matrix[:n, :n], self.matrix[:n, n:], self.matrix[n:, n:]
        within, load, steps = 1e-12 * c, np.zeros(n), []
        for _ in range(RINGS):
            before, within = within, a - b @ np.linalg.solve(c + within, b.T)
            within = (within + within.T) / 2
            if np.abs(within - before).max() < SAME * np.abs(within).max():
                break
        for level in range(KEPT, -1, -1):
            scale = source * 4.0**-level
            step = np.linalg.solve(c + within, np.column_stack([-b.T, scale * self.load[n:] + load]))
            within, load = a + b @ step[:, :-1], scale * self.load[:n] - b @ step[:, -1]
            steps.append((step[:, :-1], step[:, -1]))
        return within, load, steps[::-1]


def merged(nodes: Array) -> tuple[Array, Array]:
    """Nodes without duplicates, and their numbers."""
    _, first, number = np.unique(np.round(nodes, 9) + 0.0, axis=0, return_index=True, return_inverse=True)
    return nodes[first], number.ravel()


@dataclass(frozen=True, eq=False)
class Blocks:
    """-div(a grad u) = source in the unit square of n by n blocks a[i, j]; u is 0 and 1 at the ends of x and insulated
    otherwise, or 0 all round where `cold`."""

    a: Array
    source: float
    cold: bool
    degree: int = 12

    def sampled(self, count: int) -> tuple[Array, Array, Array]:
        points = np.random.default_rng(0).uniform(0, 1, (count, 2))
        values, others = (self.values(points, degree) for degree in (self.degree, self.degree - 3))
        return points, values, values - others  # spectrally convergent: the error of the others

    def values(self, points: Array, degree: int) -> Array:
        n, line = len(self.a), Line(degree)
        half = 1 / (2 * n)
        parts = self._frame(line, half)
        rings = {}
        for i in range(1, n):
            for j in range(1, n):
                ring = Ring(self.a[i - 1 : i + 1, j - 1 : j + 1], line)
                rings[i, j] = ring, *ring.condensed(self.source * half**2)
                parts.append((np.array([i, j]) / n + half * ring.places, *rings[i, j][1:3]))
        nodes, numbers = merged(np.concatenate([places for places, _, _ in parts]))
        cuts = np.split(numbers, np.cumsum([len(places) for places, _, _ in parts])[:-1])
        rows, columns, entries, load = [], [], [], np.zeros(len(nodes))
        for number, (_, matrix, right) in zip(cuts, parts, strict=True):
            rows.append(np.repeat(number, len(number)))
            columns.append(np.tile(number, len(number)))
            entries.append(matrix.ravel())
            np.add.at(load, number, right)
        joined = [np.concatenate(each) for each in (rows, columns)]
        matrix = sparse.csr_matrix((np.concatenate(entries), tuple(joined)), shape=(len(nodes),) * 2)
        edge = np.abs(nodes - 0.5) > 0.5 - 1e-9
        known = edge.any(axis=1) if self.cold else edge[:, 0]
        u = np.where(known & (not self.cold), nodes[:, 0], 0.0)
        free = np.flatnonzero(~known)
        u[free] = spsolve(matrix[free][:, free].tocsc(), (load - matrix @ u)[free])
        held = dict(zip(rings, cuts[len(parts) - len(rings) :], strict=True))
        return self._evaluated(points, line, half, rings, {key: u[number] for key, number in held.items()}, cuts, u)

    def _frame(self, line: Line, half: float) -> list[tuple[Array, Array, Array]]:
        """Elements of half the size of a ring's side within half a block of the boundary."""
        n, parts = len(self.a), []
        for i in range(4 * n):
            for j in range(4 * n):
                if all(2 <= k < 4 * n - 2 for k in (i, j)):
                    continue
                x, y = (np.array([k, k + 1]) * half / 2 for k in (i, j))
                element = Element(np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1), line)
                stiff, full = element.matrices
                parts.append((element.nodes, self.a[i // 4, j // 4] * stiff, self.source * full))
        return parts

    def _evaluated(self, points, line, half, rings, held, cuts, u) -> Array:
        n, found = len(self.a), np.full(len(points), np.nan)
        frame = [(i, j) for i in range(4 * n) for j in range(4 * n) if not all(2 <= k < 4 * n - 2 for k in (i, j))]
        number = dict(zip(frame, cuts, strict=False))
        for k, point in enumerate(points):
            cell = tuple(np.minimum((2 * point / half).astype(int), 4 * n - 1))
            if cell in number:
                s, t = 2 * (2 * point / half - cell) - 1
                found[k] = np.kron(line.at(np.array([s]))[0], line.at(np.array([t]))[0]) @ u[number[cell]]
                continue
            key = tuple(np.round(point * n).astype(int))
            ring, _, _, steps = rings[key]
            local, values = (point - np.array(key) / n) / half, held[key]
            for level, (step, own) in enumerate(steps):
                inner = step @ values + own
                if np.abs(local).max() >= 0.5:
                    found[k] = self._in_ring(ring, line, local, values, inner, self.source * half**2 * 4.0**-level)
                    break
                local, values = 2 * local, inner
        return found

    def _in_ring(self, ring: Ring, line: Line, local: Array, outer: Array, inner: Array, scale: float) -> float:
        values = np.empty(ring.numbers.max() + 1)
        values[ring.outer], values[ring.inner] = outer, inner
        values[ring.middle] = ring.lifted @ np.concatenate([outer, inner, [scale]])
        size = np.abs(local).max()
        on = local / size
        for element, number in zip(ring.elements, ring.numbers, strict=True):
            one, other = element.corners[0]
            share = (on - one) @ (other - one) / ((other - one) @ (other - one))
            if np.abs(one + share * (other - one) - on).max() < 1e-9 and -1e-12 <= share <= 1 + 1e-12:
                s, t = 4 * (1 - size) - 1, 2 * share - 1
                return float(np.kron(line.at(np.array([s]))[0], line.at(np.array([t]))[0]) @ values[number])
        raise ArithmeticError("a point in no element")
