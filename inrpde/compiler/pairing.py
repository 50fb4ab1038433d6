"""Which unknown tests which equation of a flux form, and under which sign.

An equation of second order is tested by the unknown whose gradient its fluxes hold, so that the product of these
coefficients over all equations of a place is largest (invariant to their units: Duff and Koster, SIAM J. Matrix Anal.
Appl. 22, 2001). One of lower order is left to an unknown of which there are no second derivatives: the one that enters
the fluxes of what the equation differentiates, as a pressure does, or enters the equation itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from inrpde.compiler.coefficients import Coefficients, coefficients
from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.pilot import pilot_points

Array = np.ndarray
POINTS = 200
"""Places of each region in which coefficients are taken."""
NEVER = 1e6
"""What a pair that cannot be costs, beside logarithms of coefficients."""
ROUNDING = 1e-12
"""What is left of a real part that is none."""


def paired(form: Form, equations: Sequence[tuple[Row, ...]]) -> list[tuple[int, complex]] | str:
    """The unknown that tests each equation, of rows (F_1, …, F_d, r), and its sign; or why there are no such pairs."""
    tests: dict[int, int] = {}
    weights = np.zeros(len(equations), complex)
    for here, points in _places([rows[-1].region for rows in equations]):
        found = _matched(form, [coefficients(form, equations[e], points) for e in here], points)
        names = [form.conditions[equations[e][-1].condition].where for e in here]
        if isinstance(found, str):
            return f"on {' and '.join(dict.fromkeys(names))} {found}"
        for e, name, (test, weight) in zip(here, names, found, strict=True):
            if tests.setdefault(e, test) != test:
                return f"on {name} an equation is that of one unknown here and of another there"
            weights[e] += weight
    return [(tests[e], _turning(weight)) for e, weight in enumerate(weights)]


def _turning(weight: complex) -> complex:
    """What turns a weight to where its real part is positive, or, where it has none, to where it is real."""
    if abs(weight.real) >= ROUNDING * abs(weight):
        return 1 if weight.real > 0 else -1
    return 1j * (1 if weight.imag < 0 else -1)


def _places(regions: Sequence[Region]) -> list[tuple[tuple[int, ...], Array]]:
    """The sets of regions, by their numbers, that have something in common and with no other, and points there."""
    points = np.concatenate([pilot_points(part, POINTS) for region in dict.fromkeys(regions) for part in region.parts])
    holds = np.column_stack([region.contains(points) for region in regions])
    kinds, which = np.unique(holds, axis=0, return_inverse=True)
    return [
        (tuple(map(int, np.flatnonzero(kind))), points[which.ravel() == number]) for number, kind in enumerate(kinds)
    ]


def _matched(form: Form, here: Sequence[Coefficients], points: Array) -> list[tuple[int, complex]] | str:
    """For each of the equations that hold together the unknown, and a number of its sign."""
    held = np.any([each.held for each in here], axis=0)
    alive = [int(k) for k in np.flatnonzero(held) if _lives(form, int(k), points)]
    if len(alive) != len(here):
        return f"equations and unknowns differ in number: {len(here)} and {len(alive)}"
    size = np.array([each.size[alive] for each in here])
    bent, plain = np.flatnonzero(size.any(axis=1)), np.flatnonzero(~size.any(axis=1))
    if not len(bent):
        return "no equation is of second order"
    rows, columns = _largest(size[bent])
    if not size[bent][rows, columns].all():
        return "there are more equations of second order than unknowns with second derivatives"
    found = {
        int(bent[row]): (alive[column], -here[bent[row]].definite(alive[column]))
        for row, column in zip(rows, columns, strict=True)
    }
    left = [k for k in alive if k not in {test for test, _ in found.values()}]
    if size[:, [alive.index(k) for k in left]].any():
        return "an unknown with second derivatives has no equation of second order"
    through = [_coupling(here, found, int(e), k) for e in plain for k in left]
    coupling = np.reshape(through, (len(plain), len(left)))
    rows, columns = _largest(np.abs(coupling))
    if not coupling[rows, columns].all():
        return "no unknown is left to test an equation of first order"
    pairs = zip(rows, columns, strict=True)
    found |= {int(plain[row]): (left[column], float(coupling[row, column])) for row, column in pairs}
    return [found[e] for e in range(len(here))]


def _lives(form: Form, unknown: int, points: Array) -> bool:
    region = form.unknowns[unknown].region
    return region is None or bool(np.mean(region.contains(points)) > 0.5)


def _largest(size: Array) -> tuple[Array, Array]:
    """The pairs of rows and columns whose product is largest."""
    cost = np.full(size.shape, -NEVER)
    np.log(size, out=cost, where=size > 0)
    rows, columns = linear_sum_assignment(cost, maximize=True)
    return rows, columns


def _coupling(every: Sequence[Coefficients], found: Mapping[int, tuple[int, complex]], e: int, unknown: int) -> float:
    """Of an equation of lower order and the unknown that is to test it, of the sign under which the derivatives of
    another in it and the unknown in that one's flux cancel; where there are none, as the unknown enters the equation.
    """
    through = [
        np.sign(np.real(weight)) * np.real(every[other].flux[unknown] * every[e].first[test].conj()).sum(axis=0).mean()
        for other, (test, weight) in found.items()
    ]
    return float(sum(through) or np.real(every[e].zeroth[unknown]).mean())
