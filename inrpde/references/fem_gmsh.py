"""Meshes by gmsh of boxes, balls and their combinations, that follow where materials meet."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import current_thread, main_thread
from typing import Any

import numpy as np
from sympy import Expr, Poly, PolynomialError, Symbol

from inrpde.declaration.regions import Ball, Region
from inrpde.declaration.regions.box import Box
from inrpde.declaration.regions.combine import Combined
from inrpde.references.reference import Unsupported

Array = np.ndarray
ROUND = {2: 16, 3: 10}
"""Elements round a circle on the coarsest mesh, at least."""


@dataclass(frozen=True)
class Plane:
    """normal · x = offset, of a unit normal: a line in the plane."""

    normal: tuple[float, ...]
    offset: float


@dataclass(frozen=True)
class Sphere:
    """A circle in the plane."""

    centre: tuple[float, ...]
    radius: float


Cut = Plane | Sphere


def cut(expr: Expr, coords: Sequence[Symbol]) -> Cut | None:
    """The plane or sphere on which an expression vanishes, if it is one."""
    if not expr.free_symbols or not expr.free_symbols <= set(coords):
        return None
    try:
        poly = Poly(expr, *coords)
        terms = {powers: float(value) for powers, value in poly.terms()}
    except (PolynomialError, TypeError):
        return None
    unit = np.eye(len(coords), dtype=int)
    slope = np.array([terms.pop(tuple(row.tolist()), 0.0) for row in unit])
    constant = terms.pop((0,) * len(coords), 0.0)
    squares = np.array([terms.pop(tuple((2 * row).tolist()), 0.0) for row in unit])
    if terms:
        return None
    if not np.any(squares):
        size = float(np.linalg.norm(slope))
        return Plane(tuple((slope / size).tolist()), -constant / size)
    if np.ptp(squares) > 1e-12 * np.max(np.abs(squares)):
        return None
    centre = -slope / (2 * squares[0])
    square = float(centre @ centre - constant / squares[0])
    return Sphere(tuple(centre.tolist()), square**0.5) if square > 0 else None


def check_primitives(region: Region) -> None:
    """Raise Unsupported for a region of other primitives."""
    if isinstance(region, Combined):
        check_primitives(region.left)
        check_primitives(region.right)
    elif not isinstance(region, (Box, Ball)):
        raise Unsupported(f"{region.label} is made of more than boxes and balls")


def balls(region: Region) -> list[Sphere]:
    """Those of which a region is made."""
    if isinstance(region, Combined):
        return [*balls(region.left), *balls(region.right)]
    return [Sphere(tuple(region.centre.tolist()), region.radius)] if isinstance(region, Ball) else []


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


def generated(regions: Sequence[Region], cuts: Sequence[Cut], size: float, around: int) -> tuple[Array, Array]:
    """The nodes (N, d) and the cells (C, d + 1) of a mesh of regions, no larger than `size`, so many at least `around`
    a circle."""
    import gmsh

    dim = len(regions[0].coords)
    running = gmsh.isInitialized()
    if not running:
        with _handlers_kept():
            gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.model.add("region")
        _build(gmsh.model, regions, cuts, dim)
        gmsh.model.mesh.setSize(gmsh.model.getEntities(0), size)
        for name, value in {"MeshSizeMax": size, "MeshSizeFromCurvature": around}.items():
            gmsh.option.setNumber(f"Mesh.{name}", value)
        gmsh.model.mesh.generate(dim)
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        numbers = np.zeros(int(tags.max()) + 1, int)
        numbers[tags] = np.arange(len(tags))
        cells = numbers[gmsh.model.mesh.getElementsByType(2 if dim == 2 else 4)[1]]
        gmsh.model.remove()
    finally:
        if not running:
            gmsh.finalize()
    used, numbered = np.unique(cells, return_inverse=True)
    return coordinates.reshape(-1, 3)[used, :dim], numbered.reshape(-1, dim + 1)


def _build(model: Any, regions: Sequence[Region], cuts: Sequence[Cut], dim: int) -> None:
    """The regions in gmsh's kernel, in parts that meet in common faces, cut where materials meet."""
    occ = model.occ
    parts = [part for region in regions for part in _construct(occ, region, dim)]
    lo = np.min([region.bounds[0] for region in regions], axis=0)
    hi = np.max([region.bounds[1] for region in regions], axis=0)
    middle, reach = (lo + hi) / 2, float(np.linalg.norm(hi - lo))
    tools = [tool for each in cuts if (tool := _tool(occ, each, middle, reach, dim)) is not None]
    if len(parts) + len(tools) > 1:
        _, origins = occ.fragment(parts, tools)
        kept = {part for made in origins[: len(parts)] for part in made}
        occ.remove([part for part in occ.getEntities(dim) if part not in kept], recursive=True)
    occ.synchronize()
    loose = [part for part in model.getEntities(dim - 1) if not len(model.getAdjacencies(*part)[0])]
    if loose:
        occ.remove(loose, recursive=True)
        occ.synchronize()


def _tool(occ: Any, each: Cut, middle: Array, reach: float, dim: int) -> tuple[int, int] | None:
    """A cut that goes through a ball about the region, in gmsh's kernel."""
    if isinstance(each, Sphere):
        centre, r = each.centre, each.radius
        return (2, occ.addDisk(*centre, 0.0, r, r)) if dim == 2 else (3, occ.addSphere(*centre, r))
    normal = np.array(each.normal)
    foot = middle + (each.offset - normal @ middle) * normal
    if np.linalg.norm(foot - middle) >= reach:
        return None
    across = np.linalg.svd(normal[None])[2][1:]
    signs = np.array([[-1.0], [1.0]] if dim == 2 else [[-1, -1], [1, -1], [1, 1], [-1, 1]])
    corners = foot + 2 * reach * signs @ across
    points = [occ.addPoint(*corner, *[0.0] * (3 - dim)) for corner in corners.tolist()]
    if dim == 2:
        return 1, occ.addLine(*points)
    lines = [occ.addLine(a, b) for a, b in zip(points, [*points[1:], points[0]], strict=True)]
    return 2, occ.addPlaneSurface([occ.addCurveLoop(lines)])


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
