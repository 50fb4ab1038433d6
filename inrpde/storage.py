"""A solution as a file: what `Solution.save` writes (`restore` reads it)."""

from __future__ import annotations

import json
import math
import numbers
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Expr
from sympy.core.function import AppliedUndef

from inrpde import plugins
from inrpde.arguments import as_path
from inrpde.compiler.bind import Bound
from inrpde.declaration import Problem
from inrpde.declaration.fields import Learned
from inrpde.declaration.names import DIFFERENCE, REFERENCE
from inrpde.declaration.regions import Mesh, Region
from inrpde.declaration.regions.cylinder import Cylinder
from inrpde.declaration.regions.simplices import SIMPLICES
from inrpde.declaration.regions.where import Where
from inrpde.declaration.space import is_name
from inrpde.declaration.words import words
from inrpde.errors import InrpdeError, OutputError, ProblemError, UsageError
from inrpde.export import Dataset, write
from inrpde.export.atomic import replacing_all
from inrpde.export.symbols import check_together, dump
from inrpde.found import Domain
from inrpde.reference_fields import QuadraticField
from inrpde.sampling import grid_points, sample
from inrpde.stored_fields import dump_field

if TYPE_CHECKING:
    from inrpde.solution import Solution

Array = np.ndarray
SHAPES = {0: (), 1: (513,), 2: (129, 129), 3: (41, 41, 41)}
"""The default grids, by the number of spatial coordinates."""
PLANES = 9
"""Nodes along each of more than three coordinates, where others are fixed."""
STEPS, CURVE = 11, 513
"""The default number of times, and where these are the only coordinate."""
STORED = ("", "h5", "hdf5", "vtkhdf", "nc")
"""Endings of the file that `load` reads."""
NODES = 4
"""Nodes along each axis of a rehearsal."""
SCATTERED = 20_000
"""Points of a table, in more than three dimensions."""


def save(solution: Solution, path: str | Path, own: Mapping[str, Array] | None = None) -> Path:
    """Write fields, reference and networks to an HDF5 file; where the name ends as another exporter does (.wav, .png,
    .vtk), what that makes of them, and the HDF5 file beside it. Where packages share an ending, .PACKAGE:ENDING says
    whose is meant. `own` are its `values`, where they are known.

    Returns the file that was asked for, or the first of several in its place. Raises OutputError where that cannot be
    done."""
    path = as_path(path, "save(path)")
    return _write(dataset(solution, own), path)


def rehearse(problem: Problem, path: str | Path) -> list[Path]:
    """Write a field of a few nodes that is like the problem's, and throw it away: names that no file takes, an ending
    that nothing writes, or that fields like these cannot have, are known before hours of work.

    Returns what is there, and would be replaced. Raises OutputError, or whatever loading an exporter does."""
    path = Path(path)
    with TemporaryDirectory() as folder:
        try:
            _write(_sketch(problem), Path(folder) / path.name)
            made = {each.name: each.is_dir() for each in sorted(Path(folder).iterdir())}
        except OutputError as error:
            where = str(path) if folder in (error.where or folder) else error.where
            fix = "mend or uninstall that package, or write NAME.h5" if folder in (error.fix or "") else error.fix
            raise OutputError(error.what, where, fix) from None
        except InrpdeError:
            raise
        except Exception as error:
            what = f"the exporter for {path.suffix} fails: {type(error).__name__}: {error}"
            raise OutputError(what, str(path), "write NAME.h5") from error
    there = {each: each.is_dir() for each in map(path.with_name, made) if each.exists()}
    for each, folders in there.items():
        if folders is not made[each.name]:
            there_is, would_be = ("a folder", "a file") if folders else ("a file", "a folder")
            what = f"{there_is} is there, and {would_be} would be written"
            raise OutputError(what, str(each), "give another name with -o")
    return list(there)


def _write(made: Dataset, path: Path) -> Path:
    stored, exporter = stored_at(path), _exporter(path)
    write(stored, made)
    if exporter is None:
        return stored
    if ":" in path.suffix:
        path = path.with_suffix(f".{exporter.entry.name}")
    try:
        with replacing_all(path) as beside:
            given = exporter.load()(beside, made)
        several = isinstance(given, Path) and given.parent == beside.parent
        return path.with_name(given.name) if several else path
    except (Exception, SystemExit) as error:
        what = error.what if isinstance(error, InrpdeError) else plugins.failed(error)
        fix = error.fix if isinstance(error, InrpdeError) and error.fix else "mend or uninstall that package"
        raise OutputError(
            f"the exporter {exporter.name!r} of {exporter.package} failed: {what}",
            str(path),
            f"the answer is in {stored}; {fix}",
        ) from error


def stored_at(path: str | Path) -> Path:
    """The HDF5 file of an output of that name. Raises OutputError for an ending that nothing writes."""
    return Path(path) if _exporter(path) is None else Path(path).with_suffix(".h5")


def _exporter(path: str | Path) -> plugins.Plugin | None:
    """What makes an output of that name of the arrays, if that is not HDF5."""
    suffix = Path(path).suffix.removeprefix(".").lower()
    if suffix in STORED:
        return None
    found = plugins.get("exporters", suffix)
    if found is None:
        there = ", ".join(f".{name}" for name in sorted({*plugins.available("exporters"), *filter(None, STORED)}))
        raise OutputError(f"nothing writes files that end in .{suffix}", str(path), f"there are {there}")
    return found


def _sketch(problem: Problem) -> Dataset:
    """A field of a few nodes of the same names and kind as those of a problem's solution."""
    names, time = tuple(map(str, problem.space.coords)), problem.space.time
    learned = [key for key, value in problem.coefficients.items() if isinstance(value, Learned)]
    fields = [f for f in (*problem.unknowns, *learned) if isinstance(f, AppliedUndef)]
    solids = dict.fromkeys(c.region for c in problem.conditions if c.region.dim == problem.space.dim)
    only = next(iter(solids)) if len(solids) == 1 else None
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


def values(solution: Solution) -> dict[str, Array]:
    """The fields of a solution where they are stored, without its reference."""
    return dict(_arrays(replace(solution, reference=None)).fields)


def dataset(solution: Solution, own: Mapping[str, Array] | None = None) -> Dataset:
    """Everything that is stored, as plain arrays; `own` as `save` takes them."""
    return replace(_arrays(solution, own), attributes=_attributes(solution), private=_private(solution))


def view(
    solution: Solution, grid: Sequence[int] | None, times: Sequence[float] | Array | None, at: Mapping[str, float]
) -> Dataset:
    """The fields to look at: on a grid and at times of one's choice, with the coordinates `at` fixed.

    Raises UsageError for what is no grid, no time or no coordinate."""
    names, time = [str(x) for x in solution.coords], str(solution.time)
    if times is not None and solution.time is None:
        raise UsageError("times are given, and there is no time", f"times={times!r:.60}", "leave them out")
    for name, value in [*at.items(), *((time, value) for value in (() if times is None else times))]:
        _check_within(solution, names, name, value)
    times = [at[time]] if time in at else times
    when = solution.times if times is None else np.unique(np.asarray(times, dtype=float))
    shown = replace(solution, times=when, grid=solution.grid if grid is None else grid)
    planes = {name: value for name, value in at.items() if name != time}
    made = _on_planes(shown, names, planes, grid) if planes else _arrays(shown)
    return replace(made, attributes=_attributes(solution))


def _check_within(solution: Solution, names: Sequence[str], name: str, value: float) -> None:
    if name not in names:
        raise UsageError(f"there is no coordinate {name!r}", f"{name}={value!r:.60}", f"there are {', '.join(names)}")
    lo, hi = (float(bound[names.index(name)]) for bound in (solution.domain.lo, solution.domain.hi))
    if not isinstance(value, numbers.Real) or not lo <= value <= hi:
        fix = f"give a number in it: {(lo + hi) / 2:g}"
        raise UsageError(f"{name} runs from {lo:g} to {hi:g}", f"{name}={value!r:.60}", fix)


def _on_planes(
    solution: Solution, names: Sequence[str], planes: Mapping[str, float], grid: Sequence[int] | None
) -> Dataset:
    """The fields on a grid of the coordinates that are not fixed."""
    time = str(solution.time) if solution.time is not None else None
    spatial = [name for name in names if name != time]
    free = [name for name in spatial if name not in planes]
    shape = tuple(SHAPES.get(len(free), (PLANES,) * len(free)) if grid is None else grid)
    if len(shape) != len(free):
        what = f"a grid of shape {shape} for the coordinates {', '.join(free)}"
        raise UsageError(what, f"grid={grid!r:.60}", f"give {len(free)} numbers")
    counts = dict(zip(free, shape, strict=True))
    axes = solution.axes([counts.get(name, 1) for name in spatial], None if time is None else _times(solution))
    placed = [np.array([planes[name]]) if name in planes else axis for name, axis in zip(names, axes, strict=True)]
    return _on_grid(solution, placed, tuple(names), time, None)


def _arrays(solution: Solution, own: Mapping[str, Array] | None = None) -> Dataset:
    names = tuple(map(str, solution.coords))
    time = str(solution.time) if solution.time is not None else None
    spatial = len(names) - (time is not None)
    parts = _meshes(solution)
    if parts:
        return _on_mesh(solution, parts, names, time, own)
    if spatial > 3:
        points = _scattered(solution.domain)
        return Dataset("points", names, _beside(solution, lambda each: each(points), own), time=time, points=points)
    shape = SHAPES[spatial] if solution.grid is None else solution.grid
    axes = solution.axes(shape, _times(solution) if time is not None else None)
    return _on_grid(solution, axes, names, time, own)


def _on_grid(
    solution: Solution, axes: Sequence[Array], names: tuple[str, ...], time: str | None,
    own: Mapping[str, Array] | None,
) -> Dataset:  # fmt: skip
    inside = solution.domain.contains(grid_points(axes)).reshape([len(axis) for axis in axes])
    found = _beside(solution, lambda each: each.on_axes(axes), own)
    fields = {name: np.where(inside, values, np.nan) for name, values in found.items()}
    mask = None if inside.all() else inside
    if len(names) == 1 and not np.allclose(np.diff(axes[0], 2), 0, rtol=0, atol=1e-6 * np.ptp(axes[0]) / len(axes[0])):
        return Dataset("points", names, fields, time=time, points=axes[0][:, None])  # times of the user's choice
    return Dataset("grid", names, fields, time=time, axes=tuple(axes), mask=mask)


def _times(solution: Solution) -> Array:
    if solution.times is not None:
        return solution.times
    count = STEPS if len(solution.coords) > 1 else CURVE
    return np.linspace(solution.domain.lo[-1], solution.domain.hi[-1], count)


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


def _on_mesh(
    solution: Solution, parts: list[Mesh], names: tuple[str, ...], time: str | None, own: Mapping[str, Array] | None
) -> Dataset:
    """Fields on the nodes of the cells, NaN at those of no cell in which a field lives."""
    every = parts[0].cells if len(parts) == 1 else np.unique(np.concatenate([part.cells for part in parts]), axis=0)
    used, cells = np.unique(every, return_inverse=True)
    nodes = parts[0].nodes[used]
    times = None if time is None else _times(solution)
    points, shape = nodes, [len(nodes)]
    if times is not None:
        points = np.column_stack([np.repeat(nodes, len(times), axis=0), np.tile(times, len(nodes))])
        shape.append(len(times))

    def evaluated(each: Solution) -> dict[str, Array]:
        return {name: _at_nodes(each, name, nodes, points).reshape(shape) for name in each.fields}

    fields = _beside(solution, evaluated, own)
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


def _beside(
    solution: Solution, evaluated: Callable[[Solution], dict[str, Array]], own: Mapping[str, Array] | None
) -> dict[str, Array]:
    """The values of a solution (its `own`, where they are known), of its reference, and their differences."""
    found = dict(evaluated(solution) if own is None else own)
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
        "conditions": list(solution.declared),
        "report": json.dumps(solution.report, default=str),
        **({} if solution.family is None else {"family": solution.family.dumped()}),
    }


def check_names(
    coords: Sequence[str], unknowns: Sequence[str], coefficients: Mapping[str, Any], learned: Mapping[str, float]
) -> None:
    """Whether each name means one thing, and coefficients name nothing else: a coefficient must never stand in for an
    unknown or a coordinate. Raises OutputError."""
    for name, count in Counter([*coords, *unknowns, *coefficients]).items():
        if count > 1 or not is_name(name):
            what = f"{name[:80]!r} is the name of two things" if count > 1 else f"{name[:80]!r} is not a name"
            raise OutputError(what, f"the coefficients {', '.join(coefficients)[:200]}", "give each thing its own name")
    expressions = {name: value for name, value in coefficients.items() if isinstance(value, Expr)}
    check_together(expressions, learned, {*coords, *unknowns, *coefficients})


def check_storable(bound: Bound, coefficients: Mapping[str, Any]) -> None:
    """Whether the coefficients of a problem can be written and read back: asked before there is an answer to lose.

    Raises ProblemError."""
    try:
        for value in coefficients.values():
            if isinstance(value, Expr):
                dump(value)
        check_names(list(map(str, bound.space.coords)), [u.name for u in bound.unknowns], coefficients, {})
    except OutputError as error:
        place = f'Problem("{bound.problem.name}", coefficients=…): {error.where or ""}'
        raise ProblemError(f"a coefficient cannot be written to the output: {error.what}", place, error.fix) from error
