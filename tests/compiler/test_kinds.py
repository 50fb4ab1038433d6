"""Which formulation each condition gets."""

import pytest
from sympy import Eq, Heaviside, Interval, Matrix, Rational, eye

from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.kinds import formulations

space = Space("x y")
x, y = space.coords
n = space.normal
u, v, p = space.unknowns("u v p")
omega = Region(space, Interval(0, 1) ** 2)
edge, left = omega.boundary, omega.face(x, 0)
grad, div, laplace, dn = space.grad, space.div, space.laplace, space.dn
U = Matrix([u, v])
STRAIN = (grad(U) + grad(U).T) / 2
STRESS = 6 * STRAIN + 5 * STRAIN.trace() * eye(2)
JUMP = 1 + 9 * Heaviside(x - y)
LAW = (1 + u**2) * grad(u)
NEITHER = "strong residual: the derivatives in it are those of no flux"


def told(*conditions, unknowns=(u,)):
    return formulations(compile_problem(Problem("p", list(unknowns), list(conditions))))


@pytest.mark.parametrize(
    ("equation", "row", "kind"),
    [
        (laplace(u), u - x, "essential"),
        (laplace(u), u**2 - x, "essential"),
        (laplace(u), dn(u), "natural"),
        (laplace(u), 3 * dn(u) + u**2 - 1, "natural"),
        (laplace(u), u.diff(x), NEITHER),
        (laplace(u), dn(u) + u.diff(y) * n[0], NEITHER),
        (div(JUMP * grad(u)), JUMP * dn(u), "natural"),
        (div(JUMP * grad(u)), dn(u), "natural"),
        (div(LAW), (n.T * LAW)[0] + u, "natural"),
        (
            div(Matrix([[2, 1], [0, 3]]) * grad(u)),
            2 * n[0] * u.diff(x) + n[0] * u.diff(y) + 3 * n[1] * u.diff(y),
            "natural",
        ),
        (div(Matrix([[2, 1], [0, 3]]) * grad(u)), dn(u), NEITHER),
        (div(x * Matrix([u, u]) - grad(u)), dn(u), "natural"),
    ],
)
def test_a_condition_on_the_boundary_of_a_scalar_equation(equation, row, kind):
    assert told(On(omega, equation), On(edge, row)) == ["flux form, tested by u", kind]


def test_systems():
    found = told(
        On(omega, Eq(-div(STRESS), Matrix([0, 1]))), On(left, Eq(U, Matrix([0, 0]))),
        On(edge - left, Eq(STRESS * n, Matrix([1, 0]))), unknowns=(u, v),
    )  # fmt: skip
    assert found == ["flux form, tested by u, v", "essential", "natural"]
    slip = told(
        On(omega, div(STRESS)),
        On(edge, Eq(Matrix([n.dot(U), (STRESS * n)[0] * n[1] - (STRESS * n)[1] * n[0]]), Matrix([0, 0]))),
        unknowns=(u, v),
    )
    assert slip[1] == "essential and natural"
    traction = (2 * STRAIN - p * eye(2)) * n
    stokes = told(
        On(omega, Eq(div(2 * STRAIN - p * eye(2)), Matrix([0, 0]))), On(omega, div(U)), On(left, U),
        On(edge - left, Eq(traction, Matrix([0, 0]))), unknowns=(u, v, p),
    )  # fmt: skip
    assert stokes == ["flux form, tested by u, v", "flux form, tested by p", "essential", "natural"]


def test_interfaces():
    disc = Ball(space, (0.5, 0.5), Rational(1, 5))
    a, b = space.unknown("a", on=disc), space.unknown("b", on=omega - disc)
    found = told(
        On(disc, 5 * laplace(a)), On(omega - disc, -laplace(b)), On(disc.boundary, a - b),
        On(disc.boundary, 5 * dn(a) - dn(b)), On(edge, b), unknowns=(a, b),
    )  # fmt: skip
    assert found == ["flux form, tested by a", "flux form, tested by b", "essential", "natural", "essential"]


def test_where_there_is_none_every_condition_says_why():
    assert (
        told(On(omega, laplace(laplace(u))), On(edge, u))
        == ["strong residual: on omega the equation is of order 4"] * 2
    )
