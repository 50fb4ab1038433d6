"""The trainable network: the paper's initial state, its derivatives, and the same function without torch."""

import numpy as np
import pytest
import torch

from inrpde.networks.jets import Combination
from inrpde.networks.trainable import Siren

BOX = (np.array([0.0, -1.0]), np.array([2.0, 5.0]))
LAPLACIAN = Combination((((2, 0), 1.0), ((0, 2), 1.0)))
INDICES = [(0, 0), (1, 0), (1, 1), (0, 2), (2, 1)]


def points(n=300, seed=0):
    return torch.as_tensor(np.random.default_rng(seed).uniform(*BOX, (n, 2)))


def siren(seed=0, width=24, layers=3, outputs=2, **options):
    return Siren(BOX, width, layers, outputs, generator=torch.Generator().manual_seed(seed), **options)


def angles_through_depth(network, x):
    """The angles of each layer, kept in the graph."""
    hidden, found = network.angles(x), []
    for weight, bias in network.layers():
        found.append(hidden @ weight.T + bias)
        hidden = torch.sin(found[-1])
    return found, hidden @ network.head.T


@pytest.fixture(scope="module")
def spread():
    """Variance of the angles, and mean square of the output's gradient with respect to them: (seeds, layers)."""
    variances, gradients = [], []
    for seed in range(8):
        angles, out = angles_through_depth(siren(seed, width=256, layers=10, outputs=1), points(256, seed))
        slopes = torch.autograd.grad(out.sum(), angles)
        variances.append([angle.var().item() for angle in angles])
        gradients.append([slope.square().mean().item() for slope in slopes])
    return np.mean(variances, axis=0), np.mean(gradients, axis=0)


class TestInitialState:
    """Sitzmann et al. 2020, section 3.2 and theorem 1.8, at width 256 and ten layers."""

    def test_the_variance_of_the_angles_stays_at_its_fixed_point(self, spread):
        fixed = 0.7968
        assert fixed == pytest.approx(1 - np.exp(-2 * fixed), abs=1e-4)
        np.testing.assert_allclose(spread[0][4:], fixed, rtol=0.05)

    def test_gradients_neither_vanish_nor_explode(self, spread):
        """Back through a layer their mean square grows by 2 E cos² = 1 + exp(-2v) = 1.203: threefold in six layers."""
        growth = spread[1][3:-1] / spread[1][4:]
        np.testing.assert_allclose(growth, 1.203, rtol=0.1)

    def test_weights_and_phases_have_the_paper_s_bounds(self):
        network = siren(width=256, layers=3, omega=30.0)
        bounds = [1 / 2, *2 * [np.sqrt(6 / 256) / 30]]
        for weight, bound in zip(network.weights, bounds, strict=True):
            assert 0.98 * bound < weight.abs().max() <= bound
        phases = [(omega * bias).abs().max() for omega, bias in zip(network.omegas, network.biases, strict=True)]
        assert 3.0 < phases[0] <= np.pi
        assert phases[1:] == [0, 0]

    def test_omega_boosts_the_gradients_of_the_weights_by_as_much(self):
        x, slopes = points(), []
        for omega in (1.0, 30.0):
            network = siren(omega=omega, first_omega=30.0)
            network(x)[:, 0].sum().backward()
            slopes.append(network.weights[1].grad / omega)
        # the first differs from the second by the head alone, which is 30 times as large
        torch.testing.assert_close(slopes[0] / 30, slopes[1])

    def test_first_frequencies_of_their_own_for_each_coordinate(self):
        network = siren(width=4000, layers=1, first_omega=(4.0, 40.0))
        spread = network.frozen()[0].layers[0][0][:-1]
        np.testing.assert_allclose(np.abs(spread).max(axis=0), [2.0, 20.0], rtol=1e-2)

    def test_the_same_generator_draws_the_same_network(self):
        assert all(torch.equal(a, b) for a, b in zip(siren(3).parameters(), siren(3).parameters(), strict=True))
        assert not torch.equal(siren(3).head, siren(4).head)


@pytest.mark.parametrize("activation", ["sine", "tanh", "relu"])
class TestFunction:
    def test_frozen_is_the_same_function(self, activation):
        network = siren(5, activation=activation, first_omega=4.0, omega=3.0)
        with torch.no_grad():
            for bias in (*network.biases, network.head_bias):
                bias += 0.3
        body, head = network.frozen()
        assert head.shape == (body.width, 2)
        found = body.jets(points().numpy(), INDICES)
        for index, expected in network.jets(points(), INDICES).items():
            scale = max(1.0, expected.abs().max().item())
            np.testing.assert_allclose(found[index] @ head, expected.detach(), rtol=0, atol=1e-13 * scale)

    def test_derivatives_are_those_of_the_values(self, activation):
        network = siren(6, activation=activation, first_omega=3.0)
        x = points().requires_grad_()
        values = network(x) if activation != "sine" else angles_through_depth(network, x)[1] + network.head_bias
        (slope,) = torch.autograd.grad(values[:, 1].sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(slope[:, 0].sum(), x, create_graph=True, materialize_grads=True)
        jets = network.jets(x.detach(), [(0, 0), (1, 0), (1, 1)])
        for jet, expected in zip(jets.values(), (values[:, 1], slope[:, 0], second[:, 1]), strict=True):
            torch.testing.assert_close(jet[:, 1], expected, rtol=1e-10, atol=1e-10)

    def test_every_parameter_has_a_gradient(self, activation):
        network = siren(7, activation=activation)
        jets = network.jets(points(), [(0, 0), (1, 0)])
        (jets[0, 0] + jets[1, 0]).square().sum().backward()
        assert all(parameter.grad is not None and parameter.grad.abs().max() > 0 for parameter in network.parameters())


def test_a_combination_is_one_slot():
    network = siren(8, first_omega=4.0)
    jets = network.jets(points(), [LAPLACIAN, (2, 0), (0, 2)])
    torch.testing.assert_close(jets[LAPLACIAN], jets[2, 0] + jets[0, 2], rtol=1e-12, atol=1e-12)


def test_single_precision_goes_all_the_way():
    network = siren(9, dtype=torch.float32)
    out = network(points().float())
    assert out.dtype == torch.float32
    torch.testing.assert_close(out.double(), network.double()(points()), rtol=1e-3, atol=1e-4)


def test_training_reaches_a_given_function():
    """A few steps of Adam lower the loss of a sine by three orders: gradients point the right way at every layer."""
    network = siren(10, outputs=1, first_omega=4.0, omega=4.0)
    x = points(500)
    target = torch.sin(2 * x[:, :1]) * torch.cos(x[:, 1:])
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(300):
        optimiser.zero_grad()
        loss = (network(x) - target).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 1e-3 * losses[0]
