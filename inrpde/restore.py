"""A solution from the file that `storage` wrote: what `inrpde.load` gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sympy import Expr, Interval

from inrpde.arguments import as_path
from inrpde.declaration.fields import MeshField
from inrpde.declaration.regions import Mesh
from inrpde.declaration.space import Space
from inrpde.discretise.family import Family
from inrpde.errors import OutputError
from inrpde.export import Dataset, read
from inrpde.export.symbols import parse
from inrpde.found import Domain, Field
from inrpde.solution import Solution
from inrpde.storage import check_names
from inrpde.stored_fields import load_field

Array = np.ndarray


def load(path: str | Path) -> Solution:
    """The solution that was stored, network included. Raises OutputError for what is not such a file."""
    path = as_path(path, "load(path)")
    return restored(read(path), path)


def restored(stored: Dataset, path: str | Path) -> Solution:
    """The solution in what `read` found at `path`. Raises OutputError where there is none, or its parts do not fit."""
    if "fields" not in stored.private or "coords" not in stored.private:
        fix = "give a file that `inrpde solve` has written"
        raise OutputError("the file holds no solution of inrpde", str(path), fix)
    try:
        return _restored(stored)
    except OutputError:
        raise
    except Exception as error:  # a stranger's file may hold anything, and so what numpy and we say of it
        what = f"the parts of the solution in this file do not fit together: {error}"
        raise OutputError(what, str(path), "solve the problem again, and write it anew") from error


def _restored(stored: Dataset) -> Solution:
    private = stored.private
    names, time = [str(name) for name in private["coords"]], str(private["time"]) or None
    space = Space(names[:-1] if time else names, time)
    bounds = np.asarray(private["lo"]), np.asarray(private["hi"])
    domain = _domain(stored, space, *bounds, closed=bool(private.get("closed", True)))
    coefficients = {
        name: parse(str(state["text"])) if str(state["type"]) == "expression" else load_field(state, space)
        for name, state in private.get("coefficients", {}).items()
    }
    learned = {name: float(value) for name, value in private.get("learned", {}).items()}
    check_names(names, [*private["fields"], *learned], coefficients, learned)
    domains = {name: _where_finite(stored, domain, name) for name in private.get("partial", [])}
    data = {name: value for name, value in coefficients.items() if not isinstance(value, Expr)}

    family = Family.loaded(private["family"]) if "family" in private else None

    def solution(fields: Mapping[str, Any]) -> Solution:
        made = {name: load_field(state, space) for name, state in fields.items() if name in private["fields"]}
        for name, each in (made | data).items():
            _probe(name, each, *bounds)
        return Solution(
            space.coords, space.time, made, domain, domains=domains, coefficients=coefficients, learned=learned,
            report=json.loads(str(private["report"])), declared=private.get("conditions", []), family=family,
        )  # fmt: skip

    made = solution(private["fields"])
    return made.with_reference(solution(private["reference"])) if private.get("reference") else made


def _probe(name: str, each: Field | MeshField, lo: Array, hi: Array) -> None:
    """One value of a field: arrays that do not fit together are found now, and not in the midst of a user's work."""
    with np.errstate(all="ignore"):
        zero = (0,) * len(lo)
        found = each.jets((lo + hi)[None, :] / 2, [zero])[zero]
    if np.shape(found) != (1,):
        raise ValueError(f"the field {name} has values of the shape {np.shape(found)}")


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
