"""Sections: a point lies in a region of space and time when its place lies in the section, at all times of its span."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import And, Eq, FiniteSet, Interval, Ne, Rational

from inrpde.declaration.regions import Ball, Implicit, Mesh, Points, Region
from inrpde.declaration.regions.section import section
from inrpde.declaration.space import Space
from inrpde.sampling import grid_points, sample
from tests.sampling.cells.meshes import ell

LINE, PLANE = Space("x", time="t"), Space("x y", time="t")
x, y, t = PLANE.coords
SPAN = Interval(-1, 2)
TIMES, BETWEEN = (-1.0, 0.7, 2.0), (-0.5, 1.9)
LATTICE = grid_points([np.arange(-1, 4.5, 0.5)] * 2)
square = Region(PLANE, Interval(0, 2) ** 2 * SPAN)
hole = Ball(PLANE, (1, 1), Rational(1, 2))
mesh = ell(space=PLANE)
LATE = Region(PLANE, Interval(0, 2) * Interval(0, 1) * Interval(1, 2))


def agrees(region, points=LATTICE, times=TIMES):
    """Do the region and the cylinder of its section hold the same of the points (N, d)?"""
    found = section(region)
    held = found.contains(points)
    for time in times:
        here = region.contains(np.column_stack([points, np.full(len(points), time)]))
        assert np.array_equal(here, held), (region, points[here != held])
    return held


def joined(sign, left, right):
    return left._combine(sign, right)


def wide(region):
    """Has it room in all directions?"""
    return bool(np.all(region.bounds[0] < region.bounds[1]))


lattice = st.integers(0, 3)
boxes = st.builds(
    lambda a, b, c, d: Region(PLANE, Interval(a, a + c) * Interval(b, b + d) * SPAN),
    lattice, lattice, st.integers(1, 2), st.integers(1, 2),
)  # fmt: skip
balls = st.builds(lambda a, b, r: Ball(PLANE, (a, b), r).over(SPAN), lattice, lattice, st.integers(1, 2))
solids = st.recursive(
    boxes | balls,
    lambda inner: st.builds(joined, st.sampled_from("-|&"), inner, inner).filter(wide),
    max_leaves=3,
)
cuts = st.sampled_from([x > 1, x <= y, Eq(x, 1), And(x >= 1, y < 2), Ne(y, 1)])


@settings(max_examples=40)
@given(solids)
def test_solids_hold_what_their_sections_do(solid):
    agrees(solid)
    agrees(solid.where(x + y < 3))


@settings(max_examples=40)
@given(solids, cuts)
def test_boundaries_and_their_parts_do_so_too(solid, cut):
    """But for the ends of time, where the walls of a part inside the whole are on its boundary, too."""
    agrees(solid.boundary, times=BETWEEN)
    agrees(solid.boundary.where(cut), times=BETWEEN)


@settings(max_examples=25)
@given(solids, boxes | balls)
def test_differences_of_boundaries_do_so_too(solid, other):
    for region in (solid.boundary - other, solid.boundary & other, solid.boundary - other.boundary):
        agrees(region, times=BETWEEN)


@pytest.mark.parametrize(
    "region",
    [square, square.boundary, square - hole, (square - hole).boundary, mesh.over(SPAN), mesh.over(SPAN).boundary],
)
def test_points_of_a_region_lie_in_its_section_and_others_beyond_its_span(region):
    drawn = sample(region, 60)
    found = section(region)
    assert found.contains(drawn.points[:, :-1]).all()
    assert not found.has_time
    assert found.dim == region.dim - 1
    assert found.measure == pytest.approx(region.measure / 3, rel=1e-3)
    late = drawn.points + np.array([0, 0, 3.5])
    assert not region.contains(late).any()
    assert agrees(region, drawn.points[:, :-1]).all()


def test_the_boundary_of_a_section_is_the_section_of_the_boundary():
    one, other = section((square - hole).boundary), section(square - hole).boundary
    assert one.measure == other.measure == pytest.approx(8 + np.pi, rel=1e-6)


@pytest.mark.parametrize("side", [(x, 0), (x, 2), (y, 0), (y, 2)])
def test_faces(side):
    held = agrees(square.face(*side))
    axis = (x, y).index(side[0])
    expected = (LATTICE[:, axis] == side[1]) & np.all((LATTICE >= 0) & (LATTICE <= 2), axis=1)
    assert np.array_equal(held, expected)


def test_the_base_of_a_cylinder_is_that_which_it_was_made_of():
    assert section(mesh.over(SPAN)) is mesh
    assert section(hole.over(SPAN)) is hole
    tips = Region(LINE, FiniteSet(0, 1))
    assert section(tips.over(SPAN)) is tips
    assert section(Region(PLANE, Interval(0, 1) ** 2 * SPAN)).box == ((0, 1), (0, 1))


def test_parts_of_a_mesh_are_meshes():
    whole = ell(tagged=True, space=PLANE)
    left, right = (whole.tagged(name).over(SPAN) for name in ("left", "right"))
    assert isinstance(section(left), Mesh)
    assert agrees(left).sum() > agrees(right).sum() > 0
    met = section(left.boundary & right.boundary)
    assert met.measure == pytest.approx(1)
    assert np.array_equal(met.contains(LATTICE), (LATTICE[:, 0] == 1) & (LATTICE[:, 1] >= 0) & (LATTICE[:, 1] <= 1))


def test_a_segment_over_time_has_a_segment():
    wall = Region(PLANE, FiniteSet(1) * Interval(0, 2) * SPAN)
    assert np.array_equal(agrees(wall), (LATTICE[:, 0] == 1) & (LATTICE[:, 1] >= 0) & (LATTICE[:, 1] <= 2))


def test_the_start_of_a_solid_has_its_section():
    found = section(square.initial)
    assert found.box == ((0, 2), (0, 2))
    assert section((square - hole).final).measure == pytest.approx(4 - np.pi / 4, rel=1e-3)


def test_what_is_in_space_alone_is_its_own_section():
    for region in (hole, mesh, Region(PLANE, Interval(0, 1) ** 2), Region(PLANE, Interval(0, 1) * FiniteSet(0))):
        assert section(region) is region


@pytest.mark.parametrize(
    "region",
    [
        square.where(t > 1), square.boundary.where(x > t), square - LATE, square | LATE, (square - LATE).boundary,
        square.boundary - LATE, (square - LATE).initial, square.boundary | LATE.boundary,
        (square - LATE) - Ball(PLANE, (1, 1), Rational(1, 4)), (square - LATE).where(x > 1),
        Implicit(PLANE, x**2 + y**2 < (1 + t) ** 2 / 4, within=Interval(-2, 2) ** 2 * Interval(0, 1)),
        Region(PLANE, Interval(0, 1) ** 2 * FiniteSet(0)), Points(PLANE, [[0, 0, 0], [1, 0, 1]]),
    ],
)  # fmt: skip
def test_what_changes_with_time_has_none(region):
    assert section(region) is None


def test_what_is_taken_away_may_last_longer_and_what_meets_is_short():
    short = Region(PLANE, Interval(0, 2) ** 2 * Interval(0, 1))
    longer = Region(PLANE, Interval(1, 3) ** 2 * SPAN)
    agrees(short - longer, times=(0.0, 0.3, 1.0))
    agrees(short & longer, times=(0.0, 0.3, 1.0))
    agrees(longer & short, times=(0.0, 0.3, 1.0))
