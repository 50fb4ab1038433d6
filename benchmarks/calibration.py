"""Estimates and verdicts against true errors, over problems whose solutions are known.

    python benchmarks/calibration.py [--budgets 5,20,60] [--seeds 0,1,2] [--kind KIND …] [--half fit|held] [NAME …]
    python benchmarks/calibration.py --table out/calibration.jsonl [--picture out/calibration.png]

The problems are the traps (`zoo/traps`, each of a kind), the zoo, those of the package that have an exact solution,
and the cases that lie beside the project, if they do (`../shared/cases`). Each is solved as a user would, in a process
of its own (a crash and a hang are rows, too), and a line of JSON a field is added to `--file`; what is there already
is not solved again. Seconds and budgets are the processor's, so that what else runs on the machine changes no row. The
table has by kind and budget how many estimates are within a factor of 10 and of 3 of the true error, words against
true errors, the answers that are called right and are not, and how many right answers are recognised.

Constants of `inrpde.verification` are fitted on one half of the problems (`--half fit`, chosen by names); what is
claimed of them is what the other half shows (`--half held`).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from zoo import PROBLEMS
from zoo.flux import FLUX
from zoo.time import TIMED
from zoo.traps import TRAPS
from zoo.traps.known import Known

import inrpde
from inrpde.compiler import compile_problem
from inrpde.compiler.evaluate import evaluate
from inrpde.discretise.fields import field_points
from inrpde.errors import InrpdeError
from inrpde.loader import load_problem

Array = np.ndarray
PACKAGED = (
    "annulus", "darcy", "heat", "helmholtz_plane", "interface", "plate", "poisson", "reaction_front", "schrodinger",
    "sine_gordon", "soliton", "sphere3d", "string", "taylor_green", "waveguide",
)  # fmt: skip
"""Problems of the package that have an exact solution."""
CASES = Path(__file__).resolve().parents[2] / "shared" / "cases"
GIVEN = {"clamp": {"length": 4}}
"""Parameters that a case's truth is for."""
CONSTANT = 1e-9
"""What varies by a smaller share of its size is constant."""
FLOATING = "case.cylinder_flow", "phi"
"""A field that is fixed up to a constant only."""
POINTS = 3000
FLOOR = 1e-12
"""What is smaller is rounding, of errors and of estimates."""
CEILING = 2.0
"""The largest estimate: nothing is known. What is farther off than that is as wrong."""
RIGHT, ENOUGH = ("verified", "plausible"), 1e-4
"""Words that call an answer right, and the true error below which it should be."""
MARGIN, LEAST = 10.0, 1e-6
"""An answer that is called right may be off by so many times its estimate, and by so much in any case."""
LEVELS = (1e-6, 1e-4, 1e-2, 0.1)
WORDS = ("verified", "plausible", "unverified", "wrong")


@dataclass(frozen=True)
class Case:
    """A problem to solve. `known` makes it and what is true of it."""

    name: str
    kind: str
    tame: bool
    known: Callable[[], Known]

    @property
    def half(self) -> str:
        return ("fit", "held")[hashlib.sha256(self.name.encode()).digest()[0] % 2]


@dataclass(frozen=True)
class Row:
    """A field of an answer: true errors, relative to the norm and to the variation, and what was said of it."""

    problem: str
    kind: str
    tame: bool
    half: str
    budget: float
    seed: int
    field: str
    error: float
    of_variation: float
    accuracy: float
    estimate: float
    estimate_of_variation: float
    parts: Mapping[str, float | None]
    word: str
    because: str
    status: str
    seconds: float
    reference: Mapping[str, float] | None = None
    better: bool = False
    """Is the reference said to be the better answer?"""

    @property
    def ratio(self) -> float:
        """Estimate over truth; what is below the accuracy of the truth, or above all that an estimate says, is not
        told apart."""
        estimate, error = np.clip([self.estimate, self.error], max(self.accuracy, FLOOR), CEILING)
        return float(estimate / error)

    @property
    def offends(self) -> bool:
        """Is it called right, and is not?"""
        return self.word in RIGHT and self.error > max(MARGIN * self.estimate, LEAST, self.accuracy)

    @property
    def blind(self) -> bool:
        """Is it called right, and is not by its variation?"""
        return self.word in RIGHT and self.of_variation > max(MARGIN * self.estimate_of_variation, LEAST, self.accuracy)


def cases() -> dict[str, Case]:
    """All of them by name."""
    found = [Case(name, trap.kind, trap.tame, trap.make) for name, trap in TRAPS.items()]
    found += [Case(f"flux.{name}", trap.kind, trap.tame, trap.make) for name, trap in FLUX.items()]
    found += [Case(f"time.{name}", trap.kind, trap.tame, trap.make) for name, trap in TIMED.items()]
    found += [
        Case(f"zoo.{name}", "zoo", True, lambda make=make: _with_exact(make())) for name, make in PROBLEMS.items()
    ]
    found += [
        Case(f"package.{name}", "package", True, lambda name=name: _with_exact(load_problem(name, {})[0]))
        for name in PACKAGED
    ]
    names = sorted(path.stem for path in CASES.glob("*.py") if _truth_of(path.stem).exists())
    found += [Case(f"case.{name}", "case", False, lambda name=name: _from_file(name)) for name in names]
    return {case.name: case for case in found}


def _with_exact(problem: Any) -> Known:
    def truth(points: Array) -> dict[str, Array]:
        coords = problem.space.coords
        return {u.func.__name__: evaluate(expr, coords, points, {}) for u, expr in problem.exact.items()}

    return Known(problem, (truth,), FLOOR)


def _truth_of(name: str) -> Path:
    return CASES / ("clamp4.npz" if name == "clamp" else f"{name}.npz")


def _from_file(name: str) -> Known:
    """A case that lies beside the project: NAME.py, and NAME.npz with points, values and their accuracy."""
    os.chdir(CASES)  # its meshes are given relative to it
    spec = importlib.util.spec_from_file_location(name, f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    problem = module.problem(**GIVEN.get(name, {})) if callable(module.problem) else module.problem
    with np.load(_truth_of(name)) as file:
        samples = {key: file[key] for key in file.files}
    return Known(problem, (), float(samples.pop("accuracy")), samples=samples)


def errors(values: Array, truth: Array, level: bool = True) -> tuple[float, float]:
    """Relative to the norm and to the variation of the truth, where both are known; up to a constant if the `level`
    is not determined."""
    seen = np.isfinite(values) & np.isfinite(truth)
    values, truth = values[seen], truth[seen]
    if not level:
        values, truth = values - values.mean(), truth - truth.mean()
    gap, size, varied = (float(np.linalg.norm(each)) for each in (values - truth, truth, truth - truth.mean()))
    size = size or 1.0
    return gap / size, gap / (varied if varied > CONSTANT * size else size)


def rows(case: Case, budget: float, seed: int, reference: str) -> Iterator[Row]:
    """Solve and judge."""
    known = case.known()
    start = time.perf_counter()
    solution = inrpde.solve(known.problem, budget=budget, seed=seed, reference=reference)
    seconds = time.perf_counter() - start
    judged = [list(_judged(case, known, solution, truths, (budget, seed, seconds))) for truths in _truths(known, seed)]
    yield from min(judged, key=lambda found: max(row.error for row in found))


def _truths(known: Known, seed: int) -> Iterator[dict[str, tuple[Array, Array]]]:
    """Points and values by field, of each right solution."""
    if known.samples is not None:
        points = known.samples["points"]
        yield {name: (points, values) for name, values in known.samples.items() if name != "points"}
        return
    form = compile_problem(known.problem)
    at = {
        u.name: field_points(form, form.parts(u.name)[0], POINTS, seed + 77_777)
        for u in form.bound.unknowns
        if not u.is_number
    }
    for truth in known.truths:
        yield {name: (points, truth(points)[name]) for name, points in at.items() if name in truth(points[:1])}


def _judged(case: Case, known: Known, solution: Any, truths: Mapping, run: tuple[float, int, float]) -> Iterator[Row]:
    budget, seed, seconds = run
    report = solution.report
    for name, (points, truth) in truths.items():
        level = (case.name, name) != FLOATING
        error, of_variation = errors(np.nan_to_num(solution(points)[name]), truth, level)  # what is missing is wrong
        said, found = report["fields"][name], report["verdict"]
        compared = said["reference"]
        if compared:
            own = errors(solution.reference(points)[name], truth, level)[0]
            gap, trust, order = (compared.get(key) for key in ("rel_l2", "estimated_error", "order"))
            compared = {"gap": gap, "estimate": trust, "order": order, "error": own}
        yield Row(
            case.name, case.kind, case.tame, case.half, budget, seed, name, error, of_variation, known.accuracy,
            said["estimated_error"], said.get("variation", said["estimated_error"]), said["estimate"] or {},
            found["word"], found["because"], report["status"], round(seconds, 1), compared,
            "better" in said,
        )  # fmt: skip


def one(case: Case, budget: float, seed: int, reference: str) -> None:
    """What a process of its own does: a line a field, or one that says what was refused."""
    time.perf_counter = time.process_time
    try:
        for row in rows(case, budget, seed, reference):
            print(json.dumps(asdict(row)), flush=True)
    except InrpdeError as error:
        print(json.dumps({"failed": f"{error.status}: {error}"[:300]}), flush=True)


def solved(case: Case, budget: float, seed: int, reference: str) -> Iterator[dict[str, Any]]:
    """The lines of a problem, by a process of its own."""
    key = {
        "problem": case.name,
        "kind": case.kind,
        "tame": case.tame,
        "half": case.half,
        "budget": budget,
        "seed": seed,
    }
    options = ["--one", "--budgets", str(budget), "--seeds", str(seed), "--reference", reference]
    limit = 6 * budget + 120  # by the wall's clock, on a machine that does other things, too
    try:
        run = subprocess.run(
            [sys.executable, __file__, *options, case.name], capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        yield {**key, "failed": f"no end in {limit:.0f} s"}
        return
    told = (line for line in run.stdout.splitlines() if line.startswith("{"))  # meshers print, too
    yield from ({**key, **json.loads(line)} for line in told)
    if run.returncode:
        yield {**key, "failed": f"crash: {run.stderr.strip()[-300:]}"}


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(lines: Iterable[Mapping[str, Any]]) -> str:
    """What the lines say, in words and numbers."""
    found = [Row(**line) for line in lines if "failed" not in line]
    failed = [line for line in lines if "failed" in line]
    return "\n\n".join(
        filter(None, [_calibrated(found), _confused(found), _offenders(found), _recognised(found), _failures(failed)])
    )


def _calibrated(found: list[Row]) -> str:
    groups = {(kind, b) for kind in {r.kind for r in found} for b in {r.budget for r in found if r.kind == kind}}
    lines = [
        f"{'kind':13s} {'budget':>6s} {'fields':>6s} {'[1/10, 10]':>10s} {'[1/3, 3]':>9s} {'median':>8s} {'offend':>6s}"
    ]
    everything = [
        ("all", budget, [r for r in found if r.budget == budget]) for budget in sorted({r.budget for r in found})
    ]
    each = [(kind, b, [r for r in found if (r.kind, r.budget) == (kind, b)]) for kind, b in sorted(groups)]
    for kind, budget, group in (*each, *everything):
        ratios = np.array([row.ratio for row in group])
        near, nearer = (np.mean((ratios >= 1 / f) & (ratios <= f)) for f in (10, 3))
        offend = sum(row.offends for row in group)
        lines.append(
            f"{kind:13s} {budget:6g} {len(group):6d} {near:10.0%} {nearer:9.0%} {np.median(ratios):8.2g} {offend:6d}"
        )
    return "\n".join(lines)


def _confused(found: list[Row]) -> str:
    heads = [*(f"< {level:g}" for level in LEVELS), "more"]
    lines = ["word against true error, in fields", f"{'':12s}" + "".join(f"{head:>9s}" for head in heads)]
    for word in WORDS:
        places = [sum(row.error >= level for level in LEVELS) for row in found if row.word == word]
        lines.append(f"{word:12s}" + "".join(f"{places.count(k):9d}" for k in range(len(LEVELS) + 1)))
    return "\n".join(lines)


def _offenders(found: list[Row]) -> str:
    def line(row: Row) -> str:
        trust = row.reference or {}
        numbers = f"{row.error:8.1e} {row.of_variation:8.1e} {row.estimate:8.1e} {trust.get('gap', np.nan):8.1e}"
        return f"{row.kind:11s} {row.problem:24s} {row.field:8s} {row.budget:4g} {row.seed:2d} {numbers}  {row.word}"

    norm = [row for row in found if row.offends]
    varied = [row for row in found if row.blind and not row.offends]
    numbers = " ".join(f"{name:>8s}" for name in ("true", "of var.", "estimate", "ref. gap"))
    head = f"{'kind':11s} {'problem':24s} {'field':8s} {'s':>4s} {'#':>2s} {numbers}"
    lines = [f"called right at more than {MARGIN:g} times the estimate: {len(norm)}"]
    lines += [head, *map(line, norm)] if norm else []
    lines += [f"and beside these, by the error relative to the variation: {len(varied)}"]
    return "\n".join([*lines, *([head, *map(line, varied)] if varied else [])])


def _recognised(found: list[Row]) -> str:
    """Right answers, of all fields of a run, that are called right."""
    runs: dict[tuple, list[Row]] = {}
    for row in found:
        runs.setdefault((row.problem, row.budget, row.seed), []).append(row)
    right = [run for run in runs.values() if max(row.error for row in run) < ENOUGH]
    missed = sorted(
        {f"{run[0].problem} ({run[0].budget:g} s: {run[0].word})" for run in right if run[0].word not in RIGHT}
    )
    share = 1 - len([run for run in right if run[0].word not in RIGHT]) / len(right) if right else 1.0
    text = f"of {len(right)} answers with true errors below {ENOUGH:g}, {share:.0%} are verified or plausible"
    return f"{text}; not: {', '.join(missed)}" if missed else text


def _failures(failed: list[Mapping[str, Any]]) -> str:
    lines = [
        f"{line['kind']:11s} {line['problem']:24s} {line['budget']:4g} {line['seed']:2d}  {line['failed'][:160]}"
        for line in failed
    ]
    return "\n".join([f"without an answer: {len(failed)}", *(" ".join(line.split("\n")) for line in lines)])


def picture(lines: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Estimates against true errors, a colour a word."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 6))
    found = [Row(**line) for line in lines if "failed" not in line]
    for word, colour in zip(WORDS, ("tab:green", "tab:blue", "tab:gray", "tab:red"), strict=True):
        group = [row for row in found if row.word == word]
        axes.plot(
            [min(max(row.error, FLOOR), 10) for row in group], [max(row.estimate, FLOOR) for row in group], "o",
            color=colour, markersize=4, alpha=0.7, label=f"{word} ({len(group)})",
        )  # fmt: skip
    ends = np.array([FLOOR, 10.0])
    for factor, style in ((1, "-"), (10, "--"), (0.1, "--")):
        axes.plot(ends, ends * factor, style, color="black", linewidth=0.7)
    axes.set(xscale="log", yscale="log", xlim=(FLOOR / 2, 20), ylim=(FLOOR / 2, 5))
    axes.set(xlabel="true relative L2 error", ylabel="estimate")
    axes.legend(loc="upper left", frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, bbox_inches="tight")
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--budgets", default="5,20,60", help="seconds")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--kind", action="append", help="only these; may be given several times")
    parser.add_argument("--half", choices=("fit", "held"), help="only this half of the problems")
    parser.add_argument("--reference", choices=("auto", "none"), default="auto")
    parser.add_argument("--file", type=Path, default=Path("out/calibration.jsonl"))
    parser.add_argument("--table", type=Path, metavar="FILE", help="solve nothing: the table of these lines")
    parser.add_argument("--picture", type=Path, metavar="FILE.png")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    known = cases()
    unknown = [name for name in arguments.names if name not in known]
    if unknown:
        parser.error(f"{unknown[0]} is none of {', '.join(known)}")
    chosen = [
        case for case in (known[name] for name in arguments.names or known)
        if (not arguments.kind or case.kind in arguments.kind) and arguments.half in (None, case.half)
    ]  # fmt: skip
    budgets, seeds = [float(b) for b in arguments.budgets.split(",")], [int(s) for s in arguments.seeds.split(",")]
    if arguments.one:
        one(chosen[0], budgets[0], seeds[0], arguments.reference)
        return
    file = arguments.table or arguments.file
    if arguments.table is None:
        if not CASES.is_dir():
            print(f"no cases beside the project ({CASES}): skipped")
        file.parent.mkdir(parents=True, exist_ok=True)
        done = {(line["problem"], line["budget"], line["seed"]) for line in read(file)}
        for case, budget, seed in ((c, b, s) for b in budgets for s in seeds for c in chosen):
            if (case.name, budget, seed) in done:
                continue
            with file.open("a") as out:
                for line in solved(case, budget, seed, arguments.reference):
                    out.write(json.dumps(line) + "\n")
                    print(_short(line), flush=True)
    names = {case.name for case in chosen}
    lines = [line for line in read(file) if line["problem"] in names]
    print(table(lines))
    if arguments.picture:
        picture(lines, arguments.picture)


def _short(line: Mapping[str, Any]) -> str:
    if "failed" in line:
        return f"{line['problem']:26s} {' '.join(line['failed'].split())[:120]}"
    numbers = f"{line['error']:8.1e} {line['of_variation']:8.1e} {line['estimate']:8.1e}"
    return f"{line['problem']:26s} {line['field']:8s} {numbers}  {line['word']:10s} {line['seconds']:6.1f}"


if __name__ == "__main__":
    main()
