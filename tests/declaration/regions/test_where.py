"""Parts of regions by relations, and faces by name."""

import numpy as np
import pytest
from sympy import And, Contains, Eq, Interval, Ne, Not, Or, Rational, Symbol, cos, pi, sqrt

from inrpde.declaration.regions import Ball, Points, Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample

PLANE = Space("x y")
x, y = PLANE.coords
OMEGA = Region(PLANE, Interval(0, 2) * Interval(0, 1))


@pytest.mark.parametrize(
    ("relation", "length"),
    [
        (Eq(x, 0), 1),
        (Or(Eq(x, 0), Eq(y, 1)), 3),
        (And(Eq(y, 0), x < Rational(1, 2)), 0.5),
        (x + y > 2, 2),
        (Not(Or(Eq(x, 0), Eq(x, 2))), 4),
        (And(Eq(y, 0), Contains(x, Interval(Rational(1, 2), 1))), 0.5),
        (And(Eq(y, 0), cos(2 * pi * x) > 0), 1),
        (And(Eq(y, 0), sqrt(x - 1) < Rational(1, 2)), 0.25),
        (And(Eq(y, 1), x < Rational(1, 10000)), 1e-4),
    ],
)
def test_parts_of_a_boundary(relation, length):
    part = OMEGA.boundary.where(relation)
    assert part.measure == pytest.approx(length, abs=1e-8)
    q = sample(part, 100)
    assert part.contains(q.points).all()
    assert OMEGA.boundary.contains(q.points).all()


def test_where_chains_and_narrows_the_bounds():
    lower = OMEGA.where(y < Rational(1, 2)).where(x > 1)
    assert lower.measure == pytest.approx(0.5, rel=1e-3)
    assert lower.box == ((1, 2), (0, 0.5))
    lo, hi = OMEGA.boundary.where(Eq(x, 2)).bounds
    assert (lo.tolist(), hi.tolist()) == ([2, 0], [2, 1])
    assert OMEGA.where(x + y < 1).box is None


def test_an_indicator_has_no_boundary_and_says_what_has():
    with pytest.raises(ProblemError, match="only selects points") as caught:
        _ = OMEGA.where(x < 1).boundary
    assert "Implicit(space, x < 1, within=box)" in caught.value.fix


@pytest.mark.parametrize("region", [OMEGA, OMEGA.boundary])
def test_a_relation_that_selects_nothing_is_named(region):
    with pytest.raises(ProblemError, match=r"Eq\(x, 7777\) selects nothing") as caught:
        sample(region.where(Eq(x, 7777)), 10)
    assert "x: 0 … 2" in caught.value.fix


def test_the_relation_that_is_to_blame_is_found_through_a_chain():
    chain = OMEGA.boundary.where(Eq(x, 5)).where(y < 1) & Ball(PLANE, (0, 0), 1)
    with pytest.raises(ProblemError, match=r"Eq\(x, 5\) selects nothing"):
        chain.check()


@pytest.mark.parametrize(
    ("relation", "words"),
    [
        (Eq(Symbol("x"), Symbol("q")), "symbol q|symbol x"),
        (x > x, "decided that this relation is False"),
        (x + 1, "not a relation"),
    ],
)
def test_what_is_no_relation_of_the_coordinates(relation, words):
    with pytest.raises(ProblemError, match=words):
        OMEGA.boundary.where(relation)


def test_a_relation_decided_true_keeps_everything():
    assert OMEGA.where(Eq(x, x)).measure == 2


def test_a_symbol_of_the_same_name_is_not_the_coordinate():
    with pytest.raises(ProblemError, match="symbol x, which is not a coordinate"):
        OMEGA.boundary.where(Eq(Symbol("x"), 0))


def test_a_small_part_of_one_face_of_many():
    region = OMEGA
    for k in range(4):
        region = region - Ball(PLANE, (Rational(2 * k + 1, 4), Rational(1, 2)), Rational(1, 10))
    part = region.boundary.where((x - Rational(1, 4)) ** 2 + (y - Rational(6, 10)) ** 2 < Rational(1, 10) ** 6)
    # a chord of 1e-3 either way on a circle of radius 0.1; the square of 1e-3 is relaxed by 2e-9
    assert part.measure == pytest.approx(2e-3, rel=2e-3)
    assert len(sample(part, 20).points) == 20


def test_faces_by_name():
    assert np.allclose(sample(OMEGA.face(x, 2), 10).normals, [1, 0])
    assert OMEGA.face(y, 1).measure == pytest.approx(2)
    with pytest.raises(ProblemError, match="no boundary at x = 5") as caught:
        OMEGA.face(x, 5)
    assert "x = 0, 2" in caught.value.fix
    with pytest.raises(ProblemError, match="no boundary at x = 0") as caught:
        Ball(PLANE, (0, 0), 1).face(x, 0)
    assert "nowhere flat in x" in caught.value.fix
    with pytest.raises(ProblemError, match="a coordinate"):
        OMEGA.face(Symbol("z"), 0)


def test_regions_in_the_users_words():
    walls = OMEGA.boundary.where(Eq(x, 0))
    names = {id(OMEGA): "omega"}
    assert walls.describe(names) == "omega.boundary.where(Eq(x, 0))"
    assert walls.describe({}) == walls.label == "boundary of [0, 2]×[0, 1] where Eq(x, 0)"
    assert walls.describe(names | {id(walls): "walls"}) == "walls"
    assert OMEGA.face(x, 0).describe(names) == "omega.face(x, 0)"
    hole = Ball(PLANE, (1, Rational(1, 2)), Rational(1, 4))
    cut = OMEGA - hole
    assert cut.describe(names | {id(hole): "hole"}) == "omega - hole"
    assert cut.boundary.describe(names) == "(omega - Ball((1, 0.5), 0.25)).boundary"
    assert cut.boundary.describe({id(cut): "cut"}) == "cut.boundary"


def test_inequality_on_points():
    points = Points(PLANE, [[0, 0], [1, 0.5], [2, 1]], {"reading": [1, 2, 3]})
    part = points.where(Ne(x, 1))
    q = sample(part, 1)
    assert q.labels[points["reading"]].tolist() == [1, 3]
    assert q.weights.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(("relation", "length"), [(x > 0, 5), (x < 2, 5), (And(x > 0, y < 1), 3), (x >= 0, 6)])
def test_a_strict_inequality_leaves_out_the_face_where_its_sides_are_equal(relation, length):
    assert OMEGA.boundary.where(relation).measure == pytest.approx(length, abs=1e-8)
