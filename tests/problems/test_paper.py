"""The paper's experiments on recordings, videos and scans, reduced, and its point source."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

import inrpde
from inrpde.export.surface import zero_level
from inrpde.loader import load_problem
from inrpde.sampling import sample
from inrpde.storage import dataset


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
def test_distance_of_an_ellipsoid(tmp_path):
    """Half axes 0.7, 0.5, 0.35: the zero level lies on the points, and slopes are nearly one."""
    meshio = pytest.importorskip("meshio")
    pytest.importorskip("skimage")
    axes = np.array([0.7, 0.5, 0.35])
    unit = np.random.default_rng(0).standard_normal((1500, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    normals = dict(zip(("nx", "ny", "nz"), (unit / axes).T, strict=True))
    cells = [("vertex", np.arange(1500)[:, None])]
    meshio.write(tmp_path / "a.ply", meshio.Mesh(unit * axes, cells, point_data=normals))
    problem = loaded("distance", "skimage", scan=tmp_path / "a.ply")
    solution = inrpde.solve(problem, reference="none", settings={"solver.steps": 300, "solver.width": 64})
    points, _ = zero_level(dataset(replace(solution, grid=(49, 49, 49))))
    distance = np.linalg.norm(points / axes, axis=1) - 1
    assert np.mean(np.abs(distance)) < 0.05
    there = cKDTree(points).query(unit * axes)[0]
    assert np.mean(there) < 0.03
    slope = solution.evaluate(
        problem.space.grad(problem.unknowns[0]), np.random.default_rng(1).uniform(-1, 1, (999, 3))
    )
    assert np.mean(np.abs(np.linalg.norm(slope, axis=1) - 1)) < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("medium", ["uniform", "lens"])
def test_helmholtz_point_against_finite_differences(medium):
    problem, _ = load_problem("helmholtz_point", {"medium": medium})
    reference = inrpde.reference(problem)
    at = sample(problem.conditions[0].region, 4000, 1).points
    at = at[np.linalg.norm(at, axis=1) > 0.05]
    found, true = inrpde.solve(problem, reference="none")(at)["u"], reference(at)["u"]
    assert np.linalg.norm(found - true) < 2e-2 * np.linalg.norm(true)
