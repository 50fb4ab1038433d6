"""Finite elements: manufactured solutions on curved regions and meshes, the weak form, refusals."""

import meshio
import numpy as np
import pytest
from sympy import Derivative, Eq, I, Interval, Matrix, Piecewise, Rational, atan2, cos, exp, lambdify, pi, sin, sqrt

from inrpde import Ball, Mesh, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references import NoReference, fem
from inrpde.references.equations import sort_equations
from inrpde.references.fem import solve, supports
from inrpde.references.fem_mesh import Geometry
from inrpde.references.weak_form import weak_form

pytest.importorskip("skfem")
SPACE = Space("x y")
X, Y = SPACE.coords
SMOOTH = sin(2 * X) * cos(3 * Y) + X**2


@pytest.fixture
def annulus():
    pytest.importorskip("gmsh")
    return Ball(SPACE, (0, 0), 1) - Ball(SPACE, (0, 0), Rational(1, 2))


@pytest.fixture
def accurate(true_errors):
    """Solve, and assert the true error, and that the estimate is within a factor of three of it."""

    def check(problem, n, bound):
        found = solve(bind(problem), n)
        assert not isinstance(found, NoReference), found.reason
        for name, error in true_errors(problem, found).items():
            assert error < bound
            assert 1 / 3 < found.estimated_error[name] / error < 3
        return found

    return check


def triangles(n):
    """[0, 2]×[0, 1] in triangles, its left and right halves and its sides as groups."""
    number = np.arange((2 * n + 1) * (n + 1)).reshape(2 * n + 1, n + 1)
    a, b, c, d = (g.ravel() for g in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    cells = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    xy = np.stack(np.meshgrid(np.linspace(0, 2, 2 * n + 1), np.linspace(0, 1, n + 1), indexing="ij"), axis=-1)
    points = xy.reshape(-1, 2)
    inlet = np.column_stack([number[0, :-1], number[0, 1:]])
    left = points[cells].mean(axis=1)[:, 0] < 1
    return meshio.Mesh(
        points, [("triangle", cells), ("line", inlet)],
        cell_sets={
            "left": [np.flatnonzero(left), np.empty(0, int)], "right": [np.flatnonzero(~left), np.empty(0, int)],
            "inlet": [np.empty(0, int), np.arange(len(inlet))],
        },
    )  # fmt: skip


class TestCurved:
    def test_robin_and_neumann(self, annulus, manufacture, accurate):
        u = SPACE.unknown("u")
        outer = annulus.boundary & Ball(SPACE, (0, 0), 1).boundary
        faces = [(outer, SPACE.dn(u) + u), (annulus.boundary - outer, SPACE.dn(u))]
        found = accurate(manufacture(annulus, {u: SMOOTH}, [-SPACE.laplace(u)], faces), 48, 2e-5)
        assert found.kind == "finite-element"
        radius = np.hypot(*np.meshgrid(*found.axes, indexing="ij"))
        assert np.array_equal(found.mask, (radius <= 1 + 1e-9) & (radius >= 0.5 - 1e-9))
        assert np.array_equal(np.isnan(found.values["u"]), ~found.mask)

    def test_order(self, annulus, manufacture):
        u = SPACE.unknown("u")
        problem = manufacture(annulus, {u: SMOOTH}, [-SPACE.laplace(u) + u], [(annulus.boundary, SPACE.dn(u))])
        assert 4.5 < solve(bind(problem)).order["u"] < 5.5

    def test_tensor_advection_and_fluxes(self, annulus, manufacture, accurate):
        u = SPACE.unknown("u")
        tensor = Matrix([[2 + X, sin(Y) / 2], [sin(Y) / 2, 3 + Y]])
        flux = tensor * SPACE.grad(u) + u * Matrix([X, 1])
        volume = [-SPACE.div(flux) + X * u.diff(Y) + X * Derivative(u, (X, 2)) / 5]
        faces = [(annulus.boundary, SPACE.normal.dot(flux) - X * SPACE.normal[0] * u.diff(X) / 5 + u)]
        accurate(manufacture(annulus, {u: SMOOTH}, volume, faces), 48, 3e-5)

    def test_complex(self, annulus, manufacture, accurate):
        u = SPACE.unknown("u", complex=True)
        faces = [(annulus.boundary, SPACE.dn(u) - 3 * I * u)]
        accurate(manufacture(annulus, {u: exp(3 * I * X)}, [-SPACE.laplace(u) - 9 * u], faces), 48, 5e-5)

    def test_ball_in_a_cube(self, manufacture, true_errors):
        pytest.importorskip("gmsh")
        space = Space("x y z")
        x, y, z = space.coords
        cube = Region(space, Interval(0, 1) ** 3)
        region = cube - Ball(space, (0.5, 0.5, 0.5), 0.3)
        u = space.unknown("u")
        faces = [(region.boundary & cube.boundary, u), (region.boundary - cube.boundary, space.dn(u))]
        problem = manufacture(region, {u: sin(x) * cos(y) * exp(z)}, [-space.laplace(u)], faces)
        found = solve(bind(problem), 8)
        assert true_errors(problem, found)["u"] < found.estimated_error["u"] < 1e-3


class TestInterface:
    """Two unknowns on two regions that meet: one field with a jump in the coefficient."""

    @pytest.fixture
    def halves(self):
        pytest.importorskip("gmsh")
        square = Region(SPACE, Interval(-1, 1) ** 2)
        disc = Ball(SPACE, (0, 0), Rational(1, 2))
        shell = square - disc
        u, v = SPACE.unknown("inner", on=disc), SPACE.unknown("outer", on=shell)
        potential = (X**2 + Y**2 - Rational(1, 4)) * exp(X) * cos(2 * Y)
        volume = [
            On(disc, 10 * SPACE.laplace(u - potential / 10).doit()),
            On(shell, SPACE.laplace(v - potential).doit()),
        ]
        exact = {u: potential / 10, v: potential}
        return u, v, disc, [*volume, On(square.boundary, v - potential)], exact

    def test_circle(self, halves, accurate):
        u, v, disc, conditions, exact = halves
        tied = [On(disc.boundary, Eq(u, v)), On(disc.boundary, Eq(SPACE.dn(v), 10 * SPACE.dn(u)))]
        found = accurate(Problem("two", [u, v], conditions + tied, exact=exact), 48, 5e-5)
        radius = np.hypot(*np.meshgrid(*found.axes, indexing="ij"))
        assert np.array_equal(np.isfinite(found.values["inner"]), radius <= 0.5 + 1e-9)
        assert np.array_equal(np.isfinite(found.values["outer"]), radius >= 0.5 - 1e-9)

    def test_wrong_fluxes_are_refused(self, halves):
        u, v, disc, conditions, _ = halves
        tied = [On(disc.boundary, Eq(u, v)), On(disc.boundary, Eq(SPACE.dn(v), -3 * SPACE.dn(u)))]
        assert "balance" in solve(bind(Problem("two", [u, v], conditions + tied)), 16).reason

    def test_untied_values_are_refused(self, halves):
        u, v, disc, conditions, _ = halves
        tied = [On(disc.boundary, Eq(10 * SPACE.dn(u), SPACE.dn(v)))]
        assert "1 of 2 conditions hold" in solve(bind(Problem("two", [u, v], conditions + tied)), 16).reason


class TestMesh:
    def test_groups_and_fluxes(self, manufacture, accurate):
        mesh = Mesh(SPACE, triangles(4))
        u = SPACE.unknown("u")
        inlet = mesh.tagged("inlet")
        faces = [(inlet, u), (mesh.boundary - inlet, SPACE.dn(u) + 2 * u)]
        accurate(manufacture(mesh, {u: SMOOTH}, [-SPACE.laplace(u)], faces), 32, 1e-4)

    def test_two_materials(self, true_errors):
        mesh = Mesh(SPACE, triangles(4))
        left, right = mesh.tagged("left"), mesh.tagged("right")
        u = SPACE.unknown("u")
        # the flux -a u' is 1 everywhere: slopes -1 on the left, -1/10 on the right
        conditions = [
            On(left, SPACE.div(SPACE.grad(u))), On(right, 10 * SPACE.div(SPACE.grad(u))),
            On(mesh.boundary.where(Eq(X, 0)), u), On(mesh.boundary.where(Eq(X, 2)), Eq(u, -1.1)),
            On(mesh.boundary.where(Eq(Y, 0)), SPACE.dn(u)), On(mesh.boundary.where(Eq(Y, 1)), SPACE.dn(u)),
        ]  # fmt: skip
        found = solve(bind(Problem("materials", [u], conditions)), 16)
        x = found.axes[0][:, None]
        assert found.values["u"] == pytest.approx(
            np.broadcast_to(np.where(x < 1, -x, -1 - (x - 1) / 10), (17, 9)), abs=1e-9
        )


class TestWeakForm:
    def form(self, operator, u):
        region = Region(SPACE, Interval(0, 1) ** 2)
        equations = sort_equations(bind(Problem("p", [u], [On(region, operator), On(region.boundary, u)])))
        return weak_form(equations.volume[0].expr, "p", equations.lowering, SPACE)

    def test_products_are_differentiated_back(self):
        # x u_xx = (x u_x)_x - u_x
        u = SPACE.unknown("u")
        form = self.form(X * Derivative(u, (X, 2)) - 1, u)
        (flux,) = form.fluxes[0].slopes.values()
        (slope,) = form.rest.slopes.values()
        assert (flux, slope) == (X, -1)
        assert not form.fluxes[1].leaves

    def test_sums_inside_products(self):
        u = SPACE.unknown("u")
        form = self.form(-3 * (SPACE.laplace(u) + u.diff(Y)) + u, u)
        assert [list(flux.slopes.values()) for flux in form.fluxes] == [[-3], [-3]]
        assert sorted(form.rest.slopes.values()) == [-3, 1]


class TestRefusals:
    def refused(self, *conditions, unknown):
        return supports(bind(Problem("p", [unknown], [On(part, condition) for part, condition in conditions])))

    def test_fourth_order(self, annulus):
        u = SPACE.unknown("u")
        plate = SPACE.laplace(SPACE.laplace(u)) - 1
        assert "second order" in self.refused((annulus, plate), (annulus.boundary, u), unknown=u)

    def test_oblique_derivative(self, annulus):
        u = SPACE.unknown("u")
        problem = Problem("p", [u], [On(annulus, SPACE.laplace(u) - 1), On(annulus.boundary, u.diff(X) + u)])
        assert "flux" in solve(bind(problem), 16).reason

    def test_bare_boundary(self, annulus):
        u = SPACE.unknown("u")
        outer = annulus.boundary & Ball(SPACE, (0, 0), 1).boundary
        problem = Problem("p", [u], [On(annulus, SPACE.laplace(u) - 1), On(outer, u)])
        assert "no condition" in solve(bind(problem), 16).reason

    def test_too_many_conditions(self, annulus):
        u = SPACE.unknown("u")
        conditions = [On(annulus, SPACE.laplace(u) - 1), On(annulus.boundary, u), On(annulus.boundary, SPACE.dn(u))]
        assert "too many" in solve(bind(Problem("p", [u], conditions)), 16).reason

    def test_only_a_constant_fixed_by_nothing(self, annulus):
        u = SPACE.unknown("u")
        problem = Problem("p", [u], [On(annulus, SPACE.laplace(u)), On(annulus.boundary, SPACE.dn(u))])
        assert isinstance(solve(bind(problem), 16), NoReference)


@pytest.mark.parametrize(
    ("region", "sharp"),
    [
        (Region(SPACE, Interval(0, 1) ** 2), False),
        (Region(SPACE, Interval(-1, 1) ** 2) - Ball(SPACE, (0, 0), Rational(1, 3)), False),
        (Region(SPACE, Interval(-1, 1) ** 2) - Region(SPACE, Interval(0, 1) ** 2), True),
    ],
    ids=["square", "hole", "L-shape"],
)
def test_re_entrant_corners_are_seen(region, sharp):
    assert fem._sharp(Geometry((region,))) is sharp


def test_at_a_re_entrant_corner_what_meshes_differ_by_is_the_error():
    """r^(2/3) sin(2θ/3): the order of the first meshes promises less."""
    u = SPACE.unknown("u")
    region = Region(SPACE, Interval(-1, 1) ** 2) - Region(SPACE, Interval(0, 1) * Interval(-1, 0))
    angle = Piecewise((atan2(Y, X), Y >= 0), (atan2(Y, X) + 2 * pi, True))
    exact = sqrt(X**2 + Y**2) ** Rational(2, 3) * sin(2 * angle / 3)
    zero = (Eq(X, 0) & (Y <= 0)) | (Eq(Y, 0) & (X >= 0))
    conditions = [
        On(region, Eq(SPACE.laplace(u), 0)), On(region.boundary, Eq(u, Piecewise((0, zero), (exact, True)))),
    ]  # fmt: skip
    found = solve(bind(Problem("corner", [u], conditions)), 32)
    nodes = np.stack(np.meshgrid(*found.axes, indexing="ij"), axis=-1)
    inside = found.mask & np.isfinite(found.values["u"])
    true = lambdify((X, Y), exact)(*(nodes[inside] + [1e-300, 1e-300]).T)
    error = np.linalg.norm(found.values["u"][inside] - true) / np.linalg.norm(true)
    assert error < 2 * found.estimated_error["u"] < 1e-2
