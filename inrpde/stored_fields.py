"""Fields as nested dicts of arrays, numbers and strings, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inrpde.declaration.fields import GridField, MeshField
from inrpde.declaration.regions import Mesh
from inrpde.declaration.regions.simplices import SIMPLICES
from inrpde.declaration.space import Space
from inrpde.found import DeviationField, Field, NetworkField
from inrpde.networks.stored import dump_trial, load_trial
from inrpde.reference_fields import MaskedField, QuadraticField


def dump_field(f: Field | MeshField) -> dict[str, Any]:
    """A field as a nested dict of arrays, numbers and strings."""
    if isinstance(f, NetworkField):
        return {"type": "network", "trial": dump_trial(f.trial), "head": f.head}
    if isinstance(f, DeviationField):
        return {"type": "deviation", "trial": dump_trial(f.trial), "heads": f.heads}
    if isinstance(f, QuadraticField):
        mesh = f.mesh
        return {"type": "quadratic", "values": f.values, "points": mesh.nodes, "cells": mesh.cells, "edges": f.edges}
    if isinstance(f, (GridField, MaskedField)):
        kind = "grid" if isinstance(f, GridField) else "masked"
        state = {"type": kind, "values": f.values, **{f"axis{k}": axis for k, axis in enumerate(f.axes)}}
        return state | ({"method": f.method} if isinstance(f, GridField) else {})
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
    if kind == "deviation":
        return DeviationField(load_trial(state["trial"]), np.asarray(state["heads"]))
    if kind in ("mesh", "quadratic"):
        cells = np.asarray(state["cells"])
        mesh = Mesh.of(space, np.asarray(state["points"]), {SIMPLICES[cells.shape[1]]: cells})
        if kind == "quadratic":
            return QuadraticField(mesh, state["values"], state["edges"])
        return MeshField(mesh, state["values"], str(state["on"]) if "on" in state else None)
    axes = [state[f"axis{k}"] for k in range(sum(key.startswith("axis") for key in state))]
    if kind == "masked":
        return MaskedField(state["values"], axes)
    return GridField(state["values"], axes, method=str(state.get("method", "cubic")))
