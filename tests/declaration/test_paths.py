"""Where data files are looked for."""

import importlib
import sys

import numpy as np
import pytest

from inrpde.declaration import paths


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module beside its data, imported from another folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    np.save(folder / "beside.npy", np.zeros(1))
    (folder / "declares.py").write_text(
        "from inrpde.declaration.paths import resolve\n\n\ndef find(p):\n    return resolve(p)\n"
    )
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(tmp_path)
    yield importlib.import_module("declares")
    sys.modules.pop("declares")


def test_data_lie_beside_the_module_that_asks_for_them(module, tmp_path):
    assert module.find("beside.npy") == tmp_path / "elsewhere" / "beside.npy"


def test_other_files_are_looked_for_in_the_current_folder(module, tmp_path):
    assert module.find("missing.npy") == tmp_path / "missing.npy"


def test_a_problem_file_that_is_run_comes_first(module, tmp_path):
    with paths.at(tmp_path / "run"):
        assert module.find("beside.npy") == tmp_path / "run" / "beside.npy"
