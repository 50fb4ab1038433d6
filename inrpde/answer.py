"""An answer and what is said of it: its residuals and errors, the comparison with a reference, the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from inrpde import deadline, plugins
from inrpde.compiler import Form
from inrpde.discretise.score import Score, score
from inrpde.errors import InrpdeError, ShortError
from inrpde.references import NoReference, Reference, Refusal
from inrpde.solution import Solution
from inrpde.solvers.loop import Run
from inrpde.verification.evidence.advice import advice
from inrpde.verification.evidence.amplified import ill_posed
from inrpde.verification.evidence.bounds import bound
from inrpde.verification.evidence.estimate import MOST, Estimate, unfitted
from inrpde.verification.evidence.flows import leaking
from inrpde.verification.evidence.report import condition_reports, exact_errors
from inrpde.verification.evidence.switching import switching, unsearched
from inrpde.verification.evidence.thresholds import FAIR, VARIES
from inrpde.verification.evidence.unmet import Unmet, ended, failure, unmet
from inrpde.verification.evidence.verdict import WORDS, verdict
from inrpde.verification.evidence.weigh import Weighed, weigh
from inrpde.verification.finding import Finding, Kind

HELD_OUT = 15_485_863
"""Added to the seed for the points on which conditions are reported: neither fitted nor used to choose."""
SEARCH, SEARCHED = 5.0, 0.05
"""Seconds for what is looked for in the answer itself, without a budget, and as a share of one: what has not ended by
then is left."""
POOR = 1e-3
"""A score above which a reference that finds no solution says that there may be none."""
NO_REFERENCE = "there is no reference for this problem"


class Relative(Protocol):
    """A member of a family: the values of its parameters, its errors by field, and what the JSON has of it."""

    @property
    def values(self) -> Mapping[str, float]: ...

    @property
    def errors(self) -> Mapping[str, float]: ...

    def as_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Answer:
    """What was found, before its checks. `warnings` and `findings` grow with these."""

    form: Form
    found: Run
    estimated: Estimate
    solution: Solution
    settings: Mapping[str, Any]
    seed: int
    tol: float | None
    warnings: list[str]
    findings: list[Finding]
    method: plugins.Plugin
    budget: float | None = None
    require: str | None = None
    members: Sequence[Relative] = ()
    """Of a family, other members that were looked at."""


@dataclass(frozen=True)
class Witness:
    """A reference, the errors of an answer against it, and the same as a solution."""

    reference: Reference
    errors: Mapping[str, Mapping[str, Any]]
    solution: Solution


@dataclass(frozen=True)
class Measured:
    """What is known of an answer by itself: errors against an exact solution, residuals on points that were neither
    fitted nor used to choose, the equations that do not hold, and the balances that it does not keep, in
    boxes and where functions of it are narrow."""

    exact: Mapping[str, Mapping[str, float]]
    scored: Score
    left: list[Unmet]
    leaks: list[Finding]
    bound: float | None = None
    """A bound on the error by the maximum principle, relative to the solution's size."""

    @property
    def findings(self) -> list[Finding]:
        return [*(each.finding for each in self.left), *self.leaks]


def measured(answer: Answer) -> Measured:
    """Measure an answer by itself."""
    form, seed = answer.form, answer.seed
    exact = exact_errors(
        form, lambda k, points: answer.solution._values(form.bound.unknowns[k].name, points),
        answer.settings["check.points"], seed,
    )  # fmt: skip
    held_out = unfitted(form, answer.found.best, 4000, seed + HELD_OUT).thinned(answer.estimated.most)
    scored = score(form, held_out, answer.found.best.state)
    scales = [row.scale for row in scored.rows]
    whole = answer.found.best.until is None  # after that the answer is none
    share = answer.estimated.most / MOST
    of, worst, leaks = answer.solution.evaluate, answer.estimated.worst, list[Finding]()
    missed = unsearched(form) if whole else []
    with deadline.within(SEARCH if answer.budget is None else SEARCHED * answer.budget):
        if whole:
            leaks += switching(form, held_out, answer.found.best.state, scored.sizes, of, worst)
            missed = []
            leaks += leaking(form, of, scales, worst, share)
    leaks += missed
    return Measured(exact, scored, unmet(form, answer.estimated), leaks, bound(form, scored) if whole else None)


def report(answer: Answer, known: Measured, witness: Witness | None) -> dict[str, Any]:
    """The JSON object of the command line, without the seconds, the output and the numbers that are asked for."""
    form, best, estimated, found = answer.form, answer.found.best, answer.estimated, answer.found
    names = [unknown.name for unknown in form.bound.unknowns if not unknown.is_number]
    compared = witness.errors if witness is not None else {}
    told = {} if witness is not None and _blind(answer, witness.reference) else compared
    parts, small = _parts(form, estimated), estimated.balances(form)
    amplified, left = estimated.amplified, dict[str | None, float]()
    # an answer by levels knows what it leaves where data disagree, of which a reference on a grid sees nothing
    for each in [*known.leaks, *(answer.findings if best.weak else ())]:
        left[each.of] = max(each.cost, left.get(each.of, 0.0))
    unheld = [*ill_posed(form, amplified, estimated.score), *known.findings, *ended(form, best)]
    doubts = [*unheld, *answer.findings]
    proof = None if any(each.at_most == "unverified" for each in doubts) else known.bound  # of equations as they are
    fields = {
        name: weigh(
            estimated.vanishing.get(part, estimated.fields[part]), told.get(name),
            1.0 if name in small else estimated.spread.get(part, 1.0), proof,
            1.0 if amplified is None else amplified.of(part), estimated.fields[part] if name in small else 0.0,
        ).no_less(left.get(name, 0.0))
        for name, part in parts.items()
    }  # fmt: skip
    word = verdict(estimated, fields, doubts)
    following = advice(word.word, form, estimated, fields, doubts, answer.budget)
    error = failed(answer.method, found.failure) if found.failure is not None else failure(form, best, estimated)
    error = error or _short(answer, word.word, following)
    errors = [each.error for each in fields.values()] + [max(each.errors.values()) for each in answer.members]
    reached = answer.tol is None or max(errors) <= answer.tol
    texts = (each.text for each in unheld)
    warnings = [*answer.warnings, *texts, *(witness.reference.warnings if witness is not None else ())]
    made = {
        "problem": form.bound.problem.name,
        "status": error.status if error else "ok" if reached else "tolerance",
        "method": best.method,
        "verdict": {"word": word.word, "because": word.because},
        "next": following,
        "fields": {
            name: {
                "estimated_error": fields[name].of_itself,
                "estimate": estimated.parts(parts[name]) | {"bound": known.bound},
                "exact": _varied(known.exact.get(name), fields[name]),
                "reference": _varied(compared.get(name), fields[name]),
                **({"better": "reference"} if fields[name].better else {}),
                **({"variation": fields[name].of_variation} if fields[name].ratio >= VARIES else {}),
            }
            for name in names
        },
        "residual": {"fitted": best.fitted, "held_out": known.scored.total},
        "conditions": condition_reports(form, known.scored),
        "seconds": {},
        "learned": _learned(answer, witness),
        "warnings": list(dict.fromkeys(warnings)),
        "findings": [each.as_dict() for each in (*answer.findings, *unheld)],
        "output": None,
        "seed": answer.seed,
        "steps": found.steps,
        "ended": found.ended,
    }
    if best.kin is not None:
        made["family"] = {**best.kin.family.as_dict(), "members": [each.as_dict() for each in answer.members]}
    return made | {"error": error.as_dict()} if error else made


def _blind(answer: Answer, reference: Reference) -> bool:
    """Does a reference move values that jump to the nodes of its grids, all of them alike, where the answer has cells
    that end there? In time these are smoothed, and soon nothing."""
    steady, on_grid = answer.form.evolves is None, reference.cells is None
    return answer.found.best.weak and steady and on_grid and any(each.edge for each in answer.findings)


def _learned(answer: Answer, witness: Witness | None = None) -> dict[str, dict[str, Any]]:
    """Each learned number with its standard deviation, None where the method does not know it, and what the reference
    says, where there is one."""
    theirs = {} if witness is None else witness.reference.numbers
    names = {unknown.name: k for k, unknown in enumerate(answer.form.unknowns)}
    spread = answer.found.best.spread
    stds = {
        name: float(np.linalg.norm(spread[k])) if (k := names[name]) in spread else None
        for name in answer.solution.learned
    }
    said = {name: {"reference": {"value": each.value, "std": each.std}} for name, each in theirs.items()}
    return {
        name: {"value": value, "std": stds[name], **said.get(name, {})}
        for name, value in answer.solution.learned.items()
    }  # fmt: skip


def _varied(errors: Mapping[str, Any] | None, field: Weighed) -> Mapping[str, Any] | None:
    """Errors of a field, and the error relative to its deviation from its mean where a large constant hides it."""
    return errors if not errors or field.ratio < VARIES else {**errors, "variation": field.ratio * errors["rel_l2"]}


def _short(answer: Answer, word: str, following: Sequence[str]) -> InrpdeError | None:
    """That the verdict is below what is required."""
    if answer.require is None or WORDS.index(word) >= WORDS.index(answer.require):
        return None
    what = f"the verdict is {word}, and {answer.require} is required"
    return ShortError(what, f"--require {answer.require}", "; ".join(following) or "give more time, or require less")


def unchecked(answer: Answer, error: Exception) -> dict[str, Any]:
    """The report of an answer whose checks have failed."""
    because = f"the checks of the answer failed: {plugins.failed(error)}"
    unknown = dict.fromkeys(("estimated_error", "estimate", "exact", "reference"))
    return {
        "problem": answer.form.bound.problem.name, "status": InrpdeError.status, "method": answer.found.best.method,
        "verdict": {"word": "unverified", "because": because}, "next": [],
        "fields": dict.fromkeys(answer.solution.fields, unknown),
        "residual": {"fitted": answer.found.best.fitted, "held_out": answer.found.best.score}, "conditions": [],
        "seconds": {}, "learned": _learned(answer), "warnings": list(answer.warnings),
        "findings": [each.as_dict() for each in answer.findings], "output": None, "seed": answer.seed,
        "steps": answer.found.steps, "ended": answer.found.ended,
        "error": InrpdeError(because, None, "the fields are whole; nothing says how good they are").as_dict(),
    }  # fmt: skip


def _parts(form: Form, estimated: Estimate) -> dict[str, str]:
    """The solved unknown that stands for each declared one: of a split pair, that whose estimate is the larger."""
    counted = {**estimated.fields, **estimated.vanishing}
    return {
        unknown.name: max((form.unknowns[k].name for k in form.parts(unknown.name)), key=counted.__getitem__)
        for unknown in form.bound.unknowns
    }


def doubt(answer: Answer, refused: NoReference) -> None:
    """Note that there is no reference, and what that says of the answer."""
    lost = refused.kind is Refusal.DIVERGED and answer.found.best.score > POOR
    at_most = "plausible" if refused.kind is Refusal.SINGULAR else "unverified" if lost else None
    text = f"{NO_REFERENCE} ({refused.reason})"
    answer.warnings.append(text)
    answer.findings.append(Finding(Kind.REFERENCE, text, at_most))


def alone(found: Reference) -> tuple[str, str]:
    """The word for a reference by itself, and its evidence."""
    if not found.numbers and not found.deviations:
        return "plausible", "Richardson from two grids; no second method"
    errors = [each.error / (abs(each.value) or 1.0) for each in found.numbers.values()]
    known = max([*errors, *found.estimated_error.values()]) < FAIR
    because = "the readings' noise, what grids differ by and what another penalty makes of it; no second method"
    return "plausible" if known else "unverified", because


def failed(plugin: plugins.Plugin, error: BaseException) -> InrpdeError:
    """That a method failed, as an error that names it and its package."""
    if isinstance(error, InrpdeError):
        return error
    what = f"the method {plugin.name!r} failed: {plugins.failed(error)}"
    return InrpdeError(what, plugin.package, "INRPDE_DEBUG=1 shows the traceback; please report it to that package")
