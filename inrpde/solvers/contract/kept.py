"""The answer of a method that has no memory of its own, as a checkpoint keeps it: a resumed run begins with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inrpde.discretise.state import dump_state, load_state
from inrpde.solvers.contract.method import Candidate

ANSWER = "answer"
PLAIN = ("score", "fitted", "cost", "method", "reason", "until", "share", "weak")


def answered(best: Candidate | None) -> dict[str, Any]:
    """The memory of the best candidate; empty where there is none, or it is more than its state: one of a family, or
    of readings whose noise is known."""
    if best is None or best.kin is not None or best.noise or best.spread:
        return {}
    plain = {key: getattr(best, key) for key in PLAIN}
    return {ANSWER: {**plain, "doubts": list(best.doubts), "state": dump_state(best.state)}}


def recalled(memory: Mapping[str, Any]) -> Candidate | None:
    """The candidate of a memory, if one is there. There is no second solve of it."""
    kept = memory.get(ANSWER)
    if kept is None:
        return None
    plain = {key: kept[key] for key in PLAIN}
    return Candidate(load_state(kept["state"]), **{**plain, "weak": bool(plain["weak"])}, doubts=tuple(kept["doubts"]))
