"""Errors against an exact solution and against the reference, and the residual of each condition."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from inrpde.compiler.evaluate import known
from inrpde.compiler.form import Form
from inrpde.discretise.fields import field_points, relative_difference, rms
from inrpde.discretise.score import Score
from inrpde.references.reference import measures

Array = np.ndarray
NOTHING: Mapping[str, float] = MappingProxyType({})
SECOND = 2.0
"""The order of the schemes that learned numbers come from."""
NODES = 100_000
"""Nodes of a reference at which fields are compared, at most: of more, every second (third, …) along each axis."""


def exact_errors(form: Form, values: Callable[[int, Array], Array], n: int, seed: int) -> dict[str, dict[str, float]]:
    """{name: {"rel_l2", "max"}} on n quasi-random points that were not fitted, for unknowns with an exact solution."""
    found = {}
    for k, unknown in enumerate(form.bound.unknowns):
        if unknown.symbol not in form.bound.problem.exact:
            continue
        points = field_points(form, form.parts(unknown.name)[0], n, seed + 77_777)
        exact = known(form.bound, form.bound.problem.exact[unknown.symbol], points)
        ours = values(k, points)
        there = np.isfinite(ours)  # an answer may end early
        ours, exact = ours[there], exact[there]
        if not all(map(form.fixes_constants, form.parts(unknown.name))):  # then the rest is compared
            ours, exact = ours - np.mean(ours), exact - np.mean(exact)
        found[unknown.name] = {"rel_l2": relative_difference(ours, exact), "max": float(np.max(np.abs(ours - exact)))}
    return found


def reference_errors(
    on_axes: Callable[[str, Sequence[Array]], Array],
    names: Collection[str],
    witness: Any,
    start: float | None = None,
    least: Mapping[str, float] = NOTHING,
    inner: bool = False,
) -> dict[str, dict[str, Any]]:
    """{name: {"rel_l2", "max", "kind", "estimated_error", "order", "sound", "extrapolated_rel_l2",
    "extrapolated_estimated_error"}} at the reference's own nodes; `on_axes` gives an unknown's values on a tensor grid.
    At the `start` of an evolution nothing is compared: all is given there, and where it jumps, or disagrees with what
    walls say, either side is right; nor is it at the ends of the axes of space where `inner` nodes alone count, as
    where what is given there jumps in time. Errors are relative to the reference's norm, of a field that vanishes to
    the `least` that its root mean square counts as.

    Where `sound` is False the order makes no sense, or the reference rests on the same readings, and that it agrees
    proves nothing."""
    found: dict[str, dict[str, Any]] = {}
    for name, nodal in witness.values.items():
        if name not in names:
            continue
        size = least.get(name, 0.0)
        gap = _difference(on_axes, name, witness.axes, _told(nodal, witness.axes, start, inner), size)
        smaller = rms(nodal[np.isfinite(nodal)]) / size if size else 1.0
        entry = {**gap, "kind": witness.kind, "estimated_error": min(smaller, 1.0) * witness.estimated_error[name]}
        entry |= {"order": float(witness.order[name]), "sound": bool(witness.sound.get(name, True))}
        if witness.extrapolated.get(name) is not None:
            better = _told(witness.extrapolated[name], witness.coarse_axes, start, inner)
            entry["extrapolated_rel_l2"] = _difference(on_axes, name, witness.coarse_axes, better, size)["rel_l2"]
            trusted = witness.extrapolated_error.get(name, witness.estimated_error[name])
            entry["extrapolated_estimated_error"] = min(smaller, 1.0) * trusted
        found[name] = entry
    return found


def number_errors(learned: Mapping[str, float], witness: Any) -> dict[str, dict[str, Any]]:
    """The same of learned numbers, relative to the reference's."""
    found: dict[str, dict[str, Any]] = {}
    for name, theirs in witness.numbers.items():
        if name in learned:
            apart, size = abs(learned[name] - theirs.value), abs(theirs.value) or abs(learned[name]) or 1.0
            found[name] = {"rel_l2": apart / size, "max": apart, "kind": witness.kind}
            found[name] |= {"estimated_error": theirs.error / size, "order": SECOND, "sound": False}
    return found


def _told(nodal: Array, axes: Sequence[Array], start: float | None, inner: bool) -> Array:
    """Without the values that are given, where there are others: at the start, and at the ends of axes of space."""
    if start is None or len(axes[-1]) < 2:
        return nodal
    told = np.where(np.isclose(axes[-1], start, rtol=0, atol=1e-12 * np.ptp(axes[-1])), np.nan, nodal)
    for k in range(len(axes) - 1 if inner else 0):
        ends = [0, len(axes[k]) - 1] if len(axes[k]) > 2 else []
        told[(slice(None),) * k + (ends,)] = np.nan
    return told


def _difference(
    on_axes: Callable[[str, Sequence[Array]], Array], name: str, axes: Sequence[Array], nodal: Array, least: float
) -> dict[str, float]:
    step = next(step for step in itertools.count(1) if math.prod(-(-n // step) for n in nodal.shape) <= NODES)
    axes, theirs = [axis[::step] for axis in axes], nodal[(slice(None, None, step),) * len(axes)]
    ours = on_axes(name, axes)
    both = np.isfinite(ours) & np.isfinite(theirs)
    shares = np.sqrt(measures(axes))[both]
    shares /= rms(shares) or 1.0
    return {
        "rel_l2": relative_difference(ours[both] * shares, theirs[both] * shares, least),
        "max": float(np.max(np.abs(ours - theirs)[both], initial=0.0)),
    }


def condition_reports(form: Form, scored: Score) -> list[dict[str, Any]]:
    """Each condition's own residual in its own units, over its equations: root of the summed squares, and largest."""
    reports = []
    for condition in form.conditions:
        rows = [s for row, s in zip(form.rows, scored.rows, strict=True) if row.condition == condition.index]
        reports.append(
            {
                "equation": condition.text,
                "on": condition.where,
                "rms": float(np.sqrt(sum(s.rms**2 for s in rows))),
                "max": max((s.max for s in rows), default=0.0),
            }
        )  # fmt: skip
    return reports
