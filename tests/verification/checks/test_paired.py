"""Values and fluxes are given in pairs, of each component the one or the other."""

import pytest
from sympy import Eq, Matrix

from inrpde.declaration import Ball, On
from tests.verification.checks.elastic import (
    body,
    findings,
    left,
    omega,
    p,
    q,
    right,
    space,
    stress,
    texts,
    traction,
    walls,
)
from tests.verification.checks.elastic import zero as nothing

u = space.unknown("u")
force = stress() * space.normal
pulled = body(Matrix([1, 0]))
clamped = On(left, Eq(Matrix([p, q]), nothing))
held = On(walls - left, Eq(Matrix([p, q]), nothing))


def test_a_traction_and_a_displacement_of_one_component_are_named():
    (text,) = texts(pulled, clamped, traction(walls - left), On(right, Eq(p, 0)))
    assert text.startswith("on x = 1, the equations of p, q ask for 2 conditions, and 3 are given: ")
    assert "both the value and the flux of p are given" in text


def test_a_component_with_neither_is_named():
    (finding,) = [each for each in findings(pulled, On(left, Eq(p, 0)), held) if "neither" in each.text]
    assert "2 conditions, and 1 is given" in finding.text
    assert "neither of q is given" in finding.text
    assert finding.at_most == "unverified"


def test_as_many_as_are_asked_for_may_be_of_the_wrong_kind():
    (finding,) = findings(pulled, On(left, Eq(p, 0)), On(left, Eq(force[0], 0)), held)
    assert "both the value and the flux of p are given and neither of q" in finding.text
    assert finding.at_most == "unverified"


def test_across_a_slanted_wall_it_is_the_normal_part():
    disc = Ball(space, (0, 0), 1)
    normal = p * space.normal[0] + q * space.normal[1]
    conditions = [On(disc, Eq(space.div(stress()), nothing)), traction(disc.boundary, Matrix(list(space.normal)))]
    found = texts(*conditions, On(disc.boundary, Eq(normal, 0)))
    assert any("both the value and the flux of the part of p, q along the normal are given" in text for text in found)


@pytest.mark.parametrize(
    "support",
    [
        [On(left, Eq(p, 0)), On(left, Eq(force[1], 0))],
        [On(left, Eq(force[0], 0)), On(left, Eq(q, 0))],
        [On(left, Eq(force[0], -3 * p)), On(left, Eq(force[1], -q))],
        [On(left, Eq(p - q, 0)), On(left, Eq(force[0] + force[1], 0))],
    ],
    ids=["roller", "guide", "springs", "a roller on a slope"],
)
def test_mixes_of_components_are_right(support):
    assert texts(pulled, *support, held) == []


def test_a_robin_condition_is_one():
    assert texts(On(omega, Eq(-space.laplace(u), 1)), On(walls, Eq(space.dn(u) + u, 0)), unknowns=[u]) == []
