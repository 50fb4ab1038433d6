"""Sines in cells: nearly polynomials, orthonormal in each, with the derivatives that differences have, and stored."""

from itertools import product

import numpy as np
import pytest
from sympy import Interval

from inrpde import Ball, Mesh, Region, Space
from inrpde.discretise.weak.columns import inner_points
from inrpde.networks.mosaic import Mosaic, basis, chained, count
from inrpde.networks.stored import dump_trial, load_trial
from inrpde.sampling.cells import quadtree, simplices
from inrpde.sampling.cells.reference import cube_rule, simplex_rule

RNG = np.random.default_rng(0)
plane = Space("x y")
square, disc = Region(plane, Interval(0, 1) ** 2), Ball(plane, (0.5, 0.45), 0.3)
POINTS = RNG.uniform(size=(200, 2))
CASES = [
    (degree, dim, simplex) for degree, dim in ((0, 1), (5, 1), (12, 1), (3, 2), (8, 2), (5, 3)) for simplex in (0, 1)
]


def rule(dim, simplex, order):
    return (simplex_rule if simplex else cube_rule)(dim, order)


# -- bases


@pytest.mark.parametrize(("degree", "dim", "simplex"), CASES)
def test_functions_are_orthonormal_in_the_reference_cell(degree, dim, simplex):
    found = basis(degree, dim, bool(simplex))
    points, weights = rule(dim, simplex, degree + 2)
    values = found.jets(points)[:, 0]
    assert found.size == count(degree, dim) == values.shape[1]
    gram = values.T @ (values * (weights / weights.sum())[:, None])
    assert np.allclose(gram, np.eye(found.size), atol=1e-6)


@pytest.mark.parametrize(("degree", "dim", "simplex"), CASES)
def test_polynomials_of_the_degree_are_in_the_span_to_many_digits(degree, dim, simplex):
    points, weights = rule(dim, simplex, degree + 3)
    values, roots = basis(degree, dim, bool(simplex)).jets(points)[:, 0], np.sqrt(weights)[:, None]
    powers = [each for each in product(range(degree + 1), repeat=dim) if sum(each) <= degree]
    wanted = np.stack([np.prod(points**each, axis=1) for each in powers], axis=1)
    head = np.linalg.lstsq(values * roots, wanted * roots, rcond=None)[0]
    assert np.max(np.abs(values @ head - wanted)) < 1e-10


def test_functions_of_low_degree_come_first():
    low, high = basis(3, 2, True), basis(6, 2, True)
    points = 2 * RNG.dirichlet(np.ones(3), 40)[:, :2] - 1
    part = high.jets(points)[:, 0, : count(3, 2)]
    head = np.linalg.lstsq(low.jets(points)[:, 0], part, rcond=None)[0]
    assert np.max(np.abs(low.jets(points)[:, 0] @ head - part)) < 1e-9


def test_a_seed_gives_other_sines_of_the_same_span():
    one, other = basis(4, 2, False), basis(4, 2, False, 1)
    points = RNG.uniform(-1, 1, (60, 2))
    assert not np.allclose(one.frequencies, other.frequencies)
    a, b = one.jets(points)[:, 0], other.jets(points)[:, 0]
    assert np.allclose(a @ np.linalg.lstsq(a, b, rcond=None)[0], b, atol=1e-9)


def test_derivatives_by_local_coordinates_are_those_of_differences():
    found, step = basis(5, 3, False), 1e-5
    points = RNG.uniform(-0.9, 0.9, (20, 3))
    jets = found.jets(points)
    for k, shift in enumerate(step * np.eye(3)):
        slope = (found.jets(points + shift)[:, 0] - found.jets(points - shift)[:, 0]) / (2 * step)
        assert np.allclose(jets[:, 1 + k], slope, atol=1e-6)


def test_in_a_cut_cell_functions_are_orthonormal_there():
    angle, (radius, weights) = np.linspace(0, np.pi / 2, 31)[1:], cube_rule(1, 12)
    radius, along = (1 + radius[:, 0]) / 2, np.column_stack([np.cos(angle), np.sin(angle)])
    points = (radius[:, None, None] * along).reshape(-1, 2)  # a quarter of a disc
    weights = np.repeat(weights * radius, len(angle))
    plain = basis(4, 2, False)
    cut = plain.on(points, weights)
    values, before = cut.jets(points)[:, 0], plain.jets(points)[:, 0]
    assert np.allclose(values.T @ (values * (weights / weights.sum())[:, None]), np.eye(15), atol=1e-9)
    assert not np.allclose(before.T @ (before * (weights / weights.sum())[:, None]), np.eye(15), atol=1e-1)
    assert np.allclose(before @ np.linalg.lstsq(before, values, rcond=None)[0], values, atol=1e-7)


def test_functions_that_a_thin_cell_cannot_tell_apart_are_zero():
    (x, weights), plain = cube_rule(1, 8), basis(3, 2, False)
    points = np.column_stack([x[:, 0], np.full(8, 0.2)])
    cut = plain.on(points, weights)
    sizes = np.linalg.norm(cut.jets(points)[:, 0], axis=0)
    assert np.count_nonzero(sizes > 1e-6) == 4  # as polynomials of one coordinate
    assert np.all(np.isfinite(cut.mix))


# -- mosaics


def made(cover, origin, axes, simplex, degree=5):
    return Mosaic(cover, origin, axes, (basis(degree, 2, simplex),), np.zeros(len(origin), int))


def on_triangles(degree=5):
    nodes = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1], [0.4, 0.6]])
    cells = np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]])
    divided = simplices.divide([Mesh.of(plane, nodes, {"triangle": cells})])
    return made(divided.cover, divided.cover.origin, divided.cover.axes, True, degree)


def on_cut_boxes():
    """Boxes that a circle cuts, in each of which the basis is mixed anew."""
    divided = quadtree.divide([disc, square - disc], size=0.5)
    found = divided.tessellation(6)
    cells, volume = found.cells, found.volume
    cover = divided.cover.walled([lambda p: np.sum((p - [0.5, 0.45]) ** 2, axis=1) - 0.09], inner_points(found))
    plain, numbers = basis(3, 2, False), np.arange(len(cells))
    local, starts = cells.local(volume.owners, volume.points), volume.starts
    rows = [slice(starts[k], starts[k + 1]) for k in numbers]
    bases = tuple(plain.on(local[each], volume.weights[each]) for each in rows)
    return Mosaic(cover, cells.origin, cells.axes, bases, numbers)


@pytest.mark.parametrize("make", [on_triangles, on_cut_boxes])
def test_derivatives_are_those_of_differences(make):
    trial, step = make(), 1e-4
    head = RNG.normal(size=trial.width)
    shifts = np.vstack([np.zeros(2), 2 * step * np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1]])])
    cell = [trial.locate(POINTS + shift) for shift in shifts]
    points = POINTS[np.all(np.array(cell) == cell[0], axis=0)]
    assert len(points) > 150
    orders = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 1), (1, 3), (2, 2)]
    jets = trial.apply(points, head, orders)
    for index in orders[1:]:
        axis = int(np.argmax(index))
        below = tuple(n - (k == axis) for k, n in enumerate(index))
        shift = step * np.eye(2)[axis]
        above, under = (trial.apply(points + sign * shift, head, [below])[below] for sign in (1, -1))
        slope = (above - under) / (2 * step)
        assert np.linalg.norm(jets[index] - slope) < 1e-5 * np.linalg.norm(slope) + 1e-7 * np.linalg.norm(head)


@pytest.mark.parametrize("kind", [float, complex])
def test_columns_times_heads_are_what_is_applied(kind):
    trial, orders = on_triangles(), [(0, 0), (1, 0), (2, 1)]
    head = RNG.normal(size=trial.width) + (1j * RNG.normal(size=trial.width) if kind is complex else 0)
    jets, values = trial.jets(POINTS, orders), trial.apply(POINTS, head, orders)
    for index in orders:
        assert jets[index].shape == (len(POINTS), trial.width)
        assert values[index].dtype == kind
        assert np.allclose(jets[index] @ head, values[index], rtol=1e-10, atol=1e-8)


def test_the_columns_of_a_cell_vanish_in_all_others():
    trial = on_triangles()
    there = trial.jets(POINTS, [(0, 0)])[0, 0].reshape(len(POINTS), 4, -1) != 0
    assert np.array_equal(there.any(axis=2), trial.locate(POINTS)[:, None] == np.arange(4))


def test_points_outside_take_the_nearest_cell():
    cover = quadtree.divide([square], size=0.5).cover
    trial = made(cover, cover.origin, cover.axes, False, 1)
    beyond = np.array([[0.2, -0.2], [1.2, 0.4], [0.9, 1.2], [-0.3, 0.6]])
    inside = trial.locate(np.clip(beyond, 0, 1))
    assert len(set(inside)) == 4
    assert np.array_equal(trial.locate(beyond), inside)
    head = RNG.normal(size=trial.width)
    slope = trial.apply(beyond, head, [(1, 0)])[1, 0]
    assert np.allclose(slope, trial.apply(np.clip(beyond, 0, 1), head, [(1, 0)])[1, 0], rtol=1e-6)  # a plane's goes on


@pytest.mark.parametrize("make", [on_triangles, on_cut_boxes])
def test_what_is_stored_is_the_same_when_it_is_loaded(make):
    trial = make()
    head = RNG.normal(size=trial.width)
    back = load_trial(dump_trial(trial))
    points = np.vstack([POINTS, [[2.0, 2.0]]])
    for index, values in trial.apply(points, head, [(0, 0), (1, 1)]).items():
        assert np.array_equal(back.apply(points, head, [index])[index], values)


def test_a_chain_of_slopes_gives_each_order_its_share():
    inverse = RNG.normal(size=(3, 2, 2))
    plan = chained((1, 1), inverse)
    assert set(plan) == {(2, 0), (1, 1), (0, 2)}
    assert np.allclose(plan[2, 0], inverse[:, 0, 0] * inverse[:, 0, 1])
    assert np.allclose(plan[1, 1], inverse[:, 0, 0] * inverse[:, 1, 1] + inverse[:, 1, 0] * inverse[:, 0, 1])
    assert np.all(chained((0, 0), inverse)[0, 0] == 1)
