"""What the page says, as plain data: from a dataset and the JSON report of its solve, part by part."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

from sympy import Eq, Symbol

from inrpde.declaration.mathml import periodic, pieces
from inrpde.errors import OutputError
from inrpde.export.dataset import Dataset
from inrpde.export.report.pictures import CAPTIONS, Picture, pictures
from inrpde.export.report.regions import drawn
from inrpde.export.report.steps import Step, steps
from inrpde.export.report.words import KINDS, MEANINGS, PARTS, PARTS_NAMES, STATES, listed, number, sentence
from inrpde.export.symbols import parse

Report = Mapping[str, Any]
NOTHING = 2.0
"""The estimated error that stands for no knowledge (docs/verdict.md)."""


@dataclass(frozen=True)
class Table:
    """Texts in rows; `numeric` says of each column whether it holds numbers, `head` is empty where rows have names."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]


@dataclass(frozen=True)
class Equation:
    """A condition: for each of its rows the pieces of MathML, or `text` where it is not typeset; where it holds; and
    its residual on points that were not fitted."""

    rows: tuple[tuple[str, ...], ...]
    text: str
    on: str
    rms: str
    largest: str


@dataclass(frozen=True)
class Given:
    """A coefficient: pieces of MathML, or a text."""

    pieces: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Noted:
    """A finding: what it is about, the sentence, and the word that the verdict is at most because of it, or nothing."""

    about: str
    text: str
    at_most: str


@dataclass(frozen=True)
class Page:
    name: str
    words: tuple[str, ...]
    """The status, where it is not ok, and the verdict's word."""
    meaning: tuple[str, ...]
    evidence: tuple[str, ...]
    failure: tuple[str, ...]
    facts: str
    errors: Table | None
    explained: tuple[str, ...]
    """Where the estimated errors come from, in sentences."""
    residual: str
    numbers: Table | None
    family: Table | None
    pictures: tuple[Picture, ...]
    times: tuple[str, ...]
    """The times of the pictures' frames, in words."""
    no_pictures: str
    """Why there are none, and `mend`, the command that changes it."""
    mend: str
    scales: str
    """What has one scale of colours, in a sentence."""
    setting: str
    """An image of where the conditions hold, or nothing."""
    equations: tuple[Equation, ...]
    coefficients: tuple[Given, ...]
    reference: Table | None
    tried: Table | None
    ended: str
    strategies: Table | None
    findings: tuple[Noted, ...]
    next: tuple[Step, ...]
    made: Table | None
    seconds: Table | None
    command: str
    source: str


def content(dataset: Dataset, report: Report) -> Page:
    """The page of a dataset and a report. Raises whatever an odd report leads to."""
    conditions, fields = dataset.private.get("conditions") or [], report.get("fields") or {}
    verdict, error = report.get("verdict") or {}, report.get("error") or {}
    status, word, told = report.get("status"), verdict.get("word"), dataset.attributes
    shown, times, setting, missing = _drawn(dataset, conditions)
    return Page(
        name=str(report.get("problem") or told.get("problem") or "solution"),
        words=tuple(str(each) for each in (status if status != "ok" else None, word) if each),
        meaning=tuple(filter(None, (MEANINGS.get(str(word), ""), STATES.get(str(status), "")))),
        evidence=tuple(sentence(part) for part in str(verdict.get("because") or "").split("; ") if part),
        failure=tuple(sentence(str(error[part])) for part in ("what", "where", "fix") if error.get(part)),
        facts=_facts(report),
        errors=_errors(fields),
        explained=_explained(fields),
        residual=", ".join(
            f"{name.replace('_', ' ')} {number(v)}" for name, v in (report.get("residual") or {}).items()
        ),
        numbers=_numbers(report),
        family=_family(report.get("family")),
        pictures=tuple(shown),
        times=tuple(times),
        no_pictures="" if missing is None else sentence(missing.what),
        mend="" if missing is None else missing.fix or "",
        scales=_scales(shown, times, len(dataset.unknowns)),
        setting=setting or "",
        equations=_equations(conditions, report.get("conditions") or []),
        coefficients=tuple(_given(*each) for each in (dataset.private.get("coefficients") or {}).items()),
        reference=_reference(fields),
        tried=table(
            ("tried", "how", "score", "seconds", "better than before"),
            [
                [each[key] for key in ("method", "reason", "score", "seconds", "kept")]
                for each in report.get("steps") or ()
            ],
        ),
        ended=sentence(str(report["ended"])) if report.get("ended") else "",
        strategies=table(
            ("strategy", "does it run?", "why"),
            [[each["name"], each["runs"] or "no", each["because"]] for each in told.get("strategies") or ()],
        ),
        findings=_findings(report),
        next=tuple(steps(report, str(told.get("command") or ""))),
        made=_made(dataset, report),
        seconds=table(
            tuple(report.get("seconds") or {}), [list(report["seconds"].values())] if report.get("seconds") else []
        ),
        command=str(told.get("command") or ""),
        source=str(told.get("source") or ""),
    )


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table | None:
    """A table of these rows; a column that is empty throughout is left out. None without rows."""
    if not rows:
        return None
    kept = [n for n in range(len(rows[0])) if any(row[n] is not None for row in rows)]
    numeric = tuple(bool(head) and all(row[n] is None or _is_number(row[n]) for row in rows) for n in kept)
    texts = tuple(tuple(number(row[n]) for n in kept) for row in rows)
    return Table(tuple(head[n] for n in kept) if head else (), texts, numeric)


def _drawn(
    dataset: Dataset, conditions: Sequence[Mapping[str, Any]]
) -> tuple[list[Picture], list[str], str | None, OutputError | None]:
    """The pictures, their times, that of the conditions; and why there are none."""
    names = dataset.coords
    readings: dict[str, list[Any]] = {}
    for each in conditions:
        for unknown, values in each["readings"].items():
            readings.setdefault(unknown, []).append((each["points"], values))
    try:
        shown, times = pictures(dataset, readings)
        return shown, times, drawn(dataset, conditions, names), None
    except OutputError as error:
        return [], [], None, error


def _scales(shown: Sequence[Picture], times: Sequence[str], unknowns: int) -> str:
    titles = {panel.title for picture in shown for panel in picture.panels}
    what = [("the answer and the reference", CAPTIONS["reference"] in titles), ("all times", bool(times))]
    what += [("all slices and parts of an unknown", len(shown) > unknowns)]
    named = [text for text, there in what if there]
    if not named:
        return ""
    apart = "; the difference has its own" if CAPTIONS["difference"] in titles else ""
    return sentence(f"the scale is the same for {listed(named)}{apart}")


def _facts(report: Report) -> str:
    seconds = report.get("seconds") or {}
    facts = [f"method {report['method']}"] if report.get("method") else []
    facts += [f"{number(seconds['total'])} s in all"] if "total" in seconds else []
    return ", ".join(facts)


def _errors(fields: Mapping[str, Report]) -> Table | None:
    """A row for the estimated errors and for each number that speaks of them, a column for each unknown."""
    rows: list[tuple[str, list[Any], str]] = [
        ("estimated error", [field.get("estimated_error") for field in fields.values()],
         "relative, in the L2 norm: ‖answer − truth‖ / ‖answer‖"),
        ("the same of what varies", [field.get("variation") for field in fields.values()],
         "relative to the deviation from the mean, which a large constant hides"),
    ]  # fmt: skip
    for key, name in PARTS_NAMES.items():
        rows.append((name, [(field.get("estimate") or {}).get(key) for field in fields.values()], PARTS[key]))
    for key, of, text in (
        ("difference to the reference", "reference", "relative in L2, at the reference's own nodes"),
        ("true error", "exact", "against the exact solution, which the estimate does not see"),
    ):
        rows.append((key, [(field.get(of) or {}).get("rel_l2") for field in fields.values()], text))
    kept = [[name, *values, text] for name, values, text in rows if any(value is not None for value in values)]
    return table(("", *fields, "what it is"), kept)


def _explained(fields: Mapping[str, Report]) -> tuple[str, ...]:
    """Where the estimated errors come from, in sentences: which evidence gives the number."""
    by_why: dict[str, list[str]] = {}
    for name, field in fields.items():
        if field.get("estimated_error") is not None and field.get("estimate"):
            by_why.setdefault(_why(field["estimated_error"], field), []).append(name)
    return tuple(f"The estimated error of {listed(names)} {why}." for why, names in by_why.items())


def _why(estimated: float, field: Report) -> str:
    estimate, reference = field["estimate"], field.get("reference") or {}

    def is_(*parts: str) -> bool:
        values = [reference[part] for part in parts if reference.get(part) is not None]
        return len(values) == len(parts) and math.isclose(estimated, math.fsum(values), rel_tol=1e-6)

    if estimated >= NOTHING:
        return f"is the largest that there is: {NOTHING:g} means that nothing is known of it"
    if is_("rel_l2") or is_("extrapolated_rel_l2"):
        return "is the difference to the reference, which outweighs what two solves say"
    if is_("rel_l2", "estimated_error") or is_("extrapolated_rel_l2", "extrapolated_estimated_error"):
        return "is the difference to the reference together with the reference's own error: both bound it"
    if estimate.get("bound") is not None and math.isclose(estimated, estimate["bound"], rel_tol=1e-6):
        return "is what the maximum principle proves from the residuals"
    if estimate.get("difference") is not None:
        return "is the answer's share of the difference of two solves, with the residual that both leave"
    return "rests on the residual on points that were not fitted alone: there was no second solve"


def _numbers(report: Report) -> Table | None:
    """The numbers that were learned, and those that the problem asks for."""
    keys = ("expression", "value", "estimated_error", "reference")
    rows = [
        [name, each["value"], each["std"], (each.get("reference") or {}).get("value")]
        for name, each in (report.get("learned") or {}).items()
    ]
    rows += [[row.get(key) for key in keys] for row in report.get("report") or ()]
    return table(("number", "value", "estimated error", "by the reference"), rows)


def _family(family: Report | None) -> Table | None:
    """The members of a family that were checked beside the one that is shown."""
    if not family or not family.get("members"):
        return None
    names = list(family["parameters"])
    fields = list(family["members"][0]["fields"])
    rows = [
        [*(each["at"][name] for name in names), each["verdict"]["word"],
         *(each["fields"][name]["estimated_error"] for name in fields)]
        for each in family["members"]
    ]  # fmt: skip
    return table((*names, "verdict", *(f"estimated error of {name}" for name in fields)), rows)


def _equations(conditions: Sequence[Report], scored: Sequence[Report]) -> tuple[Equation, ...]:
    """The conditions of the file, or what the report says of them where it keeps none."""
    found = []
    for k in range(max(len(conditions), len(scored))):
        kept, told = (each[k] if k < len(each) else {} for each in (conditions, scored))
        rows, text = typeset(kept) if kept else [], str(kept.get("text") or told.get("equation") or "")
        residuals = [number(told[key]) if told.get(key) is not None else "" for key in ("rms", "max")]
        found.append(Equation(tuple(map(tuple, rows)), text, str(kept.get("on") or told.get("on")), *residuals))
    return tuple(found)


def typeset(kept: Report) -> list[list[str]]:
    """For each row of a condition, as `inrpde.declared` keeps it, its pieces; none where one is too long. Raises
    OutputError for text that `export.symbols.dump` has not written."""
    if kept["periodic"]:
        return [[periodic(*map(Symbol, kept["periodic"]))]]
    integrals = {
        name: (parse(str(each["integrand"])), list(map(Symbol, each["over"])), bool(each["mean"]), str(each["on"]))
        for name, each in kept["integrals"].items()
    }
    rows = [pieces(parse(row), integrals) for row in kept["rows"]]
    return rows if all(rows) else []


def _given(name: str, state: Mapping[str, Any]) -> Given:
    """A coefficient as it is bound: an expression, or data, of which only the kind is told."""
    if state["type"] != "expression":
        return Given((), f"{name}: data ({state['type']})")
    value = parse(str(state["text"]))
    return Given(tuple(pieces(Eq(Symbol(name), value, evaluate=False))), f"{name} = {str(value)[:400]}")


def _reference(fields: Mapping[str, Report]) -> Table | None:
    rows = []
    for name, field in fields.items():
        if reference := field.get("reference"):
            better = {"reference": "the reference"}.get(str(field.get("better")), "the answer, or as good")
            keys = ("kind", "rel_l2", "max", "estimated_error", "order", "sound")
            rows.append([name, *(reference.get(key) for key in keys), better])
    head = ("unknown", "kind", "relative L2 difference", "largest difference", "its own error", "its order")
    return table((*head, "is it sound?", "the better one"), rows)


def _findings(report: Report) -> tuple[Noted, ...]:
    """Findings as sentences, those that bound the verdict first; then warnings that are none of them."""
    found = [
        Noted(
            KINDS.get(str(each["kind"]), str(each["kind"])), sentence(str(each["text"])), str(each.get("at_most") or "")
        )
        for each in report.get("findings") or ()
    ]
    told = {each["text"] for each in report.get("findings") or ()}
    others = [Noted("", sentence(str(text)), "") for text in report.get("warnings") or () if text not in told]
    return tuple(dict.fromkeys([*sorted(found, key=lambda each: not each.at_most), *others]))


def _made(dataset: Dataset, report: Report) -> Table | None:
    told = {*report, "source", "report", "errors", "command", "strategies"} - {"seed"}
    shown = {name: value for name, value in dataset.attributes.items() if name not in told and value not in ({}, [])}
    grid = " × ".join(map(str, dataset.shape))
    facts = {"stored on": f"{dataset.kind}, {grid} ({', '.join(dataset.coords)})"} | shown
    facts |= {"seed": report["seed"]} if "seed" in report else {}
    return table((), [[name.replace("_", " "), value] for name, value in facts.items()])


def _is_number(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)
