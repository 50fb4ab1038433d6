"""The journey of a problem: compile → validate → solve → verify → reference → export."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inrpde import config, plugins
from inrpde.arguments import check_arguments
from inrpde.checkpoint import Checkpoint
from inrpde.compiler import Form, compile_problem
from inrpde.compiler.bind import Bound
from inrpde.declaration import GridField, Problem
from inrpde.describe import describe
from inrpde.errors import ProblemError
from inrpde.interruption import Stops, interrupted
from inrpde.sampling.lattice import lattice
from inrpde.solution import Domain, Field, NetworkField, Solution
from inrpde.solvers.loop import Run
from inrpde.solvers.loop import run as run_method
from inrpde.solvers.method import Candidate, Clock, Context
from inrpde.solvers.samples import bounds
from inrpde.solvers.score import score
from inrpde.solvers.state import State
from inrpde.verification.estimate import Estimate, estimate, unfitted
from inrpde.verification.finding import Finding
from inrpde.verification.report import condition_reports, exact_errors, reference_errors
from inrpde.verification.unmet import failure, unmet
from inrpde.verification.validate import validate
from inrpde.verification.verdict import verdict

if TYPE_CHECKING:
    from inrpde.loader import Source

IMPORT_SECONDS = time.process_time()
"""Processor seconds from the start of the process until everything was imported."""
HELD_OUT = 15_485_863
"""Added to the seed for the points on which conditions are reported: neither fitted nor used to choose."""

POOR = 1e-3
"""A score above which a reference that finds no solution says that there may be none."""
NO_REFERENCE = "there is no reference for this problem"
Progress = Callable[..., None]


def _silent(stage: str, done: float | None = None, note: str = "") -> None:
    """Nobody is watching."""


class Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {"import": round(IMPORT_SECONDS, 3)}
        self._start = time.perf_counter()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = round(self.seconds.get(stage, 0.0) + time.perf_counter() - start, 4)

    def total(self) -> dict[str, float]:
        names = ("import", "compile", "solve", "verify", "reference", "export")
        stages = {stage: self.seconds.get(stage, 0.0) for stage in names}
        return {**stages, "total": round(time.perf_counter() - self._start, 4)}


def solve(
    problem: Problem, method: str = "auto", seed: int = 0, budget: float | None = None, tol: float | None = None,
    reference: str = "auto", device: str = "cpu", settings: Mapping[str, Any] | None = None,
) -> Solution:  # fmt: skip
    """Solve a problem and check the answer.

    `budget` bounds compile, solve and verify together (seconds); `tol` bounds the estimated relative L2 error, and
    where it is not reached `solution.report["status"]` is "tolerance". `reference` is "auto" or "none". Raises
    ProblemError for a problem that is wrong, DivergedError where no answer was found, UsageError for a wrong option.
    """
    return run(
        problem, method=method, seed=seed, budget=budget, tol=tol, reference=reference, device=device, settings=settings
    )


def run(
    problem: Problem, *, method: str = "auto", seed: int = 0, budget: float | None = None, tol: float | None = None,
    reference: str = "auto", device: str = "cpu", settings: Mapping[str, Any] | None = None,
    grid: tuple[int, ...] | None = None, times: tuple[float, ...] | None = None, output: Path | None = None,
    resume: bool = False, source: Source | None = None, progress: Progress = _silent,
) -> Solution:  # fmt: skip
    """`solve`, and what the command line adds: an output file, checkpoints beside it, progress.

    A signal that comes once there is an answer (see `Interrupted`) ends the checks; the answer is written all the same,
    with the status "interrupted" and the signal's number in the report."""
    check_arguments(problem, seed, budget, tol, reference, device)
    chosen = config.resolve(problem.settings, settings or {})
    watch, clock = Stopwatch(), Clock(budget)
    with watch("compile"):
        progress("compile")
        form = compile_problem(problem)
        findings = validate(form)
        warnings = _texts(form, findings)
        doubts = [finding for finding in findings if finding.at_most]
    checkpoint = Checkpoint.beside(output, problem, source, chosen, seed)
    memory = checkpoint.load() if resume else {}

    def tell(note: str) -> None:
        progress("solve", _share(clock), note)

    context = Context(form, chosen, seed, clock, _score_bound(tol), device, memory, tell, warnings.append)
    estimates: dict[int, Estimate] = {}

    def accept(candidate: Candidate) -> bool:
        if tol is None or candidate.score > 30 * tol:
            return False
        with watch("verify"):
            estimates[id(candidate)] = estimate(form, candidate, seed)
        return estimates[id(candidate)].worst <= tol

    with watch("solve"):
        found = run_method(plugins.load("methods", method), context, accept, checkpoint.save)
    watch.seconds["solve"] = round(watch.seconds["solve"] - watch.seconds.get("verify", 0.0), 4)
    best, stops = found.best, Stops()
    estimated = estimates.get(id(best))
    with watch("verify"), stops:
        progress("verify")
        estimated = estimated or estimate(form, best, seed)
    estimated = estimated or estimate(form, replace(best, again=None), seed)
    solution = build(form, best.state, grid, times, origin(problem, source, chosen, seed))
    witness, why = None, "the run was interrupted" if reference == "auto" else None
    if reference == "auto" and stops.number is None:
        with watch("reference"), stops:
            progress("reference")
            witness, _, why = solve_reference(form.bound, chosen["reference.n"])
    if why:
        warnings.append(f"{NO_REFERENCE} ({why})")
        doubts += [Finding(why, "plausible")] if "singular" in why else []
        lost = any(words in why for words in ("does not converge", "cannot be continued"))
        doubts += [Finding(why, "unverified")] if lost and best.score > POOR else []

    def finish() -> Solution:
        with watch("verify"):
            report = _report(form, best, found, estimated, solution, witness, chosen, seed, tol, warnings, doubts)
        whole = solution
        if witness is not None:
            whole = solution.with_reference(reference_solution(form.bound, witness))
        if stops.number is not None:
            checkpoint.save(found.memory())
            report |= interrupted(stops.number)
        report["seconds"] = watch.total()
        if output is not None:
            report["output"] = str(output)
            with watch("export"):
                progress("export")
                report["output"] = str(whole.with_report(report).save(output))
            report["seconds"] = watch.total()
            if stops.number is None:
                checkpoint.remove()
        return whole.with_report(report)

    with stops:
        return finish()
    return finish()


def reference(
    problem: Problem, n: int | None = None, *, output: Path | None = None, source: Source | None = None,
    progress: Progress = _silent,
) -> Solution:  # fmt: skip
    """The reference alone: the same declaration by scipy alone. Raises ProblemError where there is none."""
    check_arguments(problem)
    watch = Stopwatch()
    with watch("compile"):
        form = compile_problem(problem)
        warnings = _texts(form, validate(form))
    with watch("reference"):
        progress("reference")
        witness, kind, why = solve_reference(form.bound, n)
    if witness is None:
        fix = "solve it: a second solve and the held-out residuals say how far to trust the answer"
        raise ProblemError(f"{NO_REFERENCE}: {why}", problem.name, fix)
    made = origin(problem, source, config.resolve(problem.settings, {}), 0)
    solution = reference_solution(form.bound, witness, made)
    exact = exact_errors(form, lambda k, points: solution._values(form.bound.unknowns[k].name, points), 10_000, 0)
    names = [unknown.name for unknown in form.bound.unknowns]
    report: dict[str, Any] = {
        "problem": problem.name, "status": "ok", "method": f"reference: {kind}",
        "verdict": {"word": "plausible", "because": "Richardson from two grids; no second method"},
        "fields": {
            name: {"estimated_error": witness.estimated_error.get(name), "exact": exact.get(name), "reference": None}
            for name in names
        },
        "residual": None, "conditions": [], "learned": {}, "warnings": [*warnings, *witness.warnings],
        "output": None, "seed": 0,
    }  # fmt: skip
    report["seconds"] = watch.total()
    solution = solution.with_report(report)
    if output is not None:
        report["output"] = str(output)
        with watch("export"):
            report["output"] = str(solution.save(output))
        report["seconds"] = watch.total()
    return solution


def check(problem: Problem) -> dict[str, Any]:
    """What the compiler makes of a problem, without solving it: the compiled form and the warnings."""
    form = compile_problem(problem)
    warnings = _texts(form, validate(form))
    return {"problem": problem.name, "status": "ok", **describe(form), "warnings": warnings}


def _texts(form: Form, findings: list[Finding]) -> list[str]:
    return [*form.warnings, *(finding.text for finding in findings)]


def build(
    form: Form, state: State, grid: tuple[int, ...] | None, times: tuple[float, ...] | None, made: Mapping[str, Any]
) -> Solution:
    """A solution from a solver's state: split pairs become complex fields again, learned numbers leave the fields."""
    names = {unknown.name: k for k, unknown in enumerate(form.unknowns)}
    nodes = lattice(row.region for row in form.rows)
    if nodes is not None:  # samples on a grid are written where they are
        spatial = len(form.space.spatial)
        grid = grid or tuple(map(len, nodes[:spatial]))
        times = times or (tuple(nodes[-1]) if form.space.time is not None else None)
    fields: dict[str, Field] = {}
    learned: dict[str, float] = {}
    for unknown in form.bound.unknowns:
        if unknown.is_number:
            learned[unknown.name] = float(np.real(state.heads[names[unknown.name]][0]))
        else:
            k, *pair = form.parts(unknown.name)
            head = state.heads[k] + 1j * state.heads[pair[0]] if pair else state.heads[k]
            fields[unknown.name] = NetworkField(state.trials[k], head)
    return Solution(
        form.space.coords, form.space.time, fields, domain(form),
        domains={u.name: u.region for u in form.bound.unknowns if u.region is not None},
        coefficients=coefficients(form.bound), learned=learned, grid=grid,
        times=None if times is None else np.asarray(times, dtype=float), origin=made,
    )  # fmt: skip


def domain(form: Form) -> Domain:
    lo, hi = bounds(form)
    regions = {id(row.region): row.region for row in form.rows if row.region.dim == form.space.dim}
    return Domain(lo, hi, tuple(regions.values()), closed=bool(regions))


def coefficients(bound: Bound) -> dict[str, Any]:
    """Coefficients by name: expressions and numbers, and fields given by data."""
    known = {_name(key): value for key, value in bound.substitution.items()}
    return known | {key.func.__name__: value for key, value in bound.fields.items()}


def _name(key: Any) -> str:
    return key.name if hasattr(key, "name") else key.func.__name__


def solve_reference(bound: Bound, n: int | None) -> tuple[Any, str | None, str | None]:
    """The first reference that serves the problem: (reference or None, its kind, why there is none)."""
    reasons = []
    for name, plugin in plugins.available("references").items():
        module = plugin.load()
        reason = module.supports(bound)
        if reason is None:
            found = module.solve(bound, n=n)
            if hasattr(found, "values"):
                return found, found.kind, None
            reason = found.reason
        reasons.append(f"{name}: {reason}")
    return None, None, "; ".join(reasons or ["none is installed"])


def reference_solution(bound: Bound, witness: Any, made: Mapping[str, Any] | None = None) -> Solution:
    """A reference as the same kind of object as a network's solution."""
    fields = {name: GridField(_filled(values), witness.axes, name) for name, values in witness.values.items()}
    lo = np.array([axis[0] for axis in witness.axes])
    hi = np.array([axis[-1] for axis in witness.axes])
    mask = None if witness.mask is None else (tuple(witness.axes), np.asarray(witness.mask, dtype=bool))
    return Solution(
        bound.space.coords, bound.space.time, fields, Domain(lo, hi, mask=mask), coefficients=coefficients(bound),
        origin=made or {}, grid=tuple(len(axis) for axis in witness.axes)[: len(bound.space.spatial)],
    )  # fmt: skip


def _filled(values: np.ndarray) -> np.ndarray:
    """Masked nodes take their nearest neighbour's value, so that an interpolant can be drawn through all."""
    bad = ~np.isfinite(values)
    if not bad.any():
        return values
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(bad, return_distances=False, return_indices=True)
    return values[tuple(nearest)]


def origin(problem: Problem, source: Source | None, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Where a solution came from, for the file."""
    import scipy
    import sympy

    from inrpde import __version__

    made: dict[str, Any] = {
        "settings": {key: value for key, value in settings.items() if value is not None},
        "seed": seed,
        "versions": {
            "inrpde": __version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "sympy": sympy.__version__,
            "python": platform.python_version(),
        },
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    if source is None:
        text = "\n".join(str(c) for c in problem.conditions)
        return made | {"source": text, "source_sha256": hashlib.sha256(text.encode()).hexdigest(), "data_sha256": {}}
    return made | {
        "source": source.text,
        "source_sha256": source.sha256,
        "data_sha256": dict(source.data),
        "parameters": {name: str(value) for name, value in source.parameters.items()},
    }


def _score_bound(tol: float | None) -> float | None:
    """The score at which a search need not go on: below the tolerance, as the estimate is no better than the score."""
    return None if tol is None else tol / 3


def _share(clock: Clock) -> float | None:
    return None if clock.budget is None else min(clock.spent / clock.budget, 1.0)


def _report(
    form: Form, best: Candidate, found: Run, estimated: Estimate, solution: Solution, witness: Any,
    settings: Mapping[str, Any], seed: int, tol: float | None, warnings: list[str], doubts: list[Finding],
) -> dict[str, Any]:  # fmt: skip
    names = [unknown.name for unknown in form.bound.unknowns if not unknown.is_number]
    exact = exact_errors(
        form, lambda k, points: solution._values(form.bound.unknowns[k].name, points), settings["check.points"], seed
    )
    compared = reference_errors(solution._on_axes, solution.fields, witness) if witness is not None else {}
    by_field = _by_field(form, estimated)
    held_out = unfitted(form, best, 4000, seed + HELD_OUT)
    scored = score(form, held_out, best.state)
    left = unmet(form, estimated)
    word = verdict(estimated, compared, left, doubts)
    error = failure(form, best, estimated)
    reached = tol is None or max(by_field.values()) <= tol
    warnings = [*warnings, *(each.text for each in left), *(witness.warnings if witness is not None else ())]
    report = {
        "problem": form.bound.problem.name,
        "status": error.status if error else "ok" if reached else "tolerance",
        "method": best.method,
        "verdict": {"word": word.word, "because": word.because},
        "fields": {
            name: {"estimated_error": by_field[name], "exact": exact.get(name), "reference": compared.get(name)}
            for name in names
        },
        "residual": {"fitted": best.fitted, "held_out": scored.total},
        "conditions": condition_reports(form, scored),
        "seconds": {},
        "learned": dict(solution.learned),
        "warnings": list(dict.fromkeys(warnings)),
        "output": None,
        "seed": seed,
        "steps": found.steps,
        "ended": found.ended,
    }
    return report | {"error": error.as_dict()} if error else report


def _by_field(form: Form, estimated: Estimate) -> dict[str, float]:
    """Estimates of the declared unknowns: of a split pair, the larger."""
    return {
        unknown.name: max(estimated.fields[form.unknowns[k].name] for k in form.parts(unknown.name))
        for unknown in form.bound.unknowns
    }
