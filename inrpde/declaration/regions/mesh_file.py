"""Mesh files, read by meshio: nodes, simplices by dimension, and named groups of them."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inrpde.declaration.paths import resolve
from inrpde.declaration.regions.mesh_split import KINDS, simplices_of
from inrpde.errors import ProblemError

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class MeshData:
    """Nodes (N, d) and, for each dimension, simplices (M, dim + 1) of node numbers without duplicates.

    `sources` (M,) number the cells of that dimension in the file which the simplices came from, `counts` say how many
    those are; `groups` hold the numbers of the simplices with a name, by name and dimension.
    """

    name: str
    points: Array
    cells: dict[int, Array]
    sources: dict[int, Array]
    counts: dict[int, int]
    groups: dict[str, dict[int, Array]]
    warnings: tuple[str, ...] = ()


def read_mesh(source: Any, dim: int) -> MeshData:
    """Read a mesh for a space of `dim` dimensions from a path, relative to the problem file, or from a meshio.Mesh.

    Raises ProblemError for a file that is missing, cannot be read, or holds a mesh of another dimension.
    """
    if isinstance(source, (str, Path)):
        path = resolve(source)
        name, mesh = Path(source).name, _read(path, f'Mesh(space, "{source}")')
    else:
        name, mesh = "mesh", source
    place = f'Mesh(space, "{name}")'
    points = np.asarray(mesh.points, float)
    if points.ndim != 2 or not len(points):
        raise ProblemError("the mesh has no nodes", place, "write the mesh anew")
    if not np.all(np.isfinite(points)):
        raise ProblemError("some nodes of the mesh are not finite", place, "write the mesh anew")
    cells, sources, notes = _simplices(mesh)
    _check_dimension(points, cells, dim, place)
    groups = _groups(mesh, sources)
    counts = {k: int(source.max()) + 1 for k, source in sources.items()}
    for k in cells:
        _, first, number = np.unique(np.sort(cells[k], axis=1), axis=0, return_index=True, return_inverse=True)
        # a cell in two groups is written twice by gmsh 2.2: keep the first, in both groups
        rank = np.argsort(np.argsort(first))
        kept = np.sort(first)
        number = rank[number.ravel()]
        cells[k], sources[k] = cells[k][kept], sources[k][kept]
        for group in groups.values():
            if k in group:
                group[k] = np.unique(number[group[k]])
    return MeshData(name, points[:, :dim], cells, sources, counts, groups, tuple(f"{name}: {note}" for note in notes))


def _read(path: Path, place: str) -> Any:
    if not path.is_file():
        raise ProblemError(
            f"the mesh file {path} is missing", place, "paths are relative to the folder of the problem file"
        )
    import meshio

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mesh = meshio.read(path)
    except (
        Exception,
        SystemExit,
    ) as error:  # meshio ends the program, or raises anything, on a file that it cannot read
        reason = str(error) if isinstance(error, Exception) else " ".join(said.getvalue().split())
        raise ProblemError(
            f"the mesh file {path.name} cannot be read: {reason or type(error).__name__}", place,
            "it may be truncated, or not be what its name says; write it anew (gmsh 2.2 or 4.1, VTK, STL)",
        ) from None  # fmt: skip
    if not _is_complete(path, sum(len(block.data) for block in mesh.cells)):
        raise ProblemError(f"the mesh file {path.name} is truncated", place, "write it anew, to its end")
    return mesh


def _is_complete(path: Path, cells: int) -> bool:
    """Whether a file ends as its format does: readers take one cut in its last section for a smaller mesh."""
    data = path.read_bytes()
    last = data.rstrip().rpartition(b"\n")[2]
    if path.suffix == ".msh":
        return last.startswith(b"$End")
    if path.suffix == ".vtk":
        counts = re.findall(rb"^CELL_TYPES\s+(\d+)", data, re.MULTILINE)
        return all(int(count) == cells for count in counts)
    if path.suffix == ".stl":
        return len(data) == 84 + 50 * cells or last.startswith(b"endsolid")
    return True


def _simplices(mesh: Any) -> tuple[dict[int, Array], dict[int, Array], list[str]]:
    """The simplices by dimension and the cells of that dimension, in the file's order, which they came from."""
    cells: dict[int, list[Array]] = {}
    sources: dict[int, list[Array]] = {}
    counts: dict[int, int] = {}
    notes: list[str] = []
    for block in mesh.cells:
        name = block.type.rstrip("0123456789")
        kind = KINDS.get(name)
        if kind is None:
            notes.append(f"{len(block.data)} cells of the kind '{block.type}' were left out")
            continue
        if name != block.type and kind.dim:
            notes.append(
                f"{len(block.data)} curved cells ('{block.type}') were taken as straight between their corners"
            )
        divided, source = simplices_of(kind, np.asarray(block.data)[:, : kind.corners])
        cells.setdefault(kind.dim, []).append(divided)
        sources.setdefault(kind.dim, []).append(source + counts.get(kind.dim, 0))
        counts[kind.dim] = counts.get(kind.dim, 0) + len(block.data)
    return (
        {k: np.concatenate(each).astype(np.int64) for k, each in cells.items()},
        {k: np.concatenate(each) for k, each in sources.items()},
        notes,
    )


def _check_dimension(points: Array, cells: dict[int, Array], dim: int, place: str) -> None:
    has = (
        ", ".join(f"{len(each)} simplices of dimension {k}" for k, each in sorted(cells.items(), reverse=True))
        or "no cells"
    )
    if points.shape[1] < dim or (dim not in cells and dim - 1 not in cells) or dim - 1 < 0:
        raise ProblemError(
            f"the mesh has no cells of dimension {dim}: it has {has}", place,
            f"the space has {dim} spatial coordinates; save the mesh with its cells of that dimension",
        )  # fmt: skip
    flat = np.ptp(points[:, dim:], axis=0)
    if np.any(flat > 1e-9 * np.max(np.ptp(points, axis=0))):
        raise ProblemError(
            f"the mesh is not flat: it extends over {flat.max():g} beyond the {dim} coordinates of the space", place,
            "declare a coordinate for each dimension of the mesh",
        )  # fmt: skip


def _groups(mesh: Any, sources: dict[int, Array]) -> dict[str, dict[int, Array]]:
    """Named groups: physical groups, sets of cells, and the integers on cells, named by their digits."""
    members: dict[str, dict[int, list[Array]]] = {}
    counts: dict[int, int] = {}
    names = {(int(tag), int(k)): name for name, (tag, k) in _named_tags(mesh)}
    for number, block in enumerate(mesh.cells):
        kind = KINDS.get(block.type.rstrip("0123456789"))
        if kind is None:
            continue
        offset = counts.get(kind.dim, 0)
        counts[kind.dim] = offset + len(block.data)
        found = [(name, cells[number]) for name, cells in mesh.cell_sets.items() if not name.startswith("gmsh:")]
        for key, arrays in mesh.cell_data.items():
            tags = np.reshape(arrays[number], (len(block.data), -1))
            if key != "gmsh:geometrical" and tags.shape[1] == 1 and np.issubdtype(tags.dtype, np.integer):
                found += [
                    (names.get((int(tag), kind.dim), str(tag)), np.flatnonzero(tags == tag)) for tag in np.unique(tags)
                ]
        for name, cells in found:
            if cells is not None and len(cells):
                members.setdefault(name, {}).setdefault(kind.dim, []).append(offset + np.asarray(cells, int))
    return {
        name: {k: np.flatnonzero(np.isin(sources[k], np.concatenate(each))) for k, each in by_dim.items()}
        for name, by_dim in members.items()
    }


def _named_tags(mesh: Any) -> list[tuple[str, tuple[int, int]]]:
    return [(name, tuple(value)) for name, value in mesh.field_data.items() if np.size(value) == 2]
