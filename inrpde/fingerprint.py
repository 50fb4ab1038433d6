"""What determines the answer of a run, as short texts by name: the same in every process, others for other runs.

A declaration is walked as what it consists of: sympy's trees, arrays by their content, and the public attributes of
regions, data and conditions (of a class of its own kind, too), but for what they compute from these later. Names of
files count without their folders: a file is what it holds.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Set
from functools import cached_property
from pathlib import PurePath
from typing import Any

import numpy as np
from sympy import Add, Basic, MatrixBase, Mul, Symbol, srepr
from sympy.core.function import AppliedUndef, UndefinedFunction
from sympy.core.operations import LatticeOp

from inrpde.declaration import Problem
from inrpde.declaration.conditions import On
from inrpde.declaration.regions import Region
from inrpde.declaration.space import Space
from inrpde.declaration.words import words

DIGITS = 16
"""Hexadecimal digits of a digest in a text: 64 bits."""
UNORDERED = (Add, Mul, LatticeOp)
"""sympy's operations whose arguments it may put in another order in another process."""
FEW = 8
"""Arrays of no more numbers are shown as they are."""


def of_run(problem: Problem, settings: Mapping[str, Any], **options: Any) -> dict[str, str]:
    """{what: text}: everything that determines the answer of a solve. `options` are those of the run, as its method.

    Not the tolerance and the budget, which say when to stop, nor the reference and the grid, which come after.
    Raises RecursionError for an expression that is nested too deeply.
    """
    told = {"problem": problem.name, "coordinates": repr(problem.space)}
    told |= {name.replace("_", " "): str(value) for name, value in options.items()}
    for unknown in problem.unknowns:
        told[f"unknown {words(unknown)}"] = _of_unknown(unknown, problem.space.domains.get(unknown))
    for number, condition in enumerate(problem.conditions, 1):
        told |= {f"condition {number}, {part}": text for part, text in _of_condition(condition)}
    for kind in ("coefficient", "guess"):
        bound = getattr(problem, "coefficients" if kind == "coefficient" else kind)
        told |= {f"{kind} {words(key)}": f"{told_short(value)} for {digest(key)}" for key, value in bound.items()}
    return told | {f"setting {key}": str(value) for key, value in settings.items()}


def digest(value: Any) -> str:
    """What tells a declared object from others, in a few digits."""
    return _Walk().digest(value).hex()[:DIGITS]


def told_short(value: Any) -> str:
    """A value in words, with its digest."""
    label = value.label if isinstance(value, Region) else words(value, 60) if isinstance(value, Basic) else _name(value)
    return f"{label} [{digest(value)}]"


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What has changed, a line each: "setting solver.width: 64 → 32"."""
    every = list(dict.fromkeys([*now, *before]))
    return [
        f"{name}: {before.get(name, 'none')} → {now.get(name, 'none')}"
        for name in every
        if before.get(name) != now.get(name)
    ]


def _of_unknown(unknown: AppliedUndef, region: Region | None) -> str:
    kind = "complex" if unknown.is_complex and not unknown.is_real else "real"
    return f"{kind} [{digest(unknown)}]" + (f" on {told_short(region)}" if region is not None else "")


def _of_condition(condition: On) -> Iterator[tuple[str, str]]:
    yield "equation", f"{condition.text} [{digest((condition.residuals, condition.periodic))}]"
    yield "region", told_short(condition.region)
    yield "weight", repr(condition.weight)
    yield "norm", str(condition.norm)


def _name(value: Any) -> str:
    return type(value).__name__ if not isinstance(value, str | int | float) else str(value)


class _Walk:
    """Digests of one object and all that it consists of, each taken once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[bytes, Any]] = {}

    def digest(self, value: Any) -> bytes:
        if id(value) not in self._known:
            self._known[id(value)] = b"itself", value  # for what leads back to it; kept, so that no other has its id
            self._known[id(value)] = hashlib.sha256(b"\0".join(self._parts(value))).digest(), value
        return self._known[id(value)][0]

    def _parts(self, value: Any) -> Iterator[bytes]:
        """What is hashed: the kind of the value, and then its content or the digests of its parts (of one length)."""
        yield _kind(value).encode()
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind not in "OV":
            array = np.ascontiguousarray(value)
            yield f"{array.dtype.str} {np.shape(value)}".encode()
            yield array.tobytes()
        elif value is None or isinstance(value, bool | int | float | complex | bytes | UndefinedFunction):
            yield repr(value).encode()
        elif isinstance(value, str):
            yield (PurePath(value).name if PurePath(value).is_absolute() else value).encode(errors="surrogateescape")
        elif isinstance(value, PurePath):
            yield value.name.encode(errors="surrogateescape")
        elif isinstance(value, Space):
            yield repr(value).encode()
        elif isinstance(value, Mapping):
            yield from sorted(self.digest(key) + self.digest(item) for key, item in value.items())
        elif isinstance(value, Set):
            yield from sorted(map(self.digest, value))
        elif isinstance(value, list | tuple):
            yield from map(self.digest, value)
        elif isinstance(value, np.ndarray):
            yield from map(self.digest, (value.shape, value.ravel().tolist()))
        elif isinstance(value, MatrixBase):
            yield from map(self.digest, (value.shape, list(value)))
        elif isinstance(value, Basic):
            yield from self._tree(value)
        else:
            yield from self._attributes(value)

    def _tree(self, value: Basic) -> Iterator[bytes]:
        if isinstance(value, Symbol):
            yield self.digest((value.name, value.assumptions0))
        elif not (value.args or getattr(value, "__dict__", None)):
            yield srepr(value).encode()
        if isinstance(value, AppliedUndef):
            yield self.digest((value.func.__name__, {**getattr(value.func, "_kwargs", {})}))
        parts = map(self.digest, value.args)
        yield from sorted(parts) if isinstance(value, UNORDERED) else parts
        yield self.digest(_public(value))

    def _attributes(self, value: Any) -> Iterator[bytes]:
        if callable(value) or not hasattr(value, "__dict__"):
            yield secrets.token_bytes()  # nothing says whether it is the same: it is like no other
        else:
            yield self.digest(_public(value))


def _kind(value: Any) -> str:
    made = isinstance(value, AppliedUndef)  # a class that sympy makes for each name
    return "function" if made else f"{type(value).__module__}.{type(value).__qualname__}"


def _public(value: Any) -> dict[str, Any]:
    """The attributes that say what an object is: not the private ones, nor what it has computed of them and kept."""
    return {
        name: each
        for name, each in getattr(value, "__dict__", {}).items()
        if not name.startswith("_") and not isinstance(getattr(type(value), name, None), cached_property)
    }
