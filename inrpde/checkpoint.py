"""Checkpoints beside an output: what a method needs to continue, and what it was made for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inrpde.declaration import Problem
from inrpde.errors import UsageError

if TYPE_CHECKING:
    from inrpde.loader import Source


@dataclass(frozen=True)
class Checkpoint:
    """`path` is None where there is no output to lie beside; `key` tells problems, their settings and seeds apart."""

    path: Path | None
    key: str

    @classmethod
    def beside(
        cls, output: Path | None, problem: Problem, source: Source | None, settings: Mapping[str, Any], seed: int
    ) -> Checkpoint:
        made_for = [
            problem.name, [str(c) for c in problem.conditions], sorted((k, str(v)) for k, v in settings.items()), seed,
            sorted((k, str(v)) for k, v in source.parameters.items()) if source else [],
        ]  # fmt: skip
        key = hashlib.sha256(json.dumps(made_for).encode()).hexdigest()
        return cls(Path(f"{output}.checkpoint") if output is not None else None, key)

    def save(self, memory: Mapping[str, Any]) -> None:
        """Write the memory of a method, atomically."""
        if self.path is None:
            return
        import h5py

        from inrpde.export.atomic import replacing
        from inrpde.export.encoding import put_tree

        with replacing(self.path) as beside, h5py.File(beside, "x") as file:
            file.attrs["key"] = self.key
            put_tree(file.create_group("memory"), dict(memory))

    def load(self) -> Mapping[str, Any]:
        """The memory that was saved. Raises UsageError if there is none, or it belongs to another problem."""
        import h5py

        from inrpde.export.encoding import get_tree

        if self.path is None or not self.path.exists():
            raise UsageError(
                "there is no checkpoint to resume",
                f"--resume, {self.path}",
                "run without --resume; a run that is interrupted leaves one",
            )
        with h5py.File(self.path) as file:
            if file.attrs["key"] != self.key:
                raise UsageError(
                    "the checkpoint was made for another problem, seed or settings",
                    f"--resume, {self.path}",
                    "repeat the options of the interrupted run, or remove the checkpoint",
                )
            return get_tree(file["memory"])

    def remove(self) -> None:
        if self.path is not None:
            self.path.unlink(missing_ok=True)
