"""The heads of a system: when blocks solve it, parts that nothing couples, what it leans to, the norm 1."""

from types import SimpleNamespace

import numpy as np
import pytest

from inrpde.discretise.system import Block, Entries, System
from inrpde.solvers.linear import solve
from inrpde.solvers.linear.solve import by_blocks, factorise, minimise, solved
from tests.solvers.systems import chain, slices, system_of


def block(parts, right, **more):
    return Block(None, tuple(parts), right, 1.0, np.ones(len(right)), **more)


@pytest.mark.parametrize(
    ("rows", "widths", "expected"),
    [
        (2000, [60] * 10, True),
        (960, [60] * 10, True),
        (2000, [60] * 8, False),  # few columns: one dense factorisation is as fast
        (800, [60] * 10, False),  # hardly more rows than columns, and not so many of these
        (1500, [50] * 25, True),
        (1000, [50] * 25, False),  # fewer rows than columns
        (2000, [300] + [30] * 10, False),  # one piece is as large as the others together
    ],
)
def test_blocks_are_for_many_small_pieces_that_have_rows(rows, widths, expected):
    assert by_blocks(System((block([], np.zeros(rows)),), slices(widths))) is expected


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("dense", [solve.DENSE, 30], ids=["dense", "blocks"])
def test_least_squares_as_numpy(kind, dense, monkeypatch):
    monkeypatch.setattr(solve, "DENSE", dense)
    reaches, widths = chain(9)
    system = system_of(reaches, widths, 96, np.random.default_rng(0), kind)
    assert by_blocks(system) is (dense == 30)
    expected = np.linalg.lstsq(system.matrix(), system.right)[0]
    np.testing.assert_allclose(solved(system), expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(factorise(system).solve(2 * system.right), 2 * expected, rtol=1e-8, atol=1e-10)


def test_parts_that_no_equation_couples_are_solved_one_by_one(monkeypatch):
    """The first and the third piece, and the second; the last is in no equation."""
    rng = np.random.default_rng(1)
    matrices = [rng.standard_normal((20, width)) for width in (3, 2, 4)]
    first = block([Entries(0, None, matrices[0]), Entries(2, None, matrices[2])], rng.standard_normal(20))
    second = block([Entries(1, None, matrices[1])], rng.standard_normal(20))
    whole = System((first, second), slices([3, 2, 4, 5]))
    widths = []
    monkeypatch.setattr(solve, "factorise", lambda system, ridge: widths.append(system.width) or factorise(system))
    found = solved(whole)
    assert sorted(widths) == [2, 7]
    both = np.linalg.lstsq(np.hstack([matrices[0], matrices[2]]), first.right)[0]
    np.testing.assert_allclose(found[:3], both[:3], atol=1e-10)
    np.testing.assert_allclose(found[5:9], both[3:], atol=1e-10)
    np.testing.assert_allclose(found[3:5], np.linalg.lstsq(matrices[1], second.right)[0], atol=1e-10)
    assert not found[9:].any()


def test_of_many_solutions_it_takes_the_one_nearest_to_what_it_leans_to():
    rng = np.random.default_rng(2)
    matrix, right, lean = rng.standard_normal((4, 12)), rng.standard_normal(4), rng.standard_normal(12)
    system = System((block([Entries(0, None, matrix)], right),), slices([12]))
    inverse = np.linalg.pinv(matrix)
    np.testing.assert_allclose(solved(system), inverse @ right, atol=1e-6)
    np.testing.assert_allclose(solved(system, lean), lean + inverse @ (right - matrix @ lean), atol=1e-6)


def test_the_norm_of_a_condition_makes_a_mean_or_a_median():
    readings = np.array([1.0, 1.1, 1.2, 1.3, 9.0])

    def constant(norm):
        row = SimpleNamespace(condition=0, region=SimpleNamespace(dim=0))
        one = Block(row, (Entries(0, None, np.ones((5, 1))),), readings, 1.0, np.ones(5), norm=norm)
        return minimise(System((one,), slices([1])))[0]

    assert constant(2) == pytest.approx(np.mean(readings))
    assert constant(1) == pytest.approx(np.median(readings), abs=1e-3)


def test_pieces_that_all_reach_everywhere_are_one_dense_system():
    """As integrals make of cells: blocks would be eliminated as a border of all columns."""
    rng = np.random.default_rng(0)
    pieces = tuple(slice(60 * k, 60 * k + 60) for k in range(12))
    local = tuple(Entries(k, np.arange(140 * k, 140 * k + 200), rng.standard_normal((200, 60))) for k in range(12))
    whole = tuple(Entries(k, None, np.zeros((1740, 60))) for k in range(12))
    for parts, expected in ((local, True), (local + whole, False)):
        block = Block(None, parts, np.zeros(1740), 1.0, np.ones(1740))
        assert by_blocks(System((block,), pieces)) is expected


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("dense", [solve.DENSE, 30], ids=["dense", "blocks"])
def test_several_right_hand_sides_are_those_one_by_one(kind, dense, monkeypatch):
    monkeypatch.setattr(solve, "DENSE", dense)
    reaches, widths = chain(9)
    rng = np.random.default_rng(3)
    system = system_of(reaches, widths, 96, rng, kind)
    assert by_blocks(system) is (dense == 30)
    factors, right = factorise(system), rng.standard_normal((96, 4))
    if kind is complex:
        right = right + 1j * rng.standard_normal((96, 4))
    found = factors.solve(right)
    assert found.shape == (36, 4)
    one_by_one = np.stack([factors.solve(each) for each in right.T], axis=1)
    np.testing.assert_allclose(found, one_by_one, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found, np.linalg.lstsq(system.matrix(), right)[0], rtol=1e-8, atol=1e-10)
