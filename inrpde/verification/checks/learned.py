"""Is there anything that says what a learned coefficient is?"""

from __future__ import annotations

import numpy as np
from sympy import S

from inrpde.compiler.form import Form, Row
from inrpde.errors import ProblemError
from inrpde.sampling import sample
from inrpde.verification.checks.coverage import at_an_end
from inrpde.verification.finding import Finding, Kind


def unidentified(form: Form) -> list[Finding]:
    """Learned coefficients beside no more conditions than the other unknowns need for themselves: no readings, no
    integrals, one equation an unknown, and no more conditions at any place of the boundary and of the time's ends than
    the equations' orders ask for."""
    learned = [unknown.name for unknown in form.unknowns if unknown.learned]
    if not learned or _has_more(form):
        return []
    names, are = ", ".join(learned), "are" if len(learned) > 1 else "is"
    text = f"nothing says what {names} {are}: {names} {are} learned, and the conditions would be enough without"
    text += "; give readings (Points with labels), or a second condition on a boundary"
    return [Finding(Kind.LEARNED, text, "unverified")]


def check_eigenproblem(form: Form) -> None:
    """Raise ProblemError for an eigenproblem in disguise: zero satisfies all conditions but those that say how large
    the solution is, and a learned number is a factor of an unknown: another solution exists for some values alone."""
    numbers = {k for k, unknown in enumerate(form.unknowns) if unknown.learned and unknown.is_number}
    rows = [row for row in form.rows if not _vanishes(form, row)]
    if not numbers or not rows or any(row.jets or not row.integrals or row.region.labels for row in rows):
        return
    for row in form.rows:
        factors = {s for s, jet in row.jets.items() if jet.unknown in numbers}
        held = [s for s, jet in row.jets.items() if not form.unknowns[jet.unknown].learned]
        found = {s for s in factors if any(row.tangent[other].has(s) for other in held)}
        if found:
            name = form.unknowns[row.jets[min(found, key=str)].unknown].name
            raise ProblemError(
                f"this is an eigenproblem: zero satisfies every condition but {rows[0].text}, which says how large the "
                f"solution is, and others exist for some values of {name} alone",
                row.text,
                f"give a source, and {name} = Parameter(…) in place of Learned: the answer is large near eigenvalues; "
                "eigenproblems are not what this solves",
            )


def _vanishes(form: Form, row: Row) -> bool:
    """Does an equation hold where all fields vanish, whatever learned numbers are?"""
    numbers = {s for s, jet in row.jets.items() if form.unknowns[jet.unknown].is_number}
    nothing = dict.fromkeys([*(s for s in row.jets if s not in numbers), *row.integrals], S.Zero)
    return not row.region.labels and row.residual.xreplace(nothing) == 0


def _has_more(form: Form) -> bool:
    """Is there a condition more than a problem without learned coefficients would have?"""
    space, rows = form.space, [row for row in form.rows if not form.conditions[row.condition].periodic]
    fields = [k for k, unknown in enumerate(form.unknowns) if not unknown.learned]
    volume = [row for row in rows if row.region.dim == space.dim]
    if any(row.region.labels or row.integrals for row in rows) or len(volume) > len(fields):
        return True
    orders = [_orders(volume, k, space.dim) for k in fields]
    if space.dim == 1:
        ends = [row for row in rows if row.region.dim == 0]
        return sum(len(sample(row.region, 1, 0)) for row in ends) > sum(order for (order,) in orders)
    if any(row.region.dim == 0 for row in rows):
        return True
    ends = [row for row in rows if space.time is not None and at_an_end(form, row)]
    if ends and len(ends) > sum(order[-1] for order in orders):
        return True
    walls = [row for row in rows if row.region.dim == space.dim - 1 and not any(row is end for end in ends)]
    spatial = len(space.spatial)
    needed = sum(max((max(order[:spatial]) + 1) // 2, 1) for order in orders)
    return _crowded(volume, walls, needed)


def _orders(rows: list[Row], unknown: int, dim: int) -> tuple[int, ...]:
    indices = [jet.index for row in rows for jet in row.jets.values() if jet.unknown == unknown]
    return tuple(max((index[k] for index in indices), default=0) for k in range(dim))


def _crowded(volume: list[Row], walls: list[Row], needed: int) -> bool:
    """Does any place of the volumes' boundaries have more than so many conditions?"""
    for region in dict.fromkeys(row.region for row in volume):
        try:
            points = sample(region.boundary, 600, 3).points
        except ProblemError:  # a part of a region has no boundary
            continue
        if np.any(sum(wall.region.contains(points).astype(int) for wall in walls) > needed):
            return True
    return False
