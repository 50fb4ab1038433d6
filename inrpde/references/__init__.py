"""The same declaration solved by classical methods: evidence that shares no code with the network after binding.

A reference is a module with `supports(bound) -> str | None` (why it cannot serve, or None) and
`solve(bound, n=None, *, budget=None, progress=None) -> Reference | NoReference`, found by the entry points
`inrpde.references`. The `kind` of a NoReference tells what its reason says of the problem (see `Refusal`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from inrpde import deadline, plugins
from inrpde.compiler import Bound
from inrpde.plugins import Plugin
from inrpde.references.reference import NoReference, Reference, Refusal

__all__ = ["NoReference", "Reference", "Refusal", "asked", "solve"]


GOOD = 1e-5
"""The relative error by its own estimate with which a reference needs no other beside it. (Chosen: answers are compared
with it to a few digits more than pictures show.)"""
SHARE = 0.8
"""Of the time that is left, what another may take where there is one already."""


def solve(
    bound: Bound,
    n: int | None = None,
    *,
    budget: float | None = None,
    progress: Callable[[float], None] | None = None,
    use: Callable[[Reference], Any] = lambda found: None,
) -> Reference | NoReference:
    """The first installed reference that serves the problem and is `GOOD`, else the best, or why none does; those that
    come with inrpde are asked first.

    `n` cells along the longest side (chosen where it is None; else the first that serves stands), `budget` in seconds,
    `progress` is called with the share done. `use` is called with what is found: a reference that fails, or whose
    result cannot be used, is passed over, and the warnings or the reason name it. Of several refusals the kind that
    tells most of the problem stands.
    """
    reasons, failures, kinds = list[str](), list[str](), list[Refusal]()
    found: list[tuple[Plugin, Reference]] = []

    def used(plugin: Plugin, reference: Reference) -> Reference | None:
        try:
            use(reference)
        except (Exception, SystemExit) as error:
            failed(plugin, error)
            return None
        return replace(reference, warnings=(*reference.warnings, *failures))

    def failed(plugin: Plugin, error: BaseException) -> None:
        failures.append(f"the reference {plugin.name!r} of {plugin.package} failed: {plugins.failed(error)}")
        kinds.append(Refusal.FAILED)

    for plugin in plugins.in_turn("references"):
        with deadline.within(deadline.left() * (SHARE if found else 1)) as scope:
            try:
                asked = _asked(plugin.load(), bound, n, budget, progress)
            except (Exception, SystemExit) as error:
                failed(plugin, error)
                continue
        if scope.expired:
            deadline.turn()  # the time is up for all, unless there is another
            continue
        if isinstance(asked, NoReference):
            reasons.append(f"{plugin.name}: {asked.reason}")
            kinds.append(asked.kind)
        elif n is None and _error(asked) > GOOD:
            found.append((plugin, asked))
        elif (done := used(plugin, asked)) is not None:
            return done
    for plugin, each in sorted(found, key=lambda pair: _error(pair[1])):
        if (done := used(plugin, each)) is not None:
            return done
    text = "; ".join([*reasons, *failures]) or "no reference is installed"
    return NoReference(text, next((kind for kind in Refusal if kind in kinds), Refusal.UNSUPPORTED))


def asked(bound: Bound) -> list[dict[str, Any]]:
    """What each installed reference says of a problem before it is solved: its "name", whether it "serves", and why
    not ("because", else None)."""
    found = []
    for plugin in plugins.in_turn("references"):
        try:
            reason = plugin.load().supports(bound)
        except (Exception, SystemExit) as error:
            reason = f"it failed: {plugins.failed(error)}"
        found.append({"name": plugin.name, "serves": reason is None, "because": reason})
    return found


def _error(found: Reference) -> float:
    """The largest error of an unknown by a reference's own estimate; more than any where it makes no sense."""
    errors = {**found.estimated_error, **found.extrapolated_error}
    sound = all(found.sound.values())
    return max(errors.values(), default=0.0) + (0.0 if sound else 1e3)


def _asked(
    module: Any, bound: Bound, n: int | None, budget: float | None, progress: Callable[[float], None] | None
) -> Reference | NoReference:
    """What a reference says to a problem. Raises TypeError where that is nothing known."""
    reason = module.supports(bound)
    found = module.solve(bound, n, budget=budget, progress=progress) if reason is None else NoReference(reason)
    if not isinstance(found, Reference | NoReference):
        raise TypeError(f"solve gave {found!r:.60}, neither a Reference nor a NoReference")
    return found
