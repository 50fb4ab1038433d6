"""Every condition of a problem is one that a reference imposes, or it says which one it cannot."""

import meshio
import numpy as np
import pytest
from sympy import Eq, FiniteSet, Interval, Rational, atan2, sin, sqrt

from inrpde import Ball, Mesh, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references import NoReference, fem, finite_difference, method_of_lines

SPACE = Space("x y")
X, Y = SPACE.coords


def grid(n, half=1.0, doubled=None, line=None):
    """[-half, half]² in quadrilaterals; the nodes of y = 0 that `doubled` marks are doubled, those that `line` marks
    are joined by segments of the group "line"."""
    number = np.arange((2 * n + 1) ** 2).reshape(2 * n + 1, -1)
    axis = np.linspace(-half, half, 2 * n + 1)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    inner = [] if doubled is None else [number[i, n] for i in range(2 * n + 1) if doubled(axis[i])]
    twin = {node: len(points) + k for k, node in enumerate(inner)}
    quads = [
        [
            twin.get(k, k) if j >= n else k
            for k in (number[i, j], number[i + 1, j], number[i + 1, j + 1], number[i, j + 1])
        ]
        for i in range(2 * n)
        for j in range(2 * n)
    ]
    blocks, sets = [("quad", np.array(quads))], {}
    if line is not None:
        marked = [number[i, n] for i in range(2 * n + 1) if line(axis[i])]
        blocks.append(("line", np.column_stack([marked[:-1], marked[1:]])))
        sets = {"line": [np.empty(0, int), np.arange(len(marked) - 1)]}
    return meshio.Mesh(np.vstack([points, points[inner]]), blocks, cell_sets=sets)


def true_error(found, exact):
    x, y = np.meshgrid(*found.axes, indexing="ij")
    gap = found.values["u"] - exact(x, y)
    return np.sqrt(np.nanmean(gap**2) / np.nanmean(exact(x, y) ** 2))


class TestCracks:
    """r^(1/2) sin(θ/2) is harmonic round the crack y = 0, x < 0, jumps across it, and no flux crosses it."""

    @pytest.fixture
    def problem(self):
        u = SPACE.unknown("u")
        mesh = Mesh(SPACE, grid(6, doubled=lambda x: x < -1e-9))
        outer = mesh.boundary.where((abs(X) > 1 - 1e-6) | (abs(Y) > 1 - 1e-6))
        given = sqrt(sqrt(X**2 + Y**2)) * sin(atan2(Y, X) / 2)
        faces = [On(outer, Eq(u, given)), On(mesh.boundary - outer, Eq(SPACE.dn(u), 0))]
        return Problem("crack", [u], [On(mesh, Eq(SPACE.laplace(u), 0)), *faces])

    def test_finite_elements_solve_on_the_mesh_as_it_is(self, problem):
        pytest.importorskip("skfem")
        found = fem.solve(bind(problem), 24)
        assert not isinstance(found, NoReference), found.reason
        error = true_error(found, lambda x, y: np.hypot(x, y) ** 0.5 * np.sin(np.arctan2(y, x) / 2))
        assert error < 2e-2
        assert error < 3 * found.estimated_error["u"]
        x, y = np.meshgrid(*found.axes, indexing="ij")
        assert np.isnan(found.values["u"][(np.abs(y) < 1e-12) & (x < 0)]).all(), "on the crack there are two values"

    def test_differences_refuse(self, problem):
        assert "cracked" in finite_difference.supports(bind(problem))


class TestEmbedded:
    @pytest.fixture
    def parts(self):
        mesh = Mesh(SPACE, grid(5, line=lambda x: abs(x) < 0.5))
        return mesh, mesh.tagged("line"), SPACE.unknown("u")

    def test_values_are_imposed(self, parts):
        pytest.importorskip("skfem")
        mesh, line, u = parts
        conditions = [On(mesh, Eq(SPACE.laplace(u), 0)), On(line, Eq(u, 1)), On(mesh.boundary, Eq(u, 0))]
        bound = bind(Problem("fin", [u], conditions))
        assert "On(" in finite_difference.supports(bound)
        assert "inside the region" in finite_difference.supports(bound)
        found = fem.solve(bound, 20)
        x, y = np.meshgrid(*found.axes, indexing="ij")
        on = (np.abs(y) < 1e-9) & (np.abs(x) < 0.4 + 1e-9)
        assert np.allclose(found.values["u"][on], 1)
        assert 0.1 < found.values["u"][np.isclose(x, 0) & np.isclose(y, 0.5)][0] < 0.9

    def test_fluxes_are_refused(self, parts):
        pytest.importorskip("skfem")
        mesh, line, u = parts
        conditions = [On(mesh, Eq(SPACE.laplace(u), 0)), On(line, Eq(SPACE.dn(u), 1)), On(mesh.boundary, Eq(u, 0))]
        assert "values alone" in fem.solve(bind(Problem("fin", [u], conditions)), 20).reason

    @pytest.mark.parametrize("kind", ["box", "disc"])
    def test_a_segment_that_no_cell_follows(self, kind):
        u = SPACE.unknown("u")
        region = Region(SPACE, Interval(-1, 1) ** 2) if kind == "box" else Ball(SPACE, (0, 0), 1)
        segment = Region(SPACE, Interval(Rational(-1, 3), Rational(1, 3)) * FiniteSet(Rational(1, 7)))
        conditions = [On(region, Eq(SPACE.laplace(u), 0)), On(segment, Eq(u, 1)), On(region.boundary, Eq(u, 0))]
        for reference in (finite_difference, fem):
            found = reference.solve(bind(Problem("slit", [u], conditions)), 16)
            assert isinstance(found, NoReference)


class TestPlaces:
    @pytest.mark.parametrize(
        "region", [Region(SPACE, Interval(0, 1) ** 2), Ball(SPACE, (0, 0), 1)], ids=["box", "disc"]
    )
    def test_a_piece_of_the_boundary_that_no_node_meets(self, region):
        u = SPACE.unknown("u")
        small = region.boundary.where((Y > 0.4111) & (Y < 0.4112) & (X > 0.5))
        conditions = [On(region, Eq(SPACE.laplace(u), 0)), On(region.boundary - small, Eq(u, 0)), On(small, Eq(u, 1))]
        found = finite_difference.solve(bind(Problem("small", [u], conditions)), 16)
        assert isinstance(found, NoReference)
        assert "holds" in found.reason

    @pytest.mark.parametrize(
        "region", [Region(SPACE, Interval(0, 1) ** 2), Ball(SPACE, (0, 0), 1)], ids=["box", "disc"]
    )
    def test_two_conditions_at_one_place(self, region):
        u = SPACE.unknown("u")
        half = region.boundary.where(X > 0.5)
        conditions = [On(region, Eq(SPACE.laplace(u), 0)), On(region.boundary, Eq(u, 0)), On(half, Eq(u, Y))]
        found = finite_difference.solve(bind(Problem("twice", [u], conditions)), 16)
        assert isinstance(found, NoReference)
        assert "one condition too many" in found.reason

    def test_an_equation_on_a_part_that_no_node_meets(self):
        u = SPACE.unknown("u")
        box = Region(SPACE, Interval(0, 1) ** 2)
        thin = (X - 0.411) ** 2 + (Y - 0.411) ** 2
        conditions = [
            On(box.where(thin >= 1e-5), Eq(SPACE.laplace(u), 0)),
            On(box.where(thin < 1e-5), Eq(SPACE.laplace(u), 1e6)),
            On(box.boundary, Eq(u, 0)),
        ]
        found = finite_difference.solve(bind(Problem("thin", [u], conditions)), 16)
        assert isinstance(found, NoReference)
        assert "no node of the grid" in found.reason

    def test_two_initial_conditions_at_one_place(self):
        space = Space("x", time="t")
        (x, t), u = space.coords, space.unknown("u")
        line = Region(space, Interval(0, 1) * Interval(0, 1))
        conditions = [
            On(line, Eq(u.diff(t), u.diff(x, 2))), On(line.boundary, Eq(u, 0)), On(line.initial, Eq(u, x)),
            On(line.initial.where(x > 0.5), Eq(u, 1)),
        ]  # fmt: skip
        found = method_of_lines.solve(bind(Problem("twice", [u], conditions)), 16)
        assert isinstance(found, NoReference)
        assert "one condition too many" in found.reason
