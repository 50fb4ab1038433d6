"""Trial functions and networks of sine layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inrpde.networks.trial import Trial


def kinds() -> dict[str, type[Trial]]:
    """The trials that can be stored, by the name under which they are."""
    from inrpde.networks.corner import CornerFunctions
    from inrpde.networks.cylindrical import CylindricalWaves
    from inrpde.networks.exponentials import Exponentials
    from inrpde.networks.multipole import Multipoles
    from inrpde.networks.partition import Windowed
    from inrpde.networks.patchwork import Patchwork
    from inrpde.networks.siren import SineBody
    from inrpde.networks.slab import Slab
    from inrpde.networks.tangent import Tangent
    from inrpde.networks.trial import Constant, Sum

    every = (
        Constant, CornerFunctions, CylindricalWaves, Exponentials, Multipoles, Patchwork, SineBody, Slab, Sum, Tangent,
        Windowed,
    )  # fmt: skip
    return {kind.__name__: kind for kind in every}
