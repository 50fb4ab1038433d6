"""Trials as nested dicts of arrays, numbers and strings, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    """A trial as a nested dict, those inside it too."""
    state = {key: dump_trial(part) if isinstance(part, Trial) else part for key, part in trial.state().items()}
    return {"kind": type(trial).__name__, **state}


def load_trial(state: Mapping[str, Any]) -> Trial:
    """The trial that `dump_trial` stored."""
    inner = {key: load_trial(part) for key, part in state.items() if isinstance(part, Mapping) and "kind" in part}
    return KINDS[str(state["kind"])].from_state({**state, **inner})
