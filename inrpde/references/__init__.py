"""The same declaration solved by classical methods: evidence that shares nothing with the network after binding.

A reference is a module with `supports(bound) -> str | None` (why it cannot serve, or None) and
`solve(bound, n=None, *, budget=None, progress=None) -> Reference | NoReference`, found by the entry points
`inrpde.references`.
"""

from __future__ import annotations

from collections.abc import Callable

from inrpde import plugins
from inrpde.compiler import Bound
from inrpde.references.reference import NoReference, Reference

__all__ = ["NoReference", "Reference", "solve"]


def solve(
    bound: Bound,
    n: int | None = None,
    *,
    budget: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Reference | NoReference:
    """The first installed reference that serves the problem, or why none does.

    `n` cells along the longest side (chosen where it is None), `budget` in seconds, `progress` is called with the
    share done.
    """
    reasons = []
    for name, plugin in plugins.available("references").items():
        module = plugin.load()
        reason = module.supports(bound)
        if reason is None:
            found = module.solve(bound, n, budget=budget, progress=progress)
            if isinstance(found, Reference):
                return found
            reason = found.reason
        reasons.append(f"{name}: {reason}")
    return NoReference("; ".join(reasons) or "no reference is installed")
