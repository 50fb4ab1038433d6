"""Where a field of three coordinates vanishes, as a VTK file of triangles."""

from __future__ import annotations

import os

import numpy as np

from inrpde.errors import OutputError
from inrpde.export.atomic import replacing
from inrpde.export.dataset import Dataset


def write(path: str | os.PathLike[str], dataset: Dataset) -> None:
    """Write the zero level of the first unknown by marching cubes (Lorensen and Cline 1987), for ParaView and meshio.

    Raises `OutputError` for a dataset that is no grid of three coordinates or has no zero, and where scikit-image is
    missing.
    """
    import meshio

    points, triangles = zero_level(dataset, str(path))
    with replacing(path) as beside:
        meshio.write(beside, meshio.Mesh(points, [("triangle", triangles)]), file_format="vtk")


def zero_level(dataset: Dataset, where: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) and triangles (M, 3) of the zero level of the first unknown."""
    names = [name for name in dataset.unknowns if dataset.fields[name].dtype.kind in "fiu"]
    if dataset.kind != "grid" or len(dataset.spatial) != 3 or dataset.instants is not None or not names:
        raise OutputError("a surface is the zero level of a real field of x, y, z on a grid", where, "write NAME.h5")
    try:
        from skimage.measure import marching_cubes
    except ImportError:
        fix = "pip install scikit-image, or inrpde[paper]"
        raise OutputError("marching cubes need scikit-image", where, fix) from None
    values = dataset.fields[names[0]].astype(float)
    if not np.nanmin(values) < 0 < np.nanmax(values):
        raise OutputError(f"{names[0]} has no zero on the grid", where, "give a finer --grid, or write NAME.h5")
    step = [axis[1] - axis[0] for axis in dataset.axes]
    vertices, triangles, _, _ = marching_cubes(values, 0.0, spacing=step, mask=np.isfinite(values))
    return vertices + np.array([axis[0] for axis in dataset.axes]), triangles
