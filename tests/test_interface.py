"""What Python calls: files and warnings like the command line's, arguments checked before anything is solved."""

import warnings

import numpy as np
import pytest
from sympy import Eq, Interval, pi, sin

import inrpde
from inrpde import On, Problem, Region, Space, pipeline
from inrpde.errors import InrpdeWarning, OutputError, ProblemError, UsageError
from inrpde.solution import Solution

line = Space("x")
(x,) = line.coords
u = line.unknown("u")
omega = Region(line, Interval(0, 1))
problem = Problem("line", [u], [On(omega, Eq(u.diff(x, 2), 2)), On(omega.boundary, u)])
FILE = """
from sympy import Eq, Interval
from inrpde import On, Problem, Region, Space
space = Space("x")
(x,) = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
def problem(force=2):
    return Problem("line", [u], [On(omega, Eq(u.diff(x, 2), force)), On(omega.boundary, u)])
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "line.py"
    path.write_text(FILE)
    return path


def test_a_problem_by_its_name_and_by_its_file(file):
    assert inrpde.problem("poisson").name == "poisson"
    found = inrpde.problem(file, force=3)
    assert found.conditions[0].equation.rhs == 3
    assert found.source.text == FILE
    assert inrpde.problem(f"{file}:problem", force="1/2").conditions[0].equation.rhs == 0.5
    with pytest.raises(UsageError, match="'forse'"):
        inrpde.problem(file, forse=3)
    with pytest.raises(UsageError, match="no problem 'poissom'"):
        inrpde.problem("poissom")
    with pytest.raises(UsageError, match="no name of a file"):
        inrpde.problem(None)


def test_what_is_written_holds_the_source_the_grid_and_the_network(file, tmp_path):
    at = tmp_path / "line.h5"
    solution = inrpde.solve(inrpde.problem(file), output=at, grid=[17], reference="none")
    stored = inrpde.export.read(at)
    assert stored.attributes["source"] == FILE
    assert stored.fields["u"].shape == (17,)
    points = np.linspace(0, 1, 9)
    assert inrpde.load(at)(points)["u"].tobytes() == solution(points)["u"].tobytes()


def test_a_place_that_cannot_be_written_is_known_before_the_solve(monkeypatch, tmp_path):
    monkeypatch.setattr(pipeline, "run", lambda *args, **options: pytest.fail("it was solved"))
    for output in (tmp_path, tmp_path / "missing" / "line.h5", tmp_path / "line.stl"):
        with pytest.raises(OutputError):
            inrpde.solve(problem, output=output)
    with pytest.raises(UsageError, match="without an output"):
        inrpde.solve(problem, resume=True)
    with pytest.raises(UsageError, match="no time"):
        inrpde.solve(problem, times=[0, 1])
    with pytest.raises(UsageError, match="more than"):
        inrpde.solve(problem, grid=np.array([2**29]))
    moving = inrpde.problem("heat")
    with pytest.raises(UsageError, match="time 3 is asked for, and t runs from 0 to 1"):
        inrpde.solve(moving, times=np.array([0.0, 3.0]))


def test_resuming_goes_on_from_the_checkpoint(tmp_path):
    class Stop(KeyboardInterrupt):
        """The cell is interrupted."""

    def stop(stage, done=None, note=""):
        if "score" in note:
            raise Stop

    at = tmp_path / "line.h5"
    with pytest.raises(Stop):
        inrpde.solve(problem, output=at, progress=stop, reference="none")
    assert (tmp_path / "line.h5.checkpoint").exists()
    assert inrpde.solve(problem, output=at, resume=True, reference="none").report["status"] == "ok"
    assert not (tmp_path / "line.h5.checkpoint").exists()
    with pytest.raises(UsageError, match="no checkpoint"):
        inrpde.solve(problem, output=at, resume=True)


def test_progress_is_a_bar_or_what_is_called(capfd):
    said = []
    inrpde.solve(problem, reference="none", progress=lambda stage, done=None, note="": said.append(stage))
    assert list(dict.fromkeys(said)) == ["compile", "solve", "verify"]
    assert capfd.readouterr().err == ""
    inrpde.solve(problem, reference="none", progress=True)
    assert "compile" in capfd.readouterr().err
    with pytest.raises(UsageError, match="cannot be called"):
        inrpde.solve(problem, progress="yes")


def test_what_the_command_line_prints_is_a_warning_at_the_users_line():
    bare = Problem("bare", [u], [On(omega, Eq(u.diff(x), 2))])
    for function in (inrpde.check, inrpde.solve):
        with pytest.warns(InrpdeWarning, match="no condition on any boundary") as caught:
            function(bare)
        assert {each.filename for each in caught} == {__file__}


def test_less_than_was_asked_for_is_a_warning():
    steep = Problem("steep", [u], [On(omega, Eq(u.diff(x, 2) + (80 * pi) ** 2 * u, 1)), On(omega.boundary, u)])
    with pytest.warns(InrpdeWarning, match="tolerance was not reached"):
        assert inrpde.solve(steep, tol=1e-15, budget=3.0, reference="none").report["status"] == "tolerance"


def test_where_nothing_is_suspicious_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error", InrpdeWarning)
        made = inrpde.check(problem)
        found = inrpde.reference(problem, n=64)
    assert (made["problem"], made["linear"], made["warnings"]) == ("line", True, [])
    assert isinstance(found, Solution)


def test_a_problem_that_is_wrong_is_refused_by_check():
    with pytest.raises(ProblemError):
        inrpde.check(Problem("p", [u], [On(omega, u.diff(x, 2) - 1), On(omega.boundary, u)], exact={u: sin(x)}))
