"""Time to equal error: inrpde beside the classical methods, in one run.

    python benchmarks/classical.py [--seconds 20] [--rows rows.json] [PROBLEM …]
    python benchmarks/classical.py --divergence        problems in divergence form (divergence.py), beside elements

Each side's grid or mesh grows until the error, relative L2, is below the smallest level or one solve would take longer
than `--seconds`; the table gives the seconds of the fastest solve that reached a level. Seconds are inrpde's for
compiling and solving, its scan included, and the others' for mesh, assembly and solve. Errors are against the exact
solution; on `holes` against elements of degree 4 on a finer mesh, on problems in divergence form against the truths of
`zoo/flux`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import chebyshev
import cut_lines
import elements
import five_point
import fourth_order
import numpy as np
from divergence import RACES, Race, Truth
from squares import SQUARES, Square

import inrpde
from inrpde.loader import load_problem

LEVELS = (1e-3, 1e-6, 1e-9)
OURS = "inrpde"
HOLES = elements.Rectangle((3, 2), ((0.8, 0.8, 0.45, 1.0), (2.1, 1.3, 0.3, -1.0), (2.3, 0.5, 0.15, 2.0)), -9.0)
GROWTH = 2**0.5
"""Of the cells along a side, from one solve to the next."""
Solve = Callable[[int], tuple[float, float]]
"""The error and the seconds, from cells a side, or a unit of length."""


@dataclass(frozen=True)
class Row:
    """One solve: its error, relative L2, and its seconds; `size` is the cells along a side, or the error asked for."""

    problem: str
    side: str
    size: float
    error: float
    seconds: float


@dataclass(frozen=True)
class Side:
    name: str
    coarsest: int
    solve: Solve


class Holes:
    """The problem with holes, and errors against its reference: degree 4, triangles of the size given.

    `doubt` is the reference's own error, by the solve on triangles twice as large and order 5.
    """

    def __init__(self, size: float):
        self.reference = elements.Elements(HOLES, 4, size)
        points = np.random.default_rng(0).random((4000, 2)) * HOLES.sides
        self.points = points[HOLES.inside(points)]
        self.values = self.reference(self.points)
        self.doubt = self.error(elements.Elements(HOLES, 4, 2 * size)(self.points)) / (2**5 - 1)

    def error(self, values: np.ndarray) -> float:
        """Of values at `points`."""
        return float(np.linalg.norm(values - self.values) / np.linalg.norm(self.values))

    def differences(self, order: int, n: int) -> tuple[float, float]:
        points, values, seconds = cut_lines.solve(HOLES, order, n)
        chosen = np.random.default_rng(0).permutation(len(points))[:3000]
        truth = self.reference(points[chosen])
        return float(np.linalg.norm(values[chosen] - truth) / np.linalg.norm(truth)), seconds

    def elements(self, degree: int, n: int) -> tuple[float, float]:
        made = elements.Elements(HOLES, degree, 1 / n)
        return self.error(made(self.points)), made.seconds

    def sides(self) -> list[Side]:
        return [
            Side("differences, 2nd", 8, lambda n: self.differences(2, n)),
            Side("differences, 4th", 8, lambda n: self.differences(4, n)),
            Side("elements, P2", 3, lambda n: self.elements(2, n)),
            Side("elements, P4", 3, lambda n: self.elements(4, n)),
        ]


def square_sides(problem: Square) -> list[Side]:
    p = problem
    return [
        Side("differences, 2nd", 8, lambda n: five_point.solve(p.a, p.shift, p.source, p.exact, n, p.no_flux)),
        Side("differences, 4th", 8, lambda n: fourth_order.solve(p, n)),
        Side("elements, P2", 4, lambda n: elements.solve(p, 2, n)),
        Side("elements, P4", 2, lambda n: elements.solve(p, 4, n)),
        Side("Chebyshev", 4, lambda n: chebyshev.solve(p, n)),
    ]


def timed(solve: Solve, size: int) -> tuple[float, float]:
    """Error and seconds; a short solve is taken three times, the fastest counts."""
    error, spent = solve(size)
    return error, min(spent, *(solve(size)[1] for _ in range(2))) if spent < 1 else spent


def grown(problem: str, side: Side, seconds: float) -> Iterator[Row]:
    """Solves on ever finer grids."""
    n, spent = float(side.coarsest), 0.0
    while spent * GROWTH**3 < seconds:
        size = round(n)
        error, spent = timed(side.solve, size)
        yield Row(problem, side.name, size, error, spent)
        if error < LEVELS[-1]:
            return
        n *= GROWTH


def ours(
    name: str, problem: inrpde.Problem, error: Callable[[inrpde.Solution], float], seed: int, budget: float
) -> Iterator[Row]:
    """inrpde as it comes, and asked for each level."""
    for tol in (None, *LEVELS):
        solution = inrpde.solve(problem, seed=seed, tol=tol, budget=tol and budget, reference="none")
        seconds = solution.report["seconds"]
        yield Row(name, OURS, tol or 0.0, error(solution), seconds["compile"] + seconds["solve"])


def against_exact(solution: inrpde.Solution) -> float:
    return solution.report["fields"]["u"]["exact"]["rel_l2"]


def measure(names: list[str], seconds: float, seed: int, finest: float) -> Iterator[Row]:
    """All rows; the first solve of the process, which loads what is loaded late, is not among them."""
    inrpde.solve(load_problem("poisson", {})[0], seed=seed + 1, reference="none")
    for name in names:
        if name in RACES:
            yield from raced(name, RACES[name](), seconds, seed)
            continue
        if name in SQUARES:
            error, sides = against_exact, square_sides(SQUARES[name])
        else:
            holes = Holes(finest)
            print(f"{name}: the reference is good to {holes.doubt:.0e}", flush=True)
            error, sides = (lambda solution, holes=holes: holes.error(solution(holes.points)["u"])), holes.sides()
        yield from ours(name, load_problem(name, {})[0], error, seed, seconds)
        for side in sides:
            yield from grown(name, side, seconds)


def raced(name: str, race: Race, seconds: float, seed: int) -> Iterator[Row]:
    """A problem in divergence form: inrpde, and elements on ever finer meshes, up to a quarter of the time."""
    truth = Truth(race.case)
    yield from ours(name, truth.known.problem, truth.ours, seed, seconds)
    for degree in race.degrees:
        for size, solve in race.solves(degree):
            start = time.perf_counter()
            found = solve()
            spent = time.perf_counter() - start
            error = truth.theirs(race.case, found)
            yield Row(name, f"elements, P{degree}", size, error, spent)
            if error < LEVELS[-1] or spent > seconds / 4:
                break


def table(rows: list[Row]) -> Iterator[str]:
    """Lines of the table, and who is fastest."""
    sides = list(dict.fromkeys(row.side for row in rows))
    yield f"| | error | {' | '.join(sides)} | fastest |"
    yield "|---|---|" + "---|" * (len(sides) + 1)
    for problem in dict.fromkeys(row.problem for row in rows):
        for level in LEVELS:
            reached = [row for row in rows if row.problem == problem and row.error <= level]
            best = {side: min((r.seconds for r in reached if r.side == side), default=None) for side in sides}
            times = {side: seconds for side, seconds in best.items() if seconds is not None}
            first = min(times, key=times.get, default="–")
            cells = [f"{best[side]:.2g} s" if side in times else "–" for side in sides]
            yield f"| {problem} | {level:.0e} | {' | '.join(cells)} | {first} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="PROBLEM", default=[*SQUARES, "holes"])
    parser.add_argument("--seconds", type=float, default=20.0, help="the longest solve of a side")
    parser.add_argument("--finest", type=float, default=0.018, help="triangles of the reference of holes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=Path, help="a JSON file for all that was measured; scaling.py draws it")
    parser.add_argument("--divergence", action="store_true", help="the problems in divergence form")
    args = parser.parse_args()
    if args.divergence:
        args.names = list(RACES)
    rows = list(measure(args.names, args.seconds, args.seed, args.finest))
    print(*table(rows), sep="\n")
    for side in dict.fromkeys(row.side for row in rows):
        for problem in args.names:
            mine = [row for row in rows if (row.side, row.problem) == (side, problem)]
            if mine:
                best = min(mine, key=lambda row: row.error)
                print(f"{problem}, {side}: at best {best.error:.1e} in {best.seconds:.2f} s ({best.size:g})")
    if args.rows:
        args.rows.parent.mkdir(parents=True, exist_ok=True)
        args.rows.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
