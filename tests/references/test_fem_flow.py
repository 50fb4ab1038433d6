"""Finite elements: incompressible flow, equations that are not linear, complex fields, means and values at points."""

from types import MappingProxyType

import numpy as np
import pytest
from sympy import Abs, Eq, FiniteSet, I, Interval, Matrix, Piecewise, Rational, cos, exp, sin

from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references import NoReference, Refusal
from inrpde.references.fem import solve

pytest.importorskip("skfem")
pytest.importorskip("gmsh")
SPACE = Space("x y")
X, Y = SPACE.coords
N = SPACE.normal
ANNULUS = Ball(SPACE, (0, 0), 1) - Ball(SPACE, (0, 0), Rational(1, 2))
OUTER = ANNULUS.boundary & Ball(SPACE, (0, 0), 1).boundary
INNER = ANNULUS.boundary - OUTER


@pytest.fixture
def accurate(true_errors):
    """Solve, and assert the true errors, and that the estimates are honest."""

    def check(problem, bound, n=48):
        found = solve(bind(problem), n)
        assert not isinstance(found, NoReference), found.reason
        for name, error in true_errors(problem, found).items():
            assert error < bound, (name, error, found.estimated_error)
            assert 1 / 3 < found.estimated_error[name] / error < 10, (name, error, found.estimated_error)
        return found

    return check


class TestFlow:
    u, v, p = SPACE.unknowns("u v p")
    flow = Matrix([u, v])
    stream = sin(X) * cos(2 * Y) + X**2 * Y
    exact = MappingProxyType({u: stream.diff(Y), v: -stream.diff(X), p: exp(X) * sin(Y)})

    def stokes(self, viscosity=Rational(1, 2)):
        pull = viscosity * (SPACE.grad(self.flow) + SPACE.grad(self.flow).T) - self.p * Matrix([[1, 0], [0, 1]])
        return [*(-SPACE.div(pull)), SPACE.div(self.flow)], pull * N

    def test_traction(self, manufacture, accurate):
        volume, pull = self.stokes()
        faces = [(OUTER, self.u), (OUTER, self.v), *((INNER, each) for each in pull)]
        accurate(manufacture(ANNULUS, self.exact, volume, faces), 1e-5)

    def test_a_mean_of_the_pressure(self, manufacture, accurate):
        volume, _ = self.stokes()
        faces = [(ANNULUS.boundary, self.u), (ANNULUS.boundary, self.v)]
        exact = {**self.exact, self.p: X * Y}  # whose mean is zero
        mean = [On(ANNULUS, Eq(ANNULUS.mean(self.p), 0))]
        accurate(manufacture(ANNULUS, exact, volume, faces, mean), 1e-5)

    def test_a_pressure_that_nothing_fixes(self, manufacture):
        volume, _ = self.stokes()
        faces = [(ANNULUS.boundary, self.u), (ANNULUS.boundary, self.v)]
        found = solve(bind(manufacture(ANNULUS, self.exact, volume, faces)), 16)
        assert found.kind is Refusal.SINGULAR
        assert "p is fixed only up to a constant" in found.reason

    def test_a_channel_with_a_given_pressure_at_its_end(self, true_errors):
        channel = Region(SPACE, Interval(0, 2) * Interval(0, 1))
        flow = self.flow
        inlet, outlet = channel.face(X, 0), channel.face(X, 2)
        parabola = 4 * Y * (1 - Y)
        conditions = [
            On(channel, Eq(SPACE.grad(self.p), SPACE.laplace(flow))),
            On(channel, Eq(SPACE.div(flow), 0)),
            On(inlet, Eq(flow, Matrix([parabola, 0]))),
            On(outlet, Eq(self.v, 0)),
            On(outlet, Eq(self.p, 0)),
            On(channel.boundary - inlet - outlet, Eq(flow, Matrix([0, 0]))),
        ]
        exact = {self.u: parabola, self.v: 0 * X, self.p: 8 * (2 - X)}
        problem = Problem("channel", [*flow, self.p], conditions, exact=exact)
        found = solve(bind(problem), 32)
        assert np.max(np.abs(found.values["v"])) < 1e-8
        nodes = np.meshgrid(*found.axes, indexing="ij")
        assert found.values["u"] == pytest.approx(4 * nodes[1] * (1 - nodes[1]), abs=1e-8)
        assert found.values["p"] == pytest.approx(8 * (2 - nodes[0]), abs=1e-7)

    def test_navier_and_stokes(self, manufacture, accurate):
        volume, pull = self.stokes(Rational(1, 20))
        inertia = SPACE.grad(self.flow) * self.flow
        volume = [volume[0] + inertia[0], volume[1] + inertia[1], volume[2]]
        faces = [(OUTER, self.u), (OUTER, self.v), *((INNER, each) for each in pull)]
        accurate(manufacture(ANNULUS, self.exact, volume, faces), 1e-4)

    def test_a_pressure_has_no_value_at_a_re_entrant_corner(self):
        """Of nodes on the boundary those alone are left out that are on it."""
        channel = Region(SPACE, Interval(-1, 2) * Interval(0, 1))
        water = channel - Region(SPACE, Interval(-1, 0) * Interval(0, Rational(1, 2)))
        conditions = [
            On(water, Eq(SPACE.grad(self.p), SPACE.laplace(self.flow))),
            On(water, Eq(SPACE.div(self.flow), 0)),
            On(channel.face(X, 2), Eq(self.p, 0)),
            On(channel.face(X, 2), Eq(self.v, 0)),
            On(
                water.boundary - channel.face(X, 2),
                Eq(self.flow, Matrix([Piecewise(((1 - Y) * (2 * Y - 1), X < 0), (0, True)), 0])),
            ),
        ]
        found = solve(bind(Problem("step", [*self.flow, self.p], conditions)), 12)
        nodes = np.stack(np.meshgrid(*found.axes, indexing="ij"), axis=-1)
        left = water.contains(nodes.reshape(-1, 2)).reshape(found.mask.shape) & ~found.mask
        assert nodes[left] == pytest.approx(np.array([[0.0, 0.5]]))
        assert np.all(np.isfinite(found.values["p"][found.mask]))


class TestNotLinear:
    u = SPACE.unknown("u")

    def test_conduction_that_depends_on_the_temperature(self, manufacture, accurate):
        u = self.u
        flux = (1 + u**2) * SPACE.grad(u)
        faces = [(OUTER, u), (INNER, N.dot(flux) + u**3)]
        accurate(manufacture(ANNULUS, {u: sin(X) + Y / 2}, [SPACE.div(flux) - exp(u)], faces), 1e-6)

    def test_a_factor_outside_the_derivative(self, manufacture, accurate):
        u = self.u
        accurate(manufacture(ANNULUS, {u: sin(X) + Y}, [(2 + u) * SPACE.laplace(u)], [(ANNULUS.boundary, u)]), 1e-6)

    def test_a_guess_chooses_the_solution(self):
        u = self.u
        square = Region(SPACE, Interval(0, 1) ** 2)
        conditions = [On(square, Eq(SPACE.laplace(u), 0)), On(square.boundary, Eq(u**2, 4))]
        found = solve(bind(Problem("two", [u], conditions, guess={u: 1})), 16)
        assert "not linear" in found.reason
        inside = [On(square, Eq(SPACE.laplace(u) + 4 - u**2, 0)), On(square.boundary, SPACE.dn(u))]
        for guess in (1, -3):
            found = solve(bind(Problem("two", [u], inside, guess={u: guess})), 16)
            assert found.values["u"] == pytest.approx(np.full_like(found.values["u"], 2 * np.sign(guess)), abs=1e-8)


class TestComplex:
    def test_two_fields_one_of_them_real(self, manufacture, accurate):
        u, c = SPACE.unknown("u", complex=True), SPACE.unknown("c")
        volume = [SPACE.laplace(u) + (4 + I) * u + I * X * c, SPACE.laplace(c) - c]
        faces = [(OUTER, u), (OUTER, c), (INNER, SPACE.dn(u) - 2 * I * u), (INNER, SPACE.dn(c))]
        accurate(manufacture(ANNULUS, {u: exp(2 * I * X), c: cos(X + Y)}, volume, faces), 1e-5)

    def test_a_cubic_equation_of_a_complex_field(self, manufacture, accurate):
        u = SPACE.unknown("u", complex=True)
        volume = [SPACE.laplace(u) + Abs(u) ** 2 * u]
        accurate(manufacture(ANNULUS, {u: exp(I * X) / 2}, volume, [(ANNULUS.boundary, u)]), 1e-6)


class TestGauges:
    u = SPACE.unknown("u")
    exact = X**3 / 3 + X * Y

    def made(self, manufacture, *extra):
        return manufacture(
            ANNULUS, {self.u: self.exact}, [SPACE.laplace(self.u)], [(ANNULUS.boundary, SPACE.dn(self.u))], extra
        )

    def test_a_mean(self, manufacture, accurate):
        accurate(self.made(manufacture, On(ANNULUS, Eq(ANNULUS.mean(self.u), 0))), 1e-6)

    def test_a_value_at_a_point(self, manufacture, accurate):
        at = On(Region(SPACE, FiniteSet((0, Rational(3, 4)))), Eq(self.u, 0))
        accurate(self.made(manufacture, at), 1e-6)

    def test_sources_that_contradict_each_other(self):
        conditions = [
            On(ANNULUS, Eq(SPACE.laplace(self.u), 1)),
            On(ANNULUS.boundary, SPACE.dn(self.u)),
            On(ANNULUS, Eq(ANNULUS.mean(self.u), 0)),
        ]
        assert "contradict" in solve(bind(Problem("source", [self.u], conditions)), 16).reason
