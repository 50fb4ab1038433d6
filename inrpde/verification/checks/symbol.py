"""The symbol of equations whose coefficients are frozen at points: polynomials in the frequency across a surface.

exp(κ·x) with κ = a + τ b turns ∂^α into κ^α, a system of equations into a matrix of polynomials in τ, and its solutions
that are such waves into the roots τ of the determinant (Agmon, Douglis, Nirenberg 1964; Kreiss 1970). Arrays are (S, …)
for S samples, each with a point and an a and b of its own; polynomials are their coefficients along the last axis, the
constant one first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde.compiler.form import Form, Jet, Row
from inrpde.sampling.extent import bounds

Array = np.ndarray
CANCELLED = 1e-9
"""A coefficient so much smaller than the terms that it is the sum of is rounding."""
INDEPENDENT = 1e-8
"""Singular values so much smaller than the largest are rounding."""


def symbol(
    form: Form, rows: Sequence[Row], unknowns: Sequence[int], points: Array, normals: Array | None,
    a: Array, b: Array, state: int = 0,
) -> Array:  # fmt: skip
    """The rows' symbols, (S, rows, unknowns, degree + 1), nonlinear ones linearised at a state that is made up; an
    equation between complex numbers for real unknowns is two rows. The degree is the form's highest order; what
    cancels, as the flow across a wall that it goes along, is exactly zero."""
    degree = form.order
    out = []
    for row in rows:
        env = form.environment(row, points, normals, {})
        if not row.linear:
            env |= dict.fromkeys(row.integrals, 1.0) | {s: _made_up(form, jet, state) for s, jet in row.jets.items()}
        entry = np.zeros((2, len(points), len(unknowns), degree + 1), complex)
        sizes = np.zeros(entry.shape)
        for each, slope in row.tangents(env).items():
            if each in row.jets:
                jet = row.jets[each]
                column = (slice(None), unknowns.index(jet.unknown), slice(None, sum(jet.index) + 1))
                powers = _powers(jet, a, b)
                parts = (np.real(slope), np.imag(slope)) if form.arithmetic == "split" else (slope, 0.0)
                for part, size, values in zip(entry, sizes, parts, strict=True):
                    with np.errstate(all="ignore"):  # slopes need not be finite
                        term = np.broadcast_to(values, (len(points),))[:, None] * powers
                        part[column] += term
                        size[column] += np.abs(term)
        entry[np.abs(entry) <= CANCELLED * sizes] = 0.0
        out += [part for k, part in enumerate(entry) if k == 0 or part.any()]
    return np.stack(out, axis=1) if out else np.zeros((len(points), 0, len(unknowns), degree + 1), complex)


def _made_up(form: Form, jet: Jet, state: int) -> float:
    """The value of a jet in a state of the unknowns: of the order 1 over the region, and positive itself."""
    rng = np.random.default_rng([state, jet.unknown, *jet.index])
    lo, hi = bounds(form)
    return float(rng.uniform(0.5, 1.5) * np.prod((hi - lo) ** -np.array(jet.index, float)))


def _powers(jet: Jet, a: Array, b: Array) -> Array:
    """(a + τ b)^index as a polynomial in τ."""
    out = np.ones((len(a), 1), complex)
    for k, order in enumerate(jet.index):
        for _ in range(order):
            out = _product(out, np.stack([a[:, k], b[:, k]], axis=1))
    return out


def _product(f: Array, g: Array) -> Array:
    out = np.zeros((len(f), f.shape[1] + g.shape[1] - 1), np.result_type(f, g))
    with np.errstate(all="ignore"):
        for k in range(g.shape[1]):
            out[:, k : k + f.shape[1]] += f * g[:, k : k + 1]
    return out


def determinant(matrix: Array) -> Array:
    """The determinant of (S, n, n, d) as polynomials (S, n (d - 1) + 1), by minors of the first rows; coefficients that
    cancel are exactly zero."""
    samples, n, _, _ = matrix.shape
    minors = {0: (np.ones((samples, 1), complex), np.ones((samples, 1)))}
    for row in range(n):
        longer: dict[int, tuple[Array, Array]] = {}
        for held, (minor, size) in minors.items():
            for column in range(n):
                entry = matrix[:, row, column]
                if held >> column & 1 or not entry.any():
                    continue
                sign = -1 if (held >> column).bit_count() % 2 else 1
                terms = sign * _product(minor, entry), _product(size, np.abs(entry))
                there = longer.get(held | 1 << column)
                longer[held | 1 << column] = terms if there is None else (there[0] + terms[0], there[1] + terms[1])
        minors = longer
    found, size = minors.get(2**n - 1, (np.zeros((samples, 1), complex), np.ones((samples, 1))))
    return np.where(np.abs(found) <= CANCELLED * size, 0.0, found)


def degrees(polynomials: Array) -> Array:
    """The degree of each polynomial, (S,); -1 of zero and of what is not finite."""
    some = polynomials != 0
    found = polynomials.shape[1] - 1 - np.argmax(some[:, ::-1], axis=1)
    return np.where(some.any(axis=1) & np.isfinite(polynomials).all(axis=1), found, -1)


def roots(polynomials: Array) -> Array:
    """All roots of each polynomial, (S, most): NaN beyond its degree."""
    degree = degrees(polynomials)
    out = np.full((len(polynomials), max(int(degree.max(initial=0)), 1)), np.nan, complex)
    for n in np.unique(degree[degree > 0]):
        these = np.flatnonzero(degree == n)
        with np.errstate(all="ignore"):
            monic = np.nan_to_num(polynomials[these, :n] / polynomials[these, n : n + 1], nan=0, posinf=0, neginf=0)
        scale = np.max(np.abs(monic) ** (1 / np.arange(n, 0, -1)), axis=1)[:, None]
        scale[scale == 0] = 1.0
        companion = np.zeros((len(these), n, n), complex)
        companion[:, np.arange(1, n), np.arange(n - 1)] = 1.0
        companion[:, :, -1] = -monic / scale ** np.arange(n, 0, -1)
        out[these, :n] = np.linalg.eigvals(companion) * scale
    return out


def independent(system: Array, conditions: Array) -> Array:
    """How many of the conditions (S, c, n, d) are independent for what solves a square system (S, n, n, d'), (S,): the
    rank that they add to all multiples of the system's rows, as a condition that the equations imply adds none."""
    n = system.shape[1]
    highest = max(system.shape[3], conditions.shape[3]) + n * (system.shape[3] - 1)

    def shifted(rows: Array, by: int) -> Array:
        out = np.zeros((*rows.shape[:3], highest), complex)
        out[..., by : by + rows.shape[3]] = rows
        return out

    multiples = [shifted(system, k) for k in range(highest - system.shape[3] + 1)]
    rows = np.concatenate([*multiples, shifted(conditions, 0)], axis=1)
    for _ in range(3):  # units of equations and of unknowns are no matter
        rows = rows / np.maximum(np.max(np.abs(rows), axis=(2, 3), keepdims=True), 1e-300)
        rows = rows / np.maximum(np.max(np.abs(rows), axis=(1, 3), keepdims=True), 1e-300)
    return rank(rows) - rank(rows[:, : len(multiples) * n])


def rank(rows: Array) -> Array:
    """How many of the rows (S, r, n, d) are independent, (S,); what is not finite counts as some number."""
    finite = np.where(np.isfinite(rows), rows, 1.0)
    values = np.linalg.svd(finite.reshape(*rows.shape[:2], -1), compute_uv=False)
    return np.count_nonzero(values > INDEPENDENT * values[:, :1], axis=1)
