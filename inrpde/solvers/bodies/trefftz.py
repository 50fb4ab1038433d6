"""Exponentials that solve the homogeneous equation with its coefficients frozen at a point, as plane waves solve
Helmholtz's, exp(-κk²t) sin(kx) the heat equation, and layers exp(-x/√ε) u = ε u'' (the idea of Trefftz 1926)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions import Region
from inrpde.discretise.jets import environment
from inrpde.networks.exponentials import Exponentials
from inrpde.networks.siren import SineBody, half_widths
from inrpde.networks.trial import Trial
from inrpde.sampling import sample
from inrpde.sampling.extent import volumes
from inrpde.sampling.sites import Site
from inrpde.solvers.bodies.enrichment import Enrichment, Maker

Array = np.ndarray
PILOT = 4000
"""Points of the region at which coefficients may be frozen."""
CLOSE = 0.1
"""The largest symbol, beside the sum of its highest terms' sizes, of a wave that counts as a solution."""
TRIES = 6
"""Frequencies that are proposed for each that is wanted: few reach far enough where dispersion is strong."""
REACH = 2.0
"""Times the band that a frequency may be."""
STEEPEST = 1000.0
"""The largest rate of growth over half a box: thinner layers are not resolved by points."""


@dataclass(frozen=True)
class Waves(Enrichment):
    """A share of features that are exponentials which solve the homogeneous equation, with frequencies up to `band`."""

    share: float
    band: tuple[float, ...]

    def within(self, form: Form, unknown: int) -> Maker | None:
        of = symbol(form, unknown)
        if of is None:
            return None
        return lambda width, box, rng: exponentials(of, round(self.share * width), np.array(self.band), box, rng)

    def __str__(self) -> str:
        return f", {self.share:.0%} of them solve the equation, up to {', '.join(f'{w:.3g}' for w in self.band)}"


@dataclass(frozen=True)
class Symbol:
    """An operator with its coefficients frozen at N points: P(z) = Σ_α c_α z^α, `coefficients` (terms, N)."""

    indices: tuple[tuple[int, ...], ...]
    coefficients: Array
    points: Array

    @property
    def is_real(self) -> bool:
        return not np.iscomplexobj(self.coefficients)

    def residue(self, z: Array, chosen: Array) -> Array:
        """|P| at frequencies (n, d), frozen at the points `chosen` (n,), over the sum of its highest terms' sizes."""
        terms = [
            self.coefficients[k, chosen] * np.prod(z ** np.array(index), axis=1) for k, index in enumerate(self.indices)
        ]
        highest = max(map(sum, self.indices))
        leading = [np.abs(term) for term, index in zip(terms, self.indices, strict=True) if sum(index) == highest]
        with np.errstate(all="ignore"):
            return np.abs(np.sum(terms, axis=0)) / np.sum(leading, axis=0)

    def solved(self, w: Array, axis: int, chosen: Array, sign: Array) -> Array:
        """Frequencies z = iw with z[:, axis] such that P vanishes; where coefficients are complex, with w[:, axis] real
        such that the larger of P's real and imaginary parts does (NaN where it does for none): the columns are real."""
        powers = np.zeros((3, len(w)), dtype=complex)
        for k, index in enumerate(self.indices):
            rest = np.prod(np.delete(1j * w, axis, 1) ** np.delete(np.array(index), axis), axis=1)
            powers[index[axis]] += self.coefficients[k, chosen] * rest
        if not self.is_real:
            powers *= 1j ** np.arange(3)[:, None]
            sizes = [np.abs(part(powers)).sum() for part in (np.real, np.imag)]
            powers = (np.real if sizes[0] >= sizes[1] else np.imag)(powers)
        c, b, a = powers
        with np.errstate(all="ignore"):
            root = np.where(a == 0, -c / b, (-b + sign * np.sqrt(b * b - 4 * a * c)) / (2 * a))
        z = 1j * w
        z[:, axis] = root if self.is_real else 1j * root
        return z


def symbol(form: Form, unknown: int) -> Symbol | None:
    """That of the one linear equation that holds an unknown inside its region, and no other unknown; None where there
    is no such equation."""
    full = form.space.dim
    rows = [row for row in form.rows if row.region.dim == full and unknown in row.indices]
    if len(rows) != 1 or not rows[0].linear or len(rows[0].indices) > 1:
        return None
    return _frozen(form, rows[0], volumes(form, unknown)[0])


def _frozen(form: Form, row: Row, region: Region) -> Symbol:
    q = sample(region, PILOT, 1)
    site = Site(q.points, q.weights, None, {}, q.measure)
    slopes = row.tangents(environment(form, row, site))
    terms = {row.jets[s].index: np.broadcast_to(c, (len(q.points),)) for s, c in slopes.items() if s in row.jets}
    return Symbol(tuple(terms), np.array(list(terms.values())), q.points)


def frequencies(of: Symbol, count: int, band: Array, box: tuple[Array, Array], rng: np.random.Generator) -> Array:
    """Up to `count` complex frequencies (n, d), in 1 / length, of exponentials that solve the equation somewhere in a
    box; `band` (d,) bounds those that are chosen, as half-widths in coordinates scaled to [-1, 1]."""
    lo, hi = box
    inside = np.flatnonzero(np.all((of.points >= lo) & (of.points <= hi), axis=1))
    degrees = np.max(of.indices, axis=0)
    axes = np.flatnonzero((degrees > 0) & (degrees <= 2))
    if not len(inside) or not len(axes):
        return np.zeros((0, len(lo)), dtype=complex)
    half = half_widths(box)
    limit = band / half
    found: list[Array] = []
    for axis in map(int, axes):
        w = limit * rng.uniform(-1, 1, (TRIES * count, len(lo)))
        chosen, sign = rng.choice(inside, len(w)), rng.choice([-1.0, 1.0], len(w))
        z = of.solved(w, axis, chosen, sign)
        good = (of.residue(z, chosen) < CLOSE) & (np.abs(z[:, axis].imag) <= REACH * limit[axis])
        found.append(z[good & (np.abs(z[:, axis].real) <= STEEPEST / half[axis]) & np.any(z != 0, axis=1)])
    fewest = min(map(len, found))
    each = -(-count // len(found)) if fewest * len(found) >= count else count
    return rng.permutation(np.concatenate([z[:each] for z in found]))[:count]


def solves(form: Form, unknown: int, band: Sequence[float] | Array, box: tuple[Array, Array]) -> bool:
    """Are there exponentials that solve an unknown's equation?"""
    of = symbol(form, unknown)
    return of is not None and len(frequencies(of, 100, np.asarray(band), box, np.random.default_rng(0))) == 100


def exponentials(
    of: Symbol, count: int, band: Array, box: tuple[Array, Array], rng: np.random.Generator
) -> tuple[Trial, ...]:
    """Up to `count` of an operator's on a box: plain waves, and those that grow or decay; none where it has none."""
    z = frequencies(of, count, band, box, rng)
    phases = rng.uniform(0, 2 * np.pi, len(z))
    y = z * half_widths(box)
    plain = np.all(np.abs(y.real) <= 1e-12 * np.abs(y).max(axis=1, initial=0.0, keepdims=True), axis=1)
    found: list[Trial] = []
    if plain.any():
        found.append(SineBody(box, ((z[plain].imag * half_widths(box), phases[plain]),)))
    if not plain.all():
        found.append(Exponentials.within(z[~plain], box, phases[~plain]))
    return tuple(found)
