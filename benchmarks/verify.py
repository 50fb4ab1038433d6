"""Planted errors and manufactured solutions over the zoo: `python benchmarks/verify.py [--mutants 100] [--budget 60]`.

Of every problem some declarations with one changed condition, beside its own exact solution and beside a manufactured
one in turn, are checked as `inrpde check` does: each is to be refused, and its condition named. Then problems of all
kinds are solved for manufactured solutions. Ends with 1 if fewer than 95 in 100 were found and named, or if something
of a manufactured problem does not hold.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from zoo import PROBLEMS

from inrpde.planted.manufacture import manufactured, settled
from inrpde.planted.mutate import mutants
from inrpde.planted.verify import FOUND, judged, planted, verify

MANUFACTURED = (
    "airy", "robin", "darcy", "waves20", "plate", "annulus", "interface", "stokes", "heat2", "string", "bratu",
    "burgers", "schroedinger",
)  # fmt: skip


def rows(number: int, seed: int) -> Iterator[dict]:
    """The mutants of the zoo, as many of each problem as of another."""
    each, more = divmod(number, len(PROBLEMS))
    for k, (name, make) in enumerate(PROBLEMS.items()):
        problem, wanted = make(), each + (k < more)
        of = planted(problem, seed + k) if k % 2 else mutants(manufactured(settled(problem), seed + k), seed + k)
        for mutant in islice(of, wanted):
            yield {"problem": name, **judged(mutant)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=100)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*", default=MANUFACTURED)
    arguments = parser.parse_args()
    tried, found, right = Counter[str](), Counter[str](), Counter[str]()
    for row in rows(arguments.mutants, arguments.seed):
        tried[row["change"]] += 1
        found[row["change"]] += row["found"]
        right[row["change"]] += row["found"] and row["named"]
        if not (row["found"] and row["named"]):
            word = "misnamed" if row["found"] else "not found"
            print(f"{word}: {row['problem']}, condition {row['condition']}, {row['change']}: {row['of']}", flush=True)
    print(f"\n{'planted':32s} {'tried':>5s} {'found':>5s} {'named':>5s}")
    for change in tried:
        print(f"{change:32s} {tried[change]:5d} {found[change]:5d} {right[change]:5d}")
    print(f"{'all':32s} {tried.total():5d} {found.total():5d} {right.total():5d}")
    print(f"\n{'manufactured':15s} {'answer':>8s} {'features':>8s} {'reference':>9s}  what does not hold")
    held = right.total() >= FOUND * tried.total()
    for name in arguments.names:
        done = verify(PROBLEMS[name](), seed=arguments.seed, budget=arguments.budget, mutants=1)
        words = [{True: "holds", False: "no", None: "-"}[check.holds] for check in done.checks]
        wrong = "; ".join(f"{check.name}: {check.because}" for check in done.checks if check.holds is False)
        print(f"{name:15s} {words[0]:>8s} {words[1]:>8s} {words[2]:>9s}  {wrong}", flush=True)
        held &= done.holds
    sys.exit(not held)


if __name__ == "__main__":
    main()
