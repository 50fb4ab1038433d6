"""The points of a sweep: what `--param k=5:50:10` and `--param a=1,2` span."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from inrpde.errors import UsageError

LONGEST = 120
"""Characters of a point's name, of the 255 bytes that file systems have, with room for what is put beside a file."""
MOST = 100_000
"""Points: more are a slip of the pen."""


@dataclass(frozen=True)
class Point:
    """Texts of values by parameter, as `--param` takes them."""

    values: Mapping[str, str]

    @property
    def name(self) -> str:
        """What tells it from other points, fit to be the name of a file: `k=5,a=1`."""
        told = ",".join(f"{key}={value}" for key, value in self.values.items())
        plain = re.sub(r"[^\w.,=+-]", "_", told)
        if plain == told and len(told) <= LONGEST:
            return told
        return f"{plain[:LONGEST]}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def spanned(given: Iterable[tuple[str, str]]) -> list[Point]:
    """All combinations of the values that are given by parameter, the last one running fastest.

    Raises UsageError where nothing is given, a parameter twice, a range is none, or there are more points than `MOST`.
    """
    axes: dict[str, tuple[str, ...]] = {}
    for key, text in given:
        if key in axes:
            what = f"the parameter {key} is given twice, and a sweep takes all its values at once"
            raise UsageError(what, f"--param {key}={text}", f"--param {key}={','.join(axes[key][:2])},{text}")
        axes[key] = values(key, text)
    if not axes:
        raise UsageError("a sweep needs values of a parameter", "no --param", "--param k=5:50:10 or --param k=1,2,4")
    count = math.prod(map(len, axes.values()))
    if count > MOST:
        where = ", ".join(f"{len(axis)} of {key}" for key, axis in axes.items())
        raise UsageError(f"the sweep has {count:,} points, and at most {MOST:,} are taken", where, "fewer values")
    return [Point(dict(zip(axes, chosen, strict=True))) for chosen in product(*axes.values())]


def values(key: str, text: str) -> tuple[str, ...]:
    """The values of `1,2,4`; of `5:50:10`, ten from 5 to 50 at equal distances; or both: `1,2,5:50:10`.

    What is no range of numbers is taken as it is. Raises UsageError for a range that has no count, and for a value that
    is given twice.
    """
    found: list[str] = []
    for word in text.split(","):
        if not word.strip():
            fix = f"--param {key}={','.join(filter(str.strip, text.split(','))) or '1,2,4'}"
            raise UsageError(f"a value of {key} is empty", f"--param {key}={text}", fix)
        ends = [_number(part) for part in word.split(":")]
        numbers = [end for end in ends if end is not None]
        found += _range(key, word, numbers) if len(ends) > 1 and len(numbers) == len(ends) else [word.strip()]
    double = next((value for value in found if found.count(value) > 1), None)
    if double is not None:
        raise UsageError(f"{key} = {double} is given twice", f"--param {key}={text}", "each value once")
    return tuple(found)


def _range(key: str, word: str, numbers: list[float]) -> list[str]:
    if len(numbers) != 3 or numbers[2] != int(numbers[2]) or numbers[2] < 2 or numbers[0] == numbers[1]:
        what = f"a range is START:STOP:COUNT, two ends and how many values from one to the other, not {word!r}"
        raise UsageError(what, f"--param {key}={word}", f"--param {key}=5:50:10 for 5, 10, 15, …, 50")
    first, last, count = numbers[0], numbers[1], int(numbers[2])
    if count > MOST:
        raise UsageError(f"{key} has {count:,} values, and at most {MOST:,} are taken", word, "fewer values")
    return [f"{first + (last - first) * step / (count - 1):.12g}" for step in range(count)]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
