"""A solution as a file and back: what `Solution.save` writes and `inrpde.load` reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sympy import Expr, Interval

from inrpde import plugins
from inrpde.declaration.fields import GridField, MeshField
from inrpde.declaration.names import DIFFERENCE, REFERENCE
from inrpde.declaration.regions import Mesh, Region
from inrpde.declaration.regions.cylinder import Cylinder
from inrpde.declaration.regions.simplices import SIMPLICES
from inrpde.declaration.regions.where import Where
from inrpde.declaration.space import Space
from inrpde.errors import OutputError
from inrpde.export import Dataset, read, write
from inrpde.export.symbols import dump, parse
from inrpde.networks.trial import dump_trial, load_trial
from inrpde.reference_fields import MaskedField, QuadraticField
from inrpde.sampling import grid_points, sample
from inrpde.solution import Domain, Field, NetworkField, Solution

Array = np.ndarray
SHAPES = {1: (513,), 2: (129, 129), 3: (41, 41, 41)}
"""The default grids, by the number of spatial coordinates."""
STEPS = 11
"""The default number of times."""
STORED = ("h5", "vtkhdf")
"""Exporters of the file that `load` reads."""
SCATTERED = 20_000
"""Points of a table, in more than three dimensions."""


def save(solution: Solution, path: str | Path) -> Path:
    """Write fields, reference and networks to an HDF5 file; where the name ends as another exporter does (.wav, .png,
    .vtk), what that makes of them, and the HDF5 file beside it.

    Returns the file that was asked for, or the first of several in its place. Raises OutputError where that cannot be
    done."""
    made, suffix = dataset(solution), Path(path).suffix.removeprefix(".").lower()
    exporter = plugins.available("exporters").get(suffix)
    if exporter is None or suffix in STORED:
        write(path, made)
        return Path(path)
    write(Path(path).with_suffix(".h5"), made)
    return exporter.load()(path, made) or Path(path)


def dataset(solution: Solution) -> Dataset:
    """Everything that is stored, as plain arrays."""
    return replace(_arrays(solution), attributes=_attributes(solution), private=_private(solution))


def _arrays(solution: Solution) -> Dataset:
    names = tuple(map(str, solution.coords))
    time = str(solution.time) if solution.time is not None else None
    spatial = len(names) - (time is not None)
    parts = _meshes(solution)
    if parts:
        return _on_mesh(solution, parts, names, time)
    if spatial > 3:
        points = _scattered(solution.domain)
        return Dataset("points", names, _fields(solution, points), time=time, points=points)
    shape = solution.grid or SHAPES[spatial]
    axes = solution.axes(shape, _times(solution) if time is not None else None)
    inside = solution.domain.contains(grid_points(axes)).reshape([len(axis) for axis in axes])
    found = _beside(solution, lambda each: each.on_axes(axes))
    fields = {name: np.where(inside, values, np.nan) for name, values in found.items()}
    mask = None if inside.all() else inside
    return Dataset("grid", names, fields, time=time, axes=tuple(axes), mask=mask)


def _times(solution: Solution) -> Array:
    if solution.times is not None:
        return solution.times
    return np.linspace(solution.domain.lo[-1], solution.domain.hi[-1], STEPS)


def _meshes(solution: Solution) -> list[Mesh]:
    """The parts of one mesh that a solution lives on, if that is what its domain is and no grid is asked for."""
    parts = [_mesh(region) for region in solution.domain.regions]
    meshes = [part for part in parts if part is not None]
    same = len(meshes) == len(parts) and all(mesh.nodes is meshes[0].nodes for mesh in meshes)
    return meshes if same and solution.grid is None else []


def _mesh(region: Region | Domain | None) -> Mesh | None:
    """The mesh of cells that a region is, or that it is a part or the cylinder in time of."""
    while isinstance(region, (Cylinder, Where)):
        region = region.base if isinstance(region, Cylinder) else region.region
    return region if isinstance(region, Mesh) and region.volume is not None else None


def _on_mesh(solution: Solution, parts: list[Mesh], names: tuple[str, ...], time: str | None) -> Dataset:
    """Fields on the nodes of the cells, NaN at those of no cell in which a field lives."""
    every = parts[0].cells if len(parts) == 1 else np.unique(np.concatenate([part.cells for part in parts]), axis=0)
    used, cells = np.unique(every, return_inverse=True)
    nodes = parts[0].nodes[used]
    times = None if time is None else _times(solution)
    points = nodes
    if times is not None:
        points = np.column_stack([np.repeat(nodes, len(times), axis=0), np.tile(times, len(nodes))])

    def evaluated(each: Solution) -> dict[str, Array]:
        return {name: _at_nodes(each, name, nodes, points) for name in each.fields}

    fields = {}
    for name, values in _beside(solution, evaluated).items():
        fields[name] = values.reshape(len(nodes), -1) if times is not None else values
    for name, region in solution.domains.items():
        home = _mesh(region)
        if home is not None:
            away = ~np.isin(used, home.cells)
            for each in (name, name + REFERENCE, name + DIFFERENCE):
                if each in fields:
                    fields[each] = fields[each].astype(np.result_type(fields[each], float))
                    fields[each][away] = np.nan
    by_kind = {SIMPLICES[every.shape[1]]: cells.reshape(every.shape)}
    return Dataset("mesh", names, fields, time=time, points=nodes, cells=by_kind, times=times)


def _at_nodes(solution: Solution, name: str, nodes: Array, points: Array) -> Array:
    """A field at the nodes of a mesh (at its times, where there are some): of a reference that was found on that mesh,
    the values that it has there."""
    field = solution.fields[name]
    if isinstance(field, QuadraticField) and np.array_equal(field.mesh.nodes[: len(nodes)], nodes):
        return field.at_nodes(len(nodes))
    return solution._values(name, points)


def _scattered(domain: Domain) -> Array:
    """Points of the regions of a domain, or of its box where they are not known."""
    if domain.regions:
        return np.concatenate([sample(region, SCATTERED, 0).points for region in domain.regions])
    return np.random.default_rng(0).uniform(domain.lo, domain.hi, (SCATTERED, len(domain.lo)))


def _fields(solution: Solution, points: Array) -> dict[str, Array]:
    return _beside(solution, lambda each: each(points))


def _beside(solution: Solution, evaluated: Callable[[Solution], dict[str, Array]]) -> dict[str, Array]:
    """The values of a solution, of its reference, and their differences."""
    found = evaluated(solution)
    if solution.reference is not None:
        for name, values in evaluated(solution.reference).items():
            if name in found:
                found |= {name + REFERENCE: values, name + DIFFERENCE: found[name] - values}
    return found


def _attributes(solution: Solution) -> dict[str, Any]:
    report = solution.report
    words = ("problem", "status", "method", "verdict", "seed", "warnings")
    kept: dict[str, Any] = {key: report[key] for key in words if key in report}
    errors = {name: report["fields"][name] for name in report.get("fields", {})}
    return {**kept, "errors": errors, **solution.origin}


def _private(solution: Solution) -> dict[str, Any]:
    coefficients = {
        name: {"type": "expression", "text": dump(value)} if isinstance(value, Expr) else dump_field(value)
        for name, value in solution.coefficients.items()
    }
    reference = (
        {} if solution.reference is None else {name: dump_field(f) for name, f in solution.reference.fields.items()}
    )
    return {
        "fields": {name: dump_field(f) for name, f in solution.fields.items()},
        "reference": reference,
        "coefficients": coefficients,
        "learned": dict(solution.learned),
        "partial": sorted(solution.domains),
        "coords": list(map(str, solution.coords)),
        "time": str(solution.time) if solution.time is not None else "",
        "lo": solution.domain.lo,
        "hi": solution.domain.hi,
        "closed": solution.domain.closed,
        "report": json.dumps(solution.report, default=str),
    }


def load(path: str | Path) -> Solution:
    """The solution that was stored, network included. Raises OutputError for what is not such a file."""
    stored = read(path)
    private = stored.private
    if "fields" not in private or "coords" not in private:
        raise OutputError(
            "the file holds no solution of inrpde", str(path), "give a file that `inrpde solve` has written"
        )
    names, time = [str(name) for name in private["coords"]], str(private["time"]) or None
    space = Space(names[:-1] if time else names, time)
    bounds = np.asarray(private["lo"]), np.asarray(private["hi"])
    domain = _domain(stored, space, *bounds, closed=bool(private.get("closed", True)))
    coefficients = {
        name: parse(str(state["text"])) if str(state["type"]) == "expression" else load_field(state, space)
        for name, state in private.get("coefficients", {}).items()
    }

    domains = {name: _where_finite(stored, domain, name) for name in private.get("partial", [])}

    def solution(fields: Any) -> Solution:
        return Solution(
            space.coords, space.time, {name: load_field(state, space) for name, state in fields.items()}, domain,
            domains=domains, coefficients=coefficients,
            learned={name: float(value) for name, value in private.get("learned", {}).items()},
            report=json.loads(str(private["report"])),
        )  # fmt: skip

    made = solution(private["fields"])
    return made.with_reference(solution(private["reference"])) if private.get("reference") else made


def _where_finite(stored: Dataset, domain: Domain, name: str) -> Domain:
    """Where a field lives that does not live everywhere, from its stored values."""
    if stored.kind == "mesh":
        known = np.isfinite(stored.fields[str(name)]).reshape(len(stored.points), -1).any(axis=1)
        lives = {kind: nodes[known[nodes].all(axis=1)] for kind, nodes in stored.cells.items()}
        return _on_cells(stored, domain.regions[0].space, domain.lo, domain.hi, lives)
    if stored.kind != "grid":
        return domain
    return Domain(domain.lo, domain.hi, mask=(stored.axes, np.isfinite(stored.fields[str(name)])))


def _domain(stored: Dataset, space: Space, lo: Array, hi: Array, closed: bool) -> Domain:
    if stored.kind != "mesh":
        return Domain(lo, hi, mask=None if stored.mask is None else (stored.axes, stored.mask), closed=closed)
    return _on_cells(stored, space, lo, hi, stored.cells)


def _on_cells(stored: Dataset, space: Space, lo: Array, hi: Array, cells: Mapping[str, Array]) -> Domain:
    mesh = Mesh.of(space, stored.points, cells)
    return Domain(lo, hi, (mesh if space.time is None else mesh.over(Interval(*map(float, (lo[-1], hi[-1])))),))


def dump_field(f: Field | MeshField) -> dict[str, Any]:
    """A field as a nested dict of arrays, numbers and strings."""
    if isinstance(f, NetworkField):
        return {"type": "network", "trial": dump_trial(f.trial), "head": f.head}
    if isinstance(f, QuadraticField):
        mesh = f.mesh
        return {"type": "quadratic", "values": f.values, "points": mesh.nodes, "cells": mesh.cells, "edges": f.edges}
    if isinstance(f, (GridField, MaskedField)):
        kind = "grid" if isinstance(f, GridField) else "masked"
        return {"type": kind, "values": f.values, **{f"axis{k}": axis for k, axis in enumerate(f.axes)}}
    if isinstance(f, MeshField):
        mesh, values = f.mesh, f.values
        if len(values) != len(mesh.nodes):  # a value for each cell of the file, which may consist of several simplices
            values = mesh.interpolate(values, mesh.nodes[mesh.cells].mean(axis=1))
        return {"type": "mesh", "values": values, "points": mesh.nodes, "cells": mesh.cells}
    raise TypeError(f"a field of type {type(f).__name__} cannot be stored")


def load_field(state: Mapping[str, Any], space: Space) -> Field | MeshField:
    """The field that `dump_field` stored."""
    kind = str(state["type"])
    if kind == "network":
        return NetworkField(load_trial(state["trial"]), np.asarray(state["head"]))
    if kind in ("mesh", "quadratic"):
        cells = np.asarray(state["cells"])
        mesh = Mesh.of(space, np.asarray(state["points"]), {SIMPLICES[cells.shape[1]]: cells})
        if kind == "quadratic":
            return QuadraticField(mesh, state["values"], state["edges"])
        return MeshField(mesh, state["values"])
    axes = [state[f"axis{k}"] for k in range(sum(key.startswith("axis") for key in state))]
    return MaskedField(state["values"], axes) if kind == "masked" else GridField(state["values"], axes)
