"""Meshes for finite elements.

Mesh regions keep their cells, refined; boxes, balls and their combinations are meshed by gmsh where it is installed.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from threading import current_thread, main_thread
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from inrpde.declaration.regions import Ball, Mesh, Region
from inrpde.declaration.regions.box import Box
from inrpde.declaration.regions.combine import Combined
from inrpde.references.reference import Refusal, Unsupported

Array = np.ndarray
ROUND = 16
"""Elements round a circle on the coarsest mesh, at least."""
RATIO = {2: 2.0, 3: 2**0.5}
"""How much smaller the cells of the next mesh are, where gmsh makes them."""
MOST_CELLS = {2: 300_000, 3: 60_000}
"""Of the finest mesh."""


def check_meshable(regions: Sequence[Any]) -> None:
    """Raise Unsupported for regions of which there is no mesh, nor a generator at hand."""
    dim = len(regions[0].coords)
    if dim not in MOST_CELLS:
        raise Unsupported(f"finite elements in {dim} dimensions")
    if all(isinstance(region, Mesh) for region in regions):
        if any(region.volume is None for region in regions):
            raise Unsupported("a closed surface has no cells inside")
        if any(region.nodes is not regions[0].nodes for region in regions):
            raise Unsupported("the equations hold on several meshes")
        if len(_cells(regions)) * 4**dim > MOST_CELLS[dim]:
            raise Unsupported("the mesh has too many cells to be refined twice", Refusal.TOO_DEAR)
        return
    for region in regions:
        _check_primitives(region)
    if find_spec("gmsh") is None:
        raise Unsupported("gmsh, which would mesh the region, is not installed")


def _check_primitives(region: Region) -> None:
    if isinstance(region, Combined):
        _check_primitives(region.left)
        _check_primitives(region.right)
    elif not isinstance(region, (Box, Ball)):
        raise Unsupported(f"{region.label} is made of more than boxes and balls")


def meshes(regions: Sequence[Region], size: float) -> Iterator[Any]:
    """Three scikit-fem meshes of the regions together, each finer than the one before by their `ratio`.

    The first has cells of about `size` where that is free. A mesh's own cells are kept and divided.
    """
    for level in range(3):
        if isinstance(regions[0], Mesh):
            yield _refined(regions, level)
        else:
            yield _generated(regions, size, ratio(regions) ** level)


def ratio(regions: Sequence[Region]) -> float:
    """The ratio of the sizes of cells of one mesh and the next."""
    return 2.0 if isinstance(regions[0], Mesh) else RATIO[len(regions[0].coords)]


def _cells(regions: Sequence[Any]) -> Array:
    """The simplices (M, d + 1) of the parts of one mesh."""
    return np.unique(np.concatenate([region.cells for region in regions]), axis=0)


def _refined(regions: Sequence[Any], level: int) -> Any:
    from skfem import MeshTet, MeshTri

    simplices = _cells(regions)
    used, cells = np.unique(simplices, return_inverse=True)
    kind = MeshTri if simplices.shape[1] == 3 else MeshTet
    return kind(regions[0].nodes[used].T, cells.reshape(simplices.shape).T).refined(level)


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Set the signals' handlers again, which gmsh resets behind Python's back."""
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            handler = signal.getsignal(number)
            if handler is not None and current_thread() is main_thread():  # Python sets them from there alone
                signal.signal(number, handler)


def _generated(regions: Sequence[Region], size: float, finer: float) -> Any:
    """A mesh of quadratic triangles or tetrahedra, whose curved sides follow those of the regions."""
    import gmsh  # type: ignore[import-untyped]
    from skfem import MeshTet2, MeshTri2

    dim = len(regions[0].coords)
    running = gmsh.isInitialized()
    if not running:
        with _handlers_kept():
            gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.model.add("region")
        first, *others = (_construct(gmsh.model.occ, region, dim) for region in regions)
        if others:
            gmsh.model.occ.fragment(first, [part for other in others for part in other])
        gmsh.model.occ.synchronize()
        for name, value in {"MeshSizeMax": size / finer, "MeshSizeFromCurvature": round(ROUND * finer)}.items():
            gmsh.option.setNumber(f"Mesh.{name}", value)
        gmsh.model.mesh.generate(dim)
        gmsh.model.mesh.setOrder(2)
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        numbers = np.zeros(int(tags.max()) + 1, int)
        numbers[tags] = np.arange(len(tags))
        cells = numbers[gmsh.model.mesh.getElementsByType(9 if dim == 2 else 11)[1]]
        gmsh.model.remove()
    finally:
        if not running:
            gmsh.finalize()
    points, cells = coordinates.reshape(-1, 3)[:, :dim], cells.reshape(-1, 6 if dim == 2 else 10)
    used, cells = np.unique(cells, return_inverse=True)
    cells = cells.reshape(-1, 6 if dim == 2 else 10)
    if dim == 3:
        # gmsh numbers the last two edges of a tetrahedron the other way round
        cells = cells[:, [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]]
    return (MeshTri2 if dim == 2 else MeshTet2)(points[used].T, cells.T)


def _construct(occ: Any, region: Region, dim: int) -> list[tuple[int, int]]:
    """The region in gmsh's kernel, from its tree."""
    if isinstance(region, Box):
        low, extent = region.lo[:dim].tolist(), (region.hi - region.lo)[:dim].tolist()
        return [(dim, occ.addRectangle(*low, 0.0, *extent) if dim == 2 else occ.addBox(*low, *extent))]
    if isinstance(region, Ball):
        centre, r = region.centre.tolist(), region.radius
        return [(dim, occ.addDisk(*centre, 0.0, r, r) if dim == 2 else occ.addSphere(*centre, r))]
    assert isinstance(region, Combined)
    combine = {"-": occ.cut, "|": occ.fuse, "&": occ.intersect}[region.sign]
    return combine(_construct(occ, region.left, dim), _construct(occ, region.right, dim))[0]


def locate(mesh: Any, points: Array) -> Array:
    """The number of the cell round each of the points (N, d), -1 where none is;

    Cells count as straight, and a little larger.
    """
    dim = len(points.T)
    vertices = mesh.p.T[mesh.t[: dim + 1].T]
    _, near = cKDTree(vertices.mean(axis=1)).query(points, k=min(24, len(vertices)))
    found, best = np.full(len(points), -1), np.full(len(points), -0.1)
    for cells in near.reshape(len(points), -1).T:
        base, edges = vertices[cells, 0], vertices[cells, 1:] - vertices[cells, :1]
        shares = np.linalg.solve(edges.transpose(0, 2, 1), (points - base)[:, :, None])[:, :, 0]
        least = np.minimum(shares.min(axis=1), 1 - shares.sum(axis=1))
        better = least > best
        found[better], best[better] = cells[better], least[better]
    return found


def local_coordinates(mapping: Any, points: Array, cells: Array) -> Array:
    """Reference coordinates (d, N, 1) of points (N, d) in their cells, by Newton's method on the mapping.

    Raises Unsupported where it does not converge.
    """
    dim = len(points.T)
    local = np.full((dim, len(points), 1), 1 / (dim + 1))
    target = points.T[:, :, None]
    for _ in range(20):
        gap = mapping.F(local, tind=cells) - target
        if np.max(np.abs(gap)) <= 1e-11 * np.max(np.abs(target)):
            return local
        slopes = np.moveaxis(mapping.DF(local, tind=cells), (0, 1), (2, 3))
        local = local - np.moveaxis(np.linalg.solve(slopes, np.moveaxis(gap, 0, 2)[..., None])[..., 0], 2, 0)
    raise Unsupported("some cells of the mesh are curved too strongly")
