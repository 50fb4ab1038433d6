"""Rows and pictures of the documentation's gallery: each problem of problems/, solved with the defaults and seed 0.

A row of docs/gallery/rows.json has the error of each unknown and what it was taken against, the estimate, the verdict,
the equations as they are typeset, the residual of each, and hashes of the files that it was made from. Seconds are the
processor's, for compiling and solving (`make gallery` has one thread), and so are those of budgets and of the solver's
own limits: a busy machine changes none of them. The reference and the export are not in them.
"""

import argparse
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gallery_pictures import draw

import inrpde
from inrpde import Problem, Solution, plugins
from inrpde.declaration.mathml import typeset
from inrpde.errors import InrpdeWarning
from inrpde.loader import Source, load_problem

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "gallery"
ROWS = FOLDER / "rows.json"
DIGITS = 16
"""Hexadecimal digits of a file's SHA-256 that a row keeps: 64 bits."""
BUDGETS = {
    "audio": 10,
    "blend": 60,
    "distance": 40,
    "image": 30,
    "image_relu": 10,
    "image_tanh": 10,
    "poisson_gradient": 60,
    "poisson_laplacian": 60,
    "spots": 8,
    "video": 60,
    "wave": 15,
}
"""Seconds for the problems that take minutes by the defaults; the pages say so."""
TRUTHS = {
    "ballbox": ("ballbox", "finite elements, refined"),
    "blocks": ("packaged_blocks", "spectral elements"),
    "bracket": ("packaged_bracket", "finite elements of degree 4"),
    "cantilever": ("packaged_cantilever", "finite elements of degree 4"),
    "crack": ("packaged_crack", "finite elements of degree 4"),
    "elbow": ("elbow", "rational functions"),
    "fibre3d": ("packaged_fibre3d", "graded bricks"),
}
"""Solutions by other means than a formula, in benchmarks/zoo/flux/truths, and whose they are."""
KINDS = {
    "finite-difference": "finite differences",
    "finite-element": "finite elements",
    "initial-value": "scipy's solve_ivp",
    "method of lines": "the method of lines",
}
"""The references that the product has, in words."""


def rows() -> dict[str, dict[str, Any]]:
    """The stored rows by the problems' names."""
    return json.loads(ROWS.read_text(encoding="utf-8")) if ROWS.exists() else {}


def solve(name: str) -> tuple[dict[str, Any], Solution]:
    """A problem's row, and the solution."""
    problem, source = load_problem(name, {})
    budget = BUDGETS.get(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InrpdeWarning)  # a row says how good the answer is
        solution = inrpde.solve(problem, seed=0, budget=budget)
    return row(name, problem, source, solution, budget), solution


def row(name: str, problem: Problem, source: Source, solution: Solution, budget: float | None) -> dict[str, Any]:
    """What the gallery keeps of a solve."""
    report = solution.report
    asked = {condition["equation"]: condition["rms"] for condition in report["conditions"]}
    residuals = [asked.get(condition.text) for condition in problem.conditions]
    equations = [[*each, None] for each in typeset(problem)]
    for equation, residual in zip(equations, residuals, strict=False):
        equation[2] = residual
    return {
        "files": files(source),
        "version": inrpde.__version__,
        "budget": budget,
        "equations": equations,
        "fields": {field: errors(name, field, solution) for field in report["fields"] if field in solution},
        "verdict": report["verdict"]["word"],
        "seconds": round(report["seconds"]["compile"] + report["seconds"]["solve"], 2),
    }


def files(source: Source) -> dict[str, str]:
    """The files that a declaration is made from, and their hashes: the problem's own, and its data."""
    data = {Path(path).name: sha256[:DIGITS] for path, sha256 in source.data.items()}
    return {source.path.name: source.sha256[:DIGITS], **data}


def errors(name: str, field: str, solution: Solution) -> dict[str, Any]:
    """The relative L2 error of a field, what it is taken against, and how far that is good itself."""
    report = solution.report["fields"][field]
    made = {"error": None, "against": None, "good_to": None, "estimated_error": report["estimated_error"]}
    if report["exact"]:
        return made | {"error": report["exact"]["rel_l2"], "against": "a formula"}
    if name in TRUTHS:
        file, whose = TRUTHS[name]
        return made | {"error": off(solution, field, file), "against": whose}
    if report["reference"]:
        reference = report["reference"]
        against = KINDS[reference["kind"]]
        return made | {"error": reference["rel_l2"], "against": against, "good_to": reference["estimated_error"]}
    return made


def off(solution: Solution, field: str, file: str) -> float:
    """The relative error of a field at the points of a stored solution."""
    with np.load(ROOT / "benchmarks" / "zoo" / "flux" / "truths" / f"{file}.npz") as truth:
        gap = solution(truth["points"])[field] - truth[field]
        return float(np.linalg.norm(gap) / np.linalg.norm(truth[field]))


def stale(name: str, kept: Mapping[str, Any]) -> bool:
    """Whether a row is missing, or was made from other files than those that are there."""
    return name not in kept or kept[name]["files"] != files(load_problem(name, {})[1])


def keep(name: str, made: dict[str, Any], solution: Solution) -> None:
    """Write a row and its pictures."""
    draw(solution, name, next(iter(made["fields"])), FOLDER)
    write(rows() | {name: made})


def write(kept: Mapping[str, Any]) -> None:
    text = json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False)
    ROWS.write_text(text + "\n", encoding="utf-8")


def typeset_again(names: Iterable[str]) -> None:
    """Write the equations of these rows as they are typeset now; nothing is solved."""
    kept = rows()
    for name in names:
        asked, equations = typeset(load_problem(name, {})[0]), kept[name]["equations"]
        kept[name]["equations"] = [[*each, old[2]] for each, old in zip(asked, equations, strict=True)]
    write(kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help="all of them, if none is named")
    parser.add_argument("--stale", action="store_true", help="only those whose files are other than their rows'")
    parser.add_argument(
        "--typeset", action="store_true", help="typeset the equations of their rows again; solve nothing"
    )
    args = parser.parse_args()
    names = args.problems or plugins.available("problems")
    if args.typeset:
        typeset_again(names)
        return
    if args.stale:
        kept = rows()
        names = [name for name in names if stale(name, kept)]
    if len(names) == 1:
        time.perf_counter = time.process_time
        made, solution = solve(names[0])
        keep(names[0], made, solution)
        print(line(names[0], made), flush=True)
        return
    for name in names:  # in processes of their own: each begins with an empty memory
        if subprocess.run([sys.executable, __file__, name]).returncode:
            print(f"{name}: no row", flush=True)


def line(name: str, made: Mapping[str, Any]) -> str:
    """A row for the terminal."""
    shown = [
        f"{field} {each['error'] if each['error'] is not None else each['estimated_error']:.1e}"
        for field, each in made["fields"].items()
    ]
    return f"{name:<18}{made['verdict']:<12}{made['seconds']:>7.1f} s  {', '.join(shown)}"


if __name__ == "__main__":
    main()
