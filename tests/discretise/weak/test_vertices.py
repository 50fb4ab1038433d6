"""Points where materials meet, walls turn or conditions change: those found, how far round, their functions."""

import numpy as np
import pytest
from sympy import Eq, Interval, Matrix, Piecewise

from inrpde import Ball, Mesh, On, Region, Space
from inrpde.discretise.weak.vertices import rounds, vertex_functions, vertices
from tests.discretise.weak.forms import flux_of, on_boxes, on_mesh
from tests.sampling.cells.meshes import ell as ell_mesh

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
square = Region(space, Interval(0, 1) * Interval(0, 1))
ell = Region(space, Interval(-1, 1) * Interval(-1, 1)) - Region(space, Interval(0, 1) * Interval(-1, 0))
CHESS = Piecewise((1, (x < 0.5) & (y < 0.5)), (100, x < 0.5), (100, y < 0.5), (1, True))


def form(region=square, a=1, source=0, conditions=None, more=0):
    equation = On(region, Eq(-space.div(a * space.grad(u)) + more, source))
    return flux_of([u], [equation, *(conditions or [On(region.boundary, u)])])


def found(flux, size=0.25):
    """The points (to three digits) with their exponents, radii and all."""
    return {tuple(np.round(each.point, 3) + 0.0): each for each in vertices(flux, on_boxes(flux, size=size))}


def powers(vertex):
    return sorted(round(mode.power, 3) for mode in vertex.modes)


def test_where_four_materials_meet():
    of = found(form(a=CHESS))
    inner = of.pop((0.5, 0.5))
    assert inner.radius == pytest.approx(0.5)
    assert inner.conductivities.tolist() == [1, 100, 1, 100] or inner.conductivities.tolist() == [100, 1, 100, 1]
    assert inner.modes[-1].power < 4
    assert min(powers(inner)) == pytest.approx(4 / np.pi * np.arctan(0.1), abs=1e-3)
    # beside walls of value zero, a source would have a logarithm in the corners and where materials end
    ends = {(0.0, 0.5), (0.5, 0.0), (1.0, 0.5), (0.5, 1.0)}
    corners = {(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)}
    assert set(of) == ends | corners
    assert all(powers(each) == [2] for each in of.values())


def test_round_a_corner_that_is_re_entrant_up_to_the_next_wall():
    of = found(form(ell), 0.5)
    vertex = of[0.0, 0.0]
    assert vertex.radius == pytest.approx(1)
    assert vertex.turns[-1] - vertex.turns[0] == pytest.approx(1.5 * np.pi)
    assert [power for power in powers(vertex) if power % 1] == [0.667, 1.333, 2.667, 3.333]


def test_a_condition_that_changes_on_a_straight_wall():
    half = square.face(y, 0).where(x < 0.5)
    of = found(form(conditions=[On(half, u), On(square.boundary - half, Eq(space.dn(u), 1))]))
    vertex = of[0.5, 0.0]
    assert [power for power in powers(vertex) if power % 1] == [0.5, 1.5, 2.5, 3.5]
    assert vertex.radius == pytest.approx(0.5)


def test_values_that_jump_on_a_straight_wall_and_at_a_corner():
    low, left = square.face(y, 0), square.face(x, 0)
    warm = low.where(x < 0.5)
    cold = square.boundary - low - left
    of = found(
        form(conditions=[On(warm, Eq(u, 3 + x)), On(low - warm, Eq(u, x)), On(left, Eq(u, 3)), On(cold, Eq(u, x))])
    )
    assert of[0.5, 0.0].jump == pytest.approx(3)  # from x > 0.5 on
    assert of[0.0, 1.0].jump == pytest.approx(-3)  # from the left side on
    assert all(each.modes[-1].power == 0 for each in of.values() if each.jump)
    assert not any(of[at].jump for at in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)) if at in of)


def test_the_vertices_of_a_mesh_but_not_where_a_curve_is_a_chain_of_edges():
    flux = form(ell_mesh(space=space))
    points = {tuple(each.point.round(3)): each for each in vertices(flux, on_mesh(flux))}
    assert 0.667 in powers(points[1, 1])
    turn = np.linspace(0, 2 * np.pi, 61)[:-1]
    nodes = np.append(np.column_stack([np.cos(turn), np.sin(turn)]), [[0, 0]], axis=0)
    fan = np.array([[k, (k + 1) % 60, 60] for k in range(60)])
    disc = form(Mesh.of(space, nodes, {"triangle": fan}))
    assert not vertices(disc, on_mesh(disc))


@pytest.mark.parametrize(
    ("why", "flux"),
    [
        ("nothing meets", form(conditions=[On(square.boundary, Eq(space.dn(u) + u, 1))], a=1 + x)),
        ("it varies", form(a=CHESS * (1 + x))),
        ("it differs by direction", form(ell, a=Matrix([[2, 0], [0, 1]]))),
        ("it is carried along", form(ell, more=u.diff(x))),
        ("it is not linear", form(ell, more=u**3)),
        ("constants are free", flux_of([u], [
            On(ell, Eq(-space.laplace(u), 0)), On(ell.boundary, Eq(space.dn(u), space.dn(x)))], )),
        ("the cells are cut", form(Ball(space, (0, 0), 1))),
    ],
)  # fmt: skip
def test_none_where(why, flux):
    assert not found(flux), why


def test_each_has_the_cells_round_it_and_those_that_touch_two_are_large():
    """Two corners of a hole in one cell: no functions for them before it is divided."""
    flux = form(square - Region(space, Interval(0.5, 0.75) * Interval(0.25, 0.75)))

    def on(size):
        divided = on_boxes(flux, size=size)
        of = [each for each in vertices(flux, divided) if np.all(each.point % 1)]
        return divided, of, rounds(of, divided.cover, divided.tessellation(2))

    divided, of, around = on(0.25)
    assert len(of) == 4
    assert np.all(around.vertex == -1)
    touching = {cell for each in of for cell in divided.cover.touching(each.point[None])}
    assert set(around.large) == touching
    divided, of, around = on(0.125)
    assert not len(around.large)
    middles = divided.cover.corners.mean(axis=1)[np.argsort(divided.cover.cell)]
    for cell in np.flatnonzero(around.vertex >= 0):
        away = [np.linalg.norm(each.point - middles[cell]) for each in of]
        assert away[around.vertex[cell]] == pytest.approx(min(away))
    assert set(vertex_functions(of, around, divided.cover).of) == {0, 1, 2, 3}


def test_functions_fulfil_what_holds_round_their_points():
    flux = form(a=CHESS, source=1)
    divided = on_boxes(flux, size=0.25)
    of = vertices(flux, divided)
    trial = vertex_functions(of, rounds(of, divided.cover, divided.tessellation(2)), divided.cover)
    points = np.random.default_rng(0).uniform(0.01, 0.99, (300, 2))
    jets = trial.jets(points, [(2, 0), (0, 2)])
    a = np.where((points[:, 0] < 0.5) == (points[:, 1] < 0.5), 1.0, 100.0)
    divergence = a[:, None] * (jets[2, 0] + jets[0, 2])
    for column in range(trial.width):
        assert len(np.unique(np.round(divergence[:, column], 6))) <= 5  # a constant in each sector, or beyond
