"""The method of lines: second order in space on exact solutions, constraints on the boundary, refusals."""

from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Abs, Derivative, Eq, FiniteSet, I, Interval, Matrix, Rational, cos, cosh, exp, pi, sech, sin, sqrt

from inrpde import Ball, On, Periodic, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references import NoReference, Refusal, method_of_lines
from inrpde.references.evolution import Evolution
from inrpde.references.layout import coarsest_axes
from inrpde.references.method_of_lines import TIMES, solve, supports

STILL = SimpleNamespace(perf_counter=lambda: 0.0)
"""A clock by which no time passes, however busy the machine is."""


@pytest.fixture
def line():
    return Region(Space("x", time="t"), Interval(0, 1) ** 2)


@pytest.fixture
def evolve():
    """A problem from operators in the volume, on parts of the boundary and at the start, with given solutions."""

    def make(region, solutions, volume, faces, initial, **options):
        def applied(operator):
            return operator.xreplace(solutions).doit()

        conditions = [On(region, operator - applied(operator)) for operator in volume]
        conditions += [On(part, operator - applied(operator)) for part, operator in faces]
        conditions += [On(region.initial, operator - applied(operator)) for operator in initial]
        return Problem("made", list(solutions), [*conditions, *options.pop("extra", ())], exact=solutions, **options)

    return make


class TestOrder:
    def test_heat_with_robin_and_moving_data(self, evolve, converges):
        space = Space("x y", time="t")
        x, y, t = space.coords
        block = Region(space, Interval(0, 1) ** 2 * Interval(0, Rational(1, 8)))
        u = space.unknown("u")
        k = 1 + x * y
        problem = evolve(
            block, {u: exp(-t) * sin(x + 1) * cos(2 * y)}, [space.dt(u) - space.div(k * space.grad(u))],
            [(block.boundary - block.face(x, 0), k * space.dn(u) + u), (block.face(x, 0), u)], [u],
        )  # fmt: skip
        found = converges(problem, solve, 32)
        assert found.values["u"].shape == (33, 33, TIMES)
        assert found.axes[2].tolist() == np.linspace(0, 1 / 8, TIMES).tolist()
        assert found.extrapolated["u"].shape == (17, 17, TIMES)

    def test_string(self, line, evolve, converges):
        space, (x, t) = line.space, line.space.coords
        u = space.unknown("u")
        modes = sin(pi * x) * cos(2 * pi * t) + sin(3 * pi * x) * sin(6 * pi * t) / 2
        problem = evolve(
            line, {u: modes}, [space.dt(u, 2) - 4 * space.laplace(u)], [(line.boundary, u)], [u, space.dt(u)]
        )
        converges(problem, solve, 64)

    def test_damped_waves_leave(self, line, evolve, converges):
        # a wave that only moves to the right passes the absorbing end, whose condition has a derivative in time
        space, (x, t) = line.space, line.space.coords
        u = space.unknown("u")
        ends = [(line.face(x, 0), u), (line.face(x, 1), space.dn(u) + space.dt(u))]
        problem = evolve(line, {u: sin(5 * (x - t))}, [space.dt(u, 2) - space.laplace(u)], ends, [u, space.dt(u)])
        converges(problem, solve, 64)

    def test_nonlinear_front(self, evolve, converges):
        space = Space("x", time="t")
        x, t = space.coords
        strip = Region(space, Interval(-10, 20) * Interval(0, 2))
        u = space.unknown("u")
        front = 1 / (1 + exp((x - 5 * t / sqrt(6)) / sqrt(6))) ** 2
        problem = evolve(strip, {u: front}, [space.dt(u) - space.laplace(u) - u * (1 - u)], [(strip.boundary, u)], [u])
        converges(problem, solve, 64)

    def test_dispersive_and_periodic(self, evolve, converges):
        space = Space("x", time="t")
        x, t = space.coords
        strip = Region(space, Interval(-10, 10) * Interval(0, Rational(1, 2)))
        u = space.unknown("u")
        soliton = 1 / cosh((x - t) / 2) ** 2 / 2
        tied = [On(strip.face(x, -10), Periodic(u, x))]
        problem = evolve(strip, {u: soliton}, [space.dt(u) + 6 * u * u.diff(x) + u.diff(x, 3)], [], [u], extra=tied)
        converges(problem, solve, 64)

    def test_complex_and_cubic(self, evolve, converges):
        space = Space("x", time="t")
        x, t = space.coords
        strip = Region(space, Interval(-8, 8) * Interval(0, Rational(1, 8)))
        u = space.unknown("u", complex=True)
        operator = I * space.dt(u) + space.laplace(u) + 2 * Abs(u) ** 2 * u
        problem = evolve(strip, {u: exp(I * x) * sech(x - 2 * t)}, [operator], [(strip.boundary, u)], [u])
        converges(problem, solve, 128)

    @pytest.mark.slow
    def test_complex_and_linear(self, line, evolve, converges):
        space, (x, t) = line.space, line.space.coords
        u = space.unknown("u", complex=True)
        wave = exp(-I * t) * sin(pi * x)
        converges(evolve(line, {u: wave}, [I * space.dt(u) + space.laplace(u)], [(line.boundary, u)], [u]), solve, 16)

    def test_first_order_system(self, line, evolve, converges):
        space, (x, t) = line.space, line.space.coords
        u, v = space.unknowns("u v")
        potential = sin(pi * x) * cos(pi * t)
        solutions = {u: potential.diff(t), v: potential.diff(x)}
        problem = evolve(
            line, solutions, [space.dt(u) - v.diff(x), space.dt(v) - u.diff(x)], [(line.boundary, u)], [u, v]
        )
        converges(problem, solve, 64)

    @pytest.mark.slow
    def test_elliptic_constraint(self, line, evolve, converges):
        space, (x, t) = line.space, line.space.coords
        u, v = space.unknowns("u v")
        known = exp(-t) * sin(pi * x)
        volume = [space.dt(u) - space.laplace(u) + v, -space.laplace(v) + v - 2 * u]
        converges(evolve(line, {u: known, v: known}, volume, [(line.boundary, u), (line.boundary, v)], [u]), solve, 32)

    @pytest.mark.slow
    def test_nonlinear_boundary(self, line, evolve, converges):
        space, (x, t) = line.space, line.space.coords
        u = space.unknown("u")
        ends = [(line.face(x, 0), u), (line.face(x, 1), space.dn(u) + u**3)]
        converges(evolve(line, {u: exp(-t) * cos(x)}, [space.dt(u) - space.laplace(u)], ends, [u]), solve, 16)

    @pytest.mark.slow
    def test_hole(self, evolve, converges):
        space = Space("x y", time="t")
        x, y, t = space.coords
        region = Region(space, Interval(0, 2) * Interval(0, 1) * Interval(0, 1)) - Ball(space, (0.5, 0.5), 0.2)
        u = space.unknown("u")
        solution = exp(-t) * sin(x + 1) * cos(2 * y)
        found = converges(
            evolve(region, {u: solution}, [space.dt(u) - space.laplace(u)], [(region.boundary, u)], [u]), solve, 32, 1.8
        )
        assert found.mask.shape == found.values["u"].shape
        assert np.array_equal(np.isnan(found.values["u"]), ~found.mask)


def test_grids_are_refined_until_the_estimate_is_small(monkeypatch):
    monkeypatch.setattr(method_of_lines, "clock", STILL)
    space = Space("x", time="t")
    x, _ = space.coords
    strip = Region(space, Interval(-1, 1) * Interval(0, 1))
    u = space.unknown("u")
    burgers = Eq(space.dt(u) + u * u.diff(x), space.laplace(u) / 50)
    problem = Problem("burgers", [u], [On(strip, burgers), On(strip.boundary, u), On(strip.initial, u + sin(pi * x))])
    shares = []
    found = solve(bind(problem), progress=shares.append)
    assert found.estimated_error["u"] < 3e-4
    assert len(found.axes[0]) > 257
    assert shares[-1] == 1.0


def test_a_grid_that_takes_too_long_is_given_up(monkeypatch):
    space = Space("x", time="t")
    strip = Region(space, Interval(0, 1) * Interval(0, 1))
    u = space.unknown("u")
    conditions = [On(strip, space.dt(u) - space.laplace(u)), On(strip.boundary, u), On(strip.initial, u - 1)]
    seconds = count()
    monkeypatch.setattr(method_of_lines, "clock", SimpleNamespace(perf_counter=lambda: float(next(seconds))))
    monkeypatch.setattr(method_of_lines, "on_nodes", lambda *_: pytest.fail("the grid was finished"))
    found = solve(bind(Problem("slow", [u], conditions)), budget=1)
    assert isinstance(found, NoReference)
    assert "take longer than 1 s" in found.reason
    assert found.kind is Refusal.TOO_DEAR


def test_what_will_not_end_is_given_up_early(monkeypatch):
    """A wave that goes round a thousand times: a first grid would take all of the time."""
    space = Space("x", time="t")
    (x, _), u = space.coords, space.unknown("u")
    ring = Region(space, Interval(0, 1) * Interval(0, 1e5))
    conditions = [
        On(ring, Eq(space.dt(u) + u.diff(x), 0)), On(ring.face(x, 0), Periodic(u, x)),
        On(ring.initial, Eq(u, sin(2 * pi * x))),
    ]  # fmt: skip
    looks = count()
    monkeypatch.setattr(method_of_lines, "clock", SimpleNamespace(perf_counter=lambda: next(looks) / 1000))
    found = solve(bind(Problem("ring", [u], conditions)), budget=6)
    assert found.kind is Refusal.TOO_DEAR
    assert next(looks) < 1000  # of 12,000 that a grid may take


def test_in_space_steps_are_explicit_where_factors_would_be_dear():
    space = Space("x y z", time="t")
    (x, y, z, _), u = space.coords, space.unknown("u")
    cube = Region(space, Interval(0, 1) ** 3 * Interval(0, 1))
    mode = sin(pi * x) * sin(pi * y) * sin(pi * z)
    conditions = [
        On(cube, Eq(space.dt(u), space.laplace(u) / 10)), On(cube.boundary, Eq(u, 0)), On(cube.initial, Eq(u, mode)),
    ]  # fmt: skip
    equations, build = method_of_lines._check(bind(Problem("cube", [u], conditions)))
    system = build(equations, [axis.refined(8) for axis in coarsest_axes(equations, 6)], time_order=2)
    evolution = Evolution(system)
    start = evolution.pack(method_of_lines.initial_state(system, evolution))
    assert method_of_lines._method(evolution, np.array([0.0, 1.0]), start, 1.0)[0] == "DOP853"


def test_blow_up_is_told():
    space = Space("x", time="t")
    x, _ = space.coords
    strip = Region(space, Interval(0, 1) * Interval(0, 1))
    u = space.unknown("u")
    growth = Eq(space.dt(u), space.laplace(u) + 50 * u**2)
    problem = Problem("blow up", [u], [On(strip, growth), On(strip.boundary, u), On(strip.initial, u - sin(pi * x))])
    found = solve(bind(problem), 32)
    assert isinstance(found, NoReference)
    assert "cannot be continued beyond t = 0.0" in found.reason
    assert found.kind is Refusal.DIVERGED


class TestRefusals:
    def refused(self, region, *conditions, unknown):
        return supports(bind(Problem("p", [unknown], [On(part, condition) for part, condition in conditions])))

    def test_steady(self):
        space = Space("x")
        u = space.unknown("u")
        region = Region(space, Interval(0, 1))
        assert "no time" in self.refused(region, (region, u.diff(*space.coords) - 1), (region.boundary, u), unknown=u)

    def test_no_initial_condition(self, line):
        space, u = line.space, line.space.unknown("u")
        heat = space.dt(u) - space.laplace(u)
        assert "initial condition" in self.refused(line, (line, heat), (line.boundary, u), unknown=u)

    def test_one_initial_condition_for_second_order(self, line):
        space, u = line.space, line.space.unknown("u")
        conditions = [On(line, space.dt(u, 2) - space.laplace(u)), On(line.boundary, u), On(line.initial, u - 1)]
        found = solve(bind(Problem("p", [u], conditions)), 16)
        assert "too few initial conditions" in found.reason

    def test_final_condition(self, line):
        space, u = line.space, line.space.unknown("u")
        heat = space.dt(u) - space.laplace(u)
        assert "later time" in self.refused(line, (line, heat), (line.boundary, u), (line.final, u - 1), unknown=u)

    def test_space_and_time_at_once(self, line):
        space, (x, t) = line.space, line.space.coords
        u = space.unknown("u")
        conditions = [On(line, space.dt(u) - Derivative(u, x, x, t) + u), On(line.boundary, u), On(line.initial, u - 1)]
        found = solve(bind(Problem("p", [u], conditions)), 16)
        assert "at once" in found.reason

    def test_some_times_only(self, line):
        space, (_, t) = line.space, line.space.coords
        u = space.unknown("u")
        heat = space.dt(u) - space.laplace(u)
        early = line.boundary.where(t < 0.5)
        assert "some times" in self.refused(line, (line, heat), (early, u), (line.initial, u), unknown=u)


class TestFlow:
    """Incompressible flow: the pressure at each time from a Poisson equation on the staggered grid."""

    @pytest.fixture
    def equations(self):
        space = Space("x y", time="t")
        flow = u, v, p = space.unknowns("u v p")
        momentum = [space.dt(f) + u * f.diff(space.coords[0]) + v * f.diff(space.coords[1]) for f in (u, v)]
        momentum = [
            m + p.diff(z) - space.laplace(f) / 10 for m, f, z in zip(momentum, (u, v), space.spatial, strict=True)
        ]
        return space, flow, [*momentum, space.div(Matrix([u, v]))]

    def test_periodic_vortices(self, equations, evolve, converges):
        space, (u, v, p), volume = equations
        x, y, t = space.coords
        box = Region(space, Interval(0, 2 * pi) ** 2 * Interval(0, Rational(1, 4)))
        decay = exp(-t / 5)
        solutions = {
            u: -cos(x) * sin(y) * decay, v: sin(x) * cos(y) * decay, p: -(cos(2 * x) + cos(2 * y)) * decay**2 / 4,
        }  # fmt: skip
        corner = Region(space, FiniteSet((0, 0)) * Interval(0, 1))
        extra = [On(box.face(z, 0), Periodic(f, z)) for z in (x, y) for f in (u, v, p)]
        extra.append(On(corner, Eq(p, solutions[p])))
        converges(evolve(box, solutions, volume, [], [u, v], extra=extra), solve, 32, 1.8)

    def test_moving_walls(self, equations, evolve, converges):
        space, (u, v, p), volume = equations
        x, y, t = space.coords
        box = Region(space, Interval(0, 1) ** 2 * Interval(0, Rational(1, 160)))
        stream = sin(pi * x) * sin(pi * y) * exp(x) * cos(t)
        solutions = {u: stream.diff(y), v: -stream.diff(x), p: (cos(x) * y - sin(1) / 2) * (1 + t)}
        walls = [(box.boundary, u), (box.boundary, v)]
        problem = evolve(box, solutions, volume, walls, [u, v], extra=[On(box, box.mean(p))])
        converges(problem, solve, 32, 1.8)

    @pytest.mark.slow
    def test_slippery_walls(self, equations, evolve, converges):
        space, (u, v, p), volume = equations
        x, y, t = space.coords
        box = Region(space, Interval(0, pi) ** 2 * Interval(0, Rational(1, 10)))
        decay, normal = exp(-t / 5), space.normal
        solutions = {
            u: sin(x) * cos(y) * decay, v: -cos(x) * sin(y) * decay, p: (cos(2 * x) + cos(2 * y)) * decay**2 / 4,
        }  # fmt: skip
        walls = [(box.boundary, u * normal[0] + v * normal[1]), (box.boundary, space.curl(Matrix([u, v])))]
        problem = evolve(box, solutions, volume, walls, [u, v], extra=[On(box, box.mean(p))])
        converges(problem, solve, 32, 1.8)

    def test_outflow_is_refused(self, equations):
        space, (u, v, p), volume = equations
        x, *_ = space.coords
        box = Region(space, Interval(0, 1) ** 3)
        out = box.face(x, 1)
        conditions = [On(box, row) for row in volume] + [On(box.initial, f) for f in (u, v)]
        conditions += [On(box.boundary - out, f) for f in (u, v)]
        conditions += [On(out, space.dn(u) - p), On(out, space.dn(v))]
        found = solve(bind(Problem("p", [u, v, p], conditions)), 16)
        assert isinstance(found, NoReference)
        assert "pressure" in found.reason


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("offset", [0, 300, 10**6])
def test_errors_are_relative_to_what_varies(line, order, offset):
    """With an offset the same equation has the same error, and says so."""
    (x, t), u = line.space.coords, line.space.unknown("u")
    solution = offset + sin(pi * x) * (exp(-(pi**2) * t) if order == 1 else cos(pi * t))
    starts = [On(line.initial, Eq(u.diff(t, k) if k else u, solution.diff(t, k).subs(t, 0))) for k in range(order)]
    conditions = [On(line, Eq(u.diff(t, order), u.diff(x, 2))), On(line.boundary, Eq(u, offset)), *starts]
    found = solve(bind(Problem("p", [u], conditions)), 256)
    grid = np.meshgrid(*found.coarse_axes, indexing="ij")
    shape = np.sin(np.pi * grid[0]) * (np.exp(-(np.pi**2) * grid[1]) if order == 1 else np.cos(np.pi * grid[1]))
    error = np.sqrt(np.mean((found.extrapolated["u"] - offset - shape) ** 2) / np.mean(shape**2))
    said = found.extrapolated_error["u"] * np.hypot(offset, np.std(shape)) / np.std(shape)
    assert error < 1e-6
    assert error / 3 < said < 1e-5
