"""What an HDF5 file may consist of, and the checksum of what it holds.

A file may come from a stranger, or from a failing disk. `examine` looks at each link, type, shape and filter before it
reads what is there, so that nothing outside the file is opened, and no more memory is asked for than the file's size
makes likely. The checksum is the SHA-256 of all paths, types, shapes, values and attributes, however HDF5 has laid them
out: a file that was repacked keeps it. What only ties datasets to one another (dimension scales) is left out.
"""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from dataclasses import dataclass, field

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5p, h5s, h5t, h5z

SEAL = "sha256"
"""The root attribute that holds the checksum."""
FREE, PER_BYTE = 64 * 2**20, 16
"""Bytes that the contents of a file may claim: so many in any file, and so many for each byte of it."""
BLOCK = 16 * 2**20
"""Bytes that are read at once."""
DEEPEST = 64
"""Groups within one another."""
_TIES = {b"DIMENSION_LIST", b"REFERENCE_LIST"}
_FILTERS = {h5z.FILTER_DEFLATE: "deflate", h5z.FILTER_SHUFFLE: "shuffle", h5z.FILTER_FLETCHER32: "fletcher32"}
_TYPES = (h5t.INTEGER, h5t.FLOAT, h5t.STRING)


class Damaged(Exception):
    """What is wrong with a file."""


def seal(file: h5py.File) -> None:
    """Store the checksum of all that is in `file`."""
    file.attrs[SEAL] = _Survey(file, math.inf, True).checksum()


def examine(file: h5py.File, size: int, sealed: bool = True) -> None:
    """Whether a file of `size` bytes may be read. Raises Damaged for links and data outside of it, and for claims that
    are out of proportion; where it should be `sealed`, also for soft links, for types that are neither numbers nor
    text, for filters that we do not know, and for a checksum that does not hold."""
    found = _Survey(file, FREE + PER_BYTE * size, sealed)
    if not sealed:
        return
    if SEAL not in file.attrs:
        raise Damaged("this HDF5 file was not written by inrpde, or by a version whose files had no checksum")
    if file.attrs[SEAL] != found.checksum():
        raise Damaged("this file has been changed or damaged since it was written: its checksum does not hold")


@dataclass
class _Survey:
    """A walk through a file, by HDF5's own calls: h5py's objects take ten times as long."""

    file: h5py.File
    left: float
    """Bytes that may still be claimed."""
    ours: bool
    digests: dict[str, bytes] = field(default_factory=dict)
    """Of the content at each path."""
    groups: set[int] = field(default_factory=set)
    datasets: dict[int, bytes] = field(default_factory=dict)
    """Digests of those that have been read, which may have several names."""
    later: list[tuple[str, h5d.DatasetID, h5p.PropDCID]] = field(default_factory=list)
    """Virtual datasets, whose sources come first."""

    def __post_init__(self) -> None:
        self._group(self.file.id if isinstance(self.file.id, h5g.GroupID) else h5g.open(self.file.id, b"/"), "/")
        for path, node, made in self.later:
            self.digests[path] = self._content(node, made, path)

    def checksum(self) -> str:
        whole = hashlib.sha256()
        for path in sorted(self.digests):
            whole.update(json.dumps(path).encode() + self.digests[path])
        return whole.hexdigest()

    def _group(self, group: h5g.GroupID, path: str) -> None:
        address = h5o.get_info(group).addr
        if address in self.groups or path.count("/") > DEEPEST:
            raise Damaged(f"the groups of this file go round in a circle, or too deep: {path[:200]}")
        self.groups.add(address)
        self.digests[path] = self._attributes(group, path).digest()
        links: list[tuple[bytes, int]] = []
        group.links.iterate(lambda name, info: links.append((name, info.type)), info=True)
        for name, kind in links:
            self._link(group, name, kind, path + name.decode("utf-8", "backslashreplace"))

    def _link(self, group: h5g.GroupID, name: bytes, kind: int, path: str) -> None:
        if kind == h5l.TYPE_SOFT and not self.ours:
            return
        if kind != h5l.TYPE_HARD:
            raise Damaged(f"{path} is a link to another place, which is not followed")
        node = h5o.open(group, name)
        if isinstance(node, h5g.GroupID):
            self._group(node, f"{path}/")
        elif isinstance(node, h5d.DatasetID):
            made = node.get_create_plist()
            if made.get_layout() == h5d.VIRTUAL:
                self.later.append((path, node, made))
            else:
                self.digests[path] = self._content(node, made, path)
        elif self.ours:
            raise Damaged(f"{path} is neither a group nor a dataset")

    def _content(self, node: h5d.DatasetID, made: h5p.PropDCID, path: str) -> bytes:
        """The digest of a dataset, whose properties are `made`."""
        address = h5o.get_info(node).addr
        if address not in self.datasets:
            kind, found = node.get_type(), self._attributes(node, path)
            self._check_type(kind, path)
            self._check_storage(node, made, kind.get_size(), path)
            if self.ours:
                _feed_dataset(found, node, kind.dtype)
            self.datasets[address] = found.digest()
        return self.datasets[address]

    def _attributes(self, node: h5g.GroupID | h5d.DatasetID, path: str) -> hashlib._Hash:
        found = []
        for number in range(h5a.get_num_attrs(node)):
            kept = h5a.open(node, index=number)
            self._spend(math.prod(kept.shape or ()) * kept.get_type().get_size(), path)
            if kept.name in _TIES or kept.name == SEAL.encode():
                continue
            self._check_type(kept.get_type(), f"the attribute {kept.name!r} of {path}")
            values = np.zeros(kept.shape or (), kept.dtype)
            kept.read(values)
            found.append((kept.name, values))
        made = hashlib.sha256()
        for name, values in sorted(found, key=lambda pair: pair[0]):
            _feed(made, str(name), values)
        return made

    def _check_type(self, kind: h5t.TypeID, where: str) -> None:
        if self.ours and kind.get_class() not in _TYPES and kind.dtype.kind not in "bc":
            raise Damaged(f"{where} is of a type that is neither a number nor text")

    def _check_storage(self, node: h5d.DatasetID, made: h5p.PropDCID, item: int, path: str) -> None:
        """The bytes that a dataset takes when it is read, `item` each, and where they are."""
        layout, claim = made.get_layout(), math.prod(node.shape or ()) * item
        outside = made.get_external_count() > 0
        if layout == h5d.VIRTUAL:
            sources = range(made.get_virtual_count())
            outside = any(made.get_virtual_filename(n) != "." or "%" in made.get_virtual_dsetname(n) for n in sources)
        if outside:
            raise Damaged(f"the data of {path} lie in another file, which is not opened")
        if layout == h5d.CHUNKED:
            claim = max(claim, math.prod(made.get_chunk()) * item)
        self._spend(claim, path)
        filters = [made.get_filter(number)[0] for number in range(made.get_nfilters())]
        if len(set(filters)) < len(filters) or (self.ours and not set(filters) <= set(_FILTERS)):
            raise Damaged(f"{path} is stored by filters other than {', '.join(_FILTERS.values())}, or by one twice")
        if h5z.FILTER_DEFLATE in filters:
            _check_deflated(node, math.prod(made.get_chunk()) * item, path)

    def _spend(self, claim: int, where: str) -> None:
        self.left -= claim
        if self.left < 0:
            raise Damaged(f"this file is damaged or a trap: {where} asks for more memory than a file of its size holds")


def _check_deflated(node: h5d.DatasetID, chunk: int, path: str) -> None:
    """HDF5 inflates a chunk, whatever its size comes to."""
    for number in range(node.get_num_chunks()):
        _, raw = node.read_direct_chunk(node.get_chunk_info(number).chunk_offset)
        inflater = zlib.decompressobj()
        try:
            inflated = inflater.decompress(raw, chunk + 4)  # a checksum may lie behind
        except zlib.error as error:
            raise Damaged(f"a chunk of {path} is damaged: {error}") from None
        if inflater.unconsumed_tail or len(inflated) > chunk + 3:
            raise Damaged(f"this file is damaged or a trap: a chunk of {path} inflates to more than it is")


def _feed_dataset(made: hashlib._Hash, node: h5d.DatasetID, dtype: np.dtype) -> None:
    shape = node.shape
    rows = max(1, BLOCK // max(1, math.prod(shape[1:]) * dtype.itemsize)) if shape else 1
    if not shape or rows >= shape[0]:
        values = np.zeros(shape, dtype)
        node.read(h5s.ALL, h5s.ALL, values)
        _feed(made, "", values)
        return
    made.update(json.dumps(shape).encode())
    whole = h5py.Dataset(node)
    for start in range(0, shape[0], rows):
        _feed(made, "", whole[start : start + rows])


def _feed(made: hashlib._Hash, name: str, values: np.ndarray) -> None:
    """A name, and values of a type and shape, so that no two different ones are alike."""
    if values.dtype.kind in "OS":
        text = [
            str(item, "utf-8", "backslashreplace") if isinstance(item, bytes) else str(item) for item in values.flat
        ]
        kind, content = "text", json.dumps(text).encode()
    else:
        kind, content = values.dtype.str, np.ascontiguousarray(values).tobytes()
    made.update(json.dumps([name, kind, values.shape, len(content)]).encode() + content)
