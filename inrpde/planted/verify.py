"""Are a declaration, the solver and the reference right together? Manufactured solutions and planted errors say so."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np

from inrpde import config, deadline, pipeline, references
from inrpde.arguments import check_arguments
from inrpde.compiler import Form, compile_problem
from inrpde.compiler.evaluate import known
from inrpde.declaration import Learned, Problem
from inrpde.declaration.words import words
from inrpde.discretise.fields import relative_difference
from inrpde.errors import DivergedError, Interrupted, ProblemError, UsageError
from inrpde.planted.manufacture import manufactured, settled
from inrpde.planted.mutate import Mutant, mutants
from inrpde.planted.result import Check, Verification
from inrpde.references import NoReference, Reference
from inrpde.verification.checks.validate import validate

BUDGET = 60.0
"""Seconds for all checks, if none are given."""
SHARES = {"answer": 0.3, "features": 0.3, "reference": 0.2, "mutants": 0.2}
WIDTHS, FEWEST = (32, 64, 128, 256, 512, 1024), 3
"""Features of the solves that are compared, while there is time, and of how many at least."""
HONEST, SMALL = 10.0, 1e-6
"""An error is told honestly where it is below so many times its estimate, or small."""
SOLVED = 0.05
"""A true error below which a manufactured problem is solved."""
FALLS, ROUNDED = 0.1, 1e-8
"""The errors fall where the last is below so much of the first, or near rounding."""
ORDER, EXPECTED = 1.5, 2
"""Of convergence that a reference is to have at least, and the one that it is made for."""
FINE = 1e-5
"""A true error of a reference below which its steps in time may set it, and not its grid."""
FOUND = 0.95
"""The share of mutants that are to be found, and named."""
GRIDS = 3
Progress = Callable[..., None]


def verify(
    problem: Problem, *, seed: int = 0, budget: float | None = None, settings: Mapping[str, Any] | None = None,
    mutants: int = 20, progress: Progress = lambda stage, done=None, note="": None,
) -> Verification:  # fmt: skip
    """Try a problem's own operators on solutions that are known, and its checks on errors that are planted.

    A manufactured solution gives the true error of the answer beside its estimate and verdict, the errors of answers
    of more and more features, and the reference's true errors on three grids. `mutants` declarations with one changed
    condition are to be refused with that condition's name. `budget` (seconds, 60 by default) bounds all of it.
    Raises ProblemError for a problem that is wrong, UsageError for wrong arguments.
    """
    check_arguments(problem, seed, budget)
    config.resolve(problem.settings, settings or {})
    given, seconds = budget or BUDGET, dict[str, float]()
    findings = validate(compile_problem(problem))
    checks, solution = list[Check](), dict[str, str]()

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        progress(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds[name] = round(time.perf_counter() - start, 3)

    try:
        with timed("manufacture"):
            made = manufactured(problem, seed)
    except ProblemError as error:
        checks += [Check(name, None, error.what) for name in ("answer", "features", "reference")]
    else:
        solution = {words(u): words(expr, None) for u, expr in made.exact.items()}
        for check in (answer_check, features_check):
            name = check.__name__.removesuffix("_check")
            with timed(name):
                checks.append(check(made, seed, given * SHARES[name], settings or {}, progress))
        with timed("reference"):
            checks.append(reference_check(made, given * SHARES["reference"]))
    with timed("mutants"):
        checks.append(mutants_check(problem, seed, given * SHARES["mutants"], mutants, progress))
    return Verification(
        problem.name, seed, solution, tuple(checks), tuple(finding.text for finding in findings), seconds
    )


def answer_check(
    made: Problem, seed: int, budget: float, settings: Mapping[str, Any], progress: Progress
) -> Check:  # fmt: skip
    """The true error of the answer to a problem whose solution is known, beside its estimate and verdict."""
    try:
        report = _solved(made, seed, budget, settings, progress, reference="auto")
    except DivergedError as error:
        return Check("answer", False, f"no answer: {error.what}")
    rows = tuple(
        {"field": name, "true": field["exact"]["rel_l2"], "estimated": field["estimated_error"]}
        for name, field in report["fields"].items()
        if field["exact"]
    )
    word = report["verdict"]["word"]
    worst = max(row["true"] for row in rows)
    honest = all(row["true"] <= max(HONEST * row["estimated"], SMALL) for row in rows)
    if word in ("verified", "plausible") and not honest:
        return Check("answer", False, f"it is called {word}, and is off by more than its estimate says", rows)
    if worst > SOLVED:
        return Check("answer", False, f"it is off by {worst:.1e} after {budget:.0f} s ({word})", rows)
    if word == "wrong":
        return Check("answer", False, f"it is right, and called wrong: {report['verdict']['because']}", rows)
    return Check("answer", True, f"{word}; the true error is {worst:.1e}", rows)


def features_check(
    made: Problem, seed: int, budget: float, settings: Mapping[str, Any], progress: Progress
) -> Check:  # fmt: skip
    """The true errors of answers of more and more features, on one domain."""
    begin, share, rows = time.perf_counter(), budget / FEWEST, list[dict[str, Any]]()
    names = [words(u) for u in made.unknowns]
    method = "least-squares" if compile_problem(made).linear else "newton"
    for width in WIDTHS:
        if len(rows) >= FEWEST and time.perf_counter() - begin > budget - share:
            break
        try:
            fields = _solved(made, seed, share, {**settings, "solver.width": width}, progress, method)["fields"]
            errors = {name: fields[name]["exact"]["rel_l2"] for name in names}
        except UsageError as error:
            return Check("features", None, error.what)
        except DivergedError:
            errors = dict.fromkeys(names, math.inf)
        row = {"features": width} | errors
        if rows and row == rows[-1] | {"features": width}:  # both are what the time sufficed for, of other features
            break
        rows.append(row)
        if max(errors.values()) < ROUNDED:
            break
    if len(rows) < FEWEST and not (rows and max(rows[-1][name] for name in names) < ROUNDED):
        return Check("features", None, f"{budget:.3g} s do not suffice for answers of more features", tuple(rows))
    first, last = rows[0], rows[-1]
    falls = all(last[name] < math.inf and last[name] <= max(FALLS * first[name], ROUNDED) for name in names)
    text = "the errors fall with the number of features" if falls else "the errors do not fall with more features"
    return Check("features", falls, text, tuple(rows))


def reference_check(made: Problem, budget: float) -> Check:
    """The true errors of the reference on three grids, where it lets one choose them: their order, and its own
    estimates."""
    form = compile_problem(made)
    witnesses = list[Reference]()
    with deadline.within(budget) as scope:
        refused = _refine(form, budget, witnesses)
    if not witnesses:
        why = f"it did not end in {budget:.3g} s" if scope.expired else f"there is none: {refused}"
        return Check("reference", None, why)
    rows, orders = list[dict[str, Any]](), dict[str, float]()
    coarser = dict[str, tuple[int, float]]()
    for witness in reversed(witnesses):
        cells = _cells(form, witness)
        for name, true in reference_errors(form, witness).items():
            order = None
            if true > 0 and name in coarser and coarser[name][1] > 0:
                order = math.log(coarser[name][1] / true) / math.log(cells / coarser[name][0])
                orders[name] = max(order, orders.get(name, order))
            estimated = witness.estimated_error[name]
            rows.append({"cells": cells, "field": name, "true": true, "estimated": estimated, "order": order})
            coarser[name] = cells, true
    kind, finest = witnesses[0].kind, rows[-len(coarser) :]
    for row in finest:
        if row["true"] > max(HONEST * row["estimated"], SMALL):
            text = f"{kind}: {row['field']} is off by {row['true']:.1e}, and its own estimate is {row['estimated']:.1e}"
            return Check("reference", False, text, tuple(rows))
        order = orders.get(row["field"], EXPECTED)
        if order < ORDER and row["true"] > FINE:
            text = f"{kind}: {row['field']} converges with order {order:.1f}, and {EXPECTED} is expected"
            return Check("reference", False, text, tuple(rows))
    text = f"{kind}; it converges as expected, and its estimates are those of its true errors"
    return Check("reference", True, text, tuple(rows))


def _refine(form: Form, budget: float, found: list[Reference]) -> str | None:
    """Add references on grids, each of half the cells of the one before, or say why there is none."""
    n = None
    while len(found) < GRIDS:
        witness = references.solve(form.bound, n, budget=budget / 2)
        if isinstance(witness, NoReference):
            return witness.reason
        if found and _cells(form, witness) >= _cells(form, found[-1]):  # it takes no coarser one
            return None
        found.append(witness)
        n = _cells(form, witness) // 2
    return None


def _cells(form: Form, witness: Reference) -> int:
    """The cells of a reference along the coordinate that has most."""
    return max(len(axis) - 1 for axis in witness.axes[: len(form.space.spatial)])


def reference_errors(form: Form, witness: Reference) -> dict[str, float]:
    """The true relative errors of a reference at its own nodes, of the unknowns whose exact solution is known."""
    grid = np.stack(np.meshgrid(*witness.axes, indexing="ij"), axis=-1).reshape(-1, len(witness.axes))
    errors = {}
    for unknown, expr in form.bound.problem.exact.items():
        values = witness.values[words(unknown)].ravel()
        there = np.isfinite(values)
        exact = known(form.bound, expr, grid[there])
        errors[words(unknown)] = relative_difference(values[there], exact)
    return errors


def mutants_check(problem: Problem, seed: int, budget: float, number: int, progress: Progress) -> Check:
    """Planted errors: each is to be found before a solve, and the condition named that holds it."""
    rows, why = list[dict[str, Any]](), "no condition could be changed such that the exact solution tells"
    try:
        with deadline.within(budget):
            for mutant in islice(planted(problem, seed), number):
                rows.append(judged(mutant))
                progress("mutants", len(rows) / number)
    except ProblemError as error:
        why = error.what
    if not rows:
        return Check("mutants", None, why)
    right = sum(row["found"] and row["named"] for row in rows)
    text = f"{sum(row['found'] for row in rows)} of {len(rows)} found, {right} with the condition's name and no other"
    return Check("mutants", right >= FOUND * len(rows), text, tuple(rows))


def planted(problem: Problem, seed: int = 0) -> Iterator[Mutant]:
    """Mutants beside the problem's own exact solution, where that is whole, then beside a manufactured one. Raises
    ProblemError where there is none."""
    learned = any(isinstance(value, Learned) for value in problem.coefficients.values())
    if not learned and set(problem.exact) == set(problem.unknowns):
        yield from mutants(problem, seed)
    yield from mutants(manufactured(settled(problem), seed), seed)


def judged(mutant: Mutant) -> dict[str, Any]:
    """Is a planted error found by the checks before a solve, and is its condition named, and no other?"""
    name = str(mutant.problem.conditions[mutant.condition])
    try:
        validate(compile_problem(mutant.problem))
        said = None
    except ProblemError as error:
        said = error.where
    about = {"change": str(mutant.change), "of": mutant.text, "condition": mutant.condition + 1}
    return {**about, "found": said is not None, "named": said == name}


def _solved(
    made: Problem, seed: int, budget: float, settings: Mapping[str, Any], progress: Progress, method: str = "auto",
    reference: str = "none",
) -> Mapping[str, Any]:  # fmt: skip
    """The report of a solve. Raises Interrupted where a signal has ended it."""
    report = pipeline.run(
        made, method=method, seed=seed, budget=budget, settings=settings, reference=reference, progress=progress
    ).report
    if "signal" in report:
        raise Interrupted(report["signal"])
    return report
