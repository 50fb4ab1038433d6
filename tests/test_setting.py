"""Settings of other packages: declared as fields of a dataclass, known by the entry points `inrpde.settings`."""

import json

import pytest

import inrpde
from inrpde import config, plugins
from inrpde.cli import main
from inrpde.errors import ProblemError, UsageError
from inrpde.loader import load_problem
from inrpde.solvers.contract.method import read
from inrpde.testing import check_method

RFF = '''
"""One fit of features whose band is a setting of its own."""
from dataclasses import dataclass
from inrpde.plugin import Candidate, Global, draw, fit, one_of, positive, reads, score, setting

@dataclass(frozen=True)
class Options:
    width: int | None
    sigma: float = setting("rff.sigma", 6.0, positive, "half-width of the band")
    law: str = setting("rff.law", "flat", one_of("flat", "normal"), "of the frequencies")

@reads(Options)
def solve(context):
    form, options = context.form, context.options
    plan = Global(options.width or 100, (options.sigma,) * form.space.dim)

    def fitted(seed, lean=()):
        return fit(form, plan, draw(form, plan.points, seed), seed, lean=lean)

    state = fitted(context.seed)
    found = score(form, draw(form, 500, context.seed + 1), state).total
    yield Candidate(state, found, found, 0.0, "rff", f"sigma {options.sigma:g}, {options.law}", again=fitted)
'''


@pytest.fixture
def rff(install):
    """A distribution for the method and one for its settings, of the same text."""
    install("methods", "rff", RFF, ":solve")
    install("settings", "rff", RFF, ":Options")


def test_a_value_reaches_the_method_from_the_command_line_and_from_python(rff, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    common = ["solve", "poisson", "--method", "rff", "--reference", "none", "--json"]
    assert main([*common, "--set", "rff.sigma=3", "--log", "run.jsonl"]) == 0
    capsys.readouterr()
    assert "sigma 3, flat" in (tmp_path / "run.jsonl").read_text()
    problem = load_problem("poisson", {})[0]
    one, same, other = (
        inrpde.solve(problem, method="rff", reference="none", settings=chosen).report["residual"]["fitted"]
        for chosen in ({"rff.sigma": 3}, {"rff.sigma": "3"}, {})
    )
    assert one == same != other


def test_a_default_that_is_asked_for_is_what_happens_anyway(rff):
    chosen = config.resolve({}, {"rff.sigma": 6, "rff.law": "normal"})
    assert (chosen.user, "rff.sigma" in chosen, chosen["rff.law"]) == ({"rff.law"}, False, "normal")


def test_nothing_is_imported_until_one_is_set(install):
    install("settings", "heavy", "raise RuntimeError('imported')", ":Options")
    assert set(config.resolve({}, {"solver.width": 3})) == set(config.SETTINGS)
    with pytest.raises(UsageError, match="imported"):
        config.resolve({}, {"heavy.load": 3})


def test_what_is_wrong_names_what_there_is(rff):
    with pytest.raises(UsageError, match=r"there is no setting 'rff.sgima'") as raised:
        config.resolve({}, {"rff.sgima": 3})
    assert "did you mean rff.sigma?" in raised.value.fix
    assert "rff.law" in raised.value.fix
    with pytest.raises(UsageError, match=r"rff.sigma takes a positive number"):
        config.resolve({}, {"rff.sigma": "-3"})
    with pytest.raises(ProblemError, match=r"rff.law takes one of flat, normal"):
        config.resolve({"rff.law": "round"}, {})
    with pytest.raises(UsageError, match=r"there is no setting 'fourier.sigma'"):
        config.resolve({}, {"fourier.sigma": 3})


def test_what_a_method_does_not_read_is_refused_with_those_that_do(rff):
    problem = load_problem("poisson", {})[0]
    for method in ("newton", "auto"):
        with pytest.raises(UsageError, match=r"rff.sigma is not read by") as raised:
            inrpde.solve(problem, method=method, settings={"rff.sigma": 3})
        assert raised.value.fix == "rff reads it: --method rff"


def test_an_author_is_warned(rff):
    problem = load_problem("poisson", {})[0]
    authored = inrpde.Problem(
        problem.name, problem.unknowns, problem.conditions, exact=problem.exact, settings={"rff.sigma": 3}
    )
    with pytest.warns(inrpde.errors.InrpdeWarning, match=r"rff.sigma is set by the problem and not read by newton"):
        found = inrpde.solve(authored, method="newton", reference="none")
    assert sum("rff.sigma" in line for line in found.report["warnings"]) == 1


def test_a_method_that_declares_nothing_gets_those_too(install, rff):
    install(
        "methods", "plain", RFF.replace("@reads(Options)\n", "").replace("context.options", "Options(None)"), ":solve"
    )
    problem = load_problem("poisson", {})[0]
    found = inrpde.solve(problem, method="plain", reference="none", settings={"rff.sigma": 3})
    assert found.report["warnings"] == []


def test_a_strategy_reads_them(install, rff):
    strategy = RFF + "\nfrom inrpde.plugin import Claim, Role\nNAME, OPTIONS = 'features', Options\n"
    strategy += "def serves(form):\n    return Claim(Role.ALONE, 'it is there') if form.linear else 'nonlinear'\n"
    strategy = strategy.replace("@reads(Options)\n", "")
    install("strategies", "features", strategy)
    problem = load_problem("poisson", {})[0]
    one, other = (
        inrpde.solve(problem, reference="none", settings=chosen).report["residual"]["fitted"]
        for chosen in ({"rff.sigma": 3}, {})
    )
    assert one != other
    with pytest.raises(UsageError, match=r"rff.sigma is not read by newton"):
        inrpde.solve(problem, method="newton", settings={"rff.sigma": 3})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Options = 3", "it is 3, and no dataclass"),
        ("{}    sigma: float = 3.0", "none of its fields is a setting(mine.…)"),
        ("{}    sigma: float = setting('yours.sigma', 3.0, positive, 'a')", "yours.sigma does not begin with mine."),
        ("{}    sigma: float = setting('mine.sigma', -3.0, positive, 'a')", "the default of mine.sigma is -3.0"),
    ],
)
def test_a_registry_that_is_none_is_told_when_it_is_loaded(install, text, said):
    head = "from dataclasses import dataclass\nfrom inrpde.plugin import *\n@dataclass(frozen=True)\nclass Options:\n"
    install("settings", "mine", text.replace("{}", head), ":Options")
    with pytest.raises(UsageError, match="the setting 'mine' cannot be used") as raised:
        plugins.load("settings", "mine")
    assert said in raised.value.what


def test_no_package_takes_the_prefix_of_ours(install):
    install("settings", "solver", RFF.replace("rff.", "solver."), ":Options")
    with pytest.raises(UsageError, match=r"there is no setting 'solver.sigma'"):
        config.resolve({}, {"solver.sigma": 3})
    with pytest.raises(UsageError, match=r"cannot begin with solver. as inrpde's own do"):
        plugins.load("settings", "solver")


def test_a_prefix_of_two_packages_names_both(install):
    install("settings", "rff", RFF, ":Options")
    install("settings", "rff", RFF + "\n", ":Options")
    with pytest.raises(UsageError, match="claimed by 2 packages") as raised:
        config.resolve({}, {"rff.sigma": 3})
    assert raised.value.fix == "uninstall one of them"


def test_they_are_listed(rff, capsys):
    assert main(["list", "settings", "methods"]) == 0
    out = capsys.readouterr().out
    assert "rff.sigma  half-width of the band: a positive number of at most a million (6.0)" in out
    assert "reads rff.law, rff.sigma, solver.width" in out
    assert main(["list", "settings", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["settings"]
    assert [each["key"] for each in listed[0]["keys"]] == ["rff.sigma", "rff.law"]


def test_the_kit_asks_for_the_registry(install, monkeypatch):
    install("methods", "rff", RFF, ":solve")
    method = plugins.load("methods", "rff")
    assert read(method) == {"solver.width", "rff.sigma", "rff.law"}
    with pytest.raises(AssertionError, match=r"nobody can set rff\.\w+, which it reads"):
        check_method(method)
    install("settings", "rff", RFF, ":Options")
    assert check_method(method, settings={"rff.sigma": 3, "solver.width": 200}).reason == "sigma 3, flat"
