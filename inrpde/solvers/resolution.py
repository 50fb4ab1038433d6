"""How finely labelled samples resolve a field, and a body of cells that is as fine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form
from inrpde.networks.partition import Windowed, windows
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Sum, Trial
from inrpde.solvers.samples import Fractions, bounds

Array = np.ndarray
GRID = 30
"""Samples lie on a grid if it has at most so many nodes a sample."""
DECIMALS = 9
"""Digits, as shares of the box, to which coordinates on a line of a grid agree."""


LOW = 0.5
"""The share of a cell's features whose frequencies are spread over smaller boxes, of all sizes alike."""
DECAY, FLAT = 2.0, 2.0
"""How features fall off with frequency, and the half waves across a cell below which they do not."""


@dataclass(frozen=True)
class Resolved:
    """Small cells under a partition of unity, for fields that samples resolve down to a `spacing` a coordinate.

    A cell holds `each` samples and `richness` times as many features, whose frequencies fill the box up to `reach`
    times π over the spacing: what is finer, samples cannot tell from something coarser. `points` are those inside
    regions that have a measure.
    """

    spacing: tuple[float, ...]
    shape: tuple[int, ...]
    points: int
    each: int = 40
    richness: float = 3.5
    reach: float = 0.95
    balance: float = 1.0
    corners: bool = False
    poles: bool = False
    span: tuple[float, float] = (0.0, 1.0)

    @property
    def width(self) -> int:
        return int(np.prod(self.shape)) * self.features

    @property
    def features(self) -> int:
        """Features a cell."""
        return round(self.richness * self.each)

    @property
    def cut(self) -> Fractions | None:
        return None

    def body(self, form: Form, unknown: int, box: tuple[Array, Array], rng: np.random.Generator) -> Trial:
        edges = [np.linspace(a, b, n + 1) for a, b, n in zip(*box, self.shape, strict=True)]
        parts = []
        for window in windows(edges, smoothness=max(form.order + 1, 3)):
            support = np.maximum(window.lo, box[0]), np.minimum(window.hi, box[1])
            nearer = np.where(rng.uniform(size=self.features) < LOW, rng.uniform(size=self.features), 1.0)
            shares = rng.uniform(-1, 1, (self.features, len(self.shape))) * nearer[:, None]
            layer = shares * self.band(support), rng.uniform(0, 2 * np.pi, self.features)
            parts.append(Windowed(SineBody(support, (layer,)), window))
        return Sum(tuple(parts))

    def band(self, support: tuple[Array, Array]) -> Array:
        """The highest frequencies, (d,), in coordinates scaled to a cell's support."""
        return self.reach * np.pi / np.array(self.spacing) * (support[1] - support[0]) / 2

    def falloff(self, piece: Trial) -> Array:
        """What the columns of a piece of the body are multiplied by, (width,): the less, the higher their frequency,
        and the less, the more features share it."""
        assert isinstance(piece, Windowed)
        assert isinstance(piece.inner, SineBody)
        weight = piece.inner.layers[0][0]
        half_waves = np.linalg.norm(weight, axis=1) * 2 / np.pi
        share = np.max(np.abs(weight) / self.band(piece.inner.box), axis=1)
        return (FLAT**2 + half_waves**2) ** (-DECAY / 2) / np.sqrt(crowding(share, len(self.shape)))

    def varied(self) -> Resolved:
        return replace(self, richness=0.9 * self.richness)

    def __str__(self) -> str:
        return f"{'×'.join(map(str, self.shape))} cells of {self.features} features"


def crowding(share: Array, dim: int) -> Array:
    """The density of frequencies whose largest coordinate is a share of the band, beside that of a uniform one."""
    share = np.maximum(share, 1e-3)
    nearer = -np.log(share) if dim == 1 else (share ** (1 - dim) - 1) / (dim - 1)
    return 1 - LOW + LOW * nearer


def sample_points(form: Form) -> Array:
    """The points of all conditions on sets of points, (N, d); a point that several have counts once."""
    sets = {id(c.region): c.region for c in form.conditions if c.region.dim == 0}
    found = [part.piece.chart.at(np.zeros((1, 0))) for region in sets.values() for part in region.parts]
    return np.unique(np.concatenate(found), axis=0) if found else np.zeros((0, form.space.dim))


def spacings(points: Array, lo: Array, hi: Array) -> Array:
    """The mean distance of neighbouring samples in each coordinate of a box, (d,).

    Samples on a grid, or on a share of its nodes, have that of the grid, wider by the share; others spread over the box
    alike in all coordinates.
    """
    share = np.round((points - lo) / (hi - lo), DECIMALS)
    lines = np.array([len(np.unique(column)) for column in share.T])
    d = len(lines)
    nodes = float(np.prod(lines.astype(float)))
    if nodes > GRID * len(points):
        return (hi - lo) / len(points) ** (1 / d)
    return (hi - lo) / np.maximum(lines - 1, 1) * (nodes / len(points)) ** (1 / d)


def resolved_plan(form: Form, density: float = 1.0) -> Resolved:
    """The plan for the samples of a form, with `density` points a feature inside regions that have a measure."""
    lo, hi = bounds(form)
    plan = Resolved(tuple(spacings(sample_points(form), lo, hi)), (1,) * len(lo), 0)
    side = plan.each ** (1 / len(lo))
    shape = tuple(max(round(n), 1) for n in (hi - lo) / np.array(plan.spacing) / side)
    plan = replace(plan, shape=shape)
    return replace(plan, points=round(density * plan.width))
