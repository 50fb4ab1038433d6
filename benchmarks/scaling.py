"""Seconds of one fit against features, points and cells, with the exponents of power laws through them.

    python benchmarks/scaling.py [--largest 3000] [--cells 20] [--rows rows.json --picture pareto.png]

A fit is the frozen body, its matrix and the least-squares solve, on -Δu - k²u = f (the problem helmholtz_plane).
Exponents are of the larger half of the sizes. With the rows that `classical.py --rows` wrote, the picture shows errors
against seconds, a panel for each problem, and for each side the solves that none of its own beats in both.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from inrpde.compiler import compile_problem
from inrpde.loader import load_problem
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Cells, Frozen, Global
from inrpde.solvers.fitting.linear import fit
from inrpde.solvers.search.grading import uniform

BAND = 16.0
"""Half-width of the frequencies on the whole square: above the problem's wave number."""
EACH = 74
"""Features a cell."""
REPEATS = 3


def whole(width: int, density: float = 2.0) -> Frozen:
    return Global(width, (BAND, BAND), density=density)


def cells(side: int) -> Frozen:
    return Cells((uniform(side), uniform(side)), EACH, (8.0, 8.0))


def sweeps(largest: int, most: int) -> dict[str, tuple[list[int], Callable[[int], Frozen]]]:
    """What is varied: its sizes, and the plan for a size."""
    widths = [round(largest * f) for f in (0.1, 0.2, 0.35, 0.5, 0.7, 1.0)]
    sides = sorted({round(most * f) for f in (0.2, 0.3, 0.5, 0.7, 0.85, 1.0)} - {0, 1})
    base = widths[1]
    return {
        "features, 2 points each": (widths, whole),
        f"points, {base} features": ([base * f for f in (2, 4, 8, 16, 32)], lambda n: whole(base, n / base)),
        f"cells of {EACH} features": ([side**2 for side in sides], lambda n: cells(round(n**0.5))),
    }


def seconds(name: str, plans: list[Frozen]) -> list[float]:
    """The least seconds of a fit of each plan, taken in turns so that all meet the same machine."""
    form = compile_problem(load_problem(name, {})[0])
    least = [float("inf")] * len(plans)
    for _ in range(REPEATS):
        for k, plan in enumerate(plans):
            samples = draw(form, plan.points, 0, plan.cut)
            start = time.perf_counter()
            fit(form, plan, samples, 0)
            least[k] = min(least[k], time.perf_counter() - start)
    return least


def exponent(sizes: list[int], spent: list[float]) -> float:
    """Of the power law through the larger half."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(spent[half:]), 1)[0])


def frontier(solves: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Of (seconds, error) those that no other beats in both, by seconds."""
    best = float("inf")
    for spent, error in sorted(solves):
        if error < best:
            best = error
            yield spent, error


def draw_pareto(rows: list[dict], path: Path) -> None:
    import matplotlib.pyplot as plt

    problems = list(dict.fromkeys(row["problem"] for row in rows))
    sides = list(dict.fromkeys(row["side"] for row in rows))
    figure, panels = plt.subplots(1, len(problems), figsize=(3.6 * len(problems), 3.8), sharey=True, squeeze=False)
    for panel, problem in zip(panels[0], problems, strict=True):
        for k, side in enumerate(sides):
            mine = [row for row in rows if (row["problem"], row["side"]) == (problem, side)]
            front = list(frontier([(row["seconds"], row["error"]) for row in mine]))
            if front:
                panel.loglog(*zip(*front, strict=True), "o-", ms=4, lw=2 if k == 0 else 1, color=f"C{k}", label=side)
        panel.set(title=problem, xlabel="seconds")
        panel.grid(alpha=0.3)
    panels[0, 0].set_ylabel("relative L2 error")
    handles = {text: line for panel in panels[0] for line, text in zip(*panel.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles, loc="lower center", ncols=len(handles), frameon=False)
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=3000, help="features")
    parser.add_argument("--cells", type=int, default=20, help="cells a side, at most")
    parser.add_argument("--rows", type=Path, help="what classical.py measured")
    parser.add_argument("--picture", type=Path, help="where to draw it")
    args = parser.parse_args()
    if (args.rows is None) != (args.picture is None):
        parser.error("--rows and --picture go together")
    print("| | seconds of one fit, by size | exponent |\n|---|---|---|", flush=True)
    for title, (sizes, plan) in sweeps(args.largest, args.cells).items():
        spent = seconds("helmholtz_plane", [plan(size) for size in sizes])
        cells_of = ", ".join(f"{size}: {value:.2g}" for size, value in zip(sizes, spent, strict=True))
        print(f"| {title} | {cells_of} | {exponent(sizes, spent):.2f} |", flush=True)
    if args.picture:
        draw_pareto(json.loads(args.rows.read_text()), args.picture)
        print(f"written: {args.picture}")


if __name__ == "__main__":
    main()
