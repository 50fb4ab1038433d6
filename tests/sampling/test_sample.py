"""Samples of regions: weights, moments, discrepancy, seeds, shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc
from sympy import And, Eq, Interval, Rational

from inrpde.declaration.regions import Ball, Region
from inrpde.declaration.regions.sequence import lattice, scattered, strata
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample

PLANE = Space("x y")
x, y = PLANE.coords
SQUARE = Region(PLANE, Interval(0, 1) ** 2)
SMOOTH = [
    (lambda x, y: np.exp(x + y), (np.e - 1) ** 2),
    (lambda x, y: np.cos(3 * x) * np.exp(y), np.sin(3) / 3 * (np.e - 1)),
    (lambda x, y: x**3 * y, 1 / 8),
    (lambda x, y: 1 / (1 + x + 2 * y), (4 * np.log(4) - 3 * np.log(3) - 2 * np.log(2)) / 2),
]


def cube(dim):
    return Region(Space([f"x{k}" for k in range(dim)]), Interval(0, 1) ** dim if dim > 1 else Interval(0, 1))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("f", "integral"), SMOOTH)
def test_a_thousand_points_integrate_smooth_functions(f, integral, seed):
    q = sample(SQUARE, 1000, seed)
    assert len(q) == 1000
    assert q.weights.sum() == pytest.approx(1)
    values = f(*q.points.T)
    assert abs(q.weights @ values - integral) < 1.2e-3 * np.max(np.abs(values))


def test_integrals_converge_faster_than_random():
    f, integral = SMOOTH[0]

    def error(n):
        return np.sqrt(
            np.mean(
                [
                    (sample(SQUARE, n, seed).weights @ f(*sample(SQUARE, n, seed).points.T) - integral) ** 2
                    for seed in range(8)
                ]
            )
        )

    rate = np.log(error(200) / error(12800)) / np.log(64)
    assert rate > 0.85


@pytest.mark.parametrize("dim", range(1, 11))
def test_moments_in_one_to_ten_dimensions(dim):
    q = sample(cube(dim), 2000, 1)
    assert np.allclose(q.points.mean(axis=0), 0.5, atol=1e-6)
    # the correlation of 2,000 random points comes to 0.07 somewhere among 45 pairs
    assert np.allclose(12 * np.atleast_2d(np.cov(q.points.T)), np.eye(dim), atol=0.03)
    assert q.points.min() > 0
    assert q.points.max() < 1


@pytest.mark.parametrize("dim", [2, 3, 5, 10])
def test_discrepancy_is_no_worse_than_random(dim):
    ours = [qmc.discrepancy(sample(cube(dim), 500, seed).points, method="L2-star") for seed in range(4)]
    theirs = [qmc.discrepancy(np.random.default_rng(seed).random((500, dim)), method="L2-star") for seed in range(4)]
    assert max(ours) < max(theirs)
    assert np.mean(ours) < np.mean(theirs)


def test_star_discrepancy_of_the_square():
    """The largest of the errors of areas [0, a]×[0, b], by the corners that the points define."""

    def star(points):
        a = np.append(points[:, 0], 1.0)
        b = np.append(points[:, 1], 1.0)
        area = a[:, None] * b
        closed = (points[:, 0, None, None] <= a[None, :, None]) & (points[:, 1, None, None] <= b)
        opened = (points[:, 0, None, None] < a[None, :, None]) & (points[:, 1, None, None] < b)
        return max(np.max(closed.mean(axis=0) - area), np.max(area - opened.mean(axis=0)))

    ours = [star(sample(SQUARE, 200, seed).points) for seed in range(3)]
    theirs = [star(np.random.default_rng(seed).random((200, 2))) for seed in range(3)]
    assert max(ours) < 0.03 < min(theirs)


def test_the_beginning_of_a_sample_covers_the_region():
    points = sample(SQUARE, 2000, 0).points[:100]
    assert np.all(np.histogram2d(*points.T, bins=4, range=[[0, 1]] * 2)[0] >= 3)


def test_the_same_seed_gives_the_same_bytes():
    region = SQUARE - Ball(PLANE, (0, 0), Rational(1, 2))
    for each in (region, region.boundary):
        one, again, other = sample(each, 300, 7), sample(each, 300, 7), sample(each, 300, 8)
        assert one.points.tobytes() == again.points.tobytes()
        assert one.weights.tobytes() == again.weights.tobytes()
        assert one.points.tobytes() != other.points.tobytes()
        assert abs(len(one) - 300) < 15


def test_held_out_points_are_other_points():
    edges = sample(SQUARE.boundary, 100, 0), sample(SQUARE.boundary, 100, 1)
    apart = np.linalg.norm(edges[0].points[:, None] - edges[1].points, axis=2).min(axis=1)
    assert np.median(apart) > 1e-3


@given(st.integers(8, 400), st.integers(0, 10**6), st.floats(1e-3, 1))
def test_faces_share_by_measure_and_none_goes_without(n, seed, height):
    region = Region(PLANE, Interval(0, 1) * Interval(0, height))
    q = sample(region.boundary, n, seed)
    for normal, length in (((0, -1), 1), ((0, 1), 1), ((-1, 0), height), ((1, 0), height)):
        on = np.all(q.normals == normal, axis=1)
        assert on.sum() >= 4
        assert on.sum() <= max(4, n * length / (2 + 2 * height) + 1)
        assert q.weights[on].sum() == pytest.approx(length)
    assert np.linalg.norm(q.weights @ q.normals) < 1e-12
    assert q.measure == pytest.approx(2 + 2 * height)


def test_edges_are_covered_to_their_ends():
    q = sample(SQUARE.face(y, 0), 50, 3)
    along = np.sort(q.points[:, 0])
    assert along[0] < 1 / 50
    assert along[-1] > 1 - 1 / 50
    assert np.max(np.diff(along)) < 2 / 50


def test_curves_converge_with_order_two():
    arc = Ball(PLANE, (0, 0), 1).boundary.where(And(x > 0, y > 0))

    def error(n):
        q = sample(arc, n, 2)
        return abs(q.weights @ q.points[:, 0] - 1)

    assert error(20) < 1e-2
    assert error(640) < error(20) / 500


@pytest.mark.parametrize("n", [1, 10, 1000])
def test_a_part_that_is_hard_to_meet(n):
    """A thousandth of the square: every point that is asked for, or nearly."""
    sliver = SQUARE.where(x + y < Rational(447, 10000))
    q = sample(sliver, n, 0)
    assert max(1, 0.8 * n) <= len(q) <= max(8, 1.2 * n)
    assert q.measure == pytest.approx(0.0447**2 / 2, rel=0.02)
    assert q.weights.sum() == pytest.approx(q.measure)
    assert sliver.contains(q.points).all()


def test_a_part_that_is_not_there():
    with pytest.raises(ProblemError, match="selects nothing"):
        sample(SQUARE.where(Eq(x, Rational(1, 3))), 100)


def test_strata_and_orders():
    for count in (1, 2, 7, 100):
        assert sorted(scattered(count).tolist()) == list(range(count))
        cells = np.floor(strata(count, 0.29) * count)
        assert cells.tolist() == list(range(count))
    first = lattice(1000, 3, np.random.default_rng(0))[scattered(1000)][:30, 0]
    assert np.max(np.diff(np.sort(first))) < 0.1
    assert lattice(5, 0, np.random.default_rng(0)).shape == (5, 0)


def test_a_region_too_thin_to_be_found_by_trial_is_refused_before_memory_is():
    plane = Space("x y")
    ring = Ball(plane, (0, 0), 1) - Ball(plane, (0, 0), 0.999999)
    with pytest.raises(ProblemError, match="by trial") as caught:
        sample(ring, 1_000_000)
    assert "Ball" in str(caught.value.where)
    assert caught.value.fix
