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
    verdict = report["verdict"]
    seconds = report["seconds"]
    spent = ", ".join(f"{stage} {spell:.1f}" for stage, spell in seconds.items() if stage != "total" and spell >= 0.05)
    blocks = [
        _wrap(f"{report['problem']}: {verdict['word']}: {verdict['because']}"),
        f"{report['method']}, {seconds['total']:.1f} s" + (f" ({spent})" if spent else ""),
        _fields(report["fields"]),
        _table(
            ("condition", "on", "rms", "max"),
            [(row["equation"], row["on"], _number(row["rms"]), _number(row["max"])) for row in report["conditions"]],
        ),
    ]
    if report["status"] == "tolerance":
        blocks.insert(1, "--tol was not reached: this is the best answer found")
    if report["learned"]:
        blocks.append("\n".join(f"{name} = {_learned(value)}" for name, value in report["learned"].items()))
    if report["output"]:
        blocks.append(f"written: {report['output']}")
    return "\n\n".join(blocks)


def listing(groups: Mapping[str, Sequence[Mapping[str, str | None]]]) -> str:
    """The plugins of every group, a line each: what it is, or why it cannot be loaded."""
    blocks = []
    for group, entries in groups.items():
        width = max((len(entry["name"] or "") for entry in entries), default=0)
        lines = [f"  {entry['name']:<{width}}  {entry['error'] or entry['about'] or ''}".rstrip() for entry in entries]
        blocks.append("\n".join([f"{group}:", *(lines or ["  none"])]))
    return "\n\n".join(blocks)


def _fields(fields: Mapping[str, Mapping[str, Any]]) -> str:
    """A row for each unknown: the estimated error, the errors against what is known, and the reference's own error."""
    exact = any(field["exact"] for field in fields.values())
    reference = any(field["reference"] for field in fields.values())
    head = ["relative L2 error", "estimated"]
    head += ["exact", "max. abs."] * exact + ["reference", "max. abs.", "its own error"] * reference
    rows = []
    for name, field in fields.items():
        row = [name, _number(field["estimated_error"])]
        for kind, keys in (("exact", ("rel_l2", "max")), ("reference", ("rel_l2", "max", "estimated_error"))):
            if exact if kind == "exact" else reference:
                row += [_number((field[kind] or {}).get(key)) for key in keys]
        rows.append(row)
    return _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns, the first of a row to the left and numbers to the right; long first cells are cut to the screen."""
    room = shutil.get_terminal_size((100, 24)).columns - 2
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    widths[0] = min(widths[0], max(len(head[0]), 20, room - sum(widths[1:]) - 2 * (len(widths) - 1)))
    return "\n".join(_line(row, widths) for row in (head, *rows))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0] if len(row[0]) <= widths[0] else row[0][: widths[0] - 1] + "…"
    return "  ".join(
        [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
    )


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.1e}"


def _learned(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _wrap(text: str) -> str:
    return textwrap.fill(text, shutil.get_terminal_size((100, 24)).columns - 2, subsequent_indent="  ")
