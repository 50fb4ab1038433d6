"""A course as a state: sines of the wavevectors that matter, whose heads depend on time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inrpde.discretise.state import State
from inrpde.networks.harmonics import Harmonics
from inrpde.networks.lines import Lines
from inrpde.networks.offset import counted
from inrpde.networks.trial import Trial
from inrpde.solvers.periodic.course import Course
from inrpde.solvers.periodic.modes import Modes, leading
from inrpde.solvers.periodic.spectral import Equations

Array = np.ndarray
DROPPED = 0.03
"""The part of the tolerance that modes which are not stored leave out; chosen."""
STORED = 2e7
"""Numbers that are stored at most; more modes are left out where there are too many; chosen."""


def state(course: Course, equations: Equations) -> State:
    """Each unknown on the modes that hold all of it but a part of the tolerance; parts of a complex one on the same."""
    base, form = equations.base, equations.form
    every = [piece.modes for piece in course.pieces]
    modes = replace(every[0], most=tuple(np.max([each.most for each in every], axis=0).tolist()))
    squares = _squares(course, modes)
    degree = len(course.pieces[0].steps[0]) - 1
    each = int(STORED / (2 * len(base) * (degree + 1) * (len(course.times) - 1)))
    trials, heads, numbers = list[Trial](), list[Array](), dict[str, Array]()
    made = dict[str, Lines]()
    for number, (unknown, constant) in enumerate(zip(form.unknowns, base, strict=True)):
        if unknown.declared not in made:
            whole = squares[form.parts(unknown.declared)].sum(axis=0)
            chosen = _chosen(modes, whole, DROPPED * course.tolerance, max(each, 1))
            body = Harmonics((modes.lo, modes.lo + modes.length), chosen)
            numbers[unknown.declared], made[unknown.declared] = chosen, Lines(body, course.times, degree)
        trials.append(counted(made[unknown.declared], constant))
        heads.append(_head(course, number, numbers[unknown.declared]))
    return State(tuple(trials), tuple(heads))


def _squares(course: Course, modes: Modes) -> Array:
    """The largest square (U, *shape) of each mode's coefficients, over all steps, with that of its negative."""
    count = course.pieces[0].steps[0].shape[1]
    out = np.zeros((count, *modes.shape))
    for piece in course.pieces:
        largest = np.max([np.max(np.abs(step) ** 2, axis=0) for step in piece.steps], axis=0)
        out = np.maximum(out, piece.modes.moved(largest, modes).real)
    mirrored = out
    for axis in range(1, len(modes.shape) + 1):
        if modes.numbers[axis - 1][-1] < 0:
            mirrored = np.roll(np.flip(mirrored, axis), 1, axis)
    if modes.real:
        out[..., 0] = np.maximum(out[..., 0], mirrored[..., 0])
        return out
    return np.maximum(out, mirrored)


def _chosen(modes: Modes, squares: Array, dropped: float, most: int) -> Array:
    """The whole numbers (M, d), of k and -k one, without those that hold no more than a share of the root of all."""
    numbers = np.stack([each.ravel() for each in np.meshgrid(*modes.numbers, indexing="ij")], axis=1)
    first = leading(numbers)
    half = first >= 0
    numbers, squares = numbers[half], squares.ravel()[half] * np.where(first[half] > 0, 2, 1)
    order = np.argsort(-squares)
    left = np.append(np.cumsum(squares[order][::-1])[-2::-1], 0.0)
    keep = int(np.sum(left > dropped**2 * squares.sum())) + 1
    return numbers[order[: min(keep, most)]]


def _head(course: Course, unknown: int, numbers: Array) -> Array:
    """The head of the sines: (n, degree + 1, 2 M), flattened."""
    out = []
    for piece in course.pieces:
        modes = piece.modes
        inside = np.all(np.abs(numbers) <= np.array(modes.most), axis=1)
        here = tuple(column % len(n) for column, n in zip(numbers[inside].T, modes.numbers, strict=True))
        there = tuple(-column % len(n) for column, n in zip(numbers[inside].T, modes.numbers, strict=True))
        twice = np.where(np.any(numbers[inside] != 0, axis=1), 2.0, 1.0)
        for step in piece.steps:
            spectrum = step[:, unknown]
            plus = spectrum[(slice(None), *here)]
            if modes.real:
                cosines, sines = twice * plus.real, -twice * plus.imag
            else:
                minus = spectrum[(slice(None), *there)]
                cosines, sines = twice * (plus + minus) / 2, twice * 1j * (plus - minus) / 2
            row = np.zeros((len(step), 2, len(numbers)), cosines.dtype)
            row[:, 0, inside], row[:, 1, inside] = cosines, sines
            out.append(row.reshape(len(step), -1))
    kind = complex if np.iscomplexobj(out[0]) else float
    return np.array(out, kind).ravel()
