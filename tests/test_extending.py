"""The examples of docs/extending.md, run as they stand there."""

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from sympy import Eq, Interval, exp, sin

import inrpde
from inrpde import On, Problem, Region, Space, pipeline, references
from inrpde.compiler import compile_problem
from inrpde.errors import OutputError, UsageError

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
    assert set(EXAMPLES) == {
        "one_fit",
        "fourier",
        "chebyshev",
        "polynomials",
        "known",
        "columns",
        "ellipse",
        "test_mine",
    }
    assert all(len(text.splitlines()) < 60 for text in EXAMPLES.values())


def test_examples_import_what_is_public():
    text = "\n".join(EXAMPLES.values())
    assert set(re.findall(r"(?:from|import) (inrpde\S*)", text)) == {"inrpde.plugin", "inrpde.errors", "inrpde.testing"}


def test_a_method(example):
    example("one_fit", "methods", ":solve")
    found = inrpde.solve(problem, method="one-fit", reference="none", settings={"solver.width": 200})
    assert found.report["method"] == "one-fit"
    assert found.report["fields"]["u"]["exact"]["rel_l2"] < 1e-6
    assert found.report["fields"]["u"]["estimated_error"] < 1e-3
    with pytest.raises(UsageError, match=r"solver.rate is not read by one-fit"):
        inrpde.solve(problem, method="one-fit", settings={"solver.rate": 1.0})


def test_settings_of_its_own(example, install):
    example("fourier")
    install("methods", "rff", "from fourier import solve", ":solve")
    install("settings", "rff", "from fourier import Options", ":Options")
    chosen = {"solver.width": 200, "rff.sigma": "3", "rff.bands": 2}
    found = inrpde.solve(problem, method="rff", reference="none", settings=chosen)
    assert found.report["fields"]["u"]["exact"]["rel_l2"] < 1e-6
    with pytest.raises(UsageError, match=r"rff.growth takes one of double, half"):
        inrpde.solve(problem, method="rff", settings={"rff.growth": "thrice"})


def test_a_strategy_on_a_body(example, tmp_path, install):
    example("chebyshev")
    install("bodies", "Polynomials", "from chebyshev import Polynomials", ":Polynomials")
    example("polynomials", "strategies")
    assert pipeline.check(problem)["strategies"][0] == {
        "name": "polynomials", "runs": "alone", "because": "polynomials of higher and higher degree",
    }  # fmt: skip
    found = inrpde.solve(problem, reference="none")
    assert found.report["method"] == "polynomials"
    assert found.report["fields"]["u"]["exact"]["rel_l2"] < 1e-9
    again = inrpde.load(found.save(tmp_path / "plane.h5"))
    at = np.random.default_rng(0).uniform(0, 1, (9, 2))
    assert np.array_equal(again(at)["u"], found(at)["u"])
    for info in (tmp_path / "site").glob("*.dist-info"):
        shutil.rmtree(info)
    with pytest.raises(OutputError, match="made of Polynomials, which is not installed") as refused:
        inrpde.load(tmp_path / "plane.h5")
    assert refused.value.where == "it is of stranger-Polynomials 1.5"


def test_a_reference(example, monkeypatch):
    example("known", "references")
    for name in ("finite_difference", "method_of_lines", "fem"):  # those that come with inrpde are asked first
        monkeypatch.setattr(f"inrpde.references.{name}.supports", lambda bound: "not today")
    made = references.solve(compile_problem(problem).bound, 32)
    assert made.kind == "known"
    nodes = np.meshgrid(*made.axes, indexing="ij")
    assert np.allclose(made.values["u"], np.exp(nodes[0]) * np.sin(nodes[1]))
    assert inrpde.solve(problem).report["fields"]["u"]["reference"]["kind"] == "known"


def test_an_exporter(example, tmp_path):
    example("columns", "exporters", ":write")
    install_as = tmp_path / "plane.columns"
    found = inrpde.solve(problem, reference="none")
    assert found.save(install_as) == install_as
    x, y, u = np.loadtxt(install_as).T
    assert np.allclose(u, np.exp(x) * np.sin(y), atol=1e-8)
    assert len(u) == 129**2


def test_a_region(example):
    example("ellipse")
    from ellipse import Ellipse

    omega = Ellipse(space, 2, 1)
    conditions = [On(omega, Eq(-space.laplace(u), 2.5)), On(omega.boundary, u)]
    found = inrpde.solve(Problem("ellipse", [u], conditions, exact={u: 1 - x**2 / 4 - y**2}))
    assert found.report["fields"]["u"]["exact"]["rel_l2"] < 1e-8
    assert found.integral(1, omega) == pytest.approx(2 * np.pi, rel=1e-3)
    half = omega - Region(space, Interval(0, 3) * Interval(-3, 3))
    assert half.corners


def test_the_conformance_kit(example):
    for name in ("one_fit", "chebyshev", "known", "columns", "test_mine"):
        example(name)
    import test_mine

    test_mine.test_they_keep_their_promises()
