"""Problems in time at a moment: regions without time, rates as unknowns."""

import numpy as np
import pytest
from sympy import Eq, Interval, exp, sin

from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references.equations import sort_equations
from inrpde.references.frozen import Sections, frozen, knows_time
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Leaf

SPACE = Space("x y", time="t")
X, Y, T = SPACE.coords
BOX = Region(SPACE, Interval(0, 2) * Interval(0, 1) * Interval(0, 3))
DISC = Ball(SPACE, (1, 0.5), 0.25)


@pytest.fixture
def sections():
    return Sections(SPACE, (0.0, 3.0))


class TestSections:
    @pytest.mark.parametrize("region", [BOX, BOX - DISC, DISC.over(Interval(0, 3)), (BOX - DISC).where(X > 1)])
    def test_solids(self, sections, region):
        found = sections.of(region)
        points = np.random.default_rng(0).uniform((0, 0), (2, 1), (500, 2))
        lifted = np.column_stack([points, np.full(500, 1.0)])
        assert np.array_equal(found.contains(points), region.contains(lifted))
        assert found.measure == pytest.approx(region.measure / 3, rel=1e-3)
        assert sections.of(region) is found

    @pytest.mark.parametrize(
        "surface",
        [BOX.boundary, BOX.face(X, 2), (BOX - DISC).boundary - BOX.boundary, BOX.boundary.where(Eq(Y, 0))],
    )
    def test_surfaces(self, sections, surface):
        found = sections.of(surface)
        assert found.measure == pytest.approx(surface.measure / 3, rel=1e-3)
        assert found.dim == 1

    def test_the_start_is_the_whole(self, sections):
        assert sections.of(BOX.initial) is sections.of(BOX)

    def test_some_times_only(self, sections):
        with pytest.raises(Unsupported, match="some times"):
            sections.of(BOX.boundary.where(T < 1))
        with pytest.raises(Unsupported, match="some times"):
            sections.of(DISC.over(Interval(0, 1)))


def equations_of(volume, *faces):
    u = SPACE.unknown("u")
    conditions = [On(BOX, volume(u)), *(On(BOX.boundary, face(u)) for face in faces), On(BOX.initial, u)]
    return frozen(sort_equations(bind(Problem("p", [u], conditions))))


def test_rates_are_unknowns():
    equations = equations_of(lambda u: u.diff(T, 2) + u.diff(X, T) - u)
    leaves = equations.term(equations.volume[0]).leaves
    assert leaves == {Leaf(0, (0, 0)), Leaf(1, (1, 0)), Leaf(2, (0, 0))}


def test_what_depends_on_time():
    equations = equations_of(lambda u: u.diff(T) + exp(-T) * u, lambda u: u - sin(T), lambda u: u - X)
    volume, (moving, resting) = equations.volume[0], equations.faces
    assert knows_time(equations.term(volume), equations, slopes=True)
    assert knows_time(equations.term(moving), equations)
    assert not knows_time(equations.term(moving), equations, slopes=True)
    assert not knows_time(equations.term(resting), equations)
