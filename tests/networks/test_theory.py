"""What Sitzmann et al. 2020 prove of networks of sines, at the sizes that are used here."""

import numpy as np
import pytest
import torch
from scipy.stats import arcsine, kstest, norm

from inrpde.networks.siren import SineBody
from inrpde.networks.trainable import Siren

BOX = (np.array([-1.0, -1.0]), np.array([1.0, 1.0]))
LINE = (np.array([-1.0]), np.array([1.0]))
WIDTH, DEPTH = 1024, 6
SHIFT = np.pi / 2


def truncated(body, layer, shift=0.0):
    """The body that ends with one of its layers, whose phases are shifted."""
    *below, (weight, bias) = body.layers[: layer + 1]
    return SineBody(body.box, (*below, (weight, bias + shift)))


def values(body, points):
    return body.jets(points, [(0,) * points.shape[1]])[(0,) * points.shape[1]]


class TestActivationsThroughDepth:
    """Theorem 1.8: from the second layer on angles are standard normal, and their sines follow the arcsine law."""

    @pytest.fixture(scope="class")
    @staticmethod
    def layers():
        body = SineBody.random(WIDTH, 30.0, BOX, np.random.default_rng(0), layers=DEPTH)
        points = np.random.default_rng(1).uniform(-1, 1, (60, 2))
        return body, [values(truncated(body, k), points) for k in range(DEPTH)]

    @pytest.mark.parametrize("layer", range(1, DEPTH))
    def test_angles_are_standard_normal(self, layers, layer):
        body, outputs = layers
        weight, _ = body.layers[layer]
        assert kstest((outputs[layer - 1] @ weight.T).ravel(), norm.cdf).statistic < 0.025

    @pytest.mark.parametrize("layer", range(DEPTH))
    def test_their_sines_follow_the_arcsine_law(self, layers, layer):
        _, outputs = layers
        assert kstest(outputs[layer].ravel(), arcsine(loc=-1, scale=2).cdf).statistic < 0.025


class TestDerivatives:
    """Section 3.1: the derivative of a sine network is a composition of the same network with its phases shifted."""

    def test_of_one_layer_it_is_the_same_layer_a_quarter_period_on(self):
        body = SineBody.random(40, 8.0, BOX, np.random.default_rng(2))
        points = np.random.default_rng(3).uniform(-1, 1, (200, 2))
        ((weight, _),) = body.layers
        for index in [(1, 0), (0, 1), (2, 1)]:
            shifted = values(truncated(body, 0, sum(index) * SHIFT), points)
            scale = np.prod(np.abs(weight) ** index, axis=1)
            error = body.jets(points, [index])[index] - shifted * np.prod(weight**index, axis=1)
            assert np.abs(error / scale).max() < 1e-13

    @pytest.mark.parametrize("depth", [2, 3, 5])
    def test_of_many_layers_it_is_the_product_of_the_shifted_layers(self, depth):
        body = SineBody.random(40, 8.0, BOX, np.random.default_rng(4), layers=depth)
        points = np.random.default_rng(5).uniform(-1, 1, (200, 2))
        product = np.broadcast_to(np.eye(2), (len(points), 2, 2))
        for layer, (weight, _) in enumerate(body.layers):
            shifted = values(truncated(body, layer, SHIFT), points)
            product = shifted[:, :, None] * np.einsum("ij,njk->nik", weight, product)
        jets = body.jets(points, [(1, 0), (0, 1)])
        found = np.stack([jets[1, 0], jets[0, 1]], axis=2)
        assert np.abs(found - product).max() < 1e-13 * np.abs(product).max()


class TestSpectrumAtInitialisation:
    """Supplement 1.5: ω₀ sets the spectrum of a network before any training.

    For angles of variance v and slopes of variance s a layer makes v' = 1 - exp(-2v) and s' = (1 + exp(-2v)) s, and the
    mean square of the wave numbers is s/v; the first layer has s = ω²/3, and its phases are uniform, so that v' = 1 and
    s' = s.
    """

    @staticmethod
    def expected(omega, layers):
        v, s = 1.0, omega**2 / 3
        for _ in range(layers - 1):
            v, s = 1 - np.exp(-2 * v), (1 + np.exp(-2 * v)) * s
        return np.sqrt(s / v)

    @staticmethod
    def measured(omega, layers, seeds=20):
        """The root mean square wave number in the power spectrum of values on a line, under a smooth window."""
        x = np.linspace(-1, 1, 2048)
        power = 0.0
        for seed in range(seeds):
            network = Siren(LINE, 256, layers, 4, omega=omega, generator=torch.Generator().manual_seed(seed))
            out = network(torch.as_tensor(x[:, None])).detach().numpy()
            window = np.hanning(len(x))[:, None]
            found = np.abs(np.fft.rfft(out * window, axis=0)) ** 2
            power += (found / found.sum(axis=0)).sum(axis=1)
        wave = np.pi * np.arange(len(power))
        return np.sqrt(np.sum(power * wave**2) / np.sum(power))

    @pytest.mark.parametrize("layers", [1, 2, 4])
    @pytest.mark.parametrize("omega", [30.0, 60.0, 120.0])
    def test_wave_numbers_are_those_of_the_recursion(self, omega, layers):
        assert self.measured(omega, layers) == pytest.approx(self.expected(omega, layers), rel=0.06)

    def test_they_grow_in_proportion_to_omega_and_slowly_with_depth(self):
        assert self.expected(60.0, 3) == 2 * self.expected(30.0, 3)
        growth = [self.expected(30.0, n + 1) / self.expected(30.0, n) for n in range(2, 8)]
        assert 1.09 < min(growth) < max(growth) < 1.12
