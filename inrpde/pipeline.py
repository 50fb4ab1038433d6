"""The journey of a problem: compile → validate → solve → verify → reference → export."""

from __future__ import annotations

import hashlib
import math
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inrpde import __version__, config, deadline, declared, members, plugins, references, storage
from inrpde.answer import NO_REFERENCE, Answer, Witness, alone, doubt, failed, measured, report, unchecked
from inrpde.arguments import as_path, check_arguments, check_written
from inrpde.built import build, coefficients
from inrpde.checkpoint import Saving
from inrpde.compiler import Form, compile_problem
from inrpde.declaration import Problem
from inrpde.describe import describe
from inrpde.errors import InrpdeError, OutputError, ProblemError, UsageError
from inrpde.fingerprint import of_run
from inrpde.functionals import beside, functionals
from inrpde.interruption import Stops, interrupted, outstanding
from inrpde.lock import held
from inrpde.references import NoReference, Reference, Refusal
from inrpde.solution import Solution, reference_solution
from inrpde.solvers import auto
from inrpde.solvers.contract.method import Candidate, Clock, Context, Method, read
from inrpde.solvers.contract.options import check_read
from inrpde.solvers.loop import Run
from inrpde.solvers.loop import run as run_method
from inrpde.solvers.search.response import amplification
from inrpde.storage import check_storable, stored_at
from inrpde.verification.checks.validate import validate
from inrpde.verification.evidence.estimate import Estimate, estimate
from inrpde.verification.evidence.report import exact_errors, number_errors, reference_errors
from inrpde.verification.finding import Finding, Kind

if TYPE_CHECKING:
    from inrpde.loader import Source

IMPORT_SECONDS = time.process_time()
"""Processor seconds from the start of the process until everything was imported."""
Progress = Callable[..., None]


def _silent(stage: str, done: float | None = None, note: str = "") -> None:
    """Nobody is watching."""


def _guarded(progress: Progress, warn: Callable[[str], None]) -> Progress:
    """The same, but that its first exception is a warning, and it is not called again."""
    watching = [progress]

    def tell(*args: Any) -> None:
        try:
            for each in watching:
                each(*args)
        except Exception as error:
            watching.clear()
            warn(f"the progress is not shown any more, as what was called with it failed: {plugins.failed(error)}")

    return tell


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


def run(
    problem: Problem, *, method: str = "auto", seed: int = 0, budget: float | None = None, tol: float | None = None,
    reference: str = "auto", device: str = "cpu", settings: Mapping[str, Any] | None = None,
    grid: tuple[int, ...] | None = None, times: tuple[float, ...] | None = None, output: Path | None = None,
    resume: bool = False, source: Source | None = None, progress: Progress = _silent, started: float | None = None,
    require: str | None = None,
) -> Solution:  # fmt: skip
    """What `interface.solve` and the command line do; theirs alone are the time when it `started` (of the performance
    counter), the word that is required of the verdict ("verified", "plausible"), and where the problem came from.

    A signal that comes once there is an answer (see `Interrupted`) ends the checks; the answer is written all the same,
    with the status "interrupted" and the signal's number in the report."""
    check_arguments(problem, seed, budget, tol, reference, device, method)
    check_written(problem, grid, times, progress)
    output = None if output is None else as_path(output, "output")
    chosen = config.resolve(problem.settings, settings or {})
    plugin = plugins.find("methods", method)
    problem = _single(problem, method)
    solve_by = plugin.load()
    clock = Clock(budget) if started is None else Clock(budget, started)
    watch, stops, warnings = Stopwatch(), Stops(), list[str]()
    progress = _guarded(progress, warnings.append)
    warnings += filter(None, [plugin.clash])
    check_read(method, read(solve_by, chosen), chosen, warnings.append)
    about = partial(of_run, problem, chosen, method=method, seed=seed, device=device)
    with held(stored_at(output) if output is not None else None):
        saving = Saving.beside(output, about, warnings.append)
        with saving.hinting():
            memory = saving.load() if resume else {}
            with watch("compile"):
                progress("compile")
                form = compile_problem(problem)
                if output is not None:
                    check_storable(form.bound, coefficients(form.bound))
                findings = validate(form, clock.checking)
                warnings += _texts(form, findings)

            def tell(note: str) -> None:
                progress("solve", _share(clock), note)

            context: Context = Context(
                form, chosen, seed, clock, _score_bound(tol), device, memory, tell, warnings.append
            )
            found, estimated = _solved(plugin, solve_by, context, tol, saving, watch)
            with watch("verify"), stops:
                progress("verify")
                estimated = estimated or _estimated(context, found.best, warnings)
            estimated = estimated or estimate(form, replace(found.best, again=None), seed, scoring=clock.scoring)
            relatives = _relatives(context, found.best, plugin, warnings, watch, stops)
            made = origin(problem, source, chosen, seed) | {
                "command": declared.command(
                    source, method=method, seed=seed, budget=budget, tol=tol, reference=reference, device=device,
                    settings=settings, grid=grid, times=times,
                ),
                "strategies": auto.chosen(form, chosen).described() if method == "auto" else [],
            }  # fmt: skip
            solution = build(form, found.best.state, grid, times, made, found.best.spread)
            solution = replace(solution, declared=declared.conditions(problem))
            if found.best.weak:
                findings = [_met(finding, form, found.best) for finding in findings]
            findings += [Finding(Kind.DATA, text, "unverified") for text in found.best.doubts]
            findings += members.doubts(relatives)
            if found.best.weak:
                findings, strong = [[f for f in findings if f.strong is which] for which in (False, True)]
                warnings = [text for text in warnings if text not in {each.text for each in strong}]
            estimated = estimated.no_less(form, findings)
            answer = Answer(
                form, found, estimated, solution, chosen, seed, tol, warnings, findings, plugin, budget, require,
                relatives,
            )  # fmt: skip
            with _rescuing(answer, output, saving):
                return _checked(answer, clock, reference, output, saving, watch, stops, progress)


def _single(problem: Problem, method: str = "auto") -> Problem:
    """A problem without parameters: of a family the member that stands for it. Raises UsageError for a method that
    knows no families."""
    made = problem.representative()
    if made.family is not None and method != "auto":
        given = ", ".join(f"{each.name}={each.middle:g}" for each in problem.parameters)
        what = f"the method {method!r} solves one problem, and {problem.name} has parameters"
        flags = given.replace(", ", " --param ")
        raise UsageError(what, f"--method {method}", f"use --method auto, or one member: --param {flags}")
    return made


def _solved(
    plugin: plugins.Plugin, solve_by: Method, context: Context, tol: float | None, saving: Saving, watch: Stopwatch
) -> tuple[Run, Estimate | None]:
    """What the method finds, and the estimate of its error where the tolerance has asked for it."""
    estimates: dict[int, Estimate] = {}

    def accept(candidate: Candidate) -> bool:
        if tol is None or candidate.score > 30 * tol:
            return False
        with watch("verify"):
            estimates[id(candidate)] = _timed(context, candidate)
        return estimates[id(candidate)].worst <= tol

    try:
        with watch("solve"):
            found = run_method(solve_by, context, accept, saving)
    except InrpdeError:
        raise
    except (Exception, SystemExit) as error:
        raise failed(plugin, error) from error
    watch.seconds["solve"] = round(watch.seconds["solve"] - watch.seconds.get("verify", 0.0), 4)
    return found, estimates.get(id(found.best))


def _estimated(context: Context, best: Candidate, warnings: list[str]) -> Estimate | None:
    """The estimate with a second solve; None, and a warning, where that fails."""
    try:
        return _timed(context, best)
    except Exception as error:
        warnings.append(f"the second solve, for the estimate of the error, failed: {plugins.failed(error)}")
        return None


def _relatives(
    context: Context, best: Candidate, plugin: plugins.Plugin, warnings: list[str], watch: Stopwatch, stops: Stops
) -> list[members.Member]:
    """Other members of a family, checked as the answer is."""
    found: list[members.Member] = []
    if best.kin is not None:
        with watch("verify"), stops:
            found = members.looked_at(context, best.kin, plugin)
    return found


def _timed(context: Context, candidate: Candidate) -> Estimate:
    """The estimate in what a budget leaves for it."""
    measure = partial(amplification, context.form, seed=context.seed)
    return estimate(context.form, candidate, context.seed, context.clock.second, context.clock.scoring, measure)


def _checked(
    answer: Answer, clock: Clock, reference: str, output: Path | None, saving: Saving, watch: Stopwatch, stops: Stops,
    progress: Progress,
) -> Solution:  # fmt: skip
    """The answer with its report, written: before it is compared with a reference, and again with the reference."""
    known = witness = None
    with watch("verify"), stops:
        known = measured(answer)
    known = known or measured(answer)
    own, numbers = cache(lambda: storage.values(answer.solution)), cache(lambda: _asked(answer))

    def write(more: Mapping[str, Any]) -> Solution:
        if output is not None:
            progress("export")
        with watch("verify"):
            theirs = None if witness is None else witness.solution
            told = beside(numbers(), answer.form.bound.problem.report, theirs)
            made = {**report(answer, known, witness), "report": told, **more}
        whole = answer.solution if witness is None else answer.solution.with_reference(witness.solution)
        if (kin := answer.found.best.kin) is not None:
            whole = replace(whole, family=members.family(kin, made, answer.members))
        if output is None:
            return whole.with_report(made | {"seconds": watch.total()})
        made |= {"seconds": watch.total(), "output": str(output)}
        with watch("export"):
            at = storage.save(whole.with_report(made), output, own())
        return whole.with_report(made | {"seconds": watch.total(), "output": str(at)})

    if reference == "auto":
        if output is not None and stops.number is None:
            with stops:
                saving.keep(answer.found.memory)
                write(outstanding(saving.hint))
        found: Witness | NoReference = NoReference("the run was interrupted", Refusal.TOO_DEAR)
        if stops.number is None:
            with watch("reference"), stops, deadline.within(clock.referring) as scope:
                progress("reference")
                found = _witness(answer, clock)
            if scope.expired:
                share = "" if clock.budget is None else ", a share of the budget"
                found = NoReference(f"it did not end in its time{share}", Refusal.TOO_DEAR)
        if isinstance(found, NoReference):
            doubt(answer, found)
        else:
            witness = found
    with stops:
        return _end(answer, write, saving, stops)
    return _end(answer, write, saving, stops)


def _asked(answer: Answer) -> list[dict[str, Any]]:
    """The numbers that the problem asks for."""
    form, other = answer.form, answer.estimated.other
    second = None if other is None else build(form, other, None, None, {})
    return functionals(form.bound.problem.report, answer.solution, second, answer.estimated)


def _end(answer: Answer, write: Callable[[Mapping[str, Any]], Solution], saving: Saving, stops: Stops) -> Solution:
    """Write the answer for good; what could go on from a checkpoint keeps it."""
    if stops.number is not None:
        saving.keep(answer.found.memory)
        return write(interrupted(stops.number, saving.hint))
    whole = write({})
    if answer.found.coarse:
        saving.keep(answer.found.memory)
    elif answer.found.failure is None:
        saving.remove()
    return whole


@contextmanager
def _rescuing(answer: Answer, output: Path | None, saving: Saving) -> Iterator[None]:
    """Where the output cannot be written, a checkpoint keeps the answer; where the checks fail as nobody has foreseen,
    it is written without them; the error says so."""
    try:
        yield
    except OutputError as error:
        saving.keep(answer.found.memory)
        error.fix = "; ".join(filter(None, [error.fix, saving.hint]))
        raise
    except Exception as error:
        if output is not None:
            with suppress(Exception):
                at = answer.solution.with_report(unchecked(answer, error)).save(output)
                error.add_note(f"the answer is in {at}, without its checks")
        raise


def _met(finding: Finding, form: Form, best: Candidate) -> Finding:
    """Of an answer that need not be smooth where data disagree: what that costs shows in its levels. In time, which
    smooths, such data are no doubt; but levels differ for a short time, in which neither a second solve nor a reference
    has many points."""
    if finding.kind is not Kind.DATA or not (finding.cost or finding.edge):
        return finding
    moving = form.evolves is not None
    return replace(finding, cost=best.score if moving else 0.0, at_most=None if moving else finding.at_most)


def _witness(answer: Answer, clock: Clock) -> Witness | NoReference:
    """A reference that can be used, or why there is none."""
    form, solution, used = answer.form, answer.solution, list[Witness]()

    def use(found: Reference) -> None:
        start = form.evolves.start if form.space.time and form.evolves and form.space.dim > 1 else None
        small = answer.estimated.balances(form)
        jumps = any(each.edge for each in answer.findings)
        errors = reference_errors(solution._on_axes, solution.fields, found, start, small, jumps)
        errors |= number_errors(solution.learned, found)
        if not errors or not all(math.isfinite(e["rel_l2"] + e["estimated_error"]) for e in errors.values()):
            raise ValueError("it says nothing of the unknowns, or no finite number")
        used.append(Witness(found, errors, reference_solution(form.bound, found, solution.coefficients)))

    seconds = None if clock.budget is None else clock.referring
    found = references.solve(form.bound, answer.settings["reference.n"], budget=seconds, use=use)
    return found if isinstance(found, NoReference) else replace(used[-1], reference=found)


def reference(
    problem: Problem, n: int | None = None, *, output: Path | None = None, source: Source | None = None,
    progress: Progress = _silent,
) -> Solution:  # fmt: skip
    """The reference alone: the same declaration by scipy alone. Raises ProblemError where there is none."""
    check_arguments(problem, n=n)
    check_written(problem, progress=progress)
    problem = _single(problem)
    output = None if output is None else as_path(output, "output")
    with held(stored_at(output) if output is not None else None):
        return _reference(problem, n, output, source, progress)


def _reference(
    problem: Problem, n: int | None, output: Path | None, source: Source | None, progress: Progress
) -> Solution:
    watch = Stopwatch()
    with watch("compile"):
        form = compile_problem(problem)
        if output is not None:
            check_storable(form.bound, coefficients(form.bound))
        findings, failures = validate(form), list[str]()
        progress = _guarded(progress, failures.append)
    with watch("reference"):
        progress("reference")
        witness = references.solve(
            form.bound, n, use=lambda found: reference_solution(form.bound, found, coefficients(form.bound))
        )
    if isinstance(witness, NoReference):
        fix = "solve it: a second solve and the held-out residuals say how far to trust the answer"
        raise ProblemError(f"{NO_REFERENCE}: {witness.reason}", problem.name, fix)
    made = origin(problem, source, config.resolve(problem.settings, {}), 0)
    solution = reference_solution(form.bound, witness, coefficients(form.bound), made)
    solution = replace(solution, declared=declared.conditions(problem))
    exact = exact_errors(form, lambda k, points: solution._values(form.bound.unknowns[k].name, points), 10_000, 0)
    names = [unknown.name for unknown in form.bound.unknowns if not unknown.is_number]
    report: dict[str, Any] = {
        "problem": problem.name, "status": "ok", "method": f"reference: {witness.kind}",
        "verdict": dict(zip(("word", "because"), alone(witness), strict=True)),
        "fields": {
            name: {
                "estimated_error": witness.estimated_error.get(name), "estimate": None, "exact": exact.get(name),
                "reference": None,
            }
            for name in names
        },
        "residual": None, "conditions": [],
        "learned": {name: {"value": each.value, "std": each.std} for name, each in witness.numbers.items()},
        "warnings": [*_texts(form, findings), *_shown(problem), *failures, *witness.warnings],
        "findings": [each.as_dict() for each in findings], "output": None, "seed": 0,
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
    """What the compiler makes of a problem, without solving it: the compiled form, which of the strategies of `auto`
    would run and why the others would not, the same of references, and the warnings."""
    check_arguments(problem)
    form = compile_problem(problem)
    findings = validate(form)
    warnings = _texts(form, findings)
    strategies = auto.chosen(form, config.resolve(problem.settings, {}), warnings.append).described()
    told = {"warnings": warnings, "findings": [each.as_dict() for each in findings]}
    asked = {"strategies": strategies, "references": references.asked(form.bound)}
    return {"problem": problem.name, "status": "ok", **describe(form), **asked, **told}


def _texts(form: Form, findings: list[Finding]) -> list[str]:
    return [*form.warnings, *(finding.text for finding in findings)]


def _shown(problem: Problem) -> list[str]:
    """Of a family which member is looked at, and how to ask for another one."""
    if problem.family is None:
        return []
    known = problem.family.parameters
    at = ", ".join(f"{each.name} = {each.middle:g}" for each in known)
    return [f"this is the member of {at}, in the middle of the family: --param {known[0].name}=… asks for another one"]


def origin(problem: Problem, source: Source | None, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Where a solution came from, for the file."""
    import scipy
    import sympy

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
