"""Do materials follow a mesh's edges? Where what is differentiated jumps within a cell, by how much it misses them.

From the middle of each cell to its vertices and to the middles of its facets the jump is closed in on. What is smeared
is the share of the smaller material in the cells that are cut, each times how deep beside its size: the errors of
quadratic elements on lines, discs and layers were 0.1 to 5 times that share of the jump."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.spatial import cKDTree

from inrpde import deadline
from inrpde.compiler.bind import BoundCondition
from inrpde.compiler.form import Form
from inrpde.declaration.regions import Mesh, Region
from inrpde.declaration.regions.simplices import measures
from inrpde.declaration.regions.where import Where
from inrpde.sampling.extent import priors
from inrpde.verification.checks.data import ends
from inrpde.verification.checks.jumps import LEAST, Values, differentiated, narrowed, values_of
from inrpde.verification.finding import Finding, Kind, name, place

Array = np.ndarray
INSIDE = 1e-5
"""How far from its edges a cell is looked into, as a share of its size: nodes are rounded."""
MOST, CLOSE = 20000, 4000
"""Cells that are looked into, and pairs of points in them that are looked at more closely."""


def missed_edges(form: Form) -> list[Finding]:
    """Interfaces that cut through the cells of a mesh."""
    soft = priors(form)
    findings: list[Finding] = []
    for condition in form.conditions:
        deadline.turn()
        mesh = whole(condition.region)
        if not isinstance(mesh, Mesh) or mesh.volume is None or condition.index in soft:
            continue
        if condition.region.dim == form.space.dim:
            inner = dict.fromkeys(expr for expr, _ in differentiated(form, condition))
            jumping = [values_of(form, expr) for expr in inner]
            if condition.region is not mesh:
                jumping.append(condition.region.contains)
            for values in jumping:
                findings += _cut(form, condition, mesh, partial(_number, values))
        elif form.space.dim == 2:
            findings += _ends(condition, mesh)
    return list({finding.text: finding for finding in findings}.values())


def whole(region: Region) -> Region:
    """What a region is a part of, by `where` or as its boundary."""
    while region.parents and not isinstance(region, Mesh):
        region = region.parents[0]
    return region


def _number(values: Values, points: Array) -> Array:
    return np.asarray(values(points), float)


def _cut(form: Form, condition: BoundCondition, mesh: Mesh, values: Values) -> list[Finding]:
    cells = mesh.cells[:: len(mesh.cells) // MOST + 1]
    vertices = mesh.nodes[cells]
    middles, count = vertices.mean(axis=1), vertices.shape[1]
    facets = (vertices.sum(axis=1, keepdims=True) - vertices) / (count - 1)
    aims = (1 - INSIDE) * np.concatenate([vertices, facets], axis=1) + INSIDE * middles[:, None]
    owner = np.repeat(np.arange(len(cells)), aims.shape[1])
    first, second = middles[owner], aims.reshape(-1, middles.shape[1])
    at_middles = values(middles)
    gap = np.abs(at_middles[owner] - values(second))
    size = float(np.max(np.abs(at_middles), initial=0.0))
    steep = np.argsort(-gap)[:CLOSE]
    steep = steep[gap[steep] > LEAST * size]
    if not len(steep):
        return []
    _, at, one, other = narrowed(values, first[steep], second[steep])
    jumps = np.abs(one - other) > LEAST * size
    if not jumps.any():
        return []
    at, one, other, cut = at[jumps], one[jumps], other[jumps], owner[steep][jumps]
    depth, extent = _depth(vertices[cut], at), np.ptp(vertices[cut], axis=1).max(axis=1)
    worst = int(np.argmax(depth))
    share = float(abs(one[worst] - other[worst]) / max(abs(one[worst]), abs(other[worst])))
    volumes = measures(vertices)
    missed = np.zeros(len(cells))
    np.maximum.at(missed, cut, depth / extent)
    nearer = np.abs(at_middles - one[worst]) < np.abs(at_middles - other[worst])
    smaller = max(min(volumes[nearer].sum(), volumes[~nearer].sum()), volumes.min())
    error = float(min(1.0, missed @ volumes / smaller))
    part = condition.region is not mesh
    text = (
        f"{condition}: {'the part where it holds ends' if part else 'what is differentiated jumps'} within "
        f"{np.count_nonzero(missed)} cells of the mesh: at {place(form.space.coords, at[worst])} it misses their edges "
        f"by {depth[worst]:.3g}, in a cell of size {extent[worst]:.3g}, and what lies on its two sides is smeared "
        "there; let edges of the mesh follow it"
    )
    if part:
        return [Finding(Kind.GEOMETRY, text)]
    held = sorted({k for row in form.rows if row.condition == condition.index for k in row.indices})
    names = dict.fromkeys(name(form, k) for k in held)
    return [Finding(Kind.GEOMETRY, text, "unverified", error, of=u, cost=share * error) for u in names]


def _depth(vertices: Array, points: Array) -> Array:
    """How far points (N, d) lie from the nearest facet of their simplices (N, d + 1, d): (N,)."""
    edges = vertices[:, 1:] - vertices[:, :1]
    gradients = np.linalg.inv(edges).transpose(0, 2, 1)
    inner = np.einsum("nkd,nd->nk", gradients, points - vertices[:, 0])
    every = np.concatenate([-gradients.sum(axis=1, keepdims=True), gradients], axis=1)
    shares = np.column_stack([1 - inner.sum(axis=1), inner])
    return np.maximum(np.min(shares / np.linalg.norm(every, axis=2), axis=1), 0.0)


def _ends(condition: BoundCondition, mesh: Mesh) -> list[Finding]:
    """Conditions that end within an edge of the boundary."""
    if not isinstance(condition.region, Where):
        return []
    points = ends(condition.region)
    if not len(points):
        return []
    away, _ = cKDTree(mesh.nodes).query(points)
    worst = int(np.argmax(away))
    if away[worst] <= INSIDE * mesh.size:
        return []
    text = (
        f"{condition.where} ends at {place(mesh.coords, points[worst])}, within an edge of the mesh, {away[worst]:.3g} "
        "from its nearer end: give the mesh a node there, or take a tagged part"
    )
    return [Finding(Kind.GEOMETRY, text)]
