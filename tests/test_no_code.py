"""No text in a file runs code, costs more than it should, or stands in for what the user means."""

import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest
from sympy import Eq, Interval, Sum, Symbol, cos, exp, factorial, sin

import inrpde
from inrpde import On, Problem, Region, Solution, Space, pipeline
from inrpde.compiler.printing import RowFunction
from inrpde.errors import InrpdeError, OutputError, ProblemError
from inrpde.export.encoding import put_tree
from inrpde.export.seal import seal
from inrpde.found import Domain, NetworkField
from inrpde.networks.siren import SineBody
from inrpde.storage import check_names

BOX = np.zeros(2), np.ones(2)
POINT = np.array([[0.3, 0.4]])
X, U = "Symbol('x', real=True)", "Function('u', real=True)(Symbol('x', real=True), Symbol('y', real=True))"


def saved(path, **coefficients):
    space = Space("x y")
    field = NetworkField(SineBody.random(5, 3.0, BOX, np.random.default_rng(0)), np.ones(5))
    Solution(space.coords, None, {"u": field}, Domain(*BOX), coefficients=coefficients, grid=(4, 3)).save(path)
    return path


@cache
def plain():
    """The bytes of a file without coefficients."""
    with TemporaryDirectory() as folder:
        return saved(Path(folder) / "plain.h5").read_bytes()


def crafted(path, texts):
    """A whole file, its checksum right, whose coefficients are these texts."""
    path.write_bytes(plain())
    with h5py.File(path, "r+") as file:
        del file["inrpde/coefficients"]
        put_tree(
            file.create_group("inrpde/coefficients"), {k: {"type": "expression", "text": t} for k, t in texts.items()}
        )
        seal(file)
    return path


def code(mark):
    """Names that are code, as a bound symbol's reached the source that sympy makes."""
    runs = f"open({str(mark)!r},chr(119))"
    return [
        runs, f"({runs})", f"x=({runs})", f"x\n{runs}", f"x;{runs}", f"lambda:{runs}", f"[{runs}][0]",
        f"x if {runs} else x",
        f"__import__('os').mkdir({str(mark)!r})", f"exec({f'open({str(mark)!r},chr(119))'!r})",
    ]  # fmt: skip


WAYS = {
    "lambda": "Lambda(Tuple({s}), Add(sin({s}), cos(sin({s}))))",
    "subs": "Subs(Add(sin({s}), cos(sin({s}))), Tuple({s}), Tuple(" + X + "))",
    "integral": "Integral(Add(sin({s}), cos(sin({s}))), Tuple({s}, Integer(0), Integer(1)))",
    "sum": "Sum(Add(sin({s}), cos(sin({s}))), Tuple({s}, Integer(0), Integer(1)))",
    "symbol": "Add(sin({s}), cos(sin({s})))",
    "function": "Add(sin({f}(" + X + ")), cos(sin({f}(" + X + "))))",
    "derivative": "Derivative({f}({s}), Tuple({s}, Integer(1)))",
    "condition": "Piecewise(ExprCondPair({s}, StrictLessThan({s}, Integer(1))), ExprCondPair(Integer(0), true))",
    "normal": "Mul(NormalComponent({n}, real=True), " + X + ")",
    "dummy": "sin(Dummy({n}, dummy_index=1))",
}


def evaluated(path):
    solution = inrpde.load(path)
    return solution(POINT)["a"], solution.evaluate(Space("x y").unknown("u"), POINT)


@pytest.mark.parametrize("way", WAYS)
def test_a_crafted_name_runs_nothing(way, tmp_path):
    mark = tmp_path / "ran"
    for number, name in enumerate(code(mark)):
        text = WAYS[way].format(s=f"Symbol({name!r})", f=f"Function({name!r})", n=repr(name))
        path = crafted(tmp_path / f"{number}.h5", {"a": text})
        with pytest.raises(OutputError) as error:
            evaluated(path)
        assert error.value.where
        assert error.value.fix
        assert not mark.exists()


WORDS = [
    "import", "lambda", "__import__", "__builtins__", "x y", "x.y", "x\\n", " x", "1x", "", "x\\0", "x#", "None",
    "a" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_restored_name_is_an_identifier(word, tmp_path):
    for text in (f"Symbol('{word}')", f"Function('{word}')({X})"):
        with pytest.raises(OutputError):
            inrpde.load(crafted(tmp_path / "a.h5", {"a": text}))


@pytest.mark.parametrize("name", ["u", "x", "y", "__class__", "a b", "class"])
def test_a_coefficient_never_stands_in_for_something_else(name, tmp_path):
    with pytest.raises(OutputError, match=r"two things|not a name"):
        inrpde.load(crafted(tmp_path / "a.h5", {name: "Integer(0)"}))


BOUND = {
    "a stray symbol": {"a": "Symbol('k')"},
    "a stray function": {"a": f"Function('w')({X})"},
    "a circle": {"a": "Symbol('b')", "b": "Symbol('a')"},
    "itself": {"a": "Add(Symbol('a'), Integer(1))"},
    "a billion": {f"a{k}": f"Mul(sin(Symbol('a{k + 1}')), cos(Symbol('a{k + 1}')))" for k in range(60)} | {"a60": X},
    "a tower": {f"a{k}": f"exp(Symbol('a{k + 1}'))" for k in range(8)} | {"a8": "Integer(9)"},
    "a tower of powers": {
        "a": "Pow(Symbol('b'), Symbol('b'))",
        "b": "Pow(Symbol('c'), Symbol('c'))",
        "c": "Integer(999)",
    },
    "a factorial": {"a": "gamma(Symbol('b'))", "b": "Mul(Integer(100000), Symbol('c'))", "c": "Integer(100000)"},
    "a rounded tower": {"a": "floor(exp(exp(Symbol('b'))))", "b": "Integer(40)"},
}


@pytest.mark.parametrize("texts", BOUND.values(), ids=BOUND)
def test_what_coefficients_make_together_is_bounded(texts, tmp_path):
    begin = time.monotonic()
    with pytest.raises(OutputError):
        inrpde.load(crafted(tmp_path / "a.h5", texts))
    assert time.monotonic() - begin < 30


def test_the_command_line_runs_nothing_either(tmp_path):
    mark = tmp_path / "ran"
    path = crafted(tmp_path / "a.h5", {"a": WAYS["lambda"].format(s=f"Symbol({code(mark)[0]!r})")})
    command = [sys.executable, "-m", "inrpde", "report", str(path)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=env)
    assert done.returncode == 6, done.stderr
    assert "Traceback" not in done.stderr
    assert not mark.exists()


@pytest.mark.parametrize("name", ["sin", "lambda", "x y", "print('x')", "v0", "x0", "numpy"])
def test_generated_source_has_names_of_its_own(name):
    """Whatever a user's own symbols are called."""
    s, k = Symbol(name), Symbol("k; raise", integer=True)
    expr = sin(s) + cos(sin(s)) + exp(s) + Sum(k * s, (k, 1, 3))
    (value,) = RowFunction([expr])({s: np.array([0.5])})
    assert value == pytest.approx(np.sin(0.5) + np.cos(np.sin(0.5)) + np.exp(0.5) + 3.0)


def declared(key, value=1.0):
    space = Space("x")
    x, u = space.coords[0], space.unknown("u")
    a = key(space) if callable(key) else key
    line = Region(space, Interval(0, 1))
    return Problem(
        "p",
        [u],
        [On(line, Eq(-u.diff(x, 2) + a * u, 1)), On(line.boundary, u)],
        coefficients={a: value(x) if callable(value) else value},
    )


@pytest.mark.parametrize("name", ["x", "lambda", "a b", "__import__('os')"])
def test_names_are_checked_when_they_are_declared(name):
    with pytest.raises(ProblemError, match=r"not a name|coordinate"):
        declared(Symbol(name))
    with pytest.raises(ProblemError):
        Space("x").coefficient(name)


def test_a_coefficient_that_cannot_be_stored_is_refused_before_the_solve(tmp_path):
    problem = declared(lambda space: space.coefficient("a"), lambda x: factorial(4 + 0 * x) + factorial(x))
    with pytest.raises(InrpdeError, match="cannot be written") as error:
        pipeline.run(problem, output=tmp_path / "a.h5", progress=forbidden)
    assert error.value.exit_code == 3


def forbidden(stage, *_):
    assert stage == "compile", f"the run went on to {stage}"


def test_names_that_go_together_are_taken():
    space = Space("x y")
    nu, a = space.parameter("nu"), space.coefficient("a")
    check_names(["x", "y"], ["u", "nu"], {"a": exp(space.coords[0]) * nu, "b": a * space.normal[0]}, {"nu": 2.0})
