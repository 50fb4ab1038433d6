"""What a form shows before anything is solved: how fast its solution may vary, where its sources are, what it holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form
from inrpde.discretise.base import base_jets
from inrpde.discretise.jets import residuals
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import bounds, sample_points, sampled, volumes
from inrpde.sampling.holes import holes
from inrpde.sampling.localised import outside
from inrpde.sampling.sites import Samples
from inrpde.solvers.contract.levels import HELD_OUT, SCORED
from inrpde.solvers.search.scales import scales

Array = np.ndarray
LEFT_OUT = 0.2
"""The share of labelled points that a solve does not see: the second, and the first where there are equations too;
chosen."""
NARROW = 3.0
"""How much sources bend the solution where they are, beside everywhere, if cells are to crowd there; chosen."""
SOURCED = 30_000
"""Points at which sources are looked for; chosen."""
BINS = 192
"""Parts of a box along each coordinate in which they are told apart; chosen."""


@dataclass(frozen=True, eq=False)
class Survey:
    """`held_out` are the points on which plans are scored, `given_points` the number of samples where they alone give
    the unknowns, else 0.

    Wave numbers (d,), in coordinates scaled to [-1, 1], are `ringing` where waves go everywhere, `driven` those of the
    sources, and `waves` those to be resolved everywhere: narrow sources are left to cells that crowd there. `sources`
    tell for each coordinate how much the sources bend the solution along it, `narrow` whether cells are to crowd there.
    """

    held_out: Samples
    given_points: int
    ringing: Array
    driven: Array
    waves: Array
    sources: tuple[Array, ...]
    narrow: tuple[bool, ...]
    has_holes: bool

    @classmethod
    def of(cls, form: Form, seed: int) -> Survey:
        """That of a form, with points to score by a seed."""
        held_out = draw(form, SCORED, seed + HELD_OUT)
        lo, hi = bounds(form)
        found, half = scales(form, held_out), (hi - lo) / 2
        ringing, driven, given = found.ringing * half, found.driven * half, found.given * half
        densities = sources(form)
        narrow = tuple(bool(density.max() > NARROW * density.mean()) for density in densities)
        waves = np.maximum(np.maximum(ringing, given), 0.0 if any(narrow) else driven)
        fields = range(len(form.unknowns))
        alone = all(sampled(form, k) for k in fields)
        if not alone:  # beside equations, samples may be noisy: some are kept back to be predicted
            held_out = held_out.left_out(LEFT_OUT, seed, kept=False)
        has_holes = any(holes(region) for k in fields for region in volumes(form, k))
        given_points = len(sample_points(form)) if alone else 0
        return cls(held_out, given_points, ringing, driven, waves, densities, narrow, has_holes)


def sources(form: Form) -> tuple[Array, ...]:
    """For each coordinate √|f| over `BINS` equal parts of the box, f the sources, in the root mean square over the
    other coordinates: about how a solution bends before it is known. Localised ones have patches, and are left out."""
    lo, hi = bounds(form)
    samples = draw(form, SOURCED, 5)
    found = [np.full(BINS, 1e-3) for _ in lo]
    with np.errstate(all="ignore"):
        values = residuals(form, samples, base_jets(form))
    for row, value in zip(form.rows, values, strict=True):
        if row.region.dim == form.space.dim:
            points = samples.of(row).points
            square = np.where(outside(form, points), np.nan_to_num(np.abs(value)) ** 2, 0.0)
            for k, density in enumerate(found):
                bent = bending((points[:, k] - lo[k]) / (hi[k] - lo[k]), square, BINS)
                found[k] = np.maximum(density, smoothed(bent))
    return tuple(found)


def bending(at: Array, squares: Array, bins: int) -> Array:
    """The fourth root of the mean square in each of `bins` equal parts of [0, 1], over its mean."""
    place = (at * bins).astype(int).clip(0, bins - 1)
    root = (np.bincount(place, squares, bins) / np.maximum(np.bincount(place, minlength=bins), 1)) ** 0.25
    return root / max(root.mean(), 1e-300)


def smoothed(density: Array) -> Array:
    for _ in range(3):
        density = np.convolve(np.pad(density, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    return density
