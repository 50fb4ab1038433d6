"""Scanned surfaces: points with outward normals, from files of triangles or of oriented points."""

from __future__ import annotations

import contextlib
import gzip
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inrpde.data.packages import missing
from inrpde.declaration import paths
from inrpde.errors import ProblemError

Array = np.ndarray
SIZE = 0.7
"""Half the longest side of a scan in the cube [-1, 1]³: what is round it takes part in its distance."""


@dataclass(frozen=True, eq=False)
class Scan:
    """`points` (N, 3) and their unit normals (N, 3); the corners (M, 3) of triangles between them, if there are any,
    counted so that normals point outwards."""

    points: Array
    normals: Array
    triangles: Array = field(default_factory=lambda: np.zeros((0, 3), int))

    def spread(self, count: int, seed: int = 0) -> Scan:
        """So many points, spread over the triangles by area, with the triangles' normals; without triangles some of the
        points themselves, see `thinned`."""
        if not len(self.triangles):
            return self.thinned(count)
        a, b, c = (self.points[corner] for corner in self.triangles.T)
        normals = np.cross(b - a, c - a)
        areas = np.linalg.norm(normals, axis=1)
        rng = np.random.default_rng(seed)
        at = np.searchsorted(np.cumsum(areas) / areas.sum(), (np.arange(count) + rng.uniform(size=count)) / count)
        at = np.minimum(at, np.flatnonzero(areas)[-1])
        root, along = np.sqrt(rng.uniform(size=(count, 1))), rng.uniform(size=(count, 1))
        points = (1 - root) * a[at] + root * (1 - along) * b[at] + root * along * c[at]
        return Scan(points, normals[at] / areas[at, None])

    def thinned(self, count: int) -> Scan:
        """At most so many of the points, spread evenly over their order."""
        if len(self.points) <= count:
            return self
        rows = np.linspace(0, len(self.points) - 1, count).astype(int)
        return Scan(self.points[rows], self.normals[rows])


def read_scan(path: str | Path) -> Scan:
    """A surface, moved and scaled into the cube [-1, 1]³ so that its longest side is 1.4.

    Normals are those of the file, or else of the triangles round each point, weighted by their areas. Reads what meshio
    does (PLY, OBJ, STL, VTK, …), and GIFTI by nibabel. Raises ProblemError for a file that is missing or no such
    surface, and for points without normals.
    """
    full = paths.resolve(path)
    points, triangles, normals = _read(full, path)
    if not len(points):
        raise ProblemError("the scan is empty", str(path), "give a file with points, and triangles or normals")
    triangles = outwards(points, triangles)
    if normals is None:
        if not len(triangles):
            raise ProblemError(
                "the scan has neither normals nor triangles to take them from", str(path),
                "estimate its normals first, and store them as nx, ny, nz",
            )  # fmt: skip
        normals = vertex_normals(points, triangles)
    lengths = np.linalg.norm(normals, axis=1)
    kept = (lengths > 0) & np.isfinite(points).all(axis=1)
    if not kept.any():
        raise ProblemError("no point of the scan has a normal", str(path), "its triangles have no area")
    triangles = (np.cumsum(kept) - 1)[triangles[kept[triangles].all(axis=1)]]
    points, normals = points[kept], normals[kept] / lengths[kept, None]
    lo, hi = points.min(axis=0), points.max(axis=0)
    return Scan((points - (lo + hi) / 2) * (2 * SIZE / (hi - lo).max()), normals, triangles)


def outwards(points: Array, triangles: Array) -> Array:
    """Triangles (M, 3) whose corners are counted so that the normals of a closed surface point outwards."""
    a, b, c = (points[corner] for corner in triangles.T)
    volume = np.nansum((a - np.nanmean(points, axis=0)) * np.cross(b - a, c - a))
    return triangles if volume >= 0 else triangles[:, ::-1]


def vertex_normals(points: Array, triangles: Array) -> Array:
    """Normals (N, 3) at the corners of triangles (M, 3), weighted by area."""
    a, b, c = (points[corner] for corner in triangles.T)
    areas = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for corner in triangles.T:
        np.add.at(normals, corner, areas)
    return normals


def _read(full: Path, path: str | Path) -> tuple[Array, Array, Array | None]:
    if not full.is_file():
        raise ProblemError(
            "the scan's file is missing", str(path), "paths are relative to the folder of the problem file"
        )
    try:
        return _gifti(full, path) if ".gii" in full.suffixes else _mesh(full)
    except ProblemError:
        raise
    except (Exception, SystemExit) as error:  # readers raise anything, or end the program, on what they cannot read
        reason = str(error) if isinstance(error, Exception) else "it is not what its name says"
        raise ProblemError(
            f"the scan cannot be read: {reason or type(error).__name__}", str(path),
            "it may be empty or truncated; give a PLY, OBJ, STL, VTK or GIFTI file",
        ) from None  # fmt: skip


def _mesh(full: Path) -> tuple[Array, Array, Array | None]:
    import meshio

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        mesh = meshio.read(full)
    found = [block.data for block in mesh.cells if block.type == "triangle"]
    found += [block.data[:, corners] for block in mesh.cells if block.type == "quad" for corners in _HALVES]
    triangles = np.concatenate(found) if found else np.zeros((0, 3), int)
    names = ("nx", "ny", "nz")
    stored: Any = None
    if all(name in mesh.point_data for name in names):
        stored = np.column_stack([mesh.point_data[name] for name in names]).astype(float)
    return np.asarray(mesh.points, float), triangles, stored


_HALVES = ([0, 1, 2], [0, 2, 3])


def _gifti(full: Path, path: str | Path) -> tuple[Array, Array, None]:
    try:
        from nibabel.gifti import GiftiImage
    except ImportError:
        raise missing("nibabel", path, "reading a GIFTI surface") from None

    content = full.read_bytes()
    image = GiftiImage.from_bytes(gzip.decompress(content) if full.suffix == ".gz" else content)
    points = np.asarray(image.agg_data("pointset"), float)
    triangles = np.asarray(image.agg_data("triangle"), int)
    return points, triangles, None
