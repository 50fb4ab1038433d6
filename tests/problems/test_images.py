"""The paper's experiments on pictures, reduced: peak signal-to-noise ratios of what is found, in decibels."""

from pathlib import Path

import numpy as np
import pytest

import inrpde
from inrpde import Space
from inrpde.data import Image
from inrpde.loader import load_problem

pytest.importorskip("skimage")
PROBLEMS = Path(inrpde.__file__).parents[1] / "problems"


def solved(name, **parameters):
    problem, _ = load_problem(str(PROBLEMS / f"{name}.py"), {key: str(value) for key, value in parameters.items()})
    return inrpde.solve(problem, reference="none")


def decibels(difference):
    return -10 * np.log10(np.mean(difference**2))


def beside(solution, size, picture="camera.png"):
    """The picture that was found, and the true one, (size, size)."""
    pixels = Image(Space("x y"), picture, size)
    return solution(pixels.coordinates)["u"].reshape(size, size), pixels.pixels[..., 0]


def test_a_picture_is_fitted():
    found = solved("image", size=64)
    values, true = beside(found, 64)
    assert decibels(values - true) > 50
    (condition,) = found.report["conditions"]
    assert -20 * np.log10(condition["rms"]) == pytest.approx(decibels(values - true), abs=1e-6)


@pytest.mark.slow
def test_a_colour_picture_is_three_fields():
    found = solved("image", size=56, picture="astronaut.png")
    assert list(found.fields) == ["u_red", "u_green", "u_blue"]
    assert all(-20 * np.log10(each["rms"]) > 40 for each in found.report["conditions"])


def test_a_picture_from_its_gradient():
    values, true = beside(solved("poisson_gradient", size=64), 64)
    assert decibels(values - values.mean() - true + true.mean()) > 35


def test_a_picture_from_its_laplacian_and_its_border():
    values, true = beside(solved("poisson_laplacian", size=64), 64)
    assert decibels(values - true) > 25


@pytest.mark.slow
def test_a_blend_has_the_mean_of_both_gradients():
    found = solved("blend", size=64)
    (values, first), (_, second) = beside(found, 64), beside(found, 64, "coins.png")
    expected = (first + second) / 2
    assert decibels(values - values.mean() - expected + expected.mean()) > 35


@pytest.mark.parametrize("prior", ["hessian", "tv"])
def test_a_picture_from_a_tenth_of_its_pixels(prior):
    from skimage.restoration import inpaint_biharmonic

    size = 64
    values, true = beside(solved("inpaint", size=size, prior=prior), size)
    known = Image(Space("x y"), "camera.png", size).some(0.1).coordinates
    missing = np.ones((size, size), dtype=bool)
    rows, columns = (1 - known[:, 1]) * size - 0.5, known[:, 0] * size - 0.5
    missing[np.round(rows).astype(int), np.round(columns).astype(int)] = False
    classical = inpaint_biharmonic(np.where(missing, 0, true), missing)
    assert decibels(values - true) > decibels(classical - true)
