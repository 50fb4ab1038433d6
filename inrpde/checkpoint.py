"""Checkpoints beside an output: what a method needs to continue, and what it was made for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from inrpde.declaration import Problem
from inrpde.errors import UsageError

if TYPE_CHECKING:
    from inrpde.loader import Source

ARRAY = "array of"
"""The key that tells an array's place from a mapping."""


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
        from inrpde.export.atomic import new_hdf5, replacing
        from inrpde.export.seal import seal

        skeleton, arrays = packed(memory)
        with replacing(self.path) as beside, new_hdf5(beside) as file:
            file.attrs["key"] = self.key
            file["skeleton"] = skeleton
            for kind, array in arrays.items():
                file[f"arrays/{kind}"] = array
            seal(file)

    def load(self) -> Mapping[str, Any]:
        """The memory that was saved. Raises UsageError if there is none, or it belongs to another problem, OutputError
        if it is damaged."""
        from inrpde.export.foreign import opened

        if self.path is None or not self.path.exists():
            raise UsageError(
                "there is no checkpoint to resume",
                f"--resume, {self.path}",
                "run without --resume; a run that is interrupted leaves one",
            )
        with opened(self.path, "run without --resume, which begins anew") as file:
            if file.attrs["key"] != self.key:
                raise UsageError(
                    "the checkpoint was made for another problem, seed or settings",
                    f"--resume, {self.path}",
                    "repeat the options of the interrupted run, or remove the checkpoint",
                )
            arrays = {kind: node[()] for kind, node in file.get("arrays", {}).items()}
            return unpacked(file["skeleton"].asstr()[()], arrays)

    def remove(self) -> None:
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def packed(memory: Mapping[str, Any]) -> tuple[str, dict[str, np.ndarray]]:
    """Nested mappings and lists of arrays, numbers, strings and None, as JSON and one array of each type, however many
    there are in the memory. Raises TypeError for anything else."""
    found: dict[str, list[np.ndarray]] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            order: Literal["C", "F"] = "C" if value.flags.c_contiguous else "F"
            parts = found.setdefault(value.dtype.name, [])
            parts.append(value.ravel(order))
            return {ARRAY: value.dtype.name, "number": len(parts) - 1, "shape": value.shape, "order": order}
        if isinstance(value, Mapping):
            return {str(key): plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return value.item() if isinstance(value, np.generic) else value

    tree = plain(memory)
    starts = {kind: [0, *accumulate(map(len, parts))] for kind, parts in found.items()}
    return json.dumps({"tree": tree, "starts": starts}), {k: np.concatenate(parts) for k, parts in found.items()}


def unpacked(skeleton: str, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """What `packed` was given: arrays bit for bit and in the same order in memory, tuples as lists."""
    stored = json.loads(skeleton)

    def whole(value: Any) -> Any:
        if isinstance(value, list):
            return [whole(item) for item in value]
        if not isinstance(value, dict):
            return value
        if ARRAY not in value:
            return {key: whole(item) for key, item in value.items()}
        kind, number = value[ARRAY], value["number"]
        start, stop = stored["starts"][kind][number : number + 2]
        return arrays[kind][start:stop].reshape(value["shape"], order=value["order"])

    return whole(stored["tree"])
