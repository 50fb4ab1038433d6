"""inrpde beside FastLSQ and pyRFM, which solve in the same way with rows by hand, on benchmark problems of theirs.

    python benchmarks/peers.py [--problems NAME …] [--rows rows.json] [--seed 0]

Each side has a process of its own, one after another, with one thread, and has solved something small before. Seconds
are the processor's, from the problem to an answer that can be evaluated; imports are not counted on any side, nor are
FastLSQ's search for a bandwidth and the functions of data that the spectral side is given. inrpde's hold its checks and
its error estimate. It is run with its defaults, and, where the peer took more than two seconds by the clock, with these
as its budget. Errors are relative L2 over all fields, at 2000 points. `--problems` are those of `sides/problems.py`;
the spectral method is that of `sides/by_spectral.py`.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sides.problems import CASES, FASTLSQ, PYRFM
from zoo.traps.known import Known

Array = np.ndarray
OURS, BUDGETED, SPECTRAL = "inrpde", "inrpde, budget", "spectral"
PACKAGES = {FASTLSQ: "fastlsq", PYRFM: "pyrfm"}
MODULES = {FASTLSQ: "by_fastlsq", PYRFM: "by_pyrfm", SPECTRAL: "by_spectral", OURS: "by_inrpde"}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SHORT = 2.0
"""Seconds of a peer that are no budget."""


@dataclass(frozen=True)
class Row:
    """One solve: seconds of the processor and by the clock.

    inrpde also says what it takes its error for, and in a word how far to trust it.
    """

    problem: str
    side: str
    seconds: float
    wall: float
    error: float
    estimate: float | None = None
    word: str = ""


def timed(solve: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it returns, and the seconds of the processor and by the clock."""
    start, begin = time.process_time(), time.perf_counter()
    return solve(), time.process_time() - start, time.perf_counter() - begin


def error(answer: Callable[[Array], Array], known: Known, points: Array) -> float:
    """Relative L2, over all fields together."""
    exact = np.column_stack(list(known.truths[0](points).values()))
    return float(np.linalg.norm(answer(points) - exact) / np.linalg.norm(exact))


def run(side: str, budgets: dict[str, float], seed: int) -> Iterator[Row]:
    """In this process, the problems that are named in `budgets`."""
    module = importlib.import_module(f"sides.{MODULES[side]}")
    module.warm()
    for name, budget in budgets.items():
        known = CASES[name].make()
        points = CASES[name].points(known)
        if side != OURS:
            solve = module.prepared(name, known) if side == SPECTRAL else lambda name=name: module.solve(name, seed)
            answer, *seconds = timed(solve)
            yield Row(name, side, *seconds, error(answer, known, points))
            continue
        for who, limit in ((OURS, None), (BUDGETED, budget))[: 2 if budget > SHORT else 1]:
            problem = CASES[name].make().problem  # anew, so that nothing is known from the solve before
            solution, *seconds = timed(lambda problem=problem, limit=limit: module.solve(problem, seed, limit))
            yield Row(name, who, *seconds, error(module.values(solution), known, points), *module.said(solution))


def elsewhere(side: str, budgets: dict[str, float], seed: int) -> list[Row]:
    """In a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--budgets", json.dumps(budgets), "--seed", str(seed)]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True, check=True)
    return [Row(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]


def measure(names: list[str], seed: int) -> list[Row]:
    """All sides; a package that is not there has no rows."""
    rows: list[Row] = []
    for peer, package in PACKAGES.items():
        theirs = [name for name in names if CASES[name].peer == peer]
        if theirs and importlib.util.find_spec(package):
            rows += elsewhere(peer, dict.fromkeys(theirs, 0.0), seed)
    spent = {row.problem: row.wall for row in rows}
    held = importlib.import_module(f"sides.{MODULES[SPECTRAL]}").NAMES
    rows += elsewhere(SPECTRAL, {name: 0.0 for name in names if name in held}, seed)
    return rows + elsewhere(OURS, {name: spent.get(name, 0.0) for name in names}, seed)


def cell(row: Row | None) -> str:
    if row is None:
        return ""
    text = f"{row.error:.1e} in {row.seconds:.2g} s"
    return f"{text}; estimate {row.estimate:.0e}, {row.word}" if row.estimate is not None else text


def table(rows: list[Row], names: list[str]) -> Iterator[str]:
    """A line a problem; what is not installed says so."""
    found = {(row.problem, row.side): row for row in rows}
    yield "| problem | peer | inrpde | inrpde, as long as the peer | spectral |"
    yield "|---|---|---|---|---|"
    for name in names:
        peer = CASES[name].peer
        theirs = cell(found.get((name, peer))) or "not installed"
        others = " | ".join(cell(found.get((name, side))) for side in (OURS, BUDGETED, SPECTRAL))
        yield f"| {CASES[name].words} (`{name}`) | {peer} {theirs} | {others} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", nargs="+", metavar="NAME", choices=CASES, default=list(CASES))
    parser.add_argument("--rows", type=Path, help="a JSON file for all that was measured")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", choices=MODULES, help=argparse.SUPPRESS)
    parser.add_argument("--budgets", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        for row in run(args.side, args.budgets, args.seed):
            print(json.dumps(asdict(row)), flush=True)
        return
    rows = measure(args.problems, args.seed)
    print(*table(rows, args.problems), sep="\n")
    if args.rows:
        args.rows.parent.mkdir(parents=True, exist_ok=True)
        args.rows.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
