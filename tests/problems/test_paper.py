"""The paper's experiments on recordings and videos, reduced, and its point source."""

import numpy as np
import pytest
from scipy.special import hankel1

import inrpde
from inrpde.loader import load_problem
from inrpde.sampling import sample


def loaded(name, package, **parameters):
    pytest.importorskip(package)
    problem, _ = load_problem(name, {key: str(value) for key, value in parameters.items()})
    return problem


def decibels(problem, solution):
    """How far the misfit of the samples lies below their own power, and below 1."""
    q = sample(problem.conditions[0].region, 1, 0)
    (truth,) = q.labels.values()
    misfit = np.mean((solution(q.points)["u"] - truth) ** 2)
    return 10 * np.log10(np.mean(truth**2) / misfit), -10 * np.log10(misfit)


def test_audio():
    problem = loaded("audio", "pygame", seconds=0.5)
    solution = inrpde.solve(problem, reference="none")
    assert decibels(problem, solution)[0] > 25
    assert solution.on_grid(solution.grid)["u"].shape == (5512,)


@pytest.mark.parametrize("clip", ["bikes", "carphone"])
def test_video(clip):
    problem = loaded("video", "av", clip=clip, frames=5, size=32)
    solution = inrpde.solve(problem, reference="none")
    assert decibels(problem, solution)[1] > 40
    assert solution.on_grid(solution.grid, solution.times)["u"].shape == (32, 32, 5)


@pytest.mark.slow
def test_helmholtz_point_against_hankels_function():
    """Inside the layer, which reflects exp(-8), the source makes what a point does, times exp(-k² variance / 2)."""
    problem, _ = load_problem("helmholtz_point", {})
    solution = inrpde.solve(problem, reference="none")
    at = np.random.default_rng(0).uniform(-0.68, 0.68, (3000, 2))
    far = np.linalg.norm(at, axis=1)
    at, far = at[far > 0.05], far[far > 0.05]
    found, true = solution(at)["u"], 0.25j * hankel1(0, 20 * far) * np.exp(-0.02)
    assert np.linalg.norm(found - true) < 2e-3 * np.linalg.norm(true)
    assert solution.report["verdict"]["word"] == "plausible"


@pytest.mark.slow
def test_helmholtz_point_behind_a_lens_against_finite_differences():
    problem, _ = load_problem("helmholtz_point", {"medium": "lens"})
    reference = inrpde.reference(problem)
    at = sample(problem.conditions[0].region, 4000, 1).points
    at = at[np.linalg.norm(at, axis=1) > 0.05]
    found, true = inrpde.solve(problem, reference="none")(at)["u"], reference(at)["u"]
    assert np.linalg.norm(found - true) < 2e-2 * np.linalg.norm(true)
