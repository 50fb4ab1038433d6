"""Declare a PDE problem with sympy, solve it with a sine network, check it against finite differences.

The public names are imported when they are first used, so that `import inrpde` (and with it `inrpde --help`) stays
free of sympy and torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inrpde import errors

if TYPE_CHECKING:
    from inrpde.declaration import (
        Ball,
        GridField,
        Implicit,
        Learned,
        Mesh,
        MeshField,
        On,
        Parameter,
        Periodic,
        Points,
        Problem,
        Region,
        Space,
    )
    from inrpde.interface import check, problem, reference, solve
    from inrpde.planted.verify import verify
    from inrpde.restore import load
    from inrpde.solution import Solution
    from inrpde.stored import compare, report

__version__ = "0.1.0"

__all__ = [
    "Ball",
    "GridField",
    "Implicit",
    "Learned",
    "Mesh",
    "MeshField",
    "On",
    "Parameter",
    "Periodic",
    "Points",
    "Problem",
    "Region",
    "Solution",
    "Space",
    "check",
    "compare",
    "errors",
    "load",
    "problem",
    "reference",
    "report",
    "solve",
    "verify",
]

_ELSEWHERE = {
    **dict.fromkeys(("check", "problem", "reference", "solve"), "interface"),
    "compare": "stored",
    "report": "stored",
    "load": "restore",
    "Solution": "solution",
    "verify": "planted.verify",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'inrpde' has no attribute {name!r}")
    value = getattr(import_module(f"inrpde.{_ELSEWHERE.get(name, 'declaration')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
