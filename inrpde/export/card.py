"""What a notebook shows of a solution: verdict, errors and a picture in a few lines of HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

COLOURS = {"verified": "#1a7f45", "plausible": "#2563a8", "unverified": "#a8640c", "wrong": "#b3261e"}
HEAD = ("", "estimated error", "against the exact solution", "against the reference")


def card(title: str, report: Mapping[str, Any], picture: str) -> str:
    """A title, what a report says (nothing, where it is empty), and a picture that is HTML itself."""
    parts = [f"<strong>{escape(title)}</strong>", _verdict(report.get("verdict") or {}), _fields(report), picture]
    return f'<div style="max-width: 60rem">{"".join(parts)}</div>'


def _verdict(verdict: Mapping[str, str]) -> str:
    if not verdict:
        return ""
    word, because = (str(verdict.get(key, "")) for key in ("word", "because"))
    badge = f"background: {COLOURS.get(word, '#6b7280')}; color: #fff; border-radius: 1em; padding: 0 .6em"
    return f' <span style="{badge}">{escape(word)}</span> {escape(because)}'


def _fields(report: Mapping[str, Any]) -> str:
    rows = [
        (name, field.get("estimated_error"), *((field.get(of) or {}).get("rel_l2") for of in ("exact", "reference")))
        for name, field in (report.get("fields") or {}).items()
    ]
    learned = "".join(f"<p>{escape(f'{name} = {_number(v)}')}</p>" for name, v in (report.get("learned") or {}).items())
    if not rows:
        return learned
    kept = [k for k in range(len(HEAD)) if any(row[k] is not None for row in rows)]
    head = "".join(f"<th>{HEAD[k]}</th>" for k in kept)
    lines = ("".join(f"<td>{_cell(row[k])}</td>" for k in kept) for row in rows)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>{learned}"


def _number(found: Mapping[str, Any]) -> str:
    """A learned number with its standard deviation, where that is known."""
    return str(found["value"]) + ("" if found["std"] is None else f" ± {found['std']:.2g}")


def _cell(value: Any) -> str:
    return "–" if value is None else f"{value:.1e}" if isinstance(value, float) else escape(str(value))
