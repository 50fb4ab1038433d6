"""In space: walls that are curved, edges that are re-entrant, and systems that are solved by conjugate gradients."""

import numpy as np
import pytest
from scipy.sparse import block_diag, csc_array, diags_array
from sympy import Eq, Interval, Piecewise

from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import compile_problem, flux_form
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.galerkin import sparse
from inrpde.solvers.galerkin.ground import ground
from inrpde.solvers.galerkin.level import level
from inrpde.solvers.galerkin.sparse import Block, solve
from inrpde.solvers.galerkin.strategy import serves

space = Space("x y z")
x, y, z = space.coords
u = space.unknown("u")
ball = Ball(space, (0, 0, 0), 1)
cube = Region(space, Interval(0, 1) ** 3)


def form(region, equation, *conditions):
    return compile_problem(Problem("p", unknowns=[u], conditions=[On(region, equation), *conditions]))


def values(found, points):
    return found.state.jets(0, points, [(0, 0, 0)])[0, 0, 0]


def test_a_ball_is_solved_to_the_degree():
    given = form(ball, Eq(-space.laplace(u), 6), On(ball.boundary, Eq(u, 0)))
    points = np.random.default_rng(0).uniform(-0.57, 0.57, (500, 3))
    found = level(flux_form(given), ground(flux_form(given), ()), 2, 0)
    assert values(found, points) == pytest.approx(1 - np.sum(points**2, axis=1), abs=3e-5)


def test_a_rod_of_another_material_leaves_what_is_linear_on_both_sides():
    """u = r² / a inside, continuous beyond: fluxes are those of r² everywhere, whatever side of a cell its middle is
    on."""
    square, radius = (x - 0.5) ** 2 + (y - 0.45) ** 2, 0.25
    a = Piecewise((50, square < radius**2), (1, True))
    truth = Piecewise((square / 50, square < radius**2), (square + (1 / 50 - 1) * radius**2, True))
    given = form(cube, Eq(space.div(a * space.grad(u)), 4), On(cube.boundary, Eq(u, truth)))
    points = np.random.default_rng(0).uniform(0.02, 0.98, (500, 3))
    found = level(flux_form(given), ground(flux_form(given), ()), 2, 0)
    square = (points[:, 0] - 0.5) ** 2 + (points[:, 1] - 0.45) ** 2
    exact = np.where(square < radius**2, square / 50, square + (1 / 50 - 1) * radius**2)
    assert values(found, points) == pytest.approx(exact, abs=3e-4)


def test_re_entrant_edges_and_materials_are_served_and_what_is_smooth_is_not():
    holed = ball - Region(space, Interval(-0.3, 0.3) ** 3)
    claim = serves(form(holed, Eq(-space.laplace(u), 1), On(holed.boundary, Eq(u, 0))))
    assert isinstance(claim, Claim)
    assert claim.role is Role.ALONE
    assert "edge" in claim.because
    assert isinstance(serves(form(ball, Eq(-space.laplace(u), 1), On(ball.boundary, Eq(u, 0)))), str)


def system(count=40, size=5, seed=0):
    """A symmetric positive matrix of blocks in a chain, and the blocks."""
    rng = np.random.default_rng(seed)
    roots = rng.standard_normal((count, size, size))
    coupled = diags_array([-1.0, -1.0], offsets=[-size, size], shape=(count * size, count * size))
    matrix = block_diag([3 * np.eye(size) + 0.1 * root @ root.T for root in roots]) + coupled
    return csc_array(matrix), rng.standard_normal(count * size), Block(size * np.arange(count), size, 1)


@pytest.fixture
def large(monkeypatch):
    """Conjugate gradients for systems of any size, and no factors of the whole."""
    monkeypatch.setattr(sparse, "LARGE", 0)
    whole = sparse.splu

    def small(matrix, **options):
        assert matrix.shape[0] < 200
        return whole(matrix, **options)

    monkeypatch.setattr(sparse, "splu", small)


@pytest.mark.usefixtures("large")
def test_conjugate_gradients_solve_what_is_symmetric_and_positive():
    matrix, right, blocks = system()
    found = solve(matrix, right, [blocks])
    assert np.linalg.norm(matrix @ found - right) < 1e-7 * np.linalg.norm(right)


@pytest.mark.usefixtures("large")
def test_they_are_not_tried_on_what_is_not_symmetric():
    matrix, right, blocks = system()
    turned = csc_array(matrix + diags_array([0.5], offsets=[1], shape=matrix.shape))
    with pytest.raises(AssertionError):
        solve(turned, right, [blocks])
