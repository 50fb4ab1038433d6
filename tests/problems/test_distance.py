"""The distance from a scan, reduced, on the scans themselves, and what is said of files that are no scans."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

import inrpde
from inrpde.cli import main
from inrpde.data import Scan, packaged, read_scan
from inrpde.export.surface import zero_level
from inrpde.loader import load_problem
from inrpde.problems.distance import SCANS
from inrpde.storage import dataset

meshio = pytest.importorskip("meshio")
pytest.importorskip("skimage")
AXES = np.array([0.7, 0.5, 0.35])


def ellipsoid(path, count):
    unit = np.random.default_rng(0).standard_normal((count, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    normals = dict(zip(("nx", "ny", "nz"), (unit / AXES).T, strict=True))
    meshio.write(path, meshio.Mesh(unit * AXES, [("vertex", np.arange(count)[:, None])], point_data=normals))
    return unit * AXES


def solved(scan, shape=(65, 65, 65), **options):
    problem, _ = load_problem("distance", {"scan": str(scan)})
    solution = inrpde.solve(problem, reference="none", **options)
    points, triangles = zero_level(dataset(replace(solution, grid=shape)))
    at = np.random.default_rng(1).uniform(-1, 1, (999, 3))
    slope = np.linalg.norm(solution.evaluate(problem.space.grad(problem.unknowns[0]), at), axis=-1)
    return solution, points, triangles, slope


@pytest.mark.slow
def test_distance_of_an_ellipsoid(tmp_path):
    here = ellipsoid(tmp_path / "a.ply", 500)
    solution, points, triangles, slope = solved(tmp_path / "a.ply", (33, 33, 33), budget=8.0)
    assert np.mean(np.abs(np.linalg.norm(points / AXES, axis=1) - 1)) < 0.02
    assert np.mean(cKDTree(points).query(here)[0]) < 0.03
    assert np.mean(np.abs(slope - 1)) < 0.1
    far = np.array([[0.0, 0.0, 0.95], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(solution(far)["u"], [0.6, -0.35], atol=0.05)
    a, b, c = (points[corner] for corner in triangles.T)
    volume = np.sum(a * np.cross(b - a, c - a)) / 6
    assert volume == pytest.approx(4 / 3 * np.pi * np.prod(AXES), rel=0.03), "normals point outwards"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scan", "near", "pieces"), [("ant", 0.004, 60), ("airplane", 0.005, 30), ("cortex", 0.005, 3)]
)
def test_distance_of_a_scan(scan, near, pieces):
    """Mean distances both ways; thin parts stay whole, nothing floats beside them."""
    pytest.importorskip(SCANS[scan][0])
    _, points, triangles, slope = solved(scan, (193, 193, 193))
    here = read_scan(packaged(*SCANS[scan])).spread(100_000, 1).points
    level = Scan(points, points, triangles).spread(100_000, 2).points
    assert np.mean(cKDTree(level).query(here)[0]) < near
    there = cKDTree(here).query(level)[0]
    assert np.mean(there) < near
    assert np.max(there) < 0.05
    assert np.mean(np.abs(slope - 1)) < 0.09
    edges = np.concatenate([triangles[:, :2], triangles[:, 1:]])
    graph = coo_array((np.ones(len(edges)), tuple(edges.T)), shape=(len(points), len(points)))
    assert connected_components(graph, directed=False)[0] < pieces


def without_normals(path):
    meshio.write(path, meshio.Mesh(np.eye(3), [("vertex", np.arange(3)[:, None])]))


def empty(path):
    header = "".join(f"property double {name}\n" for name in ("x", "y", "z", "nx", "ny", "nz"))
    path.write_text(f"ply\nformat ascii 1.0\nelement vertex 0\n{header}end_header\n")


def no_scan(path):
    path.write_bytes(b"\x00\x01 this is no scan")


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (without_normals, "neither normals nor triangles"),
        (empty, "empty"),
        (Path.touch, "empty"),
        (no_scan, "the scan cannot be read"),
        (lambda path: None, "file is missing"),
    ],
)
def test_files_that_are_no_scans(tmp_path, capsys, made, what):
    made(tmp_path / "a.ply")
    assert main(["solve", "distance", "--param", f"scan={tmp_path / 'a.ply'}", "--json"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert what in error["what"] + error["fix"]
    assert "a.ply" in error["where"]


def test_points_outside_the_region(tmp_path, capsys):
    source = """
from sympy import Eq, Interval, sqrt
from inrpde import On, Points, Problem, Region, Space
space = Space("x y z")
u = space.unknown("u")
slope = space.grad(u)
on = Points(space, [[0.5, 0, 0], [3, 0, 0]])
box = Region(space, Interval(-1, 1) ** 3)
problem = Problem("far", [u], [On(on, Eq(u, 0)), On(box, Eq(sqrt(slope.dot(slope)), 1))])
"""
    (tmp_path / "far.py").write_text(source)
    assert main(["solve", str(tmp_path / "far.py"), "--json"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert "1 of 2 points lie outside the region" in error["what"]
    assert error["fix"]
