"""What is said of a member of a family that was not looked at by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inrpde.discretise.family import Family
from inrpde.verification.evidence.thresholds import CLOSE, GOOD
from inrpde.verification.evidence.verdict import WORDS

DOUBTFUL, SMALL = 10.0, 1e-6
"""How many times as doubtful as the members that were checked another one is of which nothing is said, and the
estimated error below which it may be; chosen."""


def reported(family: Family, report: Mapping[str, Any], values: np.ndarray) -> dict[str, Any]:
    """The report of the member of values (p,) from that of the family, by the errors that are expected of it.

    Its word is the lowest of those of the members that were checked, and that which its own error allows where nothing
    but two solves is known."""
    doubt, told = family.doubt(values), report.get("family", {})
    errors = {name: ratio * doubt for name, ratio in family.ratios.items()}
    at = dict(zip(family.names, map(float, values), strict=True))
    unknown = dict.fromkeys(("estimate", "exact", "reference"))
    word, because = _verdict(family, report, errors, ", ".join(f"{name} = {at[name]:.6g}" for name in at))
    alone = "solve this member by itself, as more methods can: " + " ".join(f"--param {n}={at[n]:.6g}" for n in at)
    return {
        **report,
        "fields": {name: {"estimated_error": error, **unknown} for name, error in errors.items()},
        "verdict": {"word": word, "because": because},
        "next": [alone] if WORDS.index(word) < WORDS.index("plausible") else [],
        "residual": None, "conditions": [], "output": None, "report": [], "family": {**told, "at": at},
    }  # fmt: skip


def _verdict(family: Family, report: Mapping[str, Any], errors: Mapping[str, float], named: str) -> tuple[str, str]:
    """The word, and why."""
    verdicts = [report.get("verdict", {}), *(each["verdict"] for each in report.get("family", {}).get("members", ()))]
    word = min((each.get("word", "unverified") for each in verdicts), key=WORDS.index)
    known = {name: max(each, SMALL / DOUBTFUL) for name, each in family.estimates.items()}
    larger = max((errors[name] / each for name, each in known.items()), default=np.inf)
    worst = max(errors.values(), default=np.inf)
    if larger > DOUBTFUL:
        what = f"the reduced problem at {named} is {larger:.0f} times as doubtful as where members were checked"
        return min(word, "unverified", key=WORDS.index), what
    allowed = "verified" if worst < CLOSE else "plausible" if worst < GOOD else "unverified"
    if WORDS.index(allowed) < WORDS.index(word):
        return allowed, f"a member of a family, {named}: estimated error {worst:.1e}"
    return word, f"a member of a family, {named}: of the members that were checked none is less than {word}"
