"""Curved cells: divided at the nodes on their edges into straight ones, and the shape that is lost by that."""

from __future__ import annotations

from math import comb

import numpy as np

from inrpde.declaration.regions.mesh_split import KINDS, Kind, simplices_of
from inrpde.declaration.regions.simplices import measures

Array = np.ndarray

_CUBE = [(0, 0, 0), (2, 0, 0), (2, 2, 0), (0, 2, 0), (0, 0, 2), (2, 0, 2), (2, 2, 2), (0, 2, 2)]
_FACES = [(0, 1, 1), (2, 1, 1), (1, 0, 1), (1, 2, 1), (1, 1, 0), (1, 1, 2), (1, 1, 1)]


def _eight_cubes() -> tuple[tuple[int, ...], ...]:
    """The nodes of a hexahedron of 27 at the corners of its eight parts."""
    edges = [tuple((p + q) // 2 for p, q in zip(_CUBE[a], _CUBE[b], strict=True)) for a, b in KINDS["hexahedron"].edges]
    number = {place: k for k, place in enumerate([*_CUBE, *edges, *_FACES])}
    return tuple(
        tuple(number[tuple(o + c // 2 for o, c in zip(origin, corner, strict=True))] for corner in _CUBE)
        for origin in np.ndindex(2, 2, 2)
    )


PARTS: dict[str, tuple[str, tuple[tuple[int, ...], ...]]] = {
    "line3": ("line", ((0, 2), (2, 1))),
    "triangle6": ("triangle", ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))),
    "quad8": ("triangle", ((0, 4, 7), (4, 1, 5), (5, 2, 6), (6, 3, 7), (4, 5, 6), (6, 7, 4))),
    "quad9": ("quad", ((0, 4, 8, 7), (4, 1, 5, 8), (8, 5, 2, 6), (7, 8, 6, 3))),
    "tetra10": ("tetra", ((0, 4, 6, 7), (4, 1, 5, 8), (6, 5, 2, 9), (7, 8, 9, 3),
                          (4, 9, 5, 6), (4, 9, 6, 7), (4, 9, 7, 8), (4, 9, 8, 5))),
    "hexahedron27": ("hexahedron", _eight_cubes()),
}  # fmt: skip
"""Quadratic cells as straight ones between their nodes, in VTK's order: neighbours divide their common face alike."""


def is_curved(name: str, dim: int | None = None) -> bool:
    """Whether the cells of a kind, "triangle6", have nodes beside their corners; of a dimension if one is given."""
    kind = kind_of(name)
    return name not in KINDS and kind is not None and dim in (None, kind.dim)


def kind_of(name: str) -> Kind | None:
    """The kind of cell by its corners: "triangle" for "triangle6"."""
    return KINDS.get(name.rstrip("0123456789"))


def divided(name: str, cells: Array, at_nodes: bool) -> tuple[Array, Array]:
    """The simplices (K, dim + 1) of cells (M, n), and the cell (K,) that each came from.

    Quadratic cells are cut `at_nodes`, or else taken as straight between their corners.
    """
    if at_nodes and name in PARTS:
        part, places = PARTS[name]
        pieces, source = simplices_of(KINDS[part], cells[:, np.array(places)].reshape(-1, len(places[0])))
        order = np.argsort(source, kind="stable")
        return pieces[order], source[order] // len(places)
    kind = kind_of(name)
    assert kind is not None
    return simplices_of(kind, cells[:, : kind.corners])


def bulges(points: Array, name: str, cells: Array) -> tuple[Array, Array]:
    """The edges (E, 2) of curved cells (M, n), and how far (E,) their nodes lie off the line between the ends."""
    kind = kind_of(name)
    assert kind is not None
    inner = _order(name, kind, cells.shape[1]) - 1
    nodes = cells[:, kind.corners : kind.corners + inner * len(kind.edges)]
    ends = cells[:, np.array(kind.edges)]
    a, b = points[ends[:, :, 0]], points[ends[:, :, 1]]
    along = (b - a) / np.maximum(np.linalg.norm(b - a, axis=2, keepdims=True), 1e-300)
    to = points[nodes][:, :, None] - a[:, None]
    off = np.linalg.norm(to - np.sum(to * along[:, None], axis=3, keepdims=True) * along[:, None], axis=3)
    # of cubic cells and beyond, writers number the edges differently: a node is of the edge that it is nearest to
    quadratic = nodes.shape[1] == len(kind.edges)
    edge = np.broadcast_to(np.arange(nodes.shape[1]), nodes.shape) if quadratic else off.argmin(axis=2)
    found = np.zeros(ends.shape[:2])
    rows = np.arange(len(cells))[:, None]
    np.maximum.at(found, (rows, edge), np.take_along_axis(off, edge[:, :, None], axis=2)[:, :, 0])
    return ends.reshape(-1, 2), found.ravel()


def _order(name: str, kind: Kind, nodes: int) -> int:
    """The least order whose cells of this kind have as many nodes."""
    simplex = kind.corners == kind.dim + 1
    order = 1
    while (comb(order + kind.dim, kind.dim) if simplex else (order + 1) ** kind.dim) < nodes:
        order += 1
    return order


def lost(points: Array, facets: Array, edges: Array, gaps: Array) -> tuple[float, float]:
    """What lies between straight facets (F, d) and curved ones, in measure; and the largest distance between them.

    The edges (E, 2) are `gaps` (E,) off; a parabola is two thirds of that off on average, a quadratic patch a third of
    the sum of its edges'.
    """
    corners = facets.shape[1]
    pairs = [(0, 1)] if corners == 2 else [(0, 1), (1, 2), (0, 2)] if corners == 3 else []
    if not pairs or not len(facets):
        return 0.0, 0.0
    sides = np.concatenate([facets[:, list(pair)] for pair in pairs])
    _, number = np.unique(np.sort(np.concatenate([edges, sides]), axis=1), axis=0, return_inverse=True)
    number = number.ravel()
    widest = np.zeros(number.max() + 1)
    np.maximum.at(widest, number[: len(edges)], gaps)
    off = widest[number[len(edges) :]].reshape(len(pairs), -1)
    share = 2 / 3 if corners == 2 else 1 / 3
    return float(np.sum(measures(points[facets]) * off.sum(axis=0)) * share), float(off.max())
