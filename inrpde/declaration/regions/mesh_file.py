"""What a mesh says: nodes, simplices by dimension, and named groups of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from inrpde.declaration.paths import resolve
from inrpde.declaration.regions.flaw import Flaw
from inrpde.declaration.regions.mesh_cells import facet_table
from inrpde.declaration.regions.mesh_curved import PARTS, bulges, divided, is_curved, kind_of, lost
from inrpde.declaration.regions.mesh_read import Source, read_file
from inrpde.declaration.regions.simplices import measures
from inrpde.errors import ProblemError

Array = np.ndarray
Groups = dict[str, dict[int, Array]]

WELD = 1e-7
"""Corners of a surface's facets that are nearer, relative to its size, are one: STL files have single precision."""
FLAT = 1e-9
"""A coordinate that varies less, relative to the size of the mesh, is constant."""
ROUNDING = 1e-12
"""A relative error of the shape below is none."""
MEASURES = {1: "length", 2: "area", 3: "volume"}


@dataclass(frozen=True, eq=False)
class MeshData:
    """Nodes (N, d) and, for each dimension, simplices (M, dim + 1) of node numbers without duplicates.

    `sources` (M,) number the cells of that dimension in the file which the simplices came from, `counts` say how many
    those are; `groups` hold the numbers of the simplices with a name, by name and dimension; `arrays` name the data on
    cells that may be asked for as groups.
    """

    name: str
    points: Array
    cells: dict[int, Array]
    sources: dict[int, Array]
    counts: dict[int, int]
    groups: Groups
    flaws: tuple[Flaw, ...] = ()
    arrays: tuple[str, ...] = ()


def read_mesh(source: Any, names: Sequence[str], tags: str | None = None) -> MeshData:
    """Read a mesh for a space of the coordinates `names` from a path, relative to the problem file, or a meshio.Mesh.

    Groups are those that the mesh names, and the whole numbers of the array `tags` on cells. Raises ProblemError for a
    file that is missing, cannot be read, or holds a mesh of another dimension or plane.
    """
    if isinstance(source, (str, Path)):
        path = resolve(source)
        name, found = Path(source).name, read_file(path, f'Mesh(space, "{source}")')
    else:
        name, found = "mesh", Source(source)
    dim, mesh, place = len(names), found.mesh, f'Mesh(space, "{name}")'
    points = np.asarray(mesh.points, float)
    if points.ndim != 2 or not len(points):
        raise ProblemError("the mesh has no nodes", place, "write the mesh anew")
    if not np.all(np.isfinite(points)):
        raise ProblemError("some nodes of the mesh are not finite", place, "write the mesh anew")
    at_nodes = all(block.type in PARTS for block in mesh.cells if is_curved(block.type))
    cells, sources, counts = _simplices(mesh, at_nodes)
    _check_dimension(points, cells, dim, place)
    points = points[:, _columns(points, names, place)]
    if dim not in cells:
        points, cells, sources = _welded(points, cells, sources)
    groups = _groups(found, tags, place)
    members = {
        key: {k: np.flatnonzero(np.isin(sources[k], each)) for k, each in by_dim.items()}
        for key, by_dim in groups.items()
    }
    for k in cells:
        _, first, number = np.unique(np.sort(cells[k], axis=1), axis=0, return_index=True, return_inverse=True)
        # a cell in two groups is written twice by gmsh 2.2: keep the first, in both groups
        rank = np.argsort(np.argsort(first))
        kept = np.sort(first)
        number = rank[number.ravel()]
        cells[k], sources[k] = cells[k][kept], sources[k][kept]
        for group in members.values():
            if k in group:
                group[k] = np.unique(number[group[k]])
    for key, nodes in _node_sets(found):
        _add_nodes(members.setdefault(key, {}), nodes, cells, sources, dim)
    flaws = [*found.lost, *_left_out(mesh, dim), *_unused(mesh), *_unfound(mesh, members)]
    if straight := _straightened(mesh, points, groups, dim, at_nodes):
        flaws.append(straight)
    arrays = tuple(key for key in mesh.cell_data if not _is_tag(key))
    named = tuple(Flaw(f"{name}: {flaw.text}", flaw.error) for flaw in flaws)
    return MeshData(name, points, cells, sources, counts, members, named, arrays)


def _simplices(mesh: Any, at_nodes: bool) -> tuple[dict[int, Array], dict[int, Array], dict[int, int]]:
    """The simplices by dimension, the cells of that dimension, in the file's order, which they came from, and how many
    cells there are."""
    cells: dict[int, list[Array]] = {}
    sources: dict[int, list[Array]] = {}
    counts: dict[int, int] = {}
    for block in mesh.cells:
        kind = kind_of(block.type)
        if kind is None or not len(block.data):
            continue
        pieces, source = divided(block.type, np.asarray(block.data), at_nodes)
        cells.setdefault(kind.dim, []).append(pieces)
        sources.setdefault(kind.dim, []).append(source + counts.get(kind.dim, 0))
        counts[kind.dim] = counts.get(kind.dim, 0) + len(block.data)
    return (
        {k: np.concatenate(each).astype(np.int64) for k, each in cells.items()},
        {k: np.concatenate(each) for k, each in sources.items()},
        counts,
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


def _columns(points: Array, names: Sequence[str], place: str) -> list[int]:
    """The coordinates of the file that are those of the space: of a flat mesh those of its plane, by their names where
    the space calls them x, y or z, else in their order."""
    count, dim = points.shape[1], len(names)
    if count == dim:
        return list(range(dim))
    extent = np.ptp(points, axis=0)
    flat = extent <= FLAT * extent.max()
    if np.count_nonzero(flat) < count - dim:
        raise ProblemError(
            f"the mesh is not flat: it extends over {np.sort(extent)[-dim - 1]:g} beyond the {dim} coordinates of the "
            "space", place, "declare a coordinate for each dimension of the mesh",
        )  # fmt: skip
    axes = "xyz"[:count]
    if all(name in axes for name in names):
        columns = [axes.index(name) for name in names]
        if not all(flat[k] for k in range(count) if k not in columns):
            own = [axes[k] for k in range(count) if not flat[k]]
            raise ProblemError(
                f"the mesh extends along {', '.join(own)}, and the space has the coordinates {', '.join(names)}", place,
                f'declare Space("{" ".join(own)}"), or move the mesh into the plane of the space',
            )  # fmt: skip
        return columns
    dropped = np.flatnonzero(flat)[::-1][: count - dim]
    return [k for k in range(count) if k not in dropped]


def _welded(
    points: Array, cells: dict[int, Array], sources: dict[int, Array]
) -> tuple[Array, dict[int, Array], dict[int, Array]]:
    """A surface whose corners within `WELD` of one another are the same, without the facets that this makes flat."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    pairs = KDTree(points).query_pairs(WELD * float(np.max(np.ptp(points, axis=0))), output_type="ndarray")
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(points),) * 2)
    _, part = connected_components(graph, directed=False)
    first = np.unique(part, return_index=True)[1][part]
    welded, kept = {}, {}
    for k, each in cells.items():
        each = first[each]
        whole = np.all(np.diff(np.sort(each, axis=1), axis=1) > 0, axis=1)
        welded[k], kept[k] = each[whole], sources[k][whole]
    return points[first], welded, kept


# -- groups


def _is_tag(key: str) -> bool:
    """Whether an array on cells is a format's own way of naming groups: "gmsh:physical", "medit:ref"."""
    return key == "cell_tags" or (":" in key and key != "gmsh:geometrical")


def _groups(found: Source, tags: str | None, place: str) -> Groups:
    """Cells of the file, by name and dimension: physical groups, sets, families, and the array that is asked for."""
    mesh = found.mesh
    members: dict[str, dict[int, list[Array]]] = {}
    counts: dict[int, int] = {}
    if tags is not None and tags not in mesh.cell_data:
        there = ", ".join(f"'{key}'" for key in mesh.cell_data) or "none"
        on_nodes = " (it is on nodes)" if tags in mesh.point_data else ""
        raise ProblemError(
            f"the mesh has no array '{tags}' on its cells{on_nodes}", f'{place[:-1]}, tags="{tags}")',
            f"the arrays on cells are: {there}",
        )  # fmt: skip
    for number, block in enumerate(mesh.cells):
        kind = kind_of(block.type)
        if kind is None:
            continue
        offset = counts.get(kind.dim, 0)
        counts[kind.dim] = offset + len(block.data)
        for name, cells in [*_named(found, number, kind.dim), *_asked(mesh, number, tags, place)]:
            if len(cells):
                members.setdefault(name, {}).setdefault(kind.dim, []).append(offset + np.asarray(cells, int))
    return {name: {k: np.concatenate(each) for k, each in by_dim.items()} for name, by_dim in members.items()}


def _named(found: Source, number: int, dim: int) -> Iterator[tuple[str, Array]]:
    """The groups that have cells in a block of the mesh, and which."""
    mesh = found.mesh
    for name, sets in mesh.cell_sets.items():
        if not name.startswith("gmsh:") and sets[number] is not None:
            yield name, np.asarray(sets[number])
    names = {place: name for name, place in _named_tags(mesh)}
    families = getattr(mesh, "cell_tags", {})
    entity = mesh.cell_data.get("gmsh:geometrical")
    for key in filter(_is_tag, mesh.cell_data):
        for tag, cells in _by_number(mesh.cell_data[key][number]):
            if key == "cell_tags":
                each = families.get(tag, [])
            elif key == "gmsh:physical" and found.entities and entity is not None:
                each = [names.get((t, dim), str(t)) for t in found.entities.get((dim, int(entity[number][0])), [])]
            else:
                each = [] if key == "gmsh:physical" and tag == 0 else [names.get((tag, dim), str(tag))]
            for name in each:
                yield name, cells


def _asked(mesh: Any, number: int, tags: str | None, place: str) -> Iterator[tuple[str, Array]]:
    if tags is None or _is_tag(tags):
        return
    values = np.asarray(mesh.cell_data[tags][number])
    if values.reshape(len(values), -1).shape[1] != 1 or np.any(values != np.rint(values)):
        raise ProblemError(
            f"the array '{tags}' holds other than whole numbers", f'{place[:-1]}, tags="{tags}")',
            "name an array with one whole number a cell",
        )  # fmt: skip
    for tag, cells in _by_number(values.astype(np.int64)):
        yield str(tag), cells


def _by_number(values: Array) -> Iterator[tuple[int, Array]]:
    values = np.asarray(values)
    values = values.reshape(len(values), -1)
    if values.shape[1] == 1 and np.issubdtype(values.dtype, np.integer):
        for tag in np.unique(values):
            yield int(tag), np.flatnonzero(values[:, 0] == tag)


def _named_tags(mesh: Any) -> list[tuple[str, tuple[int, int]]]:
    """The names of physical groups, each with its number and dimension."""
    if "gmsh:physical" not in mesh.cell_data:
        return []
    return [(name, (int(value[0]), int(value[1]))) for name, value in mesh.field_data.items() if np.size(value) == 2]


def _node_sets(found: Source) -> Iterator[tuple[str, Array]]:
    """Sets of nodes by name."""
    mesh = found.mesh
    for name, nodes in [*found.node_sets.items(), *mesh.point_sets.items()]:
        yield name, np.unique(np.asarray(nodes, int))
    if (tags := mesh.point_data.get("point_tags")) is not None:
        for tag, nodes in _by_number(tags):
            for name in getattr(mesh, "point_tags", {}).get(tag, []):
                yield name, nodes


def _add_nodes(
    group: dict[int, Array], nodes: Array, cells: dict[int, Array], sources: dict[int, Array], dim: int
) -> None:
    """Put a set of nodes into a group: as nodes, and as facets of the boundary where these have no other nodes.

    The facets and nodes are added to `cells` where they are not there.
    """
    if not len(nodes):
        return
    found = {0: nodes[:, None]}
    if dim in cells and dim > 1 and dim - 1 not in group:
        facets = _outer(cells[dim], np.zeros(len(cells[dim])))
        facets = facets[np.all(np.isin(facets, nodes), axis=1)]
        if len(facets) and np.isin(np.intersect1d(nodes, cells[dim]), facets).all():
            found[dim - 1] = facets
    for k, each in found.items():
        there = cells.get(k, np.empty((0, k + 1), np.int64))
        both = np.sort(np.concatenate([there, each]), axis=1)
        _, first, number = np.unique(both, axis=0, return_index=True, return_inverse=True)
        place = first[number.ravel()[len(there) :]]
        new = np.unique(place[place >= len(there)])
        position = np.where(place < len(there), place, len(there) + np.searchsorted(new, place))
        cells[k] = np.concatenate([there, each[new - len(there)]])
        sources[k] = np.concatenate([sources.get(k, np.empty(0, int)), np.full(len(new), -1)])
        group[k] = np.union1d(group.get(k, np.empty(0, int)), position)


# -- what was lost


def _left_out(mesh: Any, dim: int) -> Iterator[Flaw]:
    for block in mesh.cells:
        if kind_of(block.type) is None:
            error = inf if block.dim == dim else 0.0
            yield Flaw(f"{len(block.data)} cells of the kind '{block.type}' were left out", error)


def _unused(mesh: Any) -> Iterator[Flaw]:
    used = np.zeros(len(mesh.points), bool)
    for block in mesh.cells:
        used[_flat(block.data)] = True
    if not used.all():
        yield Flaw(f"{np.count_nonzero(~used)} of {len(used)} nodes belong to no cell")


def _flat(data: Any) -> Array:
    """The node numbers of cells, of polygons and polyhedra too, which are lists of arrays of different lengths."""
    if isinstance(data, np.ndarray) and data.dtype != object:
        return data.ravel().astype(int)
    return np.concatenate(
        [np.empty(0, int), *([each] if isinstance(each, (int, np.integer)) else _flat(each) for each in data)]
    )


def _unfound(mesh: Any, members: Groups) -> Iterator[Flaw]:
    names = [name for name, _ in _named_tags(mesh) if name not in members]
    if names:
        text = ", ".join(f"'{name}'" for name in names)
        yield Flaw(f"no cell belongs to the group {text} (gmsh: save without Mesh.SaveAll, or as version 4.1)")


def _straightened(mesh: Any, points: Array, groups: Groups, dim: int, at_nodes: bool) -> Flaw | None:
    """What is lost of the shape as curved cells are made straight: on the boundary and between groups."""
    straight, sources, counts = _simplices(mesh, at_nodes=False)
    top = dim if dim in straight else dim - 1
    blocks = [block for block in mesh.cells if is_curved(block.type, top)]
    if not blocks:
        return None
    found = [bulges(points, block.type, np.asarray(block.data)) for block in blocks]
    edges, gaps = (np.concatenate(each) for each in zip(*found, strict=True))
    size = float(np.max(np.ptp(points, axis=0)))
    facets, whole = straight[top], size * float(np.sum(measures(points[straight[top]])))
    if top == dim:
        label = np.zeros(counts[top], np.int64)
        for k, group in enumerate(groups.values()):
            label[group.get(top, [])] += 2 ** (k % 62)
        facets, whole = _outer(straight[top], label[sources[top]]), whole / size
    # a parabola is cut in half by its middle: what is left is a quarter as far off
    between, gap = lost(points, facets, edges, gaps / 4 if at_nodes else gaps)
    error = max(between / whole, gap / size)
    if error < ROUNDING:
        return None
    kinds = ", ".join(f"'{kind}'" for kind in dict.fromkeys(block.type for block in blocks))
    return Flaw(
        f"{sum(len(block.data) for block in blocks)} curved cells ({kinds}) are taken as straight between their "
        f"{'nodes' if at_nodes else 'corners'}: {between / whole:.2g} of the {MEASURES[dim]} lies between, and the "
        f"boundary is up to {gap:.2g} off",
        error,
    )


def _outer(cells: Array, label: Array) -> Array:
    """The facets (F, d) of one cell alone, or of cells (M, d + 1) with different labels (M,)."""
    _, kept = np.unique(np.sort(cells, axis=1), axis=0, return_index=True)
    facets, owner, _ = facet_table(cells[kept])
    facets, first, number = np.unique(facets, axis=0, return_index=True, return_inverse=True)
    of = label[kept][owner]
    differ = np.zeros(len(facets), bool)
    np.logical_or.at(differ, number.ravel(), of != of[first][number.ravel()])
    return facets[differ | (np.bincount(number.ravel()) == 1)]
