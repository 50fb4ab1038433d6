"""The prior over a family of signals: what the hypernetwork gives at the start, what is held out, what is inpainted."""

import math

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("skimage")

import torch

from benchmarks.paper import hypernetwork, signals
from benchmarks.paper.hypernetwork import CODES, HIDDEN, SIZE, WIDTH, Family, Hypernetwork, Prior, Sines
from inrpde import Space
from inrpde.data import Image
from inrpde.networks.siren import SineBody

SINES = Sines(2)


@pytest.fixture(scope="module")
def family():
    return Family(signals.POINTS, signals.windows(("camera.png",), 12))


@pytest.fixture(scope="module")
def prior(family):
    return Prior(family, steps=3)


@pytest.fixture
def codes():
    return SIZE * torch.randn(20, CODES, generator=torch.Generator().manual_seed(1))


def test_the_initial_sine_networks_have_the_paper_s_distribution(codes):
    network = Hypernetwork(SINES)
    points = 2 * torch.rand(20, 400, 2, generator=torch.Generator().manual_seed(2)) - 1
    with torch.no_grad():
        first, second, _ = SINES.angles(network(codes), points)
    assert float(first.abs().max()) < 2 * hypernetwork.FIRST_OMEGA / 2 + math.pi + 1
    # Theorem 1.8: angles of the hidden layers are normal, and their variance is one, behind sines of uniform phases.
    centred = second - second.mean()
    assert float(centred.square().mean()) == pytest.approx(1, rel=0.2)
    assert float((centred**4).mean() / centred.square().mean() ** 2) == pytest.approx(3, abs=0.6)


def test_small_codes_vary_the_initial_network_little(codes):
    network = Hypernetwork(SINES)
    here = torch.as_tensor(signals.POINTS, dtype=torch.float32)
    with torch.no_grad():
        values = SINES(network(codes), here.expand(20, -1, -1))
    assert values.shape == (20, len(here))
    assert 0 < float(values.std(dim=0).max()) < 0.1 * float(values.std())


def test_last_layer():
    network = Hypernetwork(SINES)
    assert SINES.size == 3 * WIDTH + (WIDTH + 1) * WIDTH + WIDTH + 1
    assert network.last.shape == (SINES.size, HIDDEN)
    assert float(network.last.detach().std()) == pytest.approx(1e-2 * math.sqrt(2 / HIDDEN), rel=0.02)
    hidden = network.bias[3 * WIDTH : 3 * WIDTH + WIDTH**2]
    assert float(hidden.detach().abs().max()) <= math.sqrt(6 / WIDTH) / hypernetwork.OMEGA
    assert torch.equal(network.bias, Hypernetwork(SINES).bias)


def test_a_generated_network_is_a_sine_body(codes):
    """The same function by numpy, with its derivatives."""
    with torch.no_grad():
        weights = Hypernetwork(SINES)(codes[:1])
        values = SINES(weights, torch.as_tensor(signals.POINTS[None], dtype=torch.float32))[0].numpy()
    parts, start, row = [], 0, weights[0].double().numpy()
    for m, n in SINES.shapes:
        parts.append((row[start : start + m * n].reshape(m, n), row[start + m * n : start + m * n + m]))
        start += m * n + m
    assert start == SINES.size
    (first, phase), (inner, shift), (head, constant) = parts
    layers = ((hypernetwork.FIRST_OMEGA * first, hypernetwork.FIRST_OMEGA * phase), (30 * inner, 30 * shift))
    body = SineBody((np.array([-1.0, -1.0]), np.array([1.0, 1.0])), layers)
    there = body.apply(signals.POINTS, head[0], [(0, 0)])[0, 0] + constant
    assert values == pytest.approx(there, abs=1e-5)


def test_nothing_is_trained_on_photographs_that_are_held_out():
    assert len(signals.HELD_OUT) == 4
    known, new = signals.training(), signals.held_out()
    assert known.shape == (12 * 13**2, 32**2)
    assert new.shape == (4 * 4**2, 32**2)
    assert np.abs(known @ new.T - (np.square(known).sum(1)[:, None] + np.square(new).sum(1)) / 2).min() > 1e-3


def test_training_and_inpainting(family, prior):
    """A window of the photograph that the family is of, and its code, from pixels: better than the mean of all."""
    true = family.signals[::20]
    pixels = signals.drawn(len(true), 100, 0)
    found = prior.inpaint(pixels, np.take_along_axis(true, pixels, 1))
    mean = np.broadcast_to(family.mean, true.shape)
    assert signals.decibels(found, true).mean() > signals.decibels(mean, true).mean() + 3
    assert prior.variance < 0.3 * float(np.var(family.signals - family.mean))


def test_training_lowers_the_misfit(family, monkeypatch):
    monkeypatch.setattr(hypernetwork, "PART", signals.WINDOW**2)
    assert Prior(family, steps=2).variance < Prior(family, steps=0).variance


def test_training_repeats(family, prior):
    assert torch.equal(Prior(family, steps=3).network.last, prior.network.last)


def test_the_baselines_keep_what_is_known(family):
    true = family.signals[::30]
    pixels = signals.drawn(len(true), 50, 0)
    values = np.take_along_axis(true, pixels, 1)
    assert np.take_along_axis(signals.nearest(pixels, values), pixels, 1) == pytest.approx(values)
    components = signals.Components(family.signals)
    found = components.given(pixels, values, 1e-9)
    assert np.take_along_axis(found, pixels, 1) == pytest.approx(values, abs=1e-2)
    chosen, mean = components(pixels, values), np.broadcast_to(components.mean, true.shape)
    assert signals.decibels(chosen, true).mean() > signals.decibels(mean, true).mean()


def test_pixels_lie_as_those_of_pictures():
    pixels = Image(Space("x y"), np.zeros((32, 32)))
    assert 2 * pixels.coordinates - 1 == pytest.approx(signals.POINTS)
