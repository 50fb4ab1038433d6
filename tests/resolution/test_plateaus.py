"""Narrow plateaus of data on cells: found where points would not see them, and none where they would."""

import numpy as np
import pytest
from sympy import Eq, Interval

from inrpde import Ball, Mesh, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.resolution import narrow
from inrpde.resolution.plateaus import MOST, plateaus
from tests.resolution.meshed import AT, cells, columns, poisson, scattered

UNIT = np.zeros(2), np.ones(2)


@pytest.mark.parametrize("values", [(1e4, 1.0), (0.0, 1.0), (-2.0, 1.0)])
@pytest.mark.parametrize("w", [0.02, 2e-4, 1e-7])
def test_a_column_among_wide_ones(w, values):
    mesh, column = columns(w)
    (one,) = narrow(poisson(cells(mesh, np.where(column == 3, *values))))
    assert (one.kind, one.resolved, one.mesh) == ("peak", True, mesh)
    assert (one.lo, one.hi) == ((AT, 0.0), (AT + w, 1.0))
    assert one.widths == pytest.approx((w, np.inf))


def test_a_column_whose_cells_differ_is_one_place():
    mesh, column = columns()
    values = np.where(column == 3, 5.0 + np.arange(len(column)), 1.0)
    (one,) = narrow(poisson(cells(mesh, values)))
    assert (one.lo, one.hi) == ((AT, 0.0), (AT + 2e-4, 1.0))


def test_in_time_data_of_space_are_looked_at():
    mesh, column = columns()
    (one,) = narrow(poisson(cells(mesh, 1.0 * (column == 3)), time="t"))
    assert one.widths == pytest.approx((2e-4, np.inf, np.inf))
    assert (one.lo, one.hi) == ((AT, 0, 0), (AT + 2e-4, 1, 1))


def test_of_a_flux_through_faces_those_that_meet_them():
    space = Space("x y")
    x, y = space.coords
    mesh, column = columns()
    u, a = space.unknown("u"), space.coefficient("a")
    omega = Region(space, Interval(0, 1) ** 2)
    edge = omega.boundary
    conditions = [On(omega, Eq(space.laplace(u), 1)), On(edge.where(Eq(y, 0)), Eq(space.dn(u), a))]
    conditions += [On(edge.where(Eq(x, 0)), Eq(space.dn(u), a)), On(edge.where(Eq(x, 1)), Eq(u, 0))]
    bound = bind(Problem("p", [u], conditions, coefficients={a: cells(mesh, 1.0 * (column == 3))}))
    (one,) = narrow(bound)
    assert one.condition == 1
    assert (one.lo, one.hi) == ((AT, 0), (AT + 2e-4, 0))


def test_an_oblique_layer_has_small_boxes_all_along_it():
    mesh, column = columns(5e-3, turn=0.6)
    (one,) = narrow(poisson(cells(mesh, 1.0 * (column == 3))))
    boxes = np.array(one.boxes)
    assert (one.kind, one.resolved) == ("front", True)
    assert one.width == pytest.approx(1e-2, rel=0.01)
    assert np.all(boxes[:, 1] - boxes[:, 0] < 1.001e-2)
    middles = boxes.mean(axis=1)
    assert np.mean(mesh.interpolate(1.0 * (column == 3), middles, on="cells")) > 0.9
    assert np.ptp(middles[:, 1]) > 0.95
    steps = np.diff(np.sort(middles[:, 1]))
    assert steps.max() < 0.02


def test_more_boxes_than_are_followed_are_told():
    mesh, column = columns(1e-5, turn=0.6)
    (one,) = narrow(poisson(cells(mesh, 1.0 * (column == 3))))
    assert not one.resolved
    assert len(one.boxes) <= MOST


@pytest.mark.parametrize("count", [100, 2500])
def test_ordinary_data_have_none(count):
    mesh, middles = scattered(count)
    rng = np.random.default_rng(1)
    for values in (
        np.full(len(middles), 3.0),
        rng.random(len(middles)),
        np.sin(5 * middles[:, 0] + middles[:, 1]),
        1.0 * (middles[:, 0] + middles[:, 1] > 0.8),
        1.0 * (np.linalg.norm(middles - 0.5, axis=1) < 0.3),
    ):
        assert not plateaus(cells(mesh, values), *UNIT)


def test_one_cell_of_many_that_stands_out():
    mesh, middles = scattered(2500)
    values = np.sin(5 * middles[:, 0])
    here = np.argmin(np.linalg.norm(middles - (0.31, 0.62), axis=1))
    values[here] = 1e3
    (one,) = plateaus(cells(mesh, values), *UNIT)
    assert np.all((one.lo < middles[here]) & (one.hi > middles[here]))
    assert np.all(one.widths < 0.04)


def test_many_that_stand_out_are_one_place_in_their_boxes():
    mesh, middles = scattered(10_000)
    chosen = np.random.default_rng(2).choice(len(middles), 40, replace=False)
    values = np.zeros(len(middles))
    values[chosen] = 1.0
    (one,) = narrow(poisson(cells(mesh, values)))
    boxes = np.array(one.boxes)
    assert one.kind == "front"
    inside = np.all((boxes[:, None, 0] < middles[chosen]) & (boxes[:, None, 1] > middles[chosen]), axis=2)
    assert inside.any(axis=0).all()


def test_what_lies_outside_of_the_region_is_nothing():
    mesh, column = columns()
    space = Space("x y")
    values = cells(mesh, 1.0 * (column == 3))
    assert not narrow(poisson(values, region=Region(space, Interval(0, 0.5) ** 2)))
    assert narrow(poisson(values, region=Ball(space, (0.5, 0.5), 0.1)))
    assert not narrow(poisson(values, region=Ball(space, (0.8, 0.5), 0.1)))


def test_on_a_line_and_in_space():
    line = Mesh.of(Space("x"), np.array([[0], [0.3], [0.301], [1.0]]), {"line": [[0, 1], [1, 2], [2, 3]]})
    (one,) = plateaus(cells(line, [0.0, 1.0, 0.0]), np.zeros(1), np.ones(1))
    assert (one.lo, one.hi) == ((0.3,), (0.301,))
    zs = [0, 0.5, 0.502, 1]
    nodes = [(x, y, z) for z in zs for y in (0, 1) for x in (0, 1)]
    bricks = [[4 * k + i for i in (0, 1, 3, 2, 4, 5, 7, 6)] for k in range(3)]
    space = Mesh.of(Space("x y z"), nodes, {"hexahedron": bricks})
    (one,) = plateaus(cells(space, [0.0, 1.0, 0.0]), np.zeros(3), np.ones(3))
    assert one.widths == pytest.approx((np.inf, np.inf, 0.002))
