"""Finite elements in time: known solutions, materials, systems, and what is refused."""

import numpy as np
import pytest
from sympy import Abs, Eq, I, Interval, Piecewise, Rational, cos, exp, pi, sin

from inrpde import Ball, Mesh, On, Periodic, Problem, Region, Space, deadline
from inrpde.compiler import bind
from inrpde.references import NoReference, Refusal, fem_time
from inrpde.references.fem_time import TIMES, solve, supports

pytest.importorskip("skfem")
SPACE = Space("x y", time="t")
X, Y, T = SPACE.coords
SMOOTH = exp(-T) * sin(2 * X + Y) + cos(2 * Y - T)
HALF, TENTH = Rational(1, 2), Rational(1, 10)


@pytest.fixture(autouse=True)
def two_meshes(monkeypatch):
    """No third one, whatever the error."""
    monkeypatch.setattr(fem_time, "ENOUGH", 1.0)


@pytest.fixture
def ring():
    pytest.importorskip("gmsh")
    return (Ball(SPACE, (0, 0), 1) - Ball(SPACE, (0, 0), HALF)).over(Interval(0, HALF))


@pytest.fixture
def square():
    pytest.importorskip("gmsh")
    return Region(SPACE, Interval(0, 1) ** 2 * Interval(0, HALF))


@pytest.fixture
def evolve():
    """A problem from operators in the volume, on parts of the boundary and at the start, with given solutions."""

    def make(region, solutions, volume, faces, initial, **options):
        def applied(operator):
            return operator.xreplace(solutions).doit()

        conditions = [On(region, operator - applied(operator)) for operator in volume]
        conditions += [On(part, operator - applied(operator)) for part, operator in faces]
        conditions += [On(region.initial, operator - applied(operator)) for operator in initial]
        return Problem("made", list(solutions), conditions, exact=solutions, **options)

    return make


@pytest.fixture
def accurate(true_errors):
    """Solve, and assert the true errors, and that they are no more than the estimates say, nor far less."""

    def check(problem, n, most, far=60):
        found = solve(bind(problem), n)
        assert not isinstance(found, NoReference), found.reason
        for name, error in true_errors(problem, found).items():
            assert error < most
            assert 1 / 3 < found.estimated_error[name] / error < far
            assert found.sound[name]
        return found

    return check


class TestHeat:
    def test_annulus_on_three_meshes(self, ring, evolve, accurate, monkeypatch):
        monkeypatch.setattr(fem_time, "ENOUGH", 1e-9)
        monkeypatch.setattr(fem_time, "TOLERANCE", 1e-6)
        u = SPACE.unknown("u")
        problem = evolve(ring, {u: SMOOTH}, [SPACE.dt(u) - SPACE.laplace(u)], [(ring.boundary, u)], [u])
        found = accurate(problem, 16, 1e-6, 3)
        assert 4.5 < found.order["u"] < 6
        assert found.values["u"].shape == (17, 17, TIMES)
        assert found.kind == "finite-element"
        assert np.array_equal(np.isnan(found.values["u"]), ~found.mask)

    def test_materials_that_meet_on_a_circle(self, accurate):
        pytest.importorskip("gmsh")
        u = SPACE.unknown("u")
        box = Region(SPACE, Interval(-1, 1) ** 2 * Interval(0, 1))
        square_, inside = X**2 + Y**2, Rational(1, 4) > X**2 + Y**2
        k = Piecewise((10, inside), (1, True))
        solution = exp(-T) * Piecewise((square_ / 10 + Rational(9, 40), inside), (square_, True))
        heat = Eq(SPACE.dt(u) - SPACE.div(k * SPACE.grad(u)), -solution - 4 * exp(-T))
        conditions = [On(box, heat), On(box.boundary, Eq(u, solution)), On(box.initial, Eq(u, solution.subs(T, 0)))]
        accurate(Problem("two", [u], conditions, exact={u: solution}), 16, 1e-4)

    def test_values_that_jump_at_the_start(self, square):
        """u = 1 at first, 0 on the boundary: a series of sines."""
        u = SPACE.unknown("u")
        conditions = [
            On(square, SPACE.dt(u) - SPACE.laplace(u) / 10),
            On(square.boundary, u),
            On(square.initial, u - 1),
        ]
        found = solve(bind(Problem("jump", [u], conditions)), 24)
        x, _, t = (axis for axis in found.axes)
        odd = np.arange(1, 80, 2)[:, None, None]
        line = np.sum(
            4 / np.pi / odd * np.sin(np.pi * odd * x[:, None]) * np.exp(-((np.pi * odd) ** 2) * t / 10), axis=0
        )
        exact = line[:, None] * line[None]
        error = np.linalg.norm(found.values["u"][..., 1:] - exact[..., 1:]) / np.linalg.norm(exact)
        assert error < 1e-3
        assert error / 3 < found.estimated_error["u"] < 30 * error
        assert np.all(found.values["u"][1:-1, 1:-1, 0] == 1)


class TestWaves:
    def test_damped_driven_and_absorbed(self, square, evolve, accurate):
        u = SPACE.unknown("u")
        volume = [SPACE.dt(u, 2) + SPACE.dt(u) - SPACE.laplace(u) - SPACE.laplace(SPACE.dt(u)) * TENTH]
        out, rest = square.face(X, 1), square.boundary - square.face(X, 1)
        flux = SPACE.dn(u) + TENTH * SPACE.dn(SPACE.dt(u))
        faces = [(out, flux + SPACE.dt(u)), (rest, u)]
        accurate(evolve(square, {u: sin(3 * X - 2 * T) * cos(Y)}, volume, faces, [u, SPACE.dt(u)]), 16, 1e-4)

    def test_complex(self, evolve, accurate):
        u, brief = SPACE.unknown("u", complex=True), Region(SPACE, Interval(0, 1) ** 2 * Interval(0, Rational(1, 50)))
        volume = [I * SPACE.dt(u) + SPACE.laplace(u) + Abs(u) ** 2 * u]
        wave = exp(I * (2 * X - T)) * cos(Y)
        accurate(evolve(brief, {u: wave}, volume, [(brief.boundary, u)], [u]), 12, 1e-4)


class TestSystems:
    def test_diffusing_and_resting(self, square, evolve, accurate):
        u, v = SPACE.unknowns("u v")
        volume = [SPACE.dt(u) - SPACE.laplace(u) - u * (1 - u**2) + v, SPACE.dt(v) - u / 2 + v]
        solutions = {u: cos(pi * X) * exp(-T) + Y, v: sin(X + Y) * cos(T)}
        accurate(evolve(square, solutions, volume, [(square.boundary, SPACE.dn(u))], [u, v]), 12, 1e-3)

    def test_waves_that_heat(self, square, evolve, accurate):
        u, h = SPACE.unknowns("u h")
        volume = [SPACE.dt(u, 2) - SPACE.laplace(u) + h.diff(X), SPACE.dt(h) - SPACE.laplace(h) + u.diff(X, T)]
        solutions = {u: sin(X) * cos(2 * T) * Y, h: exp(-T) * cos(X + Y)}
        faces = [(square.boundary, u), (square.boundary, h)]
        accurate(evolve(square, solutions, volume, faces, [u, SPACE.dt(u), h]), 12, 1e-4)

    def test_what_has_no_rate(self, square, evolve, accurate):
        """The fourth order in two equations, as of Cahn and Hilliard's."""
        u, w = SPACE.unknowns("u w")
        volume = [SPACE.dt(u) - SPACE.laplace(w), w - u**3 + u + SPACE.laplace(u)]
        known = exp(-T) * cos(X) * cos(Y)
        faces = [(square.boundary, u), (square.boundary, w)]
        accurate(evolve(square, {u: known, w: known**2 + X}, volume, faces, [u]), 12, 1e-3)


def lattice(count, dim):
    """The nodes of [0, 1]^dim and its cubes, (2^dim, M) in the order of `np.indices`."""
    axis = np.linspace(0, 1, count + 1)
    nodes = np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    number = np.arange(len(nodes)).reshape((count + 1,) * dim)
    corners = [number[tuple(slice(at, count + at) for at in place)].ravel() for place in np.ndindex((2,) * dim)]
    return nodes, corners


def test_coefficients_that_change_on_a_mesh(evolve, accurate):
    nodes, (a, d, b, c) = lattice(2, 2)
    cells = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    region = Mesh.of(SPACE, nodes, {"triangle": cells}).over(Interval(0, TENTH))
    u, k = SPACE.unknown("u"), 1 + X * Y / 2 + T
    volume = [(2 + X) * SPACE.dt(u) - SPACE.div(k * SPACE.grad(u)) + X * u.diff(Y)]
    accurate(evolve(region, {u: SMOOTH}, volume, [(region.boundary, k * SPACE.dn(u) + u)], [u]), 12, 1e-4)


def test_a_body(evolve, accurate):
    space = Space("x y z", time="t")
    x, y, z, t = space.coords
    nodes, corners = lattice(1, 3)
    paths = [[0, one, one | other, 7] for one in (1, 2, 4) for other in {1, 2, 4} - {one}]
    cells = np.concatenate([np.column_stack([corners[k] for k in path]) for path in paths])
    cube = Mesh.of(space, nodes, {"tetra": cells}).over(Interval(0, HALF))
    u = space.unknown("u")
    solution = exp(-t) * sin(x + y) * cos(z)
    problem = evolve(cube, {u: solution}, [space.dt(u) - space.laplace(u)], [(cube.boundary, space.dn(u) + u)], [u])
    accurate(problem, 6, 1e-2)


class TestRefusals:
    def refused(self, unknowns, *conditions):
        problem = Problem("p", unknowns, [On(part, condition) for part, condition in conditions])
        return supports(bind(problem))

    def test_steady(self):
        space = Space("x y")
        u, region = space.unknown("u"), Region(space, Interval(0, 1) ** 2)
        assert "no time" in self.refused([u], (region, space.laplace(u)), (region.boundary, u))

    def test_no_initial_condition(self, square):
        u = SPACE.unknown("u")
        heat = SPACE.dt(u) - SPACE.laplace(u)
        assert "initial condition" in self.refused([u], (square, heat), (square.boundary, u))

    def test_too_few_initial_conditions(self, square):
        u = SPACE.unknown("u")
        conditions = [On(square, SPACE.dt(u, 2) - SPACE.laplace(u)), On(square.boundary, u), On(square.initial, u)]
        assert "too few initial conditions" in solve(bind(Problem("p", [u], conditions)), 8).reason

    def test_transport(self, square):
        u = SPACE.unknown("u")
        transport = SPACE.dt(u) + u.diff(X)
        assert "first order" in self.refused([u], (square, transport), (square.face(X, 0), u), (square.initial, u))

    def test_periodic(self, square):
        u = SPACE.unknown("u")
        heat, tied = SPACE.dt(u) - SPACE.laplace(u), (square.face(X, 0), Periodic(u, X))
        assert "periodic" in self.refused([u], (square, heat), tied, (square.initial, u))

    def test_rates_on_the_boundary(self, square):
        u = SPACE.unknown("u")
        heat = SPACE.dt(u) - SPACE.laplace(u)
        assert "derivative in time" in self.refused(
            [u], (square, heat), (square.boundary, SPACE.dt(u) + u), (square.initial, u)
        )

    def test_what_takes_too_long(self, ring, monkeypatch):
        u = SPACE.unknown("u")
        heat = SPACE.dt(u) - SPACE.laplace(u)
        problem = Problem("p", [u], [On(ring, heat), On(ring.boundary, u), On(ring.initial, u - 1)])
        with deadline.within(60) as scope:
            found = solve(bind(problem), budget=0.01)
        assert not scope.expired
        assert found.kind is Refusal.TOO_DEAR
        assert "longer than 0.01 s" in found.reason

    def test_blow_up(self, square):
        u = SPACE.unknown("u")
        growth = SPACE.dt(u) - SPACE.laplace(u) - 50 * u**2
        first = 4 * sin(pi * X) * sin(pi * Y)
        problem = Problem("p", [u], [On(square, growth), On(square.boundary, u), On(square.initial, u - first)])
        found = solve(bind(problem), 8)
        assert found.kind is Refusal.DIVERGED
        assert "cannot be continued beyond t = 0.0" in found.reason
