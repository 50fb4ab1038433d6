"""What holds a solution that its equations leave open but for a few constants: a value at a point, a mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from scipy.sparse import csr_array

from inrpde.compiler.flux import FluxForm
from inrpde.compiler.form import IntegralTerm, Row
from inrpde.declaration.regions.pilot import pilot_points
from inrpde.discretise.weak.columns import Columns, inner_points
from inrpde.discretise.weak.volumes import Local, localised
from inrpde.sampling.cells.tessellation import Cover, Rule, Tessellation

Array = np.ndarray
Functional = tuple[complex, Array]
"""The value of a functional at a state, and its slope by all heads (W,)."""


def pins(
    flux: FluxForm, tessellation: Tessellation, cover: Cover, columns: Columns, vector: Array,
    known: Collection[int] = (),
) -> tuple[csr_array, Array]:  # fmt: skip
    """The slopes (n, W) and what is left (n,) of the pins of a form; the mean of an unknown whose constants nothing
    feels, not even these, is pinned to zero, but for those that are `known` by their initial values."""
    found = list(_pins(flux, tessellation, cover, columns, vector, known))
    sizes = [np.linalg.norm(slope) or 1.0 for _, slope in found]
    rows = [slope / size for (_, slope), size in zip(found, sizes, strict=True)]
    left = [value / size for (value, _), size in zip(found, sizes, strict=True)]
    right = np.array(left, complex) if np.iscomplexobj(vector) else np.real(np.array(left, complex))
    return csr_array(np.array(rows, vector.dtype).reshape(-1, columns.width)), right


def _pins(
    flux: FluxForm, tessellation: Tessellation, cover: Cover, columns: Columns, vector: Array, known: Collection[int]
) -> Iterator[Functional]:
    form = flux.form
    for row in flux.pins:
        points = np.concatenate([pilot_points(part, 1) for part in row.region.parts])
        if row.jets:
            for point, cell in zip(points, cover.locate(points), strict=True):
                at = point[None], np.array([cell])
                yield _summed(_local(flux, row, *at, columns, vector), *at, np.ones(1), columns)
            continue
        parts = [_integral(flux, form.integrals[k], tessellation, columns, vector) for k in row.integrals.values()]
        values = [value for value, _ in parts]
        env = form.environment(row, points[:1], None, {}) | dict(zip(row.integrals, values, strict=True))
        by = row.tangents(env)
        slopes = (np.ravel(by[s])[0] * slope for s, (_, slope) in zip(row.integrals, parts, strict=True) if s in by)
        yield np.ravel(row.value(env)[0])[0], sum(slopes, np.zeros(columns.width, vector.dtype))
    for unknown in range(len(form.unknowns)):
        if unknown not in known and not form.fixes_constants(unknown):
            yield _mean(unknown, tessellation, columns)


def _integral(
    flux: FluxForm, term: IntegralTerm, tessellation: Tessellation, columns: Columns, vector: Array
) -> Functional:
    """An integral over a volume, or over faces on the left of which its unknowns live."""
    region, normals = term.row.region, None
    rule: Rule = tessellation.volume
    if region.dim == rule.points.shape[1]:
        kept = np.flatnonzero(region.contains(inner_points(tessellation))[rule.owners])
        cells = rule.owners[kept]
    else:
        rule = tessellation.faces
        kept = np.flatnonzero(region.bears(rule.points, tessellation.faces.normals))
        cells, normals = tessellation.faces.cells[rule.owners[kept], 0], tessellation.faces.normals[kept]
    points, weights = rule.points[kept], rule.weights[kept]
    at = _local(flux, term.row, points, cells, columns, vector, normals)
    return _summed(at, points, cells, weights / weights.sum() if term.mean else weights, columns)


def _mean(unknown: int, tessellation: Tessellation, columns: Columns) -> Functional:
    volume = tessellation.volume
    kept = np.flatnonzero(columns.lives[unknown][volume.owners])
    slope = np.zeros((len(kept), 1 + volume.points.shape[1]))
    slope[:, 0] = 1.0
    local = Local(np.zeros(len(kept)), {unknown: slope})
    return _summed(local, volume.points[kept], volume.owners[kept], volume.weights[kept], columns)


def _local(
    flux: FluxForm, row: Row, points: Array, cells: Array, columns: Columns, vector: Array,
    normals: Array | None = None,
) -> Local:  # fmt: skip
    """A row at points (N, d) in cells (N,), at the state of a vector."""
    at = {}
    for unknown in row.indices:
        heads = columns.heads(unknown, vector)[cells]
        at[unknown] = np.einsum("nmk,nk->nm", columns.jets(unknown, cells, points), heads)
    return localised(flux.form, [row], points, normals, at)[0]


def _summed(local: Local, points: Array, cells: Array, weights: Array, columns: Columns) -> Functional:
    """The sum of a row at points (N, d) in cells (N,), with weights (N,)."""
    kind = np.result_type(float, local.value, *local.slopes.values())
    slope = np.zeros(columns.width, kind)
    for unknown, by in local.slopes.items():
        each = np.einsum("nm,nmk->nk", weights[:, None] * by, columns.jets(unknown, cells, points))
        np.add.at(slope, columns.starts[unknown][cells][:, None] + np.arange(each.shape[1]), each)
    return weights @ local.value, slope
