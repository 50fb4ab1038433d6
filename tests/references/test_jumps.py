"""Coefficients and sources that jump: the flux is continuous, wherever the jump lies on the grid."""

import numpy as np
import pytest
from sympy import Eq, Heaviside, Interval, Piecewise, Rational, cos, cosh, exp, pi, sin, sinh, sqrt

from inrpde import Ball, GridField, Mesh, MeshField, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references import finite_difference, method_of_lines
from inrpde.references.equations import sort_equations
from inrpde.references.narrow import jumps

PLACE = Rational(3137, 10000)
line = Space("x")
(x,) = line.coords
u, a = line.unknown("u"), line.coefficient("a", positive=True)
omega = Region(line, Interval(0, 1))
ends = [On(omega.face(x, 0), u), On(omega.face(x, 1), u - 1)]


def conducting(coefficient, solution):
    """The flux through a wire is constant."""
    conditions = [On(omega, Eq(line.div(a * line.grad(u)), 0)), *ends]
    return Problem("wire", [u], conditions, coefficients={a: coefficient}, exact={u: solution})


def two(at, a_left, a_right):
    """The potential in a wire of two parts."""
    flux = 1 / (at / a_left + (1 - at) / a_right)
    return Piecewise((flux * x / a_left, x < at), (1 - flux * (1 - x) / a_right, True))


LAYER = Rational(1, 1000)
THIN = 1 + 999 * LAYER
IN_LAYER = Piecewise(
    (x / THIN, x < PLACE),
    ((PLACE + 1000 * (x - PLACE)) / THIN, x < PLACE + LAYER),
    (1 - (1 - x) / THIN, True),
)


@pytest.mark.parametrize(
    ("coefficient", "solution"),
    [
        (Piecewise((1, x < PLACE), (1000, True)), two(PLACE, 1, 1000)),
        (Piecewise((1, x**2 < PLACE), (1000, True)), two(sqrt(PLACE), 1, 1000)),
        (1 + 99 * Heaviside(x - PLACE), two(PLACE, 1, 100)),
        (Piecewise((1, x < PLACE), (LAYER, x < PLACE + LAYER), (1, True)), IN_LAYER),
    ],
)
def test_a_jump_on_a_line_is_a_node(coefficient, solution, true_errors):
    problem = conducting(coefficient, solution)
    for n in (None, 40):
        found = finite_difference.solve(bind(problem), n)
        assert true_errors(problem, found)["u"] < 1e-9
        assert found.estimated_error["u"] < 1e-8
        assert found.sound["u"]


def test_the_places_of_jumps_are_found_in_closed_form_or_by_bisection():
    coefficient = Piecewise((1, x < PLACE), (2, x**2 < PLACE), (3, x > 2), (4, True))
    equations = sort_equations(bind(conducting(coefficient, x)))
    assert jumps(equations, 0, 0.0, 1.0) == pytest.approx((0.3137, 0.3137**0.5), abs=1e-15)


def test_a_source_that_jumps_is_of_second_order(true_errors):
    once = Piecewise((0, x < PLACE), ((x - PLACE) ** 2 / 2, True))
    conditions = [On(omega, Eq(u.diff(x, 2) - sin(5 * x), Heaviside(x - PLACE))), *ends]
    solution = once - sin(5 * x) / 25 + (1 - once.subs(x, 1) + sin(5) / 25) * x
    problem = Problem("step", [u], conditions, exact={u: solution})
    found = finite_difference.solve(bind(problem), 64)
    assert found.order["u"] == pytest.approx(2, abs=0.1)
    assert 0.5 <= found.estimated_error["u"] / true_errors(problem, found)["u"] <= 2
    assert true_errors(problem, found, extrapolated=True)["u"] < 1e-5


def plane():
    space = Space("x y")
    return space, *space.coords, space.unknown("u"), space.coefficient("a", positive=True)


def test_layers_in_the_plane_are_of_second_order(converges):
    space, x, y, u, a = plane()
    square = Region(space, Interval(0, 1) ** 2)
    # separated: cos(πx) times sinh in each layer, tied by value and flux
    k, d = pi, Rational(3, 10)
    low = sinh(k * y)
    high = sinh(k * d) * cosh(k * (y - d)) + cosh(k * d) * sinh(k * (y - d)) / 10
    solution = cos(pi * x) * Piecewise((low, y < d), (high, True)) / 10
    conditions = [
        On(square, Eq(space.div(a * space.grad(u)), 0)),
        On(square.boundary, Eq(u, solution)),
    ]
    coefficients = {a: Piecewise((1, y < d), (10, True))}
    problem = Problem("layers", [u], conditions, coefficients=coefficients, exact={u: solution})
    converges(problem, finite_difference.solve, 80)


@pytest.mark.parametrize("curved", [False, True])
def test_an_interface_across_the_cells_has_an_honest_error(curved, true_errors):
    space, x, y, u, a = plane()
    square = Region(space, Interval(0, 1) ** 2)
    if curved:  # a disk in a uniform field
        r2 = (x - Rational(1, 2)) ** 2 + (y - Rational(1, 2)) ** 2
        inside, share = r2 < Rational(1, 16), Rational(99, 101)
        solution = (x - Rational(1, 2)) * Piecewise((Rational(2, 101), inside), (1 - share / (16 * r2), True))
        coefficient = Piecewise((100, inside), (1, True))
    else:
        n = (3 * x + 4 * y) / 5
        solution = Piecewise((n, n < 0.7), (0.7 + (n - 0.7) / 10, True))
        coefficient = Piecewise((1, n < 0.7), (10, True))
    conditions = [On(square, Eq(space.div(a * space.grad(u)), 0)), On(square.boundary, Eq(u, solution))]
    problem = Problem("disk", [u], conditions, coefficients={a: coefficient}, exact={u: solution})
    found = finite_difference.solve(bind(problem))
    error = true_errors(problem, found)["u"]
    assert error < 3e-3
    assert 1 / 3 <= found.estimated_error["u"] / error <= 10


def test_a_jump_in_space(true_errors):
    space = Space("x y z")
    z = space.coords[2]
    u, a = space.unknown("u"), space.coefficient("a", positive=True)
    cube = Region(space, Interval(0, 1) ** 3)
    flux = 1 / (Rational(1, 3) + Rational(2, 300))
    solution = Piecewise((flux * z, z < Rational(1, 3)), (1 - flux * (1 - z) / 100, True))
    conditions = [On(cube, Eq(space.div(a * space.grad(u)), 0)), On(cube.boundary, Eq(u, solution))]
    coefficients = {a: Piecewise((1, z < Rational(1, 3)), (100, True))}
    problem = Problem("jump", [u], conditions, coefficients=coefficients, exact={u: solution})
    found = finite_difference.solve(bind(problem), 16)
    assert true_errors(problem, found)["u"] < 1e-8


def test_a_jump_in_a_disk(true_errors):
    space, x, _, u, a = plane()
    disk = Ball(space, (0, 0), 1)
    solution = Piecewise((x, x < Rational(1, 4)), (Rational(1, 4) + (x - Rational(1, 4)) / 100, True))
    conditions = [On(disk, Eq(space.div(a * space.grad(u)), 0)), On(disk.boundary, Eq(u, solution))]
    coefficients = {a: Piecewise((1, x < Rational(1, 4)), (100, True))}
    problem = Problem("jump", [u], conditions, coefficients=coefficients, exact={u: solution})
    found = finite_difference.solve(bind(problem), 64)
    assert true_errors(problem, found)["u"] < 1e-10


@pytest.mark.parametrize("kind", ["mesh", "pixels"])
@pytest.mark.parametrize("n", [64, 100])
def test_numbers_on_cells(kind, n, true_errors):
    """A coefficient of numbers, each good for a part of the wire."""
    at = float(PLACE)
    if kind == "mesh":
        mesh = Mesh.of(Space("x"), [[0.0], [at], [1.0]], {"line": [[0, 1], [1, 2]]})
        data = MeshField(mesh, [1.0, 50.0], on="cells")
    else:
        data = GridField([1.0, 1.0, 50.0, 50.0], [[0, at - 0.1, at + 0.1, 1]], method="nearest")
    assert data.planes == [[pytest.approx(at)]]
    problem = conducting(data, two(PLACE, 1, 50))
    found = finite_difference.solve(bind(problem), n)
    assert true_errors(problem, found)["u"] < 1e-10


def test_numbers_on_cells_that_no_node_follows():
    """The means over what lies round a node are taken, as they are of a function that jumps there."""
    space = Space("x y")
    x, y = space.coords
    v, b = space.unknown("v"), space.coefficient("b")
    square = Region(space, Interval(0, 1) ** 2)
    mesh = Mesh.of(
        space, [(-1, 0), (0.3, 0), (0.8, 1), (-1, 1), (2, 0), (2, 1)], {"quad": [[0, 1, 2, 3], [1, 4, 5, 2]]}
    )
    line = x - Rational(3, 10) - y / 2
    conditions = [On(square, Eq(-space.laplace(v), b)), On(square.boundary, v)]
    given = MeshField(mesh, [1.0, 9.0], on="cells"), Piecewise((1, line < 0), (9, True))
    problems = [Problem("p", [v], conditions, coefficients={b: data}) for data in given]
    on_cells, as_function = (finite_difference.solve(bind(problem), 64).values["v"] for problem in problems)
    np.testing.assert_allclose(on_cells, as_function, atol=1e-12)


class TestInTime:
    space = Space("x", time="t")
    x, t = space.coords
    u, a = space.unknown("u"), space.coefficient("a", positive=True)
    omega = Region(space, Interval(0, 1) * Interval(0, 1))

    def test_a_source_that_is_switched_on(self, true_errors):
        x, t, u, omega = self.x, self.t, self.u, self.omega
        grown = Piecewise((0, t < PLACE), (10 * (t - PLACE), True))
        source = sin(pi * x) * Piecewise((0, t < PLACE), (10 + 10 * (t - PLACE), True))
        conditions = [
            On(omega, Eq(u.diff(t), u.diff(x, 2) / pi**2 + source)),
            On(omega.boundary, u),
            On(omega.initial, Eq(u, sin(pi * x))),
        ]
        problem = Problem("on", [u], conditions, exact={u: sin(pi * x) * (grown + exp(-t))})
        found = method_of_lines.solve(bind(problem), 64)
        error = true_errors(problem, found)["u"]
        assert 1 / 3 <= found.estimated_error["u"] / error <= 10
        error = true_errors(problem, found, extrapolated=True)["u"]
        assert error < min(1e-5, 3 * found.extrapolated_error["u"])
        assert np.min(np.abs(found.axes[1] - 0.3137)) < 1e-12

    def test_a_coefficient_that_jumps(self, true_errors):
        space, x, u, a, omega = self.space, self.x, self.u, self.a, self.omega
        still = two(PLACE, 1, 50)  # the symbols of two spaces are one
        conditions = [
            On(omega, Eq(space.dt(u), space.div(a * space.grad(u)))),
            On(omega.face(x, 0), u),
            On(omega.face(x, 1), u - 1),
            On(omega.initial, Eq(u, still)),
        ]
        coefficients = {a: Piecewise((1, x < PLACE), (50, True))}
        problem = Problem("still", [u], conditions, coefficients=coefficients, exact={u: still})
        found = method_of_lines.solve(bind(problem), 64)
        assert true_errors(problem, found)["u"] < 1e-6
