"""Solve problems by the command line, print the table of errors, and leave HDF5 files and pictures in a folder."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from inrpde.export import read
from inrpde.export.picture import draw


def solve(problem: str, folder: Path) -> dict:
    """The report of `inrpde solve PROBLEM`; its HDF5 file and a picture of it lie in `folder`."""
    output = folder / f"{problem}.h5"
    words = [sys.executable, "-m", "inrpde", "solve", problem, "-o", str(output), "--json"]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True)
    report = json.loads(done.stdout)
    if "error" in report:
        sys.exit(f"{problem}: {report['error']['what']}")
    draw(read(output), output.with_suffix(".png"))
    return report


def row(report: dict, field: str) -> str:
    """A problem's line of the table."""
    errors = report["fields"][field]
    against = [errors["estimated_error"], *((errors[kind] or {}).get("rel_l2") for kind in ("exact", "reference"))]
    cells = ["-" if error is None else f"{error:.1e}" for error in against]
    seconds = report["seconds"]
    name = f"{report['problem']}, {field}"
    return (
        f"{name:<20}{report['verdict']['word']:<13}{cells[0]:>10}{cells[1]:>10}{cells[2]:>10}"
        f"{seconds['solve']:>9.1f}{seconds['total']:>9.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problems", nargs="+", metavar="PROBLEM")
    parser.add_argument("--folder", type=Path, default=Path("out"))
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)

    reports = [solve(problem, args.folder) for problem in args.problems]
    print(f"\nrelative L2 errors{'estimated':>25}{'exact':>10}{'reference':>10}{'solve, s':>9}{'total, s':>9}")
    for report in reports:
        for field in report["fields"]:
            print(row(report, field))
    print("\nwritten: " + ", ".join(f"{args.folder / report['problem']}.h5, .png" for report in reports))


if __name__ == "__main__":
    main()
