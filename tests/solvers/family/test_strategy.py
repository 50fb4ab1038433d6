"""One solve answers for all parameters: members that were never seen, their estimates, slopes, files and words."""

import json

import numpy as np
import pytest
from sympy import Eq, I, Interval, Piecewise, exp, lambdify

import inrpde
from inrpde import Learned, On, Parameter, Points, Problem, Region, Space
from inrpde.cli import main
from inrpde.compiler import compile_problem
from inrpde.errors import UsageError
from inrpde.solvers.contract.strategy import Claim
from inrpde.solvers.family.strategy import serves
from tests.solvers.family import problems

AT = np.linspace(0, 1, 57)[:, None]


@pytest.fixture(scope="module")
def known():
    return inrpde.solve(problems.known(), reference="none")


def truth(k):
    return np.sin(k * AT[:, 0]) + k


@pytest.mark.parametrize("k", [1.0, 1.9, 3.33, 4.0])
def test_every_member_is_as_exact_as_its_report_says(known, k):
    error = np.linalg.norm(known(AT, k=k)["u"] - truth(k)) / np.linalg.norm(truth(k))
    told = known.member(k=k).report["fields"]["u"]["estimated_error"]
    assert error < 1e-8
    assert error < 10 * max(told, 1e-12)


def test_the_report_has_members_that_were_checked_like_any_answer(known):
    told = known.report["family"]
    assert told["parameters"] == {"k": [1.0, 4.0]}
    assert told["at"] == {"k": 2.5}
    assert len(told["members"]) == 3
    for member in told["members"]:
        assert member["verdict"]["word"] in ("plausible", "verified")
        field = member["fields"]["u"]
        assert field["exact"]["rel_l2"] <= 10 * max(field["estimated_error"], 1e-12)
    assert json.dumps(told)


def test_without_parameters_it_is_the_member_in_the_middle(known):
    assert np.allclose(known(AT)["u"], truth(2.5), atol=1e-8)
    assert known.coefficients["k"] == 2.5
    assert known.member(k=3.0).coefficients["k"] == 3.0
    assert known.member(k=3.0).evaluate(problems.k * problems.x, AT) == pytest.approx(3 * AT[:, 0])


def test_sensitivities_are_derivatives(known):
    found = known.sensitivity("k", k=3.0)(AT)["u"]
    assert np.allclose(found, AT[:, 0] * np.cos(3 * AT[:, 0]) + 1, rtol=0, atol=1e-6)
    with pytest.raises(UsageError, match="no parameter 'q'"):
        known.sensitivity("q")


def test_the_file_holds_the_family(known, tmp_path):
    known.save(tmp_path / "family.h5")
    again = inrpde.load(tmp_path / "family.h5")
    assert np.array_equal(again(AT, k=1.7)["u"], known(AT, k=1.7)["u"])
    assert again.member(k=1.7).report["fields"] == known.member(k=1.7).report["fields"]
    again.member(k=1.7).save(tmp_path / "member.h5")
    assert np.array_equal(inrpde.load(tmp_path / "member.h5")(AT)["u"], known(AT, k=1.7)["u"])


@pytest.mark.parametrize("given", [{"k": 0.5}, {"k": "2"}, {"q": 2}])
def test_members_beyond_the_range_are_refused(known, given):
    with pytest.raises(UsageError, match="k from 1 to 4"):
        known(AT, **given)


def test_a_solution_of_one_problem_has_no_members():
    one = inrpde.solve(problems.known().member(k=2), reference="none")
    assert one.family is None
    assert "family" not in one.report
    with pytest.raises(UsageError, match="not of a family"):
        one(AT, k=2)


def test_resonances_within_the_range_are_not_called_right_where_they_are_wrong():
    space = Space("x")
    (x,) = space.coords
    u, k = space.unknown("u"), Parameter("k", 2, 8)
    rod = Region(space, Interval(0, 1))
    found = inrpde.solve(
        Problem("string", [u], [On(rod, Eq(u.diff(x, 2) + k**2 * u, 1)), On(rod.boundary, Eq(u, 0))]), reference="none"
    )
    for value in (np.pi + 1e-1, np.pi + 1e-3, 3.0, 5.1, 2 * np.pi + 1e-2):
        want = (
            1 - np.cos(value * AT[:, 0]) - (1 - np.cos(value)) / np.sin(value) * np.sin(value * AT[:, 0])
        ) / value**2
        member = found.member(k=value)
        error = np.linalg.norm(member(AT)["u"] - want) / np.linalg.norm(want)
        word = member.report["verdict"]["word"]
        assert error < 10 * max(member.report["fields"]["u"]["estimated_error"], 1e-6) or word == "unverified"


def test_a_jump_within_the_range_is_seen():
    space = Space("x")
    (x,) = space.coords
    u, k = space.unknown("u"), Parameter("k", 0, 1)
    rod = Region(space, Interval(0, 1))
    data = Piecewise((1, k < 0.37), (2, True))
    broken = Problem("broken", [u], [On(rod, Eq(u.diff(x, 2), data)), On(rod.boundary, Eq(u, 0))])
    found = inrpde.solve(broken, reference="none", budget=20)
    for value in (0.1, 0.36, 0.38, 0.9):
        member = found.member(k=value)
        want = (1 if value < 0.37 else 2) * AT[:, 0] * (AT[:, 0] - 1) / 2
        error = np.linalg.norm(member(AT)["u"] - want) / np.linalg.norm(want)
        assert error < 10 * member.report["fields"]["u"]["estimated_error"] or (
            member.report["verdict"]["word"] == "unverified"
        )


def test_complex_members_and_several_parameters():
    space = Space("x")
    (x,) = space.coords
    u = space.unknown("u", complex=True)
    k, a = Parameter("k", 1, 2), Parameter("a", -1, 1)
    rod = Region(space, Interval(0, 1))
    exact = exp(I * k * x) + a * x
    conditions = [On(rod, Eq(u.diff(x, 2) + k**2 * u, k**2 * a * x)), On(rod.boundary, Eq(u, exact))]
    found = inrpde.solve(Problem("waves", [u], conditions, exact={u: exact}), reference="none", tol=1e-6)
    for values in ({"k": 1.2, "a": 0.7}, {"k": 1.9, "a": -0.4}):
        want = lambdify(x, exact.subs({k: values["k"], a: values["a"]}))(AT[:, 0])
        assert np.linalg.norm(found(AT, **values)["u"] - want) < 1e-5 * np.linalg.norm(want)


def test_it_serves_families_alone_and_says_why_not():
    form = compile_problem(problems.known())
    assert isinstance(serves(form), Claim)
    assert serves(compile_problem(problems.known().member())) == "the problem has no parameters"
    u, x, rod, k = problems.u, problems.x, problems.rod, problems.k
    c = problems.space.parameter("c")
    places = Points(problems.space, [0.2, 0.7], {"read": [1.0, 2.0]})
    learned = Problem(
        "p", [u], [On(rod, Eq(u.diff(x, 2), k * c)), On(rod.boundary, u), On(places, Eq(u, places["read"]))],
        {c: Learned(1.0)},
    )  # fmt: skip
    assert serves(compile_problem(learned)) == "something is learned"
    outliers = Problem("p", [u], [On(rod, Eq(u.diff(x, 2), k)), On(rod.boundary, u, norm=1)])
    assert serves(compile_problem(outliers)) == "a condition has the norm 1"


def test_other_methods_are_told_to_take_one_member():
    with pytest.raises(UsageError, match="solves one problem"):
        inrpde.solve(problems.known(), method="least-squares")


FILE = """
from sympy import Eq, Interval, sin
from inrpde import On, Parameter, Problem, Region, Space

def problem(k=Parameter("k", 1, 4)):
    space = Space("x")
    (x,) = space.coords
    u = space.unknown("u")
    rod = Region(space, Interval(0, 1))
    return Problem("known", [u], [On(rod, Eq(u.diff(x, 2) + k * u, 1)), On(rod.boundary, Eq(u, 0))])
"""


def test_the_command_line_shows_a_family_and_its_range(tmp_path, monkeypatch, capsys):
    (tmp_path / "known.py").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    command = ["solve", "known.py", "--reference", "none"]
    main(command)
    assert "family: k from 1 to 4; shown at k = 2.5" in capsys.readouterr().out
    assert main([*command, "--param", "k=many"]) == 2
    assert "its range is 1 to 4" in capsys.readouterr().err


def test_the_page_has_the_members_that_were_checked(known, tmp_path):
    known.save(tmp_path / "family.h5")
    page = inrpde.report(tmp_path / "family.h5")
    text = page.read_text()
    assert "Other members of the family" in text
    words = [member["verdict"]["word"] for member in known.report["family"]["members"]]
    assert text.count(f"<td>{words[0]}</td>") >= words.count(words[0])
