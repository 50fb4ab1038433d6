"""How fast the solution can be expected to vary, from the declaration alone: a wave number for each coordinate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.discretise.base import at_base
from inrpde.discretise.fields import rms
from inrpde.discretise.jets import environment
from inrpde.discretise.score import relative_data
from inrpde.sampling.extent import bounds
from inrpde.sampling.localised import outside
from inrpde.sampling.sites import Samples, Site

Array = np.ndarray
ROUNDING = 1e-12
"""Data so much smaller than others are what rounding has left of zero, as sin(πx) is at x = 1."""
JUMPS = 1.5
"""Second differences beside first ones of data that jump: 2, whatever the step, so that they tell no wave number."""
STEP = 1e-3
"""The step of differences of data, beside the extent of the box."""
FAINT = 1e-6
"""Data beside narrow ones count where they are more than this share of all."""


@dataclass(frozen=True)
class Scales:
    """Wave numbers (d,) in radians per unit length, 0 where nothing is known.

    `ringing` are those of waves that go everywhere: of the oscillatory zero-order coefficient, κ = √(c₀/c₂) where they
    have the same sign, and of data that travel. `driven` are those of sources, `given` those of boundary and initial
    values: their logarithmic gradients.
    """

    ringing: Array
    driven: Array
    given: Array

    @property
    def all(self) -> Array:
        return np.maximum(np.maximum(self.ringing, self.driven), self.given)


def scales(form: Form, samples: Samples) -> Scales:
    """What the declaration says of a form's wave numbers, at samples."""
    driven, ringing, given = np.zeros((3, form.space.dim))
    relative = relative_data(form, samples)
    noise = ROUNDING * np.nanmax(np.asarray(relative), initial=0.0)
    inside = [row.region.dim == form.space.dim for row in form.rows]
    for row, size, within in zip(form.rows, relative, inside, strict=True):
        if size > noise and within:
            driven = np.maximum(driven, _data(form, row, samples.of(row)))
        elif size > noise:
            given = np.maximum(given, _data(form, row, samples.of(row)))
    linear = [row for row, within in zip(form.rows, inside, strict=True) if within and row.linear]
    for row in linear:
        ringing = np.maximum(ringing, _oscillation(form, row, samples.of(row)))
    for row in linear:
        known = Scales(ringing, driven, given).all
        ringing = np.maximum(ringing, _travelling(form, row, samples.of(row), known))
    return Scales(ringing, driven, given)


def _travelling(form: Form, row: Row, site: Site, found: Array) -> Array:
    """Where second derivatives have opposite signs, waves of one coordinate are waves of the other:

    κ_k = √(-c_j/c_k) κ_j.
    """
    d = form.space.dim
    slopes = row.tangents(environment(form, row, site))
    second = {}
    for symbol, jet in row.jets.items():
        k = next((k for k in range(d) if jet.index == tuple(2 * (i == k) for i in range(d))), None)
        if k is not None and symbol in slopes:
            second[k] = float(np.median(np.real(slopes[symbol])))
    out = np.zeros(d)
    for k, c in second.items():
        for j, other in second.items():
            if c * other < 0:
                out[k] = max(out[k], np.sqrt(-other / c) * found[j])
    return out


def _oscillation(form: Form, row: Row, site: Site) -> Array:
    d = form.space.dim
    out = np.zeros(d)
    slopes = row.tangents(environment(form, row, site))
    by_jet = {(row.jets[s].unknown, row.jets[s].index): np.asarray(c) for s, c in slopes.items() if s in row.jets}
    for (unknown, index), c0 in by_jet.items():
        if any(index):
            continue
        for k in range(d):
            second = by_jet.get((unknown, tuple(2 * (i == k) for i in range(d))))
            if second is not None:
                with np.errstate(all="ignore"):
                    ratio = np.real(np.broadcast_to(c0 / second, (len(site.points),)))
                ratio = ratio[np.isfinite(ratio)]
                if len(ratio):
                    out[k] = max(out[k], np.sqrt(max(np.quantile(ratio, 0.95), 0.0)))
    return out


def _data(form: Form, row: Row, site: Site) -> Array:
    """|∂g|/|g| or |∂²g|/|∂g| in the root mean square, whichever is larger, for g the residual at the base of the
    unknowns; along a surface, not across it. The second weighs the fast parts of the data more."""
    lo, hi = bounds(form)
    d = form.space.dim
    out = np.zeros(d)
    if site.labels or not row.jets:
        return out
    zero = {**at_base(form, row), **dict.fromkeys(row.integrals, 0.0)}

    def data(points: Array) -> Array:
        with np.errstate(all="ignore"):
            (value,) = row.value(form.environment(row, points, site.normals, {}) | zero)
        return np.broadcast_to(value, (len(points),))

    here, whole = data(site.points), rms(data(site.points))
    away = outside(form, site.points)  # narrow data have features of their own
    size = rms(here[away])
    if size < FAINT * whole:
        return out
    for k in range(d):
        shift = np.zeros(d)
        shift[k] = STEP * (hi[k] - lo[k])
        along = np.ones(len(site.points), bool) if site.normals is None else np.abs(site.normals[:, k]) < 0.9
        if row.region.dim < d and site.normals is None and np.ptp(site.points[:, k]) == 0:
            continue
        along &= away
        ahead, behind = data(site.points + shift)[along], data(site.points - shift)[along]
        first = rms(ahead - behind) / (2 * shift[k])
        second = rms(ahead - 2 * here[along] + behind) / shift[k] ** 2
        if size > 0 and np.isfinite([size, first, second]).all() and first * (hi[k] - lo[k]) > 1e-6 * size:
            jumps = second * shift[k] > JUMPS * first
            out[k] = first / size if jumps else max(first / size, second / first)
    return out
