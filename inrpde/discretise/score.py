"""The held-out score: how well a state satisfies every condition on points that were not fitted, as a relative error.

Each residual is divided by what its operator makes of the lowest mode of the box, times the size of the unknowns, in
which an offset does not count; that scale does not depend on the network, so that scores of different networks
compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.discretise.base import base, base_jets
from inrpde.discretise.fields import varying
from inrpde.discretise.jets import Jets, environments, evaluate_jets, residuals
from inrpde.discretise.operators import lowest_modes, operator, slopes
from inrpde.discretise.state import Evaluable, field_at
from inrpde.sampling.extent import priors
from inrpde.sampling.sites import Samples, Site

Array = np.ndarray
ALIKE = 0.5
"""Two residuals are the same but for noise where their difference squared is below this share of the larger squared."""
VANISHING = 1e-4
"""An unknown counts as at least so large, beside what would balance the others in an equation: one that vanishes has
no relative error."""
SCATTER = 1.2
"""How many times its standard deviation the noise of readings that were not fitted is in the root mean square, at most;
chosen."""


@dataclass(frozen=True, eq=False)
class RowScore:
    """One equation: rms and max of the residual in its own units, and the rms of its `data`, which is what is left
    where all unknowns are at their `base`; `scale` is what its operator makes of the unknowns' lowest mode, `scaled`
    (N,) the residual over that, weighted so that its norm is its rms, or the mean of its size for readings of the norm
    1. What is left of a `prior` is no error, nor is the `noise` of readings."""

    rms: float
    max: float
    data: float
    scale: float
    scaled: Array
    prior: bool = False
    condition: int = -1
    noise: float = 0.0

    @property
    def unexplained(self) -> float:
        """The rms but for the noise of readings."""
        return float(np.sqrt(max(self.rms**2 - self.noise**2, 0.0)))

    @property
    def relative(self) -> float:
        with np.errstate(all="ignore"):
            return float(np.linalg.norm(self.scaled))


@dataclass(frozen=True)
class Score:
    """`total` is the root of the sum of squares of the equations' relative residuals, priors left out; `sizes` are
    those of the unknowns that they are relative to (root mean square, without an offset: see `varying`), and `balances`
    those of which each would balance the others in the equations (0 where there are none)."""

    rows: tuple[RowScore, ...]
    sizes: tuple[float, ...]
    balances: tuple[float, ...] = ()

    @property
    def total(self) -> float:
        with np.errstate(all="ignore"):
            value = float(np.linalg.norm([row.relative for row in self.rows if not row.prior]))
        return value if np.isfinite(value) else float("inf")

    def beside(self, noise: Mapping[int, float]) -> Score:
        """Without what is the noise of readings, whose standard deviations are given by condition: it is no residual of
        the solution's."""

        def less(row: RowScore, number: int) -> RowScore:
            known = replace(row, noise=SCATTER * noise.get(number, 0.0))
            return replace(known, scaled=row.scaled * known.unexplained / max(row.rms, 1e-300))

        return replace(self, rows=tuple(less(row, row.condition) for row in self.rows))

    def vanishes(self, unknown: int) -> bool:
        """Is an unknown so small that its size is the share `VANISHING` of its balance?"""
        return bool(self.balances) and 0 < self.sizes[unknown] == VANISHING * self.balances[unknown]


def score(form: Form, samples: Samples, state: Evaluable) -> Score:
    """Score a state on samples."""
    modes = lowest_modes(form)
    with np.errstate(all="ignore"):  # a state that diverges has the score inf
        jets = evaluate_jets(form, samples, state, values=True)
        rows = environments(form, samples, jets)
        operators = [operator(row, samples.of(row), row.tangents(env), modes) for row, env in rows]
        own = _sizes(form, jets, samples, state)
        balances = _balances(operators, own)
        sizes = [max(size, VANISHING * balance) for size, balance in zip(own, balances, strict=True)]
        parts = zip(residuals(form, samples, jets), operators, data(form, samples), strict=True)
        found = zip(form.rows, parts, strict=True)
        soft = priors(form)
        scores = tuple(
            _row_score(row, samples.of(row), sizes, form.conditions[row.condition].norm, row.condition in soft, *values)
            for row, values in found
        )
    return Score(scores, tuple(sizes), tuple(balances))


def data(form: Form, samples: Samples) -> list[float]:
    """The rms of every equation's data: of its residual where all unknowns are at their base (NaN where that is
    singular)."""
    with np.errstate(all="ignore"):
        values = residuals(form, samples, base_jets(form))
        return [_rms(value, samples.of(row)) for row, value in zip(form.rows, values, strict=True)]


def relative_data(form: Form, samples: Samples) -> list[float]:
    """The same over what each operator makes of the lowest mode of an unknown of size 1: equations compare."""
    numbers, modes = [0.0] * len(form.integrals), lowest_modes(form)
    out = []
    with np.errstate(all="ignore"):
        for row, at, given in zip(form.rows, base_jets(form).rows, data(form, samples), strict=True):
            made = operator(row, samples.of(row), slopes(form, row, samples, at, numbers), modes)
            out.append(given / max(np.sqrt(sum(v**2 for v in made.values())), 1e-300))
    return out


def shared(first: Score, second: Score) -> float:
    """The relative residual that two states have in common, over the equations whose residuals are alike.

    Solves on different features leave different residuals, but for what no features remove: an error of both."""
    total = 0.0
    for a, b in zip(first.rows, second.rows, strict=True):
        if alike(a, b) and not a.prior:
            total += float(np.real(np.vdot(a.scaled, b.scaled)))
    return float(np.sqrt(total))


def alike(a: RowScore, b: RowScore) -> bool:
    """Do two states leave the same residual in an equation?"""
    return float(np.linalg.norm(a.scaled - b.scaled)) ** 2 < ALIKE * max(a.relative, b.relative) ** 2


def _rms(values: Array, site: Site) -> float:
    return float(np.linalg.norm(site.roots * values))


def _sizes(form: Form, jets: Jets, samples: Samples, state: Evaluable) -> list[float]:
    """How much each unknown varies where its equations of the highest dimension hold."""
    sizes = []
    for unknown in range(len(form.unknowns)):
        mine = [row for row in form.rows if unknown in row.indices]
        highest = max((row.region.dim for row in mine), default=0)
        values: dict[int, Array] = {}
        for row in mine:
            number, points = samples.number(row), samples.of(row).points
            if row.region.dim == highest and number not in values:
                known = jets.values.get((number, unknown))
                found = field_at(state, unknown, points) if known is None else known
                values[number] = np.broadcast_to(found, (len(points),))
        sizes.append(varying(np.concatenate([*values.values(), np.zeros(0)]), base(form)[unknown]))
    return sizes


def _balances(operators: list[dict[int, np.float64]], sizes: list[float]) -> list[float]:
    """The size of which an unknown would balance the others, of all equations the smallest: terms of an equation vanish
    with what they are multiplied by, as well."""
    found = [np.inf] * len(sizes)
    for made in operators:
        for unknown, own in made.items():
            others = np.sqrt(sum((value * sizes[k]) ** 2 for k, value in made.items() if k != unknown))
            if own > 0 and 0 < others < np.inf:
                found[unknown] = min(found[unknown], float(others / own))
    return [balance if np.isfinite(balance) else 0.0 for balance in found]


def _row_score(
    row: Row, site: Site, sizes: list[float], norm: int, prior: bool, residual: Array,
    made: dict[int, np.float64], given: float,
) -> RowScore:  # fmt: skip
    scale = np.sqrt(sum((value * sizes[unknown]) ** 2 for unknown, value in made.items()))
    if row.integrals and not row.jets:
        scale = max(sizes)
    if site.labels and given > 0:
        scale = min(scale, given)  # readings are fitted to their own size, however large the field is elsewhere
    largest, scaled = float(np.max(np.abs(residual), initial=0.0)), site.roots * residual
    if norm == 1 and row.region.dim == 0:  # of readings the mean, not its square's root: it is to pass over outliers
        size = np.abs(residual)
        scaled = scaled * np.sqrt(np.mean(size) / np.where(size > 0, size, 1.0))
    return RowScore(
        _rms(residual, site), largest, given, float(scale), scaled / max(scale, 1e-300), prior, row.condition
    )  # fmt: skip
