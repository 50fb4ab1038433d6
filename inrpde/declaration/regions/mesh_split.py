"""Cells of any linear kind as simplices, so that neighbours still fit together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Kind:
    """A kind of cell: its dimension, its number of corners, (in 3-D) its faces as corners in order round each, and its
    edges in the order in which curved cells of the kind have nodes on them."""

    dim: int
    corners: int
    faces: tuple[tuple[int, ...], ...] = ()
    edges: tuple[tuple[int, int], ...] = ()


_RING3, _RING4 = ((0, 1), (1, 2), (2, 0)), ((0, 1), (1, 2), (2, 3), (3, 0))
KINDS = {
    "vertex": Kind(0, 1),
    "line": Kind(1, 2, edges=((0, 1),)),
    "triangle": Kind(2, 3, edges=_RING3),
    "quad": Kind(2, 4, edges=_RING4),
    "tetra": Kind(3, 4, edges=(*_RING3, (0, 3), (1, 3), (2, 3))),
    "pyramid": Kind(
        3, 5, ((0, 1, 2, 3), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)),
        (*_RING4, (0, 4), (1, 4), (2, 4), (3, 4)),
    ),
    "wedge": Kind(
        3, 6, ((0, 1, 2), (3, 4, 5), (0, 1, 4, 3), (1, 2, 5, 4), (2, 0, 3, 5)),
        (*_RING3, (3, 4), (4, 5), (5, 3), (0, 3), (1, 4), (2, 5)),
    ),
    "hexahedron": Kind(
        3, 8, ((0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)),
        (*_RING4, (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)),
    ),
}  # fmt: skip


def simplices_of(kind: Kind, cells: Array) -> tuple[Array, Array]:
    """Divide cells (M, corners) of node numbers into simplices (K, dim + 1); also the cell (K,) that each came from.

    The corner of the lowest number is joined to the faces that it does not lie on, and quadrilaterals are cut at theirs
    (Dompierre et al. 1999): neighbours cut their common face alike.
    """
    every = np.arange(len(cells))
    if kind.corners == kind.dim + 1:
        return cells, every
    if kind.dim == 2:
        return _triangles(cells), np.repeat(every, 2)
    pieces, sources = [], []
    lowest = np.argmin(cells, axis=1)
    for apex in range(kind.corners):
        these = every[lowest == apex]
        for face in kind.faces:
            if apex in face or not len(these):
                continue
            triangles = cells[these][:, face] if len(face) == 3 else _triangles(cells[these][:, face])
            source = np.repeat(these, len(triangles) // len(these))
            pieces.append(np.column_stack([cells[source, apex], triangles]))
            sources.append(source)
    return np.concatenate(pieces), np.concatenate(sources)


def _triangles(quads: Array) -> Array:
    """Two triangles (2M, 3) for each quadrilateral (M, 4), in a row; the diagonal starts at the lowest number."""
    even = np.argmin(quads, axis=1) % 2 == 0
    first = np.where(even[:, None], quads[:, [0, 1, 2]], quads[:, [1, 2, 3]])
    second = np.where(even[:, None], quads[:, [0, 2, 3]], quads[:, [1, 3, 0]])
    return np.stack([first, second], axis=1).reshape(-1, 3)
