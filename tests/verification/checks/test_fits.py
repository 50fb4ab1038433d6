"""Interfaces that miss the edges of a mesh are said, with the distance."""

import numpy as np
import pytest
from sympy import Eq, Piecewise, Rational, exp

from inrpde.compiler import compile_problem
from inrpde.declaration import Mesh, MeshField, On, Problem, Space
from inrpde.verification.checks.fits import missed_edges

space = Space("x y")
x, y = space.coords
u, a = space.unknown("u"), space.coefficient("a")
HALF = Rational(1, 2)


def square(n):
    """The unit square in 2 n² triangles, along the diagonals y - x."""
    steps = np.linspace(0, 1, n + 1)
    nodes = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    corner = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    cells = [np.stack([corner, corner + far, corner + n + 2], axis=1) for far in (n + 1, 1)]
    return Mesh.of(space, nodes, {"triangle": np.concatenate(cells)})


mesh = square(8)


def findings(*conditions, **more):
    return missed_edges(compile_problem(Problem("p", [u], list(conditions), **more)))


def flow(coefficient):
    equation = On(mesh, Eq(-space.div(a * space.grad(u)), 1))
    return findings(equation, On(mesh.boundary, Eq(u, 0)), coefficients={a: coefficient})


def test_an_interface_through_cells_is_said_with_the_distance():
    (finding,) = flow(Piecewise((100, x < Rational(2, 5)), (1, True)))
    assert "within 16 cells of the mesh: at x = 0.4, y = " in finding.text
    assert "misses their edges by 0.025, in a cell of size 0.125" in finding.text
    assert finding.at_most == "unverified"
    assert 0.01 < finding.error < 0.1
    assert finding.cost == pytest.approx(0.99 * finding.error)


def test_a_disc_in_a_mesh_of_squares_is_found():
    (finding,) = flow(Piecewise((100, (x - HALF) ** 2 + (y - HALF) ** 2 < Rational(1, 16)), (1, True)))
    assert "what is differentiated jumps within" in finding.text


def test_a_thin_layer_costs_more_than_a_line():
    (line,) = flow(Piecewise((100, x < Rational(2, 5)), (1, True)))
    (layer,) = flow(Piecewise((100, (x > Rational(2, 5)) & (x < Rational(21, 50))), (1, True)))
    assert layer.error > 3 * line.error


@pytest.mark.parametrize(
    "coefficient",
    [
        Piecewise((100, x < HALF), (1, True)), Piecewise((100, y < x), (1, True)), 1 + 100 * exp(-50 * x),
        MeshField(mesh, np.arange(128.0) + 1, on="cells"),
    ],
    ids=["along a line of nodes", "along diagonals", "steep", "the mesh's own cells"],
)  # fmt: skip
def test_what_follows_the_edges_is_not_spoken_of(coefficient):
    assert flow(coefficient) == []


def test_cells_of_another_mesh_are_not_those_of_this_one():
    (finding,) = flow(MeshField(square(6), np.arange(72.0) + 1, on="cells"))
    assert "what is differentiated jumps within" in finding.text


def test_parts_that_cut_cells_and_edges_are_named():
    parts = [On(mesh.where(x < Rational(2, 5)), Eq(-space.laplace(u), 1)),
             On(mesh.where(x >= Rational(2, 5)), Eq(-space.laplace(u), 0))]  # fmt: skip
    found = [finding.text for finding in findings(*parts, On(mesh.boundary, Eq(u, 0)))]
    assert sum("the part where it holds ends within 16 cells" in text for text in found) == 2
    equation = On(mesh, Eq(-space.laplace(u), 1))
    for end, cut in ((Rational(3, 10), True), (HALF, False)):
        ends = [On(mesh.boundary.where(x < end), Eq(u, 0)), On(mesh.boundary.where(x >= end), Eq(space.dn(u), 0))]
        said = [finding.text for finding in findings(equation, *ends)]
        assert any("ends at x = 0.3, y = 0, within an edge of the mesh, 0.05" in text for text in said) == cut
        assert bool(said) == cut
