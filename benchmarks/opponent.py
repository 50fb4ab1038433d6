"""Inverse problems: inrpde beside the classical opponent of the same declaration, in one run.

    python benchmarks/opponent.py [--seeds 0 1 2] [--seconds 60] [PROBLEM …]

The opponent is `inrpde reference`: least squares over finite differences, with steps in time where there is one, and
Tikhonov's penalty by cross-validation. Errors are against what the readings were made of, relative (fields in L2), in
the median over the draws of noise. Seconds are a processor's: inrpde's for compiling and solving, the opponent's for
all its grids. Its grid grows until it takes longer than inrpde did: the last that did not counts at equal time (a dash
where the first did); beside it stands what it does by itself.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sympy import Expr, lambdify

import inrpde
from inrpde import references
from inrpde.compiler import bind
from inrpde.loader import load_problem
from inrpde.references.reference import norm

PROBLEMS = ("find_conductivity", "find_speed", "find_source", "find_heat", "find_boundary")
NUMBERS = {"find_speed": {"c": 1.3}, "find_source": {"px": 0.35, "py": 0.62, "q": 40.0}}
"""What learned numbers are in truth, as the problem files say."""
GROWTH = 2
SLACK = 1.1
"""Seconds are equal up to this factor: a busy machine does not tell them better."""
OURS, EQUAL, ITSELF = "inrpde", "opponent, equal time", "opponent by itself"
SMALLEST = {"find_speed": 32, "find_heat": 16}
"""Cells of the opponent's first finest grid; 32 elsewhere."""


@dataclass(frozen=True)
class Row:
    problem: str
    seed: int
    side: str
    errors: dict[str, float]
    seconds: float
    size: int | None = None


def ours(name: str, problem: inrpde.Problem, seed: int) -> Row:
    """Errors of the strategy for inverse problems."""
    start = time.process_time()
    solution = inrpde.solve(problem, reference="none")
    spent = time.process_time() - start
    report, seconds = solution.report, solution.report["seconds"]
    share = (seconds["compile"] + seconds["solve"]) / (seconds["total"] or 1.0)
    errors = {field: each["exact"]["rel_l2"] for field, each in report["fields"].items() if each["exact"]}
    errors |= {key: abs(solution.learned[key] - true) / true for key, true in NUMBERS.get(name, {}).items()}
    return Row(name, seed, OURS, errors, spent * min(share, 1.0))


def theirs(name: str, problem: inrpde.Problem, seed: int, side: str, n: int | None) -> Row | None:
    """Errors of the opponent on a grid of so many cells, or on those that it chooses."""
    start = time.process_time()
    bound = bind(problem)
    found = references.solve(bound, n)
    spent = time.process_time() - start
    if isinstance(found, references.NoReference):
        print(f"{name}: {found.reason}")
        return None
    points = np.stack(np.meshgrid(*found.axes, indexing="ij"), axis=-1).reshape(-1, len(found.axes))
    errors = {}
    for unknown, expr in problem.exact.items():
        values = found.values[unknown.func.__name__]
        exact = evaluated(problem, expr, points)
        gap = values - exact.reshape(values.shape)
        errors[unknown.func.__name__] = norm(gap, found.axes) / norm(exact.reshape(values.shape), found.axes)
    numbers = {key: found.numbers[key].value for key in NUMBERS.get(name, {})}
    errors |= {key: abs(value - NUMBERS[name][key]) / NUMBERS[name][key] for key, value in numbers.items()}
    return Row(name, seed, side, errors, spent, n)


def evaluated(problem: inrpde.Problem, expr: Expr, points: np.ndarray) -> np.ndarray:
    """An expression of the coordinates at points (N, d)."""

    return np.broadcast_to(lambdify(problem.space.coords, expr)(*points.T), (len(points),))


def raced(name: str, seed: int, seconds: float) -> Iterator[Row]:
    """All sides of one problem with one draw of noise."""
    problem = load_problem(name, {"seed": str(seed)})[0]
    mine = ours(name, problem, seed)
    yield mine
    n, last = SMALLEST.get(name, 32), None
    while True:
        row = theirs(name, problem, seed, EQUAL, n)
        if row is None or row.seconds > SLACK * mine.seconds:
            break
        last, n = row, GROWTH * n
        if row.seconds * 2**2.5 > 2 * mine.seconds or row.seconds > seconds:
            break
    if last is not None:
        yield last
    if (row := theirs(name, problem, seed, ITSELF, None)) is not None:
        yield row


def table(rows: list[Row]) -> Iterator[str]:
    """A line for each quantity, medians over the draws, and who is better at equal time."""
    yield f"| | | {OURS} | | {EQUAL} | | {ITSELF} | | better at equal time |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for problem in dict.fromkeys(row.problem for row in rows):
        mine = [row for row in rows if row.problem == problem]
        for quantity in mine[0].errors:
            cells, errors = [], {}
            for side in (OURS, EQUAL, ITSELF):
                here = [row for row in mine if row.side == side and quantity in row.errors]
                if not here:
                    cells += ["–", "–"]
                    continue
                errors[side] = float(np.median([row.errors[quantity] for row in here]))
                cells += [f"{errors[side]:.1e}", f"{np.median([row.seconds for row in here]):.1f} s"]
            ratio = errors.get(EQUAL, np.inf) / errors[OURS]
            who = OURS if ratio > 1.25 else "opponent" if ratio < 0.8 else "neither, within a quarter"
            yield f"| {problem} | {quantity} | {' | '.join(cells)} | {who} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="PROBLEM", default=list(PROBLEMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="of the places and the noise of readings")
    parser.add_argument("--seconds", type=float, default=60.0, help="the longest run of the opponent on a grid")
    args = parser.parse_args()
    inrpde.solve(load_problem("poisson", {})[0], reference="none")  # loads what is loaded late
    rows = []
    for name in args.names:
        for seed in args.seeds:
            for row in raced(name, seed, args.seconds):
                rows.append(row)
                shown = ", ".join(f"{key} {error:.1e}" for key, error in row.errors.items())
                print(
                    f"{name}, seed {seed}, {row.side}: {shown} in {row.seconds:.1f} s ({row.size or '-'})", flush=True
                )
    print(*table(rows), sep="\n")


if __name__ == "__main__":
    main()
