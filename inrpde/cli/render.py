"""Reports laid out for reading: the verdict first, then the numbers, then where the output is."""

import math
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def plain(value: Any) -> Any:
    """`value` in what JSON knows: arrays as lists, complex as [real, imaginary], null for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def solution(report: Mapping[str, Any]) -> str:
    """A solve's outcome: verdict, fields, conditions, what was learned, and the output."""
    verdict, seconds = report["verdict"], report["seconds"]
    spent = ", ".join(f"{stage} {spell:.1f}" for stage, spell in seconds.items() if stage != "total" and spell >= 0.05)
    blocks = [
        _wrap(f"{report['problem']}: {verdict['word']}: {verdict['because']}"),
        "\n".join(_wrap(f"next: {step}") for step in report.get("next", ())),
        "--tol was not reached: this is the best answer found" if _late(report) else "",
        _failure(report["error"]) if "error" in report else "",
        f"{report['method']}, {seconds['total']:.1f} s" + (f" ({spent})" if spent else ""),
        _fields(report["fields"]),
        _conditions(report["conditions"]),
        "\n".join(map(_asked, report.get("report", ()))),
        "\n".join(f"{name} = {_found(each)}" for name, each in report["learned"].items()),
        _family(report["family"]) if "family" in report else "",
        f"written: {report['output']}" if report["output"] else "",
    ]
    return "\n\n".join(filter(None, blocks))


def _family(family: Mapping[str, Any]) -> str:
    """The range of each parameter, the member that is shown, and what the others that were checked are."""
    ranges = ", ".join(f"{name} from {lo:g} to {hi:g}" for name, (lo, hi) in family["parameters"].items())
    lines = [f"family: {ranges}; shown at {_at(family['at'])}, {family['basis']} combined"]
    for each in family["members"]:
        errors = ", ".join(f"{name} {_number(field['estimated_error'])}" for name, field in each["fields"].items())
        lines.append(f"  {_at(each['at'])}: {each['verdict']['word']}, estimated error {errors}")
    return "\n".join(map(_wrap, lines))


def _at(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:.4g}" for name, value in values.items())


def _late(report: Mapping[str, Any]) -> bool:
    """Is it the tolerance alone that was not reached?"""
    return report["status"] == "tolerance" and "error" not in report


def _failure(error: Mapping[str, str]) -> str:
    """Why the best answer is none."""
    return "\n".join(_wrap(line) for line in (error["what"], f"  where: {error['where']}", f"  fix:   {error['fix']}"))


def point(row: Mapping[str, Any]) -> str:
    """A point of a sweep in a line, as it comes in."""
    at = ", ".join(f"{key} = {value}" for key, value in row["values"].items())
    answer = f"{row['verdict']}, estimated error {_number(row['estimated_error'])}" if row["verdict"] else row["status"]
    spent = f", {row['seconds']:.1f} s" if row["seconds"] else ""
    return f"{at}: {answer}{spent}" + (f": {row['message']}" if row["message"] else "")


def sweep(made: Mapping[str, Any]) -> str:
    """The table of a sweep; below it what those say that have no answer, and where it is written."""
    rows, names = made["rows"], made["parameters"]
    exact, reference = (any(row[kind] is not None for row in rows) for kind in ("error", "reference"))
    kinds = ["estimated_error", *["error"] * exact, *["reference"] * reference]
    head = [*names, "verdict", "estimated", *["exact"] * exact, *["reference"] * reference, "seconds"]
    cells = [
        [
            *(str(row[name]) for name in names), row["verdict"] or row["status"],
            *(_number(row[kind]) for kind in kinds), "-" if row["seconds"] is None else f"{row['seconds']:.1f}",
        ]
        for row in rows
    ]  # fmt: skip
    without = [row for row in rows if row["verdict"] is None]
    count = f"{len(rows) - len(without)} of {len(rows)} points have an answer"
    said = dict.fromkeys(row["message"] for row in without)
    blocks = [f"{made['problem']}: {count}", _table(head, cells, texts=len(names) + 1), *map(_wrap, filter(None, said))]
    return "\n\n".join([*blocks, f"written: {made['output']}"])


def check(form: Mapping[str, Any]) -> str:
    """The compiled form: what kind of problem it is, and each condition on its Ω_m with its residual in jets; then what
    `auto` would try."""
    kind = "linear" if form["linear"] else "nonlinear"
    orders = ", ".join(f"{order} in {coordinate}" for coordinate, order in form["orders"].items())
    names = [u["name"] + " (complex)" * u["complex"] + " (learned)" * u["learned"] for u in form["unknowns"]]
    blocks = [
        f"{form['problem']}: {kind}, {form['arithmetic']}, of order {form['order']} ({orders})",
        _wrap(f"unknowns: {', '.join(names)}") + "\n" + _wrap(f"jets: {', '.join(form['jets'])}"),
    ]
    for number, condition in enumerate(form["conditions"], 1):
        size = f"dimension {condition['dimension']}, measure {condition['measure']:.6g}"
        linear = "" if condition["linear"] else ", nonlinear"
        lines = [f"{number}. {condition['equation']}", f"   on {condition['on']}: {size}{linear}"]
        lines += [f"   0 = {residual}" for residual in condition["residuals"]] + [f"   {condition['formulation']}"]
        blocks.append("\n".join(_wrap(line) for line in lines))
    lines = [f"{each['name']}: {each['runs'] or 'does not run'} ({each['because']})" for each in form["strategies"]]
    blocks.append("\n".join(["what auto would try:", *(_wrap(f"   {line}") for line in lines)]))
    serving = [each["name"] for each in form["references"] if each["serves"]]
    others = [f"{each['name']}: no ({each['because']})" for each in form["references"] if not each["serves"]]
    lines = [f"{name}: yes" for name in serving] + others
    blocks.append("\n".join(["which references serve:", *(_wrap(f"   {line}") for line in lines)]))
    return "\n\n".join(blocks)


def comparison(made: Mapping[str, Any]) -> str:
    """The errors between the fields of two files."""
    rows = [
        (name, _number(error["rel_l2"]), _number(error["max"]), f"{error['nodes']:,}")
        for name, error in made["fields"].items()
    ]
    interpolated = any(error["interpolated"] for error in made["fields"].values())
    head = f"{made['first']} against {made['second']}" + ", interpolated to the nodes of the first" * interpolated
    return _wrap(head) + "\n\n" + _table(("field", "relative L2", "max. abs.", "nodes"), rows)


def listing(groups: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The plugins of every group, a line each: what it is, or why it cannot be loaded; below it what it reads, its
    settings, and whose its name is besides."""
    blocks = []
    for group, entries in groups.items():
        width = max((len(entry["name"] or "") for entry in entries), default=0)
        lines = [f"  {entry['name']:<{width}}  {entry['error'] or entry['about'] or ''}".rstrip() for entry in entries]
        below = ["".join(f"\n  {'':<{width}}  {text}" for text in _more(entry)) for entry in entries]
        lines = [line + more for line, more in zip(lines, below, strict=True)]
        blocks.append("\n".join([f"{group}:", *(lines or ["  none"])]))
    return "\n\n".join(blocks)


def _more(entry: Mapping[str, Any]) -> list[str]:
    """What is said of a plugin in lines below its own."""
    reads = [f"reads {', '.join(entry['reads'])}"] if entry.get("reads") else []
    keys = [f"{each['key']}  {each['help']}: {each['takes']} ({each['default']})" for each in entry.get("keys", ())]
    return [*reads, *keys, *([entry["clash"]] if entry.get("clash") else [])]


def health(made: Mapping[str, Any]) -> str:
    """What `inrpde doctor` has found, a line for each thing; last what to mend."""
    optional = {
        each["package"]: f"{each['version'] or '-':<10}{each['use']}" + f": {each['install']}" * (not each["version"])
        for each in made["optional"]
    }
    parts = {**{title: made[title] for title in ("versions", "threads", "devices")}, "optional": optional}
    width = max(len(name) for part in parts.values() for name in part)
    blocks = [
        "\n".join([f"{title}:", *(f"  {name:<{width}}  {value}" for name, value in part.items())])
        for title, part in parts.items()
    ]
    broken = len(made["plugins"]["broken"])
    blocks.append(f"plugins: {made['plugins']['sound']} can be loaded, {broken or 'none'} cannot")
    return "\n\n".join([*blocks, *map(_failure, made["problems"])])


def _fields(fields: Mapping[str, Mapping[str, Any]]) -> str:
    """A row for each unknown: the estimated error, the errors against what is known, and the reference's own error."""
    exact = any(field["exact"] for field in fields.values())
    reference = any(field["reference"] for field in fields.values())
    head = ["relative L2 error", "estimated"]
    varies = any("variation" in field for field in fields.values())
    head += ["of variation"] * varies
    head += ["exact", "max. abs."] * exact + ["reference", "max. abs.", "its own error"] * reference
    rows = []
    for name, field in fields.items():
        row = [name, _number(field["estimated_error"]), *[_number(field.get("variation"))] * varies]
        for kind, keys in (("exact", ("rel_l2", "max")), ("reference", ("rel_l2", "max", "estimated_error"))):
            if exact if kind == "exact" else reference:
                row += [_number((field[kind] or {}).get(key)) for key in keys]
        rows.append(row)
    return _table(head, rows)


def _conditions(conditions: Sequence[Mapping[str, Any]]) -> str:
    """A row for each condition: its own residual, in its own units."""
    rows = [(row["equation"], row["on"], _number(row["rms"]), _number(row["max"])) for row in conditions]
    return _table(("condition", "on", "rms", "max"), rows, texts=2) if rows else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """Columns, the first `texts` to the left and numbers to the right; long first cells are cut to the screen."""
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    room = _columns() - sum(widths[1:]) - 2 * (len(widths) - 1)
    widths[0] = min(widths[0], max(room, 20))
    sides = ["<"] * texts + [">"] * (len(head) - texts)
    return "\n".join(
        "  ".join(f"{_cut(cell, n):{side}{n}}" for cell, side, n in zip(row, sides, widths, strict=True)).rstrip()
        for row in (head, *rows)
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _wrap(text: str) -> str:
    return textwrap.fill(text, _columns(), subsequent_indent="     ", break_on_hyphens=False)


def _columns() -> int:
    return shutil.get_terminal_size((100, 24)).columns - 2


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.1e}"


def _asked(row: Mapping[str, Any]) -> str:
    """A number that the problem asks for, with its error, and what the reference says."""
    text = f"{row['expression']} = {_learned(row['value'])} ± {_number(row['estimated_error'])}"
    known = row["reference"] is not None and row["reference"] == row["reference"]
    return f"{text} (reference: {_learned(row['reference'])})" if known else text


def _found(each: Mapping[str, Any]) -> str:
    """A learned number with its standard deviation, where that is known."""
    theirs = each.get("reference")
    told = _learned(each["value"]) + ("" if each["std"] is None else f" ± {each['std']:.2g}")
    return told if theirs is None else f"{told} (reference: {_found(theirs)})"


def _learned(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
