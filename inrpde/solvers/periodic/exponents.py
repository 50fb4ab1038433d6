"""Linear equations with constant coefficients: each mode is a sum of exponentials in time, and nothing is left to
follow."""

from __future__ import annotations

import numpy as np

from inrpde.discretise.state import State
from inrpde.networks.exponentials import Exponentials
from inrpde.networks.offset import counted
from inrpde.networks.trial import Trial
from inrpde.sampling.extent import times
from inrpde.solvers.periodic.modes import Modes, leading
from inrpde.solvers.periodic.spectral import Equations, Spectral

Array = np.ndarray
WIDEST = 4000
"""Exponentials of an unknown at most; chosen."""
ALIKE = 1e7
"""The largest condition of the eigenvectors of a mode; with more, two of its exponentials are nearly one."""
STEEPEST = 300.0
"""The largest growth, as a logarithm; with more its digits are lost."""
STILL = 1e-12
"""A mode whose rates are such a share of its size over the time stands still."""
ROUNDING = 1e-14
"""A source in a mode beside the largest that is rounding of a transform."""
OUTER = 0.85
"""The share of the numbers along a coordinate beyond which sources are to have nothing."""
DROPPED = 0.1
"""The part of the tolerance that exponentials which are left out hold; chosen."""


def exponentials(equations: Equations, modes: Modes, values: Array, rates: Array, tolerance: float) -> State | None:
    """The state with the initial values and rates (U, *shape), to a tolerance. None where a mode is no sum of
    exponentials, where sources vary in time, or in space more than the modes, and where there are too many modes."""
    system = Spectral(equations, modes)
    shared = equations.form.arithmetic == "split"  # parts of a complex unknown have one trial, but their own phases
    if not equations.exact or any(equations.moving) or min(equations.orders) < 1 or shared:
        return None
    if np.any(modes.tails(system.constant, OUTER) > tolerance * modes.sizes(system.constant)):
        return None
    start, end = times(equations.form)
    with np.errstate(all="ignore"):
        found = _parts(*_companions(system, values, rates), end - start)
    if found is None:
        return None
    growth, parts = found
    trials, heads = list[Trial](), list[Array]()
    for unknown, base in enumerate(equations.base):
        made = _trial(modes, growth, parts[..., unknown, :], (start, end), tolerance)
        if made is None:
            return None
        trials.append(counted(made[0], base))
        heads.append(made[1])
    return State(tuple(trials), tuple(heads))


def _companions(system: Spectral, values: Array, rates: Array) -> tuple[Array, Array]:
    """Of each mode z' = A z with z(0): z the values, the rates of what is of second order, and a 1 that sources
    multiply. (*shape, n, n) and (*shape, n)."""
    orders, terms = system.equations.orders, system.equations.terms
    count, second = len(orders), [k for k, order in enumerate(orders) if order == 2]
    highest = system.block([term for term in terms if term.order == orders[term.unknown]], 1.0, 1)
    inverse = -np.linalg.inv(highest)
    lower = [
        inverse @ system.block([term for term in terms if term.order == order < orders[term.unknown]], 1.0, 1)
        for order in range(2)
    ]
    source = (inverse @ np.moveaxis(system.constant, 0, -1)[..., None])[..., 0]
    source[np.abs(source) < ROUNDING * np.max(np.abs(source))] = 0.0
    size, place = count + len(second) + 1, {k: count + n for n, k in enumerate(second)}
    matrix = np.zeros((*system.modes.shape, size, size), complex)
    for k in range(count):
        row = place.get(k, k)
        matrix[..., row, :count], matrix[..., row, -1] = lower[0][..., k, :], source[..., k]
        for other, at in place.items():
            matrix[..., row, at] = lower[1][..., k, other]
        if k in place:
            matrix[..., k, row] = 1.0
    ones = np.ones((1, *system.modes.shape))
    return matrix, np.moveaxis(np.concatenate([values, rates[second], ones]), 0, -1)


def _parts(matrix: Array, first: Array, time: float) -> tuple[Array, Array] | None:
    """Exponents (*shape, n) and what they multiply, (*shape, n, n); None where two of a mode's are nearly one."""
    if not np.all(np.isfinite(matrix)):
        return None
    growth, vectors = np.linalg.eig(matrix)
    rates = np.linalg.norm((matrix @ first[..., None])[..., 0], axis=-1)
    still = rates * time <= STILL * np.max(np.abs(first[..., :-1]), initial=1e-300)
    apart = np.linalg.cond(vectors) < ALIKE
    if np.any(~still & ~apart) or np.max(np.where(still[..., None], 0.0, growth.real)) * time > STEEPEST:
        return None
    vectors[still], growth[still] = np.eye(matrix.shape[-1]), 0.0
    weights = np.linalg.solve(vectors, first[..., None])[..., 0]
    return growth, vectors * weights[..., None, :]


def _trial(
    modes: Modes, growth: Array, parts: Array, span: tuple[float, float], tolerance: float
) -> tuple[Exponentials, Array] | None:
    """The exponentials of an unknown, but those that hold a part of the tolerance, and their head."""
    start, end = span
    numbers = np.stack([each.ravel() for each in np.meshgrid(*modes.numbers, indexing="ij")], axis=1)
    first = leading(numbers) if modes.real else np.zeros(len(numbers), int)
    mode, number = np.nonzero((first >= 0)[:, None] & np.ones(parts.shape[-1], bool))
    rate, size = growth.reshape(len(numbers), -1)[mode, number], parts.reshape(len(numbers), -1)[mode, number]
    size = size * np.where(rate.real > 0, np.exp(rate * (end - start)), 1.0) * np.where(first[mode] > 0, 2.0, 1.0)
    order = np.argsort(-np.abs(size))
    squares = np.abs(size[order]) ** 2
    left = np.append(np.cumsum(squares[::-1])[-2::-1], 0.0)
    keep = int(np.sum(left > (DROPPED * tolerance) ** 2 * squares.sum())) + 1
    if keep > WIDEST:
        return None
    order = order[:keep]
    waves = 2j * np.pi * numbers[mode[order]] / modes.length
    frequencies = np.column_stack([waves, rate[order]])
    box = np.append(modes.lo, start), np.append(modes.lo + modes.length, end)
    phases, head = np.angle(size[order]) + np.pi / 2, np.abs(size[order])
    if modes.real:
        return Exponentials.within(frequencies, box, phases), head
    frequencies, phases = np.tile(frequencies, (2, 1)), np.concatenate([phases, phases - np.pi / 2])
    return Exponentials.within(frequencies, box, phases), np.concatenate([head, 1j * head])
