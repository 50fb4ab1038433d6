"""Plugins of installed distributions: found by name, loaded lazily, harmless when broken or claimed twice."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import inrpde
from inrpde import plugins
from inrpde.cli import main
from inrpde.errors import InrpdeWarning, UsageError
from inrpde.loader import load_problem


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


METHOD = '''
"""{}."""
from inrpde.plugin import Candidate, Global, draw, fit, score

def solve(context):
    form, plan = context.form, Global(100, (6.0,) * context.form.space.dim)

    def fitted(seed, lean=()):
        return fit(form, plan, draw(form, plan.points, seed), seed, lean=lean)

    state = fitted(context.seed)
    found = score(form, draw(form, 500, context.seed + 1), state).total
    yield Candidate(state, found, found, 0.0, "{}", "one fit", again=fitted)
'''


def test_the_built_in_keeps_its_name_and_the_other_has_a_longer_one(install):
    install("Some_Stranger", {"newton": "strange_newton:solve"}, strange_newton=METHOD.format("Theirs", "theirs"))
    ours, theirs = plugins.find("methods", "newton"), plugins.find("methods", "some-stranger:newton")
    assert (ours.ours, theirs.ours) == (True, False)
    assert ours.load().__module__ == "inrpde.solvers.newton"
    assert theirs.load().__module__ == "strange_newton"
    assert plugins.find("methods", "Some.Stranger:newton") == theirs
    assert ours.clash is not None
    assert ours.clash.startswith("newton is the method of inrpde ")
    assert ours.clash.endswith("; that of Some_Stranger 1.5 is some-stranger:newton")
    assert {"newton", "some-stranger:newton"} <= set(plugins.available("methods"))
    assert [plugin.name for plugin in plugins.in_turn("methods")].count("newton") == 2
    assert plugins.find("methods", "inrpde:newton").load() is ours.load()
    with pytest.raises(UsageError, match="there is no method 'nobody:newton'"):
        plugins.find("methods", "nobody:newton")


def test_a_solve_by_either_says_whose_it_is(install, capsys):
    install("stranger", {"newton": "strange_method:solve"}, strange_method=METHOD.format("Theirs", "theirs"))
    problem = load_problem("poisson", {})[0]
    with pytest.warns(InrpdeWarning, match=r"that of stranger 1.5 is stranger:newton"):
        assert inrpde.solve(problem, method="newton", reference="none").report["method"] == "newton"
    report = inrpde.solve(problem, method="stranger:newton", reference="none").report
    assert (report["method"], report["warnings"]) == ("theirs", [])
    assert main(["list", "methods"]) == 0
    out = capsys.readouterr().out
    assert "stranger:newton  Theirs." in out
    assert "newton is the method of inrpde" in out


def test_two_strangers_are_told_apart_by_their_packages(install):
    install("one", {"same": "math:sqrt"})
    install("two", {"same": "math:cos"})
    with pytest.raises(UsageError, match="claimed by 2 packages") as raised:
        plugins.load("methods", "same")
    assert raised.value.fix == "say which: one:same or two:same"
    assert plugins.load("methods", "two:same")(0) == 1
