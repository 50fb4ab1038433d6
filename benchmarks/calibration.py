"""Estimated against true errors over the zoo: `python benchmarks/calibration.py [--seconds 12] [--seed 0] [NAME …]`.

Each problem is solved once; what 1/16, 1/4 and the whole of the time would have answered is judged: the estimate
beside the true error, and the verdict where there is no reference. Estimates see neither the exact solution nor a
reference. Names are of the zoo, of the problems that come with the package and have an exact solution, and
`smooth_elbow`: a re-entrant corner with smooth features alone, which converge to a wrong function.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from sympy import im, re
from zoo import PROBLEMS

from inrpde.compiler import Form, compile_problem
from inrpde.compiler.evaluate import evaluate
from inrpde.config import resolve
from inrpde.declaration import Problem
from inrpde.discretise.fields import field_points, relative_difference
from inrpde.loader import load_problem
from inrpde.solvers.auto import solve
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.contract.method import Candidate, Clock, Context
from inrpde.solvers.fitting.linear import fit
from inrpde.solvers.search.search import Search
from inrpde.solvers.search.survey import Survey
from inrpde.verification.estimate import FLOOR, estimate
from inrpde.verification.evidence import weigh
from inrpde.verification.unmet import unmet
from inrpde.verification.validate import validate
from inrpde.verification.verdict import verdict

SHARES = (1 / 16, 1 / 4, 1)
PACKAGED = ("helmholtz_plane", "string", "waveguide")
"""Problems of the package whose likes the zoo has not."""
SMOOTH_ELBOW = "smooth_elbow"
WIDTHS = (200, 500, 1200)
"""Features of its three answers."""
WRONG = 0.1
"""A true error that nothing `verified` may have."""


@dataclass(frozen=True)
class Judged:
    """One field of one answer. `true` counts as at least the floor of all estimates."""

    problem: str
    field: str
    estimated: float
    true: float
    word: str
    cost: float
    again: float

    @property
    def ratio(self) -> float:
        return self.estimated / max(self.true, FLOOR)

    def __str__(self) -> str:
        numbers = f"{self.true:8.1e} {self.estimated:9.1e} {self.ratio:8.2g}"
        return f"{self.problem:15s} {self.field:5s} {numbers}  {self.word:10s} {self.cost:7.2f} {self.again:7.2f}"


def answers(form: Form, seconds: float, seed: int) -> list[Candidate]:
    """What the shares of the time would have answered, without repetitions."""
    context = Context(form, resolve({}, {}), seed, Clock(seconds))
    best: list[tuple[float, Candidate]] = []
    for candidate in solve(context):
        if not best or candidate.score < best[-1][1].score:
            best.append((context.clock.spent, candidate))
        if context.clock.left <= 0:
            break
    chosen = [max((k for k, (spent, _) in enumerate(best) if spent <= s * seconds), default=0) for s in SHARES]
    return [best[k][1] for k in dict.fromkeys(chosen)]


def smooth_answers(form: Form, seed: int) -> list[Candidate]:
    """What smooth features alone answer, whose number takes the place of the time."""
    context = Context(form, resolve({}, {}), seed, Clock(None))
    search = Search[Global](context, fit, "least-squares", Survey.of(form, seed))
    return [search.attempt(Global(width, (1.2 * width**0.5,) * 2, enrichments=()), "smooth") for width in WIDTHS]


def problem_of(name: str) -> Problem:
    """From the zoo or from the package."""
    if name == SMOOTH_ELBOW:
        return PROBLEMS["elbow"]()
    return PROBLEMS[name]() if name in PROBLEMS else load_problem(name, {})[0]


def judge(name: str, form: Form, candidate: Candidate, seed: int) -> Iterator[Judged]:
    spent = [0.0]

    def again(*arguments):
        start = time.perf_counter()
        state = candidate.again(*arguments)
        spent[0] = time.perf_counter() - start
        return state

    estimated = estimate(form, replace(candidate, again=again), seed)
    doubts = [*(each.finding for each in unmet(form, estimated)), *validate(form)]
    word = verdict(estimated, {key: weigh(error, None) for key, error in estimated.fields.items()}, doubts).word
    for field, error in true_errors(form, candidate, seed).items():
        yield Judged(name, field, estimated.fields[field], error, word, candidate.cost, spent[0])


def true_errors(form: Form, candidate: Candidate, seed: int) -> dict[str, float]:
    """Relative L2 errors on 5,000 points that were not fitted."""
    exact = {}
    for key, expr in form.bound.problem.exact.items():
        name = key.func.__name__
        exact |= {name: expr, f"{name}_re": re(expr), f"{name}_im": im(expr)}
    errors = {}
    zero = (0,) * form.space.dim
    for k, unknown in enumerate(form.unknowns):
        if unknown.name in exact:
            points = field_points(form, k, 5000, seed + 77_777)
            truth = evaluate(exact[unknown.name], form.space.coords, points, {})
            errors[unknown.name] = relative_difference(candidate.state.jets(k, points, [zero])[zero], truth)
    return errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*", default=[*PROBLEMS, *PACKAGED, SMOOTH_ELBOW])
    arguments = parser.parse_args()
    print(
        f"{'problem':15s} {'field':5s} {'true':>8s} {'estimated':>9s} {'ratio':>8s}  "
        f"{'verdict':10s} {'solve/s':>7s} {'again/s':>7s}"
    )
    found: list[Judged] = []
    for name in arguments.names:
        form, seed = compile_problem(problem_of(name)), arguments.seed
        found_by = smooth_answers(form, seed) if name == SMOOTH_ELBOW else answers(form, arguments.seconds, seed)
        for candidate in found_by:
            for judged in judge(name, form, candidate, seed):
                found.append(judged)
                print(judged, flush=True)
    summarise(found)


def summarise(found: list[Judged]) -> None:
    ratios = np.array([judged.ratio for judged in found])
    within = [np.mean((ratios >= 1 / factor) & (ratios <= factor)) for factor in (3, 10)]
    print(f"\n{len(found)} fields of {len({judged.problem for judged in found})} problems")
    print(f"estimate/true within [1/3, 3]: {within[0]:.1%}, within [1/10, 10]: {within[1]:.1%}")
    print(f"median {np.median(ratios):.2f}, smallest {ratios.min():.2g}, largest {ratios.max():.2g}")
    for word in ("verified", "plausible", "unverified"):
        errors = [judged.true for judged in found if judged.word == word]
        print(f"{word}: {len(errors)}, largest true error {max(errors, default=0.0):.1e}")
    wrong = [judged for judged in found if judged.word == "verified" and judged.true > WRONG]
    print(f"verified with a true error above {WRONG:.0%}: {len(wrong)}")
    shares = [judged.again / judged.cost for judged in found if judged.cost > 0.3]
    if shares:
        median, most = np.quantile(shares, (0.5, 0.9))
        print(f"second solve, share of the first: median {median:.0%}, 90 % below {most:.0%}")


if __name__ == "__main__":
    main()
