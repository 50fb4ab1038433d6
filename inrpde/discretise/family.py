"""A family of solutions: combinations of a reduced basis that solve, for each value of the parameters, a small
least-squares problem.

The reduced-basis method (Rozza, Huynh and Patera 2008) with the residual in the mean square as what is minimised. The
rows of the problem on the basis are polynomials in the parameters, found once, so that a new value takes a small
factorisation and no form."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import comb
from typing import Any

import numpy as np
from numpy.polynomial.chebyshev import chebder, chebval
from sympy import prime

from inrpde.declaration.regions.sequence import lattice
from inrpde.errors import UsageError
from inrpde.networks.stored import dump_trial, load_trial
from inrpde.networks.trial import Trial

Array = np.ndarray
NEGLIGIBLE = 1e-13
"""The share of the largest coefficient below which a term of a polynomial is rounding: above that of a sum of some
hundred numbers."""
SINGULAR = 1e-12
"""The share of the largest singular value below which a combination of the basis is undetermined; above rounding."""
LATE = 0.7
"""The share of the highest degree above which terms are as small as those that are missing; chosen."""
OVERSAMPLED = 2
"""Nodes for each term of a polynomial in several parameters, which are scattered; chosen."""


@dataclass(frozen=True, eq=False)
class Table:
    """Matrices (rows, columns) that are polynomials in p parameters: Σ_t terms[t] Π_j T_degrees[t, j](x_j) with x the
    parameters scaled from lo, hi (p,) to [-1, 1], and Chebyshev's polynomials T; terms up to the degree `highest`, in
    all coordinates together, were asked for."""

    lo: Array
    hi: Array
    degrees: Array
    terms: Array
    highest: int

    @classmethod
    def through(cls, lo: Array, hi: Array, nodes: Array, values: Sequence[Array]) -> Table:
        """That whose values at nodes (n, p) are closest to those given, each (rows, columns)."""
        degrees, weights = _closest(lo, hi, nodes)
        terms = np.zeros((len(degrees), *values[0].shape), np.result_type(*values))
        for column, value in zip(weights.T, values, strict=True):
            terms += column[:, None, None] * value
        sizes = np.abs(terms).max(axis=(1, 2))
        kept = sizes >= NEGLIGIBLE * sizes.max()
        return cls(lo, hi, degrees[kept], terms[kept], int(degrees.sum(axis=1).max()))

    def at(self, values: Array, along: int | None = None) -> Array:
        """The matrix (rows, columns) at values (p,) of the parameters, or its derivative along one of them."""
        weights = _basis(self.degrees, _scaled(self.lo, self.hi, values[None]), along)[0]
        scale = 1.0 if along is None else 2 / (self.hi[along] - self.lo[along])
        found = scale * np.tensordot(weights, self.terms, 1)
        vanishing = np.linalg.norm(found, axis=0) <= NEGLIGIBLE * scale * self.sizes
        found[:, vanishing] = 0.0  # where data vanish, so does a member
        return np.asarray(found)

    @cached_property
    def sizes(self) -> Array:
        """By column the sum of the terms' norms."""
        return np.asarray(np.linalg.norm(self.terms, axis=1).sum(axis=0))

    def compressed(self) -> Table:
        """Matrices of fewer rows with the same products, AᴴA at all parameters."""
        stacked = np.concatenate(list(self.terms), axis=1)
        if len(stacked) <= stacked.shape[1]:
            return self
        terms = np.stack(np.split(np.linalg.qr(stacked, mode="r"), len(self.terms), axis=1))
        return replace(self, terms=terms)

    def solved(self, values: Array) -> tuple[Array, float]:
        """Of the matrix [A | b] at values (p,) the head c that minimises ‖A c - b‖, and how doubtful it is: the change
        of c, beside c, that comes of a change of b as large as what is left, or as the terms of the highest degrees,
        which are as large as those that are missing."""
        rows = self.at(values)
        head, left, least = solve(rows)
        late = self.degrees.sum(axis=1) > LATE * self.highest
        weights = _envelope(self.degrees[late], _scaled(self.lo, self.hi, values))
        missing = np.linalg.norm(np.tensordot(weights, self.terms[late], 1) @ np.append(head, -1.0))
        unsure = np.hypot(left, missing)
        return head, float(unsure / least / max(np.linalg.norm(head), 1e-300))


@dataclass(frozen=True, eq=False)
class Family:
    """`bases` are by unknown the trial whose columns its members are combinations of, `names` the parameters; of
    `table` [A | b] the head of a member is that which minimises ‖A c - b‖, the same for all unknowns.

    `estimates` are by unknown the largest estimated errors of the members that were checked, `ratios` the largest of
    these over how doubtful they are: the error of another member is taken for as many times its own doubt."""

    names: tuple[str, ...]
    table: Table
    bases: Mapping[str, Trial]
    estimates: Mapping[str, float] = field(default_factory=dict)
    ratios: Mapping[str, float] = field(default_factory=dict)

    def values(self, given: Mapping[str, float]) -> Array:
        """The values (p,) of the parameters, those that are not given in the middle of their range."""
        middles = (self.table.lo + self.table.hi) / 2
        return np.array([float(given.get(name, middle)) for name, middle in zip(self.names, middles, strict=True)])

    def within(self, given: Mapping[str, float], where: str) -> Array:
        """The values (p,), none of them beyond its range. Raises UsageError."""
        ranges = dict(zip(self.names, zip(self.table.lo, self.table.hi, strict=True), strict=True))
        there = ", ".join(f"{name} from {lo:g} to {hi:g}" for name, (lo, hi) in ranges.items())
        for name, value in given.items():
            if name not in ranges:
                raise UsageError(f"there is no parameter {name!r}", where, f"there are: {there}")
            lo, hi = ranges[name]
            if not isinstance(value, numbers.Real) or not lo <= value <= hi:
                what = f"{name} = {value!r:.40} is not in the range that was solved"
                raise UsageError(what, where, f"give {there}; for more, solve the problem with a wider Parameter")
        return self.values(given)

    def head(self, values: Array) -> Array:
        """The head (width,) of a member."""
        return solve(self.table.at(values))[0]

    def doubt(self, values: Array) -> float:
        """How doubtful a member is; see `Table.solved`."""
        return self.table.solved(values)[1]

    def slope(self, values: Array, name: str) -> Array:
        """The derivative (width,) of a member's head with respect to a parameter: that of the least-squares solution
        (Golub and Pereyra 1973, equation 4.12)."""
        axis = self.names.index(name)
        rows, change = self.table.at(values), self.table.at(values, axis)
        matrix, moved = rows[:, :-1], change[:, :-1]
        head = solve(rows)[0]
        left = rows[:, -1] - matrix @ head
        first = solve(np.column_stack([matrix, change[:, -1] - moved @ head]))[0]
        _, s, vt = np.linalg.svd(matrix, full_matrices=False)
        used = s > SINGULAR * s[0]
        inner = vt[used] @ (moved.conj().T @ left)
        return np.asarray(first + vt[used].conj().T @ (inner / s[used] ** 2))

    def as_dict(self) -> dict[str, Any]:
        """As the JSON has it: the parameters' ranges, those of the member that is shown, how many are combined."""
        ends = zip(self.names, self.table.lo, self.table.hi, strict=True)
        return {
            "parameters": {name: [float(lo), float(hi)] for name, lo, hi in ends},
            "at": dict(zip(self.names, map(float, self.values({})), strict=True)),
            "basis": self.table.terms.shape[2] - 1,
        }

    def dumped(self) -> dict[str, Any]:
        """As nested mappings of arrays, numbers and strings."""
        table = self.table
        return {
            "names": list(self.names), "lo": table.lo, "hi": table.hi, "degrees": table.degrees, "terms": table.terms,
            "highest": table.highest,
            "bases": {name: dump_trial(trial) for name, trial in self.bases.items()},
            "estimates": dict(self.estimates), "ratios": dict(self.ratios),
        }  # fmt: skip

    @classmethod
    def loaded(cls, state: Mapping[str, Any]) -> Family:
        """What `dumped` gave."""
        lo, hi, degrees, terms = (np.asarray(state[key]) for key in ("lo", "hi", "degrees", "terms"))
        table = Table(lo, hi, degrees, terms, int(state["highest"]))
        bases = {name: load_trial(each) for name, each in state["bases"].items()}
        errors = ({name: float(each) for name, each in state[key].items()} for key in ("estimates", "ratios"))
        return cls(tuple(map(str, state["names"])), table, bases, *errors)


def solve(rows: Array) -> tuple[Array, float, float]:
    """Of rows [A | b] the head c that minimises ‖A c - b‖, this minimum, and the smallest singular value of A that
    counts."""
    matrix, right = rows[:, :-1], rows[:, -1]
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    used = s > SINGULAR * s[0]
    inner = u[:, used].conj().T @ right
    head = vt[used].conj().T @ (inner / s[used])
    return head, float(np.linalg.norm(right - u[:, used] @ inner)), float(s[used][-1])


def nodes(lo: Array, hi: Array, level: int) -> Array:
    """Values of the parameters (n, p), of which those of a level contain those of the levels before: Chebyshev's for
    one parameter (2^(level + 2) + 1 of them), else the corners, the middle and points spread between them."""
    p = len(lo)
    if p == 1:
        count = 2 ** (level + 2)
        scaled = np.cos(np.pi * np.arange(count + 1) / count)[:, None]
    else:
        corners = np.array(list(itertools.islice(_corners(p), 8)))
        count = OVERSAMPLED * comb(p + level + 2, p)
        scaled = np.concatenate([corners, np.zeros((1, p)), 2 * _sequence(count, p) - 1])
    return lo + (scaled + 1) / 2 * (hi - lo)


def between(lo: Array, hi: Array, count: int, seed: int) -> Array:
    """Values of the parameters (count, p), spread evenly."""
    return np.asarray(lo + (hi - lo) * lattice(count, len(lo), np.random.default_rng([seed, 7])))


def _corners(p: int) -> Iterator[tuple[float, ...]]:
    """The ends of all ranges; of several first those of all together."""
    yield (1.0,) * p
    yield (-1.0,) * p
    yield from (each for each in itertools.product((1.0, -1.0), repeat=p) if len(set(each)) > 1)


def _sequence(count: int, p: int) -> Array:
    """Points (count, p) in [0, 1] whose beginnings are spread evenly (Richtmyer's sequence; Niederreiter 1978)."""
    steps = np.sqrt([float(prime(k + 1)) for k in range(p)])
    return np.asarray(np.mod(np.arange(1, count + 1)[:, None] * steps, 1.0))


def _degrees(count: int, p: int) -> Array:
    """The degrees (T, p) of the terms that so many nodes determine."""
    if p == 1:
        return np.arange(count)[:, None]
    total = 0
    while OVERSAMPLED * comb(p + total + 1, p) <= count:
        total += 1
    return np.array([each for each in itertools.product(range(total + 1), repeat=p) if sum(each) <= total])


def between_nodes(lo: Array, hi: Array, nodes: Array, values: Array) -> Array:
    """What numbers at nodes (n, p) weigh at values (m, p) of the polynomials that come closest to them, (m, n)."""
    degrees, weights = _closest(lo, hi, nodes)
    return np.asarray(_basis(degrees, _scaled(lo, hi, values)) @ weights)


def _closest(lo: Array, hi: Array, nodes: Array) -> tuple[Array, Array]:
    """The degrees (T, p) of the terms that nodes (n, p) determine, and what numbers at these weigh in each, (T, n)."""
    degrees = _degrees(len(nodes), len(lo))
    return degrees, np.linalg.pinv(_basis(degrees, _scaled(lo, hi, nodes)))


def _basis(degrees: Array, scaled: Array, along: int | None = None) -> Array:
    """The terms' polynomials (n, T) at scaled values (n, p), or their derivatives along one coordinate."""
    waves = np.cos(degrees * np.arccos(np.clip(scaled, -1, 1))[:, None, :])
    if along is not None:
        most, x = int(degrees.max()), scaled[:, along]
        slopes = np.stack([chebval(x, chebder(np.eye(most + 1)[n])) for n in range(most + 1)], axis=1)
        waves[:, :, along] = slopes[:, degrees[:, along]]
    return np.asarray(np.prod(waves, axis=2))


def _envelope(degrees: Array, scaled: Array) -> Array:
    """Weights (2^p, T) of the terms at scaled values (p,): cosines of the angles, which are Chebyshev's polynomials,
    and sines in their place; the root of the sum of squares is how large terms are near there, though they may cancel
    at the point itself (the envelope of Gabor's analytic signal)."""
    angles = degrees * np.arccos(np.clip(scaled, -1, 1))
    waves = np.stack([np.cos(angles), np.sin(angles)])
    each = itertools.product((0, 1), repeat=len(scaled))
    return np.array([np.prod([waves[k, :, j] for j, k in enumerate(one)], axis=0) for one in each])


def _scaled(lo: Array, hi: Array, values: Array) -> Array:
    return np.asarray(2 * (values - lo) / (hi - lo) - 1)
