"""The likeliest penalty, and the covariance under all likely ones, on Gaussian data whose truth is known."""

import numpy as np
import pytest
from scipy.special import eval_legendre, ndtri

from inrpde.solvers.inverse.coordinates import Penalty
from inrpde.solvers.inverse.regularise import LIKELY, VAGUE, _Spectrum, averaged, choose

COUNT, WIDTH = 60, 24
AT = np.linspace(-1, 1, COUNT)
COLUMNS = np.stack([eval_legendre(k, AT) for k in range(WIDTH)], axis=1)
FINE = np.linspace(-1, 1, 101)
VALUES = np.stack([eval_legendre(k, FINE) for k in range(WIDTH)], axis=1)


def penalty_of(order):
    """That of the derivative of an order, of sums of Legendre polynomials, by Gauss's rule: exact."""
    points, weights = np.polynomial.legendre.leggauss(WIDTH + 2)
    series = [np.polynomial.legendre.Legendre.basis(k).deriv(order)(points) for k in range(WIDTH)]
    return Penalty(np.sqrt(weights / 2)[:, None] * np.stack(series, axis=1), np.zeros(len(points)))


PENALTIES = [penalty_of(order) for order in (1, 2, 3)]


def drawn(rng, order=2, size=0.5):
    """Coordinates of which a penalty of an order is that of a Gaussian of a size."""
    z = np.linalg.lstsq(PENALTIES[order - 1].matrix, size * rng.standard_normal(WIDTH + 2))[0]
    z[:order] = rng.standard_normal(order)
    return z


def read(z, noise, rng):
    return COLUMNS @ z + noise * rng.standard_normal(COUNT)


def test_rough_truths_get_a_smaller_weight_than_smooth_ones():
    rng, noise = np.random.default_rng(0), 0.02
    rough = np.linalg.lstsq(COLUMNS, np.sin(9 * AT))[0]
    smooth = np.linalg.lstsq(COLUMNS, AT + AT**2 / 2)[0]
    found = [choose(COLUMNS, read(z, noise, rng), [PENALTIES[1]], COUNT) for z in (rough, smooth)]
    assert found[0].weight < 5e-3 * found[1].weight
    assert found[0].degrees > 1.5 * found[1].degrees


def test_the_order_is_that_of_which_the_truth_was_drawn():
    """As a rule for the orders 1 and 2; one of order 3 looks like one of 2 as often, and never like one of 1."""
    chosen = {}
    for order in (1, 2, 3):
        chosen[order] = []
        for seed in range(10):
            rng = np.random.default_rng([seed, 7])
            made = choose(COLUMNS, read(drawn(rng, order), 0.05, rng), PENALTIES, COUNT)
            chosen[order].append([made.penalty is each for each in PENALTIES].index(True) + 1)
    assert chosen[1].count(1) >= 7
    assert chosen[2].count(2) >= 7
    assert chosen[3].count(1) == 0
    assert chosen[3].count(3) > chosen[2].count(3)


def test_the_noise_is_what_it_was_and_the_readings_say_so_many_numbers():
    noises = []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        made = choose(COLUMNS, read(drawn(rng), 0.1, rng), [PENALTIES[1]], COUNT)
        noises.append(made.noise)
        assert made.degrees == pytest.approx(made.trusted.sum())
        assert np.all((made.trusted >= 0) & (made.trusted <= 1))
    assert np.sqrt(np.mean(np.square(noises))) == pytest.approx(0.1, rel=0.05)


def test_an_interval_of_ninety_per_cent_holds_the_truth_in_about_ninety_of_a_hundred():
    held = []
    for seed in range(50):
        rng = np.random.default_rng([seed, 1])
        z = drawn(rng)
        mean, root = averaged(COLUMNS, read(z, 0.1, rng), PENALTIES, COUNT)
        held.append(np.abs(VALUES @ (mean - z)) < -ndtri(0.05) * np.linalg.norm(VALUES @ root, axis=1))
    assert 0.8 < np.mean(held) < 0.98


def test_the_likeliest_is_the_minimum_of_its_weighted_sum():
    rng = np.random.default_rng(2)
    data = read(drawn(rng), 0.1, rng)
    made = choose(COLUMNS, data, PENALTIES, COUNT)
    columns = np.linalg.norm(made.penalty.matrix, axis=0)
    vague = VAGUE * np.median(columns[columns > 0]) * np.eye(WIDTH)
    rows = np.vstack([COLUMNS, np.sqrt(made.weight) * made.penalty.matrix, np.sqrt(made.weight) * vague])
    z = np.linalg.lstsq(rows, np.concatenate([data, np.zeros(len(rows) - COUNT)]))[0]
    assert VALUES @ made.z == pytest.approx(VALUES @ z, abs=1e-6)
    covariance = made.noise**2 * np.linalg.inv(rows.T @ rows)
    assert VALUES @ made.root @ made.root.T @ VALUES.T == pytest.approx(VALUES @ covariance @ VALUES.T, abs=1e-7)


def test_the_average_is_that_of_the_mixture():
    """By brute force: the mean of every penalty and weight, by likelihood; the covariance about it of each penalty's
    weights, by likelihood, all penalties alike."""
    rng = np.random.default_rng(3)
    data = read(drawn(rng), 0.1, rng)
    made = [_Spectrum.of(COLUMNS, data, penalty, COUNT) for penalty in PENALTIES]
    tried = [[spectrum.chosen(weight) for weight in spectrum.weights] for spectrum in made]
    every = [chosen for each in tried for chosen in each]
    shares = likely(every)
    expected = shares @ np.array([chosen.z for chosen in every])
    covariance = np.zeros((len(expected), len(expected)))
    for each in tried:
        own = np.where(likely(each, whole=False) > LIKELY, likely(each), 0)
        for share, chosen in zip(own / own.sum() / len(tried), each, strict=True):
            apart = chosen.z - expected
            covariance += share * (chosen.root @ chosen.root.T + np.outer(apart, apart))
    mean, root = averaged(COLUMNS, data, PENALTIES, COUNT)
    assert mean == pytest.approx(expected)
    assert root @ root.T == pytest.approx(covariance, abs=1e-8 * np.abs(covariance).max())
    assert max(shares) < 0.2  # one alone would be another answer


def likely(tried, whole=True):
    """The likelihood of each, beside the largest, or beside that of all."""
    unlikely = np.array([each.unlikely for each in tried])
    shares = np.exp((unlikely.min() - unlikely) / 2)
    return shares / shares.sum() if whole else shares


def test_likelihood_is_that_of_the_readings_under_the_prior():
    """Differences of `unlikely` between weights are those of -2 log of the restricted likelihood, by brute force."""
    rng = np.random.default_rng(4)
    data, penalty = read(drawn(rng, 1), 0.3, rng), PENALTIES[0]
    spectrum = _Spectrum.of(COLUMNS, data, penalty, COUNT)
    kernel = COLUMNS @ penalty.kernel
    space = np.linalg.svd(kernel)[0][:, kernel.shape[1] :]  # contrasts: what no direction without a penalty makes
    prior = np.linalg.pinv(penalty.matrix.T @ penalty.matrix, rcond=1e-10)

    def brute(weight):
        covariance = space.T @ (np.eye(COUNT) + COLUMNS @ prior @ COLUMNS.T / weight) @ space
        _, size = np.linalg.slogdet(covariance)
        contrasts = space.T @ data
        left = contrasts @ np.linalg.solve(covariance, contrasts)
        return len(contrasts) * np.log(left) + size

    weights = spectrum.s[0] ** 2 * 10.0 ** np.array([-12.0, -11.0, -10.0])
    mine = np.diff([spectrum.unlikely(weight) for weight in weights])
    assert mine == pytest.approx(np.diff([brute(weight) for weight in weights]), rel=0.1)


def test_numbers_that_nothing_penalises_are_those_of_least_squares():
    rng = np.random.default_rng(5)
    slopes, truth = rng.standard_normal((40, 3)), np.array([1.0, -2.0, 300.0])
    data = slopes @ truth + 0.1 * rng.standard_normal(40)
    z, (left,), *_ = np.linalg.lstsq(slopes, data)
    free = [Penalty(np.zeros((0, 3)), np.zeros(0))]
    made, (mean, root) = choose(slopes, data, free, 40), averaged(slopes, data, free, 40)
    assert made.z == pytest.approx(z)
    assert mean == pytest.approx(z)
    assert made.noise == pytest.approx(np.sqrt(left / 37))
    assert root @ root.T == pytest.approx(left / 37 * np.linalg.inv(slopes.T @ slopes), rel=1e-6)
    assert made.degrees == pytest.approx(3)


def test_what_no_reading_tells_is_finite_and_wide():
    read, rng = AT <= 0, np.random.default_rng(6)
    data = np.sin(3 * AT) + 0.01 * rng.standard_normal(COUNT)
    mean, root = averaged(COLUMNS[read], data[read], PENALTIES, int(np.sum(read)))
    std = np.linalg.norm(VALUES @ root, axis=1)
    assert np.all(np.isfinite(mean))
    assert std[-1] > 30 * std[FINE < -0.1].max()
