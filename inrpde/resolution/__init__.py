"""Where given data are narrow."""

from __future__ import annotations

from typing import Any

from inrpde.compiler import Bound


def narrow(bound: Bound) -> tuple[Any, ...]:
    """The narrow places."""
    return ()
