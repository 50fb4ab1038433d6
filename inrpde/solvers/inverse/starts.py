"""Where the search for learned numbers starts: the best of some values within their bounds, the initial ones among
them. What is left of readings may have many minima, as of a wave whose speed is not known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form
from inrpde.declaration.regions.sequence import lattice
from inrpde.discretise.state import State
from inrpde.errors import DivergedError
from inrpde.solvers.inverse.reduced import Reduced

Array = np.ndarray
EACH = 16
"""Values that are tried for each number; chosen."""
FAR = 10.0
"""A number without bounds is sought up to so many times its initial size, or one, from its initial value; chosen."""


def numbers(form: Form, learned: Sequence[int]) -> list[int]:
    """The learned unknowns that are numbers."""
    return [k for k in learned if form.unknowns[k].is_number]


def ranges(form: Form, unknown: int) -> tuple[float, float, bool]:
    """Where a number is sought, and whether on a logarithmic scale: where both bounds are of one sign and far apart."""
    known = form.unknowns[unknown].learned
    assert known is not None
    size = abs(float(known.initial)) or 1.0
    if known.bounds is None:
        positive = bool(form.unknowns[unknown].symbol.is_positive)
        lo, hi = (size / FAR, size * FAR) if positive else (-FAR * size, FAR * size)
    else:
        lo, hi = map(float, known.bounds)
    return lo, hi, lo > 0 and hi > 3 * lo


def best(reduced: Reduced, state: State, seed: int) -> State:
    """The state with the numbers, of those that are tried, whose fields leave least of the readings."""
    sought = numbers(reduced.form, reduced.roles.learned)
    if not sought or not reduced.roles.linear:
        return state
    points = lattice(EACH * len(sought), len(sought), np.random.default_rng([seed, 11]))
    found, least = state, reduced.loss(reduced.followed(state)[0])
    for point in points:
        deadline.turn()
        heads = list(state.heads)
        for k, share in zip(sought, point, strict=True):
            lo, hi, scaled = ranges(reduced.form, k)
            heads[k] = np.array([lo * (hi / lo) ** share if scaled else lo + (hi - lo) * share])
        try:
            there = reduced.followed(State(state.trials, tuple(heads)))[0]
        except DivergedError:  # an equation is singular for these numbers
            continue
        left = reduced.loss(there)
        if left < least:
            found, least = there, left
    return found
