"""What holds each body? Rigid motions, constants and tilts that every condition leaves as it is."""

import numpy as np
import pytest
from sympy import Eq, FiniteSet, Interval, Matrix, ProductSet, Rational, Union, eye

from inrpde.declaration import Ball, Mesh, On, Region, Space
from inrpde.errors import ProblemError
from tests.verification.checks.elastic import (
    body,
    findings,
    floor,
    left,
    normal,
    omega,
    p,
    q,
    right,
    space,
    stress,
    texts,
    top,
    traction,
    walls,
    x,
    y,
)
from tests.verification.checks.elastic import zero as nothing

u = space.unknown("u")
pulled = [body(), traction(walls, normal)]


def point(a, b):
    return Region(space, FiniteSet((a, b)))


def test_rigid_motions_of_a_body_without_a_support_are_named():
    found = findings(*pulled)
    assert [each.text.split(":")[0] for each in found] == [
        "nothing holds omega against a translation along x",
        "nothing holds omega against a translation along y",
        "nothing holds omega against a rotation in the plane of x and y",
    ]
    assert "Eq(omega.mean(p), 0) would fix it" in found[0].text
    assert found[2].at_most == "unverified"


def test_a_hinge_leaves_the_rotation_about_it():
    hinge = [On(point(0, Rational(1, 2)), Eq(each, 0)) for each in (p, q)]
    (text,) = texts(*pulled, *hinge)
    assert text.startswith("nothing holds omega against a rotation about x = 0, y = 0.5: p and q change together")


def test_a_ring_of_rollers_leaves_the_rotation_about_its_middle():
    disc = Ball(space, (2, 1), 1)
    slide = Matrix([-space.normal[1], space.normal[0]])
    rollers = [
        On(disc.boundary, Eq(p * space.normal[0] + q * space.normal[1], 0)),
        On(disc.boundary, Eq((stress() * space.normal).dot(slide), 0)),
    ]
    (text,) = texts(On(disc, Eq(space.div(stress()), Matrix([1, 0]))), *rollers)
    assert "against a rotation about x = 2, y = 1" in text


def test_one_row_of_rollers_leaves_a_translation():
    rollers = [On(left, Eq(p, 0)), On(left, Eq((stress() * space.normal)[1], 0))]
    (text,) = texts(body(Matrix([1, 0])), *rollers, traction(walls - left))
    assert text.startswith("nothing holds omega against a translation along y: q is determined up to a constant only")


@pytest.mark.parametrize(
    "held",
    [
        [On(left, Eq(Matrix([p, q]), nothing)), traction(walls - left)],
        [
            *(On(part, Eq(u, 0)) for part, u in ((left, p), (floor, q))),
            *(On(part, Eq((stress() * space.normal)[k], 0)) for part, k in ((left, 1), (floor, 0))),
            traction(right),
            traction(top),
        ],
    ],
    ids=["clamped", "rollers on two sides"],
)  # fmt: skip
def test_what_is_held_is_not_spoken_of(held):
    assert texts(body(Matrix([0, 1])), *held) == []


@pytest.mark.parametrize(
    "gauge",
    [
        [On(omega, Eq(omega.mean(each), 0)) for each in (p, q, q.diff(x) - p.diff(y))],
        [On(point(0, 0), Eq(p, 0)), On(point(0, 0), Eq(q, 0)), On(point(1, 0), Eq(q, 0))],
    ],
    ids=["means", "points"],
)
def test_means_and_points_hold_rigid_motions(gauge):
    assert texts(*pulled, *gauge) == []


def test_in_space_all_six_are_named():
    space = Space("x y z")
    unknowns = space.unknowns("a b c")
    slip = space.grad(Matrix(unknowns))
    strain = (slip + slip.T) / 2
    block = Region(space, Interval(0, 1) ** 3)
    sigma = strain + strain.trace() * eye(3)
    equation = On(block, Eq(space.div(sigma), Matrix([0, 0, 0])))
    pull = On(block.boundary, Eq(sigma * space.normal, Matrix(list(space.normal))))
    found = texts(equation, pull, unknowns=unknowns)
    assert [sum(kind in text for text in found) for kind in ("a translation along", "a rotation in")] == [3, 3]


def test_the_one_of_two_bodies_that_nothing_holds_is_named():
    blocks = Region(space, ProductSet(Union(Interval(0, 1), Interval(2, 3)), Interval(0, 1)))
    ends = [On(blocks.face(x, 0), Eq(u, 1)), On(blocks.boundary - blocks.face(x, 0), Eq(space.dn(u), 0))]
    (finding,) = findings(On(blocks, Eq(-space.laplace(u), 0)), *ends, unknowns=[u])
    assert finding.text.startswith(
        "on the part of blocks with x in 2 … 3, y in 0 … 1, u is determined up to a constant"
    )
    assert finding.at_most == "unverified"
    with pytest.raises(
        ProblemError, match="the sources of the part of blocks with x in 2 … 3, y in 0 … 1 ask for a flux"
    ):
        findings(On(blocks, Eq(-space.laplace(u), 1)), *ends, unknowns=[u])


def test_parts_of_a_mesh_hang_together_by_facets():
    nodes = np.array([[k + shift, height] for shift in (0, 2) for k in (0, 1) for height in (0, 1)], float)
    square = np.array([[0, 2, 3], [0, 3, 1]])
    mesh = Mesh.of(space, nodes, {"triangle": np.concatenate([square, square + 4])})
    edge = mesh.boundary.where(Eq(x, 0))
    rest = On(mesh.boundary - edge, Eq(space.dn(u), 0))
    (text,) = texts(On(mesh, Eq(-space.laplace(u), 0)), On(edge, Eq(u, 1)), rest, unknowns=[u])
    assert "on the part of mesh with x in 2 … 3, y in 0 … 1" in text


def test_a_thin_neck_holds():
    ends = Union(*(ProductSet(Interval(a, a + 1), Interval(0, 1)) for a in (0, 2)))
    neck = ProductSet(Interval(Rational(1, 2), Rational(5, 2)), Interval(Rational(1, 2), Rational(101, 200)))
    dumbbell = Region(space, Union(ends, neck))
    held = [On(dumbbell.face(x, 0), Eq(u, 1)), On(dumbbell.boundary - dumbbell.face(x, 0), Eq(space.dn(u), 0))]
    assert texts(On(dumbbell, Eq(-space.laplace(u), 0)), *held, unknowns=[u]) == []


def two_materials(made, leaving=0):
    halves = [Region(space, Interval(a, a + Rational(1, 2)) * Interval(0, 1)) for a in (0, Rational(1, 2))]
    first, second = halves
    s, t = (space.unknown(name, on=half) for name, half in zip("st", halves, strict=True))
    between = first.face(x, Rational(1, 2))
    conditions = [
        On(first, Eq(-space.laplace(s), made)), On(second, Eq(-2 * space.laplace(t), made)),
        On(between, Eq(s, t)), On(between, Eq(space.dn(s), 2 * space.dn(t))),
        On(first.boundary - between, Eq(space.dn(s), 0)),
        On(second.boundary - second.face(x, Rational(1, 2)), Eq(2 * space.dn(t), leaving)),
    ]  # fmt: skip
    return findings(*conditions, unknowns=[s, t])


def test_two_materials_that_float_together_have_one_constant():
    (finding,) = two_materials(x - Rational(1, 2))
    assert finding.text == "s, t are determined up to a common constant only: Eq(first.mean(s), 0) would fix it"
    assert finding.at_most == "unverified"


def test_what_is_made_in_two_materials_leaves_both():
    with pytest.raises(ProblemError, match="the sources of first and second ask for a flux of 1 through") as caught:
        two_materials(1)
    assert "the conditions there give 0" in caught.value.what
    assert "common constant" in two_materials(1, leaving=-Rational(1, 2))[0].text


def test_unknowns_of_one_region_that_walls_tie_are_no_two_sides():
    v, w = space.unknowns("v w")
    conditions = [
        On(omega, Eq(-space.laplace(v), 1)), On(omega, Eq(-space.laplace(w), 2)),
        On(walls, Eq(v, w)), On(walls, Eq(space.dn(v), -space.dn(w) - 1)),
    ]  # fmt: skip
    assert not [text for text in texts(*conditions, unknowns=[v, w]) if "sources" in text]


def test_a_free_plate_may_tilt():
    bending = On(omega, Eq(space.laplace(space.laplace(u)), x - Rational(1, 2)))
    free = [On(walls, Eq(space.laplace(u), 0)), On(walls, Eq(space.dn(space.laplace(u)), 0))]
    assert sum("against a tilt" in text for text in texts(bending, *free, unknowns=[u])) == 2


def test_moments_that_do_not_balance_are_an_error():
    shear = [traction(left, Matrix([0, 1])), traction(right, Matrix([0, -1])), traction(floor), traction(top)]
    with pytest.raises(ProblemError, match="a moment about the origin in the plane of x and y of 0") as caught:
        findings(body(), *shear)
    assert "the conditions there give -1" in caught.value.what
    balanced = [traction(floor, Matrix([1, 0])), traction(top, Matrix([-1, 0]))]
    assert not [text for text in texts(body(), *shear[:2], *balanced) if "moment" in text]
