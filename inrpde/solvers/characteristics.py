"""Frequencies on the characteristic set: waves sin(w·x + b) that solve the homogeneous equation with its coefficients
frozen at a point, as plane waves solve Helmholtz's (the idea of Trefftz 1926)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions import Region
from inrpde.networks.siren import SineBody, half_widths
from inrpde.sampling import sample
from inrpde.solvers.samples import Site, volumes
from inrpde.solvers.system import environment

Array = np.ndarray
PILOT = 4000
"""Points of the region at which coefficients may be frozen."""
CLOSE = 0.1
"""The largest symbol, beside the sum of its highest terms' sizes, of a wave that counts as a solution."""
TRIES = 6
"""Frequencies that are proposed for each that is wanted: few reach far enough where dispersion is strong."""
REACH = 2.0
"""Times the band that a frequency may be."""


@dataclass(frozen=True)
class Symbol:
    """An operator with its coefficients frozen at N points: P(w) = Σ_α c_α (iw)^α, `coefficients` (terms, N)."""

    indices: tuple[tuple[int, ...], ...]
    coefficients: Array
    points: Array

    def at(self, w: Array, chosen: Array) -> tuple[Array, Array]:
        """P at frequencies (n, d), frozen at the points `chosen` (n,), and the sum of its highest terms' sizes."""
        terms = [
            self.coefficients[k, chosen] * np.prod((1j * w) ** np.array(index), axis=1)
            for k, index in enumerate(self.indices)
        ]
        highest = max(map(sum, self.indices))
        leading = [np.abs(term) for term, index in zip(terms, self.indices, strict=True) if sum(index) == highest]
        return np.sum(terms, axis=0), np.sum(leading, axis=0)

    def solved(self, w: Array, axis: int, chosen: Array, sign: Array) -> Array:
        """The frequencies with w[:, axis] such that the larger of P's real and imaginary parts vanishes (NaN where it
        does for none)."""
        powers = np.zeros((3, len(w)), dtype=complex)
        for k, index in enumerate(self.indices):
            rest = np.prod(np.delete(1j * w, axis, 1) ** np.delete(np.array(index), axis), axis=1)
            powers[index[axis]] += self.coefficients[k, chosen] * rest * 1j ** index[axis]
        sizes = [np.abs(part(powers)).sum() for part in (np.real, np.imag)]
        c, b, a = (np.real if sizes[0] >= sizes[1] else np.imag)(powers)
        with np.errstate(all="ignore"):
            root = np.where(a == 0, -c / b, (-b + sign * np.sqrt(b * b - 4 * a * c)) / (2 * a))
        out = w.copy()
        out[:, axis] = np.where(np.isfinite(root), root, np.nan)
        return out


def symbol(form: Form, unknown: int) -> Symbol | None:
    """That of the one linear equation that holds an unknown inside its region, and no other; None where there is none
    that has waves for solutions."""
    full = form.space.dim
    rows = [row for row in form.rows if row.region.dim == full and unknown in row.indices]
    if len(rows) != 1 or not rows[0].linear or any(jet.unknown != unknown for jet in rows[0].jets.values()):
        return None
    return _frozen(form, rows[0], volumes(form, unknown)[0])


def _frozen(form: Form, row: Row, region: Region) -> Symbol:
    q = sample(region, PILOT, 1)
    site = Site(q.points, q.weights, None, {}, q.measure)
    slopes = dict(zip(row.tangent, row.slopes(environment(form, row, site)), strict=True))
    terms = {row.jets[s].index: np.broadcast_to(c, (len(q.points),)) for s, c in slopes.items() if s in row.jets}
    return Symbol(tuple(terms), np.array(list(terms.values())), q.points)


def waves(of: Symbol, count: int, band: Array, box: tuple[Array, Array], rng: np.random.Generator) -> Array:
    """Up to `count` frequencies (n, d) of waves that solve the equation somewhere in a box, in unscaled coordinates;
    `band` (d,) bounds those that are chosen, as half-widths in coordinates scaled to [-1, 1]."""
    lo, hi = box
    inside = np.flatnonzero(np.all((of.points >= lo) & (of.points <= hi), axis=1))
    degrees = np.max(of.indices, axis=0)
    axes = np.flatnonzero((degrees > 0) & (degrees <= 2))
    if not len(inside) or not len(axes):
        return np.zeros((0, len(lo)))
    limit = band / half_widths(box)
    found: list[Array] = []
    for axis in axes:
        w = limit * rng.uniform(-1, 1, (TRIES * count, len(lo)))
        chosen, sign = rng.choice(inside, len(w)), rng.choice([-1.0, 1.0], len(w))
        w = of.solved(w, int(axis), chosen, sign)
        value, size = of.at(w, chosen)
        good = (np.abs(value) < CLOSE * size) & (np.abs(w[:, axis]) <= REACH * limit[axis]) & np.any(w != 0, axis=1)
        found.append(w[good])
    fewest = min(map(len, found))
    each = -(-count // len(found)) if fewest * len(found) >= count else count
    return rng.permutation(np.concatenate([w[:each] for w in found]))[:count]


def has_waves(form: Form, unknown: int, band: Sequence[float] | Array, box: tuple[Array, Array]) -> bool:
    """Are there waves that solve an unknown's equation?"""
    of = symbol(form, unknown)
    return of is not None and len(waves(of, 100, np.asarray(band), box, np.random.default_rng(0))) == 100


def with_waves(
    form: Form, unknown: int, body: SineBody, share: float, band: Array, rng: np.random.Generator
) -> SineBody:
    """The body with a share of its features replaced by waves of the equation."""
    of = symbol(form, unknown)
    if of is None:
        return body
    ((weight, bias),) = body.layers
    frequencies = waves(of, round(share * body.width), band, body.box, rng) * half_widths(body.box)
    return replace(body, layers=((np.concatenate([frequencies, weight[len(frequencies) :]]), bias),))
