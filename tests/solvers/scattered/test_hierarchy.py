"""Cells of many sizes: everywhere to a depth, finer where labelled slopes turn, and along which coordinates."""

import numpy as np

from inrpde.solvers.scattered.hierarchy import DEEPEST, EVERYWHERE, HELD, halved, hierarchy, patchwork

BOX = np.array([-1.0, -1.0]), np.array([1.0, 1.0])
POINTS = np.random.default_rng(0).uniform(-1, 1, (4000, 2))
FLAT = np.tile([0.6, 0.8], (4000, 1))
COARSE = (EVERYWHERE, EVERYWHERE)


def jump(points):
    """Slopes that turn round at x = 0.3."""
    return np.where(points[:, :1] < 0.3, [1.0, 0.0], [-1.0, 0.0])


def sides(halvings):
    return 2 / 2.0 ** np.array(halvings)


def test_slopes_that_do_not_turn_or_turn_evenly_need_no_finer_cells():
    bent = np.stack([1 + 0.5 * POINTS[:, 0], 0.2 * POINTS[:, 1]], axis=1)
    for slopes in (FLAT, bent):
        found = halved(POINTS, slopes, BOX)
        assert len(found) == 4**EVERYWHERE
        assert {halvings for halvings, _ in found} == {COARSE}


def test_cells_are_halved_where_slopes_turn_and_across_that_alone():
    found = [(h, n) for h, n in halved(POINTS, jump(POINTS), BOX) if h != COARSE]
    assert found
    for halvings, number in found:
        assert halvings[1] == EVERYWHERE
        side = 2 * sides(halvings)[0]
        whole = -1 + side * (number[0] // 2 + 0.5)  # the middle of the cell that was halved
        assert abs(0.3 - whole) < side
    assert max(h[0] for h, _ in found) <= DEEPEST


def test_a_finer_cell_holds_enough_points():
    few = POINTS[:100]
    finer = 0
    for halvings, number in halved(few, jump(few), BOX):
        centre = -1 + sides(halvings) * (np.array(number) + 0.5)
        inside = np.all(np.abs(few - centre) <= sides(halvings), axis=1)
        finer += halvings != COARSE
        assert halvings == COARSE or inside.sum() >= HELD
    assert finer


def test_levels_are_coarse_first_and_every_whole_one_is_a_partition_of_unity():
    made = hierarchy(POINTS, jump(POINTS), BOX, (5, 3.0), 3, np.random.default_rng(1))
    depths = [sum(level.halvings) for level in made]
    assert depths == sorted(depths)
    assert [len(level.numbers) for level in made[: EVERYWHERE + 1]] == [1, 4, 16, 64]
    at = np.random.default_rng(2).uniform(-1, 1, (300, 2))
    for level in made[: EVERYWHERE + 1]:
        total = sum(cell.window.jets(at, [(0, 0)])[0, 0] for cell in level.cells())
        np.testing.assert_allclose(total, 1, atol=1e-12)
    body = patchwork(made)
    assert body.width == 5 * sum(len(level.numbers) for level in made)
    assert all(np.abs(weight).max() <= 3 for weight, _ in (level.layer for level in made))
