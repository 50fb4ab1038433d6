"""Finite elements for systems: elasticity, what slides, incompressible flow, conditions between parts."""

from types import MappingProxyType

import meshio
import numpy as np
import pytest
from sympy import Eq, Interval, Matrix, Piecewise, Rational, cos, exp, eye, sin

from inrpde import Ball, Mesh, MeshField, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references import NoReference, Refusal
from inrpde.references.fem import solve

pytest.importorskip("skfem")
pytest.importorskip("gmsh")
SPACE = Space("x y")
X, Y = SPACE.coords
N = SPACE.normal
BENT = Matrix([sin(2 * X) * cos(Y) + X**2, exp(X / 2) * sin(Y) - X * Y])
ANNULUS = Ball(SPACE, (0, 0), 1) - Ball(SPACE, (0, 0), Rational(1, 2))
OUTER = ANNULUS.boundary & Ball(SPACE, (0, 0), 1).boundary
INNER = ANNULUS.boundary - OUTER


CLAMPED = -405.7955
"""The deflection of the middle of the free end of the beam below, to 1e-7 by elements on graded meshes."""


def stress(slip, space=SPACE, nu=Rational(3, 10), young=1):
    """Plane stress, or in space."""
    strain = (space.grad(slip) + space.grad(slip).T) / 2
    if len(slip) == 2:
        return young * ((1 - nu) * strain + nu * strain.trace() * eye(2)) / (1 - nu**2)
    return young * (strain + nu / (1 - 2 * nu) * strain.trace() * eye(3)) / (1 + nu)


@pytest.fixture
def accurate(true_errors):
    """Solve, and assert the true errors, and that the estimates are honest."""

    def check(problem, bound, n=64):
        found = solve(bind(problem), n)
        assert not isinstance(found, NoReference), found.reason
        for name, error in true_errors(problem, found).items():
            assert error < bound, (name, error, found.estimated_error)
            assert 1 / 3 < found.estimated_error[name] / error < 10, (name, error, found.estimated_error)
        return found

    return check


class TestElasticity:
    u, v = SPACE.unknowns("u v")
    slip = Matrix([u, v])
    exact = MappingProxyType(dict(zip((u, v), BENT, strict=True)))

    def made(self, manufacture, faces):
        return manufacture(ANNULUS, self.exact, list(SPACE.div(stress(self.slip))), faces)

    def test_displacement_and_traction(self, manufacture, accurate):
        traction = stress(self.slip) * N
        faces = [(OUTER, self.u), (OUTER, self.v), *((INNER, each) for each in traction)]
        accurate(self.made(manufacture, faces), 1e-6)

    def test_what_slides_on_a_curved_wall(self, manufacture, accurate):
        along = Matrix([-N[1], N[0]])
        slides = [(INNER, N.dot(self.slip)), (INNER, along.dot(stress(self.slip) * N))]
        accurate(self.made(manufacture, [(OUTER, self.u), (OUTER, self.v), *slides]), 1e-6)

    def test_rollers_meet_at_corners(self, manufacture, accurate):
        square = Region(SPACE, Interval(0, 1) ** 2)
        traction = stress(self.slip) * N
        faces = []
        for side, own, other in ((square.face(X, 0), 0, 1), (square.face(Y, 0), 1, 0), (square.face(Y, 1), 1, 0)):
            faces += [(side, self.slip[own]), (side, traction[other])]
        faces += [(square.face(X, 1), each) for each in traction]
        accurate(manufacture(square, self.exact, list(SPACE.div(stress(self.slip))), faces), 1e-6)

    @pytest.mark.slow
    def test_springs(self, manufacture, accurate):
        held = stress(self.slip) * N + Matrix([[2, 1], [1, 3]]) * self.slip
        faces = [(OUTER, each) for each in held] + [(INNER, each) for each in stress(self.slip) * N]
        accurate(self.made(manufacture, faces), 1e-6)

    @pytest.mark.slow
    def test_equations_in_any_order_and_scale(self, manufacture, accurate):
        first, second = SPACE.div(stress(self.slip))
        traction = stress(self.slip) * N
        faces = [(OUTER, self.v), (OUTER, self.u), (INNER, traction[1] / 7), (INNER, traction[0])]
        accurate(manufacture(ANNULUS, self.exact, [-3 * second, first], faces), 1e-6)

    @pytest.mark.slow
    def test_a_clamped_beam(self):
        """Against elements of high order on a graded mesh: the deflection of the middle of the free end."""
        beam = Region(SPACE, Interval(0, 4) * Interval(0, 1))
        wall = beam.face(X, 0)
        force = stress(self.slip, nu=Rational(1, 5))
        conditions = [
            On(beam, Eq(SPACE.div(force), Matrix([0, 1]))),
            On(wall, Eq(self.slip, Matrix([0, 0]))),
            On(beam.boundary - wall, Eq(force * N, Matrix([0, 0]))),
        ]
        found = solve(bind(Problem("beam", [self.u, self.v], conditions)))
        assert max(found.estimated_error.values()) < 1e-7
        assert all(found.sound.values())
        assert found.values["v"][-1, found.values["v"].shape[1] // 2] == pytest.approx(CLAMPED, rel=1e-6)

    def test_rigid_motions_are_refused(self):
        conditions = [On(ANNULUS, Eq(SPACE.div(stress(self.slip)), Matrix([0, 0])))]
        free = [On(ANNULUS.boundary, Eq(stress(self.slip) * N, Matrix([0, 0])))]
        found = solve(bind(Problem("loose", [self.u, self.v], conditions + free)), 16)
        assert found.kind is Refusal.SINGULAR

    def test_a_traction_and_a_displacement_of_one_component_are_refused(self):
        force = stress(self.slip) * N
        conditions = [
            On(ANNULUS, Eq(SPACE.div(stress(self.slip)), Matrix([0, 0]))),
            On(OUTER, self.slip),
            On(INNER, self.u),
            On(INNER, force[0]),
        ]
        found = solve(bind(Problem("both", [self.u, self.v], conditions)), 16)
        assert "does not balance" in found.reason or "on the boundary" in found.reason

    @pytest.mark.slow
    def test_in_space(self, manufacture, true_errors):
        space = Space("x y z")
        x, y, z = space.coords
        slip = Matrix(space.unknowns("u v w"))
        cube = Region(space, Interval(0, 1) ** 3)
        exact = dict(zip(slip, (sin(x) * y, cos(z) * x, exp(y / 2) * z), strict=True))
        force = stress(slip, space) * space.normal
        faces = [(cube.face(x, 0), each) for each in slip] + [(cube.boundary - cube.face(x, 0), each) for each in force]
        problem = manufacture(cube, exact, list(space.div(stress(slip, space))), faces)
        found = solve(bind(problem), 12)
        errors = true_errors(problem, found)
        assert max(errors.values()) < 1e-3
        assert all(1 / 10 < found.estimated_error[name] / error < 10 for name, error in errors.items())


class TestParts:
    """Unknowns that live on parts and meet."""

    disc = Ball(SPACE, (0, 0), Rational(1, 2))
    square = Region(SPACE, Interval(-1, 1) ** 2)
    shell = square - disc
    wall = disc.boundary

    def pair(self):
        return SPACE.unknown("T", on=self.disc), SPACE.unknown("S", on=self.shell)

    def made(self, T, S, exact, *meeting):
        volume = [
            On(self.disc, Eq(SPACE.div(5 * SPACE.grad(T)), SPACE.div(5 * SPACE.grad(exact[T])).doit())),
            On(self.shell, Eq(SPACE.div(SPACE.grad(S) / 2), SPACE.div(SPACE.grad(exact[S]) / 2).doit())),
            On(self.square.boundary, Eq(S, exact[S])),
        ]
        return Problem("two", [T, S], [*volume, *meeting], exact=exact)

    def given(self, operator, exact):
        """On the wall, with what the solutions make of it."""
        return On(self.wall, operator - operator.xreplace(exact).doit())

    def test_a_jump_of_values_and_of_fluxes(self, accurate):
        T, S = self.pair()
        exact = {T: exp(X) * cos(Y), S: sin(X + 2 * Y)}
        meeting = [self.given(T - S, exact), self.given(5 * SPACE.dn(T) - SPACE.dn(S) / 2, exact)]
        found = accurate(self.made(T, S, exact, *meeting), 1e-5)
        radius = np.hypot(*np.meshgrid(*found.axes, indexing="ij"))
        assert np.array_equal(np.isfinite(found.values["T"]), radius <= 0.5 + 1e-9)

    def test_a_resistance(self, accurate):
        """The flux is proportional to the jump of the values; its direction is that of the wall's normal."""
        T, S = self.pair()
        exact = {T: exp(X) * cos(Y), S: sin(X + 2 * Y)}
        meeting = [
            self.given(5 * SPACE.dn(T) + 3 * (T - S), exact),
            self.given(SPACE.dn(S) / 2 + 3 * (T - S) / 2, exact),
        ]
        accurate(self.made(T, S, exact, *meeting), 1e-5)

    def test_equations_that_were_divided(self, accurate):
        """The balance is of fluxes that neither equation has: each is scaled to them."""
        T, S = self.pair()
        exact = {T: exp(X) * cos(Y), S: sin(X + 2 * Y)}
        conditions = [
            On(self.disc, Eq(SPACE.laplace(T), 0)),
            On(self.shell, Eq(SPACE.laplace(S), SPACE.laplace(exact[S]).doit())),
            On(self.square.boundary, Eq(S, exact[S])),
            self.given(T - S, exact),
            self.given(50 * SPACE.dn(T) - SPACE.dn(S) / 2, exact),
        ]
        accurate(Problem("two", [T, S], conditions, exact=exact), 1e-5)

    def test_bodies_of_two_materials(self, accurate):
        parts = self.disc, self.shell
        inner, outer = (
            Matrix([SPACE.unknown(f"{n}{k}", on=part) for n in "uv"]) for k, part in ((1, self.disc), (2, self.shell))
        )
        exact = {**dict(zip(inner, BENT, strict=True)), **dict(zip(outer, BENT[::-1], strict=True))}
        forces = stress(inner, young=20), stress(outer)
        conditions = []
        for part, force in zip(parts, forces, strict=True):
            conditions += [On(part, e - e.xreplace(exact).doit()) for e in SPACE.div(force)]
        conditions += [On(self.square.boundary, Eq(each, exact[each])) for each in outer]
        conditions += [self.given(each, exact) for each in (*(inner - outer), *((forces[0] - forces[1]) * N))]
        accurate(Problem("bodies", [*inner, *outer], conditions, exact=exact), 1e-5)

    def test_blocks_in_a_row(self, true_errors):
        """A wire of three parts: unknowns on boxes, ends at different values."""
        a, names = (1, 100, 10), "ABC"
        boxes = [Region(SPACE, Interval(k, k + 1) * Interval(0, 1)) for k in range(3)]
        fields = [SPACE.unknown(name, on=box) for name, box in zip(names, boxes, strict=True)]
        flux = 1 / sum(Rational(1, each) for each in a)
        start, exact = 0, {}
        for k, (field, each) in enumerate(zip(fields, a, strict=True)):
            exact[field] = start + flux * (X - k) / each
            start += flux / each
        conditions = [On(box, Eq(each * SPACE.laplace(f), 0)) for box, f, each in zip(boxes, fields, a, strict=True)]
        for k in range(2):
            at = boxes[k].face(X, k + 1)
            conditions += [On(at, Eq(fields[k], fields[k + 1]))]
            conditions += [On(at, Eq(a[k] * fields[k].diff(X), a[k + 1] * fields[k + 1].diff(X)))]
        conditions += [On(boxes[0].face(X, 0), fields[0]), On(boxes[2].face(X, 3), fields[2] - 1)]
        for box, field in zip(boxes, fields, strict=True):
            conditions += [On(box.face(Y, y), SPACE.dn(field)) for y in (0, 1)]
        problem = Problem("wire", fields, conditions, exact=exact)
        assert max(true_errors(problem, solve(bind(problem), 24)).values()) < 1e-10


class TestMaterials:
    """One unknown and a coefficient that jumps: the mesh follows it."""

    u, a = SPACE.unknown("u"), SPACE.coefficient("a", positive=True)
    square = Region(SPACE, Interval(0, 1) ** 2)

    def test_an_inclusion(self, accurate):
        u, a = self.u, self.a
        r2 = (X - Rational(1, 2)) ** 2 + (Y - Rational(1, 2)) ** 2
        inside, share = r2 < Rational(1, 16), Rational(99, 101)
        exact = (X - Rational(1, 2)) * Piecewise((Rational(2, 101), inside), (1 - share / (16 * r2), True))
        conditions = [On(self.square, Eq(SPACE.div(a * SPACE.grad(u)), 0)), On(self.square.boundary, Eq(u, exact))]
        coefficients = {a: Piecewise((100, inside), (1, True))}
        accurate(Problem("disk", [u], conditions, coefficients=coefficients, exact={u: exact}), 1e-6)

    def test_a_slanted_interface(self, true_errors):
        u, a = self.u, self.a
        n = (3 * X + 4 * Y) / 5
        exact = Piecewise((n, n < 0.7), (0.7 + (n - 0.7) / 10, True))
        conditions = [On(self.square, Eq(SPACE.div(a * SPACE.grad(u)), 0)), On(self.square.boundary, Eq(u, exact))]
        problem = Problem(
            "slanted", [u], conditions, coefficients={a: Piecewise((1, n < 0.7), (10, True))}, exact={u: exact}
        )
        found = solve(bind(problem))
        assert true_errors(problem, found)["u"] < 1e-10

    def test_blocks_are_graded(self):
        """Four materials that meet in a point, contrast 1,000: compared with a finer solution."""
        u, a = self.u, self.a
        half = Rational(1, 2)
        blocks = Piecewise((1, (half > X) & (half > Y)), (1000, (half > X) | (half > Y)), (1, True))
        conditions = [
            On(self.square, Eq(-SPACE.div(a * SPACE.grad(u)), 1)),
            On(self.square.boundary, Eq(u, 0)),
        ]
        bound = bind(Problem("blocks", [u], conditions, coefficients={a: blocks}))
        found, better = solve(bound, 48), solve(bound, 96)
        gap = np.linalg.norm(found.values["u"] - better.values["u"][::2, ::2]) / np.linalg.norm(found.values["u"])
        assert gap < 1e-3
        assert gap < 10 * found.estimated_error["u"]

    @pytest.mark.slow
    def test_a_ball_in_space(self, true_errors):
        space = Space("x y z")
        x, y, z = space.coords
        u, a = space.unknown("u"), space.coefficient("a", positive=True)
        cube = Region(space, Interval(-1, 1) ** 3)
        r2 = x**2 + y**2 + z**2
        inside = r2 < Rational(1, 4)
        # a ball of ten times the conductivity in a uniform field
        exact = z * Piecewise((Rational(3, 12), inside), (1 - Rational(9, 12) / 8 / r2 ** Rational(3, 2), True))
        conditions = [On(cube, Eq(space.div(a * space.grad(u)), 0)), On(cube.boundary, Eq(u, exact))]
        problem = Problem(
            "ball", [u], conditions, coefficients={a: Piecewise((10, inside), (1, True))}, exact={u: exact}
        )
        found = solve(bind(problem), 12)
        error = true_errors(problem, found)["u"]
        assert error < 5e-3
        assert 1 / 3 < found.estimated_error["u"] / error < 10

    def test_values_on_the_cells_of_a_mesh(self, true_errors):
        """A wire of two parts, whose conductivity is given for each cell."""
        u, a = self.u, self.a
        number = np.arange(15).reshape(5, 3)
        corners = [g.ravel() for g in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:])]
        cells = np.concatenate([np.column_stack([corners[k] for k in pick]) for pick in ((0, 1, 2), (0, 2, 3))])
        xy = np.stack(np.meshgrid(np.linspace(0, 2, 5), np.linspace(0, 1, 3), indexing="ij"), axis=-1).reshape(-1, 2)
        mesh = Mesh(SPACE, meshio.Mesh(xy, [("triangle", cells)]))
        values = np.where(xy[mesh.cells].mean(axis=1)[:, 0] < 1, 1.0, 10.0)
        exact = Piecewise((X, X < 1), (1 + (X - 1) / 10, True))
        ends = [On(mesh.boundary.where(Eq(X, x)), Eq(u, exact.subs(X, x))) for x in (0, 2)]
        sides = [On(mesh.boundary.where(Eq(Y, y)), SPACE.dn(u)) for y in (0, 1)]
        conditions = [On(mesh, Eq(SPACE.div(a * SPACE.grad(u)), 0)), *ends, *sides]
        coefficients = {a: MeshField(mesh, values, on="cells")}
        problem = Problem("cells", [u], conditions, coefficients=coefficients, exact={u: exact})
        assert true_errors(problem, solve(bind(problem), 16))["u"] < 1e-10
