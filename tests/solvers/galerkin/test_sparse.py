"""Sparse systems: badly scaled ones, ones with zeros on the diagonal, and singular ones."""

import numpy as np
import pytest
from scipy.sparse import csc_array

from inrpde.errors import DivergedError
from inrpde.solvers.galerkin import sparse
from inrpde.solvers.galerkin.sparse import factorised, solve

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("kind", [float, complex])
def test_badly_scaled_systems(kind):
    plain = RNG.normal(size=(60, 60)) + 20 * np.eye(60) + (1j * RNG.normal(size=(60, 60)) if kind is complex else 0)
    scale = 10.0 ** RNG.uniform(-8, 8, 60)
    truth = RNG.normal(size=60)
    matrix = scale[:, None] * plain * scale
    found = solve(csc_array(matrix), matrix @ (truth / scale))
    assert np.allclose(found * scale, truth, rtol=1e-9)


def test_zeros_on_the_diagonal():
    """As where a pressure has no equation of its own."""
    block, coupling = RNG.normal(size=(40, 40)), RNG.normal(size=(40, 12))
    matrix = np.block([[block @ block.T + np.eye(40), coupling], [coupling.T, np.zeros((12, 12))]])
    truth = RNG.normal(size=52)
    assert np.allclose(solve(csc_array(matrix), matrix @ truth), truth, rtol=1e-8)


def test_pivots_are_chosen_anew_where_the_diagonal_gives_none():
    matrix, truth = np.array([[1e-13, 1.0, 0], [1, 1e-13, 2], [0, 2, 1]]), np.array([1.0, -2, 3])
    assert np.allclose(solve(csc_array(matrix), matrix @ truth), truth, rtol=1e-9)


def test_what_conditions_leave_open_is_told():
    matrix = np.diag([1.0, 2.0, 0.0])
    with pytest.raises(DivergedError, match="singular"):
        solve(csc_array(matrix), np.ones(3))


def saddle(size=60, many=20, small=1.0):
    """Of a flow: a block that is not symmetric, and a coupling that is skew."""
    block, coupling = RNG.normal(size=(size, size)) / 8 + 4 * np.eye(size), small * RNG.normal(size=(size, many))
    return np.block([[block, coupling], [-coupling.T, np.zeros((many, many))]])


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("small", [1.0, 1e-3])
def test_factors_of_saddle_points_serve_many_right_hand_sides(kind, small):
    matrix = saddle(small=small) + (0.5j * np.diag(np.arange(80) < 60) if kind is complex else 0)
    solver = factorised(csc_array(matrix), np.ones(80, kind), 1)
    for _ in range(3):
        truth = RNG.normal(size=80).astype(kind)
        assert np.allclose(solver(matrix @ truth), truth, rtol=1e-6, atol=1e-6)


def test_what_makes_an_empty_diagonal_firm_is_taken_off_again(monkeypatch):
    matrix, truth = saddle(), RNG.normal(size=80)
    monkeypatch.setattr("inrpde.solvers.galerkin.sparse.PIVOTS", ((1e-6, sparse.DIAGONAL),))
    missed = [np.abs(factorised(csc_array(matrix), truth, many)(matrix @ truth) - truth).max() for many in (0, 2)]
    assert missed[1] < 1e-12 < missed[0]


def test_saddle_points_are_solved_without_looking_for_pivots(monkeypatch):
    asked, real = [], sparse.splu
    monkeypatch.setattr(sparse, "splu", lambda *args, **options: asked.append(options) or real(*args, **options))
    factorised(csc_array(saddle()), np.ones(80))
    assert [each["diag_pivot_thresh"] for each in asked] == [0.0]


class Poor:
    """Factors that solve a system but for a part of it."""

    def __init__(self, matrix, part):
        self.inverse = np.linalg.inv(matrix) * (1 + part)

    def solve(self, right):
        return self.inverse @ right


@pytest.mark.parametrize(("part", "times"), [(1e-12, 2), (1e-3, 4), (0.2, 8)])
def test_refinement_goes_on_until_little_is_left(part, times):
    matrix, right = saddle(), RNG.normal(size=80)
    found, lefts = sparse.refinement(Poor(matrix, part), csc_array(matrix), right)
    assert len(lefts) <= sparse.MOST + 1
    assert found <= times
    assert lefts[found] < sparse.ACCURATE or times == sparse.MOST


def test_refinement_that_gains_nothing_ends():
    matrix = saddle()
    found, lefts = sparse.refinement(Poor(matrix, -2.5), csc_array(matrix), RNG.normal(size=80))
    assert found == 0
    assert len(lefts) <= sparse.REFINED + 2


def test_before_pivots_are_looked_for_more_is_put_on_an_empty_diagonal(monkeypatch):
    tried, real = [], sparse.refinement
    monkeypatch.setattr(sparse, "refinement", lambda *a: tried.append(1) or (0, [1.0]) if len(tried) < 1 else real(*a))
    asked, splu = [], sparse.splu
    monkeypatch.setattr(sparse, "splu", lambda *args, **options: asked.append(options) or splu(*args, **options))
    factorised(csc_array(saddle()), np.ones(80))
    assert [each["diag_pivot_thresh"] for each in asked] == [0.0, 0.0]


def test_a_column_of_nothing_is_not_made_firm():
    matrix = np.diag([2.0, 1.0, 0.0])
    with pytest.raises(DivergedError, match="singular"):
        factorised(csc_array(matrix), np.ones(3))


def test_empty_diagonals_are_scaled_by_their_complements():
    """Both columns of a system in other units give the same factors."""
    matrix, scale = saddle(), np.where(np.arange(80) < 60, 1e4, 1e-5)
    truth = RNG.normal(size=80)
    found = factorised(csc_array(scale[:, None] * matrix * scale), np.ones(80))(scale * (matrix @ truth))
    assert np.allclose(found * scale, truth, rtol=1e-8)


@pytest.mark.parametrize("share", [0.0, 1e-14, -1e-14, -3e-14])
def test_a_column_that_others_hold_as_well_does_not_lead_astray(share):
    """What rounding leaves of it may be as much as is added to the diagonal, with the other sign."""
    rng = np.random.default_rng(0)
    root = rng.standard_normal((30, 30)) + 6 * np.eye(30)
    inner, held = root @ root.T, rng.standard_normal(30)
    beside = inner @ held
    corner = (held @ beside) * (1 + share)
    matrix = csc_array(np.block([[inner, beside[:, None]], [beside[None], np.array([[corner]])]]))
    true = np.append(rng.standard_normal(30), 0.0)
    firm = np.append(np.zeros(30), 1e-14)
    found = solve(matrix, matrix @ true, (), firm)
    assert abs(found[-1]) < 1e3
    assert np.allclose(found[:-1] + found[-1] * held, true[:-1], rtol=1e-6, atol=1e-6)
