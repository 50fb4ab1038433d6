"""A course as a state: sines of the wavevectors that matter, whose heads depend on time, on as few intervals as
hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import legendre

from inrpde import deadline
from inrpde.discretise.state import State
from inrpde.networks.harmonics import Harmonics
from inrpde.networks.lines import Lines
from inrpde.networks.offset import counted
from inrpde.networks.trial import Trial
from inrpde.solvers.periodic.course import Course
from inrpde.solvers.periodic.modes import Modes, leading
from inrpde.solvers.periodic.spectral import Equations

Array = np.ndarray
DROPPED = 0.2
"""The part of the tolerance that modes which are not stored leave out; chosen."""
JOINED = 0.05
"""The part of the tolerance by which a polynomial on two intervals may miss those on each; chosen: steps are often
shorter than their errors ask for, as Newton's method has to converge."""
STORED = 2e7
"""Numbers that are stored at most; more modes are left out where there are too many; chosen."""


@dataclass(frozen=True, eq=False)
class Interval:
    """A polynomial in time, by Legendre, on [start, end]: spectra (degree + 1, U, *shape)."""

    start: float
    end: float
    modes: Modes
    spectra: Array

    @property
    def length(self) -> float:
        return self.end - self.start


def state(course: Course, equations: Equations) -> tuple[State, float]:
    """Each unknown on the modes that hold all of it but a part of the tolerance, parts of a complex one on the same;
    and the share in the root mean square that is left out."""
    base, form = equations.base, equations.form
    intervals = joined(_intervals(course), JOINED * course.tolerance)
    times = np.array([intervals[0].start, *(each.end for each in intervals)])
    most = np.max([each.modes.most for each in intervals], axis=0)
    modes = replace(intervals[0].modes, most=tuple(most.tolist()))
    squares, degree = _squares(intervals, modes), len(intervals[0].spectra) - 1
    each = int(STORED / (2 * len(base) * (degree + 1) * len(intervals)))
    trials, heads, numbers = list[Trial](), list[Array](), dict[str, Array]()
    made, most_left = dict[str, Lines](), 0.0
    for number, (unknown, constant) in enumerate(zip(form.unknowns, base, strict=True)):
        if unknown.declared not in made:
            whole = squares[form.parts(unknown.declared)].sum(axis=0)
            chosen, left = _chosen(modes, whole, DROPPED * course.tolerance, max(each, 1))
            most_left = max(most_left, left)
            body = Harmonics((modes.lo, modes.lo + modes.length), chosen)
            numbers[unknown.declared], made[unknown.declared] = chosen, Lines(body, times, degree)
        trials.append(counted(made[unknown.declared], constant))
        heads.append(_head(intervals, number, numbers[unknown.declared]))
    return State(tuple(trials), tuple(heads)), most_left


def joined(intervals: Sequence[Interval], tolerance: float) -> list[Interval]:
    """Neighbours as one where its polynomial misses theirs by no more than a tolerance in the root mean square, beside
    the largest that each unknown has been; and so on, as long as there are such."""
    left = list(intervals)
    while True:
        after, number, limits = list[Interval](), 0, tolerance * _largest(left)
        while number < len(left):
            deadline.turn()
            found = _pair(left[number], left[number + 1], limits[number]) if number + 1 < len(left) else None
            after.append(left[number] if found is None else found)
            number += 1 if found is None else 2
        if len(after) == len(left):
            return after
        left = after


def _largest(intervals: Sequence[Interval]) -> Array:
    """The largest size (n, U) of each unknown until each interval."""
    sizes = np.maximum.accumulate([each.modes.sizes(each.spectra[0]) for each in intervals])
    return np.where(sizes > 0, sizes, 1.0)


def _intervals(course: Course) -> list[Interval]:
    spectra = [(piece.modes, step) for piece in course.pieces for step in piece.steps]
    spans = zip(course.times[:-1], course.times[1:], spectra, strict=True)
    return [Interval(float(start), float(end), *each) for start, end, each in spans]


def _pair(one: Interval, two: Interval, limits: Array) -> Interval | None:
    """Two neighbours as one, None where that misses too much."""
    modes = replace(one.modes, most=tuple(np.maximum(one.modes.most, two.modes.most).tolist()))
    both = Interval(one.start, two.end, modes, np.zeros(0))
    parts = [each.modes.moved(each.spectra, modes) for each in (one, two)]
    degrees = np.arange(len(parts[0]))
    cuts = [_restriction(each, both, len(degrees)) for each in (one, two)]
    shares = [each.length / both.length for each in (one, two)]
    projected = [
        np.tensordot(share * (cut * (2 * degrees + 1) / (2 * degrees[:, None] + 1)).T, part, 1)
        for share, cut, part in zip(shares, cuts, parts, strict=True)
    ]
    whole = projected[0] + projected[1]
    missed = np.zeros(len(limits))
    for share, cut, part in zip(shares, cuts, parts, strict=True):
        squares = [modes.sizes(each) ** 2 for each in part - np.tensordot(cut, whole, 1)]
        missed += share * sum(square / (2 * m + 1) for m, square in enumerate(squares))
    return replace(both, spectra=whole.astype(one.spectra.dtype)) if np.all(missed <= limits**2) else None


def _restriction(part: Interval, whole: Interval, count: int) -> Array:
    """The Legendre coefficients on a part of an interval from those on the whole, (count, count)."""
    at, weights = legendre.leggauss(count)
    middle = (part.start + part.end - whole.start - whole.end) / whole.length
    there = legendre.legvander(middle + part.length / whole.length * at, count - 1)
    here = legendre.legvander(at, count - 1) * weights[:, None]
    return (here * (2 * np.arange(count) + 1) / 2).T @ there


def _squares(intervals: Sequence[Interval], modes: Modes) -> Array:
    """The largest square (U, *shape) of each mode's coefficients beside the size of the unknown, over all intervals,
    with that of its negative."""
    out = np.zeros((intervals[0].spectra.shape[1], *modes.shape))
    for each, size in zip(intervals, _largest(intervals), strict=True):
        found = np.max(np.abs(each.spectra), axis=0) / size.reshape(-1, *[1] * len(modes.shape))
        np.maximum(out, each.modes.moved(found**2, modes).real, out=out)
    mirrored = out
    for axis in range(1, len(modes.shape) + 1):
        if modes.numbers[axis - 1][-1] < 0:
            mirrored = np.roll(np.flip(mirrored, axis), 1, axis)
    if modes.real:
        out[..., 0] = np.maximum(out[..., 0], mirrored[..., 0])
        return out
    return np.maximum(out, mirrored)


def _chosen(modes: Modes, squares: Array, dropped: float, most: int) -> tuple[Array, float]:
    """The whole numbers (M, d), of k and -k one, without those that hold no more in the root mean square, and no more
    than may be; and what those hold that are left out."""
    numbers = np.stack([each.ravel() for each in np.meshgrid(*modes.numbers, indexing="ij")], axis=1)
    first = leading(numbers)
    half = first >= 0
    numbers, squares = numbers[half], squares.ravel()[half] * np.where(first[half] > 0, 2, 1)
    order = np.argsort(-squares)
    left = np.append(np.cumsum(squares[order][::-1])[-2::-1], 0.0)
    keep = int(np.sum(left > dropped**2)) + 1
    keep = min(keep, most)
    return numbers[order[:keep]], float(np.sqrt(left[keep - 1]))


def _head(intervals: Sequence[Interval], unknown: int, numbers: Array) -> Array:
    """The head of the sines: (n, degree + 1, 2 M), flattened."""
    degree = len(intervals[0].spectra) - 1
    modes = intervals[0].modes
    out = np.zeros((len(intervals), degree + 1, 2, len(numbers)), float if modes.real else complex)
    twice = np.where(np.any(numbers != 0, axis=1), 2.0, 1.0)
    for row, each in zip(out, intervals, strict=True):
        inside = np.all(np.abs(numbers) <= np.array(each.modes.most), axis=1)
        along = list(zip(numbers[inside].T, each.modes.numbers, strict=True))
        spectrum = each.spectra[:, unknown]
        plus = twice[inside] * spectrum[(slice(None), *(column % len(n) for column, n in along))]
        if modes.real:
            row[:, 0, inside], row[:, 1, inside] = plus.real, -plus.imag
        else:
            minus = twice[inside] * spectrum[(slice(None), *(-column % len(n) for column, n in along))]
            row[:, 0, inside], row[:, 1, inside] = (plus + minus) / 2, 1j * (plus - minus) / 2
    return out.ravel()
