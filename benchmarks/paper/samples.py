"""The rows on recordings, videos and scans, and on waves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from torch import Tensor

import inrpde
from benchmarks.paper import authors
from benchmarks.paper.row import Array, Found, Row
from inrpde import Problem
from inrpde.data import Scan, packaged, read_scan
from inrpde.export import Dataset, frames, sound
from inrpde.export.surface import zero_level
from inrpde.loader import load_problem
from inrpde.problems.distance import SCANS
from inrpde.sampling import grid_points, sample
from inrpde.sampling.lattice import lattice

FIRST_OMEGA = 3000.0
"""The authors' first layer, for sounds."""
PART = 0.004
"""The share of a video's pixels that they take at every step."""
POINTS, SIZE, SPREAD, PIECE = 8000, 97, 300_000, 50_000
"""Points of a scan, nodes along each side of the grid from which surfaces are taken, points on both surfaces by which
they are compared, and those at which a field is asked at once."""
NEAR = 0.05
"""The source's surroundings, where waves are not compared."""


@lru_cache
def declared(name: str, **parameters: object) -> Problem:
    return load_problem(name, {key: str(value) for key, value in parameters.items()})[0]


# -- sounds and videos


def labelled(problem: Problem) -> tuple[Array, Array]:
    """Points (N, d) and the value of each."""
    q = sample(problem.conditions[0].region, 1, 0)
    (values,) = q.labels.values()
    return q.points, values


def snr(problem: Problem, found: Found) -> dict[str, float]:
    points, truth = labelled(problem)
    return {"SNR, dB": float(10 * np.log10(np.mean(truth**2) / np.mean((found(points) - truth) ** 2)))}


def psnr(problem: Problem, found: Found) -> dict[str, float]:
    points, truth = labelled(problem)
    return {"PSNR, dB": float(-10 * np.log10(np.mean((found(points) - truth) ** 2)))}


def on_values(problem: Problem, first_omega: float, part: float, seconds: float) -> Found:
    points, truth = labelled(problem)
    data = torch.as_tensor(truth, dtype=torch.float32)

    def loss(u: authors.Network, x: Tensor) -> Tensor:
        if part == 1:
            return ((u(x) - data) ** 2).mean()
        some = torch.randint(len(x), (round(part * len(x)),))
        return ((u(x[some]) - data[some]) ** 2).mean()

    return authors.train(points, loss, seconds, first_omega=first_omega)


def as_data(problem: Problem, found: Found) -> Dataset:
    """A field on the grid of the samples."""
    axes = lattice([problem.conditions[0].region])
    assert axes is not None
    values = found(grid_points(axes)).reshape([len(axis) for axis in axes])
    coords, time = tuple(map(str, problem.space.coords)), problem.space.time
    return Dataset("grid", coords, {"u": values}, axes=tuple(axes), time=None if time is None else str(time))


def files(name: str, problem: Problem, folder: Path, fields: Mapping[str, Found]) -> None:
    """Everyone's sound, or frames."""
    for who, found in fields.items():
        if len(problem.space.coords) == 1:
            sound.write(folder / f"{name}_{who}.wav", as_data(problem, found))
        else:
            frames.write(folder / f"{name}_{who}.png", as_data(problem, found))


# -- surfaces


def scanned(scan: str) -> Scan:
    """The scan that the problem file of that name reads."""
    return read_scan(packaged(*SCANS[scan]))


@lru_cache(2)
def surface(found: Found) -> tuple[Array, Array]:
    axes = [np.linspace(-1, 1, SIZE)] * 3
    points = grid_points(axes)
    pieces = [found(points[start : start + PIECE]) for start in range(0, len(points), PIECE)]
    values = np.concatenate(pieces).reshape([SIZE] * 3)
    return zero_level(Dataset("grid", ("x", "y", "z"), {"u": values}, axes=tuple(axes)))


def distances(scan: str, found: Found) -> dict[str, float]:
    """Distances between points on the scan's triangles and on those of the level, both ways: the mean, and the largest
    but for 1 % (the cube's side is 2); the pieces of the level; and the mean of |‖∇u‖ - 1| in the cube.

    Points so many on the surface itself have a mean distance of about half their spacing: 0.001 here.
    """
    points, triangles = surface(found)
    here, level = scanned(scan).spread(SPREAD, 1).points, Scan(points, points, triangles).spread(SPREAD, 2).points
    there, back = cKDTree(level).query(here)[0], cKDTree(here).query(level)[0]
    edges = np.concatenate([triangles[:, :2], triangles[:, 1:]])
    graph = coo_array((np.ones(len(edges)), tuple(edges.T)), shape=(len(points), len(points)))
    at, step = np.random.default_rng(0).uniform(-0.999, 0.999, (5000, 3)), 1e-4 * np.eye(3)
    slope = np.stack([(found(at + e) - found(at - e)) / 2e-4 for e in step], axis=1)
    return {
        "to level": float(there.mean()), "99 %": float(np.quantile(there, 0.99)),
        "to scan": float(back.mean()), "of it 99 %": float(np.quantile(back, 0.99)),
        "pieces": float(connected_components(graph, directed=False)[0]),
        "mean |‖∇u‖ - 1|": float(np.abs(np.linalg.norm(slope, axis=1) - 1).mean()),
    }  # fmt: skip


def on_surface(scan: str, seconds: float, batch: int = 1400) -> Found:
    """Section 4.2: as many points in the cube as on the scan, and the authors' weights; the scan's points are ours."""
    here = scanned(scan).spread(POINTS)
    on, normals = (torch.as_tensor(a, dtype=torch.float32) for a in (here.points, here.normals))
    cube = np.array([[-1.0, -1, -1], [1, 1, 1]])

    def loss(u: authors.Network, _: Tensor) -> Tensor:
        some = torch.randint(len(on), (batch,))
        both = torch.cat([on[some], 2 * torch.rand(batch, 3) - 1]).requires_grad_()
        value = u(both)
        (slope,) = torch.autograd.grad(value.sum(), both, create_graph=True)
        aligned = torch.nn.functional.cosine_similarity(slope[:batch], normals[some], dim=1)
        return (
            3e3 * value[:batch].abs().mean() + 1e2 * (1 - aligned).mean()
            + 1e2 * torch.exp(-1e2 * value[batch:].abs()).mean() + 5e1 * (slope.norm(dim=1) - 1).abs().mean()
        )  # fmt: skip

    return authors.train(cube, loss, seconds)


def meshes(name: str, folder: Path, fields: Mapping[str, Found]) -> None:
    import meshio

    for who, found in fields.items():
        points, triangles = surface(found)
        meshio.write(folder / f"{name}_{who}.vtk", meshio.Mesh(points, [("triangle", triangles)]), file_format="vtk")


# -- waves


def reference(problem: Problem) -> tuple[Array, Array]:
    """Nodes outside the source's surroundings, and the finite-difference reference there."""
    axes = [np.linspace(-1, 1, 201)] * 2
    at = grid_points(axes)
    at = at[np.linalg.norm(at, axis=1) > NEAR]
    return at, inrpde.reference(problem)(at)["u"]


def beside_reference(problem: Problem, found: Found) -> dict[str, float]:
    at, true = reference(problem)
    return {"relative L2": float(np.linalg.norm(found(at) - true) / np.linalg.norm(true))}


def waves(name: str, folder: Path, fields: Mapping[str, Found]) -> None:
    """The real part."""
    axes = [np.linspace(-1, 1, 301)] * 2
    for who, found in fields.items():
        values = found(grid_points(axes)).real.reshape(301, 301)
        clipped = np.clip(values, *(limit := np.quantile(np.abs(values), 0.98)) * np.array([-1, 1]))
        data = Dataset("grid", ("x", "y"), {"u": 0.5 + 0.5 * clipped / limit}, axes=tuple(axes))
        frames.write(folder / f"{name}_{who}.png", data)


def pulse(found: Found) -> dict[str, float]:
    """Against the method of lines, at 5,000 points of place and time."""
    at = np.random.default_rng(0).uniform([-1, -1, 0], [1, 1, 1.5], (5000, 3))
    true = inrpde.reference(declared("wave"))(at)["u"]
    return {"relative L2": float(np.linalg.norm(found(at) - true) / np.linalg.norm(true))}


def pulses(folder: Path, fields: Mapping[str, Found]) -> None:
    """Four times of the pulse, as in the paper's figure of its wave equation."""
    x, times = np.linspace(-1, 1, 201), np.linspace(0, 1.5, 4)
    for who, found in fields.items():
        values = found(grid_points([x, x, times])).reshape(201, 201, 4)
        data = Dataset("grid", ("x", "y", "t"), {"u": 0.5 + values}, axes=(x, x, times), time="t")
        frames.write(folder / f"wave_{who}.png", data)


def _samples(name: str, problem: str, seconds: float, first_omega: float, part: float, **parameters: object) -> Row:
    def made() -> Problem:  # when the row runs: the package that carries its data may be missing where others do
        return declared(problem, **parameters)

    measure = snr if problem == "audio" else psnr
    return Row(
        name, problem, seconds, measure=lambda found: measure(made(), found),
        theirs=lambda seconds: on_values(made(), first_omega, part, seconds),
        pictures=lambda folder, fields: files(name, made(), folder, fields), parameters=parameters,
    )  # fmt: skip


def _helmholtz(name: str, medium: str) -> Row:
    return Row(
        name, "helmholtz_point", 120, measure=partial(beside_reference, declared("helmholtz_point", medium=medium)),
        pictures=partial(waves, name), parameters={"medium": medium},
    )  # fmt: skip


def _distance(scan: str) -> Row:
    name = f"distance_{scan}"
    return Row(
        name, "distance", 60, measure=partial(distances, scan), theirs=partial(on_surface, scan),
        pictures=partial(meshes, name), parameters={"scan": scan},
    )  # fmt: skip


ROWS = [
    _samples("audio", "audio", 20, FIRST_OMEGA, 1),
    _samples("video_bikes", "video", 100, authors.OMEGA, PART, clip="bikes"),
    _samples("video_carphone", "video", 100, authors.OMEGA, PART, clip="carphone"),
    _distance("ant"),
    _distance("airplane"),
    _distance("cortex"),
    _helmholtz("helmholtz_uniform", "uniform"),
    _helmholtz("helmholtz_lens", "lens"),
    Row("wave", "wave", 120, measure=pulse, pictures=pulses),
]
