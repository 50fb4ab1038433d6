"""What to try next where an answer is not verified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from inrpde.compiler.form import Form
from inrpde.verification.evidence.estimate import Estimate
from inrpde.verification.evidence.thresholds import GOOD
from inrpde.verification.evidence.verdict import WORDS
from inrpde.verification.evidence.weigh import Weighed
from inrpde.verification.finding import Finding

MOST = 2
"""Things to try that are named at most."""
NOISY = 0.5
"""The share of an error that noise makes, from which no more time helps; chosen."""
MORE = 4.0
"""How many times the time that was given is worth trying."""


def advice(
    word: str, form: Form, estimated: Estimate, fields: Mapping[str, Weighed], doubts: Sequence[Finding],
    budget: float | None,
) -> list[str]:  # fmt: skip
    """The one or two things to try next, the most promising first; nothing where the answer is good."""
    if WORDS.index(word) >= WORDS.index("plausible"):
        return []
    return list(dict.fromkeys(_steps(form, estimated, fields, doubts, budget)))[:MOST]


def _noisy(estimated: Estimate) -> bool:
    """Is the error of what is known worst that which the noise of readings makes?"""
    worst = max(estimated.fields, key=lambda name: estimated.fields[name])
    return estimated.scatter.get(worst, 0.0) > NOISY * estimated.fields[worst]


def _steps(
    form: Form, estimated: Estimate, fields: Mapping[str, Weighed], doubts: Sequence[Finding], budget: float | None
) -> Iterator[str]:
    better = {name: each for name, each in fields.items() if each.better}
    if better:
        names, error = ", ".join(f"{name}_reference" for name in better), max(each.trust for each in better.values())
        yield f"use the reference, {names} in the file: its own error is {error:.1e}"
    capping = [each for each in doubts if each.at_most]
    yield from (each.fix for each in sorted(capping, key=lambda each: WORDS.index(str(each.at_most))) if each.fix)
    if estimated.open:
        yield f"look for a condition that fixes {', '.join(estimated.open)}: two different solves satisfy all that hold"
    if (family := form.bound.problem.family) is not None:
        flags = " ".join(f"--param {each.name}={each.middle:g}" for each in family.parameters)
        yield f"solve one member by itself, as more methods can: {flags}"
    if _noisy(estimated):
        yield "take more readings, or less noisy ones: their noise is what the error is made of"
    elif budget is not None:
        yield f"give more time: --budget {float(f'{MORE * budget:.1g}'):g}"
    else:
        yield f"ask for an error, and it goes on for longer: --tol {GOOD / 5:g}"
    if estimated.score > GOOD:
        pairs = zip(form.rows, estimated.first.rows, strict=True)
        worst, _ = max(((row, each.relative) for row, each in pairs if not each.prior), key=lambda pair: pair[1])
        yield f"look at {worst.text}: of all conditions it is the farthest from being satisfied"
