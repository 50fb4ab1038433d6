"""What is given at the ends of the time: not more than the order in time, and in the direction that can be taken."""

from __future__ import annotations

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form, Row
from inrpde.errors import ProblemError
from inrpde.sampling import sample
from inrpde.sampling.extent import times
from inrpde.verification.checks.counting import System, at_ends, matrix, signs, states, systems
from inrpde.verification.checks.symbol import degrees, determinant, rank, roots, symbol
from inrpde.verification.finding import Finding, Kind, name

Array = np.ndarray
POINTS = 24
"""Points at which equations and conditions are looked at."""
WAVES = (30.0, 1e3, 1e4)
"""Frequencies of waves, beside the extent of the region: of one a fifth as long as this, and of short ones."""
GROWS = 20.0, 50.0
"""The exponents of growth over all the time that are too much: of the long wave, and of the short ones, if it is larger
the shorter they are."""
SLANTED = 1e-2
"""A root whose real part is smaller than this share of it may be imaginary."""


def misdirected(form: Form) -> list[Finding]:
    """Unknowns that are given too often at the ends of the time, and equations that are asked backwards."""
    if form.space.time is None or form.space.dim == 1:
        return []
    findings = []
    for system in systems(form):
        deadline.turn()
        ends = at_ends(form, system)
        if not ends or any(form.conditions[row.condition].periodic for row in ends):
            continue
        findings += _too_many(form, system, ends) + _backwards(form, system)
    return findings


def _too_many(form: Form, system: System, ends: list[Row]) -> list[Finding]:
    """Unknowns of which more is given at a place than their order in time, at the start and at the end together."""
    try:
        first = sample(system.region.initial, POINTS, 3).points
    except ProblemError:  # a part of a region has none
        return []
    last = np.column_stack([first[:, :-1], np.full(len(first), times(form)[1])])
    rng = np.random.default_rng(0)
    a = np.column_stack([1j * rng.normal(size=first[:, :-1].shape) / system.region.size, np.zeros(len(first))])
    b = np.eye(form.space.dim)[-1] / np.ptp(times(form)) + 0 * first
    findings = []
    for unknown in dict.fromkeys(form.unknowns[k].declared for k in system.unknowns):
        parts = form.parts(unknown)
        jets = [jet for row in system.rows for jet in row.jets.values() if jet.unknown in parts]
        order = len(parts) * max((jet.index[-1] for jet in jets), default=0)
        mine = [row for row in ends if {*row.indices} <= {*parts}]
        given = np.zeros(len(first), int)
        for points in (first, last) if mine else ():
            rows = [symbol(form, [row], parts, points, None, a, b) for row in mine]
            held = [row.region.contains(points)[:, None, None, None] for row in mine]
            given += rank(np.concatenate([each * here for each, here in zip(rows, held, strict=True)], axis=1))
        if 0 < order < np.median(given):
            texts = "; ".join(dict.fromkeys(row.text for row in mine))
            text = f"{unknown} is of order {order // len(parts)} in time, and more is given of it: {texts}"
            findings.append(
                Finding(Kind.COVERAGE, f"{text}; together they have no solution, or say the same", "plausible")
            )
    return findings


def _backwards(form: Form, system: System) -> list[Finding]:
    """Do waves grow the faster, the shorter they are, from where they are given?"""
    direction = signs(form, system)
    if len(direction) > 1:
        return []
    points = sample(system.region, POINTS, 3).points
    along = np.random.default_rng(0).normal(size=points[:, :-1].shape)
    along /= np.linalg.norm(along, axis=1, keepdims=True) * system.region.size
    b = np.eye(form.space.dim)[-1] / np.ptp(times(form)) + 0 * points
    exponents = []
    for state in states(system):
        growth = []
        for scale in WAVES:
            a = np.column_stack([1j * scale * along, np.zeros(len(points))])
            found = matrix(form, system, points, a, b, state)
            if found is None:
                return []
            polynomial = determinant(found)
            rates = roots(polynomial) * direction[0]
            steep = np.where(np.abs(rates.real) > SLANTED * np.abs(rates), rates.real, 0.0)
            fastest = np.where(degrees(polynomial) > 0, np.max(np.nan_to_num(steep), axis=1), 0.0)
            growth.append(float(np.median(fastest)))
        if not growth[1] > GROWS[1] or not growth[2] > 2 * growth[1]:
            return []
        exponents.append(growth[0])
    names = ", ".join(dict.fromkeys(name(form, k) for k in system.unknowns))
    where = "the start" if direction[0] > 0 else "the end"
    text = (
        f"{names}: from {where} of the time, where conditions are given, waves grow the faster the shorter they are "
        f"(one a fifth of the region long by a factor of 1e{max(exponents) / np.log(10):.0f}): the equations are asked "
        "backwards in time, or are elliptic in it"
    )
    return [Finding(Kind.ILL_POSED, text, "unverified" if max(exponents) > GROWS[0] else "plausible")]
