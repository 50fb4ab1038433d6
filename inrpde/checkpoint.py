"""Checkpoints beside an output: what a method needs to continue, and what it was made for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import numpy as np

from inrpde import __version__
from inrpde.errors import InrpdeError, Interrupted, UsageError
from inrpde.export.atomic import new_hdf5, replacing
from inrpde.export.foreign import opened
from inrpde.export.seal import seal
from inrpde.fingerprint import differences

VERSIONS = {"checkpoints": "2", "inrpde": __version__}
"""The format of the file, and of what the methods keep in it."""
SHOWN = 6
"""Differences that a message lists."""
ARRAY = "array of"
"""The key that tells an array's place from a mapping."""


class Checkpoint:
    """The file at `path` (None where there is no output to lie beside) of a run that `made_for` describes."""

    def __init__(self, path: Path | None, made_for: Mapping[str, str]):
        self.path, self.made_for = path, dict(made_for)

    @classmethod
    def beside(cls, output: Path | None, describe: Callable[[], Mapping[str, str]]) -> Checkpoint:
        """The one beside an output; without an output nothing is described."""
        return cls(None, {}) if output is None else cls(Path(f"{output}.checkpoint"), {**describe(), **VERSIONS})

    @property
    def key(self) -> str:
        """What tells runs apart: the digest of their description."""
        return hashlib.sha256(json.dumps(self.made_for, sort_keys=True).encode()).hexdigest()

    def save(self, memory: Mapping[str, Any]) -> None:
        """Write the memory of a method, atomically. Raises OutputError, and TypeError for what cannot be kept."""
        if self.path is None:
            return
        skeleton, arrays = packed(memory)
        with replacing(self.path) as beside, new_hdf5(beside) as file:
            file.attrs["key"] = self.key
            file["made_for"] = json.dumps(self.made_for)
            file["skeleton"] = skeleton
            for kind, array in arrays.items():
                file[f"arrays/{kind}"] = array
            seal(file)

    def load(self) -> Mapping[str, Any]:
        """The memory that was saved. Raises UsageError if there is none, or it belongs to another problem, OutputError
        if it is damaged."""
        if self.path is None or not self.path.exists():
            raise UsageError(
                "there is no checkpoint to resume",
                f"--resume, {self.path}",
                "run without --resume; a run that is interrupted leaves one",
            )
        with opened(self.path, "run without --resume, which begins anew") as file:
            if file.attrs["key"] != self.key:
                raise self._stranger(json.loads(file["made_for"].asstr()[()]) if "made_for" in file else {})
            arrays = {kind: node[()] for kind, node in file.get("arrays", {}).items()}
            return unpacked(file["skeleton"].asstr()[()], arrays)

    def _stranger(self, made_for: Mapping[str, str]) -> UsageError:
        """The refusal of a checkpoint that was made for another run, with the difference."""
        changed = differences(made_for, self.made_for) if made_for else ["what it was made for is not known"]
        more = [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
        return UsageError(
            "the checkpoint was made for another problem, method, seed or settings: "
            + "; ".join([*changed[:SHOWN], *more]),
            f"--resume, {self.path}",
            "repeat the problem and the options of the interrupted run (--tol and --budget may differ), or run without "
            "--resume, which replaces the checkpoint",
        )

    def remove(self) -> None:
        if self.path is not None:
            with suppress(OSError):  # it is of no more use, and in nobody's way
                self.path.unlink(missing_ok=True)


class Saving:
    """Saves the checkpoints of a run and never ends it: the first failure is told by `warn`, and `hint` says truly what
    a user can go on from."""

    def __init__(self, checkpoint: Checkpoint, warn: Callable[[str], None]):
        self._checkpoint, self._warn = checkpoint, warn
        self._there, self._failure = False, ""

    @classmethod
    def beside(
        cls, output: Path | None, describe: Callable[[], Mapping[str, str]], warn: Callable[[str], None]
    ) -> Saving:
        """Those beside an output; none where what the run is cannot be described."""
        try:
            return cls(Checkpoint.beside(output, describe), warn)
        except Exception as error:
            warn(f"no checkpoint can be saved: the problem cannot be described: {_reason(error)}")
            return cls(Checkpoint(None, {}), warn)

    def load(self) -> Mapping[str, Any]:
        """The memory of an earlier run, as `Checkpoint.load`."""
        self._there = True
        return self._checkpoint.load()

    def __call__(self, memory: Mapping[str, Any]) -> bool:
        """Save what there is to save. Is the checkpoint there, with this in it?"""
        return self.keep(lambda: memory)

    def keep(self, give: Callable[[], Mapping[str, Any]]) -> bool:
        """Save what `give` gives, as a call does."""
        if self._checkpoint.path is None:
            return False
        try:
            memory = give()
            if not memory:
                return False
            self._checkpoint.save(memory)
        except Exception as error:
            first, self._failure = not self._failure, _reason(error)
            if first:
                self._warn(f"no checkpoint can be saved to {self._checkpoint.path}: {self._failure}")
            return False
        self._there, self._failure = True, ""
        return True

    def remove(self) -> None:
        self._checkpoint.remove()
        self._there = False

    @contextmanager
    def hinting(self) -> Iterator[None]:
        """A signal that ends the block says how to go on."""
        try:
            yield
        except Interrupted as stop:
            stop.fix = self.hint
            raise

    @property
    def hint(self) -> str | None:
        """How to go on with a run that ends before its end; None where no checkpoint was asked for."""
        if self._there:
            return "the same command with --resume goes on from the checkpoint"
        if self._checkpoint.path is None:
            return None
        why = "could be saved: " + self._failure if self._failure else "was saved, as there was nothing to save"
        return f"the same command begins anew; no checkpoint {why}"


def _reason(error: Exception) -> str:
    return error.what if isinstance(error, InrpdeError) else f"{type(error).__name__}: {error}"


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
