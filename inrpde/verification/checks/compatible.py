"""Do the walls' conditions fit the initial values, and what the equations make of these?

Where the initial values do not satisfy a condition on slopes, or u_t by the equation and by the walls differ at the
start, the solution is not smooth there (compatibility: Evans, Partial Differential Equations, 7.1.3)."""

from __future__ import annotations

import numpy as np
from sympy import Expr

from inrpde import deadline
from inrpde.compiler.evaluate import evaluate
from inrpde.compiler.form import Form, Row
from inrpde.discretise.expressions import derivative
from inrpde.errors import ProblemError
from inrpde.sampling import sample
from inrpde.sampling.extent import times
from inrpde.verification.checks.coverage import at_an_end
from inrpde.verification.checks.data import has_normals, meeting, value_at
from inrpde.verification.finding import Finding, Kind, name, place

Array = np.ndarray
COST, STEEP = 5e-5, 7e-4
"""The relative error that is left where rates differ by all the change there is in the time, and where slopes differ by
the size of the values over that of the region, as series solutions show (tests/verification/test_contradictory.py)."""
SLIGHT = 1e-3
"""A smaller share is no difference."""
POINTS = 200


def incompatible(form: Form) -> list[Finding]:
    """Unknowns whose initial values, or the rates at which these change by an equation of the first order in time, do
    not fit what a wall says of them."""
    if form.space.time is None or form.evolves is None:
        return []
    given = [row for row in form.rows if _explicit(form, row) and row.gives_value and not has_normals(form, row)]
    start = times(form)[0]
    initial = {_unknown(row): row for row in given if at_an_end(form, row) and row.region.bounds[0][-1] == start}
    findings = _slopes(form, initial)
    for row in form.rows:
        change = _change(form, row, initial)
        if change is None:
            continue
        unknown, rate = change
        walls = [wall for wall in given if _unknown(wall) == unknown and not at_an_end(form, wall)]
        found = [_differs(form, row, wall, initial[unknown], rate) for wall in walls]
        findings += [each for each in found if each is not None]
    return findings


def _explicit(form: Form, row: Row) -> bool:
    """Is a row a formula for what holds on a surface?"""
    more = row.data or row.integrals or row.region.labels or form.conditions[row.condition].periodic
    return not more and row.region.dim == form.space.dim - 1


def _unknown(row: Row) -> int:
    return next(iter(row.indices))


def _formula(row: Row) -> Expr:
    """The value that such a row gives."""
    (symbol,) = row.jets
    return -row.residual.xreplace({symbol: 0}) / row.tangent[symbol]


def _slopes(form: Form, initial: dict[int, Row]) -> list[Finding]:
    """Linear conditions on first derivatives in space that the initial values do not satisfy."""
    findings = []
    for wall in form.rows:
        indices = [jet.index for jet in wall.jets.values()]
        on_slopes = wall.linear and max(map(sum, indices), default=0) == 1 and not any(index[-1] for index in indices)
        if on_slopes and _explicit(form, wall) and wall.indices.keys() <= initial.keys():
            findings += _unmet(form, wall, initial)
    return findings


def _unmet(form: Form, wall: Row, initial: dict[int, Row]) -> list[Finding]:
    deadline.turn()
    coords, floors = form.space.coords, [initial[k].region for k in wall.indices]
    q = sample(wall.region, POINTS, 3)
    q.points[:, -1] = times(form)[0]
    met = np.all([floor.contains(q.points) for floor in floors], axis=0)
    if q.normals is None or not met.any():
        return []
    points, normals = q.points[met], dict(zip(form.space.normal, q.normals[met].T, strict=False))
    known = {s: derivative(_formula(initial[jet.unknown]), coords, jet.index) for s, jet in wall.jets.items()}
    steep = [wall.tangent[s] for s, jet in wall.jets.items() if any(jet.index) and s in wall.tangent]
    try:
        left, *slopes = (
            evaluate(expr, coords, points, {}, arrays=normals) for expr in (wall.residual.xreplace(known), *steep)
        )
    except ProblemError:  # derivatives of what jumps have no values
        return []
    with np.errstate(all="ignore"):
        gap = np.abs(left) / np.linalg.norm(slopes, axis=0) * wall.region.size
    inside = sample(floors[0], POINTS, 3).points
    values = [evaluate(_formula(initial[k]), coords, inside, {}) for k in wall.indices]
    share = gap / max(float(np.max(np.abs(values))), float(np.max(gap)), 1e-300)
    if not np.isfinite(share).all() or not share.max() > SLIGHT:
        return []
    worst = int(np.argmax(share))
    names = list(dict.fromkeys(name(form, k) for k in wall.indices))
    text = (
        f"at {place(coords, points[worst])} the initial values of {', '.join(names)} leave a residual of "
        f"{left[worst]:.4g} in {wall.text}: the solution is not smooth there"
    )
    return [Finding(Kind.DATA, text, of=each, cost=STEEP * float(share.max())) for each in names]


def _change(form: Form, row: Row, initial: dict[int, Row]) -> tuple[int, Expr] | None:
    """The unknown of whose first derivative in time an equation tells, and that derivative at the start."""
    moving = {symbol: jet for symbol, jet in row.jets.items() if jet.index[-1]}
    if row.region.dim < form.space.dim or row.data or row.integrals or not row.indices.keys() <= initial.keys():
        return None
    if len(moving) != 1 or sum(next(iter(moving.values())).index) != 1:
        return None
    ((symbol, jet),) = moving.items()
    if symbol not in row.tangent or symbol in row.tangent[symbol].free_symbols:
        return None
    others = {s: (_formula(initial[j.unknown]), j.index) for s, j in row.jets.items() if s != symbol}
    known = {s: derivative(formula, form.space.coords, index) for s, (formula, index) in others.items()}
    return jet.unknown, (-row.residual.xreplace({symbol: 0}) / row.tangent[symbol]).xreplace(known)


def _differs(form: Form, row: Row, wall: Row, initial: Row, rate: Expr) -> Finding | None:
    deadline.turn()
    points = meeting(form, wall.region, initial.region)
    if not len(points):
        return None
    start, end = times(form)
    inside = sample(row.region, POINTS, 3).points
    inside[:, -1] = start
    coords = form.space.coords
    asked = ((rate, points), (_formula(wall).diff(form.space.time), points), (rate, inside))
    try:
        by_equation, by_wall, within = (evaluate(expr, coords, at, {}) for expr, at in asked)
    except ProblemError:  # derivatives of what jumps have no values
        return None
    apart = np.abs(value_at(form, wall, points) - value_at(form, initial, points))
    size = max(*(float(np.max(np.abs(value_at(form, each, inside)))) for each in (wall, initial)), 1e-300)
    size = max(size, (end - start) * float(np.max(np.abs(within))))
    with np.errstate(all="ignore"):
        share = np.where(apart <= SLIGHT * size, np.abs(by_equation - by_wall) * (end - start) / size, 0.0)
    if not np.isfinite(share).all() or not share.max() > SLIGHT:
        return None
    worst = int(np.argmax(share))
    u = name(form, _unknown(wall))
    text = (
        f"at {place(coords, points[worst])}, {u} changes in time by {by_wall[worst]:.4g} by {wall.text} and by "
        f"{by_equation[worst]:.4g} by {row.text}: the solution is not smooth there"
    )
    return Finding(Kind.DATA, text, of=u, cost=COST * min(float(share.max()), 1.0))
