"""Regions of sympy sets: which sets, their measures, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import (
    Complement,
    FiniteSet,
    Intersection,
    Interval,
    Rational,
    S,
    SymmetricDifference,
    Union,
    oo,
    pi,
    symbols,
)

from inrpde.declaration.regions import Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError

PLANE = Space("x y")
UNIT = Interval(0, 1) ** 2


@pytest.mark.parametrize(
    ("source", "measure"),
    [
        (Interval(0, 2) * Interval(0, 1), 2),
        (Interval.open(0, 2) * Interval.Ropen(-1, pi), 2 * (1 + np.pi)),
        (Union(UNIT, Interval(Rational(1, 2), 2) * Interval(0, 1), evaluate=False), 2),
        (Complement(UNIT, Interval(0, Rational(1, 2)) * Interval(0, Rational(1, 2)), evaluate=False), 0.75),
        (Intersection(UNIT, Interval(Rational(1, 4), 3) ** 2, evaluate=False), 0.5625),
        (SymmetricDifference(UNIT, Interval(Rational(1, 2), 2) * Interval(0, 1), evaluate=False), 1.5),
        (Union(Interval(0, 1), Interval(2, 4)) * Interval(0, 1), 3),
        ((Interval(0, 4) - Interval(1, 2)) * Interval(0, 3), 9),
        (UNIT - Interval(Rational(1, 4), Rational(1, 2)) ** 2, 0.9375),
        (Interval(0, 1) * FiniteSet(0), 1),
        (Interval(0, 2) * FiniteSet(0, 1), 4),
        (FiniteSet((0, 0), (1, 0), (0, 1)), 1),
        (FiniteSet(0, 1) * FiniteSet(2), 1),
    ],
)
def test_measures_of_sets(source, measure):
    assert Region(PLANE, source).measure == pytest.approx(measure, abs=3e-9)


def test_nested_products_are_one_box():
    space = Space("x y z")
    interval = Interval(0, 1)
    nested = (interval * interval) * interval
    assert Region(space, nested).box == Region(space, interval**3).box == ((0.0, 1.0),) * 3
    assert Region(space, nested).label == "[0, 1]×[0, 1]×[0, 1]"


def test_five_holes_stay_a_tree_of_eleven_nodes():
    region = Region(PLANE, Interval(0, 6) * Interval(0, 1))
    for k in range(5):
        region = region - Region(
            PLANE, Interval(k + Rational(1, 4), k + Rational(3, 4)) * Interval(Rational(1, 4), Rational(3, 4))
        )
    assert len(region.primitives) == 6
    assert region.measure == pytest.approx(6 - 5 / 4, abs=1e-8)
    assert region.boundary.measure == pytest.approx(14 + 5 * 2, abs=1e-8)


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 3)), min_size=1, max_size=10),
    st.lists(st.floats(0, 1, exclude_min=True, exclude_max=True), min_size=10, max_size=10),
)
def test_boxes_of_one_to_ten_dimensions_hold_their_own_points(sides, shares):
    space = Space([f"x{k}" for k in range(len(sides))])
    source = Interval(sides[0][0], sides[0][0] + sides[0][1])
    for lo, extent in sides[1:]:
        source = source * Interval(lo, lo + extent)
    region = Region(space, source)
    lo, hi = region.bounds
    point = lo + np.array(shares[: len(lo)]) * (hi - lo)
    assert region.contains(point[None]).all()
    assert not region.contains(point[None] + 2 * (hi - lo)).any()
    assert region.measure == pytest.approx(np.prod(hi - lo))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Interval(0, oo) * Interval(0, 1), "unbounded"),
        (S.Reals * Interval(0, 1), "unbounded"),
        (Interval(1, 0), "empty"),
        (S.EmptySet, "empty"),
        (Interval(0, symbols("L")) * Interval(0, 1), "L"),
        (Interval(0, 1), "1 dimension"),
        (Interval(0, 1) ** 3, "3 dimensions"),
        (S.Naturals, "Naturals"),
        (3, "3"),
    ],
)
def test_refused_sets_are_named(source, words):
    with pytest.raises(ProblemError, match=words) as caught:
        Region(PLANE, source)
    assert caught.value.fix
    assert "Region(Space" in caught.value.where


def test_a_space_is_needed():
    with pytest.raises(ProblemError, match="not a Space"):
        Region(UNIT, UNIT)


def test_points_of_another_shape_are_refused():
    with pytest.raises(ProblemError, match=r"\(3, 3\)"):
        Region(PLANE, UNIT).contains(np.zeros((3, 3)))


def test_a_set_of_smaller_dimension_takes_nothing_away():
    square = Region(PLANE, UNIT)
    assert (square - square.boundary).measure == 1
    with pytest.raises(ProblemError, match="dimensions 2 and 1"):
        square | square.boundary


def test_boxes_are_known_as_such():
    square = Region(PLANE, UNIT)
    other = Region(PLANE, Interval(Rational(1, 2), 3) * Interval(-1, 2))
    assert (square & other).box == ((0.5, 1), (0, 1))
    assert (square - other).box is None
    assert square.boundary.box is None


def test_integrals_are_expressions_of_the_region():
    x, y = PLANE.coords
    square = Region(PLANE, UNIT)
    total, mean = square.integral(x * y), square.mean(x * y)
    assert total.region is mean.region is square
    assert (total.mean, mean.mean) == (False, True)
    assert total.integrand == x * y
    assert total != Region(PLANE, UNIT).integral(x * y)
