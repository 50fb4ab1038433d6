"""Shapes of cells: how many, how rich, and where they crowd."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inrpde.compiler.form import Form
from inrpde.discretise.fields import field_points
from inrpde.discretise.state import State
from inrpde.sampling.draw import Fractions
from inrpde.sampling.extent import bounds
from inrpde.sampling.modes import CELL, modes
from inrpde.solvers.bodies.plan import Cells
from inrpde.solvers.search.survey import BINS, Survey, bending, smoothed

Array = np.ndarray
GROWTH = 0.5
"""How much larger a cell may be than one that lies a cell away, as a share of it."""
SPARE = 2.5
"""Features for each sample of an unknown that only samples give: with about as many as samples a field that meets them
all is wild between them."""


def first_cells(form: Form, survey: Survey) -> Cells:
    """Three cells on the longest side, and as many on the others as their length or their waves ask for."""
    lo, hi = bounds(form)
    extent, spatial = hi - lo, len(form.space.spatial)
    relative = extent / extent[:spatial].max()
    relative[spatial:] = 0.3  # a time has no length to compare
    if survey.waves.max() > 0:
        relative = np.maximum(relative, survey.waves / survey.waves.max())
    shape = np.maximum(np.round(3 * relative), 1).astype(int)
    return cell_plan(form, survey, tuple(uniform(n) for n in shape))


def narrowed(plan: Cells, waves: tuple[float, ...]) -> Cells:
    """The same cells for fewer waves in each (in radians over half a cell)."""
    band = smooth(len(waves)) + 2 * np.array(waves)
    return replace(plan, band=tuple(float(w) for w in band), each=features(band))


def smooth(dim: int) -> float:
    """The band of a smooth piece, in coordinates scaled to a cell."""
    return {1: 8.0, 2: 6.0, 3: 4.5}.get(dim, 3.0)


def features(band: Array) -> int:
    """Features of a cell that hold a band."""
    return int(np.clip(CELL * modes(band), 16, 500))


def uniform(n: int) -> tuple[float, ...]:
    return tuple(float(v) for v in np.linspace(0, 1, n + 1))


def cell_plan(form: Form, survey: Survey, breaks: Fractions) -> Cells:
    """The band and the features that a smooth piece needs, and what the declared waves ask for besides."""
    shape = np.array([len(b) - 1 for b in breaks])
    widest = np.array([np.diff(b).max() for b in breaks])
    crowd = widest * shape > 1.001
    waves = np.where(crowd, survey.ringing * widest, survey.waves / shape)  # cells that crowd resolve sources by size
    band = smooth(len(shape)) + np.where(shape > 1, 2.0, 1.0) * waves
    density = 2.0 if form.linear else 3.0  # a nonlinear fit has more ways to go wrong between its points
    return Cells(breaks, features(band), tuple(float(w) for w in band), density=density)


def crowded(form: Form, state: State, shape: tuple[int, ...], span: tuple[float, float] = (0.0, 1.0)) -> Fractions:
    """Breaks that share out the bending of a state equally, in cells that grow no faster than `GROWTH` allows."""
    densities = monitor(form, state, span, bins=max(BINS, 32 * max(shape)))
    return tuple(spaced(density, n) for n, density in zip(shape, densities, strict=True))


def spaced(density: Array, n: int) -> tuple[float, ...]:
    """Breaks of `n` cells of the density given on equal bins of [0, 1]."""
    bins = len(density)
    place = GROWTH * (np.arange(bins) + 0.5) / bins
    low, high = 1e-4, 1e4
    for _ in range(40):
        middle = np.sqrt(low * high)
        size = middle * density.mean() / density
        size = np.minimum.accumulate(size - place) + place
        size = np.minimum.accumulate((size + place)[::-1])[::-1] - place
        low, high = (middle, high) if np.sum(1 / size) > n * bins else (low, middle)
    mass = np.concatenate([[0.0], np.cumsum(1 / size)])
    edges = np.interp(np.linspace(0, mass[-1], n + 1), mass, np.linspace(0, 1, bins + 1))
    return tuple(float(round(v, 6)) for v in edges)


def monitor(form: Form, state: State, span: tuple[float, float] = (0.0, 1.0), bins: int = BINS) -> list[Array]:
    """For each coordinate the density of cells over `bins` equal parts of the box: √|∂²u/∂x²|, in the root mean square
    over the other coordinates (and a window of the last), smoothed, and nowhere less than half its mean."""
    lo, hi = bounds(form)
    d = form.space.dim
    out = []
    for k in range(d):
        second = tuple(2 * (i == k) for i in range(d))
        total = np.zeros(bins)
        for number in range(len(form.unknowns)):
            points = field_points(form, number, 6000, 11)
            if span != (0.0, 1.0):
                start = lo[-1] + span[0] * (hi[-1] - lo[-1])
                points[:, -1] = start + (points[:, -1] - lo[-1]) * (span[1] - span[0])
            bend = np.abs(state.jets(number, points, [second])[second])
            total = np.maximum(total, bending((points[:, k] - lo[k]) / (hi[k] - lo[k]), bend**2, bins))
        total = smoothed(total)
        out.append(total + 0.5 * total.mean())
    return out
