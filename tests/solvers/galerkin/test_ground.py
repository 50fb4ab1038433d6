"""The cells to begin with: those of a mesh, boxes between materials, small ones where data are narrow."""

import numpy as np
import pytest
from sympy import Abs, Eq, Interval, Piecewise, Rational, exp, tanh

from inrpde import Ball, MeshField, On, Problem, Region
from inrpde.compiler import compile_problem
from inrpde.compiler.flux import flux_form
from inrpde.discretise.weak.vertices import rounds
from inrpde.resolution import narrow
from inrpde.solvers.galerkin import ground as module
from inrpde.solvers.galerkin.ground import ground, singular
from tests.resolution.meshed import AT, columns, poisson
from tests.sampling.cells.meshes import ell
from tests.solvers.galerkin import problems
from tests.solvers.galerkin.problems import POINTS, flux_of, space, square, u, x, y

THIRD = Rational(1, 3)


def of(source=1, a=1, region=square):
    conditions = [On(region, Eq(-space.div(a * space.grad(u)), source)), On(region.boundary, u)]
    flux = flux_of(Problem("p", [u], conditions))
    return ground(flux, narrow(flux.form.bound))


def ends(found, axis):
    """Where cells begin and end along an axis."""
    cover = found.divided.cover
    reach = np.abs(cover.axes).sum(axis=2)[:, axis]
    return np.concatenate([cover.origin[:, axis] - reach, cover.origin[:, axis] + reach])


def test_a_mesh_gives_its_own_cells():
    found = of(region=ell(space=space))
    assert found.cells == 6
    assert found.divided.cover.simplex


def test_a_region_is_divided_into_boxes_and_those_that_are_marked_again():
    found = of()
    assert found.cells == 64
    assert found.walls == found.missed == ()
    assert found.refined(np.arange(64) < 5).cells == 64 + 5 * 3


def test_materials_that_jump_along_a_coordinate_are_parted_by_boxes():
    found = ground(flux_of(problems.jump()[0]), ())
    assert np.min(np.abs(ends(found, 0) - 1 / 3)) < 1e-14
    assert np.min(np.abs(ends(of(), 0) - 1 / 3)) > 1e-3


def test_materials_that_a_curve_parts_are_told_apart_by_it():
    found = of(a=Piecewise((7, (x - 0.5) ** 2 + (y - 0.45) ** 2 < 0.09), (1, True)))
    (wall,) = found.walls
    inside = np.sum((POINTS - [0.5, 0.45]) ** 2, axis=1) < 0.09
    assert len(set(np.sign(wall(POINTS[inside])))) == len(set(np.sign(wall(POINTS[~inside])))) == 1
    assert len(set(np.sign(wall(POINTS)))) == 2
    assert len(set(found.divided.cover.part)) == 2


@pytest.mark.parametrize("width", [Rational(1, 50), Rational(1, 1000)])
def test_cells_are_small_where_data_are_narrow_and_nowhere_else(width):
    found = of(exp(-((x - THIRD) ** 2 + (y - THIRD) ** 2) / width**2))
    cover = found.divided.cover
    here = np.isin(cover.cell, cover.touching(np.full((1, 2), 1 / 3)))
    assert np.all(2 * cover.axes[here].max(axis=(1, 2)) <= module.WIDE * float(width))
    assert found.cells < 300
    assert found.missed == ()


def test_a_strip_that_jumps_at_its_ends_needs_no_small_cells():
    found = of(Piecewise((1, Abs(x - THIRD) < Rational(1, 100_000)), (0, True)))
    assert found.cells == 80
    for end in (1 / 3 - 1e-5, 1 / 3 + 1e-5):
        assert np.min(np.abs(ends(found, 0) - end)) < 1e-12


def test_a_column_of_a_mesh_s_cells_needs_none_that_are_small():
    """Boxes end there, and so do the cells of that mesh; where it lies askew boxes are small."""

    def source(mesh, column, region):
        flux = compile_problem(poisson(MeshField(mesh, 1.0 * (column == 3), on="cells"), region=region).problem)
        return ground(flux_form(flux), narrow(flux.bound))

    mesh, column = columns()
    found = source(mesh, column, None)
    assert found.cells < 100
    for end in (AT, AT + 2e-4):
        assert np.min(np.abs(ends(found, 0) - end)) < 1e-12
    assert source(mesh, column, mesh).cells == len(mesh.cells)
    mesh, column = columns(5e-3, turn=0.6)
    found = source(mesh, column, None)
    assert found.missed == ()
    middle = 0.5 + 2 * (AT + 2.5e-3 - 0.5) * np.array([[np.cos(0.6), np.sin(0.6)]])
    here = found.divided.cover.touching(middle)
    sides = 2 * found.divided.cover.axes[np.isin(found.divided.cover.cell, here)].max(axis=(1, 2))
    assert np.all(sides <= module.WIDE * 1.01e-2)


def test_cells_end_all_along_a_circle_on_which_data_jump():
    """Boxes that are long and thin follow it; the circle may turn round between two points of one."""
    assert of(Piecewise((1, (x - THIRD) ** 2 + (y - THIRD) ** 2 < Rational(9, 100)), (0, True))).missed == ()
    assert of(Piecewise((1, x**2 + y**2 < Rational(9, 100)), (0, True)), region=Ball(space, (0, 0), 1)).missed == ()


def test_a_step_that_no_cell_follows_is_told():
    (missed,) = of(tanh((x - 0.37) * 10**9)).missed
    assert missed.endswith("no cell ends there")


def test_more_cells_than_can_be_had_are_told(monkeypatch):
    monkeypatch.setattr(module, "MOST", 100)
    found = of(exp(-((x - THIRD) ** 2 + (y - THIRD) ** 2) * 10**6))
    (missed,) = found.missed
    assert "more than 100 cells would follow that" in missed
    assert found.cells <= 100


def test_cells_that_touch_two_singular_points_are_divided():
    side = Interval(Rational(7, 16), Rational(9, 16))
    region = square - Region(space, side * side)
    flux = flux_of(Problem("p", [u], [On(region, Eq(-space.laplace(u), 1)), On(region.boundary, u)]))
    begun = of(region=region)
    found = singular(flux, begun)
    assert found.cells > begun.cells
    assert not begun.vertices
    inner = [each.point for each in found.vertices if np.all(each.point % 1)]
    assert len(inner) == 4
    around = rounds(found.vertices, found.divided.cover, found.divided.tessellation(1))
    assert set(around.vertex) == set(range(len(found.vertices))) | {-1}
