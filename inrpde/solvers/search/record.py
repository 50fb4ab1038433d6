"""What a search has tried, as a checkpoint keeps it: a run that is resumed takes the outcome from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from inrpde.discretise.state import State, dump_state, load_state
from inrpde.solvers.bodies.plan import Plan
from inrpde.solvers.contract.method import Candidate, beats


@dataclass(frozen=True)
class Attempt:
    """A plan, its scores on held-out and on fitted points, the seconds that it took and the nominal ones, the time
    after which a march could not be continued, and the state where it was the best of its kind so far."""

    plan: str
    score: float
    fitted: float
    cost: float
    spent: float
    until: float | None = None
    state: State | None = None

    @cached_property
    def memory(self) -> dict[str, Any]:
        return {**vars(self), "state": None if self.state is None else dump_state(self.state)}

    @classmethod
    def recalled(cls, memory: Mapping[str, Any]) -> Attempt:
        state = memory["state"]
        return cls(**{**memory, "state": None if state is None else load_state(state)})


@dataclass
class Record:
    """The attempts of a run by `method`: those made (or taken up again), and those that an earlier run left behind."""

    method: str = ""
    tol: float | None = None
    made: list[Attempt] = field(default_factory=list)
    left: list[Attempt] = field(default_factory=list)
    same: bool = True
    """Had the earlier run the same tolerance?"""
    begun: Mapping[str, Any] | None = None
    """The plan that an earlier run has begun, and the memory of the part that is finished."""

    @classmethod
    def recalled(cls, method: str, tol: float | None, memory: Mapping[str, Any]) -> Record:
        """From the memory of an earlier run; empty where that was by another method."""
        if memory.get("method") != method:
            return cls(method, tol)
        left = [Attempt.recalled(each) for each in memory["attempts"]]
        return cls(method, tol, left=left, same=memory["tol"] == tol, begun=memory["begun"])

    def taken(self, plan: Plan, best: Candidate | None) -> Attempt | None:
        """The outcome of a plan, which is taken out, if an earlier run has tried it and left all that is needed: of one
        that beats the best, its state."""
        found = next((each for each in self.left if each.plan == plan.key), None)
        if found is None or (found.state is None and beats(found.score, best)):
            return None
        self.left.remove(found)
        return found

    def part(self, plan: Plan) -> Mapping[str, Any] | None:
        """The memory of the part of a plan that an earlier run has finished, which is taken out."""
        begun = self.begun
        if begun is None or begun["plan"] != plan.key:
            return None
        self.begun = None
        return begun["part"]

    @property
    def settled(self) -> bool:
        """Has an earlier run gone on after the latest attempt, with the tolerance of this one?"""
        return bool(self.left or self.begun) and self.same

    def memory(self, plan: Plan | None = None, part: Callable[[], Mapping[str, Any]] = dict) -> dict[str, Any]:
        """What has been tried, and how far the plan is that is under way."""
        attempts = [each.memory for each in (*self.made, *self.left)]
        begun = self.begun if plan is None else {"plan": plan.key, "part": part()}
        return {"method": self.method, "tol": self.tol, "attempts": attempts, "begun": begun}
