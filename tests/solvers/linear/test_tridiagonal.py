"""The block solver against one dense factorisation of the same system."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inrpde.discretise.system import Block, Entries, System
from inrpde.errors import DivergedError
from inrpde.solvers.linear.dense import Dense, ridge_solve
from inrpde.solvers.linear.tridiagonal import Tridiagonal, _levels
from tests.solvers.systems import chain, slices, system_of


def dense(system):
    return ridge_solve(system.matrix(), system.right)


def block_solve(system):
    return Tridiagonal.of(system).solve(system.right)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(1, 6), st.sampled_from([float, complex]), st.booleans())
def test_a_chain_of_pieces(seed, count, width, kind, split):
    reaches, widths = chain(count, width)
    system = system_of(reaches, widths, 10 * count + 6, np.random.default_rng(seed), kind, split)
    assert np.allclose(block_solve(system), dense(system), rtol=1e-8, atol=1e-10)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from([float, complex]))
def test_pieces_that_reach_everywhere_are_a_border(seed, kind):
    rng = np.random.default_rng(seed)
    reaches, widths = chain(10)
    reaches, widths = [None, *reaches, None], [3, *widths, 2]
    system = system_of(reaches, widths, 106, rng, kind)
    assert np.allclose(block_solve(system), dense(system), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("kind", [float, complex])
def test_a_border_that_the_cells_can_make_themselves(kind):
    rng = np.random.default_rng(3)
    reaches, widths = chain(10)
    system = system_of(reaches, widths, 106, rng, kind, split=False)
    (block,) = system.blocks
    matrix = np.zeros((106, 2), dtype=kind)
    for part in block.parts:
        matrix[part.rows] += part.matrix[:, :2]
    doubled = replace(block, parts=(*block.parts, Entries(10, None, matrix)))
    found = block_solve(System((doubled,), slices([*widths, 2])))
    fitted = system.blocks[0].times(dense(system), system.pieces)
    assert np.allclose(doubled.times(found, slices([*widths, 2])), fitted, atol=1e-7)


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_pieces_that_overlap_anyhow(seed):
    rng = np.random.default_rng(seed)
    count, total = 9, 120
    reaches = [np.sort(rng.permutation(total)[: rng.integers(15, 40)]) for _ in range(count)]
    system = system_of(reaches, rng.integers(1, 6, count), total, rng)
    assert np.allclose(block_solve(system), dense(system), rtol=1e-8, atol=1e-10)


@given(st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30))
def test_a_level_couples_with_those_beside_it_alone(couples):
    inner = [k for k in range(12) if k != 5]
    overlaps = {(max(pair), min(pair)): None for pair in couples if 5 not in pair}
    levels = _levels(inner, overlaps)
    assert sorted(k for level in levels for k in level) == inner
    number = {k: n for n, level in enumerate(levels) for k in level}
    assert all(abs(number[i] - number[j]) <= 1 for i, j in overlaps)


def test_the_levels_of_a_chain_are_its_pieces():
    assert sorted(map(len, _levels(list(range(9)), {(k + 1, k): None for k in range(8)}))) == [1] * 9


def test_pieces_in_separate_components_and_pieces_without_rows():
    rng = np.random.default_rng(4)
    reaches = [np.arange(0, 20), np.arange(15, 35), np.arange(60, 80), np.zeros(0, int)]
    system = system_of(reaches, [4, 4, 5, 3], 90, rng)
    found = block_solve(system)
    assert np.allclose(found[:13], dense(system)[:13])
    assert np.allclose(found[13:], 0)


def test_the_parts_of_several_unknowns_in_one_block_add_up():
    rng = np.random.default_rng(5)
    rows = np.arange(30)
    parts = (Entries(0, rows[:20], rng.standard_normal((20, 3))), Entries(0, rows[10:], rng.standard_normal((20, 3))))
    parts += (Entries(1, None, rng.standard_normal((30, 4))),)
    system = System((Block(None, parts, rng.standard_normal(30), 1.0, np.ones(30)),), slices([3, 4]))
    assert np.allclose(block_solve(system), dense(system))


def test_weights_weigh_rows():
    one, other = (
        Block(None, (Entries(0, None, np.ones((4, 1))),), np.full(4, value), 1.0, np.ones(4)) for value in (0.0, 1.0)
    )
    system = System((one, other), slices([1]))
    for share in (1.0, 3.0):
        weighted = system.weighted([np.ones(4), np.full(4, share)])
        assert np.allclose(block_solve(weighted), share**2 / (1 + share**2))


def test_one_factorisation_serves_many_right_hand_sides():
    reaches, widths = chain(9)
    system = system_of(reaches, widths, 96, np.random.default_rng(2))
    factor = Tridiagonal.of(system)
    for seed in range(3):
        right = np.random.default_rng(seed).standard_normal(96)
        assert np.allclose(factor.solve(right), np.linalg.lstsq(system.matrix(), right)[0], rtol=1e-8, atol=1e-10)


def test_columns_that_depend_on_one_another_fit_as_well_as_numpy():
    rng = np.random.default_rng(7)
    reaches, widths = chain(8, width=5)
    system = system_of(reaches, widths, 86, rng)
    for block in system.blocks:
        for part in block.parts:
            part.matrix[:, 4] = part.matrix[:, 0] + 1e-14 * part.matrix[:, 4]
    matrix, right = system.matrix(), system.right
    best = np.linalg.norm(matrix @ np.linalg.lstsq(matrix, right, rcond=1e-12)[0] - right)
    assert np.linalg.norm(matrix @ block_solve(system) - right) < best * (1 + 1e-8)


def test_what_is_not_finite_is_an_error():
    reaches, widths = chain(3)
    system = system_of(reaches, widths, 36, np.random.default_rng(8))
    system.blocks[0].parts[0].matrix[0, 0] = np.inf
    with pytest.raises(DivergedError, match="not finite"):
        block_solve(system)


@pytest.mark.parametrize("border", [False, True])
def test_several_at_once_and_the_volume_are_those_of_one_dense_factorisation(border):
    rng = np.random.default_rng(4)
    reaches, widths = chain(10)
    if border:
        reaches, widths = [None, *reaches], [3, *widths]
    system = system_of(reaches, widths, 106, rng, float)
    made, whole = Tridiagonal.of(system), Dense.of(system.matrix())
    right = rng.standard_normal((len(system.right), 3))
    assert np.allclose(made.roughly(right), whole.solve(right), rtol=1e-6, atol=1e-8)
    assert np.array_equal(whole.roughly(right), whole.solve(right))
    _, twice = np.linalg.slogdet(system.matrix().T @ system.matrix())
    assert made.volume == pytest.approx(twice / 2, rel=1e-8)
    assert whole.volume == pytest.approx(twice / 2, rel=1e-8)
