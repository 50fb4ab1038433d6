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
from inrpde.declaration.regions import Mesh
from inrpde.declaration.regions.cylinder import Cylinder
from inrpde.declaration.space import Space
from inrpde.errors import OutputError
from inrpde.export import Dataset, read, write
from inrpde.export.dataset import DIFFERENCE, REFERENCE
from inrpde.export.symbols import dump, parse
from inrpde.networks.trial import dump_trial, load_trial
from inrpde.sampling import grid_points, sample
from inrpde.solution import Domain, Field, NetworkField, Solution

Array = np.ndarray
SHAPES = {1: (513,), 2: (129, 129), 3: (41, 41, 41)}
"""The default grids, by the number of spatial coordinates."""
STEPS = 11
"""The default number of times."""
STORED = ("h5", "vtkhdf")
"""Exporters of the file that `load` reads."""
SIMPLICES = {2: "line", 3: "triangle", 4: "tetra"}
"""The names of simplices, by their number of nodes."""
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
    mesh = _mesh(solution)
    if mesh is not None:
        return _on_mesh(solution, mesh, names, time)
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


def _mesh(solution: Solution) -> Mesh | None:
    """The mesh of cells that a solution lives on, if that is what its domain is and no grid is asked for."""
    if len(solution.domain.regions) != 1 or solution.grid is not None:
        return None
    region = solution.domain.regions[0]
    base = region.base if isinstance(region, Cylinder) else region
    return base if isinstance(base, Mesh) and base.volume is not None else None


def _on_mesh(solution: Solution, mesh: Mesh, names: tuple[str, ...], time: str | None) -> Dataset:
    used, cells = np.unique(mesh.cells, return_inverse=True)
    nodes, cells = mesh.nodes[used], cells.reshape(mesh.cells.shape)
    by_kind = {SIMPLICES[mesh.cells.shape[1]]: cells}
    if time is None:
        return Dataset("mesh", names, _fields(solution, nodes), points=nodes, cells=by_kind)
    times = _times(solution)
    points = np.column_stack([np.repeat(nodes, len(times), axis=0), np.tile(times, len(nodes))])
    fields = {name: values.reshape(len(nodes), len(times)) for name, values in _fields(solution, points).items()}
    return Dataset("mesh", names, fields, time=time, points=nodes, cells=by_kind, times=times)


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
    if stored.kind != "grid":
        return domain
    return Domain(domain.lo, domain.hi, mask=(stored.axes, np.isfinite(stored.fields[str(name)])))


def _domain(stored: Dataset, space: Space, lo: Array, hi: Array, closed: bool) -> Domain:
    if stored.kind != "mesh":
        return Domain(lo, hi, mask=None if stored.mask is None else (stored.axes, stored.mask), closed=closed)
    mesh = _made(space, stored.points, stored.cells)
    return Domain(lo, hi, (mesh if space.time is None else mesh.over(Interval(*map(float, (lo[-1], hi[-1])))),))


def _made(space: Space, points: Array, cells: Mapping[str, Array]) -> Mesh:
    import meshio

    return Mesh(space, meshio.Mesh(points, list(cells.items())))


def dump_field(f: Field | MeshField) -> dict[str, Any]:
    """A field as a nested dict of arrays, numbers and strings."""
    if isinstance(f, NetworkField):
        return {"type": "network", "trial": dump_trial(f.trial), "head": f.head}
    if isinstance(f, GridField):
        return {"type": "grid", "values": f.values, **{f"axis{k}": axis for k, axis in enumerate(f.axes)}}
    if isinstance(f, MeshField):
        mesh, values = f.mesh, f.values
        if f.on == "cells":  # a value for each cell of the file, which may consist of several simplices
            values = mesh.by_simplex(values)
        return {"type": "mesh", "values": values, "on": f.on, "points": mesh.nodes, "cells": mesh.cells}
    raise TypeError(f"a field of type {type(f).__name__} cannot be stored")


def load_field(state: Mapping[str, Any], space: Space) -> Field | MeshField:
    """The field that `dump_field` stored."""
    kind = str(state["type"])
    if kind == "network":
        return NetworkField(load_trial(state["trial"]), np.asarray(state["head"]))
    if kind == "mesh":
        cells = np.asarray(state["cells"])
        mesh = _made(space, np.asarray(state["points"]), {SIMPLICES[cells.shape[1]]: cells})
        return MeshField(mesh, state["values"], str(state["on"]) if "on" in state else None)
    axes = [state[f"axis{k}"] for k in range(sum(key.startswith("axis") for key in state))]
    return GridField(state["values"], axes)
