"""The commands, one function each: what they do, what they print, and their exit status.

Every command makes a report, a plain dict, which `--json` prints as it is and which is laid out for reading otherwise.
What is heavy is imported within the command that needs it.
"""

import gc
import hashlib
import json
import math
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inrpde import config, plugins
from inrpde.cli import listing, new, render
from inrpde.cli.progress import Progress
from inrpde.cli.streams import put, unicode_json
from inrpde.errors import DivergedError, InrpdeError, Interrupted, OutputError, ProblemError, ShortError, UsageError

if TYPE_CHECKING:
    from inrpde.declaration import Problem
    from inrpde.loader import Source

_EXIT = {
    "ok": 0,
    "failed": InrpdeError.exit_code,
    "invalid": ProblemError.exit_code,
    "diverged": DivergedError.exit_code,
    "tolerance": ShortError.exit_code,
    "refuted": ShortError.exit_code,
}
_PAGES = ("", ".html", ".htm")
"""Endings of the report's page."""
_MOST = 2**28
"""Nodes of a written field: two gigabytes."""
_LONGEST = 160
"""Bytes of a problem's name in a file's name, of the 255 that file systems have."""


def run(args: Namespace) -> int:
    """Run `args.command` and return the exit status."""
    return _COMMANDS[args.command](args)


def solve(args: Namespace) -> int:
    """Solve, check, write; exit 5 if the estimate stays above --tol, or the verdict below --require."""
    _writable(args.output)
    config.resolve({}, dict(args.set))
    plugins.find("methods", args.method)
    with _lasting(args):
        problem, source = _load(args)
        _fits(args, problem)
        output = args.output or Path(f"{_file_name(problem)}.h5")
        _place(args, problem, output)

        from inrpde import pipeline

    with _progress(args) as progress:
        solution = pipeline.run(
            problem,
            method=args.method,
            seed=args.seed,
            budget=args.budget,
            started=args.started,
            tol=args.tol,
            reference=args.reference,
            require=args.require,
            device=args.device,
            settings=dict(args.set),
            grid=args.grid,
            times=args.times,
            output=output,
            resume=args.resume,
            source=source,
            progress=progress,
        )
    _print(args, solution.report, render.solution)
    number = solution.report.get("signal")
    return _EXIT[solution.report["status"]] if number is None else Interrupted(number).exit_code


def sweep(args: Namespace) -> int:
    """Solve at all points, each in a process of its own; a point without an answer is a row of the table. Exit 5 if an
    answer stays above --tol, or its verdict below --require."""
    from inrpde.sweep.points import spanned

    points = spanned(args.param)
    config.resolve({}, dict(args.set))
    plugins.find("methods", args.method)
    with _lasting(args):
        from inrpde.doctor import usable
        from inrpde.loader import declared
        from inrpde.sweep import run, table

        path, sha256 = declared(args.problem, dict(args.param))
    options = _options(args)
    processes = min(args.processes or usable(), len(points))
    threads = args.threads or (1 if args.cluster else max(1, usable() // processes))
    folder = args.output or Path(f"{path.stem}_sweep")
    asked = run.Sweep(
        args.problem, [*options, "--threads", str(threads)], points, folder.absolute(),
        {"problem": path.name, "sha256": sha256, "options": " ".join(options)},
    )  # fmt: skip

    def tell(done: int, row: Mapping[str, Any]) -> None:
        args.journal("point", done=done, points=len(points), row=row)
        if not args.quiet:
            print(f"{done}/{len(points)}  {render.point(row)}", file=sys.stderr, flush=True)

    found = table.columns(run.run(asked, processes, args.cluster, tell))
    rows = [dict(zip(found, each, strict=True)) for each in zip(*found.values(), strict=True)]
    status = "tolerance" if any(row["status"] == "tolerance" for row in rows) else "ok"
    made = {"problem": path.stem, "status": status, "parameters": list(points[0].values), "rows": rows}
    _print(args, made | {"output": str(folder / table.CSV)}, render.sweep)
    return _EXIT[status]


def _options(args: Namespace) -> list[str]:
    """What a sweep hands on to `solve`, as its words."""
    words = [word for key, value in args.set for word in ("--set", f"{key}={value}")]
    for name in ("method", "tol", "budget", "seed", "device", "reference", "require"):
        if getattr(args, name) is not None:
            words += [f"--{name}", str(getattr(args, name))]
    words += ["--grid", "x".join(map(str, args.grid))] if args.grid else []
    return words + ([f"--times={','.join(map(repr, args.times))}"] if args.times else [])


def check(args: Namespace) -> int:
    """Validate and compile; no solve."""
    with _lasting(args):
        problem, _ = _load(args)

        from inrpde import pipeline

    _print(args, pipeline.check(problem), render.check)
    return 0


def reference(args: Namespace) -> int:
    """Solve by the reference alone and write it."""
    _writable(args.output)
    with _lasting(args):
        problem, source = _load(args)
        output = args.output or Path(f"{_file_name(problem)}_reference.h5")
        _place(args, problem, output)

        from inrpde import pipeline

    with _progress(args) as progress:
        solution = pipeline.reference(problem, n=args.n, output=output, source=source, progress=progress)
    _print(args, solution.report, render.solution)
    return _EXIT[solution.report["status"]]


def verify(args: Namespace) -> int:
    """Known solutions and planted errors; exit 5 if something does not hold."""
    config.resolve({}, dict(args.set))
    with _lasting(args):
        problem, _ = _load(args)

        from inrpde.planted.verify import verify as tried

    with _progress(args) as progress:
        found = tried(
            problem, seed=args.seed, budget=args.budget, settings=dict(args.set), mutants=args.mutants,
            progress=progress,
        )  # fmt: skip
    made = found.as_dict()
    _print(args, made, lambda made: str(found))
    return _EXIT[made["status"]]


def compare(args: Namespace) -> int:
    """The errors between two stored fields."""
    from inrpde import stored

    made: dict[str, Any] = {"status": "ok", "first": str(args.first), "second": str(args.second)}
    made["fields"] = stored.compare(args.first, args.second)
    _print(args, made, render.comparison)
    return 0


def report(args: Namespace) -> int:
    """Write an HTML page about a stored solution."""
    output = args.output or args.solution.with_suffix(".html")
    if output.suffix.lower() not in _PAGES:
        raise OutputError("a report is an HTML page", f"-o {output}", f"-o {output.with_suffix('.html')}")
    _writable(output)
    _replaces(args, [output] if output.exists() else [])

    from inrpde import stored

    output = stored.report(args.solution, output)
    _print(args, {"status": "ok", "output": str(output)}, lambda made: f"written: {made['output']}")
    return 0


def list_plugins(args: Namespace) -> int:
    """Everything installed, and why what failed to load did."""
    _print(args, listing.listing(args.groups), render.listing)
    return 0


def new_file(args: Namespace) -> int:
    """Write a problem file to begin with."""
    output = str(new.written(args.name))
    after = f"inrpde check {output}    what is made of it\ninrpde solve {output}    solve, check and write it"
    _print(args, {"status": "ok", "output": output}, lambda made: f"written: {output}\n{after}")
    return 0


def show(args: Namespace) -> int:
    """The source of a problem, or of another plugin."""
    _print(args, listing.source(args.name), lambda made: made["source"].rstrip("\n"))
    return 0


def doctor(args: Namespace) -> int:
    """What there is to solve with; exit 1 if something that is needed is missing or broken."""
    from inrpde.doctor import examined

    made = examined()
    _print(args, made, render.health)
    return _EXIT[made["status"]]


_COMMANDS = {
    "solve": solve,
    "sweep": sweep,
    "check": check,
    "reference": reference,
    "verify": verify,
    "compare": compare,
    "report": report,
    "list": list_plugins,
    "new": new_file,
    "show": show,
    "doctor": doctor,
}


@contextmanager
def _lasting(args: Namespace) -> Iterator[None]:
    """What is imported and declared within stays until the end of a process of the command's own: the collector of
    garbage, which would take a tenth of the time of it, passes it over, now and later."""
    if not args.own:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _load(args: Namespace) -> "tuple[Problem, Source]":
    from inrpde.loader import load_problem

    return load_problem(args.problem, dict(args.param))


def _fits(args: Namespace, problem: "Problem") -> None:
    """--grid and --times must fit the problem's coordinates, the times its interval, and both the memory."""
    space = problem.space
    names = ", ".join(str(x) for x in space.spatial)
    if args.grid and len(args.grid) != len(space.spatial):
        given, there = "x".join(map(str, args.grid)), f"the coordinates {names}" if names else "none but the time"
        what = f"--grid has {len(args.grid)} numbers, and the problem has {there}"
        fix = "--grid " + "x".join(["65"] * len(space.spatial)) if names else "--times 0,0.5,1"
        raise UsageError(what, f"--grid {given}", fix)
    if args.times and space.time is None:
        raise UsageError("--times is given, and the problem has no time", f"coordinates: {names}", "leave --times out")
    if args.times:
        first, last = _interval(problem)
        outside = [time for time in args.times if not first <= time <= last]
        if outside:
            what = f"--times has {outside[0]:g}, and {space.time} runs from {first:g} to {last:g}"
            fix = f"--times {first:g},{(first + last) / 2:g},{last:g}"
            raise UsageError(what, f"--times {','.join(f'{time:g}' for time in args.times)}", fix)
    nodes = math.prod(args.grid or ()) * len(args.times or (0,))
    if nodes > _MOST:
        what = f"--grid asks for {nodes:.2g} nodes, and a file may have {_MOST:.2g}"
        raise UsageError(what, "--grid " + "x".join(map(str, args.grid)), "fewer nodes; inrpde.load evaluates anywhere")


def _interval(problem: "Problem") -> tuple[float, float]:
    """The first and the last time of a problem's conditions."""
    spans = [condition.region.bounds for condition in problem.conditions]
    return min(float(lo[-1]) for lo, _ in spans), max(float(hi[-1]) for _, hi in spans)


def _file_name(problem: "Problem") -> str:
    """The problem's name as a file's, with room for endings; a longer one is cut and told from others by a hash."""
    name = problem.name.replace("/", "_")
    if len(name.encode()) <= _LONGEST:
        return name
    return f"{name.encode()[:_LONGEST].decode(errors='ignore')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _place(args: Namespace, problem: "Problem", output: Path) -> None:
    """Whether the solution can be written under its names and that ending, and what that replaces, is known before the
    solve."""
    _writable(output)

    from inrpde.storage import rehearse

    _replaces(args, rehearse(problem, output))


def _replaces(args: Namespace, there: Iterable[Path]) -> None:
    """What is replaced is named. Raises OutputError where nothing may be."""
    for path in there:
        made = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(path.stat().st_mtime))
        if args.no_clobber:
            what = f"the output is there, and --no-clobber replaces nothing: it is of {made}"
            raise OutputError(what, str(path), "another name with -o, or leave --no-clobber out")
        args.journal("replaces", path=str(path), made=made)
        if not args.quiet:
            print(f"replaces {path}, of {made}", file=sys.stderr)


def _writable(output: Path | None) -> None:
    """Whether the output has a chance is known before hours of work, and not only after them."""
    if output is None:
        return
    exporter = plugins.get("exporters", output.suffix[1:].lower())
    if _is_folder(output) and (exporter is None or exporter.ours):  # what others write may be folders
        raise OutputError("the output is a folder", str(output), f"name a file in it: -o {output / 'solution.h5'}")
    if not _is_folder(output.absolute().parent):
        raise OutputError("the output's folder is not there", str(output), f"mkdir -p {output.parent}")
    if not os.access(output.absolute().parent, os.W_OK | os.X_OK):
        raise OutputError("the output's folder is read-only", str(output), "give another place with -o")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # the name is too long
        return False


@contextmanager
def _progress(args: Namespace) -> Iterator[Progress]:
    with closing(Progress(None if args.quiet else sys.stderr, args.journal)) as progress:
        yield progress


def _print(args: Namespace, made: Mapping[str, Any], lay_out: Any) -> None:
    for warning in made.get("warnings", ()):
        args.journal("warning", text=warning)
        if not args.quiet:
            print(f"warning: {warning}", file=sys.stderr)
    args.journal("result", report=made)
    text = json.dumps(render.plain(made), ensure_ascii=not unicode_json()) if args.json else lay_out(made)
    put(text, made.get("output"))
