"""One word for how far to trust an answer, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inrpde.verification.estimate import Estimate

GOOD = 0.05
"""An estimate above this is no answer that could be verified."""
SUSPICIOUS = 30.0
"""A held-out score so many times the difference of two solves: they agree on something that is not a solution."""


@dataclass(frozen=True)
class Verdict:
    word: str
    because: str


def verdict(estimates: Estimate, references: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """`verified` (an independent solver agrees, or the equations hold on points that were not fitted to well below the
    error claimed), `plausible`, `unverified` or `wrong`. `references` holds rel_l2 and estimated_error by field."""
    worst = estimates.worst
    shown = f"held-out score {estimates.score:.1e}, estimated error {worst:.1e}"
    gaps = [(r["rel_l2"], r.get("estimated_error") or 0.0, name) for name, r in references.items() if r]
    for gap, trust, name in gaps:
        if gap > 5 * (trust + worst) and gap > 0.1 and trust < 0.05:
            return Verdict(
                "wrong", f"{name} differs from the reference by {gap:.1e}, whose own error is {trust:.1e}; {shown}"
            )
    if worst > 0.5:
        return Verdict("unverified", shown)
    differences = [d for d in estimates.second.values() if d == d]
    suspicious = (
        bool(differences) and estimates.score > SUSPICIOUS * max(*differences, 1e-13) and estimates.score > 1e-3
    )
    if gaps:
        agrees = all(gap <= 3 * (trust + worst) for gap, trust, _ in gaps)
        text = ", ".join(
            f"{name} within {gap:.1e} of the reference (its own error {trust:.1e})" for gap, trust, name in gaps
        )
        close = all(gap < GOOD and trust < GOOD for gap, trust, _ in gaps)
        if agrees and close and worst < GOOD:
            return Verdict("verified", f"{text}; {shown}")
        return Verdict("plausible" if agrees and worst < 0.2 else "unverified", f"{text}; {shown}")
    if suspicious:
        return Verdict(
            "unverified", f"two solves agree, but the equations do not hold on points that were not fitted; {shown}"
        )
    if not differences:
        return Verdict(
            "plausible" if estimates.score < 1e-2 else "unverified", f"no second solve, no reference; {shown}"
        )
    if estimates.score < 1e-4 and worst < 1e-3:
        return Verdict(
            "verified",
            f"the equations hold on points that were not fitted, and a second, different solve agrees; {shown}",
        )
    return Verdict("plausible" if worst < GOOD else "unverified", f"no reference; {shown}")
