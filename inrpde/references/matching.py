"""Which equation determines which unknown: bipartite matchings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde.references.reference import Unsupported
from inrpde.references.terms import Term


def match_volume(terms: Sequence[Term], unknowns: Sequence[int]) -> dict[int, int]:
    """{unknown: number of its term}: each unknown is found from the equation that has most derivatives of it.

    The sum of the orders is the largest possible (Volevich's rule); ties go to the order of declaration. Raises
    Unsupported where equations and unknowns do not correspond, or where an unknown would have to be found from an
    equation that has fewer derivatives of it than another: incompressible flow and its like, whose pressure decouples
    on a collocated grid.
    """
    from scipy.optimize import linear_sum_assignment

    if len(terms) != len(unknowns):
        few = "few" if len(terms) < len(unknowns) else "many"
        raise Unsupported(f"{len(terms)} equations hold where there are {len(unknowns)} unknowns: too {few} for a grid")
    if not terms:
        return {}
    orders = np.array([[term.order(u) + 100 * max(term.time_order(u), 0) for u in unknowns] for term in terms])
    gain = np.where(orders < 0, -1e6, orders + 1e-3 * np.eye(len(unknowns)))
    rows, columns = linear_sum_assignment(gain, maximize=True)
    if np.any(orders[rows, columns] < 0):
        raise Unsupported("some unknown has no equation of its own, as the pressure in incompressible flow")
    if np.any(orders[rows, columns] < orders.max(axis=0)[columns]):
        raise Unsupported("some unknown is found from an equation with fewer of its derivatives than another has")
    return {unknowns[column]: row for row, column in zip(rows.tolist(), columns.tolist(), strict=True)}


def match_faces(affinity: Sequence[Sequence[int]]) -> dict[int, int]:
    """{unknown: number of its term}: as many conditions as possible find an unknown, earlier ones first.

    `affinity[i]` lists the unknowns that condition i may determine, the likeliest first (augmenting paths, Kuhn 1955).
    """
    owner: dict[int, int] = {}

    def place(condition: int, tried: set[int]) -> bool:
        for unknown in affinity[condition]:
            if unknown in tried:
                continue
            tried.add(unknown)
            if unknown not in owner or place(owner[unknown], tried):
                owner[unknown] = condition
                return True
        return False

    for condition in range(len(affinity)):
        place(condition, set())
    return owner
