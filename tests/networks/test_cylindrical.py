"""Cylindrical waves solve Helmholtz's equation, their derivatives are right, and they come back from storage."""

import numpy as np
import pytest
from scipy.special import kn, yn

from inrpde.networks.cylindrical import CylindricalWaves
from inrpde.networks.stored import dump_trial, load_trial

POINTS = np.random.default_rng(0).uniform(1, 2, (7, 2))
KAPPAS = pytest.mark.parametrize("kappa", [9.0, -9.0])


def waves(kappa: float) -> CylindricalWaves:
    return CylindricalWaves((0.1, 0.2), 0.5, kappa, 6)


@KAPPAS
def test_they_solve_the_equation(kappa):
    jets = waves(kappa).jets(POINTS, [(2, 0), (0, 2), (0, 0)])
    residual = jets[2, 0] + jets[0, 2] + kappa * jets[0, 0]
    assert np.abs(residual).max() < 1e-12 * np.abs(jets[2, 0]).max()


@KAPPAS
@pytest.mark.parametrize("index", [(0, 0), (1, 0), (1, 1), (0, 3)])
@pytest.mark.parametrize("axis", [0, 1])
def test_derivatives_are_those_of_differences(kappa, index, axis):
    step = 1e-4 * np.eye(2)[axis]
    higher = tuple(n + (k == axis) for k, n in enumerate(index))
    ahead, behind = (waves(kappa).jets(POINTS + s, [index])[index] for s in (step, -step))
    exact = waves(kappa).jets(POINTS, [higher])[higher]
    assert np.abs((ahead - behind) / 2e-4 - exact).max() < 1e-6 * np.abs(exact).max()


@pytest.mark.parametrize(("kappa", "function"), [(9.0, yn), (-9.0, kn)])
def test_they_are_bessel_functions_of_the_distance(kappa, function):
    away = POINTS - [0.1, 0.2]
    r, angle = np.hypot(*away.T), np.arctan2(away[:, 1], away[:, 0])
    found = waves(kappa).jets(POINTS, [(0, 0)])[0, 0]
    for n in range(1, 7):
        cosine, sine = found[:, 2 * n - 1], found[:, 2 * n]
        assert np.allclose(np.arctan2(sine, cosine) % np.pi, n * angle % np.pi)
        ratio = np.hypot(cosine, sine) / np.abs(function(n, 3 * r))
        assert np.allclose(ratio, ratio[0], rtol=1e-10)


@KAPPAS
def test_storage(kappa):
    again = load_trial(dump_trial(waves(kappa)))
    assert np.array_equal(again.jets(POINTS, [(1, 0)])[1, 0], waves(kappa).jets(POINTS, [(1, 0)])[1, 0])
