"""Python's values as HDF5 attributes, and nested mappings as HDF5 groups; and back.

netCDF's C library reads every type in a file before it opens it, so only plain numbers and variable-length strings are
stored: booleans as uint8, complex numbers as pairs of reals, anything nested in an attribute as JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

JSON_NAMES = "json_attributes"
TEXT = h5py.string_dtype()


def put_attributes(node: h5py.HLObject, attributes: Mapping[str, Any]) -> None:
    """Store `attributes`: str, int, float as they are, booleans as uint8, the rest as JSON text under the same name.

    The names of those in JSON are listed in the attribute `json_attributes`. Tuples come back as lists.
    Raises TypeError for what is not JSON-able.
    """
    in_json = []
    for name, value in attributes.items():
        value = value.item() if isinstance(value, np.generic) else value
        if isinstance(value, bool):
            node.attrs[name] = np.uint8(value)
        elif isinstance(value, float):
            node.attrs[name] = np.float64(value)
        elif isinstance(value, int) and -(2**63) <= value < 2**63:
            node.attrs[name] = np.int64(value)
        elif isinstance(value, str) and "\0" not in value:
            node.attrs.create(name, value, dtype=TEXT)
        else:
            node.attrs.create(name, json.dumps(value, ensure_ascii=False, default=_plain), dtype=TEXT)
            in_json.append(name)
    node.attrs.create(JSON_NAMES, json.dumps(in_json), dtype=TEXT)


def get_attributes(node: h5py.HLObject) -> dict[str, Any]:
    """What `put_attributes` stored."""
    in_json = set(json.loads(node.attrs[JSON_NAMES]))
    found = {}
    for name, value in node.attrs.items():
        if name == JSON_NAMES:
            continue
        if name in in_json:
            value = json.loads(value)
        elif isinstance(value, np.uint8):
            value = bool(value)
        elif isinstance(value, np.generic):
            value = value.item()
        found[name] = value
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"an attribute holds {type(value).__name__}, which JSON does not know")


def put_tree(group: h5py.Group, tree: Mapping[str, Any], place: str = "") -> None:
    """Store a nested mapping of arrays, numbers, strings, None and lists of these in `group`.

    Raises TypeError, naming the place, for anything else and for keys that are not names.
    """
    for key, value in tree.items():
        here = f"{place}/{key}"
        if not isinstance(key, str) or not key or key == "." or "/" in key:
            raise TypeError(f"{here}: {key!r} is not a name (text without '/')")
        if isinstance(value, Mapping):
            put_tree(group.create_group(key), value, here)
        elif isinstance(value, list | tuple):
            below = group.create_group(key)
            below.attrs["encoding"] = "list"
            put_tree(below, {str(number): item for number, item in enumerate(value)}, here)
        elif isinstance(value, str):
            group.create_dataset(key, data=value, dtype=TEXT)
        else:
            _put_array(group, key, value, here)


def _put_array(group: h5py.Group, key: str, value: Any, here: str) -> None:
    array, encoding = np.asarray(0 if value is None else value), None
    if value is None:
        array, encoding = array.astype(np.uint8), "none"
    elif array.dtype.kind == "b":
        array, encoding = array.astype(np.uint8), "bool"
    elif array.dtype.kind == "c":
        array, encoding = np.stack([array.real, array.imag], axis=-1), "complex"
    elif array.dtype.kind not in "iuf":
        raise TypeError(f"{here}: {type(value).__name__} holding {array.dtype} cannot be stored")
    stored = group.create_dataset(key, data=array)
    if encoding:
        stored.attrs["encoding"] = encoding


def get_tree(group: h5py.Group) -> dict[str, Any]:
    """What `put_tree` stored; scalars come back as Python's numbers."""
    return {key: _get(node) for key, node in group.items()}


def _get(node: h5py.Group | h5py.Dataset) -> Any:
    encoding = node.attrs.get("encoding")
    if isinstance(node, h5py.Group):
        below = get_tree(node)
        return [below[str(number)] for number in range(len(below))] if encoding == "list" else below
    if h5py.check_string_dtype(node.dtype):
        return node.asstr()[()]
    if encoding == "none":
        return None
    value = node[()]
    if encoding == "bool":
        value = value.astype(bool)
    elif encoding == "complex":
        value = joined(value[..., 0], value[..., 1])
    return value.item() if value.ndim == 0 else value


def joined(real: np.ndarray, imag: np.ndarray) -> np.ndarray:
    """The complex array of these parts, infinities and NaN kept where they are (real + 1j * imag moves them)."""
    both = np.empty(np.shape(real), np.result_type(real, np.complex64))
    both.real, both.imag = real, imag
    return both
