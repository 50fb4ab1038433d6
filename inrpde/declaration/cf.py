"""Numbers as a NetCDF file means them, by its attributes: the CF conventions and the NetCDF User's Guide.

Packed values (`scale_factor`, `add_offset`, `_Unsigned`), those that stand for a missing one (`_FillValue`,
`missing_value`, outside `valid_range`, `valid_min`, `valid_max`), and which coordinate an axis is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inrpde.declaration.words import words
from inrpde.errors import ProblemError

Array = np.ndarray
Attributes = Mapping[str, Any]
FLOAT_FILL = 9.969209968386869e36
UNWRITTEN = {"i2": -(2**15) + 1, "u2": 2**16 - 1, "i4": -(2**31) + 1, "u4": 2**32 - 1, "i8": -(2**63) + 2,
             "u8": 2**64 - 2, "f4": FLOAT_FILL, "f8": FLOAT_FILL}  # fmt: skip
"""What the NetCDF library fills a variable with before it is written, by type (netcdf.h, NC_FILL_…)."""
LIMITS = {"valid_range": (np.less, np.greater), "valid_min": (np.less,), "valid_max": (np.greater,)}
"""Beyond which of the numbers of an attribute a value is missing, and in which sense."""
AXES = "XYZT"
"""The values of a coordinate's attribute `axis`, in the order of a space's coordinates."""
NAMES = {"x": "X", "y": "Y", "z": "Z", "t": "T", "time": "T", "longitude": "X", "latitude": "Y"}
"""Which axis a coordinate without the attribute is, by its `standard_name` or its name."""
UNITS = {"east": "X", "e": "X", "north": "Y", "n": "Y"}
"""Which axis a coordinate in degrees is, by their direction."""


def decode(stored: Array, attributes: Attributes, where: str, unwritten: Any = None) -> tuple[Array, dict[str, Array]]:
    """The values that stored numbers stand for, and which of them are missing (bool), by reason.

    `unwritten` is what the file fills the dataset with before it is written. Raises ProblemError for what are no
    numbers, and for attributes that are none.
    """
    if stored.dtype.kind not in "iufc":
        raise ProblemError(
            f"the dataset is of type {stored.dtype}, not numbers", where, "name a dataset of integers or floats"
        )
    bits = stored.dtype
    signs = {"true": "u", "false": "i"}.get(text(attributes, "_Unsigned").lower())
    if signs and bits.kind in "iu":
        stored = stored.view(f"{bits.byteorder}{signs}{bits.itemsize}")
    packing = {key: _numbers(attributes, key, where, 1) for key in ("scale_factor", "add_offset") if key in attributes}
    values = stored
    if packing:
        values = values.astype(np.result_type(stored, float))
        values = values * packing.get("scale_factor", 1.0) + packing.get("add_offset", 0.0)
    missing = {"NaN": np.isnan(values)}
    for key in ("_FillValue", "missing_value"):
        for fill in _numbers(attributes, key, where):
            missing[f"{key} {fill:g}"] = stored == _as_stored(fill, bits, stored.dtype)
    initial = UNWRITTEN.get(bits.str[1:])
    if None not in (initial, unwritten) and unwritten == np.asarray(initial, bits):
        missing["never written"] = stored == _as_stored(unwritten, bits, stored.dtype)
    for key, sides in LIMITS.items():
        limits = _numbers(attributes, key, where, len(sides))
        # limits of the packing's type, wider than what is stored, are of the values that it stands for
        unpacked = limits.dtype in {each.dtype for each in packing.values()} and limits.itemsize > bits.itemsize
        for beyond, limit in zip(sides, limits, strict=False):
            low = values if unpacked else stored
            missing[f"{key} {limit:g}"] = beyond(low, limit if unpacked else _as_stored(limit, bits, stored.dtype))
    return values, {reason: lost for reason, lost in missing.items() if lost.any()}


def _as_stored(number: Any, bits: np.dtype, dtype: np.dtype) -> Any:
    """An attribute as a number of the type it is compared in: of the dataset's own bits, read as `dtype`."""
    if dtype.kind not in "iu":
        with np.errstate(over="ignore"):
            return np.asarray(number).astype(dtype)[()]
    if number == np.rint(number) and np.iinfo(bits).min <= number <= np.iinfo(bits).max:
        return np.asarray(number).astype(bits).view(dtype)[()]
    return float(number)


def _numbers(attributes: Attributes, key: str, where: str, count: int | None = None) -> Array:
    """The numbers (n,) of an attribute: none where it is absent, else `count`."""
    if key not in attributes:
        return np.empty(0)
    found = np.ravel(np.asarray(attributes[key]))
    packing = key in ("scale_factor", "add_offset")
    if found.dtype.kind not in "iufc" or count not in (None, len(found)) or (packing and not np.isfinite(found).all()):
        raise ProblemError(
            f"the attribute {key} is {words(found.tolist(), 60)}, not {count or 'a'} number{'s' if count == 2 else ''}",
            where, "write the file anew (xarray writes such attributes)",
        )  # fmt: skip
    return found


def axis_of(name: str, attributes: Attributes) -> str | None:
    """Which axis a coordinate is, "X", "Y", "Z" or "T": by its own word, its units or its name."""
    axis, units = text(attributes, "axis").upper(), text(attributes, "units")
    if len(axis) == 1 and axis in AXES:
        return axis
    if units.startswith("degree") and (direction := units.removeprefix("degree").lstrip("s_").lower()) in UNITS:
        return UNITS[direction]
    if " since " in units:
        return "T"
    if text(attributes, "positive"):
        return "Z"
    return NAMES.get(text(attributes, "standard_name").lower()) or NAMES.get(name)


def text(attributes: Attributes, key: str) -> str:
    """A text attribute, of fixed or of variable length, alone or in an array of one; empty if there is none."""
    value = np.ravel(np.asarray(attributes.get(key, ""), dtype=object))
    first = value[0] if len(value) == 1 else ""
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
