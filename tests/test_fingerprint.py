"""What determines an answer is told the same in every process, and whatever changes it changes what is told."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

import meshio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Eq, Function, Interval, Max, Or, Piecewise, Symbol, cos, exp, pi, sin

from inrpde import Ball, GridField, Implicit, Learned, Mesh, MeshField, On, Periodic, Points, Problem, Region, Space
from inrpde.declaration.regions.region import Solid
from inrpde.fingerprint import differences, digest, of_run

AXIS = np.linspace(0, 1, 5)
VALUES = np.add.outer(AXIS, AXIS**2)
NODES = np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]])
CELLS = np.array([[0, 1, 2], [0, 2, 3]])
DEFAULTS = {
    "box": (0, 1), "hole": 0.2, "wall": 0, "relation": 0.5, "weight": 1, "norm": 2, "source": 1.0, "float": 0.1,
    "coefficient": "expression", "number": 2.0, "grid": 0.0, "cell": 0.0, "initial": 1.0, "bounds": (0.5, 2.0),
    "reading": 1.0, "at": 0.3, "node": 0.6, "group": [0], "guess": 0, "complex": False, "on": False, "mean": 0,
    "order": ("first", "second"), "name": "u", "periodic": "x", "method": "cubic",
}  # fmt: skip
CHANGED = {
    "box": (0, 2), "hole": 0.2 + 1e-15, "wall": 1, "relation": 0.4, "weight": 2, "norm": 1, "source": 2.0,
    "float": 0.1 + 1e-17 * 2, "coefficient": "grid", "number": 3.0, "grid": 1e-9, "cell": 1e-9, "initial": 1.5,
    "bounds": (0.5, 3.0), "reading": 1 + 1e-9, "at": 0.3 + 1e-9, "node": 0.6 + 1e-9, "group": [1], "guess": 1,
    "complex": True, "on": True, "mean": 1, "order": ("second", "first"), "name": "v",
    "periodic": "y", "method": "linear",
}  # fmt: skip


def declared(**changes):
    """A problem with a bit of everything, told; `changes` are those of DEFAULTS."""
    given = {**DEFAULTS, **changes}
    space = Space("x y")
    x, y = space.coords
    omega = Region(space, Interval(*given["box"]) * Interval(0, 1))
    holed = omega - Ball(space, (0.5, 0.5), given["hole"])
    implicit = Implicit(space, Max(x**2, y) < given["relation"], within=omega)
    nodes = NODES.copy()
    nodes[2, 1] += given["node"]
    file = meshio.Mesh(nodes, [("triangle", CELLS)], cell_sets={"part": [np.array(given["group"])]})
    mesh = Mesh(space, file)
    u = space.unknown(given["name"], complex=given["complex"], on=holed if given["on"] else None)
    a, b, c, m = (space.coefficient(name) for name in "abcm")
    k, q = space.parameter("k"), space.parameter("q")
    grid = VALUES.copy()
    grid[2, 2] += given["grid"]
    field = GridField(grid, (given["box"][1] * AXIS, AXIS), method=given["method"])
    bound = {"expression": exp(x) * (2 + cos(pi * y)), "grid": field}[given["coefficient"]]
    points = Points(space, [[given["at"], 0.3], [0.6, 0.6]], {"reading": [given["reading"], 2]})
    conditions = {
        "first": On(holed, Eq(-space.div(a * space.grad(u)), given["source"] * sin(x) + given["float"] * b + k * q)),
        "second": On(omega.boundary.where(Or(Eq(x, given["wall"]), Eq(y, 0))), u, given["weight"], given["norm"]),
        "third": On(points, Eq(u + m, points["reading"])),
        "fourth": On(implicit, u - c),
        "fifth": On(mesh.tagged("part"), u + given["mean"] * (omega.mean(u) - mesh.integral(u))),
        "sixth": On(omega.boundary.where(Eq(x, 0)), Periodic(u, x if given["periodic"] == "x" else y)),
    }
    first, second = given["order"]
    conditions = [conditions.pop(first), conditions.pop(second), *conditions.values()]
    coefficients = {
        a: bound, b: field, m: MeshField(mesh, np.array([1.0, 2 + given["cell"], 3, 4])),
        c: Piecewise((1, x < 0.5), (2, True)), k: given["number"], q: Learned(given["initial"], given["bounds"]),
    }  # fmt: skip
    return of_run(_Declared(space, (u,), conditions, coefficients, {u: given["guess"]}), {"solver.width": 64}, seed=0)


@dataclass
class _Declared:
    """A problem that nothing has checked: only what is told of it matters here."""

    space: Space
    unknowns: tuple
    conditions: list
    coefficients: dict
    guess: dict
    name: str = "all"


@pytest.fixture(scope="module")
def unchanged():
    return declared()


def test_names_and_ids_of_regions_do_not_matter(unchanged):
    assert unchanged
    assert declared() == unchanged


@pytest.mark.parametrize("what", DEFAULTS)
def test_every_change_of_a_declaration_is_told(what, unchanged):
    changed = differences(unchanged, declared(**{what: CHANGED[what]}))
    assert changed, what


@given(st.lists(st.sets(st.sampled_from(sorted(DEFAULTS))), min_size=2, max_size=2))
@settings(max_examples=15, deadline=None)
def test_two_declarations_are_told_the_same_only_if_they_are(chosen):
    one, other = (declared(**{what: CHANGED[what] for what in each}) for each in chosen)
    assert (one == other) == (chosen[0] == chosen[1])


def test_the_same_file_is_told_the_same_in_every_process(tmp_path):
    shutil.copy(__file__, tmp_path / "told.py")
    code = f"import json, sys; sys.path.insert(0, {str(tmp_path)!r}); import told; print(json.dumps(told.declared()))"
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # another than this process has
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert json.loads(done.stdout) == declared()


@pytest.mark.parametrize("problem", ["darcy", "terrain", "cavity", "image", "wave", "sphere3d"])
def test_a_problem_loaded_twice_is_told_the_same(problem):
    from inrpde.loader import load_problem

    one, other = (of_run(load_problem(problem, {})[0], {}) for _ in range(2))
    assert one == other


def test_the_difference_names_what_has_changed():
    space = Space("x")
    (x,) = space.coords
    u, a = space.unknown("u"), space.coefficient("a")

    def told(end, coefficient, width, seed):
        omega = Region(space, Interval(0, end))
        problem = Problem("line", [u], [On(omega, a * u.diff(x, 2)), On(omega.boundary, u)], {a: coefficient})
        return of_run(problem, {"solver.width": width}, seed=seed)

    changed = differences(told(1, x + 1, 64, 0), told(2, x + 2, 32, 1))
    text = "; ".join(changed)
    assert "seed: 0 → 1" in changed
    assert "setting solver.width: 64 → 32" in changed
    assert "coefficient a: x + 1" in text
    assert "→ x + 2" in text
    assert "condition 1, region: [0, 1]" in text
    assert "condition 1, equation" not in text  # it is the same
    assert not differences(told(1, x, 64, 0), told(1, x, 64, 0))


def test_a_kind_of_region_of_ones_own_is_told_by_its_attributes():
    class Ring(Solid):
        def __init__(self, space, inner):
            super().__init__(space, space.spatial)
            self.inner = inner

        @property
        def bounds(self):
            return -np.ones(2), np.ones(2)

        pieces, label = (), "ring"

        def side(self, points, tol):
            return np.zeros(len(points), np.int8)

    space = Space("x y")
    assert digest(Ring(space, 0.5)) == digest(Ring(space, 0.5))
    assert digest(Ring(space, 0.5)) != digest(Ring(space, 0.6))
    assert digest(Ring(space, np.zeros(3))) != digest(Ring(space, np.zeros(4)))


def test_what_cannot_be_compared_is_like_no_other():
    assert digest(lambda: 1) != digest(lambda: 1)
    assert digest([object()]) != digest([object()])


def test_what_a_region_computes_later_changes_nothing():
    space = Space("x y")
    x, y = space.coords
    regions = [
        Region(space, Interval(0, 1) ** 2) - Ball(space, (0, 0), 0.3),
        Implicit(space, x**2 + y**2 < 1, within=Interval(-1, 1) ** 2),
        Points(space, NODES, {"a": [1, 2, 3, 4]}, normals=NODES + 1),
        Mesh(space, meshio.Mesh(NODES, [("triangle", CELLS)])),
    ]
    before = [digest(region) for region in regions]
    for region in regions:
        region.check()
        region.contains(NODES)
        assert region.measure > 0
        if isinstance(region, Solid):
            region.boundary.check()
    assert [digest(region) for region in regions] == before
    assert len(set(before)) == len(before)


def test_values_of_different_kinds_are_different():
    x = Symbol("x", real=True)
    values = [
        None, True, 1, 1.0, "1", [1], (1,), {1}, {1: 1}, np.array([1]), np.array([1.0]), np.array([[1]]), x,
        Symbol("x"), Function("x")(x), x + 1, 1 + 2 * x, 2 + x, x * 1.0, b"1", 1j,
    ]  # fmt: skip
    for one, other in itertools.combinations(values, 2):
        assert digest(one) != digest(other), (one, other)
