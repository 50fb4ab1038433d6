"""One self-contained HTML page about a solution: verdict, pictures, errors, conditions, how it was made."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from numbers import Number
from typing import Any

from inrpde.errors import OutputError
from inrpde.export.dataset import Dataset
from inrpde.export.picture import png

_STYLE = """
:root { --ink: #1c2430; --soft: #5c6878; --line: #dde2e8; --page: #ffffff; --panel: #f6f8fa; color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { font-size: 1.9rem; margin: 0 0 .4rem; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .7rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
p { margin: .4rem 0; } .soft { color: var(--soft); }
.word { display: inline-block; padding: .1rem .65rem; border-radius: 1rem; color: #fff; font-weight: 600;
  font-size: .92rem; background: #6b7280; }
.verified { background: #1a7f45; } .plausible { background: #2563a8; }
.unverified, .tolerance, .interrupted { background: #a8640c; }
.wrong, .diverged, .invalid, .failed { background: #b3261e; }
.scroll { overflow-x: auto; } .scroll + .scroll { margin-top: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .38rem .8rem .38rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; } td { overflow-wrap: anywhere; }
tbody th { width: 14rem; }
td.number, th.number { text-align: right; white-space: nowrap; }
img { display: block; max-width: 100%; height: auto; margin: 1rem auto; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .9rem 1rem;
  overflow-x: auto; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
li { margin: .2rem 0; }
@media print { body { padding: 0; } pre { white-space: pre-wrap; } }
"""
_PARTS = {
    "held_out": "residuals of the answer on points that were not fitted, as an error of the lowest mode",
    "second": "the same of a second, different solve",
    "difference": "between the two solves, relative in L2: each has its share, by its residuals",
    "shared": "residuals that both solves leave: an error that they share shows in no difference, and is added",
    "bound": "on the largest error, by the maximum principle, where one is known to hold",
    "amplification": "relative change of the solution over that of its data, for random changes of each condition",
}
"""What an estimate is made of (`verification.estimate`), in a line each."""


def html(dataset: Dataset, report: Mapping[str, Any]) -> str:
    """The page for `dataset` and the JSON `report` of its solve; parts that the report does not have are left out.

    The dataset's attributes tell how it was made; `source` among them is the text of the problem file. Without
    matplotlib the page says that it has no pictures. Raises OutputError for a report that is none.
    """
    try:
        return _page(dataset, report)
    except (AttributeError, TypeError, ValueError, LookupError) as error:  # a stranger's file may hold anything
        what = f"the report in this file is not one that inrpde makes: {error}"
        raise OutputError(what, None, "solve the problem again, and write it anew") from error


def _page(dataset: Dataset, report: Mapping[str, Any]) -> str:
    name = str(report.get("problem") or dataset.attributes.get("problem") or "solution")
    sections = [
        _head(name, report),
        _section("Solution", _picture(dataset, name)),
        _section("Errors", _errors(report)),
        _section("Why these estimates", _estimates(report)),
        _section("Conditions", _conditions(report)),
        _section("What was asked for", _asked(report)),
        _section("Learned", _pairs(report.get("learned") or {})),
        _section("Doubts", _doubts(report)),
        _section("Warnings", _list(report.get("warnings") or ())),
        _section("How it was made", _made(dataset, report)),
        _section("Problem file", _source(dataset)),
    ]
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(name)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n{''.join(sections)}</body>\n</html>\n"
    )


def _head(name: str, report: Mapping[str, Any]) -> str:
    verdict, error = report.get("verdict") or {}, report.get("error") or {}
    status = report.get("status")
    words = [word for word in (status if status != "ok" else None, verdict.get("word")) if word]
    shown = [f'<span class="word {escape(str(word))}">{escape(str(word))}</span>' for word in words]
    lines = [f"<h1>{escape(name)}</h1>", f"<p>{' '.join(shown)}</p>"]
    lines += [f"<p>{escape(str(verdict['because']))}</p>"] if verdict.get("because") else []
    lines += [f"<p>Next: {escape(str(step))}</p>" for step in report.get("next") or ()]
    lines += [f'<p class="soft">{escape(str(error[part]))}</p>' for part in ("what", "where", "fix") if error.get(part)]
    seconds = report.get("seconds") or {}
    facts = [f"method {report['method']}"] if report.get("method") else []
    facts += [f"{_text(seconds['total'])} s in all"] if "total" in seconds else []
    lines += [f'<p class="soft">{escape(", ".join(facts))}</p>'] if facts else []
    return "\n".join(lines) + "\n"


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{body}\n" if body else ""


def _picture(dataset: Dataset, name: str) -> str:
    try:
        image = base64.b64encode(png(dataset)).decode("ascii")
    except OutputError as error:
        return f'<p class="soft">No pictures: {escape(error.what)}. {escape(error.fix or "")}</p>'
    return f'<img alt="{escape(name)}" src="data:image/png;base64,{image}">'


def _errors(report: Mapping[str, Any]) -> str:
    rows = []
    for name, field in (report.get("fields") or {}).items():
        exact, reference = field.get("exact") or {}, field.get("reference") or {}
        rows.append(
            [
                *(name, field.get("estimated_error"), exact.get("rel_l2"), exact.get("max")),
                *(
                    reference.get("rel_l2"),
                    reference.get("max"),
                    reference.get("estimated_error"),
                    reference.get("kind"),
                ),
            ]
        )
    head = ["field", "estimated", "exact: rel. L2", "max", "reference: rel. L2", "max", "its own error", "kind"]
    residual = report.get("residual") or {}
    facts = ", ".join(f"{name.replace('_', ' ')} {_text(value)}" for name, value in residual.items())
    return _table(head, rows) + (f'<p class="soft">Residual: {escape(facts)}.</p>' if facts else "")


def _estimates(report: Mapping[str, Any]) -> str:
    parts = {name: field["estimate"] for name, field in (report.get("fields") or {}).items() if field.get("estimate")}
    rows = [[key.replace("_", " "), *(each.get(key) for each in parts.values()), text] for key, text in _PARTS.items()]
    return _table(["part", *parts, "what it is"], rows) if parts else ""


def _conditions(report: Mapping[str, Any]) -> str:
    rows = [
        [condition.get(key) for key in ("equation", "on", "rms", "max")] for condition in report.get("conditions") or ()
    ]
    return _table(["equation", "on", "residual: rms", "max"], rows)


def _asked(report: Mapping[str, Any]) -> str:
    """The numbers that the problem names, each with its error."""
    keys = ("expression", "value", "estimated_error", "reference")
    rows = [[row.get(key) for key in keys] for row in report.get("report") or ()]
    return _table(["number", "value", "estimated error", "by the reference"], rows) if rows else ""


def _doubts(report: Mapping[str, Any]) -> str:
    """What bounds the verdict, whatever the numbers say."""
    rows = [[each["text"], each["at_most"]] for each in report.get("findings") or () if each.get("at_most")]
    return _table(["what was found", "verdict at most"], rows) if rows else ""


def _made(dataset: Dataset, report: Mapping[str, Any]) -> str:
    told = {*report, "source", "report", "errors"} - {"seed"}
    shown = {name: value for name, value in dataset.attributes.items() if name not in told and value not in ({}, [])}
    grid = " × ".join(map(str, dataset.shape))
    facts = {"stored on": f"{dataset.kind}, {grid} ({', '.join(dataset.coords)})"} | shown
    facts |= {"seed": report["seed"]} if "seed" in report else {}
    seconds = report.get("seconds") or {}
    return _pairs(facts) + _table([f"{name} / s" for name in seconds], [list(seconds.values())] if seconds else [])


def _source(dataset: Dataset) -> str:
    source = dataset.attributes.get("source")
    return f"<pre>{escape(str(source))}</pre>" if source else ""


def _pairs(pairs: Mapping[str, Any]) -> str:
    return _table([], list(pairs.items()))


def _list(entries: Iterable[Any]) -> str:
    items = "".join(f"<li>{escape(_text(entry))}</li>" for entry in entries)
    return f"<ul>{items}</ul>" if items else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table of these rows; a column that is empty throughout is left out, numbers stand on the right."""
    if not rows:
        return ""
    kept = [n for n in range(len(rows[0])) if any(row[n] is not None for row in rows)]
    numeric = {n for n in kept if head and all(row[n] is None or _is_number(row[n]) for row in rows)}
    mark = {n: ' class="number"' if n in numeric else "" for n in kept}
    names = "".join(f"<th{mark[n]}>{escape(head[n])}</th>" for n in kept) if head else ""
    top = f"<thead><tr>{names}</tr></thead>" if head else ""
    lines = []
    for row in rows:
        cells = [f"<td{mark[n]}>{escape(_text(row[n]))}</td>" for n in kept]
        if not head:
            cells[0] = f"<th>{escape(_text(row[0]))}</th>"
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<div class="scroll"><table>{top}<tbody>{"".join(lines)}</tbody></table></div>'


def _is_number(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.1e}"
    if isinstance(value, Mapping) and not any(isinstance(below, Mapping | list | tuple) for below in value.values()):
        return ", ".join(f"{name} = {_text(below)}" for name, below in value.items()) or "–"
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str) if value else "–"
    return str(value)
