"""Sphinx's extension for the gallery, whose pages are made of docs/gallery/rows.json and of the problems' files.

A page is Markdown, in which a comment is replaced when Sphinx reads it: `<!-- cards -->`, up to `<!-- end -->`, by
small pictures of the problems that the lines between link to, and `<!-- problems of THEME -->` by a section for each
problem under that heading of gallery.md. Nothing is solved or fetched, and no problem is imported.
"""

import ast
import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

DOCS = Path(__file__).parent
PROBLEMS = DOCS.parent / "problems"
ROWS = DOCS / "gallery" / "rows.json"
OVERVIEW = DOCS / "gallery.md"
CARDS = re.compile(r"<!-- cards -->\n(.*?)<!-- end -->", re.DOTALL)
SECTIONS = re.compile(r"<!-- problems of (.*?) -->")
THEME = re.compile(r"^## (.*)\n", re.MULTILINE)
LINK = re.compile(r"\[(\w+)\]\(\.\./problems/\w+\.py\)")
PAGES = {"Steady": "steady", "In time": "in-time", "Inverse": "inverse", "Families": "families", "The paper's": "paper"}
"""The pages of the themes, in docs/gallery."""


def themes(overview: str) -> dict[str, list[str]]:
    """The names of the problems under each heading, in the order of the page."""
    _, *parts = THEME.split(overview)
    return {theme: LINK.findall(part) for theme, part in zip(parts[::2], parts[1::2], strict=True)}


def filled(text: str, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """A page's text with the comments replaced."""
    listed = themes(OVERVIEW.read_text(encoding="utf-8"))
    page_of = {name: PAGES[theme] for theme, names in listed.items() for name in names}
    if missing := sorted(page_of.keys() - rows.keys()):
        raise ExtensionError(f"there is no row of {', '.join(missing)}: run python benchmarks/gallery.py --stale")

    def cards(found: re.Match) -> str:
        names = LINK.findall(found[1])
        made = (card(name, rows[name], f"gallery/{page_of[name]}.md#{anchor(name)}") for name in names)
        return '<div class="cards">\n\n' + "".join(made) + "</div>"

    def sections(found: re.Match) -> str:
        return "\n".join(section(name, rows[name]) for name in listed[found[1]])

    return SECTIONS.sub(sections, CARDS.sub(cards, text))


def card(name: str, row: Mapping[str, Any], target: str) -> str:
    """A small picture of a problem, with what it is and how good the answer is."""
    title, _ = told(row)
    number, kind = worst(row)
    parts = [
        f"[![{name}](gallery/small/{name}.png)]({target})",
        f"[{name}]({target})",
        plain(title),
        f"{row['verdict']}, {kind} {number:.0e}",
    ]
    return '<div class="card">\n\n' + "\n\n".join(parts) + "\n\n</div>\n\n"


def section(name: str, row: Mapping[str, Any]) -> str:
    """All about a problem: what it says of itself, its equations, its picture, its errors."""
    title, more = told(row)
    budget = "" if row["budget"] is None else f" --budget {row['budget']:g}"
    file = next(iter(row["files"]))
    made = (
        f"Verdict [{row['verdict']}](../verdict.md), after {row['seconds']:.1f} s of the processor; "
        f"`inrpde solve {name}{budget}`, version {row['version']}. The file: [{file}](../../problems/{file})."
    )
    picture = f"![{name}: the solution beside its reference](./{name}.png)"
    parts = [f"## {name}", plain(title), *map(plain, more), equations(row), picture, errors(row), made]
    return "\n\n".join(parts) + "\n"


def told(row: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What a problem's file says it is, in a line, and what it says beside that: of itself, and of its parameters."""
    module = ast.parse((PROBLEMS / next(iter(row["files"]))).read_text(encoding="utf-8"))
    title, *more = paragraphs(module)
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "problem"]
    return title, more + [text for node in functions for text in paragraphs(node)]


def paragraphs(node: ast.Module | ast.FunctionDef) -> list[str]:
    text = ast.get_docstring(node) or ""
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def equations(row: Mapping[str, Any]) -> str:
    """Each condition with its set and its residual, and what the coefficients are."""
    lines = []
    for equation, where, residual in row["equations"]:
        on = f"<code>{escape(where)}</code>" if where else ""
        left = "" if residual is None else f"{residual:.1e}"
        lines.append(f"<tr><td>{on}</td><td>{left}</td><td>{equation}</td></tr>")
    head = "<tr><th>set</th><th>residual</th><th>equation</th></tr>"
    return f'<div class="equations"><table><thead>{head}</thead><tbody>{"".join(lines)}</tbody></table></div>'


def errors(row: Mapping[str, Any]) -> str:
    """The table of errors, a line for each unknown."""
    lines = ["| unknown | relative L2 error | against | estimate |", "|---|---|---|---|"]
    for name, field in row["fields"].items():
        good = "" if field["good_to"] is None else f", good to {field['good_to']:.0e}"
        against = f"{field['against']}{good}" if field["against"] else "there is nothing"
        shown = "–" if field["error"] is None else f"{field['error']:.1e}"
        lines.append(f"| {name} | {shown} | {against} | {field['estimated_error']:.1e} |")
    return "\n".join(lines)


def worst(row: Mapping[str, Any]) -> tuple[float, str]:
    """The largest error of the unknowns, or the largest estimate where the error is known by a reference alone, from
    which the answer may differ by the error that the reference has itself."""
    fields = row["fields"].values()
    if all(field["against"] and field["good_to"] is None for field in fields):
        return max(field["error"] for field in fields), "error"
    return max(field["estimated_error"] for field in fields), "estimate"


def anchor(name: str) -> str:
    """The anchor of a section, as Markdown's readers make it of the heading."""
    return name.lower()


def plain(text: str) -> str:
    """A docstring in Markdown: code between backticks stays, nothing else is markup."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_<>|\[\]])", r"\\\1", part) for part in parts)


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    if CARDS.search(source[0]) or SECTIONS.search(source[0]):
        for file in (ROWS, OVERVIEW):
            app.env.note_dependency(str(file), docname=name)
        source[0] = filled(source[0], json.loads(ROWS.read_text(encoding="utf-8")))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", _read)
    app.add_css_file("gallery.css")
    return {"parallel_read_safe": True}
