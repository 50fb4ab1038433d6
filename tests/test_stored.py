"""Solutions and their files: compared with each other, told on a page."""

import pytest

import inrpde
from inrpde.errors import OutputError, UsageError
from tests.test_solution import solution


def test_solutions_and_their_files_are_compared_alike(tmp_path):
    made = solution(report={"problem": "wave"})
    at = made.save(tmp_path / "wave.h5")
    same = inrpde.compare(made, at)
    assert same["u"] == {"rel_l2": 0.0, "max": 0.0, "nodes": 129 * 129, "interpolated": False}
    coarse = solution(grid=(9, 9))
    assert inrpde.compare(coarse, made) == inrpde.compare(coarse, str(at))
    assert inrpde.compare(coarse, at)["w"]["nodes"] == 81
    with pytest.raises(UsageError, match="no name of a file"):
        inrpde.compare(made, None)
    with pytest.raises(OutputError):
        inrpde.compare(made, tmp_path / "missing.h5")


def test_a_page_lies_beside_its_file_or_where_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = solution(report={"problem": "wave.2"})
    at = made.save(tmp_path / "stored.h5")
    assert inrpde.report(at) == tmp_path / "stored.html"
    assert inrpde.report(made).name == "wave.2.html"
    page = inrpde.report(made, tmp_path / "page.html")
    assert "<h1>wave.2</h1>" in page.read_text()
    assert {path.suffix for path in tmp_path.iterdir()} == {".h5", ".html"}
    with pytest.raises(OutputError):
        inrpde.report(made, tmp_path / "missing" / "page.html")
