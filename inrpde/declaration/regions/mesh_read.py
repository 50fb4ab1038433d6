"""Mesh files by meshio, and what it gets wrong of what gmsh, VTK, Salome and Abaqus write."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from inrpde.declaration.regions.flaw import Flaw
from inrpde.declaration.regions.mesh_abaqus import read_abaqus
from inrpde.errors import ProblemError

Array = np.ndarray
VTK_TYPES = {
    "bit": "bool", "char": "int8", "unsigned_char": "uint8", "short": "int16", "unsigned_short": "uint16",
    "int": "int32", "unsigned_int": "uint32", "long": "int64", "unsigned_long": "uint64", "vtkidtype": "int64",
}  # fmt: skip
"""Types of arrays in legacy VTK files, in version 5.1, too."""


@dataclass(frozen=True, eq=False)
class Source:
    """What a file says: the mesh, its physical groups by (dimension, entity), sets of nodes, and what was lost."""

    mesh: Any
    entities: Mapping[tuple[int, int], list[int]] = field(default_factory=dict)
    node_sets: Mapping[str, Array] = field(default_factory=dict)
    lost: tuple[Flaw, ...] = ()


def read_file(path: Path, place: str) -> Source:
    """Read a mesh file. Raises ProblemError for one that is missing, truncated, or cannot be read."""
    if not path.is_file():
        raise ProblemError(
            f"the mesh file {path} is missing", place, "paths are relative to the folder of the problem file"
        )
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = _read(path)
    except (
        Exception,
        SystemExit,
    ) as error:  # meshio ends the program, or raises anything, on a file that it cannot read
        reason = str(error) if isinstance(error, Exception) else " ".join(said.getvalue().split())
        raise ProblemError(
            f"the mesh file {path.name} cannot be read: {reason or type(error).__name__}", place,
            "it may be truncated, or not be what its name says; write it anew (gmsh 2.2 or 4.1, VTK, STL)",
        ) from None  # fmt: skip
    if heard := " ".join(said.getvalue().split()):
        source = replace(
            source, lost=(*source.lost, Flaw(f"the reader says: {heard}", inf if "cells" in heard else 0.0))
        )
    if not _is_complete(path, sum(len(block.data) for block in source.mesh.cells)):
        raise ProblemError(f"the mesh file {path.name} is truncated", place, "write it anew, to its end")
    return source


def _read(path: Path) -> Source:
    import meshio

    if path.suffix == ".inp":
        mesh, node_sets, lost = read_abaqus(path)
        return Source(mesh, node_sets=node_sets, lost=tuple(map(Flaw, lost)))
    entities: dict[tuple[int, int], list[int]] = {}
    with _mended(entities):
        if path.suffix != ".vtk":
            return Source(meshio.read(path), entities)
        with tempfile.TemporaryDirectory() as folder:  # meshio wants the newline that some writers leave out at the end
            whole = Path(folder) / path.name
            whole.write_bytes(path.read_bytes() + b"\n")
            return Source(meshio.read(whole))


@contextlib.contextmanager
def _mended(entities: dict[tuple[int, int], list[int]]) -> Iterator[None]:
    """Let meshio read entities without a physical group (gmsh 4.1), families without one (MED), and all of VTK's types.

    `entities` takes the physical groups of each entity, of which meshio keeps the first.
    """
    gmsh, med, vtk = (import_module(f"meshio.{name}") for name in ("gmsh._gmsh41", "med._med", "vtk._vtk_51"))
    read_entities = gmsh._read_entities

    def all_with_a_group(*arguments: Any) -> Any:
        physical, bounding = read_entities(*arguments)
        for dim, by_entity in enumerate(physical):
            for entity, tags in by_entity.items():
                entities[dim, entity] = [abs(int(tag)) for tag in tags]
                by_entity[entity] = tags or [0]
        return physical, bounding

    mends = [
        (gmsh, "_read_entities", all_with_a_group), (med, "_read_families", _families),
        (vtk, "vtk_to_numpy_dtype_name", vtk.vtk_to_numpy_dtype_name | VTK_TYPES),
    ]  # fmt: skip
    before = [(module, name, getattr(module, name)) for module, name, _ in mends]
    try:
        for module, name, mend in mends:
            setattr(module, name, mend)
        yield
    finally:
        for module, name, kept in before:
            setattr(module, name, kept)


def _families(group: Any) -> dict[int, list[str]]:
    """The names of the groups of each family of a MED file, of those that are in none, too."""
    names = {}
    for family in group.values():
        rows = family["GRO/NOM"][()] if "GRO" in family else []
        names[int(family.attrs["NUM"])] = [bytes(np.uint8(row)).split(b"\0")[0].decode().strip() for row in rows]
    return names


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
