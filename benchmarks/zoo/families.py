"""Cases in families, by name: a problem and a formula, or what computes its truth, which is kept in a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from inrpde.declaration import Problem
from zoo.traps.known import Known, Trap


class Computing(Protocol):
    """A problem, and its `truth()`: points, values by unknown, and their accuracy."""

    @property
    def problem(self) -> Problem: ...

    def truth(self) -> dict[str, np.ndarray]: ...


@dataclass(frozen=True)
class Families:
    """Registers families of cases whose computed truths lie in a folder."""

    truths: Path
    cases: dict[str, Trap] = field(default_factory=dict)
    makers: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def __call__(self, kind: str, variants: Mapping[str, tuple] = {"": ()}) -> Callable:
        """Registers a family: for each of its variants, by name, the arguments."""

        def register(family: Callable[..., Known | Computing]) -> Callable[..., Known | Computing]:
            for variant, arguments in variants.items():
                name = f"{family.__name__}_{variant}".rstrip("_")
                self.makers[name] = partial(family, *arguments)
                self.cases[name] = Trap(name, kind, False, partial(self._known, name))
            return family

        return register

    def _known(self, name: str) -> Known:
        made = self.makers[name]()
        if isinstance(made, Known):
            return made
        with np.load(self.truths / f"{name}.npz") as file:
            samples = {key: file[key] for key in file.files}
        return Known(made.problem, (), float(samples.pop("accuracy")), samples=samples)

    def compute(self) -> None:
        """Makes the truths of the cases without a formula, or of those that the command line names; prints the accuracy
        of each, and seconds."""
        self.truths.mkdir(exist_ok=True)
        for name in sys.argv[1:] or self.makers:
            made, start = self.makers[name](), time.perf_counter()
            if not isinstance(made, Known):
                truth = made.truth()
                np.savez_compressed(self.truths / f"{name}.npz", **truth)
                print(f"{name:22s} {truth['accuracy']:.1e} {time.perf_counter() - start:6.1f} s", flush=True)
