"""Fluxes are chosen such that the conditions on boundaries are natural for them."""

import numpy as np
import pytest
from sympy import Eq, Interval, Matrix, Rational, eye

from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.flux import flux_form
from inrpde.compiler.kinds import formulations

space = Space("x y")
x, y = space.coords
n = space.normal
u, v = space.unknowns("u v")
omega = Region(space, Interval(0, 1) ** 2)
wall, right, top = omega.face(x, 0), omega.face(x, 1), omega.face(y, 1)
free = omega.boundary - wall
grad, div, laplace = space.grad, space.div, space.laplace
LAM, MU = Rational(5), Rational(3)


def stress(f):
    strain = (grad(f) + grad(f).T) / 2
    return 2 * MU * strain + LAM * strain.trace() * eye(len(f))


def navier(f):
    """Elasticity in displacements, its mixed derivatives in no order."""
    over = f[0].diff(x, x) + f[1].diff(x, y), f[0].diff(x, y) + f[1].diff(y, y)
    return MU * laplace(f) + (LAM + MU) * Matrix(over)


U = Matrix([u, v])


def form_of(*conditions, unknowns=(u, v)):
    return compile_problem(Problem("p", list(unknowns), list(conditions)))


def names(form):
    return [
        [
            {form.unknowns[j.unknown].name + "xy"[j.index.index(1)]: row.tangent[s] for s, j in row.jets.items()}
            for row in e.fluxes
        ]
        for e in flux_form(form).equations
    ]


@pytest.mark.parametrize("factor", [1, -2])
@pytest.mark.parametrize(
    "rows",
    [
        [On(free, stress(U) * n)],
        [On(right, Matrix([stress(U)[0, 0], stress(U)[0, 1]])), On(top, Matrix([stress(U)[0, 1], stress(U)[1, 1]]))],
        [On(free, Eq(stress(U) * n, -U))],
    ],
)
def test_the_equations_of_elasticity_in_displacements_get_the_stress(rows, factor):
    form = form_of(On(omega, factor * navier(U)), On(wall, U), *rows)
    assert formulations(form)[2:] == ["natural"] * len(rows)
    (one, two), (three, four) = names(form)
    assert one == {"ux": factor * 11, "vy": factor * 5}
    assert two == three == {"uy": factor * 3, "vx": factor * 3}
    assert four == {"ux": factor * 5, "vy": factor * 11}


def test_what_is_natural_already_stays_as_it_is():
    alone = names(form_of(On(omega, navier(U)), On(omega.boundary, U)))
    assert alone[0] == [{"ux": 11, "vy": 4}, {"uy": 3, "vx": 4}]
    given = form_of(On(omega, div(stress(U))), On(wall, U), On(free, stress(U) * n))
    assert names(given)[0] == [{"ux": 11, "vy": 5}, {"uy": 3, "vx": 3}]


def test_an_oblique_derivative_that_is_the_same_everywhere():
    form = form_of(On(omega, laplace(u)), On(right, u.diff(x) + u.diff(y) / 2), On(wall, u), unknowns=(u,))
    assert formulations(form)[1] == "natural"
    assert names(form) == [[{"ux": 1, "uy": Rational(1, 2)}, {"uy": 1, "ux": -Rational(1, 2)}]]


def test_what_has_no_such_flux_stays():
    form = form_of(On(omega, laplace(u)), On(omega.boundary, space.dn(u) + n[0] * u.diff(y)), unknowns=(u,))
    assert formulations(form)[1].startswith("strong residual")
    assert names(form) == [[{"ux": 1}, {"uy": 1}]]


def test_at_interfaces_each_side_gets_its_own():
    disc = Ball(space, (0.5, 0.5), 0.25)
    rest = omega - disc
    inner, outer = Matrix(space.unknowns("a b", on=disc)), Matrix(space.unknowns("c d", on=rest))
    form = form_of(
        On(disc, 7 * navier(inner)), On(rest, navier(outer)), On(disc.boundary, inner - outer),
        On(disc.boundary, 7 * stress(inner) * n - stress(outer) * n), On(omega.boundary, outer),
        unknowns=(*inner, *outer),
    )  # fmt: skip
    assert formulations(form)[2:4] == ["essential", "natural"]
    assert np.allclose([float(value) for value in names(form)[0][0].values()], [77, 35])


def test_in_space():
    solid = Space("x1 x2 x3")
    a = solid.coords[0]
    W = Matrix(solid.unknowns("w1 w2 w3"))
    cube = Region(solid, Interval(0, 1) ** 3)
    slip = solid.grad(W)
    tension = MU * (slip + slip.T) + LAM * slip.trace() * eye(3)
    over = Matrix([sum(W[k].diff(solid.coords[k], x) for k in range(3)) for x in solid.coords])
    form = form_of(
        On(cube, MU * solid.laplace(W) + (LAM + MU) * over), On(cube.face(a, 0), W),
        On(cube.boundary - cube.face(a, 0), tension * solid.normal), unknowns=tuple(W),
    )  # fmt: skip
    assert formulations(form)[2] == "natural"
