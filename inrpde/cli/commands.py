"""The commands, one function each: what they do, what they print, and their exit status.

Every command makes a report, a plain dict, which `--json` prints as it is and which is laid out for reading otherwise.
What is heavy is imported within the command that needs it.
"""

import hashlib
import json
import math
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inrpde import config, plugins
from inrpde.cli import render
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
    problem, source = _load(args)
    _fits(args, problem)
    output = args.output or Path(f"{_file_name(problem)}.h5")
    _writable(output)
    _rehearse(problem, output)

    from inrpde import pipeline

    with _progress() as progress:
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


def check(args: Namespace) -> int:
    """Validate and compile; no solve."""
    problem, _ = _load(args)

    from inrpde import pipeline

    _print(args, pipeline.check(problem), render.check)
    return 0


def reference(args: Namespace) -> int:
    """Solve by the reference alone and write it."""
    _writable(args.output)
    problem, source = _load(args)
    output = args.output or Path(f"{_file_name(problem)}_reference.h5")
    _writable(output)
    _rehearse(problem, output)

    from inrpde import pipeline

    with _progress() as progress:
        solution = pipeline.reference(problem, n=args.n, output=output, source=source, progress=progress)
    _print(args, solution.report, render.solution)
    return _EXIT[solution.report["status"]]


def verify(args: Namespace) -> int:
    """Known solutions and planted errors; exit 5 if something does not hold."""
    config.resolve({}, dict(args.set))
    problem, _ = _load(args)

    from inrpde.planted.verify import verify as tried

    with _progress() as progress:
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
    _writable(args.output)

    from inrpde import stored

    output = stored.report(args.solution, args.output)
    _print(args, {"status": "ok", "output": str(output)}, lambda made: f"written: {made['output']}")
    return 0


def list_plugins(args: Namespace) -> int:
    """Everything installed, and why what failed to load did."""
    listing = {group: [_describe(plugin) for plugin in plugins.available(group).values()] for group in plugins.GROUPS}
    _print(args, listing, render.listing)
    return 0


_COMMANDS = {
    "solve": solve,
    "check": check,
    "reference": reference,
    "verify": verify,
    "compare": compare,
    "report": report,
    "list": list_plugins,
}


def _load(args: Namespace) -> "tuple[Problem, Source]":
    from inrpde.loader import load_problem

    return load_problem(args.problem, dict(args.param))


def _describe(plugin: plugins.Plugin) -> dict[str, Any]:
    """A plugin's line of the listing: its problem is declared, anything else imported, to know that it can be; of a
    method that declares its options, the settings that it reads."""
    about, failure, more = None, None, dict[str, Any]()
    try:
        if plugin.group == "problems":
            from inrpde.loader import load_problem

            load_problem(plugin.name, {})
        elif plugin.group == "methods":
            from inrpde.solvers.contract.method import Reading, read

            method = plugin.load()
            more = {"reads": sorted(read(method))} if isinstance(method, Reading) else {}
        else:
            plugin.load()
        about = (sys.modules[plugin.entry.module].__doc__ or "").strip().partition("\n")[0]
    except InrpdeError as error:
        failure = f"{error.what} [{error.where}]"
    return {"name": plugin.name, "package": plugin.package, "about": about, "error": failure, **more}


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


def _rehearse(problem: "Problem", output: Path) -> None:
    """Whether the solution can be written under its names and that ending is known before the solve."""
    from inrpde.storage import rehearse

    rehearse(problem, output)


def _writable(output: Path | None) -> None:
    """Whether the output has a chance is known before hours of work, and not only after them."""
    if output is None:
        return
    if _is_folder(output):
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
def _progress() -> Iterator[Progress]:
    with closing(Progress(sys.stderr)) as progress:
        yield progress


def _print(args: Namespace, made: Mapping[str, Any], lay_out: Any) -> None:
    for warning in made.get("warnings", ()):
        print(f"warning: {warning}", file=sys.stderr)
    text = json.dumps(render.plain(made), ensure_ascii=not unicode_json()) if args.json else lay_out(made)
    put(text, made.get("output"))
