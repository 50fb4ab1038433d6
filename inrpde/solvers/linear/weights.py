"""Conditions of the norm 1, |C| in place of C²: squares whose weights follow the residual (Holland and Welsch 1977)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from inrpde.discretise.system import System

Array = np.ndarray
ROUNDS = 20
"""Solves with new weights at most; a tenth of outliers takes about so many (`tests/solvers/linear/test_weights.py`)."""
EVERY, SLOWEST = 3, 0.9
"""Rounds after which the next weights are those of the limit that the last steps point to, and the largest share of a
step beside the one before it from which that is taken: what is left falls by about the same share in every round;
chosen."""
SMALLEST = 1e-3
"""A residual counts as at least so large beside the typical one: a smaller one says no more than that it is small;
chosen."""
RESOLVED = 1e-6
"""The median counts as at least so large beside the root mean square: where nearly all residuals vanish, the few that
do not are what the norm is to pass over; chosen."""
SETTLED = 1e-6
"""A relative change of what is left after which further weights change nothing; chosen."""


def absolute(system: System) -> bool:
    """Is there a condition of the norm 1?"""
    return any(block.norm == 1 for block in system.blocks)


def weights(rest: System) -> list[Array]:
    """What the rows of each block are multiplied by, so that squares of what is left of a condition, the right-hand
    sides, are its norm at each point times the typical one; all that belongs to a condition (components, real and
    imaginary parts) has one norm.

    Typical is the median of readings, which outliers do not move, and elsewhere the root mean square, with which a
    condition has the weight beside others that its square has.
    """
    members: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, block in enumerate(rest.blocks):
        if block.row is not None and block.norm == 1:
            members[block.row.condition, len(block.right)].append(number)
    out = [np.ones(len(block.right)) for block in rest.blocks]
    for numbers in members.values():
        blocks = [rest.blocks[k] for k in numbers]
        size = np.linalg.norm([block.right / block.scale for block in blocks], axis=0)
        typical = float(np.sqrt(np.mean(size**2)))
        if blocks[0].row is not None and blocks[0].row.region.dim == 0:
            typical = max(float(np.median(size)), RESOLVED * typical)
        if typical > 0:
            for k in numbers:
                out[k] = 1 / np.sqrt(np.maximum(size / typical, SMALLEST))
    return out


def reweighted(
    system: System, solve: Callable[[System], Array], rounds: int = ROUNDS, over: Callable[[], bool] = lambda: False
) -> Array:
    """The heads after a solve, and after so many more (or fewer, when it is `over`, or nothing changes) with weights of
    what is left where a condition has the norm 1."""
    heads = at = solve(system)
    if not absolute(system):
        return heads
    rest, latest = system.minus(heads).right, np.inf
    for number in range(1, rounds + 1):
        if over():
            break
        before, heads = heads, solve(system.weighted(weights(system.minus(at))))
        left = system.minus(heads).right
        step = float(np.linalg.norm(left - rest))
        if step <= SETTLED * np.linalg.norm(left):
            break
        share = min(step / latest, SLOWEST) if number % EVERY == 0 else 0.0
        at, rest, latest = heads + share / (1 - share) * (heads - before), left, step
    return heads
