"""Plugins of installed distributions: found by name, loaded lazily, harmless when broken or claimed twice."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from inrpde import plugins
from inrpde.errors import UsageError


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution with one module and entry points into the group of methods."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(distribution: str, entries: dict[str, str], **modules: str) -> None:
        info = tmp_path / f"{distribution}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n")
        lines = [f"{name} = {value}" for name, value in entries.items()]
        (info / "entry_points.txt").write_text("\n".join(["[inrpde.methods]", *lines]))
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))

    return make


def test_a_plugin_is_imported_when_it_is_loaded_and_not_before(install):
    install("steepest", {"steepest": "steepest_module:descend"}, steepest_module="def descend(context): return 42")
    plugin = plugins.find("methods", "steepest")
    assert (plugin.package, plugin.kind) == ("steepest 1.5", "method")
    assert "steepest_module" not in sys.modules
    assert plugins.load("methods", "steepest")(None) == 42


def test_what_comes_with_inrpde_is_registered_the_same_way():
    problems = plugins.available("problems")
    assert {"poisson", "darcy", "helmholtz", "helmholtz_plane", "terrain"} <= set(problems)
    assert problems["poisson"].package.startswith("inrpde ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("import sys; sys.exit(1)", "SystemExit: 1"),
        ("x = 1", "AttributeError"),
    ],
)
def test_a_broken_plugin_is_a_reason_and_harms_no_other(install, text, reason):
    install("broken", {"broken": f"broken_{len(text)}:descend"}, **{f"broken_{len(text)}": text})
    install("sound", {"sound": "math:sqrt"})
    with pytest.raises(UsageError, match="cannot be loaded") as raised:
        plugins.load("methods", "broken")
    assert reason in raised.value.what
    assert "broken 1.5" in raised.value.where
    assert plugins.load("methods", "sound")(4) == 2


def test_a_name_claimed_twice_names_both_distributions(install):
    install("one", {"same": "math:sqrt"})
    install("two", {"same": "math:cos", "other": "math:sin"})
    with pytest.raises(UsageError, match="claimed by 2 packages") as raised:
        plugins.load("methods", "same")
    assert {"one 1.5 (math:sqrt)", "two 1.5 (math:cos)"} == set(raised.value.where.split(" and "))
    assert plugins.load("methods", "other")(0) == 0
    assert "same" in plugins.available("methods")


def test_an_unknown_name_lists_what_is_installed_and_the_nearest():
    with pytest.raises(UsageError) as raised:
        plugins.find("problems", "poissson")
    assert "darcy" in raised.value.where
    assert "did you mean poisson?" in raised.value.fix


def test_looking_at_plugins_imports_none():
    code = "import sys; from inrpde import plugins; plugins.available('problems'); sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_every_problem_file_is_registered():
    files = {path.stem for path in (Path(__file__).parents[1] / "problems").glob("*.py")}
    ours = [plugin for plugin in plugins.available("problems").values() if "inrpde" in plugin.package]
    assert files == {plugin.entry.module.rpartition(".")[2] for plugin in ours}


def test_the_file_of_a_plugin_is_found_without_running_anything(install, tmp_path):
    install("deep", {"deep": "deep_package.inner.leaf:made"})
    for folder in ("deep_package", "deep_package/inner"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "__init__.py").write_text("1 / 0")
    (tmp_path / "deep_package/inner/leaf.py").write_text("1 / 0")
    found = plugins.find("methods", "deep").file
    assert found.name == "leaf.py"
    assert found.parent.name == "inner"
    install("absent", {"absent": "not_there_at_all.leaf", "builtin": "sys:exit"})
    for name in ("absent", "builtin"):
        with pytest.raises(UsageError, match="has no file"):
            print(plugins.find("methods", name).file)
