"""Who lives in which cell, where its columns are, and the network that they make."""

import numpy as np
from sympy import Eq, Interval

from inrpde import Ball, On, Region, Space
from inrpde.discretise.weak.columns import batches, holding, inner_points
from inrpde.sampling.cells.tessellation import CUT
from tests.discretise.weak.forms import flux_of, heads, on_boxes, on_mesh, standing
from tests.sampling.cells.checks import shuffled
from tests.sampling.cells.meshes import ell

space = Space("x y")
x, y = space.coords
square = Region(space, Interval(0, 1) ** 2)


def on_two_parts(degree=1):
    """One unknown on the left and one on the right of a mesh, some of whose cells are divided."""
    mesh = ell(tagged=True, space=space)
    left, right = mesh.tagged("left"), mesh.tagged("right")
    u, v = space.unknown("l", on=left), space.unknown("r", on=right)
    meeting = left.boundary & right.boundary
    flux = flux_of([u, v], [
        On(left, Eq(space.laplace(u), 1)), On(right, Eq(space.laplace(v), 0)), On(meeting, Eq(u, v)),
        On(meeting, Eq(space.dn(u), space.dn(v))), On(mesh.boundary - right.boundary, u),
        On(mesh.boundary - left.boundary, v),
    ])  # fmt: skip
    return standing(flux, shuffled(on_mesh(flux), 2), degree)


def test_unknowns_live_where_their_equations_hold():
    made = on_two_parts()
    left = inner_points(made.tessellation)[:, 0] < 1
    assert np.array_equal(made.columns.lives, [left, ~left])
    assert np.array_equal(holding(made.flux, made.tessellation), [left, ~left])


def test_an_unknown_without_a_flux_lives_where_an_equation_holds_it():
    u, v, p = space.unknowns("u v p")
    flow = [Eq(space.laplace(u) - p.diff(x), 0), Eq(space.laplace(v) - p.diff(y), 0), Eq(u.diff(x) + v.diff(y), 0)]
    flux = flux_of([u, v, p], [*(On(square, each) for each in flow), On(square.boundary, u), On(square.boundary, v)])
    made = standing(flux, on_boxes(flux), (2, 2, 1))
    assert made.columns.lives.all()
    assert made.columns.width == 4 * (6 + 6 + 3)


def test_an_unknown_lives_in_no_cell_beyond_its_own_region():
    inner = Region(space, Interval(0, 0.5) * Interval(0, 1))
    u, v = space.unknown("u"), space.unknown("inside", on=inner)
    flux = flux_of([u, v], [
        On(square, Eq(space.laplace(u), 0)), On(inner, Eq(space.laplace(v), u)), On(square.boundary, u),
        On(inner.boundary, v),
    ])  # fmt: skip
    made = standing(flux, on_boxes(flux, breaks=((0.5,), ())))
    assert made.columns.lives[0].all()
    assert np.array_equal(made.columns.lives[1], inner_points(made.tessellation)[:, 0] < 0.5)


def test_columns_lie_unknown_by_unknown_and_cell_by_cell():
    made = on_two_parts((1, 2))
    held = made.columns
    left = held.lives[0]
    assert np.array_equal(held.starts[0][left], 3 * np.arange(left.sum()))
    assert np.array_equal(held.starts[1][~left], 3 * left.sum() + 6 * np.arange((~left).sum()))
    assert held.width == 3 * left.sum() + 6 * (~left).sum()


def test_the_heads_of_an_unknown_are_taken_from_the_vector_of_all():
    made = on_two_parts()
    vector = np.arange(made.columns.width, dtype=complex)
    one, other = (made.columns.heads(k, vector) for k in (0, 1))
    left = made.columns.lives[0]
    assert np.array_equal(np.concatenate([one[left].ravel(), other[~left].ravel()]), vector)
    assert not one[~left].any()
    assert not other[left].any()
    assert one.dtype == complex


def test_columns_have_the_derivatives_by_the_coordinates():
    made = on_two_parts(2)
    field, points = x**2 - x * y + 3 * y, made.tessellation.volume.points
    vector = heads(made, field, field)
    cell = made.tessellation.volume.owners
    for unknown in (0, 1):
        here = made.columns.lives[unknown][cell]
        jets = made.columns.jets(unknown, cell[here], points[here])
        found = np.einsum("nmk,nk->nm", jets, made.columns.heads(unknown, vector)[cell[here]])
        a, b = points[here].T
        assert np.allclose(found, np.column_stack([a**2 - a * b + 3 * b, 2 * a - b, 3 - a]), atol=1e-8)


def test_the_network_of_an_unknown_gives_what_its_columns_give():
    made = on_two_parts(2)
    vector = heads(made, x**2 + y, x * y)
    for unknown, (known, side) in enumerate(((lambda a, b: a**2 + b, 0.0), (lambda a, b: a * b, 1.0))):
        trial = made.columns.trial(unknown, made.divided.cover)
        lives = made.columns.lives[unknown]
        points = np.random.default_rng(0).uniform((side, 0), (side + 1, 1), (100, 2))
        head = made.columns.heads(unknown, vector)[lives].ravel()
        assert trial.width == len(head)
        assert np.allclose(trial.apply(points, head, [(0, 0)])[0, 0], known(*points.T), atol=1e-9)


def test_cells_that_are_images_of_one_go_together_and_cut_ones_alone():
    disc, u = Ball(space, (0.5, 0.5), 0.4), space.unknown("u")
    flux = flux_of([u], [On(square - disc, Eq(space.laplace(u), 0)), On((square - disc).boundary, u)])
    found = on_boxes(flux, size=0.125).tessellation(3)
    numbers = np.arange(len(found.cells))
    parts = list(batches(found.cells, numbers))
    assert np.array_equal(np.sort(np.concatenate(parts)), numbers)
    cut = found.cells.reference == CUT
    assert sorted(map(len, parts)) == [*[1] * cut.sum(), (~cut).sum()]
