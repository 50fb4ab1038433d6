"""What the labelled samples of a form resolve, and what is only a preference beside them."""

from __future__ import annotations

import numpy as np

from inrpde.compiler.form import Form

Array = np.ndarray
SOME = 300
"""Samples that are enough to resolve a field where all else that is asked of it weighs less than 1."""
GRID = 30
"""Samples lie on a grid if it has at most so many nodes a sample."""


def sample_points(form: Form, unknown: int | None = None) -> Array:
    """The points of all conditions on sets of points, or of those on one unknown, (N, d); each counts once."""
    rows = [row for row in form.rows if row.region.dim == 0 and (unknown is None or unknown in row.indices)]
    sets = {id(row.region): row.region for row in rows}
    found = [part.piece.chart.at(np.zeros((1, 0))) for region in sets.values() for part in region.parts]
    return np.unique(np.concatenate(found), axis=0) if found else np.zeros((0, form.space.dim))


def along(points: Array) -> Array:
    """About how many samples there are along each coordinate, (d,): those of the grid that they lie on, fewer in
    proportion where they fill a part of it; the same along all, where they are scattered."""
    lines = np.array([len(np.unique(column)) for column in points.T], dtype=float)
    if np.prod(lines) > GRID * len(points):
        lines[:] = 1.0
    return np.maximum(lines * (len(points) / np.prod(lines)) ** (1 / len(lines)), 1.0)


def priors(form: Form) -> frozenset[int]:
    """The numbers of the conditions that choose among the fields that fit many samples, and need not hold: those
    between the samples where all of these weigh less than 1."""
    between = {number: each for number, each in enumerate(form.conditions) if each.region.dim > 0}
    if not between or max(each.weight for each in between.values()) >= 1 or len(sample_points(form)) <= SOME:
        return frozenset()
    return frozenset(between)
