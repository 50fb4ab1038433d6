"""The same declaration solved by classical methods: evidence that shares no code with the network after binding.

A reference is a module with `supports(bound) -> str | None` (why it cannot serve, or None) and
`solve(bound, n=None, *, budget=None, progress=None) -> Reference | NoReference`, found by the entry points
`inrpde.references`. The `kind` of a NoReference tells what its reason says of the problem (see `Refusal`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from inrpde import plugins
from inrpde.compiler import Bound
from inrpde.references.reference import NoReference, Reference, Refusal

__all__ = ["NoReference", "Reference", "Refusal", "solve"]


def solve(
    bound: Bound,
    n: int | None = None,
    *,
    budget: float | None = None,
    progress: Callable[[float], None] | None = None,
    use: Callable[[Reference], Any] = lambda found: None,
) -> Reference | NoReference:
    """The first installed reference that serves the problem, or why none does; those that come with inrpde are asked
    first.

    `n` cells along the longest side (chosen where it is None), `budget` in seconds, `progress` is called with the
    share done. `use` is called with what is found: a reference that fails, or whose result cannot be used, is passed
    over, and the warnings or the reason name it. Of several refusals the kind that tells most of the problem stands.
    """
    reasons, failures, kinds = list[str](), list[str](), list[Refusal]()
    for plugin in plugins.in_turn("references"):
        try:
            found = _asked(plugin.load(), bound, n, budget, progress)
            if isinstance(found, Reference):
                use(found)
        except (Exception, SystemExit) as error:
            failures.append(f"the reference {plugin.name!r} of {plugin.package} failed: {plugins.failed(error)}")
            kinds.append(Refusal.FAILED)
        else:
            if isinstance(found, Reference):
                return replace(found, warnings=(*found.warnings, *failures))
            reasons.append(f"{plugin.name}: {found.reason}")
            kinds.append(found.kind)
    text = "; ".join([*reasons, *failures]) or "no reference is installed"
    return NoReference(text, next((kind for kind in Refusal if kind in kinds), Refusal.UNSUPPORTED))


def _asked(
    module: Any, bound: Bound, n: int | None, budget: float | None, progress: Callable[[float], None] | None
) -> Reference | NoReference:
    """What a reference says to a problem. Raises TypeError where that is nothing known."""
    reason = module.supports(bound)
    found = module.solve(bound, n, budget=budget, progress=progress) if reason is None else NoReference(reason)
    if not isinstance(found, Reference | NoReference):
        raise TypeError(f"solve gave {found!r:.60}, neither a Reference nor a NoReference")
    return found
