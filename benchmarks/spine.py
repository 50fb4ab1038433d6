"""The first table of the README: error and seconds of inrpde, scipy's finite differences and DeepXDE.

Errors are relative L2, against the exact solution where there is one, or against the reference. Seconds are the
processor's, inrpde's for compiling and solving, its scan included, scipy's for assembly and solving, and DeepXDE's for
training; imports are apart on all sides. scipy's grid is the coarsest that gives inrpde's error, or 512². inrpde's
numbers are those of the gallery (docs/gallery/rows.json), the others' are kept in docs/gallery/spine.json.
"""

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gallery
import numpy as np
from five_point import solve as five_point
from gallery_pictures import reduced, rendered
from squares import SQUARES

from inrpde import Solution

GRIDS = (16, 32, 64, 128, 256, 512)
PROBLEMS = {
    "poisson": "poisson",
    "helmholtz_plane": "helmholtz_plane, 4 half waves",
    "darcy": "darcy",
    "helmholtz": "helmholtz: pulse, lens, absorbing layer",
    "terrain": "terrain",
}
"""The rows, and what the README calls them."""
DEEPXDE = {"poisson": (1, 0.0), "helmholtz_plane": (4, (4 * np.pi) ** 2)}
OTHERS = gallery.FOLDER / "spine.json"
README = gallery.ROOT / "README.md"
BEGIN, END = "<!-- spine -->\n", "<!-- end -->\n"
DRAWN = "terrain"
"""The problem whose picture the README shows."""
PICTURE = gallery.ROOT / "docs" / "pictures" / f"{DRAWN}.png"
RESOLUTION = 110
"""Dots per inch of that picture."""


def finite_differences(name: str, target: float) -> dict[str, Any]:
    """scipy's cell of the table."""
    p = SQUARES[name]
    for n in GRIDS:
        error, seconds = five_point(p.a, p.shift, p.source, p.exact, n, p.no_flux)
        if error <= target:
            break
    return {"error": error, "seconds": round(seconds, 2), "cells": n}


def train(name: str) -> dict[str, Any]:
    """DeepXDE's."""
    from deepxde_recipe import solve

    error, seconds = solve(*DEEPXDE[name], np.random.default_rng(0).random((10_000, 2)), 0)
    return {"error": error, "seconds": round(seconds)}


def table(rows: Mapping[str, Mapping[str, Any]], others: Mapping[str, Mapping[str, Any]]) -> str:
    """The table in Markdown, from the stored numbers."""
    lines = ["| | against | inrpde | scipy, 5 points | DeepXDE |", "|---|---|---|---|---|"]
    for name, called in PROBLEMS.items():
        field, theirs = rows[name]["fields"]["u"], others.get(name, {})
        against = "exact" if field["against"] == "a formula" else "reference"
        cells = [f"{field['error']:.1e} in {rows[name]['seconds']:.2g} s", "", ""]
        if scipy := theirs.get("scipy"):
            cells[1] = f"{scipy['error']:.1e} in {scipy['seconds']:.2g} s ({scipy['cells']}²)"
        if deepxde := theirs.get("deepxde"):
            cells[2] = f"{deepxde['error']:.1e} in {deepxde['seconds']} s"
        lines.append(f"| {called} | {against} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def within(page: str, text: str) -> str:
    """A page with another text between its marks."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + text + END + rest.split(END, 1)[1]


def draw(solution: Solution, path: Path) -> None:
    path.write_bytes(reduced(rendered(solution.plot(), RESOLUTION), 256))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deepxde", action="store_true", help="train it again, which takes minutes")
    parser.add_argument("--readme", action="store_true", help="write the table and the picture into the README")
    args = parser.parse_args()
    time.perf_counter = time.process_time

    others = json.loads(OTHERS.read_text(encoding="utf-8"))
    for name in PROBLEMS:
        row, solution = gallery.solve(name)
        gallery.keep(name, row, solution)
        theirs = others.setdefault(name, {})
        if name in SQUARES:
            theirs["scipy"] = finite_differences(name, row["fields"]["u"]["error"])
        if name in DEEPXDE and args.deepxde:
            theirs["deepxde"] = train(name)
        if name == DRAWN and args.readme:
            draw(solution, PICTURE)
        print(gallery.line(name, row), flush=True)
    OTHERS.write_text(json.dumps(others, indent=1) + "\n", encoding="utf-8")
    made = table(gallery.rows(), others)
    if args.readme:
        README.write_text(within(README.read_text(encoding="utf-8"), made), encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
