"""What a reference is: values on a grid with an estimate of their error from three grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

Array = np.ndarray
Levels = Sequence[Mapping[str, Array]]

FLOOR = 1e-14
"""No error is estimated to be smaller than rounding."""


@dataclass(frozen=True)
class Reference:
    """The unknowns on a grid, in the order of `space.coords`; NaN where an unknown does not live.

    `values[name][i, j]` lies at `(axes[0][i], axes[1][j])`; `mask` is True where the region is, None where it is the
    whole grid. `estimated_error` is that of `values`, relative in L2. `extrapolated` holds the values at the nodes of
    the grid of twice the step (`coarse_axes`), with the leading error removed where the observed `order` allows it.
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


def from_levels(
    kind: str,
    axes: Sequence[Array],
    levels: Levels,
    mask: Array | None = None,
    times: Array | None = None,
) -> Reference:
    """The reference from solves with steps 4h, 2h and h on nested nodes.

    Each of `levels` holds the arrays of the unknowns on its own nodes; the last are on `axes`. With `times` they have a
    last axis of time, the same for all. The error of the last is
    Richardson's, (u_2h - u_h)/(2^p - 1), p the order observed on the three grids but at most 2.
    """
    estimated, extrapolated, order = {}, {}, {}
    notes = []
    dim = len(axes)
    check_finite(levels[-1])
    for name, fine in levels[-1].items():
        middle, coarse = levels[-2][name], levels[-3][name]
        change, change_before = every_other(fine, dim) - middle, every_other(middle, dim) - coarse
        size, latest = norm(middle + change), norm(every_other(change, dim))
        order[name] = float(np.log2(norm(change_before) / latest)) if latest > 1e-11 * size else 2.0
        assumed = float(np.clip(order[name], 0.5, 2.0))
        relative = norm(change) / size if size else norm(change)
        estimated[name] = max(relative / (2**assumed - 1), FLOOR)
        regular = order[name] > 1.7
        extrapolated[name] = middle + change * (4 / 3 if regular else 1)
        if not regular:
            notes.append(
                f"the reference for {name} converges with order {order[name]:.1f} only: it is not extrapolated"
            )
    last = () if times is None else (times,)
    coarse_axes = (*(axis[::2] for axis in axes), *last)
    if mask is not None and times is not None:
        mask = np.broadcast_to(mask[..., None], (*mask.shape, len(times)))
    return Reference(kind, (*axes, *last), levels[-1], mask, estimated, extrapolated, coarse_axes, order, tuple(notes))


def check_finite(values: Mapping[str, Array]) -> None:
    """Raise Unsupported where an unknown has no finite value, or an infinite one; NaN stands where it does not live."""
    for name, nodal in values.items():
        if not np.any(np.isfinite(nodal)) or np.any(np.isinf(nodal)):
            raise Unsupported(f"the discrete solution for {name} is not finite", Refusal.FAILED)


def every_other(values: Array, dim: int) -> Array:
    """Every second value along each of the first `dim` axes."""
    return values[(slice(None, None, 2),) * dim]


def norm(values: Array) -> float:
    """The root mean square of the finite values."""
    kept = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(np.abs(kept) ** 2))) if kept.size else 0.0
