"""The examples of docs/extending.md, run as they stand there."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from sympy import Eq, Interval, exp, sin

import inrpde
from inrpde import On, Problem, Region, Space, pipeline, references
from inrpde.compiler import compile_problem
from inrpde.errors import UsageError
from inrpde.networks import stored

PAGE = (Path(__file__).parents[1] / "docs/extending.md").read_text(encoding="utf-8")
EXAMPLES = {name: text for text, name in re.findall(r"```python\n(# (\w+)\.py.*?)```", PAGE, flags=re.DOTALL)}

space = Space("x y")
x, y = space.coords
u = space.unknown("u")
square = Region(space, Interval(0, 1) ** 2)
exact = exp(x) * sin(y)
problem = Problem("plane", [u], [On(square, space.laplace(u)), On(square.boundary, Eq(u, exact))], exact={u: exact})


@pytest.fixture
def example(tmp_path, monkeypatch, install):
    """Install an example of the page under a group; without one it is a module that others import."""

    def make(name, group=None, attribute=""):
        place = tmp_path / "site"
        if group is None:
            monkeypatch.delitem(sys.modules, name, raising=False)  # a benchmark has such a name, too
            (place / f"{name}.py").write_text(EXAMPLES[name])
        else:
            install(group, name.replace("_", "-"), EXAMPLES[name], attribute)

    return make


def test_every_example_is_short_and_named():
    assert set(EXAMPLES) == {"one_fit", "chebyshev", "polynomials", "known"}
    assert all(len(text.splitlines()) < 40 for text in EXAMPLES.values())


def test_a_method(example):
    example("one_fit", "methods", ":solve")
    found = inrpde.solve(problem, method="one-fit", reference="none", settings={"solver.width": 200})
    assert found.report["method"] == "one-fit"
    assert found.report["fields"]["u"]["exact"]["rel_l2"] < 1e-6
    assert found.report["fields"]["u"]["estimated_error"] < 1e-3
    with pytest.raises(UsageError, match=r"solver.rate is not read by one-fit"):
        inrpde.solve(problem, method="one-fit", settings={"solver.rate": 1.0})


def test_a_strategy_on_a_body(example, tmp_path, monkeypatch):
    example("chebyshev")
    example("polynomials", "strategies")
    assert pipeline.check(problem)["strategies"][0] == {
        "name": "polynomials", "runs": "alone", "because": "polynomials of higher and higher degree",
    }  # fmt: skip
    import chebyshev

    monkeypatch.setitem(stored.KINDS, "Polynomials", chebyshev.Polynomials)
    found = inrpde.solve(problem, reference="none")
    assert found.report["method"] == "polynomials"
    assert found.report["fields"]["u"]["exact"]["rel_l2"] < 1e-9
    again = inrpde.load(found.save(tmp_path / "plane.h5"))
    at = np.random.default_rng(0).uniform(0, 1, (9, 2))
    assert np.array_equal(again(at)["u"], found(at)["u"])


def test_a_reference(example, monkeypatch):
    example("known", "references")
    for name in ("finite_difference", "method_of_lines", "fem"):  # those that come with inrpde are asked first
        monkeypatch.setattr(f"inrpde.references.{name}.supports", lambda bound: "not today")
    made = references.solve(compile_problem(problem).bound, 32)
    assert made.kind == "known"
    nodes = np.meshgrid(*made.axes, indexing="ij")
    assert np.allclose(made.values["u"], np.exp(nodes[0]) * np.sin(nodes[1]))
    assert inrpde.solve(problem).report["fields"]["u"]["reference"]["kind"] == "known"
