"""A system factorised by parts that nothing couples, which is asked for many right-hand sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde import deadline
from inrpde.discretise.system import System
from inrpde.solvers.linear import RIDGE
from inrpde.solvers.linear.solve import Factorisation, factorise

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Parts:
    """Of each part of a `system` the numbers of its columns and of its rows, and its factorisation."""

    system: System
    parts: tuple[tuple[Array, Array, Factorisation], ...]

    @classmethod
    def of(cls, system: System) -> Parts:
        """Those of a system. Raises DivergedError if it is not finite."""
        stops = np.cumsum([len(block.right) for block in system.blocks])
        parts = []
        for columns, numbers, part in system.independent():
            rows = [np.arange(stops[k] - len(system.blocks[k].right), stops[k]) for k in numbers]
            parts.append((columns, np.concatenate(rows), factorise(part, RIDGE)))
        return cls(system, tuple(parts))

    def solve(self, right: Array, roughly: bool = False) -> Array:
        """The heads (width,) or (width, k) of right-hand sides (rows,) or (rows, k); of several `roughly`, faster."""
        out = np.zeros((self.system.width, *right.shape[1:]))
        for columns, rows, factors in self.parts:
            deadline.turn()
            out[columns] = (factors.roughly if roughly else factors.solve)(right[rows])
        return out

    def times(self, heads: Array) -> Array:
        """The rows (rows,) or (rows, k) of heads."""
        return times(self.system, heads)

    @property
    def volume(self) -> float:
        """The logarithm of the square root of the determinant of the normal matrix."""
        return sum(factors.volume for _, _, factors in self.parts)


def times(system: System, heads: Array) -> Array:
    """All rows of a system times heads (width,) or (width, k)."""
    found = []
    for block, factor in zip(system.blocks, system.factors, strict=True):
        made = block.times(heads, system.pieces)
        found.append(made * (factor if made.ndim == 1 else factor[:, None]))
    return np.concatenate(found)
