"""Data that a grid of equal cells steps over: the reference follows them, or refuses and names the place."""

import numpy as np
import pytest
from sympy import Abs, Eq, Interval, Max, Rational, cos, cosh, erf, exp, pi, sin, sqrt, tanh

from inrpde import Ball, MeshField, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references import Refusal, fem, finite_difference, method_of_lines
from inrpde.references.equations import sort_equations
from inrpde.references.layout import coarsest_axes
from inrpde.references.stencils import Axis, Grading, Narrow
from inrpde.references.stretches import stretches_of
from tests.resolution.meshed import AT, columns

PLACE = Rational(3137, 10000)


def bump(x, width):
    return exp(-((x - PLACE) ** 2) / (2 * width**2)) / (sqrt(2 * pi) * width)


def honest(problem, found, true_errors, below):
    """The errors are below a bound, and their estimates (those of the extrapolated values, too) are in proportion."""
    bound = bind(problem)
    assert set(found.values) == {unknown.name for unknown in bound.unknowns}
    for name, error in true_errors(problem, found).items():
        assert found.sound[name]
        assert error < below
        assert 1 / 3 <= found.estimated_error[name] / error <= 10
    for name, error in true_errors(problem, found, extrapolated=True).items():
        assert found.extrapolated_error[name] >= error / 3


class TestGradedAxes:
    axis = Axis(0.0, 1.0, 165, grading=Grading.of((0.0, 0.3137, 1.0), 1 / 64, (Narrow(0.3136, 0.3138, 1e-5),)))

    def test_cells_are_short_at_the_place_and_grow_slowly(self):
        cells = np.diff(self.axis.nodes)
        assert cells.min() == pytest.approx(1e-5, rel=0.05)
        assert cells.max() <= 1.05 / 64
        assert np.all(cells[1:] / cells[:-1] < 1.3)
        assert np.all(cells[1:] / cells[:-1] > 1 / 1.3)
        assert self.axis.grading.counts == (69, 96)

    def test_ends_and_knots_are_nodes(self):
        assert self.axis.nodes[[0, -1]].tolist() == [0.0, 1.0]
        assert self.axis.node(0.3137) == 138
        assert self.axis.node(0.3) is None

    def test_finer_axes_keep_the_nodes(self):
        assert np.array_equal(self.axis.refined(4).nodes[::4], self.axis.nodes)


@pytest.mark.parametrize("width", [Rational(1, 2), Rational(1, 2000), Rational(1, 10**4)])
def test_kinks_are_nodes(width, true_errors):
    """A hat as a source: on grids that have no node at its corners errors hardly change from one to the next."""
    space = Space("x")
    (x,), u, place = space.coords, space.unknown("u"), Rational(4123, 10000)
    omega = Region(space, Interval(0, 1))

    def cube(z):
        return Max(z, 0) ** 3 / 6

    z = x - place
    exact = x - (cube(z + width) - 2 * cube(z) + cube(z - width)) / width**2
    conditions = [
        On(omega, Eq(-u.diff(x, 2), Max(0, 1 - Abs(z) / width) / width)),
        *[On(omega.face(x, at), Eq(u, exact.subs(x, at))) for at in (0, 1)],
    ]
    problem = Problem("hat", [u], conditions, exact={u: exact})
    honest(problem, finite_difference.solve(bind(problem), 64), true_errors, 1e-4)


@pytest.mark.parametrize("width", [Rational(1, 10**3), Rational(1, 10**5)])
def test_a_narrow_source_on_a_line(width, true_errors):
    space = Space("x")
    (x,) = space.coords
    u = space.unknown("u")
    omega = Region(space, Interval(0, 1))
    s = sqrt(2) * width

    def twice(x):
        return (x - PLACE) * erf((x - PLACE) / s) / 2 + s * exp(-(((x - PLACE) / s) ** 2)) / (2 * sqrt(pi))

    solution = sin(pi * x) / 10 - twice(x) + twice(0) * (1 - x) + twice(1) * x
    conditions = [
        On(omega, Eq(-u.diff(x, 2), bump(x, width) + pi**2 * sin(pi * x) / 10)),
        On(omega.boundary, u),
    ]
    problem = Problem("charge", [u], conditions, exact={u: solution.evalf(30)})
    honest(problem, finite_difference.solve(bind(problem)), true_errors, 1e-5)


def test_a_thin_barrier_lets_through_what_it_should():
    space = Space("x")
    (x,) = space.coords
    u = space.unknown("u")
    omega = Region(space, Interval(0, 1))
    a = 1 / (1 + bump(x, Rational(1, 10**5)))
    conditions = [
        On(omega, Eq(space.div(a * space.grad(u)), 0)),
        On(omega.face(x, 0), u),
        On(omega.face(x, 1), u - 1),
    ]
    found = finite_difference.solve(bind(Problem("barrier", [u], conditions)))
    (axis,) = found.axes
    exact = (axis + (axis > 0.3137)) / 2
    away = np.abs(axis - 0.3137) > 1e-4
    assert np.max(np.abs(found.values["u"] - exact)[away]) < 1e-6
    assert found.sound["u"]
    assert found.estimated_error["u"] < 1e-5


def test_a_spike_on_a_wall_is_followed_into_the_region():
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    omega = Region(space, Interval(0, 1) ** 2)
    s = Rational(1, 200)
    solution = s**2 / ((x - PLACE) ** 2 + (y + s) ** 2) * (y + s) / s  # harmonic: a pole beyond the wall
    conditions = [On(omega, space.laplace(u)), On(omega.boundary, Eq(u, solution))]
    problem = Problem("spike", [u], conditions, exact={u: solution})
    axes = coarsest_axes(sort_equations(bind(problem)), 64)
    assert all(len(axis.narrow) for axis in axes)
    assert np.diff(axes[1].nodes)[0] < 0.005


def test_a_narrow_source_in_a_disk(true_errors):
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    disk = Ball(space, (0, 0), 1)
    solution = exp(-((x - 0.2) ** 2 + (y - 0.1) ** 2) * 10**4) + x * y
    conditions = [On(disk, Eq(-space.laplace(u), -space.laplace(solution))), On(disk.boundary, Eq(u, x * y))]
    problem = Problem("disk", [u], conditions, exact={u: solution})
    honest(problem, finite_difference.solve(bind(problem), 64), true_errors, 1e-3)


def heat():
    space = Space("x", time="t")
    return space, *space.coords, space.unknown("u"), Region(space, Interval(0, 1) * Interval(0, 1))


@pytest.mark.parametrize("size", [1, Rational(1, 10**6)])
def test_a_kick_in_time_is_not_stepped_over(size, true_errors):
    space, x, t, u, omega = heat()
    kick = size * (1 + erf((t - PLACE) / (sqrt(2) * Rational(1, 1000)))) / 2
    source = sin(pi * x) * (kick.diff(t) + pi**2 / 10 * kick)
    conditions = [On(omega, Eq(space.dt(u), u.diff(x, 2) / 10 + source)), On(omega.boundary, u), On(omega.initial, u)]
    problem = Problem("kick", [u], conditions, exact={u: sin(pi * x) * kick})
    found = method_of_lines.solve(bind(problem))
    honest(problem, found, true_errors, 1e-4)
    assert np.sum(np.abs(found.axes[1] - 0.3137) < 0.002) > 4


def test_steps_in_time_are_short_where_data_vary_fast_alone():
    space, x, t, u, omega = heat()
    source = sin(pi * x) * bump(t, Rational(1, 1000))
    conditions = [On(omega, Eq(space.dt(u), u.diff(x, 2) + source)), On(omega.boundary, u), On(omega.initial, u)]
    first, short, last = stretches_of(sort_equations(bind(Problem("kick", [u], conditions))))
    assert (first.start, last.end) == (0, 1)
    assert short.start < 0.3137 < short.end
    assert short.end - short.start < 0.05
    assert short.step < 0.002
    assert first.step == last.step == np.inf


def test_what_no_grid_can_see_in_its_time_is_named():
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    omega = Region(space, Interval(0, 1) ** 2)
    front = tanh(2000 * (x + y - 1))
    conditions = [On(omega, Eq(-space.laplace(u), front.diff(x))), On(omega.boundary, u)]
    found = finite_difference.solve(bind(Problem("front", [u], conditions)))
    assert found.kind is Refusal.TOO_DEAR
    assert "the data of Eq(-u_xx - u_yy, " in found.reason
    assert "a grid that sees this" in found.reason


def test_finite_elements_name_what_their_cells_do_not_see():
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    disk = Ball(space, (0, 0), 1)
    source = exp(-((x - 0.2) ** 2 + (y - 0.1) ** 2) * 10**6)
    conditions = [On(disk, Eq(u - space.laplace(u), source)), On(disk.boundary, space.dn(u))]
    found = fem.solve(bind(Problem("disk", [u], conditions)))
    assert found.kind is Refusal.TOO_DEAR
    assert "do not see this" in found.reason
    smooth = [On(disk, Eq(u - space.laplace(u), cos(x) * cosh(y))), On(disk.boundary, space.dn(u))]
    assert fem.solve(bind(Problem("disk", [u], smooth))).estimated_error["u"] < 1e-4


class TestColumnsOfCells:
    """One column of a mesh's cells, 2e-4 wide, holds a source as large as all others."""

    w = 2e-4

    def problem(self, own):
        mesh, column = columns(self.w)
        space = Space("x y")
        x, y = space.coords
        u, a = space.unknown("u"), space.coefficient("a")
        omega = mesh if own else Region(space, Interval(0, 1) ** 2)
        ends = omega.boundary.where(Eq(x * (1 - x), 0))
        sides = omega.boundary.where(Eq(y * (1 - y), 0))
        conditions = [On(omega, Eq(-space.laplace(u), a)), On(ends, u), On(sides, Eq(space.dn(u), 0))]
        values = np.where(column == 3, 1 / self.w, 1.0)
        return Problem("p", [u], conditions, coefficients={a: MeshField(mesh, values, on="cells")})

    def error(self, found):
        x = found.axes[0]
        c, inner = AT + self.w / 2, (x > AT) & (x < AT + self.w)
        hat = np.minimum(x * (1 - c), c * (1 - x)) - inner * (self.w / 2 - np.abs(x - c)) ** 2 / (2 * self.w)
        true = x * (1 - x) / 2 + (1 - self.w) * hat
        return np.linalg.norm(found.values["u"] - true[:, None]) / np.linalg.norm(
            true * np.ones_like(found.values["u"].T)
        )

    @pytest.mark.parametrize("own", [False, True])
    def test_a_grid_sees_them(self, own):
        found = finite_difference.solve(bind(self.problem(own)))
        assert self.error(found) < 1e-5
        assert self.error(found) < 3 * found.estimated_error["u"]

    def test_so_does_a_mesh_of_these_cells(self):
        found = fem.solve(bind(self.problem(True)))
        assert self.error(found) < 1e-6

    def test_a_mesh_of_other_cells_is_refused(self):
        assert fem.solve(bind(self.problem(False))).kind is Refusal.TOO_DEAR
