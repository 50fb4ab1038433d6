"""Values that contradict one another, jump, or lose a flux: what is said, and what it costs by series solutions."""

import meshio
import numpy as np
import pytest
from sympy import Abs, Derivative, Eq, Heaviside, Interval, Max, Piecewise, cos, exp, floor, pi, sign, sin, tanh

import inrpde
from inrpde.compiler import compile_problem
from inrpde.declaration import Mesh, MeshField, On, Problem, Region, Space
from inrpde.verification.checks.validate import validate

space, solid, line, moving = Space("x y"), Space("x y z"), Space("x"), Space("x", time="t")
x, y = space.coords
u, a = space.unknown("u"), space.coefficient("a")
omega = Region(space, Interval(0, 1) ** 2)
walls = omega.boundary
w, b = solid.unknown("w"), solid.coefficient("b")
cube = Region(solid, Interval(0, 1) ** 3)
(s,) = line.coords
f = line.unknown("f")
rod = Region(line, Interval(0, 1))
z, t = moving.coords
h, d = moving.unknown("h"), moving.coefficient("d")
bar = Region(moving, Interval(0, 1) * Interval(0, 0.2))
heat = On(bar, Eq(moving.dt(h), h.diff(z, 2)))


def darcy(value):
    return Problem("p", [u], [On(omega, Eq(space.div(a * space.grad(u)), 1)), On(walls, u)], coefficients={a: value})


def boundary(value):
    return Problem("p", [u], [On(omega, Eq(space.laplace(u), 1)), On(walls, Eq(u, value))])


def plane(equation):
    return Problem("p", [u], [On(omega, equation), On(walls, u)])


def beam(stiffness):
    equation = On(rod, Eq(Derivative(stiffness * f.diff(s, 2), s, 2), 1))
    return Problem("p", [f], [equation, On(rod.boundary, f), On(rod.boundary, f.diff(s))])


def warmed(initial, wall=0, source=0):
    equation = On(bar, Eq(moving.dt(h), h.diff(z, 2) + source))
    return Problem("p", [h], [equation, On(bar.boundary, Eq(h, wall)), On(bar.initial, Eq(h, initial))])


def diffusive(value):
    conditions = [On(bar, Eq(moving.dt(h), moving.div(d * moving.grad(h)))), On(bar.boundary, Eq(h, 1))]
    return Problem("p", [h], [*conditions, On(bar.initial, Eq(h, 1 + sin(pi * z) ** 2))], coefficients={d: value})


def porous(value):
    return Problem(
        "p", [w], [On(cube, Eq(solid.div(b * solid.grad(w)), 1)), On(cube.boundary, w)], coefficients={b: value}
    )


JUMPS = {
    "a coefficient of two halves": (darcy(Piecewise((1, x < 0.5), (2, True))), "jumps at x = 0.5, ", "unverified"),
    "a disc": (darcy(Piecewise((9, (x - 0.4) ** 2 + (y - 0.5) ** 2 < 0.01), (1, True))), "by 89%", "unverified"),
    "a ball": (
        porous(Piecewise((5, sum((c - 0.5) ** 2 for c in solid.coords) < 0.04), (1, True))),
        "by 80%",
        "unverified",
    ),
    "a thin layer": (darcy(Piecewise((1, Abs(y - 0.3) > 0.01), (4, True))), "by 75%", "unverified"),
    "an interface that moves": (diffusive(Piecewise((1, z < t + 0.2), (3, True))), "by 67%", "unverified"),
    "a kink under two derivatives": (beam(Piecewise((1, s < 0.5), (s + 0.5, True))), "jumps at x = 0.5", "unverified"),
    "a step on the boundary": (boundary(Piecewise((1, x < 0.7), (0, True))), "the value of u jumps by 1", "plausible"),
    "a sign": (boundary(sign(y - x / 3)), "the value of u jumps by 2", "plausible"),
    "small steps": (boundary(x + floor(3 * y) / 100), "the value of u jumps by 0.01", "plausible"),
    "a box at the start": (
        warmed(Piecewise((1, Abs(z - 0.5) < 0.2), (0, True))),
        "the value of h jumps by 1",
        "plausible",
    ),
    "a wall suddenly warmed": (warmed(0, 1), "data disagree at a corner: h is 1 by ", "plausible"),
    "an edge that no box has": (
        warmed(sin(pi * z) + Piecewise((0.1, z > 0.9), (0, True))),
        "data disagree at a corner: h is 0 by ",
        "plausible",
    ),
}
SMOOTH = {
    "two halves that meet": darcy(Piecewise((1, x < 0.5), (x + 0.5, True))),
    "a maximum": darcy(Max(1, 2 * x)),
    "a jump elsewhere": darcy(Piecewise((1, x < 5), (2, True))),
    "a steep slope": darcy(2 + tanh(100 * (x - 0.5))),
    "a jump along the flux": plane(Derivative(Piecewise((1, y < 0.5), (2, True)) * u.diff(x), x) + u.diff(y, 2) - 1),
    "a jump under no derivative": plane(Piecewise((1, y < 0.5), (2, True)) * u.diff(x, 2) + u.diff(y, 2) - 1),
    "a reaction that jumps": plane(space.laplace(u) - Piecewise((1, y < 0.5), (200, True)) * u - 1),
    "a kink on the boundary": boundary(Piecewise((x, x < 0.7), (0.7, True))),
    "a beam of two parts": beam(Piecewise((1, s < 0.5), (1 + (s - 0.5) ** 2, True))),
    "a storage that jumps": Problem(
        "p",
        [h],
        [
            On(bar, Eq(Piecewise((1, z < 0.5), (2, True)) * moving.dt(h), h.diff(z, 2))),
            On(bar.boundary, h),
            On(bar.initial, Eq(h, sin(pi * z))),
        ],
    ),
    "values that meet": warmed(sin(pi * z)),
    "rates that meet": warmed(z * (1 - z), -2 * t),
    "a source that starts slowly": warmed(0, 0, t),
}


def found(problem):
    return validate(compile_problem(problem))


@pytest.mark.parametrize(("problem", "said", "at_most"), JUMPS.values(), ids=JUMPS)
def test_what_jumps_is_named_with_its_word(problem, said, at_most):
    mine = [each for each in found(problem) if said in each.text]
    assert mine, [each.text for each in found(problem)]
    assert mine[0].at_most == at_most


@pytest.mark.parametrize("problem", SMOOTH.values(), ids=SMOOTH)
def test_what_only_looks_as_if_it_jumped_is_left_alone(problem):
    assert [each.text for each in found(problem)] == []


def test_a_field_that_is_constant_in_cells_jumps_between_them():
    nodes = np.stack(np.meshgrid([0.0, 0.5, 1.0], [0.0, 0.5, 1.0], indexing="ij"), axis=-1).reshape(-1, 2)
    corners = np.array([[3 * i + j, 3 * i + j + 3, 3 * i + j + 4, 3 * i + j + 1] for i in (0, 1) for j in (0, 1)])
    mesh = Mesh(space, meshio.Mesh(nodes, [("triangle", np.concatenate([corners[:, :3], corners[:, [0, 2, 3]]]))]))
    equation = On(mesh, Eq(space.div(a * space.grad(u)), 1))

    def layered(values, on):
        return Problem("p", [u], [equation, On(mesh.boundary, u)], coefficients={a: MeshField(mesh, values, on=on)})

    (finding,) = found(layered(np.array([1, 1, 3, 3, 1, 1, 3, 3.0]), "cells"))
    assert "jumps at x = 0.5" in finding.text
    assert found(layered(1 + nodes[:, 0], "nodes")) == []


def test_a_slight_jump_is_no_doubt_of_a_rough_answer():
    (finding,) = found(darcy(Piecewise((1, x < 0.5), (1.01, True))))
    assert finding.at_most == "unverified"
    assert 0.009 < finding.error < 0.011


def test_values_that_meet_may_start_at_other_rates():
    (finding,) = found(warmed(z * (1 - z)))
    assert finding.at_most is None
    assert "h changes in time by 0 by On([0, 1]" in finding.text.replace("bar.boundary", "[0, 1]")
    assert "and by -2 by " in finding.text


def cooled(initial):
    sides = [On(bar.face(z, 0), Eq(5 * h, -moving.dn(h))), On(bar.face(z, 1), moving.dn(h))]
    return Problem("p", [h], [heat, *sides, On(bar.initial, Eq(h, initial))])


def test_initial_values_may_not_satisfy_what_is_said_of_slopes():
    (finding,) = found(cooled(1))
    assert finding.at_most is None
    assert "the initial values of h leave a residual of 5 in On(bar.face(x, 0)" in finding.text
    assert found(cooled(cos(pi * z) - 1)) == []


def test_rates_of_what_jumps_are_left():
    (finding,) = found(warmed(Heaviside(z - 0.3) * Heaviside(0.8 - z)))
    assert "the value of h jumps by 1" in finding.text
    assert found(warmed(Abs(sin(2 * pi * z)))) == []


def test_what_overflows_is_not_the_same():
    c, T = line.unknowns("c T")
    rate = 7.2e10 * exp(-8750 / T) * c
    start = rod.face(s, 0)
    conditions = [On(rod, Eq(c.diff(s), 1 - c - rate)), On(rod, Eq(T.diff(s), 350 - T + 200 * rate))]
    problem = Problem("p", [c, T], [*conditions, On(start, Eq(c, 0.9)), On(start, Eq(T, 324))])
    assert [each.text for each in found(problem)] == []


# -- what it costs

MODES = np.arange(1, 2000)
ODD = np.where(MODES % 2 == 1, 1.0, 0.0) / (MODES * np.pi)


def series(points, coefficients):
    present = np.flatnonzero(coefficients)
    numbers = MODES[present] * np.pi
    waves = np.sin(numbers * points[:, :1]) * np.exp(-(numbers**2) * points[:, 1:])
    return waves @ coefficients[present]


COSTS = {
    "warmed": (warmed(0, 1), lambda p: 1 - series(p, 4 * ODD)),
    "a little cold": (warmed(sin(pi * z) + 0.05), lambda p: series(p, 0.2 * ODD + (MODES == 1))),
    "a parabola": (warmed(z * (1 - z)), lambda p: series(p, 8 * ODD / (MODES * np.pi) ** 2)),
    "a ramp": (
        Problem(
            "p",
            [h],
            [heat, On(bar.face(z, 0), Eq(h, t)), On(bar.face(z, 1), h), On(bar.initial, h)],
        ),
        lambda p: (
            p[:, 1] * (1 - p[:, 0]) - series(p * [1, 0], 2 / (MODES * np.pi) ** 3) + series(p, 2 / (MODES * np.pi) ** 3)
        ),
    ),
}


@pytest.mark.parametrize(("problem", "truth"), COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("method", ["auto", "least-squares"])
def test_estimates_know_what_contradictions_cost(problem, truth, method):
    """What they cost residuals at points is known before; lines follow them, and their levels differ by the rest."""
    ends = {"tol": 1e-4} if method == "auto" else {"budget": 4}
    solution = inrpde.solve(problem, **ends, method=method, reference="none")
    generator = np.random.default_rng(0)
    points = generator.uniform([0, 0], [1, 0.2], (1500, 2))
    early = points * [1, 0] + 0.2 * 10 ** generator.uniform(-5, 0, (1500, 1)) * [0, 1]

    def error_on(points):
        known = truth(points)
        return np.linalg.norm(solution(points)["h"] - known) / np.linalg.norm(known)

    error = error_on(points)
    cost, estimate = max(f.cost for f in found(problem)), solution.report["fields"]["h"]["estimated_error"]
    if method == "auto":
        assert error < 2e-3
        assert error / 10 < estimate < max(40 * error, error_on(early))
    else:
        assert error / 10 < cost < 20 * error  # more features see more of a corner
        assert estimate >= cost
