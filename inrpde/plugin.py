"""What a plugin is written with: the protocols of its kind, and what the pieces of inrpde give to build on.

    from inrpde.plugin import Candidate, draw, fit, reads, score

`VERSION` is that of this module: it is raised when a name is taken away or comes to mean something else, and not when
one is added. What is not here may change at any time. docs/extending.md has an example of each kind, `inrpde.testing`
tries what is written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from inrpde.compiler.bind import Bound
from inrpde.compiler.form import Form
from inrpde.declaration.regions.chart import Chart, Piece
from inrpde.declaration.regions.region import Solid, classify
from inrpde.discretise.jets import no_jets
from inrpde.discretise.score import score
from inrpde.discretise.state import State, zero_state
from inrpde.discretise.system import linearise
from inrpde.export.dataset import Dataset
from inrpde.networks.trial import Trial
from inrpde.references.reference import NoReference, Reference, Refusal, from_levels
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import bounds
from inrpde.setting import one_of, optional, positive, setting, switch, whole
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.contract.method import Candidate, Context, Method, reads
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Arm, Claim, Role, Strategy, Whole
from inrpde.solvers.fitting.linear import fit
from inrpde.solvers.linear.solve import minimise

VERSION = 1

__all__ = [
    "VERSION",
    "Arm",
    "Bound",
    "Candidate",
    "Chart",
    "Claim",
    "Context",
    "Dataset",
    "Exporter",
    "Form",
    "Global",
    "Method",
    "NoReference",
    "Nothing",
    "Piece",
    "Referee",
    "Reference",
    "Refusal",
    "Role",
    "Solid",
    "State",
    "Strategy",
    "Trial",
    "Whole",
    "bounds",
    "classify",
    "draw",
    "fit",
    "from_levels",
    "linearise",
    "minimise",
    "no_jets",
    "one_of",
    "optional",
    "positive",
    "reads",
    "score",
    "setting",
    "switch",
    "whole",
    "zero_state",
]


class Referee(Protocol):
    """A module, or an object, that solves a declaration by other means (entry points `inrpde.references`)."""

    def supports(self, bound: Bound) -> str | None:
        """In a few words why it cannot serve the problem, or None."""

    def solve(
        self, bound: Bound, n: int | None = None, *, budget: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Reference | NoReference:  # fmt: skip
        """The unknowns on a grid of `n` cells along the longest side (chosen where that is None), with their errors by
        its own estimate; or why there are none. `progress` takes the share that is done; `budget` is in seconds."""


class Exporter(Protocol):
    """A function that writes files of one ending (entry points `inrpde.exporters`, named as the files end)."""

    def __call__(self, path: Path, dataset: Dataset) -> Path | None:
        """Write to `path`, a name in an empty folder: a file, or a folder, or several whose names begin alike; all that
        is left there takes its place in the end. Returns the first of several. Raises OutputError for a dataset that
        such files cannot hold."""
