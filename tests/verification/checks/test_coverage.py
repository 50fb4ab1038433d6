"""Are there conditions enough? What else is said is in tests/verification/test_findings.py."""

import meshio
import numpy as np
from sympy import Eq, Interval, Rational

from inrpde.compiler import compile_problem
from inrpde.declaration import Learned, Mesh, On, Points, Problem, Region, Space
from inrpde.verification.checks.coverage import bare_boundary
from inrpde.verification.checks.validate import validate

space = Space("x y")
x, y = space.coords
u, source = space.unknowns("u source")
omega = Region(space, Interval(0, 1) ** 2)


def test_what_is_given_all_over_needs_nothing_at_the_boundary():
    """A source from what it makes, which is known everywhere."""
    conditions = [On(omega, Eq(-space.laplace(u), source)), On(omega, Eq(u, x * y))]
    form = compile_problem(Problem("p", [u, source], conditions))
    assert not [each for each in validate(form) if "no condition on a part of the boundary" in each.text]


def halves():
    half = Rational(1, 2)
    first, second = (Region(space, Interval(a, a + half) * Interval(0, 1)) for a in (0, half))
    v, w = space.unknown("v", on=first), space.unknown("w", on=second)
    seam = first.face(x, half)
    conditions = [
        On(first, Eq(-space.laplace(v), 1)), On(second, Eq(-2 * space.laplace(w), 1)),
        On(first.boundary - seam, Eq(v, 0)), On(second.boundary - second.face(x, half), Eq(w, 0)),
    ]  # fmt: skip
    equal, balanced = On(seam, Eq(v, w)), On(seam, Eq(space.dn(v), 2 * space.dn(w)))
    return [v, w], conditions, equal, balanced


def texts(unknowns, conditions):
    return [each.text for each in validate(compile_problem(Problem("p", unknowns, conditions)))]


def test_materials_that_share_a_boundary_are_tied_by_values_and_by_fluxes():
    unknowns, conditions, equal, balanced = halves()
    found = texts(unknowns, conditions)
    assert any(
        "second lies beyond: say what ties v to w there, equal values and equal fluxes" in each for each in found
    )
    (text,) = texts(unknowns, [*conditions, equal])
    assert "the values are tied, the fluxes are not" in text
    (text,) = texts(unknowns, [*conditions, balanced])
    assert "the fluxes are tied, the values are not" in text
    assert texts(unknowns, [*conditions, equal, balanced]) == []


def test_a_facet_that_the_tagged_groups_leave_out_is_found_and_unused_groups_are_named():
    n = 300
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    ring = np.concatenate([corners[k] + np.linspace(0, 1, n, endpoint=False)[:, None] * (corners[k - 3] - corners[k])
                           for k in range(4)])  # fmt: skip
    nodes = np.concatenate([ring, [[0.5, 0.5]]])
    edges = np.stack([np.arange(4 * n), np.roll(np.arange(4 * n), -1)], axis=1)
    triangles = np.column_stack([edges, np.full(4 * n, 4 * n)])
    marks = np.where(np.arange(4 * n) < n, 1, np.where(np.arange(4 * n) == 2 * n, 3, 2))
    mesh = Mesh(space, meshio.Mesh(
        nodes, [("line", edges), ("triangle", triangles)],
        cell_data={"gmsh:physical": [marks, np.full(4 * n, 9)]},
        field_data={name: np.array([k, 1]) for k, name in ((1, "floor"), (2, "rest"), (3, "gap"))},
    ))  # fmt: skip
    equation = On(mesh, Eq(-space.laplace(u), 1))
    given = [On(mesh.tagged("floor"), Eq(u, 0)), On(mesh.tagged("rest"), Eq(u, 0))]
    (text,) = texts([u], [equation, *given])
    assert text.startswith("no condition on a part of the boundary of mesh: ")
    assert "no condition names 'gap' of mesh" in text
    assert texts([u], [equation, *given, On(mesh.tagged("gap"), Eq(u, 0))]) == []


def test_readings_stand_in_for_conditions_beside_numbers_that_are_learned():
    k = space.parameter("k")
    sensors = Points(space, np.random.default_rng(0).uniform(size=(9, 2)), {"u": np.linspace(0.1, 0.9, 9)})
    held = On(omega, Eq(space.laplace(u), k * u**2))
    for more, word in (([On(sensors, Eq(u, sensors["u"]))], None), ([], "unverified")):
        form = compile_problem(Problem("p", [u], [held, *more], {k: Learned(1.0)}))
        assert [each.at_most for each in bare_boundary(form)] == [word]
