"""What the amplification of data says of an error, and of how far to trust an answer."""

from __future__ import annotations

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.discretise.amplification import Amplification
from inrpde.verification.evidence.resonance import rings
from inrpde.verification.evidence.thresholds import (
    FARTHEST,
    LOGARITHMIC,
    MEASURED,
    ROUNDED_DATA,
    SOFT,
    UNSEEN,
    USELESS,
    USUAL,
)
from inrpde.verification.finding import Finding, Kind


def gain(found: Amplification | None, name: str) -> float:
    """The error of an unknown over the residual that two solves share: κ beside the usual one, unless nothing bounds
    it. Residuals are less smooth than what is amplified most."""
    return 1.0 if found is None or found.unbounded else max(found.of(name) / USUAL, 1.0)


def unaided(found: Amplification | None, name: str) -> float:
    """The error of an unknown over the score, where there is no second solve: κ, up to the usual one and beyond it as
    for what two solves share; where that is not measured, the middle of what is usual."""
    return USUAL**0.5 if found is None else max(float(np.clip(found.of(name), 1.0, USUAL)), gain(found, name))


def explained(found: Amplification | None, name: str) -> float:
    """How far apart two solves may be, over their residuals, for no other reason than that data are amplified; 0 where
    what rounding makes of them leaves no answer."""
    return 0.0 if found is None or ROUNDED_DATA * found.of(name) > USELESS else found.of(name)


def hidden(
    found: Amplification | None, name: str, residual: float, share: float = 1.0, difference: float = 0.0
) -> float:  # fmt: skip
    """The error of an unknown that neither residuals show nor the `difference` of two solves, relative to its norm, of
    which it varies by a `share`: that of rounding; where nothing bounds the amplification, of what data hardly hold.

    Two solves that differ by far less than such residuals allow have left out the same: it may be as large as what is
    amplified makes of the residual, or as logarithmic stability allows, if that is less."""
    if found is None or not found.large(name):
        return 0.0
    if not found.unbounded:
        return ROUNDED_DATA * found.of(name)
    left = found.of(name) * residual * share
    return min(left, LOGARITHMIC / max(-np.log(max(residual, 1e-300)), 1.0)) if left > FARTHEST * difference else 0.0


def kept(form: Form, found: Amplification | None, name: str, residual: float, share: float) -> float:
    """The error that two solves of nonlinear equations have alike, where the second begins at the first and hardly
    anything moves it: what is amplified makes of the residual."""
    if found is None or form.linear or found.of(name) <= SOFT:
        return 0.0
    return found.of(name) * residual * share


def ill_posed(form: Form, found: Amplification | None, residual: float) -> list[Finding]:
    """That data are amplified by far, with the condition whose data are amplified most: what that makes of the
    `residual` of an answer, its score, may leave nothing of it. Coefficients that are learned are hardly ever
    well-posed: where these alone are amplified, the answer may be plausible."""
    if found is None:
        return []
    free = not form.linear and found.largest > SOFT and found.largest * residual > USELESS
    if not (free or any(map(found.large, found.gains))):
        return []
    sought = all(unknown.learned for unknown in form.unknowns if found.large(unknown.name))
    row = form.rows[found.steepest]
    times = f"what {row.text} gives is amplified {found.largest:.0e} times"
    left = f"terms that are right to {MEASURED:.0e} leave an error of {min(MEASURED * found.largest, 1.0):.0e}"
    ringing = any(rings(form, each) for each in form.rows)
    if found.unbounded:
        why = "an equation that smooths is asked backwards" + (", or many modes are at a resonance" if ringing else "")
        text = f"the problem is ill-posed: {times}, the finer it varies the more, as where {why}; {left}"
        return [Finding(Kind.ILL_POSED, text, "plausible" if sought else "unverified")]
    useless = found.largest * max(residual, UNSEEN) > USELESS
    beyond = _measured(row) and found.largest * MEASURED > USELESS
    text = f"the problem is {'near a resonance' if ringing else 'nearly singular'}: {times}; {left}"
    return [Finding(Kind.ILL_POSED, text, "unverified" if useless else "plausible" if beyond else None)]


def _measured(row: Row) -> bool:
    """Do readings or gridded data stand in an equation?"""
    return row.region.dim == 0 or bool(row.data)
