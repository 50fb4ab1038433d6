"""Functions about points where materials meet: their exponents, what they fulfil, their derivatives, their storage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inrpde.networks.stored import dump_trial, load_trial
from inrpde.networks.vertex import VertexFunctions, between_walls, vertex_modes
from inrpde.sampling.cells.tessellation import Cover

QUARTERS = np.linspace(0, 2 * np.pi, 5)
POINT = np.array([0.3, -0.2])
SIZE = 1.3


def about(angles, modes):
    """The functions of modes on two cells a sector, squares about the point."""
    sectors, count = len(angles) - 1, len(modes)
    shares = np.tile([0.25, 0.75], sectors)
    sector = np.repeat(np.arange(sectors), 2)
    middles = (1 - shares) * np.asarray(angles)[sector] + shares * np.asarray(angles)[sector + 1]
    arrays = (
        np.array([getattr(mode, name) for mode in modes]).reshape(count, sectors)
        for name in ("factors", "logs", "squares")
    )
    cover = Cover(
        np.tile(POINT, (2 * sectors, 1)), np.tile(3 * np.eye(2), (2 * sectors, 1, 1)), np.arange(2 * sectors),
        np.zeros(2 * sectors, int), False,
    )  # fmt: skip
    return VertexFunctions(
        cover, np.zeros(2 * sectors, int), sector, middles, POINT[None], np.array([SIZE]),
        np.zeros(count, int), np.array([mode.power for mode in modes], float), *arrays,
    )  # fmt: skip


def ray(angle, n=9):
    return POINT + np.linspace(0.05, 1.2, n)[:, None] * np.array([np.cos(angle), np.sin(angle)])


def at(trial, points, cell, index=(0, 0)):
    return trial.at(points, np.full(len(points), cell), np.arange(trial.width), index)


def flux(trial, points, cell, normal, a):
    return a * sum(n * at(trial, points, cell, index) for n, index in zip(normal, ((1, 0), (0, 1)), strict=True))


def fulfils(angles, a, walls, modes, slack=1e-8):
    """Continuous with their fluxes, without divergence but for their sources, and as is said on walls."""
    if not modes:
        return
    trial, count = about(angles, modes), len(a)
    for k in range(count):
        points = ray((angles[k] + angles[k + 1]) / 2)
        laplacian = at(trial, points, 2 * k, (2, 0)) + at(trial, points, 2 * k, (0, 2))
        sources = np.array([mode.sources[k] for mode in modes]) / SIZE**2
        assert np.allclose(-a[k] * laplacian, sources, rtol=0, atol=slack * max(a))
        after, points = (k + 1) % count, ray(angles[k + 1])
        across = np.array([-np.sin(angles[k + 1]), np.cos(angles[k + 1])])
        if walls is None or after:
            assert np.allclose(at(trial, points, 2 * k + 1), at(trial, points, 2 * after), atol=slack)
            own, theirs = flux(trial, points, 2 * k + 1, across, a[k]), flux(trial, points, 2 * after, across, a[after])
            assert np.allclose(own, theirs, rtol=0, atol=slack * max(a) * np.abs(own / max(a)).max() + slack * max(a))
    if walls is None:
        return
    for number, (angle, cell, turn) in enumerate(((angles[0], 0, -1), (angles[-1], 2 * count - 1, 1))):
        outward = turn * np.array([-np.sin(angle), np.cos(angle)])
        if walls[number]:
            assert np.allclose(at(trial, ray(angle), cell), 0, atol=slack)
        else:
            influx = np.array([mode.influx[number] for mode in modes]) / SIZE
            assert np.allclose(flux(trial, ray(angle), cell, outward, a[cell // 2]), influx, atol=slack * max(a))


@pytest.mark.parametrize("ratio", [1e-5, 1e-2, 3.0, 1e3])
def test_a_checkerboard_has_the_exponents_of_a_closed_form(ratio):
    """tan²(λπ/4) is the ratio (Kellogg 1975)."""
    modes = vertex_modes(QUARTERS, [1.0, ratio, 1.0, ratio], None, 3.0)
    one = 4 / np.pi * np.arctan(np.sqrt(min(ratio, 1 / ratio)))
    found = sorted(mode.power for mode in modes if mode.power != 2)
    assert np.allclose(found, [one, 2 - one, 2 + one], rtol=1e-10)
    fulfils(QUARTERS, [1.0, ratio, 1.0, ratio], None, modes)


@pytest.mark.parametrize(
    ("width", "walls", "powers"),
    [
        (1.5 * np.pi, (True, True), [2 / 3, 4 / 3, 8 / 3]),
        (1.5 * np.pi, (False, False), [2 / 3, 4 / 3, 8 / 3]),
        (np.pi, (True, False), [0.5, 1.5, 2.5]),
        (2 * np.pi, (True, True), [0.5, 1.5, 2.5]),
        (2 * np.pi, (False, True), [0.25, 0.75, 1.25, 1.75, 2.25, 2.75]),
        (0.6 * np.pi, (True, True), [5 / 3]),
    ],
)
def test_corners_and_cracks_between_walls(width, walls, powers):
    modes = vertex_modes([0.4, 0.4 + width], [2.0], walls, 3.0)
    assert np.allclose(sorted(mode.power for mode in modes if not np.any(mode.logs)), powers, rtol=1e-10)
    fulfils([0.4, 0.4 + width], [2.0], walls, modes)


@pytest.mark.parametrize("walls", [(True, True), (False, False), (True, False), (False, True)])
def test_what_drives_a_square_at_its_corner_is_met_by_logarithms(walls):
    """With a source between cold walls like r² log r; with heat through one wall beside a cold one like r log r."""
    angles = [0.0, np.pi / 2]
    modes = vertex_modes(angles, [3.0], walls, 4.0)
    resonant = {(True, True): [2], (False, False): [], (True, False): [1], (False, True): [1]}[walls]
    assert [mode.power for mode in modes] == resonant
    fulfils(angles, [3.0], walls, modes)
    for mode in modes:
        assert np.any(mode.sources) == (mode.power == 2)
        assert np.any(mode.influx) == (mode.power == 1)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.3, 2.0), st.floats(-3, 3)), min_size=2, max_size=6),
    st.sampled_from([None, (True, True), (True, False), (False, False)]),
    st.floats(-3, 3),
)
def test_any_sectors(sectors, walls, start):
    widths, exponents = np.array(sectors).T
    widths = widths * (2 * np.pi if walls is None else min(2 * np.pi, widths.sum())) / widths.sum()
    angles, a = start + np.append(0, np.cumsum(widths)), list(10**exponents)
    modes = vertex_modes(angles, a, walls, 3.0)
    fulfils(angles, a, walls, modes, slack=1e-6)


def test_sources_in_quarters_have_one_function():
    """For quarters 2 is twice an exponent, whatever their conductivities; of the two one has no mean in any quarter."""
    modes = [mode for mode in vertex_modes(QUARTERS, [1.0, 50.0, 3.0, 0.2], None, 3.0) if np.any(mode.logs)]
    assert [mode.power for mode in modes] == [2]
    fulfils(QUARTERS, [1.0, 50.0, 3.0, 0.2], None, modes)


def test_between_walls_of_other_values():
    angles, a = [0.3, 1.0, 2.9, 4.1], [2.0, 50.0, 0.1]
    mode = between_walls(angles, a)
    trial = about(angles, [mode])
    assert np.allclose(at(trial, ray(angles[0]), 0), 0)
    assert np.allclose(at(trial, ray(angles[-1]), 5), 1)
    for k in (0, 1):
        points, across = ray(angles[k + 1]), np.array([-np.sin(angles[k + 1]), np.cos(angles[k + 1])])
        assert np.allclose(at(trial, points, 2 * k + 1), at(trial, points, 2 * k + 2))
        own, theirs = (flux(trial, points, 2 * k + 1 + n, across, a[k + n]) for n in (0, 1))
        assert np.allclose(own, theirs)
    assert np.allclose(at(trial, ray(2.0), 2, (2, 0)) + at(trial, ray(2.0), 2, (0, 2)), 0)


def test_derivatives_are_those_of_differences():
    modes = vertex_modes(QUARTERS, [1.0, 50.0, 3.0, 0.2], None, 3.0)
    trial, h = about(QUARTERS, modes), 1e-5
    points = POINT + np.random.default_rng(0).uniform(0.1, 0.6, (20, 2))
    for index in ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (1, 2)):
        k = 0 if index[0] else 1
        below = tuple(n - (i == k) for i, n in enumerate(index))
        step = h * np.eye(2)[k]
        slope = (at(trial, points + step, 0, below) - at(trial, points - step, 0, below)) / (2 * h)
        assert np.allclose(at(trial, points, 0, index), slope, rtol=1e-4, atol=1e-5)


def test_at_the_point_itself_values_are_right_and_slopes_are_numbers():
    trial = about(QUARTERS, vertex_modes(QUARTERS, [1.0, 1e3, 1.0, 1e3], None, 3.0))
    assert np.array_equal(at(trial, POINT[None], 0), np.zeros((1, trial.width)))
    assert np.all(np.isfinite(at(trial, POINT[None], 0, (1, 0))))


def test_a_field_is_its_columns_times_its_head_and_is_stored():
    trial = about([0.0, np.pi / 2], vertex_modes([0.0, np.pi / 2], [1.0], (True, True), 4.0))
    head, points = np.arange(1.0, 1 + trial.width), POINT + np.random.default_rng(1).uniform(-5, 5, (50, 2))
    indices = [(0, 0), (1, 0), (1, 1)]
    columns, field = trial.jets(points, indices), trial.apply(points, head, indices)
    again = load_trial(dump_trial(trial)).apply(points, head, indices)
    outside = np.any(np.abs(points - POINT) > 3, axis=1)
    for index in indices:
        assert np.allclose(columns[index] @ head, field[index])
        assert np.array_equal(field[index], again[index])
        assert not np.any(field[index][outside])
