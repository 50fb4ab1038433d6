"""The paper's experiments on recordings, videos and scans, reduced."""

import numpy as np
import pytest

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
