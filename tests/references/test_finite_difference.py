"""Finite differences: second order on manufactured solutions, and an estimate within a factor of two of the error."""

import numpy as np
import pytest
from sympy import (
    Abs,
    Derivative,
    Eq,
    FiniteSet,
    I,
    Interval,
    Matrix,
    Max,
    Rational,
    cos,
    diag,
    exp,
    pi,
    sin,
    sqrt,
    tanh,
)

from inrpde import GridField, Learned, On, Periodic, Points, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references import NoReference, Refusal
from inrpde.references.boxes import box_system
from inrpde.references.equations import sort_equations
from inrpde.references.finite_difference import solve, supports
from inrpde.references.layout import coarsest_axes
from inrpde.references.steady import guess


@pytest.fixture
def line():
    return Region(Space("x"), Interval(0, 2))


@pytest.fixture
def square():
    return Region(Space("x y"), Interval(0, 1) ** 2)


@pytest.fixture
def oblong():
    return Region(Space("x y"), Interval(0, 2) * Interval(0, 1))


class TestOrder:
    def test_line_robin(self, line, manufacture, converges):
        space, (x,) = line.space, line.space.coords
        u = space.unknown("u")
        conditions = [(line.face(x, 0), u), (line.face(x, 2), space.dn(u) + 2 * u)]
        converges(
            manufacture(line, {u: sin(3 * x) + x}, [-space.div((1 + x**2) * space.grad(u)) + u], conditions), solve, 128
        )

    def test_line_first_order(self, line, manufacture, converges):
        (x,) = line.space.coords
        u, v = line.space.unknowns("u v")
        equations, ends = [u.diff(x) + x * v, v.diff(x) - u], [(line.face(x, 0), u), (line.face(x, 2), v)]
        converges(manufacture(line, {u: sin(3 * x) + x, v: cos(x)}, equations, ends), solve, 64)

    def test_line_third_order(self, line, manufacture, converges):
        (x,) = line.space.coords
        u = line.space.unknown("u")
        conditions = [(line.boundary, u), (line.face(x, 0), u.diff(x))]
        converges(manufacture(line, {u: sin(3 * x)}, [u.diff(x, 3) + u], conditions), solve, 64)

    def test_darcy_by_data(self, oblong, manufacture, converges):
        space, (x, y) = oblong.space, oblong.space.coords
        u = space.unknown("u")
        a = 2 + sin(x * y)
        problem = manufacture(
            oblong, {u: exp(x / 2) * cos(2 * y)}, [-space.div(a * space.grad(u))],
            [(oblong.boundary - oblong.face(x, 0), a * space.dn(u)), (oblong.face(x, 0), u)],
        )  # fmt: skip
        converges(problem, solve, 64)

        data = space.coefficient("a")
        axes = np.linspace(0, 2, 401), np.linspace(0, 1, 201)
        field = GridField(2 + np.sin(axes[0][:, None] * axes[1]), axes)
        conditions = [On(c.region, c.residuals[0].xreplace({a: data})) for c in problem.conditions]
        by_data = Problem("data", [u], conditions, coefficients={data: field})
        by_formula = solve(bind(problem), 32)
        assert solve(bind(by_data), 32).values["u"] == pytest.approx(by_formula.values["u"], rel=1e-6)

    def test_robin(self, oblong, manufacture, converges):
        space, (x, y) = oblong.space, oblong.space.coords
        u = space.unknown("u")
        a = 1 + x * y
        operator, condition = -space.div(a * space.grad(u)) + u, (oblong.boundary, a * space.dn(u) + 3 * u)
        converges(manufacture(oblong, {u: exp(x / 2) * cos(2 * y)}, [operator], [condition]), solve, 64)

    def test_mixed_derivative_with_its_flux(self, oblong, manufacture, converges):
        space, (x, y) = oblong.space, oblong.space.coords
        u = space.unknown("u")
        tensor = Matrix([[2 + x, sin(y) / 2], [sin(y) / 2, 1 + y]])
        flux = tensor * space.grad(u)
        conditions = [(oblong.face(x, 2), space.normal.dot(flux)), (oblong.boundary - oblong.face(x, 2), u)]
        converges(manufacture(oblong, {u: exp(x / 2) * cos(2 * y)}, [-space.div(flux)], conditions), solve, 64)

    def test_mixed_derivative_with_advection(self, oblong, manufacture, converges):
        space, (x, y) = oblong.space, oblong.space.coords
        u = space.unknown("u")
        operator = -space.laplace(u) - Derivative(u, x, y) + 3 * u.diff(x)
        converges(manufacture(oblong, {u: exp(x / 2) * cos(2 * y)}, [operator], [(oblong.boundary, u)]), solve, 64)

    def test_cube(self, manufacture, converges):
        space = Space("x y z")
        x, y, z = space.coords
        cube = Region(space, Interval(0, 1) ** 3)
        u = space.unknown("u")
        conditions = [(cube.boundary - cube.face(z, 1), u), (cube.face(z, 1), space.dn(u))]
        problem = manufacture(
            cube, {u: exp(x / 2) * cos(2 * y) * sin(z)}, [-space.div((1 + x * z) * space.grad(u))], conditions
        )
        converges(problem, solve, 32)

    def test_complex_absorbing_layer(self, manufacture, converges):
        space = Space("x y")
        x, y = space.coords
        u = space.unknown("u", complex=True)
        region = Region(space, Interval(-1, 1) ** 2)
        s = 1 + I * Max(Abs(x) - Rational(1, 2), 0) ** 3
        k = 6
        operator = space.div(diag(1 / s, s) * space.grad(u)) + k**2 * s * u
        wave = exp(I * k * (x + y) / 2) * (1 - x**2) * (1 - y**2)
        converges(manufacture(region, {u: wave}, [operator], [(region.boundary, u)]), solve, 64)

    def test_complex_impedance(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u = space.unknown("u", complex=True)
        wave = exp(6 * I * (x + 2 * y) / sqrt(5))
        converges(
            manufacture(square, {u: wave}, [-space.laplace(u) - 36 * u], [(square.boundary, space.dn(u) - 6 * I * u)]),
            solve,
            64,
        )

    def test_complex_that_is_not_holomorphic(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u = space.unknown("u", complex=True)
        converges(
            manufacture(
                square, {u: exp(3 * I * x) * cos(y)}, [-space.laplace(u) + Abs(u) ** 2 * u], [(square.boundary, u)]
            ),
            solve,
            32,
        )

    def test_reaction_of_two(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u, v = space.unknowns("u v")
        solutions = {u: exp(x / 2) * cos(2 * y), v: 1 + sin(x * y)}
        operators = [-space.laplace(u) + u * v**2, -2 * space.laplace(v) + u**2 * v + v]
        converges(
            manufacture(square, solutions, operators, [(square.boundary, u), (square.boundary, space.dn(v))]),
            solve,
            128,
        )

    def test_elasticity_with_tractions(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u, v = space.unknowns("u v")
        strain = (space.grad(Matrix([u, v])) + space.grad(Matrix([u, v])).T) / 2
        stress = 2 * strain + Matrix.eye(2) * strain.trace()
        free = square.face(x, 1)
        conditions = [
            (square.boundary - free, u),
            (square.boundary - free, v),
            *((free, row) for row in stress * space.normal),
        ]
        solutions = {u: exp(x / 2) * cos(2 * y), v: 1 + sin(x * y)}
        converges(manufacture(square, solutions, list(space.div(stress)), conditions), solve, 32)

    def test_nonlinear(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u = space.unknown("u")
        converges(
            manufacture(
                square, {u: 3 * sin(pi * x) * sin(pi * y)}, [-space.laplace(u) + exp(u)], [(square.boundary, u)]
            ),
            solve,
            32,
        )

    def test_nonlinear_fluxes(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u = space.unknown("u")
        operator = -space.div((1 + u**2) * space.grad(u)) / 20 + Derivative(u**2 / 2, x) + u * u.diff(y)
        converges(manufacture(square, {u: tanh(3 * (x - y))}, [operator], [(square.boundary, u)]), solve, 32)

    def test_periodic(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u = space.unknown("u")
        operator = -space.div((2 + cos(2 * pi * x)) * space.grad(u)) + u
        problem = manufacture(
            square, {u: exp(sin(2 * pi * x)) * sin(y)}, [operator], [(square.face(y, 0), u), (square.face(y, 1), u)],
            extra=[On(square.face(x, 0), Periodic(u, x))],
        )  # fmt: skip
        found = converges(problem, solve, 32)
        assert np.array_equal(found.values["u"][0], found.values["u"][-1])

    @pytest.mark.parametrize("second", ["supported", "clamped"])
    def test_plate(self, square, manufacture, converges, second):
        space, (x, y) = square.space, square.space.coords
        u = space.unknown("u")
        condition = space.laplace(u) if second == "supported" else space.dn(u)
        solution = sin(pi * x) ** 2 * sin(pi * y) ** 2
        problem = manufacture(
            square,
            {u: solution},
            [space.laplace(space.laplace(u))],
            [(square.boundary, u), (square.boundary, condition)],
        )
        converges(problem, solve, 64)

    def test_interface(self, manufacture, true_errors):
        space = Space("x y")
        x, y = space.coords
        half = Rational(1, 2)
        left, right = (
            Region(space, Interval(0, half) * Interval(0, 1)),
            Region(space, Interval(half, 1) * Interval(0, 1)),
        )
        u, v = space.unknown("u", on=left), space.unknown("v", on=right)
        exact = {u: sin(3 * y) * (sin(x - half) / 10 + 1), v: sin(3 * y) * (sin(x - half) + 1)}
        meeting = left.boundary & right.boundary
        conditions = [
            On(left, Eq(10 * space.laplace(u), 10 * space.laplace(exact[u]))),
            On(right, Eq(space.laplace(v), space.laplace(exact[v]))),
            On(meeting, Eq(u, v)), On(meeting, Eq(10 * space.dn(u), space.dn(v))),
            On(left.boundary - meeting, Eq(u, exact[u])), On(right.boundary - meeting, Eq(v, exact[v])),
        ]  # fmt: skip
        problem = Problem("interface", [u, v], conditions, exact=exact)
        coarse, fine = (solve(bind(problem), n) for n in (32, 64))
        assert np.isnan(fine.values["u"][40]).all()
        assert np.isnan(fine.values["v"][20]).all()
        for name, error in true_errors(problem, fine).items():
            assert np.log2(true_errors(problem, coarse)[name] / error) > 1.9
            assert error < 1e-3

    def test_parts_of_the_volume(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u = space.unknown("u")
        solution = sin(3 * x) * cos(y)
        parts = [(square.where(x <= 0.5), 1 + x), (square.where(x >= 0.5), 2 - x)]
        conditions = [On(part, space.div(a * (space.grad(u) - space.grad(solution))).doit()) for part, a in parts]
        problem = Problem("parts", [u], [*conditions, On(square.boundary, Eq(u, solution))], exact={u: solution})
        converges(problem, solve, 32)


class TestFlow:
    """Incompressible flow is staggered, so that its pressure converges too."""

    def test_stokes(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u, v, p = space.unknowns("u v p")
        stream = sin(pi * x) * sin(pi * y) * exp(x)
        solutions = {u: stream.diff(y), v: -stream.diff(x), p: cos(x) * y - sin(1) / 2}
        operators = [p.diff(x) - space.laplace(u), p.diff(y) - space.laplace(v), space.div(Matrix([u, v]))]
        mean = [On(square, Eq(square.mean(p), 0))]
        converges(
            manufacture(square, solutions, operators, [(square.boundary, u), (square.boundary, v)], extra=mean),
            solve,
            64,
        )

    def test_outflow(self, square, manufacture, converges):
        space, (x, y) = square.space, square.space.coords
        u, v, p = space.unknowns("u v p")
        stream = sin(2 * x) * sin(2 * y)
        solutions = {u: stream.diff(y), v: -stream.diff(x), p: cos(x) * y}
        convection = [u * f.diff(x) + v * f.diff(y) for f in (u, v)]
        operators = [c + p.diff(z) - space.laplace(f) for c, f, z in zip(convection, (u, v), (x, y), strict=True)]
        out = square.face(x, 1)
        conditions = [
            (square.boundary - out, u),
            (square.boundary - out, v),
            (out, space.dn(u) - p),
            (out, space.dn(v)),
        ]
        converges(manufacture(square, solutions, [*operators, space.div(Matrix([u, v]))], conditions), solve, 32)

    def test_cavity_against_published_values(self, square):
        space, (x, y) = square.space, square.space.coords
        u, v, p = space.unknowns("u v p")
        lid = square.face(y, 1)
        momentum = [
            On(square, u * f.diff(x) + v * f.diff(y) + p.diff(z) - space.laplace(f) / 100) for f, z in ((u, x), (v, y))
        ]
        conditions = [
            *momentum, On(square, space.div(Matrix([u, v]))), On(lid, Eq(u, 1)),
            On(square.boundary - lid, u), On(square.boundary, v),
            On(square, Eq(square.mean(p), 0)),
        ]  # fmt: skip
        found = solve(bind(Problem("cavity", [u, v, p], conditions)), 64)
        # Botella and Peyret (1998), quoting Ghia et al. (1982) for comparison: extrema on the centre lines at Re 100
        assert found.extrapolated["u"][16].min() == pytest.approx(-0.2140, rel=0.02)
        assert found.extrapolated["v"][:, 16].max() == pytest.approx(0.1796, rel=0.02)
        assert found.extrapolated["v"][:, 16].min() == pytest.approx(-0.2538, rel=0.02)


class TestGauges:
    @pytest.fixture
    def neumann(self, square):
        space, (x, y) = square.space, square.space.coords
        u = space.unknown("u")
        return u, {u: cos(2 * x) * cos(3 * y)}, [-space.div((1 + x) * space.grad(u))], [(square.boundary, space.dn(u))]

    def test_mean(self, square, neumann, manufacture, converges):
        u, solutions, volume, faces = neumann
        mean = solutions[u].integrate((square.space.coords[0], 0, 1), (square.space.coords[1], 0, 1))
        converges(
            manufacture(square, solutions, volume, faces, extra=[On(square, Eq(square.mean(u), mean))]), solve, 32
        )

    @pytest.mark.parametrize("at", [(Rational(1, 2), Rational(1, 2)), (0, 0), (Rational(1, 3), Rational(3, 7))])
    def test_point(self, square, neumann, manufacture, converges, at):
        u, solutions, volume, faces = neumann
        point = Region(square.space, FiniteSet(at))
        value = solutions[u].subs(dict(zip(square.space.coords, at, strict=True)))
        converges(manufacture(square, solutions, volume, faces, extra=[On(point, Eq(u, value))]), solve, 32, order=1.7)

    def test_none(self, square, neumann, manufacture):
        found = solve(bind(manufacture(square, *neumann[1:])), 32)
        assert isinstance(found, NoReference)
        assert "singular" in found.reason
        assert found.kind is Refusal.SINGULAR

    def test_incompatible(self, square, neumann):
        u, _, (operator,), _ = neumann
        conditions = [On(square, operator), On(square.boundary, Eq(square.space.dn(u), 1)), On(square, square.mean(u))]
        found = solve(bind(Problem("incompatible", [u], conditions)), 32)
        assert isinstance(found, NoReference)
        assert "contradict" in found.reason
        assert found.kind is Refusal.SINGULAR

    def test_integral_term(self, line, manufacture, converges):
        (x,) = line.space.coords
        u = line.space.unknown("u")
        operator, solution = -u.diff(x, 2) + line.integral(x * u), sin(3 * x)
        known = -solution.diff(x, 2) + (x * solution).integrate((x, 0, 2))
        conditions = [On(line, Eq(operator, known)), On(line.boundary, Eq(u, solution))]
        converges(Problem("integral", [u], conditions, exact={u: solution}), solve, 32)


class TestRefusals:
    """What finite differences cannot serve is refused with its reason."""

    def refused(self, problem):
        found = solve(bind(problem), 32)
        assert isinstance(found, NoReference)
        assert found.kind is Refusal.UNSUPPORTED
        return found.reason

    def test_learned(self, square):
        u, a = square.space.unknown("u"), square.space.parameter("a")
        problem = Problem(
            "p",
            [u],
            [On(square, a * square.space.laplace(u) - 1), On(square.boundary, u)],
            coefficients={a: Learned(1.0)},
        )
        assert "inverse" in supports(bind(problem))

    def test_labels(self, square):
        u = square.space.unknown("u")
        points = Points(square.space, [[0.5, 0.5]], {"value": [1.0]})
        assert "labelled" in self.refused(
            Problem("p", [u], [On(points, u - points["value"]), On(square, square.space.laplace(u))])
        )

    def test_inequality(self, square):
        u = square.space.unknown("u")
        assert "inequality" in self.refused(
            Problem("p", [u], [On(square, square.space.laplace(u)), On(square.boundary, u), On(square, u >= 0)])
        )

    def test_too_many_conditions(self, square):
        space = square.space
        u = space.unknown("u")
        problem = Problem(
            "p", [u], [On(square, space.laplace(u)), On(square.boundary, u), On(square.boundary, space.dn(u))]
        )
        assert "one condition too many" in self.refused(problem)

    def test_too_few_conditions(self, square):
        bilaplace = square.space.laplace(square.space.laplace(u := square.space.unknown("u")))
        assert "need 2" in self.refused(Problem("p", [u], [On(square, bilaplace), On(square.boundary, u)]))

    def test_too_few_equations(self, square):
        u, v = square.space.unknowns("u v")
        assert "1 equations" in self.refused(
            Problem("p", [u, v], [On(square, square.space.laplace(u) + v), On(square.boundary, u)])
        )

    def test_inner_curve(self, square):
        u = square.space.unknown("u")
        cut = Region(square.space, FiniteSet(Rational(1, 2)) * Interval(0, 1))
        problem = Problem("p", [u], [On(square, square.space.laplace(u)), On(square.boundary, u), On(cut, u - 1)])
        assert "no face" in self.refused(problem)

    def test_many_dimensions(self):
        space = Space("a b c d")
        u = space.unknown("u")
        region = Region(space, Interval(0, 1) ** 4)
        assert "4 dimensions" in supports(
            bind(Problem("p", [u], [On(region, space.laplace(u)), On(region.boundary, u)]))
        )

    def test_data_that_are_not_finite(self, square):
        x, _ = square.space.coords
        u = square.space.unknown("u")
        problem = Problem(
            "p", [u], [On(square, square.space.laplace(u) - 1 / (x - Rational(1, 2))), On(square.boundary, u)]
        )
        assert "not finite" in self.refused(problem)

    def test_memory(self, manufacture):
        space = Space("x y z")
        cube = Region(space, Interval(0, 1) ** 3)
        u = space.unknown("u")
        found = solve(bind(manufacture(cube, {u: space.coords[0]}, [space.laplace(u)], [(cube.boundary, u)])), 2000)
        assert "GB" in found.reason


def test_default_of_the_design(square):
    space, (x, y) = square.space, square.space.coords
    u = space.unknown("u")
    problem = Problem(
        "poisson",
        [u],
        [On(square, Eq(-space.laplace(u), 2 * pi**2 * sin(pi * x) * sin(pi * y))), On(square.boundary, u)],
    )
    shares = []
    found = solve(bind(problem), progress=shares.append)
    exact = np.outer(*(np.sin(np.pi * axis) for axis in found.axes))
    assert found.kind == "finite-difference"
    assert found.values["u"].shape == (257, 257)
    assert np.linalg.norm(found.values["u"] - exact) / np.linalg.norm(exact) == pytest.approx(
        found.estimated_error["u"], rel=0.05
    )
    assert found.coarse_axes[0].tolist() == found.axes[0][::2].tolist()
    assert np.max(np.abs(found.extrapolated["u"] - exact[::2, ::2])) < 1e-8
    assert shares[-1] == 1.0


def test_wavy_problems_get_finer_grids(square):
    space = square.space
    u = space.unknown("u")
    found = solve(bind(Problem("wavy", [u], [On(square, space.laplace(u) + 50**2 * u - 1), On(square.boundary, u)])))
    assert len(found.axes[0]) > 400


def test_a_budget_makes_grids_coarser(square):
    space = square.space
    u = space.unknown("u")
    problem = bind(Problem("poisson", [u], [On(square, space.laplace(u) - 1), On(square.boundary, u)]))
    assert len(solve(problem, budget=0.01).axes[0]) < 100


def test_singular_corner_is_not_extrapolated(square):
    space, (x, y) = square.space, square.space.coords
    u = space.unknown("u")
    free = square.face(y, 0).where(x < 0.5)
    conditions = [On(square, Eq(-space.laplace(u), 1)), On(free, space.dn(u)), On(square.boundary - free, u)]
    found = solve(bind(Problem("mixed", [u], conditions)), 64)
    assert found.order["u"] < 1.7
    assert any("not extrapolated" in warning for warning in found.warnings)


class TestGuesses:
    def problem(self, square, guess, complex=False):
        space, axis = square.space, np.linspace(0, 1, 9)
        u, k = space.unknown("u", complex=complex), space.coefficient("k")
        data = {k: GridField(np.add.outer(axis**2, 3 * axis), (axis, axis))}
        conditions = [On(square, Eq(-space.laplace(u) + Abs(u) ** 2, k)), On(square.boundary, u)]
        return bind(Problem("guessed", [u], conditions, coefficients=data, guess={u: guess(space, k)}))

    @pytest.mark.parametrize("complex", [False, True])
    def test_they_are_read_from_expressions_and_data(self, square, complex):
        bound = self.problem(
            square, lambda space, k: space.grad(k)[0] + k + I * space.coords[1] * int(complex), complex
        )
        equations = sort_equations(bound)
        system = box_system(equations, coarsest_axes(equations, 8))
        (x, y), state = system.grid.points(system.grid.everywhere(0)).T, guess(system)
        assert np.allclose(state[system.grid.block(0)], 2 * x + x**2 + 3 * y)
        assert not complex or np.allclose(state[system.grid.block(1)], y)

    def test_one_by_an_integral_is_refused(self, square):
        found = solve(self.problem(square, lambda space, k: square.mean(k)))
        assert found == NoReference("the guess of u has an integral over a region")
