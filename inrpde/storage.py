"""A solution as a file and back: what `Solution.save` writes and `inrpde.load` reads."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sympy import Expr, Interval
from sympy.core.function import AppliedUndef

from inrpde import plugins
from inrpde.declaration import Problem
from inrpde.declaration.fields import GridField, Learned, MeshField
from inrpde.declaration.regions import Mesh
from inrpde.declaration.regions.cylinder import Cylinder
from inrpde.declaration.space import Space
from inrpde.declaration.words import words
from inrpde.errors import InrpdeError, OutputError
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
STORED = ("", "h5", "hdf5", "vtkhdf", "nc")
"""Endings of the file that `load` reads."""
NODES = 4
"""Nodes along each axis of a rehearsal."""
SIMPLICES = {2: "line", 3: "triangle", 4: "tetra"}
"""The names of simplices, by their number of nodes."""
SCATTERED = 20_000
"""Points of a table, in more than three dimensions."""


def save(solution: Solution, path: str | Path) -> Path:
    """Write fields, reference and networks to an HDF5 file; where the name ends as another exporter does (.wav, .png,
    .vtk), what that makes of them, and the HDF5 file beside it.

    Returns the file that was asked for, or the first of several in its place. Raises OutputError where that cannot be
    done."""
    return _write(dataset(solution), Path(path))


def rehearse(problem: Problem, path: str | Path) -> None:
    """Write a field of a few nodes that is like the problem's, and throw it away: names that no file takes, an ending
    that nothing writes, or that fields like these cannot have, are known before hours of work.

    Raises OutputError, or whatever loading an exporter does."""
    with TemporaryDirectory() as folder:
        try:
            _write(_sketch(problem), Path(folder) / Path(path).name)
        except OutputError as error:
            where = str(path) if folder in (error.where or folder) else error.where
            raise OutputError(error.what, where, error.fix) from None
        except InrpdeError:
            raise
        except Exception as error:
            what = f"the exporter for {Path(path).suffix} fails: {type(error).__name__}: {error}"
            raise OutputError(what, str(path), "write NAME.h5") from error


def _write(made: Dataset, path: Path) -> Path:
    suffix = path.suffix.removeprefix(".").lower()
    if suffix in STORED:
        write(path, made)
        return path
    exporters = plugins.available("exporters")
    if suffix not in exporters:
        there = ", ".join(f".{name}" for name in sorted({*exporters, *filter(None, STORED)}))
        raise OutputError(f"nothing writes files that end in .{suffix}", str(path), f"there are {there}")
    write(path.with_suffix(".h5"), made)
    return exporters[suffix].load()(path, made) or path


def _sketch(problem: Problem) -> Dataset:
    """A field of a few nodes of the same names and kind as those of a problem's solution."""
    names, time = tuple(map(str, problem.space.coords)), problem.space.time
    learned = [key for key, value in problem.coefficients.items() if isinstance(value, Learned)]
    fields = [f for f in (*problem.unknowns, *learned) if isinstance(f, AppliedUndef)]
    solids = {id(c.region): c.region for c in problem.conditions if c.region.dim == problem.space.dim}
    only = next(iter(solids.values())) if len(solids) == 1 else None
    base = only.base if isinstance(only, Cylinder) else only

    def values(shape: tuple[int, ...]) -> dict[str, Array]:
        ramp = np.linspace(-1.0, 1.0, math.prod(shape)).reshape(shape)
        return {words(f): ramp.astype(complex if f in problem.complex_unknowns else float) for f in fields}

    axis, count = np.arange(float(NODES)), len(problem.space.spatial)
    if isinstance(base, Mesh) and base.volume is not None:
        times = None if time is None else axis
        shape: tuple[int, ...] = (count + 1,) if times is None else (count + 1, NODES)
        nodes = np.eye(count + 1)[:, :count]
        cells = {SIMPLICES[count + 1]: np.arange(count + 1)[None]}
        return Dataset("mesh", names, values(shape), time and str(time), points=nodes, cells=cells, times=times)
    if count > 3:
        points = np.zeros((NODES, len(names)))
        return Dataset("points", names, values((NODES,)), time and str(time), points=points)
    shape = (NODES,) * len(names)
    mask = None if only is not None and only.box is not None else np.arange(math.prod(shape)).reshape(shape) > 0
    return Dataset("grid", names, values(shape), time and str(time), axes=(axis,) * len(names), mask=mask)


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
        if len(values) != len(mesh.nodes):  # a value for each cell of the file, which may consist of several simplices
            values = mesh.interpolate(values, mesh.nodes[mesh.cells].mean(axis=1))
        return {"type": "mesh", "values": values, "points": mesh.nodes, "cells": mesh.cells}
    raise TypeError(f"a field of type {type(f).__name__} cannot be stored")


def load_field(state: Mapping[str, Any], space: Space) -> Field | MeshField:
    """The field that `dump_field` stored."""
    kind = str(state["type"])
    if kind == "network":
        return NetworkField(load_trial(state["trial"]), np.asarray(state["head"]))
    if kind == "mesh":
        cells = np.asarray(state["cells"])
        return MeshField(_made(space, np.asarray(state["points"]), {SIMPLICES[cells.shape[1]]: cells}), state["values"])
    axes = [state[f"axis{k}"] for k in range(sum(key.startswith("axis") for key in state))]
    return GridField(state["values"], axes)
