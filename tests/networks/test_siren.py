"""Frozen sine bodies: what they draw, their derivatives in closed form, and the way to a file and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inrpde.networks.siren import SineBody
from inrpde.networks.stored import dump_trial, load_trial
from inrpde.networks.trial import Trial
from inrpde.networks.waves import field_on_grid, sine_cosine, sine_fields
from inrpde.sampling.grid import grid_points

BOX = (np.array([0.0, -1.0]), np.array([2.0, 5.0]))
POINTS = np.random.default_rng(0).uniform(*BOX, (700, 2))
INDICES = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 3), (2, 2)]


def body(layers=1, width=90, seed=1, **options):
    return SineBody.random(width, [3.0, 5.0], BOX, np.random.default_rng(seed), layers=layers, **options)


class TestWaves:
    @given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=40))
    def test_sine_and_cosine_to_rounding(self, angles):
        sine, cosine = sine_cosine(np.array(angles))
        np.testing.assert_allclose(sine, [math.sin(a) for a in angles], rtol=0, atol=5e-16)
        np.testing.assert_allclose(cosine, [math.cos(a) for a in angles], rtol=0, atol=5e-16)

    def test_where_the_tangent_is_largest(self):
        angles = np.pi * np.array([-3, -1, 1, 3, 101, 1 - 1e-12])
        sine, cosine = sine_cosine(angles)
        np.testing.assert_allclose(sine, [math.sin(a) for a in angles], rtol=1e-13, atol=0)
        np.testing.assert_allclose(cosine, -1.0, rtol=1e-15)

    @pytest.mark.parametrize("shape", [(7,), (3, 8), (9, 8, 2), (2, 8, 9), (3, 2, 4, 5)])
    @pytest.mark.parametrize("kind", [float, complex])
    def test_a_field_on_a_grid_is_that_at_its_points(self, shape, kind):
        rng, d = np.random.default_rng(0), len(shape)
        axes = [np.sort(rng.uniform(-1, 1, n)) for n in shape]
        weight, bias = rng.normal(0, 4, (30, d)), rng.uniform(0, 6, 30)
        head = (rng.normal(size=30) + 1j * rng.normal(size=30)).astype(complex)
        head = head if kind is complex else head.real
        found = field_on_grid(axes, 1j * weight, bias, head)
        at_points = sine_fields(grid_points(axes), weight, bias, head, [(0,) * d])[(0,) * d]
        np.testing.assert_allclose(found, at_points.reshape(shape), rtol=0, atol=1e-13)


class TestRandom:
    def test_a_box_of_frequencies_is_filled_to_its_edges(self):
        ((weight, bias),) = body(width=4000).layers
        np.testing.assert_allclose(np.abs(weight).max(axis=0), [3, 5], rtol=1e-2)
        np.testing.assert_allclose(weight.std(axis=0), np.array([3, 5]) / np.sqrt(3), rtol=4e-2)
        assert bias.min() >= 0
        assert 6.2 < bias.max() < 2 * np.pi

    def test_gaussian_frequencies_have_the_band_as_their_deviation(self):
        ((weight, _),) = body(width=4000, distribution="gaussian").layers
        np.testing.assert_allclose(weight.std(axis=0), [3, 5], rtol=4e-2)
        assert np.abs(weight).max() > 10

    def test_one_band_serves_all_coordinates(self):
        one, each = (SineBody.random(50, band, BOX, np.random.default_rng(0)) for band in (2.0, [2.0, 2.0]))
        np.testing.assert_array_equal(one.layers[0][0], each.layers[0][0])

    def test_the_same_generator_draws_the_same_body(self):
        assert np.array_equal(body(2).jets(POINTS, [(0, 0)])[0, 0], body(2).jets(POINTS, [(0, 0)])[0, 0])
        assert not np.array_equal(body(2, seed=2).jets(POINTS, [(0, 0)])[0, 0], body(2).jets(POINTS, [(0, 0)])[0, 0])


class TestDerivatives:
    def test_one_layer_is_the_sine_of_the_scaled_coordinates(self):
        features = body()
        weight, bias = features.layers[0]
        scaled = (POINTS - [1, 2]) / [1, 3]
        np.testing.assert_allclose(features.jets(POINTS, [(0, 0)])[0, 0], np.sin(scaled @ weight.T + bias), atol=1e-14)
        np.testing.assert_allclose(
            features.jets(POINTS, [(1, 2)])[1, 2],
            weight[:, 0] * (weight[:, 1] / 3) ** 2 * np.sin(scaled @ weight.T + bias + 1.5 * np.pi),
            atol=1e-12,
        )

    @pytest.mark.parametrize("index", [(1, 0), (0, 1), (2, 1)])
    @pytest.mark.parametrize("layers", [1, 2, 3])
    def test_difference_quotients_of_the_next_lower_derivative(self, layers, index):
        axis = int(index[0] == 0)
        lower = tuple(n - (k == axis) for k, n in enumerate(index))
        step = 1e-5 * np.eye(2)[axis]
        features = body(layers)
        difference = features.jets(POINTS + step, [lower])[lower] - features.jets(POINTS - step, [lower])[lower]
        exact = features.jets(POINTS, [index])[index]
        np.testing.assert_allclose(difference / 2e-5, exact, atol=1e-8 * np.abs(exact).max())

    @pytest.mark.parametrize("layers", [1, 2])
    def test_an_operator_is_the_sum_of_its_terms(self, layers):
        features, x = body(layers), POINTS[:, 0]
        jets = features.jets(POINTS, INDICES)
        cases = [
            {(2, 0): -1.0, (0, 3): 2.0},
            {(1, 1): np.cos(x)},
            {(0, 0): x, (1, 0): 3.0, (2, 2): 1j * x, (0, 1): 2 - 1j},
        ]
        for coefficients in cases:
            expected = sum(np.reshape(c, (-1, 1)) * jets[index] for index, c in coefficients.items())
            found = features.operator(POINTS, coefficients)
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, atol=1e-13 * np.abs(expected).max())

    @pytest.mark.parametrize("layers", [1, 2])
    @pytest.mark.parametrize("factor", [1.0, 2 - 1j])
    def test_a_field_is_the_features_times_the_head(self, layers, factor):
        features = body(layers)
        head = factor * np.random.default_rng(3).standard_normal(features.width)
        jets, field = features.jets(POINTS, INDICES), features.apply(POINTS, head, INDICES)
        for index in INDICES:
            expected = jets[index] @ head
            assert field[index].dtype == expected.dtype
            np.testing.assert_allclose(field[index], expected, atol=1e-13 * np.abs(expected).max())

    def test_a_coordinate_without_extent_is_not_scaled(self):
        features = SineBody.random(20, 3.0, (np.array([0.0, 1.0]), np.array([2.0, 1.0])), np.random.default_rng(0))
        weight, bias = features.layers[0]
        at = np.array([[1.0, 1.0], [1.0, 1.5]])
        expected = np.sin(np.array([[0, 0], [0, 0.5]]) @ weight.T + bias)
        np.testing.assert_allclose(features.jets(at, [(0, 0)])[0, 0], expected, atol=1e-14)

    def test_no_points_give_no_rows(self):
        for features in (body(1), body(2)):
            assert features.jets(POINTS[:0], [(1, 0)])[1, 0].shape == (0, 90)
            assert features.operator(POINTS[:0], {(1, 0): 1.0}).shape == (0, 90)
            assert features.apply(POINTS[:0], np.ones(90), [(1, 0)])[1, 0].shape == (0,)


@pytest.mark.parametrize("layers", [1, 3])
def test_a_stored_body_comes_back_the_same(layers):
    features = body(layers)
    assert isinstance(features, Trial)
    again = load_trial(dump_trial(features))
    assert isinstance(again, SineBody)
    for index, jet in again.jets(POINTS, INDICES).items():
        np.testing.assert_array_equal(jet, features.jets(POINTS, [index])[index])
