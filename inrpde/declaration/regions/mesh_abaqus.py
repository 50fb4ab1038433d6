"""Abaqus input files: their sets, and the nodes and elements in the form that meshio reads whole.

meshio keeps the last of several *NODE blocks, mistakes the elements of a set where blocks without one come first, and
passes over what it does not know. So the blocks are put together before, and the sets are read here.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from inrpde.declaration.paths import resolve

Array = np.ndarray
MADE = {"NGEN", "NFILL", "NCOPY", "NMAP", "ELGEN", "ELCOPY", "SYSTEM"}
"""Keywords that make nodes or elements, or move them, out of others: without them the mesh is another one."""
DEEPEST = 10
"""Files that include one another go no deeper."""


@dataclass
class Block:
    """A keyword in capitals, its options, and the lines of data that follow it."""

    keyword: str
    options: dict[str, str]
    lines: list[list[str]]


def read_abaqus(path: Path) -> tuple[Any, dict[str, Array], list[str]]:
    """The mesh with its sets of cells, the sets of nodes by name (numbers of `mesh.points`), and what was left out.

    Raises ValueError for a file that makes its mesh out of parts.
    """
    import meshio

    blocks = _blocks(path)
    instances = [block for block in blocks if block.keyword == "INSTANCE"]
    made = {block.keyword for block in blocks} & MADE
    if len(instances) > 1 or any(block.lines for block in instances):
        made.add("INSTANCE")
    if made:
        raise ValueError(f"*{', *'.join(sorted(made))} make the mesh out of parts: export one flat mesh")
    nodes, elements, lines = _Names("node"), _Names("element"), ["*NODE"]
    for block in (block for block in blocks if block.keyword == "NODE"):
        lines += [",".join(line) for line in block.lines]
        nodes.define([int(line[0]) for line in block.lines], block.options.get("NSET"))
    for block in (block for block in blocks if block.keyword == "ELEMENT"):
        lines += [f"*ELEMENT, TYPE={block.options.get('TYPE', '').upper()}", *(",".join(line) for line in block.lines)]
    mesh = meshio.read(io.StringIO("\n".join([*lines, ""])), file_format="abaqus")
    of_type = iter(mesh.cells)
    for block in (block for block in blocks if block.keyword == "ELEMENT"):
        width = next(of_type).data.shape[1] + 1
        numbers = [int(word) for line in block.lines for word in line if word]
        elements.define(numbers[::width], block.options.get("ELSET"))
    for block in blocks:
        for keyword, names in (("NSET", nodes), ("ELSET", elements)):
            if block.keyword == keyword:
                names.add(block)
    starts = np.cumsum([0, *(len(each.data) for each in mesh.cells)])
    mesh.cell_sets = {
        name: [numbers[(numbers >= lo) & (numbers < hi)] - lo for lo, hi in pairwise(starts)]
        for name, numbers in elements.sets().items()
    }
    lost = [block.options.get("NAME", "") for block in blocks if block.keyword == "SURFACE"]
    return mesh, nodes.sets(), [f"the surface '{name}' (*SURFACE) was left out: name it by a set" for name in lost]


def _blocks(path: Path, depth: int = 0) -> list[Block]:
    if depth > DEEPEST:
        raise ValueError(f"{path.name} includes itself")
    blocks: list[Block] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = [word.strip() for word in line.split(",")]
        if line.startswith("**") or not line.strip():
            continue
        if not line.startswith("*"):
            if blocks:
                blocks[-1].lines.append(words)
            continue
        pairs = [word.partition("=") for word in words[1:] if word]
        options = {key.strip().upper(): value.strip().strip('"') for key, _, value in pairs}
        if words[0][1:].strip().upper() == "INCLUDE":
            blocks += _blocks(resolve(path.parent / options.get("INPUT", "")), depth + 1)
        else:
            blocks.append(Block(words[0][1:].strip().upper(), options, []))
    return blocks


class _Names:
    """Numbered things in the order of the file, and sets of them. Names do not mind capitals, as in Abaqus."""

    def __init__(self, what: str):
        self.what = what
        self.number: dict[int, int] = {}
        self._members: dict[str, list[int]] = {}
        self._spelt: dict[str, str] = {}

    def define(self, labels: list[int], name: str | None) -> None:
        for label in labels:
            if label in self.number:
                raise ValueError(f"{self.what} {label} is defined twice")
            self.number[label] = len(self.number)
        if name:
            self._set(name).extend(labels)

    def add(self, block: Block) -> None:
        """The members that an *NSET or *ELSET lists: numbers, ranges or names of other sets."""
        name = block.options.get(block.keyword, "")
        members: list[int] = []
        for line in block.lines:
            words = [word for word in line if word]
            if "GENERATE" in block.options:
                first, last, step = [*map(int, words), 1][:3]
                members += range(first, last + 1, step)
                continue
            for word in words:
                if not word.isdigit() and word.upper() not in self._members:
                    raise ValueError(f"there is no set '{word}' before '{name}'")
                members += [int(word)] if word.isdigit() else self._members[word.upper()]
        self._set(name).extend(members)

    def _set(self, name: str) -> list[int]:
        self._spelt.setdefault(name.upper(), name)
        return self._members.setdefault(name.upper(), [])

    def sets(self) -> dict[str, Array]:
        return {
            self._spelt[name]: np.unique([self.number[label] for label in members if label in self.number]).astype(int)
            for name, members in self._members.items()
        }
