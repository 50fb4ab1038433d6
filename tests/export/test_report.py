"""The page holds what the report and the file say, escaped, and needs nothing from elsewhere."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from inrpde.errors import OutputError
from inrpde.export import Dataset
from inrpde.export.report import html

pytest.importorskip("matplotlib")

ATTRIBUTES = {
    "problem": "poisson",
    "source": "u < v && '<script>'\n",
    "source_sha256": "ab12",
    "settings": {"solver.width": 64, "solver.band": None},
    "nested": [1, [2, 3]],
    "method": "least-squares",
    "nothing": {},
    "versions": {"torch": "2.13.0"},
    "threads": 2,
    "report": {"not": "again"},
}
REPORT = {
    "problem": "poisson & co",
    "status": "ok",
    "method": "least-squares",
    "verdict": {"word": "verified", "because": "residual < 1e-9"},
    "fields": {
        "u": {
            "estimated_error": 4e-9,
            "exact": {"rel_l2": 1.5e-9, "max": 3e-9},
            "reference": {"rel_l2": 2e-5, "max": 6e-5, "kind": "finite-difference", "estimated_error": 7e-5},
        },
        "v": {"estimated_error": 0.25, "exact": None, "reference": None},
    },
    "residual": {"fitted": 1e-9, "held_out": 2.5e-9},
    "conditions": [{"equation": "Eq(u, <b>0</b>)", "on": "omega", "rms": 2e-9, "max": 8e-9}],
    "seconds": {"solve": 0.2, "total": 4.1},
    "learned": {"nu": {"value": 0.31, "std": 0.01}},
    "warnings": ["no condition on <img src=x onerror=alert(1)>"],
    "seed": 7,
}


class Page(HTMLParser):
    """Text by tag, the tags that are open at the end, and addresses."""

    VOID = ("meta", "img")

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.tags, self.addresses = [], [], [], []
        self.feed(text)
        self.cells = [cell.strip() for cell in self.cells]

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)
            if tag in ("td", "th", "li", "p", "pre", "h1", "h2", "span"):
                self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


def dataset(**more):
    return Dataset("grid", ("x", "y"), {"u": np.ones((5, 4))}, axes=[np.arange(5.0), np.arange(4.0)], **more)


def test_the_page_says_what_the_report_says():
    page = Page(html(dataset(attributes=ATTRIBUTES), REPORT))
    assert not page.open
    for text in (
        *("poisson & co", "verified", "residual < 1e-9", "method least-squares, 4.1 s in all"),
        *("4.0e-09", "1.5e-09", "3.0e-09", "2.0e-05", "6.0e-05", "7.0e-05", "finite-difference", "0.25", "–"),
        *("Residual: fitted 1.0e-09, held out 2.5e-09.", "Eq(u, <b>0</b>)", "2.0e-09", "nu", "0.31"),
        *("no condition on <img src=x onerror=alert(1)>", "solver.width = 64, solver.band = –", "torch = 2.13.0"),
        *("ab12", "7", "[1, [2, 3]]"),
        *("grid, 5 × 4 (x, y)", "u < v && '<script>'"),
    ):
        assert text in page.cells, text
    assert "again" not in "".join(page.cells)
    assert "nothing" not in page.cells
    assert "method" not in page.cells


def test_nothing_is_fetched_and_nothing_runs():
    page = Page(html(dataset(attributes=ATTRIBUTES), REPORT))
    assert "script" not in page.tags
    assert page.tags.count("img") == 1
    (address,) = page.addresses
    kind, _, data = address.partition(";base64,")
    assert kind == "data:image/png"
    assert base64.b64decode(data).startswith(b"\x89PNG")


def test_a_column_that_nobody_fills_is_left_out():
    page = Page(html(dataset(), {"fields": {"u": {"estimated_error": 1e-3, "exact": None, "reference": None}}}))
    assert "estimated" in page.cells
    assert not any("exact" in cell or "reference" in cell for cell in page.cells)


def test_an_estimate_is_explained_part_by_part():
    estimate = {"held_out": 1.5e-5, "second": 2.5e-5, "difference": 3.5e-5, "shared": None}
    page = Page(html(dataset(), {"fields": {"u": {"estimate": estimate}, "v": {"estimate": None}}}))
    first = page.cells.index("part")
    assert page.cells[first : first + 3] == ["part", "u", "what it is"]
    for name, value in (("held out", "1.5e-05"), ("second", "2.5e-05"), ("difference", "3.5e-05"), ("shared", "–")):
        at = page.cells.index(name)
        assert page.cells[at + 1] == value
        assert len(page.cells[at + 2]) > 20
    assert "part" not in Page(html(dataset(), REPORT)).cells


@pytest.mark.parametrize(
    "odd", [{"verdict": "fine"}, {"conditions": [1]}, {"warnings": 5}, {"fields": {"u": {"estimate": "x"}}}]
)
def test_a_report_that_is_none_is_refused(odd):
    with pytest.raises(OutputError, match="not one that inrpde makes"):
        html(dataset(), REPORT | odd)


def test_a_report_of_a_failure_and_an_empty_report():
    report = {"status": "diverged", "error": {"what": "singular at k = 20", "where": "Eq(…)", "fix": None}}
    page = Page(html(dataset(), report))
    assert "singular at k = 20" in page.cells
    assert "diverged" in page.cells
    empty = html(dataset(), {})
    assert not Page(empty).open
    assert re.findall("<h2>(.*?)</h2>", empty) == ["Solution", "How it was made"]
