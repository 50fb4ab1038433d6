"""Singular functions r^λ Θ(θ) about points of the plane where sectors of materials meet, all round or between walls.

Round such a point the solutions of div(a ∇u) = 0 whose conductivity a is a constant a_s in each of S sectors behave
like r^λ Θ(θ), with -(a Θ')' = λ² a Θ, on the circle or between walls where Θ or its slope vanishes (Kellogg 1975;
Costabel and Dauge 1997, section 2): in a sector Re(c_s z^λ), z the complex coordinate. Where two good conductors
touch at a point λ may be as small as 0.02, and no cells that are divided find it. Where λ is whole, these are
polynomials; but a source that is a constant in each sector is met by polynomials of degree 2 only if 2 is no exponent,
and else by z² log z (on the square, Δu = 1 and u = 0 on walls), and so is a flux through a wall by z log z if 1 is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from typing import Any

import numpy as np
from numpy.polynomial.legendre import legder, leggauss, legval, legvander
from numpy.typing import ArrayLike
from scipy.linalg import eigh, null_space, svd

from inrpde.networks.trial import Array, Index, Trial
from inrpde.sampling.cells.tessellation import OUTSIDE, Cover

DEGREE = 24
"""Of the polynomials in a sector by which exponents are found: cos 4θ over 2π has twelve digits."""
WHOLE = 1e-3
"""An exponent so near to a whole number has functions that polynomials do as well; chosen: what is left of r^(1 + ε) by
polynomials of low degree is a hundredth of ε."""
ALIKE = 1e-6
"""Exponents that differ by less have their functions in common."""
POLISHED = 2
"""Newton's steps for an exponent, from eight digits on."""
RESONANT = 1e-11
"""What is nothing, where an exponent is exactly 1 or 2."""
Walls = tuple[bool, bool] | None
"""Is the value held on the wall where the first sector begins, and where the last ends; None where there are none."""


@dataclass(frozen=True, eq=False)
class VertexFunctions(Trial):
    """J columns, each about one of P points, in the cells round it alone.

    `cover` has these cells; cell c is near the point `point` (C,), in its sector `sector` (C,), and its middle lies at
    the angle `turn` (C,) from there, counted on through the sectors. Lengths are measured by `sizes` (P,) about
    `centres` (P, 2). Column j is about point `of` (J,), has the exponent `powers` (J,) and by sector c, e and q in
    Re(c z^λ + e z^λ log z) + q |z|²: `factors`, `logs` and `squares` (J, S).
    """

    cover: Cover
    point: Array
    sector: Array
    turn: Array
    centres: Array
    sizes: Array
    of: Array
    powers: Array
    factors: Array
    logs: Array
    squares: Array

    @property
    def width(self) -> int:  # type: ignore[override]
        return len(self.of)

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices, cell = list(indices), self.cover.locate(points)
        out = {index: np.zeros((len(points), self.width)) for index in indices}
        for rows, columns in self._met(cell):
            for index in indices:
                out[index][rows[:, None], columns] = self.at(points[rows], cell[rows], columns, index)
        return out

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices, cell = list(indices), self.cover.locate(points)
        out = {index: np.zeros(len(points), np.result_type(head.dtype, float)) for index in indices}
        for rows, columns in self._met(cell):
            for index in indices:
                out[index][rows] = self.at(points[rows], cell[rows], columns, index) @ head[columns]
        return out

    def _met(self, cell: Array) -> Iterable[tuple[Array, Array]]:
        """By point the rows of cells (N,) round it, and its columns."""
        point = np.where(cell == OUTSIDE, -1, self.point[cell])
        for number in np.unique(point[point >= 0]):
            yield np.flatnonzero(point == number), np.flatnonzero(self.of == number)

    def at(self, points: Array, cell: Array, columns: Array, index: Index) -> Array:
        """A derivative at points (N, 2) in cells (N,) round one point of its columns (K,): (N, K)."""
        number, order = self.of[columns[0]], sum(index)
        away = (points - self.centres[number]) / self.sizes[number]
        turned = away[:, 0] + 1j * away[:, 1]
        angle = self.turn[cell] + np.angle(turned * np.exp(-1j * self.turn[cell]))
        radius, powers = np.abs(turned), self.powers[columns]
        log = (np.log(np.maximum(radius, LEAST)) + 1j * angle)[:, None]
        falling = np.array([prod(power - n for n in range(order)) for power in powers])
        # the derivative of that by the power
        grown = np.array(
            [sum(prod(power - n for n in range(order) if n != k) for k in range(order)) for power in powers]
        )
        size = np.where(radius > 0, radius, LEAST if order else 0.0)[:, None] ** (powers - order)
        factors, logs, squares = (
            each[columns][:, self.sector[cell]].T for each in (self.factors, self.logs, self.squares)
        )
        waves = (factors * falling + logs * (falling * log + grown)) * np.exp(1j * (powers - order) * angle[:, None])
        bowl: dict[Index, Array | float] = {(0, 0): radius**2, (2, 0): 2.0, (0, 2): 2.0}
        bowl |= {(1, 0): 2 * away[:, 0], (0, 1): 2 * away[:, 1]}
        found: Array = np.real(1j ** index[1] * waves) * size + squares * np.reshape(bowl.get(index, 0.0), (-1, 1))
        return found / self.sizes[number] ** order

    def state(self) -> dict[str, Any]:
        cover = {f"cover_{key}": getattr(self.cover, key) for key in COVER}
        return {**cover, "simplex": int(self.cover.simplex), **{key: getattr(self, key) for key in OWN}}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> VertexFunctions:
        origin, axes, cell, part = (np.asarray(state[f"cover_{key}"]) for key in COVER)
        cover = Cover(origin, axes, cell, part, bool(state["simplex"]))
        return cls(cover, *(np.asarray(state[key]) for key in OWN))


LEAST = 1e-30
"""A distance at which slopes are taken for those at the point itself, which may have none."""
COVER = ("origin", "axes", "cell", "part")
OWN = ("point", "sector", "turn", "centres", "sizes", "of", "powers", "factors", "logs", "squares")
"""The arrays that are kept of a cover, and of the functions."""


@dataclass(frozen=True, eq=False)
class Mode:
    """A function about a point with S sectors, as in `VertexFunctions`, for |z| as it is: its `power`, and `factors`,
    `logs` and `squares` (S,). -div(a ∇s) is a constant in every sector, `sources` (S,), and the flux a ∂s/∂n through
    its two walls is `influx` (2,)."""

    power: float
    factors: Array
    logs: Array
    squares: Array
    sources: Array
    influx: Array


def vertex_modes(angles: ArrayLike, conductivities: ArrayLike, walls: Walls, most: float) -> list[Mode]:
    """Those with exponents between 0 and `most` that are not whole, and those for sources and fluxes which polynomials
    do not meet, about a point with sectors between the angles (S + 1,) that have the conductivities (S,). Without
    `walls` the last angle is the first one, a whole turn later.

    The factors are no larger than one."""
    turns, a = np.asarray(angles, float), np.asarray(conductivities, float)
    mean = np.exp(np.mean(np.log(a)))
    found, none = list(_driven(turns, a / mean, walls)), np.zeros(len(a))
    for power, vectors in _homogeneous(turns, a / mean, walls, most):
        for vector in vectors:
            factors = _factors(vector, power, turns)
            found.append(Mode(power, factors / np.max(np.abs(factors)), none, none, none, np.zeros(2)))
    return [replace(each, sources=mean * each.sources, influx=mean * each.influx) for each in found]


def between_walls(angles: ArrayLike, conductivities: ArrayLike) -> Mode:
    """The function of the angle alone (λ = 0) that is 0 on the wall where the first sector begins, and 1 where the last
    ends."""
    turns, a = np.asarray(angles, float), np.asarray(conductivities, float)
    slopes = 1 / (a * np.sum(np.diff(turns) / a))
    values = np.append(0.0, np.cumsum(slopes * np.diff(turns)))[:-1]
    none = np.zeros(len(a))
    # Re(-i k log z) is kθ
    return Mode(0.0, (values - slopes * turns[:-1]).astype(complex), -1j * slopes, none, none, np.zeros(2))


def _homogeneous(angles: Array, a: Array, walls: Walls, most: float) -> Iterator[tuple[float, Array]]:
    """Exponents that are not whole, and for each the vectors (n, 2S) of cosines and sines in the sectors."""
    rough = _exponents(np.diff(angles), a, walls, most)
    while len(rough):
        here = np.abs(rough - rough[0]) < ALIKE * (1 + rough[0])
        many, power = int(here.sum()), float(np.mean(rough[here]))
        rough = rough[~here]
        for _ in range(POLISHED if many == 1 else 0):
            power = _nearer(power, angles, a, walls)
        if abs(power - round(power)) >= WHOLE:
            yield power, svd(_joined(power, angles, a, walls))[2][-many:]


def _factors(vector: Array, power: float, angles: Array) -> Array:
    """The factors c (S,) of cosines and sines (2S,): A cos λ(θ - θ_s) + B sin λ(θ - θ_s) = Re(c e^(iλθ))."""
    cosines, sines = vector.reshape(2, -1)
    return np.asarray((cosines - 1j * sines) * np.exp(-1j * power * angles[:-1]))


def _driven(angles: Array, a: Array, walls: Walls) -> Iterator[Mode]:
    """The functions for sources and for fluxes through walls that polynomials do not meet: a basis of them.

    With H = r^λ (A cos λ(θ - θ_s) + B sin λ(θ - θ_s)) in a sector they are ∂H/∂λ for one vector of A and B, which has
    r^λ log r and has to be a solution without that, H for another, and q r²: ∂(J H) + J H' + given = 0 on all rays."""
    for power, kinds in ((2, len(a)), (1, 0 if walls is None else 2)):
        joined = _joined(power, angles, a, walls)
        null, back = null_space(joined, rcond=RESONANT), null_space(joined.T, rcond=RESONANT)
        if not kinds or not null.shape[1]:
            continue
        given = np.array([_given(power, kind, a, walls) for kind in range(kinds)]).reshape(kinds, 2 * len(a))
        slope = _joined(power, angles, a, walls, changed=True)
        logs = np.linalg.lstsq(back.T @ slope @ null, -(given @ back).T, rcond=RESONANT)[0].T
        left, sizes, _ = svd(logs, full_matrices=False)
        for way in left[:, sizes > RESONANT * np.max(sizes, initial=1.0)].T:
            log = null @ (way @ logs)
            rest = np.linalg.lstsq(joined, -(way @ given) - slope @ log, rcond=RESONANT)[0]
            e = _factors(log, power, angles)
            # ∂/∂λ of e^(-iλθ_s) z^λ is e^(-iλθ_s) z^λ (log z - iθ_s)
            c = _factors(rest, power, angles) - 1j * e * angles[:-1]
            scale = max(np.max(np.abs(e)), np.max(np.abs(c)))
            way = way / scale
            sources, influx = (4 * a * way, np.zeros(2)) if power == 2 else (np.zeros(len(a)), way)
            squares = -way if power == 2 else np.zeros(len(a))
            yield Mode(power, c / scale, e / scale, squares, sources, influx)


def _given(power: int, kind: int, a: Array, walls: Walls) -> Array:
    """What the rows of `_joined` get (2S,) from -|z|² in one sector, or from a flux of 1 through one wall."""
    count = len(a)
    out = np.zeros(2 * count)
    if power == 2:
        if walls is None or kind < count - 1 or walls[1]:
            out[kind] -= 1.0
        if walls is None or kind:
            out[(kind - 1) % count] += 1.0
        elif walls[0]:
            out[-1] -= 1.0
    elif walls is not None and not walls[kind]:
        # outward is against the angle on the first wall
        out[[-1, count - 1][kind]] = 1 / a[0] if kind == 0 else -1 / a[-1]
    return out


@cache
def _unit() -> tuple[Array, Array]:
    """∫ p_i p_j and ∫ p_i' p_j' on [-1, 1] of the polynomials through Chebyshev's nodes."""
    nodes = np.cos(np.pi * np.arange(DEGREE, -1, -1) / DEGREE)
    points, weights = leggauss(DEGREE + 2)
    back = np.linalg.inv(legvander(nodes, DEGREE))
    values = legvander(points, DEGREE) @ back
    slopes = legval(points, legder(np.eye(DEGREE + 1))).T @ back
    return (values.T * weights) @ values, (slopes.T * weights) @ slopes


def _exponents(widths: Array, a: Array, walls: Walls, most: float) -> Array:
    """The exponents (K,) by polynomials in each sector: to eight digits or so."""
    unit_mass, unit_stiff = _unit()
    size = DEGREE * len(a) + (walls is not None)
    stiff, mass = np.zeros((size, size)), np.zeros((size, size))
    for k, (width, each) in enumerate(zip(widths, a, strict=True)):
        at = np.arange(k * DEGREE, (k + 1) * DEGREE + 1) % size
        stiff[np.ix_(at, at)] += each * 2 / width * unit_stiff
        mass[np.ix_(at, at)] += each * width / 2 * unit_mass
    free = np.ones(size, bool)
    if walls is not None:
        free[[0, -1]] = ~np.array(walls)
    stiff, mass = (each[np.ix_(free, free)] for each in (stiff, mass))
    _, vectors = eigh(stiff, mass, subset_by_value=(-1.0, (most + 0.5) ** 2))
    # Rayleigh's quotients are right to twice as many digits as the vectors
    squares = np.einsum("ik,ij,jk->k", vectors, stiff, vectors) / np.einsum("ik,ij,jk->k", vectors, mass, vectors)
    constant = walls is None or not any(walls)
    found: Array = np.sqrt(np.maximum(squares[int(constant) :], 0.0))
    return np.sort(found[found < most])


def _joined(power: float, angles: Array, a: Array, walls: Walls, changed: bool = False) -> Array:
    """What (2S, 2S) cosines (S,) and sines (S,) of λ(θ - θ_s) in each sector have to fulfil: values and fluxes are the
    same where sectors meet, or vanish on walls; or how that has `changed` with the exponent."""
    count, still = len(a), 0.0 if changed else 1.0
    out = np.zeros((2 * count, 2 * count))
    for k, width in enumerate(np.diff(angles)):
        after, turn = (k + 1) % count, power * width + (np.pi / 2 if changed else 0.0)
        size = width if changed else 1.0
        value, slope = size * np.array([np.cos(turn), np.sin(turn)]), size * np.array([-np.sin(turn), np.cos(turn)])
        own = [k, count + k]
        if walls is not None and after == 0:
            out[k, own] += value if walls[1] else slope
            out[count + k, 0 if walls[0] else count] += still
            continue
        larger = max(a[k], a[after])
        out[k, own] += value
        out[k, after] -= still
        out[count + k, own] += slope * a[k] / larger
        out[count + k, count + after] -= still * a[after] / larger
    return out


def _nearer(power: float, angles: Array, a: Array, walls: Walls) -> float:
    """A step of Newton's method for the smallest singular value of that."""
    left, sizes, right = svd(_joined(power, angles, a, walls))
    return float(power - sizes[-1] / (left[:, -1] @ _joined(power, angles, a, walls, changed=True) @ right[-1]))
