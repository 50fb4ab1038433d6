"""Functions about singular points beside those of cells: exact for what the cells hold, right for what they do not."""

import numpy as np
from sympy import Eq, Interval, Piecewise

from inrpde import On, Region, Space
from inrpde.discretise.weak.assembly import Discrete
from inrpde.discretise.weak.border import Border, fans
from inrpde.discretise.weak.vertices import Vertex
from inrpde.networks.vertex import Mode
from tests.discretise.weak.forms import flux_of, on_boxes, standing

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
square = Region(space, Interval(0, 1) * Interval(0, 1))
left, right, low, high = square.face(x, 0), square.face(x, 1), square.face(y, 0), square.face(y, 1)
QUARTER = np.array([0, np.pi / 2])


def polynomial(power, factor, square=0.0, source=0.0, influx=(0.0, 0.0)):
    """Re(c z^λ) + q|z|² as a mode in one sector."""
    none, arrays = np.zeros(1), (np.array([factor], complex), np.array([square]), np.array([source], float))
    return Mode(power, arrays[0], none, arrays[1], arrays[2], np.array(influx))


def bordered(flux, found, size=0.25, degree=2):
    divided = on_boxes(flux, size=size)
    made = standing(flux, divided, degree)
    discrete = Discrete(flux, made.tessellation, made.columns)
    return Border(discrete, divided.cover, fans(found, discrete, divided.cover))


def held(border):
    """The heads (W, J) with which cells hold the functions as well."""
    discrete, out = border.discrete, np.zeros((border.width, border.width))
    width, volume = discrete.columns.width, discrete.tessellation.volume
    out[:width, :width] = np.eye(width)
    for fan in border.fans:
        own = slice(fan.start, fan.start + fan.trial.width)
        for cell, first in enumerate(discrete.columns.starts[fan.unknown]):
            points = volume.points[slice(*volume.starts[cell : cell + 2])]
            jets = discrete.columns.jets(fan.unknown, np.array([cell]), points[None])[0][:, 0]
            values = fan.trial.jets(points, [(0, 0)])[0, 0]
            out[first : first + jets.shape[1], own] = np.linalg.lstsq(jets, values, rcond=None)[0]
    return out[:width]


def test_what_cells_hold_as_well_gives_the_same_rows_and_columns():
    """Walls with a value, with a flux, with Robin's condition; a source of the functions, and fluxes of theirs through
    walls; terms of lower order and data."""
    flux = flux_of(
        [u],
        [
            On(square, Eq(-space.div(2 * space.grad(u)) + 3 * u, 1 + x)), On(left, Eq(2 * space.dn(u) + 4 * u, 1 + y)),
            On(high, Eq(2 * space.dn(u), x + y)), On(low, Eq(u, 1 + x)), On(right, Eq(u, y)),
        ],
    )  # fmt: skip
    about_low = (polynomial(1, -1j), polynomial(2, -0.5, 0.5, -4))  # y and y²
    about_high = (
        polynomial(1, 1, influx=(-2, 0)), polynomial(1, -1j, influx=(0, 2)), polynomial(2, 0.5, 0.5, -4)
    )  # x, y - 1 and x²  # fmt: skip
    found = (
        Vertex(0, np.array([0.0, 0.0]), 0.5, QUARTER, np.array([2.0]), about_low),
        Vertex(0, np.array([0.0, 1.0]), 0.5, QUARTER - np.pi / 2, np.array([2.0]), about_high),
    )
    border = bordered(flux, found)
    system, onto = border.assembled(np.zeros(border.width)), held(border)
    inside = border.discrete.assembled(np.zeros(border.discrete.columns.width))
    assert border.width == border.discrete.columns.width + 5
    assert np.allclose(system.matrix.toarray(), onto.T @ inside.matrix.toarray() @ onto, atol=1e-10)
    assert np.allclose(system.residual, onto.T @ inside.residual, atol=1e-11)


def test_unknowns_that_drive_each_other_and_a_jump_at_an_inner_point():
    a = Piecewise((1, x < 0.5), (7, True))
    flux = flux_of(
        [u, v],
        [
            On(square, Eq(-space.div(a * space.grad(u)) + 2 * u - v, 1)), On(square, Eq(-space.laplace(v) + 5 * u, x)),
            On(square.boundary, u), On(square.boundary, v),
        ],
    )  # fmt: skip
    point, turns = np.array([0.5, 0.5]), np.array([-np.pi / 2, np.pi / 2, 1.5 * np.pi])
    none = np.zeros(2)
    along = Mode(1, np.array([-1j, -1j]), none, none, none, none)  # y - 1/2
    across = Mode(1, np.array([1 / 7, 1], complex), none, none, none, none)  # (x - 1/2) / a
    found = (
        Vertex(0, point, 0.5, turns, np.array([7.0, 1.0]), (along, across)),
        Vertex(1, point, 0.5, np.array([0, 2 * np.pi]), np.array([1.0]), (polynomial(2, 1.0),)),
    )
    border = bordered(flux, found)
    system, onto = border.assembled(np.zeros(border.width)), held(border)
    inside = border.discrete.assembled(np.zeros(border.discrete.columns.width))
    assert [fan.trial.width for fan in border.fans] == [2, 1]
    assert np.allclose(system.matrix.toarray(), onto.T @ inside.matrix.toarray() @ onto, atol=1e-9)
    assert np.allclose(system.residual, onto.T @ inside.residual, atol=1e-11)
