"""Trials as nested dicts of arrays, numbers and strings, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inrpde import plugins
from inrpde.errors import OutputError
from inrpde.networks.corner import CornerFunctions
from inrpde.networks.cylindrical import CylindricalWaves
from inrpde.networks.exponentials import Exponentials
from inrpde.networks.harmonics import Harmonics
from inrpde.networks.lines import Lines
from inrpde.networks.mosaic import Mosaic
from inrpde.networks.multipole import Multipoles
from inrpde.networks.offset import Offset
from inrpde.networks.partition import Windowed
from inrpde.networks.patchwork import Patchwork
from inrpde.networks.siren import SineBody
from inrpde.networks.slab import Slab
from inrpde.networks.tangent import Tangent
from inrpde.networks.trial import Constant, Sum, Trial

EVERY: tuple[type[Trial], ...] = (
    Constant, CornerFunctions, CylindricalWaves, Exponentials, Harmonics, Lines, Mosaic, Multipoles, Offset, Patchwork,
    SineBody, Slab, Sum, Tangent, Windowed,
)  # fmt: skip
KINDS = {kind.__name__: kind for kind in EVERY}
"""The trials that can be stored, by the name under which they are."""


def dump_trial(trial: Trial) -> dict[str, Any]:
    """A trial as a nested dict, those inside it too; of another package's, with the package."""
    state = {key: dump_trial(part) if isinstance(part, Trial) else part for key, part in trial.state().items()}
    name = type(trial).__name__
    if isinstance(trial, EVERY):
        return {"kind": name, **state}
    plugin = plugins.available("bodies").get(name)
    return {"kind": name, "package": type(trial).__module__ if plugin is None else plugin.package, **state}


def load_trial(state: Mapping[str, Any]) -> Trial:
    """The trial that `dump_trial` stored. Raises OutputError where the package that it is of is not there."""
    inner = {key: load_trial(part) for key, part in state.items() if isinstance(part, Mapping) and "kind" in part}
    name = str(state["kind"])
    return (KINDS.get(name) or _installed(name, state)).from_state({**state, **inner})


def _installed(name: str, state: Mapping[str, Any]) -> type[Trial]:
    """A body of another package."""
    plugin = plugins.available("bodies").get(name)
    if plugin is None:
        package = str(state.get("package", "another package"))
        what, where = f"what was found is made of {name}, which is not installed", f"it is of {package}"
        raise OutputError(what, where, f"install what it is of: a package with {name} under inrpde.bodies")
    found: type[Trial] = plugin.load()
    return found
