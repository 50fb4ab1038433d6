"""What a reference is: values on a grid with an estimate of their error from three grids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from inrpde.compiler import Bound

Array = np.ndarray
Levels = Sequence[Mapping[str, Array]]

FLOOR = 1e-14
"""No error is estimated to be smaller than rounding."""
LEAST_ORDER = 0.5
"""Differences that shrink more slowly do not tell that grids converge."""
EXCESS = 2.0
"""An order that exceeds that of the scheme by more is chance, or a first grid too coarse to count."""
LOST = 0.3
"""The error of an unknown without a sensible order above which grids say nothing of the others either: theirs may be as
large."""
REGULAR = 1.7
"""The least order at which the leading error is taken to be of second order, and removed."""


@dataclass(frozen=True)
class Reference:
    """The unknowns on a grid, in the order of `space.coords`; NaN where an unknown does not live.

    `values[name][i, j]` lies at `(axes[0][i], axes[1][j])`; `mask` is True where the region is, None where it is the
    whole grid. `estimated_error` is that of `values`, relative in L2. `extrapolated` holds the values at the nodes of
    the grid of twice the step (`coarse_axes`), with the leading error removed where the observed `order` allows it, and
    `extrapolated_error` is the error of these. `sound` is False where the order makes no sense: then the estimate is no
    more than the difference between the last two grids. Such a reference supports no answer; one that is far from it is
    doubted all the same. So it is where something is learned: reference and answer rest on the same readings, and that
    they agree says nothing of these. `numbers` are then those that were learned, `deviations` the standard deviations
    of learned fields at the nodes.
    """

    kind: str
    axes: tuple[Array, ...]
    values: Mapping[str, Array]
    mask: Array | None
    estimated_error: Mapping[str, float]
    extrapolated: Mapping[str, Array]
    coarse_axes: tuple[Array, ...]
    order: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    cells: CellValues | None = None
    extrapolated_error: Mapping[str, float] = field(default_factory=dict)
    sound: Mapping[str, bool] = field(default_factory=dict)
    numbers: Mapping[str, SoughtNumber] = field(default_factory=dict)
    deviations: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class SoughtNumber:
    """A learned number, its standard deviation by the noise of readings, and its error by that and by what grids
    differ by, all in its own unit."""

    value: float
    std: float
    error: float


@dataclass(frozen=True, eq=False)
class CellValues:
    """A reference on the region's own mesh, where it was computed: on that mesh, whose first nodes are those of the
    region's in their order, refined.

    `values[name]` (M, k) are those of quadratic functions in the simplices that the unknown's part of `cells` names: at
    their d + 1 vertices, then in the middles of their edges, `edges` (k - d - 1, 2) of vertices.
    """

    nodes: Array
    cells: Mapping[str, Array]
    edges: Array
    values: Mapping[str, Array]


class Refusal(Enum):
    """Of what kind the reason is that there is no reference; those that tell most of the problem come first."""

    SINGULAR = "singular"
    """The discrete equations have no solution, or more than one."""
    DIVERGED = "diverged"
    """No solution was found, or none that goes on to the last time."""
    TOO_DEAR = "too dear"
    """It would take more time or memory than there is."""
    FAILED = "failed"
    """The reference broke down, which says nothing of the problem."""
    UNSUPPORTED = "unsupported"
    """The reference is not made for such a problem."""


@dataclass(frozen=True)
class NoReference:
    """That there is none, and why."""

    reason: str
    kind: Refusal = Refusal.UNSUPPORTED


class Unsupported(Exception):
    """Why a reference cannot serve a problem, as a plain statement, and of what kind that is: they become a
    NoReference."""

    def __init__(self, reason: str, kind: Refusal = Refusal.UNSUPPORTED):
        super().__init__(reason)
        self.kind = kind

    @property
    def refused(self) -> NoReference:
        return NoReference(str(self), self.kind)


def refusal(check: Callable[[Bound], Any], bound: Bound) -> str | None:
    """Why a reference cannot serve a problem, by a check that raises Unsupported; None where it can."""
    try:
        check(bound)
    except Unsupported as reason:
        return str(reason)
    return None


@dataclass(frozen=True)
class Trust:
    """What differences between three grids tell: the observed order, the relative error of the last, and whether the
    order makes sense."""

    order: float
    error: float
    sound: bool

    def doubt(self, name: str) -> str | None:
        """A sentence where the order makes no sense."""
        text = f"the order {self.order:.1f} of the reference for {name} makes no sense: its error is not known"
        return None if self.sound else f"{text} beyond that the last grids differ by so much"


def trust(before: float, latest: float, ratio: float, nominal: float, noise: float = FLOOR) -> Trust:
    """From the relative differences between the first two grids, and the last two, whose steps have a `ratio`.

    Richardson's: latest/(ratio^p - 1), p the observed order but at most the scheme's; where differences fall faster
    than that, what the first grids promise of the last. `noise` is a relative error that grids do not remove:
    differences below it say that they have converged.
    """
    if latest <= noise:
        return Trust(nominal, max(noise, latest), before <= 100 * noise)
    order = float(np.log(max(before, 1e-300) / latest) / np.log(ratio))
    if order < LEAST_ORDER:
        return Trust(order, max(3 * latest, noise), False)
    if order > nominal + EXCESS:
        return Trust(order, max(latest, noise), False)
    promised = max(latest, before / ratio**nominal)
    return Trust(order, max(promised / (ratio ** min(order, nominal) - 1), noise), True)


def from_levels(
    kind: str,
    axes: Sequence[Array],
    levels: Levels,
    mask: Array | None = None,
    times: Array | None = None,
    noise: float = FLOOR,
    stepping: float = 0.0,
) -> Reference:
    """The reference from solves of second order with cells of size 4h, 2h and h on nested nodes.

    Each of `levels` holds the arrays of the unknowns on its own nodes; the last are on `axes`. With `times` they have a
    last axis of time, the same for all. `noise` is what rounding leaves, relative, and `stepping` what steps in time
    leave, relative to what varies. See `trust`; the error of the extrapolated values is a third of the difference
    between those of the two pairs of grids.
    """
    estimated, extrapolated, trusted, extrapolated_error = {}, {}, {}, {}
    notes = []
    dim = len(axes)
    check_finite(levels[-1])
    last = () if times is None else (times,)
    halves, quarters = ((*(axis[::step] for axis in axes), *last) for step in (2, 4))
    for name, fine in levels[-1].items():
        middle, coarse = levels[-2][name], levels[-3][name]
        change, change_before = every_other(fine, dim) - middle, every_other(middle, dim) - coarse
        size = norm(middle + change, halves) or 1.0
        left = max(noise, stepping * norm(middle - np.nanmean(middle), halves) / size)
        before, latest = norm(change_before, quarters) / size, norm(every_other(change, dim), quarters) / size
        found = trusted[name] = trust(before, latest, 2.0, 2.0, left)
        scale = norm(change, halves) / size / latest if latest > left else 1.0
        estimated[name] = extrapolated_error[name] = max(found.error * scale, left)
        extrapolated[name] = middle + change
        if found.sound and found.order > REGULAR:
            better = middle + change * (4 / 3)
            apart = norm(every_other(better, dim) - coarse - change_before * (4 / 3), quarters) / size
            if max(apart / 3, left) < estimated[name]:
                extrapolated[name], extrapolated_error[name] = better, max(apart / 3, left)
        elif found.sound:
            text = f"the reference for {name} converges with order {found.order:.1f} only: it is not extrapolated"
            notes.append(text)
        notes += filter(None, [found.doubt(name)])
    lost = any(estimated[name] > LOST for name, each in trusted.items() if not each.sound)
    if lost:
        estimated, extrapolated_error = (
            {n: max(e, LOST) for n, e in of.items()} for of in (estimated, extrapolated_error)
        )
    if mask is not None and times is not None:
        mask = np.broadcast_to(mask[..., None], (*mask.shape, len(times)))
    return Reference(
        kind, (*axes, *last), levels[-1], mask, estimated, extrapolated, halves,
        {name: each.order for name, each in trusted.items()}, tuple(notes),
        extrapolated_error=extrapolated_error, sound={name: each.sound and not lost for name, each in trusted.items()},
    )  # fmt: skip


def check_finite(values: Mapping[str, Array]) -> None:
    """Raise Unsupported where an unknown has no finite value, or an infinite one; NaN stands where it does not live."""
    for name, nodal in values.items():
        if not np.any(np.isfinite(nodal)) or np.any(np.isinf(nodal)):
            raise Unsupported(f"the discrete solution for {name} is not finite", Refusal.FAILED)


def every_other(values: Array, dim: int) -> Array:
    """Every second value along each of the first `dim` axes."""
    return values[(slice(None, None, 2),) * dim]


def norm(values: Array, axes: Sequence[Array]) -> float:
    """The root mean square over a grid, each finite value with the measure of the cells about its node."""
    known = np.isfinite(values)
    sizes = np.broadcast_to(measures(axes), values.shape)[known]
    return float(np.sqrt(np.sum(sizes * np.abs(values[known]) ** 2) / np.sum(sizes))) if sizes.size else 0.0


def measures(axes: Sequence[Array]) -> Array:
    """The measures of the cells about the nodes of a grid: those halfway to the next."""
    product = np.ones(())
    for axis in axes:
        steps = np.diff(axis)
        product = np.multiply.outer(product, (np.append(0.0, steps) + np.append(steps, 0.0)) / 2)
    return product
