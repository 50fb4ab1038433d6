"""Coefficients that vanish on a part or change their sign are named, with their values and places."""

import numpy as np
import pytest
from sympy import Abs, Eq, Interval, Matrix, Piecewise, Rational, diag, eye, pi, sin

from inrpde.declaration import GridField, Mesh, MeshField, On, Region, Space
from inrpde.errors import ProblemError
from tests.verification.checks.elastic import body, findings, left, omega, p, q, space, stress, texts, walls, x, y

u, a = space.unknown("u"), space.coefficient("a")
HALF = Rational(1, 2)


def flow(coefficient, reaction=0):
    return On(omega, Eq(-space.div(coefficient * space.grad(u)) + reaction * u, 1))


def said(*conditions, **more):
    found = texts(*conditions, On(walls, Eq(u, 0)), unknowns=[u], **more)
    return [text for text in found if "change their type" in text or "is zero on a part" in text]


def halves(one, other):
    return Piecewise((one, x < HALF), (other, True))


@pytest.mark.parametrize(
    ("coefficient", "named"),
    [
        (halves(-1, 1), ["a is -1 at x = 0.", "and 1 at x = 0."]),
        (x - Rational(1, 3), ["a is -0.3", "and 0.6"]),
        (
            GridField(np.repeat([[1e-4] * 5 + [1.0] * 4], 9, axis=0), [np.linspace(0, 1, 9)] * 2),
            ["a is -0.0", "and 1."],
        ),
    ],
    ids=["jump", "smooth", "undershoot of a spline"],
)
def test_a_change_of_sign_is_named_with_both_values(coefficient, named):
    (text,) = said(flow(a), coefficients={a: coefficient})
    assert all(part in text for part in named)
    (finding,) = [each for each in findings(flow(a), On(walls, Eq(u, 0)), unknowns=[u], coefficients={a: coefficient})
                  if each.text == text]  # fmt: skip
    assert finding.at_most == "unverified"


def test_one_cell_of_the_wrong_sign_is_found():
    steps = np.linspace(0, 1, 31)
    nodes = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    corner = (np.arange(30)[:, None] * 31 + np.arange(30)).ravel()
    cells = np.concatenate(
        [np.stack([corner, corner + 31, corner + 32], 1), np.stack([corner, corner + 32, corner + 1], 1)]
    )
    mesh = Mesh.of(space, nodes, {"triangle": cells})
    values = np.where(np.arange(len(cells)) == 777, -2.0, 1.0)
    equation = On(mesh, Eq(-space.div(a * space.grad(u)), 1))
    field = MeshField(mesh, values, on="cells")
    found = texts(equation, On(mesh.boundary, Eq(u, 0)), unknowns=[u], coefficients={a: field})
    assert any("a is -2 at x = " in text for text in found)


def test_one_direction_of_a_tensor_is_enough():
    (text,) = said(On(omega, Eq(-space.div(diag(1, halves(-Rational(1, 5), 1)) * space.grad(u)), 1)))
    assert "is -0.2 at" in text


def test_without_a_flux_the_terms_of_the_highest_order_are_meant():
    (text,) = said(On(omega, Eq((x - Rational(1, 3)) * space.laplace(u), 1)))
    assert "the terms of the highest order have one sign" in text


@pytest.mark.parametrize(
    "coefficient", [-1 - x, x * (1 - x), Abs(x - HALF), halves(Rational(1, 1000), 1000), 1 + y**2], ids=str
)
def test_one_sign_throughout_is_right(coefficient):
    assert said(flow(coefficient)) == []


@pytest.mark.parametrize(
    "equation",
    [
        Eq(u.diff(x, 2) - (1 + x) * u.diff(y, 2), 0), Eq(u.diff(y) - (1 + x) * u.diff(x, 2), 0),
        Eq(space.laplace(u) + 1e4 * (x - HALF) * u, 1), Eq(-space.laplace(u) + 1e3 * (x - HALF) * u.diff(x), 1),
    ],
    ids=["wave", "heat", "reaction", "convection"],
)  # fmt: skip
def test_other_types_and_terms_of_lower_order_are_left_alone(equation):
    assert said(On(omega, equation)) == []


def test_what_vanishes_on_a_part_and_holds_nothing_there_is_refused():
    with pytest.raises(ProblemError, match="a is zero on a part of omega") as caught:
        said(flow(a), coefficients={a: Piecewise((0, (x - HALF) ** 2 + (y - HALF) ** 2 < 0.04), (1, True))})
    assert "the equation reads 0 = 1 there, and nothing holds u" in caught.value.what
    assert caught.value.fix


def test_what_vanishes_on_a_part_with_a_reaction_is_a_finding():
    (text,) = said(flow(halves(0, 1), reaction=1))
    assert "is zero on a part of omega (50% of it)" in text


def test_where_another_condition_holds_it_nothing_is_refused():
    part = omega.where(x < HALF)
    (text,) = said(flow(halves(0, 1)), On(part, Eq(u, 0)))
    assert "is zero on a part" in text


def elastic(modulus):
    return [body(Matrix([0, 1]), modulus), On(left, Eq(Matrix([p, q]), Matrix([0, 0]))),
            On(walls - left, Eq(stress(modulus) * space.normal, Matrix([0, 0])))]  # fmt: skip


def test_of_systems_the_sign_is_that_of_their_eigenvalues():
    """The determinant of plane elasticity has the square of its modulus."""
    found = [text for text in texts(*elastic(halves(-1, 1))) if "change their type" in text]
    assert len(found) == 1
    assert "is -1 at x = " in found[0]
    assert not [text for text in texts(*elastic(halves(100, 1))) if "change their type" in text]
    with pytest.raises(ProblemError, match="nothing holds p, q"):
        texts(*elastic(halves(0, 1)))


def stokes(viscosity):
    v, w, pressure = space.unknowns("v w pressure")
    forces = -space.div(viscosity * space.grad(Matrix([v, w]))) + space.grad(pressure)
    conditions = [
        On(omega, Eq(forces, Matrix([0, 1]))), On(omega, Eq(space.div(Matrix([v, w])), 0)),
        On(walls, Eq(Matrix([v, w]), Matrix([0, 0]))), On(omega, Eq(omega.mean(pressure), 0)),
    ]  # fmt: skip
    return texts(*conditions, unknowns=[v, w, pressure])


def test_viscosities_that_change_their_sign_are_found():
    assert any("change their type" in text for text in stokes(x - Rational(1, 3)))
    assert not any("change their type" in text for text in stokes(1 + x))


@pytest.mark.parametrize(("ratio", "wrong"), [(Rational(3, 10), False), (Rational(3, 5), True)])
def test_an_elastic_body_without_a_positive_energy_is_named(ratio, wrong):
    slip = space.grad(Matrix([p, q]))
    strain = (slip + slip.T) / 2
    sigma = (strain + ratio / (1 - 2 * ratio) * strain.trace() * eye(2)) / (1 + ratio)
    conditions = [
        On(omega, Eq(space.div(sigma), Matrix([0, 1]))), On(left, Eq(Matrix([p, q]), Matrix([0, 0]))),
        On(walls - left, Eq(sigma * space.normal, Matrix([0, 0]))),
    ]  # fmt: skip
    assert any("no energy that is positive" in text for text in texts(*conditions)) == wrong


def test_in_time_a_diffusion_that_changes_its_sign_is_found():
    moving = Space("x", time="t")
    z, _ = moving.coords
    v, bar = moving.unknown("v"), Region(moving, Interval(0, 1) ** 2)
    rest = [On(bar.boundary, Eq(v, 0)), On(bar.initial, Eq(v, sin(pi * z)))]
    for coefficient, wrong in ((z - Rational(1, 3), True), (2 - z, False)):
        equation = On(bar, Eq(moving.dt(v), moving.div(coefficient * moving.grad(v))))
        assert any("change their type" in text for text in texts(equation, *rest, unknowns=[v])) == wrong
