"""Members of a family that are looked at beside the one that an answer shows: what is said of it holds for them too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from inrpde import plugins
from inrpde.answer import Answer, Relative, measured, report
from inrpde.built import build
from inrpde.compiler import Form
from inrpde.discretise.family import Family
from inrpde.solvers.contract.method import Candidate, Context, Kin
from inrpde.solvers.loop import Run
from inrpde.solvers.search.response import amplification
from inrpde.verification.checks.validate import validate
from inrpde.verification.evidence.estimate import Estimate, estimate
from inrpde.verification.evidence.verdict import WORDS
from inrpde.verification.finding import Finding, Kind

CHECKING = 0.3
"""The share of a member's time that is for the checks of its declaration; chosen."""


@dataclass(frozen=True)
class Member:
    """What is known of a member: the values of its parameters, its estimate, and its report."""

    values: Mapping[str, float]
    estimated: Estimate
    report: Mapping[str, Any]

    @property
    def named(self) -> str:
        """Its parameters in words."""
        return ", ".join(f"{name} = {value:.4g}" for name, value in self.values.items())

    @property
    def word(self) -> str:
        """The word of its verdict."""
        return str(self.report["verdict"]["word"])

    @property
    def errors(self) -> dict[str, float]:
        """The estimated errors of its fields."""
        return {name: float(each["estimated_error"]) for name, each in self.report["fields"].items()}

    def as_dict(self) -> dict[str, Any]:
        """As the JSON has it."""
        fields = {
            name: {key: each[key] for key in ("estimated_error", "exact")}
            for name, each in self.report["fields"].items()
        }
        return {"at": dict(self.values), "verdict": self.report["verdict"], "fields": fields}


def looked_at(context: Context, kin: Kin, plugin: plugins.Plugin) -> list[Member]:
    """The members at the values that are to be checked, each with a second solve of its own, in equal shares of the
    time that there is for one."""
    seconds = context.clock.second / (len(kin.checks) + 1)
    return [_looked_at(context, values, *kin.member(values), plugin, seconds) for values in kin.checks]


def _looked_at(
    context: Context, values: Mapping[str, float], form: Form, candidate: Candidate, plugin: plugins.Plugin,
    seconds: float,
) -> Member:  # fmt: skip
    measure = partial(amplification, form, seed=context.seed)
    findings = validate(form, CHECKING * seconds)
    estimated = estimate(
        form, candidate, context.seed, (1 - CHECKING) * seconds, context.clock.scoring, measure
    )  # fmt: skip
    estimated = estimated.no_less(form, findings)
    solution = build(form, candidate.state, None, None, {})
    answer = Answer(
        form, Run(candidate, [], ""), estimated, solution, context.settings, context.seed, None, [], findings, plugin,
        context.clock.budget,
    )  # fmt: skip
    return Member(values, estimated, report(answer, measured(answer), None))


def doubts(members: Sequence[Member]) -> list[Finding]:
    """What the worst of members that are below plausible lowers the verdict to."""
    low = [each for each in members if WORDS.index(each.word) < WORDS.index("plausible")]
    if not low:
        return []
    worst = min(low, key=lambda each: (WORDS.index(each.word), -max(each.errors.values())))
    others = f" and at {len(low) - 1} more of the {len(members)} members that were checked" if len(low) > 1 else ""
    text = f"at {worst.named}{others}: {worst.report['verdict']['because']}"
    return [Finding(Kind.FAMILY, text, worst.word)]


def family(kin: Kin, report: Mapping[str, Any], members: Sequence[Relative]) -> Family:
    """The family with the largest errors of the members that were checked, and of the one that is shown."""
    shown = {name: float(each["estimated_error"]) for name, each in report["fields"].items()}
    every = [({}, shown), *((each.values, each.errors) for each in members)]
    doubts = [kin.family.doubt(kin.family.values(values)) for values, _ in every]
    estimates = {name: max(errors[name] for _, errors in every) for name in shown}
    pairs = [(doubt, errors) for doubt, (_, errors) in zip(doubts, every, strict=True) if doubt > 0]  # 0 is exact
    ratios = {name: max((errors[name] / doubt for doubt, errors in pairs), default=0.0) for name in shown}
    return replace(kin.family, estimates=estimates, ratios=ratios)
