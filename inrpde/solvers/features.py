"""Plans for frozen bodies: how many sine features, of what band, on one domain or on overlapping cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form
from inrpde.networks.partition import Windowed, windows
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Constant, Sum, Trial
from inrpde.sampling import sample
from inrpde.sampling.draw import Fractions
from inrpde.sampling.extent import bounds, measure, volumes
from inrpde.solvers.characteristics import Symbol, exponentials, symbol
from inrpde.solvers.corners import singular_trials
from inrpde.solvers.patches import patches

Array = np.ndarray
Box = tuple[Array, Array]
PILOT = 60
"""Points a cell from which the share of it that lies inside the region is taken."""


class Plan(Protocol):
    """A body to be made: `width` features an unknown in all, `points` to fit."""

    @property
    def width(self) -> int: ...

    @property
    def points(self) -> int: ...

    @property
    def corners(self) -> bool:
        """With singular functions at corners?"""

    @property
    def poles(self) -> bool:
        """With multipoles in round holes?"""

    @property
    def span(self) -> tuple[float, float]: ...

    @property
    def cut(self) -> Fractions | None:
        """The breaks between cells, for points to be shared out among them."""

    def body(self, form: Form, unknown: int, box: Box, rng: np.random.Generator) -> Trial:
        """The trial of one unknown, whose conditions lie in the box."""

    def varied(self) -> Plan:
        """A different plan of the same kind, for a second opinion."""


@dataclass(frozen=True)
class Waves:
    """A share of features that are exponentials which solve the homogeneous equation, with frequencies up to `band`."""

    share: float
    band: tuple[float, ...]

    def __str__(self) -> str:
        return f", {self.share:.0%} of them solve the equation, up to {_listed(self.band)}"


@dataclass(frozen=True)
class Global:
    """One body on the whole box. `band`: half-widths of the frequencies in coordinates scaled to [-1, 1]; `density`:
    points a feature; `layers`: sine layers."""

    width: int
    band: tuple[float, ...]
    density: float = 2.0
    corners: bool = True
    poles: bool = False
    span: tuple[float, float] = (0.0, 1.0)
    """The window of time, as fractions of the whole: where the last coordinate of the box ends."""
    layers: int = 1
    distribution: str = "box"
    waves: Waves | None = None

    @property
    def points(self) -> int:
        return round(self.density * self.width)

    @property
    def cut(self) -> None:
        return None

    @property
    def reach(self) -> tuple[float, ...]:
        """The half-widths of the highest frequencies."""
        return self.band if self.waves is None else self.waves.band

    def reaching(self, band: tuple[float, ...]) -> Global:
        """The same with another reach."""
        if self.waves is None:
            return replace(self, band=band)
        return replace(self, waves=replace(self.waves, band=band))

    def body(self, form: Form, unknown: int, box: Box, rng: np.random.Generator) -> Trial:
        options = {"layers": self.layers, "distribution": self.distribution}
        return _body(_symbol(form, unknown, self), self, self.width, box, rng, **options)

    def varied(self) -> Global:
        return replace(self, width=max(20, round(0.7 * self.width)), band=tuple(0.93 * w for w in self.band))

    def __str__(self) -> str:
        return f"{self.width} features, band {_listed(self.band)}{self.waves or ''}"


@dataclass(frozen=True)
class Cells:
    """Bodies on overlapping cells under a partition of unity: `breaks` a coordinate, as fractions of the box; `each`
    features a cell, `band` in coordinates scaled to the cell's support."""

    breaks: tuple[tuple[float, ...], ...]
    each: int
    band: tuple[float, ...]
    density: float = 2.0
    corners: bool = True
    poles: bool = False
    span: tuple[float, float] = (0.0, 1.0)
    """The window of time, as fractions of the whole: where the last coordinate of the box ends."""
    waves: Waves | None = None

    @property
    def cells(self) -> int:
        return int(np.prod([len(b) - 1 for b in self.breaks]))

    @property
    def width(self) -> int:
        return self.cells * self.each

    @property
    def cut(self) -> Fractions:
        return self.breaks

    @property
    def points(self) -> int:
        return round(self.density * self.width)

    def body(self, form: Form, unknown: int, box: Box, rng: np.random.Generator) -> Trial:
        lo, hi = box
        edges = [a + (b - a) * np.array(fractions) for a, b, fractions in zip(lo, hi, self.breaks, strict=True)]
        regions = volumes(form, unknown)
        pilot = np.concatenate([sample(r, PILOT * self.cells, 1).points for r in regions])
        whole = bounds(form, unknown)
        pilot[:, -1] = np.interp(pilot[:, -1], [whole[0][-1], whole[1][-1]], [lo[-1], hi[-1]])
        density = len(pilot) / (sum(measure(r) for r in regions) * (self.span[1] - self.span[0]))
        of = _symbol(form, unknown, self)
        parts = []
        for window in windows(edges, smoothness=max(form.order + 1, 3)):
            deadline.turn()
            support = (np.maximum(window.lo, lo), np.minimum(window.hi, hi))
            inside = np.sum(np.all((pilot > support[0]) & (pilot < support[1]), axis=1))
            share = inside / (density * np.prod(support[1] - support[0]))
            features = round(self.each * min(1.0, 1.25 * share))
            if features >= 4:
                parts.append(Windowed(_body(of, self, max(features, 12), support, rng), window))
        return Sum(tuple(parts))

    def varied(self) -> Cells:
        return replace(self, each=max(20, round(0.7 * self.each)), band=tuple(0.93 * w for w in self.band))

    def __str__(self) -> str:
        grid = "×".join(str(len(b) - 1) for b in self.breaks)
        features = f"{self.each} features, band {_listed(self.band)}{self.waves or ''}"
        return f"{grid} cells of {features}"


def _symbol(form: Form, unknown: int, plan: Global | Cells) -> Symbol | None:
    """The operator whose exponentials a plan asks for, the same for all cells."""
    return symbol(form, unknown) if plan.waves else None


def _body(
    of: Symbol | None, plan: Global | Cells, width: int, box: Box, rng: np.random.Generator, **options: Any
) -> Trial:
    """Sine features, a share of them replaced by exponentials of the equation where the plan has such."""
    waves = plan.waves
    found = exponentials(of, round(waves.share * width), np.array(waves.band), box, rng) if waves and of else ()
    rest = width - sum(trial.width for trial in found)
    body = SineBody.random(max(rest, 1), np.array(plan.band), box, rng, **options)
    return Sum((*found, body)) if found else body


def _listed(band: tuple[float, ...]) -> str:
    return ", ".join(f"{w:.3g}" for w in band)


def spanned(box: Box, span: tuple[float, float]) -> Box:
    """A box with its last coordinate cut to a window."""
    lo, hi = box[0].copy(), box[1].copy()
    lo[-1], hi[-1] = box[0][-1] + np.array(span) * (box[1][-1] - box[0][-1])
    return lo, hi


def make_trials(form: Form, plan: Plan, seed: int) -> tuple[Trial, ...]:
    """A trial for each unknown; unknowns that live in the same box share one."""
    made: dict[tuple, Trial] = {}
    trials: list[Trial] = []
    for number, unknown in enumerate(form.unknowns):
        if unknown.is_number:
            trials.append(Constant())
            continue
        lo, hi = spanned(bounds(form, number), plan.span)
        key = (*lo, *hi, frozenset(volumes(form, number)))
        if key not in made:
            rng = np.random.default_rng([seed, len(made)])
            body = plan.body(form, number, (lo, hi), rng)
            beside = [*singular_trials(form, number, plan.corners, plan.poles), *patches(form, number, rng)]
            made[key] = Sum((*beside, body)) if beside else body
        trials.append(made[key])
    return tuple(trials)
