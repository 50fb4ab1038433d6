"""Plans for frozen bodies: how many sine features, of what band, on one domain or on overlapping cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form
from inrpde.discretise.base import base
from inrpde.discretise.state import Evaluable, State
from inrpde.networks.offset import counted
from inrpde.networks.partition import Windowed, windows
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Constant, Sum, Trial
from inrpde.sampling import sample
from inrpde.sampling.draw import Fractions
from inrpde.sampling.extent import bounds, measure, volumes
from inrpde.sampling.sites import Samples
from inrpde.solvers.bodies.enrichment import Box, Enrichment, Maker
from inrpde.solvers.bodies.patches import Patches
from inrpde.solvers.bodies.singular import Corners
from inrpde.solvers.bodies.trefftz import Waves

Array = np.ndarray
PILOT = 60
"""Points a cell from which the share of it that lies inside the region is taken; chosen."""
DENSE_RATE, BLOCK_RATE = 3e10, 1.2e10
"""Floating-point operations a nominal second, of one large factorisation and of many small ones; chosen."""
PATCHED = 3
"""Rows of cells with which nested patches are eliminated; measured, on 6 and on 8 cells a side."""
OVERHEAD = 2e-3
"""Nominal seconds for each cell beside its arithmetic; chosen."""


class Fit(Protocol):
    """Finds the heads for one body: from a form, a plan, samples, a seed, and a state to start from (nonlinear forms).

    With `lean`, a size for each unknown, what the conditions leave open is random and of that size instead of zero.
    """

    def __call__(
        self,
        form: Form,
        plan: Frozen,
        samples: Samples,
        seed: int,
        start: Evaluable | None = None,
        lean: Sequence[float] = (),
    ) -> State: ...


@dataclass(frozen=True)
class Task:
    """What a plan is solved for: see `Fit`. `begun` is what an earlier run has kept of this plan; `keep` takes what
    gives the memory of a part that is finished, and a line that tells of it."""

    form: Form
    fit: Fit
    samples: Samples
    seed: int
    start: Evaluable | None = None
    lean: Sequence[float] = ()
    begun: Mapping[str, Any] | None = None
    keep: Callable[[Callable[[], Mapping[str, Any]], str], None] = lambda memory, note: None


@dataclass(frozen=True)
class Solved:
    """A state, the time after which it could not be continued (None where it reaches the end), and what it adds to the
    score of its residuals (jumps that these do not see). `spent` are its nominal seconds, None where they are the
    plan's own."""

    state: State
    until: float | None = None
    jumps: float = 0.0
    spent: float | None = None


class Plan(ABC):
    """What a search tries: `width` features an unknown in all, `points` to fit."""

    width: int

    @property
    @abstractmethod
    def points(self) -> int: ...

    @property
    def cut(self) -> Fractions | None:
        """The breaks between cells, for points to be shared out among them."""
        return None

    @property
    def key(self) -> str:
        """What tells plans apart."""
        return repr(self)

    @abstractmethod
    def cost(self, fields: int, dim: int, beside: int = 0) -> float:
        """Nominal seconds of one linear solve of a real form with so many fields, in so many coordinates, and so many
        features a field beside the plan's own, in patches."""

    @abstractmethod
    def solve(self, task: Task) -> Solved: ...

    @abstractmethod
    def varied(self) -> Self:
        """A different plan of the same kind, for a second opinion."""


@dataclass(frozen=True)
class Frozen(Plan):
    """One body of frozen features. `density`: points a feature; `span`: the window of time, as fractions of the whole,
    where the last coordinate of the box ends."""

    density: float = field(default=2.0, kw_only=True)
    enrichments: tuple[Enrichment, ...] = field(default=(Corners(), Patches()), kw_only=True)
    span: tuple[float, float] = field(default=(0.0, 1.0), kw_only=True)

    @property
    def points(self) -> int:
        return round(self.density * self.width)

    @property
    def waves(self) -> Waves | None:
        """Exponentials among the features."""
        return next((each for each in self.enrichments if isinstance(each, Waves)), None)

    def enriched(self, *more: Enrichment) -> Self:
        """With more enrichments, in place of those of the same kind."""
        kinds = tuple(map(type, more))
        return replace(self, enrichments=(*(e for e in self.enrichments if not isinstance(e, kinds)), *more))

    def solve(self, task: Task) -> Solved:
        return Solved(task.fit(task.form, self, task.samples, task.seed, task.start, task.lean))

    @abstractmethod
    def body(self, form: Form, unknown: int, box: Box, rng: np.random.Generator) -> Trial:
        """The trial of one unknown, whose conditions lie in the box."""


@dataclass(frozen=True)
class Global(Frozen):
    """One body on the whole box. `band`: half-widths of the frequencies in coordinates scaled to [-1, 1]; `layers`:
    sine layers."""

    width: int
    band: tuple[float, ...]
    layers: int = 1
    distribution: str = "box"

    @property
    def reach(self) -> tuple[float, ...]:
        """The half-widths of the highest frequencies."""
        return self.band if self.waves is None else self.waves.band

    def reaching(self, band: tuple[float, ...]) -> Global:
        """The same with another reach."""
        return replace(self, band=band) if self.waves is None else self.enriched(replace(self.waves, band=band))

    def cost(self, fields: int, dim: int, beside: int = 0) -> float:
        return dense((self.width + beside) * fields, self.density)

    def body(self, form: Form, unknown: int, box: Box, rng: np.random.Generator) -> Trial:
        options = {"layers": self.layers, "distribution": self.distribution}
        return _body(_makers(self, form, unknown), self.width, self.band, box, rng, **options)

    def varied(self) -> Global:
        return replace(self, width=max(20, round(0.7 * self.width)), band=tuple(0.93 * w for w in self.band))

    def __str__(self) -> str:
        return f"{self.width} features, band {_listed(self.band)}{self.waves or ''}"


@dataclass(frozen=True)
class Cells(Frozen):
    """Bodies on overlapping cells under a partition of unity: `breaks` a coordinate, as fractions of the box; `each`
    features a cell, `band` in coordinates scaled to the cell's support."""

    breaks: tuple[tuple[float, ...], ...]
    each: int
    band: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(b) - 1 for b in self.breaks)

    @property
    def cells(self) -> int:
        return int(np.prod(self.shape))

    @property
    def width(self) -> int:  # type: ignore[override]
        return self.cells * self.each

    @property
    def cut(self) -> Fractions:
        return self.breaks

    def cost(self, fields: int, dim: int, beside: int = 0) -> float:
        across = self.cells / max(self.shape) * self.each * fields
        local = self.cells * fields * 2.0 * (self.density * 2**dim + 1) * self.each**3
        coupling = self.cells * fields**2 * 3**dim * self.density * self.each**3
        patched = min(PATCHED, max(self.shape))  # levels of blocks that patches widen
        elimination = 2.5 * ((max(self.shape) - patched) * across**3 + patched * (across + beside * fields) ** 3)
        return (local + coupling + elimination) / BLOCK_RATE + OVERHEAD * self.cells * fields

    def body(self, form: Form, unknown: int, box: Box, rng: np.random.Generator) -> Trial:
        lo, hi = box
        edges = [a + (b - a) * np.array(fractions) for a, b, fractions in zip(lo, hi, self.breaks, strict=True)]
        regions = volumes(form, unknown)
        pilot = np.concatenate([sample(r, PILOT * self.cells, 1).points for r in regions])
        whole = bounds(form, unknown)
        pilot[:, -1] = np.interp(pilot[:, -1], [whole[0][-1], whole[1][-1]], [lo[-1], hi[-1]])
        density = len(pilot) / (sum(measure(r) for r in regions) * (self.span[1] - self.span[0]))
        makers = _makers(self, form, unknown)
        parts = []
        for window in windows(edges, smoothness=max(form.order + 1, 3)):
            deadline.turn()
            support = (np.maximum(window.lo, lo), np.minimum(window.hi, hi))
            inside = np.sum(np.all((pilot > support[0]) & (pilot < support[1]), axis=1))
            share = inside / (density * np.prod(support[1] - support[0]))
            features = round(self.each * min(1.0, 1.25 * share))
            if features >= 4:
                parts.append(Windowed(_body(makers, max(features, 12), self.band, support, rng), window))
        return Sum(tuple(parts))

    def varied(self) -> Cells:
        return replace(self, each=max(20, round(0.7 * self.each)), band=tuple(0.93 * w for w in self.band))

    def __str__(self) -> str:
        grid = "×".join(map(str, self.shape))
        return f"{grid} cells of {self.each} features, band {_listed(self.band)}{self.waves or ''}"


def dense(width: int, density: float = 2.0) -> float:
    """Nominal seconds of one factorisation of so many columns, with so many rows for each."""
    return 2.0 * (density + 1) * width**3 / DENSE_RATE + OVERHEAD


def _makers(plan: Frozen, form: Form, unknown: int) -> list[Maker]:
    """What the enrichments of a plan set in place of features, the same for all boxes."""
    return [maker for each in plan.enrichments if (maker := each.within(form, unknown)) is not None]


def _body(
    makers: Sequence[Maker], width: int, band: Sequence[float], box: Box, rng: np.random.Generator, **options: Any
) -> Trial:
    """Sine features, a share of them replaced by what enriches the plan."""
    found = [trial for maker in makers for trial in maker(width, box, rng)]
    rest = width - sum(trial.width for trial in found)
    body = SineBody.random(max(rest, 1), np.array(band), box, rng, **options)
    return Sum((*found, body)) if found else body


def _listed(band: tuple[float, ...]) -> str:
    return ", ".join(f"{w:.3g}" for w in band)


def spanned(box: Box, span: tuple[float, float]) -> Box:
    """A box with its last coordinate cut to a window."""
    lo, hi = box[0].copy(), box[1].copy()
    lo[-1], hi[-1] = box[0][-1] + np.array(span) * (box[1][-1] - box[0][-1])
    return lo, hi


def make_trials(form: Form, plan: Frozen, seed: int) -> tuple[Trial, ...]:
    """A trial for each unknown; unknowns that live in the same box share one."""
    made: dict[tuple, Trial] = {}
    trials: list[Trial] = []
    for number, (unknown, offset) in enumerate(zip(form.unknowns, base(form), strict=True)):
        if unknown.is_number:
            trials.append(Constant())
            continue
        lo, hi = spanned(bounds(form, number), plan.span)
        key = (*lo, *hi, frozenset(volumes(form, number)))
        if key not in made:
            rng = np.random.default_rng([seed, len(made)])
            body = plan.body(form, number, (lo, hi), rng)
            beside = [trial for each in plan.enrichments for trial in each.beside(form, number, rng)]
            made[key] = Sum((*beside, body)) if beside else body
        trials.append(counted(made[key], offset))
    return tuple(trials)
