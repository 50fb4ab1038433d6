"""A solution as a file and back: what `Solution.save` writes and `inrpde.load` reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from sympy import Symbol

from inrpde.declaration.regions import Mesh
from inrpde.errors import OutputError
from inrpde.export import Dataset, read, write
from inrpde.export.dataset import DIFFERENCE, REFERENCE
from inrpde.export.symbols import dump, parse
from inrpde.sampling import grid_points, sample
from inrpde.solution import Domain, Solution, dump_field, load_field

Array = np.ndarray
SHAPES = {1: (513,), 2: (129, 129), 3: (41, 41, 41)}
"""The default grids, by the number of spatial coordinates."""
STEPS = 11
"""The default number of times."""
SCATTERED = 20_000
"""Points of a table, in more than three dimensions."""


def save(solution: Solution, path: str | Path) -> None:
    """Write fields, reference and networks. Raises OutputError where that cannot be done."""
    write(path, dataset(solution))


def dataset(solution: Solution) -> Dataset:
    """Everything that is stored, as plain arrays."""
    names = tuple(map(str, solution.coords))
    time = str(solution.time) if solution.time is not None else None
    shared = {"attributes": _attributes(solution), "private": _private(solution)}
    mesh = solution.domain.regions[0] if len(solution.domain.regions) == 1 else None
    spatial = len(names) - (time is not None)
    if isinstance(mesh, Mesh) and time is None:
        points = np.asarray(mesh.points, dtype=float)
        return Dataset("mesh", names, _fields(solution, points), points=points, cells={mesh.cell_kind: mesh.cells}, **shared)
    if spatial > 3:
        points = np.concatenate([sample(r, SCATTERED, 0).points for r in solution.domain.regions])
        return Dataset("points", names, _fields(solution, points), time=time, points=points, **shared)
    shape = solution.grid or SHAPES[spatial]
    times = solution.times
    if time is not None and times is None:
        times = np.linspace(solution.domain.lo[-1], solution.domain.hi[-1], STEPS)
    axes = solution.axes(shape, times if time is not None else None)
    points = grid_points(axes)
    inside = solution.domain.contains(points)
    lengths = [len(axis) for axis in axes]
    fields = {name: np.where(inside, values, np.nan).reshape(lengths) for name, values in _fields(solution, points).items()}
    mask = None if inside.all() else inside.reshape(lengths)
    return Dataset("grid", names, fields, time=time, axes=tuple(axes), mask=mask, **shared)


def _fields(solution: Solution, points: Array) -> dict[str, Array]:
    found = solution(points)
    if solution.reference is not None:
        for name, values in solution.reference(points).items():
            if name in found:
                found |= {name + REFERENCE: values, name + DIFFERENCE: found[name] - values}
    return found


def _attributes(solution: Solution) -> dict[str, Any]:
    report = solution.report
    kept = {key: report[key] for key in ("problem", "status", "method", "verdict", "seed", "warnings") if key in report}
    errors = {name: report["fields"][name] for name in report.get("fields", {})}
    return {**kept, "errors": errors, **solution.origin}


def _private(solution: Solution) -> dict[str, Any]:
    coefficients = {
        name: dump_field(value) if hasattr(value, "jets") else {"type": "expression", "text": dump(value)}
        for name, value in solution.coefficients.items()
        if hasattr(value, "free_symbols") or hasattr(value, "axes")
    }
    reference = {} if solution.reference is None else {name: dump_field(f) for name, f in solution.reference.fields.items()}
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
        "report": json.dumps(solution.report, default=str),
    }


def load(path: str | Path) -> Solution:
    """The solution that was stored, network included. Raises OutputError for what is not such a file."""
    stored = read(path)
    private = stored.private
    if "fields" not in private or "coords" not in private:
        raise OutputError("the file holds no solution of inrpde", str(path), "give a file that `inrpde solve` has written")
    coords = tuple(Symbol(str(name), real=True) for name in private["coords"])
    domain = Domain(np.asarray(private["lo"]), np.asarray(private["hi"]), mask=_mask(stored))
    coefficients = {
        name: parse(str(state["text"])) if str(state["type"]) == "expression" else load_field(state)
        for name, state in private.get("coefficients", {}).items()
    }

    domains = {name: _where_finite(stored, domain, name) for name in private.get("partial", [])}

    def solution(fields: Any) -> Solution:
        return Solution(
            coords, coords[-1] if private["time"] else None, {name: load_field(state) for name, state in fields.items()}, domain,
            domains=domains, coefficients=coefficients, learned={name: float(value) for name, value in private.get("learned", {}).items()},
            report=json.loads(str(private["report"])),
        )  # fmt: skip

    made = solution(private["fields"])
    return made.with_reference(solution(private["reference"])) if private.get("reference") else made


def _where_finite(stored: Dataset, domain: Domain, name: str) -> Domain:
    """Where a field lives that does not live everywhere, from its stored values."""
    if stored.kind != "grid":
        return domain
    return Domain(domain.lo, domain.hi, mask=(stored.axes, np.isfinite(stored.fields[str(name)])))


def _mask(stored: Dataset) -> tuple[tuple[Array, ...], Array] | None:
    return (stored.axes, stored.mask) if stored.kind == "grid" and stored.mask is not None else None
