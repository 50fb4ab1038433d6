"""Run the rows, print the table, and leave files and pictures in a folder."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from benchmarks.paper import images, inverse, samples, signals

ROWS = [*images.ROWS, *samples.ROWS, *inverse.ROWS, *signals.ROWS]


def lines(name: str, figures: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A line of the table for everyone in a row."""
    return [
        f"{name if k == 0 else '':<20}{who:<18}" + "  ".join(f"{key} {value:.4g}" for key, value in each.items())
        for k, (who, each) in enumerate(figures.items())
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="some of: " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--folder", type=Path, default=Path("out/paper"))
    parser.add_argument("--share", type=float, default=1.0, help="of the seconds that each row has")
    args = parser.parse_args()
    unknown = set(args.rows) - {row.name for row in ROWS}
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    args.folder.mkdir(parents=True, exist_ok=True)
    for row in ROWS:
        if not args.rows or row.name in args.rows:
            print("\n".join(lines(row.name, row.run(args.folder, args.share))), flush=True)


if __name__ == "__main__":
    main()
