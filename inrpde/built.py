"""A solution from a solver's state."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from inrpde.compiler import Form
from inrpde.compiler.bind import Bound
from inrpde.discretise.state import State
from inrpde.found import DeviationField, Domain, Field, NetworkField
from inrpde.networks.offset import bare
from inrpde.sampling.extent import bounds
from inrpde.sampling.lattice import lattice
from inrpde.solution import Solution


def build(
    form: Form,
    state: State,
    grid: tuple[int, ...] | None,
    times: tuple[float, ...] | None,
    made: Mapping[str, Any],
    spread: Mapping[int, np.ndarray] = MappingProxyType({}),
) -> Solution:
    """A solution from a solver's state: split pairs become complex fields again, learned numbers leave the fields, and
    learned fields whose heads are uncertain have their standard deviation beside them, `a_std`."""
    names = {unknown.name: k for k, unknown in enumerate(form.unknowns)}
    nodes = lattice(row.region for row in form.rows)
    if nodes is not None:  # samples on a grid are written where they are
        spatial = len(form.space.spatial)
        grid = grid or tuple(map(len, nodes[:spatial]))
        times = times or (tuple(nodes[-1]) if form.space.time is not None else None)
    fields: dict[str, Field] = {}
    learned: dict[str, float] = {}
    deviations: dict[str, Field] = {}
    for unknown in form.bound.unknowns:
        if unknown.is_number:
            learned[unknown.name] = float(np.real(state.heads[names[unknown.name]][0]))
        else:
            k, *pair = form.parts(unknown.name)
            head = state.heads[k] + 1j * state.heads[pair[0]] if pair else state.heads[k]
            fields[unknown.name] = NetworkField(state.trials[k], head)
            if unknown.learned and k in spread:
                deviations[f"{unknown.name}_std"] = DeviationField(bare(state.trials[k]), spread[k])
    fields |= {name: each for name, each in deviations.items() if name not in {*names, *map(str, form.space.coords)}}
    return Solution(
        form.space.coords, form.space.time, fields, domain(form),
        domains={u.name: u.region for u in form.bound.unknowns if u.region is not None},
        coefficients=coefficients(form.bound), learned=learned, grid=grid,
        times=None if times is None else np.asarray(times, dtype=float), origin=made,
    )  # fmt: skip


def domain(form: Form) -> Domain:
    lo, hi = bounds(form)
    regions = dict.fromkeys(row.region for row in form.rows if row.region.dim == form.space.dim)
    return Domain(lo, hi, tuple(regions), closed=bool(regions))


def coefficients(bound: Bound) -> dict[str, Any]:
    """Coefficients by name: expressions and numbers, and fields given by data."""
    known = {_name(key): value for key, value in bound.substitution.items()}
    return known | {key.func.__name__: value for key, value in bound.fields.items()}


def _name(key: Any) -> str:
    return key.name if hasattr(key, "name") else key.func.__name__
