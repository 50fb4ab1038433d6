"""Many small cells solved together against one dense least-squares problem."""

import numpy as np
import pytest

from inrpde.networks.partition import windows
from inrpde.networks.patchwork import Cell, Patchwork
from inrpde.networks.siren import SineBody
from inrpde.solvers.scattered.orthonormal import CellRows, CellSystem, Columns

WIDTH, CELLS = 8, 12
INDICES = [(0, 0), (1, 0), (0, 2)]


@pytest.fixture(scope="module")
def body():
    rng = np.random.default_rng(0)
    made = windows([np.linspace(-1, 1, n + 1) for n in (4, 3)], smoothness=4)
    boxes = [(np.maximum(w.lo, -1), np.minimum(w.hi, 1)) for w in made]
    return Patchwork(tuple(map(Cell, (SineBody.random(WIDTH, 3.0, box, rng) for box in boxes), made)))


def equations(body):
    """Values at some points, and an equation at others: their columns, and the same as dense rows."""
    rng = np.random.default_rng(1)
    made, rows = [], []
    for count, terms in ((150, {(0, 0): 2.0}), (300, {(1, 0): 1.0, (0, 2): 0.1})):
        points = rng.uniform(-1, 1, (count, 2))
        slopes = {index: c * (1 + points[:, 1] ** 2) for index, c in terms.items()}
        made.append(CellRows(Columns.of(body, points, slopes), slopes, rng.standard_normal(count)))
        rows.append(body.operator(points, slopes))
    return made, np.concatenate(rows), np.concatenate([each.right for each in made])


def test_columns_make_the_field_and_its_derivatives(body):
    rng = np.random.default_rng(2)
    points, heads = rng.uniform(-1, 1, (200, 2)), rng.standard_normal((CELLS, WIDTH))
    columns = Columns.of(body, points, INDICES)
    found, exact = columns.times(heads), body.apply(points, heads.ravel(), INDICES)
    for index in INDICES:
        np.testing.assert_allclose(found[index], exact[index], atol=1e-4 * np.abs(exact[index]).max())
    assert len(columns.starts) == CELLS + 1
    assert [len(rows) for rows in body.inside(points)] == list(np.diff(columns.starts))


def test_it_finds_what_dense_least_squares_finds(body):
    made, matrix, right = equations(body)
    prior = np.full((CELLS, WIDTH), 0.3)
    found = CellSystem.of(made, prior).solve(np.zeros((CELLS, WIDTH)), 300)
    whole = np.vstack([matrix, np.diag(prior.ravel())])
    expected = np.linalg.lstsq(whole, np.concatenate([right, np.zeros(matrix.shape[1])]))[0]
    assert np.linalg.norm(found.ravel() - expected) < 1e-3 * np.linalg.norm(expected)
    assert np.linalg.norm(expected) > 1


def test_a_better_start_needs_fewer_iterations(body):
    made, _, _ = equations(body)
    system = CellSystem.of(made, np.full((CELLS, WIDTH), 0.3))
    best = system.solve(np.zeros((CELLS, WIDTH)), 300)
    cold, warm = (system.solve(start, 2) for start in (0 * best, best))
    assert np.linalg.norm(warm - best) < 1e-3 * np.linalg.norm(best) < 0.1 * np.linalg.norm(cold - best)


def test_the_prior_holds_what_no_point_sees(body):
    """All points lie in one half: heads of the other cells are zero."""
    points = np.random.default_rng(3).uniform([-1, -1], [-0.6, 1], (300, 2))
    values = {(0, 0): np.ones(300)}
    heads = CellSystem.of(
        [CellRows(Columns.of(body, points, values), values, np.ones(300))], np.full((CELLS, WIDTH), 1e-2)
    ).solve(np.zeros((CELLS, WIDTH)), 100)
    seen = np.array([len(rows) > 0 for rows in body.inside(points)])
    assert 0 < seen.sum() < CELLS
    assert np.abs(heads[~seen]).max() < 1e-6 < np.abs(heads[seen]).max()
