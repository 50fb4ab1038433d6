"""The groups of VTKHDF 2.0 (vtk.org, "VTKHDF file format"), which ParaView reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import h5py
import numpy as np

from inrpde.errors import OutputError

HIDDEN_POINT = 2  # vtkDataSetAttributes::HIDDENPOINT

#: VTK's number and the count of nodes of each type of cell
CELLS = {
    "vertex": (1, 1), "line": (3, 2), "triangle": (5, 3), "quad": (9, 4), "tetra": (10, 4),
    "hexahedron": (12, 8), "wedge": (13, 6), "pyramid": (14, 5),
}  # fmt: skip
_NAMES = {number: name for name, (number, _) in CELLS.items()}


def start(file: h5py.File, kind: str) -> h5py.Group:
    """The group `/VTKHDF` of this kind ("ImageData", "UnstructuredGrid", "Table")."""
    group = file.create_group("VTKHDF")
    group.attrs["Version"] = np.array([2, 0], np.int64)
    fixed = h5py.string_dtype("ascii", len(kind))  # VTK reads no strings of variable length here
    group.attrs.create("Type", kind.encode("ascii"), dtype=fixed)
    return group


def image(group: h5py.Group, axes: Sequence[np.ndarray], *, turned: bool) -> None:
    """Origin, spacing, direction and extent of a grid of one to three uniform axes, x first.

    Flat axes become VTK's last, because readers before VTK 9.5 take the array's shape to be that of the first axes.
    Where `turned`, `Direction` puts a slice back into its own plane; otherwise it lies in that of the first axes.
    """
    three = [*axes, *[np.zeros(1)] * (3 - len(axes))]
    order = sorted(range(3), key=lambda number: len(three[number]) == 1)
    packed = [three[number] for number in order]
    direction = np.eye(3)[:, order]
    direction[:, 2] *= np.linalg.det(direction)  # right-handed; the axis turned round is a flat one
    ends = np.array([len(axis) - 1 for axis in packed])
    spacing = [(axis[-1] - axis[0]) / (len(axis) - 1) if len(axis) > 1 else 1.0 for axis in packed]
    group.attrs["WholeExtent"] = np.stack([np.zeros(3), ends], axis=1).astype(np.int64).ravel()
    group.attrs["Origin"] = np.array([axis[0] for axis in (three if turned else packed)])
    group.attrs["Spacing"] = np.array(spacing)
    group.attrs["Direction"] = (direction if turned else np.eye(3)).ravel()


def unstructured(group: h5py.Group, points: np.ndarray, cells: Mapping[str, np.ndarray]) -> None:
    """Nodes (N, d ≤ 3) and cells by type. Raises `OutputError` for a type of cell that is not among `CELLS`."""
    for name, nodes in cells.items():
        if name not in CELLS or nodes.shape[1] != CELLS[name][1]:
            known = ", ".join(f"{known} ({count})" for known, (_, count) in CELLS.items())
            raise OutputError(
                f"cells of type {name} with {nodes.shape[1]} nodes cannot be written",
                fix=f"split them into cells of these types (nodes): {known}",
            )
    counts = np.concatenate([np.full(len(nodes), CELLS[name][1], np.int64) for name, nodes in cells.items()])
    connectivity = np.concatenate([nodes.ravel() for nodes in cells.values()])
    group["NumberOfPoints"] = np.array([len(points)], np.int64)
    group["NumberOfCells"] = np.array([len(counts)], np.int64)
    group["NumberOfConnectivityIds"] = np.array([len(connectivity)], np.int64)
    group["Points"] = np.pad(points, ((0, 0), (0, 3 - points.shape[1])))
    group["Connectivity"] = connectivity
    group["Offsets"] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    group["Types"] = np.concatenate([np.full(len(nodes), CELLS[name][0], np.uint8) for name, nodes in cells.items()])


def cells_of(group: h5py.Group) -> dict[str, np.ndarray]:
    """The cells that `unstructured` stored, by type."""
    types, offsets, connectivity = (group[name][...] for name in ("Types", "Offsets", "Connectivity"))
    cells = {}
    for number in dict.fromkeys(types.tolist()):
        name = _NAMES[number]
        first = offsets[:-1][types == number]
        cells[name] = connectivity[first[:, None] + np.arange(CELLS[name][1])]
    return cells


def image_steps(group: h5py.Group, times: np.ndarray, names: Sequence[str]) -> None:
    """Time steps of a grid, whose arrays have the step as their first axis."""
    _steps(group, times, {f"PointDataOffsets/{name}": np.arange(len(times)) for name in names})


def unstructured_steps(group: h5py.Group, times: np.ndarray, names: Sequence[str], count: int) -> None:
    """Time steps of a mesh that does not change, whose arrays lie flat, `count` values a step."""
    same = np.zeros(len(times), np.int64)
    offsets = dict.fromkeys(("PartOffsets", "PointOffsets"), same)
    offsets |= dict.fromkeys(("CellOffsets", "ConnectivityIdOffsets"), same[:, None])
    offsets |= {f"PointDataOffsets/{name}": np.arange(len(times)) * count for name in names}
    _steps(group, times, offsets | {"NumberOfParts": same + 1})


def table(group: h5py.Group, count: int, steps: int) -> None:
    """A table of `count` rows at each of `steps` times (1: no time)."""
    group["NumberOfRows"] = np.full(steps, count, np.int64)


def table_steps(group: h5py.Group, times: np.ndarray, names: Sequence[str], fixed: Sequence[str], count: int) -> None:
    """Time steps of a table whose columns `names` lie flat, `count` values a step, and whose columns `fixed` stay."""
    same = np.zeros(len(times), np.int64)
    offsets = {f"RowDataOffsets/{name}": np.arange(len(times)) * count for name in names}
    offsets |= {f"RowDataOffsets/{name}": same for name in fixed}
    _steps(group, times, offsets | {"PartOffsets": np.arange(len(times)), "NumberOfParts": same + 1})


def _steps(group: h5py.Group, times: np.ndarray, offsets: Mapping[str, np.ndarray]) -> None:
    steps = group.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(len(times))
    steps["Values"] = times
    for name, values in offsets.items():
        steps[name] = values.astype(np.int64)
