"""From a word to a problem: files, names in them, plugins, parameters, and whatever is wrong with a file."""

import hashlib
import sys
import textwrap

import h5py
import numpy as np
import pytest
import sympy

from inrpde.errors import ProblemError, UsageError
from inrpde.loader import load_problem
from inrpde.parameters import parse_parameter

HEAD = """\
from sympy import Eq, Interval
from inrpde import GridField, On, Problem, Region, Space
space = Space("x")
(x,) = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
"""
LINE = 'Problem("line", unknowns=[u], conditions=[On(omega, Eq(u.diff(x, 2), {})), On(omega.boundary, u)])'


@pytest.fixture
def write(tmp_path):
    def make(text: str, name: str = "case.py") -> str:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return str(path)

    return make


def test_a_file_and_where_it_came_from(write):
    text = f'"""A line."""\n{HEAD}problem = {LINE.format(1)}\n'
    problem, source = load_problem(write(text), {})
    assert problem.name == "line"
    assert (source.path.name, source.name, source.text) == ("case.py", "problem", text)
    assert source.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert dict(source.data) == dict(source.parameters) == {}


def test_a_name_in_a_file(write):
    file = write(f"{HEAD}problem = {LINE.format(1)}\nother = {LINE.format(2).replace('line', 'second')}\n")
    assert load_problem(f"{file}:other", {})[0].name == "second"


@pytest.mark.parametrize("name", ["poisson", "darcy", "helmholtz", "helmholtz_plane", "terrain"])
def test_the_problems_that_come_with_inrpde(name):
    problem, source = load_problem(name, {})
    assert problem.name == name
    assert [path.rpartition("/")[2] for path in source.data] == (["terrain.h5"] if name == "terrain" else [])
    assert not problem.warnings


def test_siblings_and_data_lie_in_the_folder_of_the_file(write, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.delitem(sys.modules, "sibling_of_case", raising=False)
    with h5py.File(tmp_path / "field.h5", "w") as file:
        file["a"] = np.linspace(1, 2, 9)
        file["x"] = np.linspace(0, 1, 9)
    write("value = 3", "sibling_of_case.py")
    body = f"""{HEAD}from sibling_of_case import value
a = space.coefficient("a")
def problem():
    return Problem("line", unknowns=[u], conditions=[On(omega, Eq(a * u.diff(x, 2), value)), On(omega.boundary, u)],
                   coefficients={{a: GridField.from_hdf5("field.h5", "a")}})
"""
    before = list(sys.path)
    _, source = load_problem(write(body), {})
    assert sys.path == before
    assert dict(source.data) == {
        str(tmp_path / "field.h5"): hashlib.sha256((tmp_path / "field.h5").read_bytes()).hexdigest()
    }


def test_what_a_file_prints_goes_to_stderr(write, capsys):
    load_problem(write(f"{HEAD}print('hello')\nproblem = {LINE.format(1)}"), {})
    assert capsys.readouterr() == ("", "hello\n")


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        (12, "20", 20),
        (12, "-3", -3),
        (12, "2.5", 2.5),
        (12, "5/2", 2.5),
        (0.5, "3/10", 0.3),
        (0.5, "1e-3", 1e-3),
        (True, "false", False),
        (False, "Yes", True),
        ("sine", "tanh", "tanh"),
        (None, "0.5", 0.5),
        (None, "part.msh", "part.msh"),
        (sympy.Rational(1, 2), "3/10", sympy.Rational(3, 10)),
        (sympy.Rational(1, 2), "0.3", sympy.Rational(3, 10)),
        (sympy.pi / 4, "2", sympy.Integer(2)),
        (sympy.Integer(2), "5", sympy.Integer(5)),
        (sympy.Float(2), "0.25", sympy.Float(0.25)),
    ],
)
def test_a_parameter_is_parsed_by_its_default(default, text, value):
    parsed = parse_parameter("k", text, default, "case.py:problem")
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("default", "text"),
    [
        (12, "many"),
        (12, "1/0"),
        (0.5, "nan"),
        (0.5, "1/0"),
        (True, "maybe"),
        (sympy.Rational(1, 2), "1/0"),
        ((1, 2), "3"),
    ],
)
def test_a_value_of_another_type_says_what_is_taken(default, text):
    with pytest.raises(UsageError, match="k takes") as raised:
        parse_parameter("k", text, default, "case.py:problem")
    assert repr(text) in raised.value.what


def test_parameters_reach_the_function_and_the_source(write):
    file = write(f"{HEAD}def problem(force=1, name='line'):\n    return {LINE.format('force')}")
    problem, source = load_problem(file, {"force": "7"})
    assert problem.conditions[0].equation.rhs == 7
    assert dict(source.parameters) == {"force": 7}


def test_a_misspelt_parameter_names_the_nearest(write):
    file = write(f"{HEAD}def problem(force=1, width=1):\n    return {LINE.format('force')}")
    with pytest.raises(UsageError, match="did you mean force"):
        load_problem(file, {"forse": "7"})


def test_a_parameter_for_a_problem_that_takes_none(write):
    with pytest.raises(UsageError, match="takes no parameters"):
        load_problem(write(f"{HEAD}problem = {LINE.format(1)}"), {"k": "1"})
    with pytest.raises(UsageError, match="takes no parameters"):
        load_problem(write(f"{HEAD}def problem():\n    return {LINE.format(1)}"), {"k": "1"})


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("x = 1\ndef problem(:\n", "not valid Python", "case.py, line 2: def problem(:"),
        ("x = 1\nraise ValueError('my own mistake')", "ValueError: my own mistake", "line 2: raise ValueError"),
        ("def problem():\n    return 1 / 0", "ZeroDivisionError", "line 2: return 1 / 0"),
        ("import sys\nsys.exit(3)", "SystemExit: 3", "line 2: sys.exit(3)"),
        ("x = 1", "there is no 'problem'", "case.py"),
        (f"{HEAD}darcy = {LINE.format(1)}", "there is no 'problem'", "case.py"),
        ("problem = [1, 2]", "problem is list, not a Problem", "case.py:problem"),
        ("def problem(): pass", "problem returned NoneType", "case.py:problem"),
        ("def problem(k): pass", "'k' has no default", "case.py:problem"),
        (
            f"{HEAD}\nproblem = Problem('p', unknowns=[u], conditions=[On(omega, Eq(u, u))])",
            "True",
            "line 8: problem =",
        ),
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'", "line 1"),
        ("a = '\0'", "", "case.py"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(write, text, what, where):
    with pytest.raises(ProblemError) as raised:
        load_problem(write(text), {})
    assert what in raised.value.what
    assert where in raised.value.where
    assert raised.value.fix


def test_the_problems_in_a_file_without_the_right_name_are_offered(write):
    with pytest.raises(ProblemError, match=r"case\.py:darcy"):
        load_problem(write(f"{HEAD}darcy = {LINE.format(1)}"), {})


@pytest.mark.parametrize("spec", ["nowhere/missing.py", "missing.py", "missing.py:problem"])
def test_a_missing_file_is_named(spec):
    with pytest.raises(ProblemError, match=r"missing\.py"):
        load_problem(spec, {})


def test_text_that_is_not_utf8(tmp_path):
    (tmp_path / "case.py").write_bytes(b"x = '\xff'")
    with pytest.raises(ProblemError, match="not Python text"):
        load_problem(str(tmp_path / "case.py"), {})


def test_an_unknown_plugin_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean helmholtz"):
        load_problem("helmholz", {})


def test_what_libraries_print_past_python_goes_to_stderr(write, capfd):
    load_problem(write(f"{HEAD}import os\nos.write(1, b'hello')\nproblem = {LINE.format(1)}"), {})
    assert capfd.readouterr() == ("", "hello")


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("import not_there_at_all", "ModuleNotFoundError", "put not_there_at_all.py beside the file"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "run it with python"),
    ],
)
def test_how_a_file_that_raises_is_mended(write, text, what, fix):
    with pytest.raises(ProblemError, match=what) as raised:
        load_problem(write(text), {})
    assert fix in raised.value.fix
