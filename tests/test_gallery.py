"""The gallery: a row and pictures for each problem, made from its file as it is now, and pages that show just that."""

import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import inrpde
from inrpde import plugins
from inrpde.declaration.mathml import typeset
from inrpde.errors import ProblemError
from inrpde.loader import load_problem
from inrpde.references import fem, finite_difference, initial_value, method_of_lines
from tests.problems.test_problems import FORMULAS
from tests.rows import ROWS, alike

pytest.importorskip("PIL")
pytest.importorskip("sphinx")
sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
sys.path.append(str(Path(__file__).parents[1] / "docs"))

import gallery
import gallery_pages as pages
import gallery_pictures as pictures
from PIL import Image

ROOT = Path(__file__).parents[1]
NAMES = plugins.available("problems")
COMPARED = {each[0] if isinstance(each, tuple) else each.values[0] for each in FORMULAS}
"""The problems whose errors tests/problems/test_problems.py puts beside their rows."""
MOST = 2_000_000
"""Bytes of all pictures together: a clone holds all of their versions."""


def loaded(name: str):
    """The problem and its source; a test that needs data of a package which is not there is skipped."""
    try:
        return load_problem(name, {})
    except ProblemError as error:
        if "inrpde[paper]" not in (error.fix or ""):
            raise
        pytest.skip(error.what)


def test_every_problem_is_on_one_page_with_a_row_and_pictures():
    listed = pages.themes(pages.OVERVIEW.read_text(encoding="utf-8"))
    assert listed.keys() == pages.PAGES.keys()
    assert sorted(name for names in listed.values() for name in names) == sorted(NAMES)
    assert ROWS.keys() == set(NAMES)
    for folder, most in ((gallery.FOLDER, pictures.LARGEST), (gallery.FOLDER / "small", pictures.LARGEST / 2)):
        sizes = {file.stem: file.stat().st_size for file in folder.glob("*.png")}
        assert sizes.keys() == set(NAMES)
        assert max(sizes.values()) <= most, sizes
    assert sum(file.stat().st_size for file in gallery.FOLDER.rglob("*.png")) < MOST


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_of_the_file_as_it_is_now(name):
    """Where this fails, `make gallery` has to be run for that problem: `python benchmarks/gallery.py NAME`. Where its
    equations alone are printed otherwise, `--typeset` with it spares the solve."""
    problem, source = loaded(name)
    row = ROWS[name]
    assert row["files"] == gallery.files(source)
    assert [each[:2] for each in row["equations"]] == [list(each) for each in typeset(problem)]
    assert row["budget"] == gallery.BUDGETS.get(name)


def test_a_row_of_another_file_is_found(tmp_path):
    file = tmp_path / "poisson.py"
    file.write_text((ROOT / "problems" / "poisson.py").read_text().replace("Eq(u, 0)", "Eq(u, 1)"))
    assert gallery.files(load_problem(str(file), {})[1]) != ROWS["poisson"]["files"]
    assert gallery.stale("poisson", {"poisson": ROWS["darcy"]})
    assert gallery.stale("poisson", {})
    assert not gallery.stale("poisson", ROWS)


def test_equations_are_typeset_again_and_their_residuals_stay(tmp_path, monkeypatch):
    stored = ROWS["poisson"]
    older = [["<math></math>", "nowhere", residual] for _, _, residual in stored["equations"]]
    monkeypatch.setattr(gallery, "ROWS", tmp_path / "rows.json")
    gallery.write({"poisson": stored | {"equations": older}})
    gallery.typeset_again(["poisson"])
    assert gallery.rows() == {"poisson": stored}


def test_a_fresh_solve_makes_the_row_that_is_stored(tmp_path):
    row, solution = gallery.solve("poisson")
    stored = ROWS["poisson"]
    assert row.keys() == stored.keys()
    assert row | {"equations": 0, "fields": 0, "seconds": 0} == stored | {"equations": 0, "fields": 0, "seconds": 0}
    assert row["fields"]["u"]["against"] == "a formula"
    assert [each[2] is None for each in row["equations"]] == [False, False]
    pictures.draw(solution, "poisson", "u", tmp_path)
    for file in (tmp_path / "poisson.png", tmp_path / "small" / "poisson.png"):
        drawn, kept = Image.open(file), Image.open(gallery.FOLDER / file.relative_to(tmp_path))
        assert drawn.size == kept.size
        gap = np.asarray(drawn.convert("RGB"), float) - np.asarray(kept.convert("RGB"), float)
        assert np.sqrt(np.mean(gap**2)) < 8  # of 255: palettes differ, and what is drawn does not


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(NAMES) - COMPARED))
def test_what_has_no_formula_is_as_good_as_its_row_says(name):
    loaded(name)
    row, _ = gallery.solve(name)
    for field, values in row["fields"].items():
        stored = ROWS[name]["fields"][field]
        assert values["against"] == stored["against"]
        kind = "estimated_error" if stored["error"] is None else "error"
        assert alike(values[kind], stored[kind]), (field, values, stored)


def test_pictures_are_reduced_until_they_are_small():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    made = Image.open(io.BytesIO(pictures.reduced(Image.fromarray(noise), 16)))
    assert made.mode == "P"
    assert len(made.getcolors()) == 16


def test_a_page_shows_what_is_stored_and_nothing_that_is_left_to_fill():
    overview = pages.filled(pages.OVERVIEW.read_text(encoding="utf-8"), ROWS)
    assert overview.count("gallery/small/") == len(NAMES)
    targets = re.findall(r"\]\(gallery/([\w-]+)\.md#(\w+)\)", overview)
    for page in pages.PAGES.values():
        text = pages.filled((gallery.FOLDER / f"{page}.md").read_text(encoding="utf-8"), ROWS)
        names = re.findall(r"^## (\w+)$", text, re.MULTILINE)
        assert {(page, pages.anchor(name)) for name in names} == {each for each in targets if each[0] == page}
        for name in names:
            assert all(equation in text for equation, _, _ in ROWS[name]["equations"])
            assert f"(./{name}.png)" in text
            assert f"`inrpde solve {name}" in text
        assert "<!-- problems" not in text


def test_a_problem_without_a_row_is_named():
    with pytest.raises(pages.ExtensionError, match="no row of darcy: "):
        pages.filled("", {name: row for name, row in ROWS.items() if name != "darcy"})


def test_a_section_of_a_problem():
    row = ROWS["waveguide"]
    text = pages.section("waveguide", row)
    assert pages.told(row)[1] == ["`k` is the wavenumber, `mode` the number of half waves between the walls."]
    assert "`k` is the wavenumber" in text
    assert (
        f"| u | {row['fields']['u']['error']:.1e} | a formula | {row['fields']['u']['estimated_error']:.1e} |" in text
    )
    assert f"after {row['seconds']:.1f} s of the processor" in text
    budgeted = pages.section("waveguide", row | {"budget": 60.0})
    assert "`inrpde solve waveguide --budget 60`" in budgeted


def test_what_has_nothing_to_be_compared_with_says_so():
    unknown = {"error": None, "against": None, "good_to": None, "estimated_error": 2e-3}
    row = ROWS["poisson"] | {"fields": {"u": unknown}}
    assert "| u | – | there is nothing | 2.0e-03 |" in pages.errors(row)
    assert pages.worst(row) == (2e-3, "estimate")
    compared = unknown | {"error": 1e-4, "against": "finite differences", "good_to": 3e-4}
    assert "| v | 1.0e-04 | finite differences, good to 3e-04 | 2.0e-03 |" in pages.errors({"fields": {"v": compared}})
    assert pages.worst({"fields": {"v": compared}}) == (2e-3, "estimate")
    exact = compared | {"against": "a formula", "good_to": None}
    assert pages.worst({"fields": {"v": exact}}) == (1e-4, "error")


def test_docstrings_are_no_markup():
    assert pages.plain("a_b * |u|, `--param c=a_b`") == r"a\_b \* \|u\|, `--param c=a_b`"


def test_kinds_of_references_are_all_known():
    modules = (fem, finite_difference, initial_value, method_of_lines)
    assert gallery.KINDS.keys() == {module.KIND for module in modules}


def test_an_error_is_like_its_row_within_a_factor():
    assert alike(3e-6, 2e-5)
    assert alike(1e-15, 9e-12)
    assert not alike(3e-6, 4e-5)
    assert not alike(4e-5, 3e-6)
    assert inrpde.__version__ == ROWS["poisson"]["version"]
