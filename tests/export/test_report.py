"""The page holds what the report and the file say, escaped, and needs nothing from elsewhere."""

import base64
import hashlib
import re
from functools import cache
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from inrpde.errors import OutputError
from inrpde.export import Dataset
from inrpde.export.report import html
from inrpde.export.report.pictures import pictures
from tests.export.report.samples import in_time, report

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

    VOID = ("meta", "img", "link", "input")

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
            if tag in ("td", "th", "li", "p", "pre", "h1", "h2", "span", "strong", "figcaption", "h3", "summary"):
                self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


def dataset(**more):
    return Dataset("grid", ("x", "y"), {"u": np.ones((5, 4))}, axes=[np.arange(5.0), np.arange(4.0)], **more)


@cache
def moving_page():
    return html(in_time(), report())


def test_the_page_says_what_the_report_says():
    page = Page(html(dataset(attributes=ATTRIBUTES), REPORT))
    assert not page.open
    for text in (
        *("poisson & co", "verified", "residual < 1e-9.", "method least-squares, 4.1 s in all"),
        *("4.0 × 10⁻⁹", "1.5 × 10⁻⁹", "2.0 × 10⁻⁵", "6.0 × 10⁻⁵", "7.0 × 10⁻⁵", "finite-difference", "0.25", "–"),
        "Residual of all conditions, relative to their operators: fitted 1.0 × 10⁻⁹, held out 2.5 × 10⁻⁹.",
        *("Eq(u, <b>0</b>)", "nu", "0.31", "No condition on <img src=x onerror=alert(1)>."),
        *("solver.width = 64, solver.band = –", "torch = 2.13.0", "ab12", "7", "[1, [2, 3]]"),
        *("grid, 5 × 4 (x, y)", "u < v && '<script>'"),
    ):
        assert text in page.cells, text
    assert "on omega; residual 2.0 × 10⁻⁹ (root mean square), 8.0 × 10⁻⁹ (largest)" in page.cells
    assert "not = again" not in page.cells
    assert "nothing" not in page.cells
    assert "method" not in page.cells


def test_nothing_is_fetched_and_nothing_runs_but_the_pages_own_script():
    still = html(dataset(attributes=ATTRIBUTES), REPORT)
    page = Page(still)
    assert "script" not in page.tags
    assert page.tags.count("img") == 1
    assert all(address.startswith("data:") for address in page.addresses)
    kind, _, data = page.addresses[-1].partition(";base64,")
    assert kind == "data:image/png"
    assert base64.b64decode(data).startswith(b"\x89PNG")
    moving = moving_page()
    (script,) = re.findall("<script>(.*?)</script>", moving, flags=re.DOTALL)
    (allowed,) = re.findall("script-src 'sha256-(.*?)'", moving)
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == allowed
    assert "default-src 'none'" in moving
    assert all(address.startswith("data:") for address in Page(moving).addresses)


def test_pictures_are_side_by_side_with_a_frame_for_each_time_and_a_text():
    text = moving_page()
    page = Page(text)
    assert not page.open
    assert [re.findall(f'data-step="{step}"', text) != [] for step in range(6)] == [True] * 5 + [False]
    assert page.tags.count("img") == 3 * 5 + 1  # answer, reference, difference; where the conditions hold
    assert 'max="4"' in text
    assert [time in text for time in ('label="t = 0"', 'label="t = 0.25"', 'label="t = 1"')] == [True] * 3
    assert {"the answer", "the reference", "answer minus reference"} <= set(page.cells)
    alts = re.findall('<img[^>]* alt="(.*?)"', text)
    assert len(alts) == 16
    assert all(len(alt) > 20 for alt in alts)
    assert "u, answer minus reference at t = 1: values from -0.001 to -0.001" in alts


def test_frames_differ_and_their_scale_does_not():
    shown, times = pictures(in_time(), {})
    (answer, reference, difference) = shown[0].panels
    assert times == ["t = 0", "t = 0.25", "t = 0.5", "t = 0.75", "t = 1"]
    assert len({source for source, _ in answer.frames}) == 5
    assert answer.frames[0][0] == reference.frames[0][0]  # the same values at the start, in the same colours
    assert difference.frames[0][0] != answer.frames[0][0]


def test_equations_are_typeset_with_the_place_and_the_residual():
    text = moving_page()
    page = Page(text)
    assert page.tags.count("math") >= 4
    assert "<mfrac><mrow><mi>∂</mi><mi>u</mi></mrow><mrow><mi>∂</mi><mi>t</mi></mrow></mfrac>" in text
    assert "u\xa0is periodic in\xa0y" in page.cells
    for place in ("omega", "omega.face(x, 0)", "omega.initial"):
        assert any(cell.startswith(f"on {place}; residual 2.0 × 10⁻⁹") for cell in page.cells), place
    assert "Coefficients" in text


def test_what_was_tried_and_what_was_not():
    strategies = [
        {"name": "one domain", "runs": "in turn", "because": "sine features"},
        {"name": "periodic", "runs": None, "because": "there is no evolution"},
    ]
    page = Page(html(dataset(attributes={"strategies": strategies, "command": "inrpde solve warm.py"}), report()))
    assert {"300 features", "periodic", "there is no evolution", "inrpde solve warm.py"} <= set(page.cells)
    assert "The method had nothing more to try." in page.cells


def test_findings_are_sentences_and_name_what_they_bound():
    finding = {"kind": "coverage", "text": "no condition on x = 1", "at_most": "unverified"}
    text = html(dataset(), report("unverified", findings=[finding], warnings=[finding["text"], "something else"]))
    assert text.count("No condition on x = 1.") == 1
    assert "because of it the verdict is at most <strong>unverified</strong>" in text
    assert "something else." in text
    assert "What to try next" in text
    assert "What to try next" not in html(dataset(), report())


def test_the_estimate_is_traced_to_its_evidence():
    assert "is the answer's share of the difference of two solves" in unescape(html(dataset(), report()))
    made = report()
    made["fields"]["u"]["estimated_error"] = 3e-4
    assert "together with the reference's own error" in unescape(html(dataset(), made))
    made["fields"]["u"]["estimated_error"] = 2.0
    assert "nothing is known" in html(dataset(), made)


def test_a_column_that_nobody_fills_is_left_out():
    page = Page(html(dataset(), {"fields": {"u": {"estimated_error": 1e-3, "exact": None, "reference": None}}}))
    assert "estimated error" in page.cells
    assert not any("exact" in cell or "reference" in cell for cell in page.cells)


def test_an_estimate_is_explained_part_by_part():
    estimate = {"held_out": 1.5e-5, "second": 2.5e-5, "difference": 3.5e-5, "shared": None}
    page = Page(html(dataset(), {"fields": {"u": {"estimate": estimate}, "v": {"estimate": None}}}))
    for name, value in (
        ("residual on points not fitted", "1.5 × 10⁻⁵"),
        ("residual of a second solve", "2.5 × 10⁻⁵"),
        ("difference of the two solves", "3.5 × 10⁻⁵"),
    ):
        at = page.cells.index(name)
        assert page.cells[at + 1] == value
        assert len(page.cells[at + 2]) > 20
    assert "residual that both leave" not in page.cells
    assert "residual of a second solve" not in Page(html(dataset(), REPORT)).cells


@pytest.mark.parametrize(
    "odd", [{"verdict": "fine"}, {"conditions": [1]}, {"warnings": 5}, {"fields": {"u": {"estimate": "x"}}}]
)
def test_a_report_that_is_none_is_refused(odd):
    with pytest.raises(OutputError, match="not one that inrpde makes"):
        html(dataset(), REPORT | odd)


def test_a_report_of_a_failure_and_an_empty_report():
    diverged = {"status": "diverged", "error": {"what": "singular at k = 20", "where": "Eq(…)", "fix": None}}
    page = Page(html(dataset(), diverged))
    assert "singular at k = 20." in page.cells
    assert "diverged" in page.cells
    empty = html(dataset(), {})
    assert not Page(empty).open
    assert re.findall("<h2.*?>(.*?)</h2>", empty) == ["Pictures", "How it was made"]
