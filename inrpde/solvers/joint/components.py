"""How far equations hold on some features, and how noisy readings are: the likeliest two sizes, from what is left of
both (variance components: Helmert 1924; Patterson and Thompson 1971).

Rows of a kind are off by one size, those of equations in errors of fields. What is left of them over their number, less
the degrees of freedom that the fields take up of them, is its likeliest value; the shares that fields take up are
traces, from random signs (Hutchinson 1990)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form
from inrpde.discretise.system import Block, System
from inrpde.solvers.linear.parts import Parts

Array = np.ndarray
SMALLEST = 1e-4
"""The size of a kind beside the largest of all at least: beyond, rows that hold exactly hide the others' digits;
chosen."""
SPARE = 1.0
"""The degrees of freedom that are left of a kind at least; chosen."""
EQUATIONS = -1
"""The kind of equations, among those of readings, which are the numbers of their conditions."""


@dataclass(frozen=True, eq=False)
class Sizes:
    """By kind the standard deviation of its rows: of equations beside the fields, of readings in their units; `fields`
    are the sizes of the unknowns that equations are errors of."""

    of: Mapping[int, float]
    fields: tuple[float, ...]

    def times(self, factors: Mapping[int, float], least: float = SMALLEST) -> Sizes:
        """Those that are so many times as large, by kind, as far as rounding allows."""
        found = {kind: size * factors.get(kind, 1.0) for kind, size in self.of.items()}
        equations = found[EQUATIONS]
        unit = max(self.fields)
        floor = least * max(equations, *(size / unit for kind, size in found.items() if kind != EQUATIONS))
        return replace(self, of={k: max(v, floor * (1.0 if k == EQUATIONS else unit)) for k, v in found.items()})


def weighted(form: Form, system: System, columns: Sequence[int], sizes: Sizes, readings: set[int]) -> System:
    """A system of fields with rows that are to be off by one: those of `readings`, by the numbers of their blocks, over
    their noise, those of equations over what errors of the fields make of each. `columns` has the unknown of each
    piece."""
    return replace(
        system,
        blocks=tuple(
            replace(block, scale=1.0, root=_inverse(form, block, columns, sizes, number in readings))
            for number, block in enumerate(system.blocks)
        ),
    )


def _inverse(form: Form, block: Block, columns: Sequence[int], sizes: Sizes, noisy: bool) -> Array:
    """One over the standard deviation of each row of a block, times the root of its condition's weight."""
    assert block.row is not None
    n, root = len(block.right), np.sqrt(form.conditions[block.row.condition].weight)
    if noisy:
        return np.full(n, root / sizes.of[block.row.condition])
    squares, count = np.zeros(n), np.zeros(n)
    for part in block.parts:
        at = slice(None) if part.rows is None else part.rows
        size = sizes.fields[columns[part.piece]]
        squares[at] += size**2 * np.sum(np.abs(part.matrix) ** 2, axis=1)
        count[at] += part.matrix.shape[1]
    made = np.sqrt(squares / np.maximum(count, 1))
    least = np.finfo(float).eps * max(made.max(initial=0.0), 1e-300)
    inverse: Array = root / (sizes.of[EQUATIONS] * np.maximum(made, least))
    return inverse


def kinds(system: System, readings: set[int]) -> Array:
    """The kind of each row (rows,)."""
    return np.concatenate(
        [
            np.full(len(block.right), block.row.condition if block.row and number in readings else EQUATIONS)
            for number, block in enumerate(system.blocks)
        ]
    )


def spare(fields: Parts, kind: Array, signs: Array, drawn: Array) -> dict[int, float]:
    """By kind the number of its rows, less the degrees of freedom that fields take up of them: `drawn` (width, m) are
    the heads that they make of random `signs` (rows, m)."""
    taken = np.mean(signs * fields.times(drawn), axis=1)
    return {int(k): max(float(np.sum(1 - taken[kind == k])), SPARE) for k in np.unique(kind)}


def factors(left: Array, kind: Array, spare: Mapping[int, float]) -> dict[int, float]:
    """By kind how many times as large as assumed its size is, by what is left of all rows, (rows,)."""
    return {k: float(np.linalg.norm(left[kind == k])) / np.sqrt(count) for k, count in spare.items()}
