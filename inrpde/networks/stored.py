"""Trials as nested dicts of arrays, numbers and strings, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inrpde import plugins
from inrpde.errors import OutputError
from inrpde.networks.combined import Combined
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
from inrpde.networks.vertex import VertexFunctions

EVERY: tuple[type[Trial], ...] = (
    Combined, Constant, CornerFunctions, CylindricalWaves, Exponentials, Harmonics, Lines, Mosaic, Multipoles, Offset,
    Patchwork, SineBody, Slab, Sum, Tangent, VertexFunctions, Windowed,
)  # fmt: skip
KINDS = {kind.__name__: kind for kind in EVERY}
"""The trials that can be stored, by the name under which they are."""


def dump_trial(trial: Trial) -> dict[str, Any]:
    """A trial as a nested dict, those inside it too; of another package's, with the package."""
    state = {key: dump_trial(part) if isinstance(part, Trial) else part for key, part in trial.state().items()}
    name = type(trial).__name__
    if type(trial) in EVERY:
        return {"kind": name, **state}
    return {"kind": name, "package": _package(type(trial)), **state}


def load_trial(state: Mapping[str, Any]) -> Trial:
    """The trial that `dump_trial` stored. Raises OutputError where the package that it is of is not there."""
    inner = {key: load_trial(part) for key, part in state.items() if isinstance(part, Mapping) and "kind" in part}
    name = str(state["kind"])
    ours = None if "package" in state else KINDS.get(name)
    return (ours or _installed(name, str(state.get("package", "another package")))).from_state({**state, **inner})


def _package(kind: type[Trial]) -> str:
    """The package of a body, and its version; its module, where no package says that it has it."""
    claims = _claims(kind.__name__)
    mine = claims if len(claims) == 1 else [plugin for plugin in claims if plugin.load() is kind]
    return mine[0].package if mine else kind.__module__


def _installed(name: str, package: str) -> type[Trial]:
    """A body of another package, as `_package` has named it."""
    claims = _claims(name)
    distribution, _, version = package.partition(" ")
    if version:  # else it is of a module, or of nobody
        claims = [plugin for plugin in claims if plugin.package.partition(" ")[0] == distribution]
    if not claims:
        what, where = f"what was found is made of {name}, which is not installed", f"it is of {package}"
        fix = f"pip install {distribution}" if version else "install the package"
        raise OutputError(what, where, f"{fix}, which has to have {name} under inrpde.bodies")
    found: type[Trial] = claims[0].load()
    return found


def _claims(name: str) -> list[plugins.Plugin]:
    return [plugin for plugin in plugins.in_turn("bodies") if plugin.name == name]
