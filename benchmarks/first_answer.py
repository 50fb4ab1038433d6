"""Where the processor's time goes from the command to the file: each stage of `inrpde solve PROBLEM`, with its share.

A problem is solved in processes of their own, on one thread, and the fastest counts. What a stage imports when it first
needs it is counted as import, and none of it in the stage.
"""

import argparse
import builtins
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STAGES = ("import", "declare", "compile", "solve", "verify", "reference", "export", "rest")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Meter:
    """Processor seconds by stage. Of stages within one another the inner ones count."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._stages, self._since = ["import"], 0.0
        self.patches = {"inrpde.loader": self._declaring, "inrpde.pipeline": self._staged}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self._count()
        self._stages.append(stage)
        try:
            yield
        finally:
            self._count()
            self._stages.pop()

    def _count(self) -> None:
        now = time.process_time()
        self.seconds[self._stages[-1]] += now - self._since
        self._since = now

    def importing(self, *args: Any, load: Any = builtins.__import__, **named: Any) -> Any:
        """The same as `__import__`; the stages of modules that are there then are measured."""
        if self._stages[-1] == "import":
            return load(*args, **named)
        with self("import"):
            module = load(*args, **named)
        for name in self.patches.keys() & sys.modules.keys():
            self.patches.pop(name)(sys.modules[name])
        return module

    def _declaring(self, loader: Any) -> None:
        load = loader.load_problem

        def load_problem(*args: Any) -> Any:
            with self("declare"):
                return load(*args)

        loader.load_problem = load_problem

    def _staged(self, pipeline: Any) -> None:
        meter = self

        class Stopwatch(pipeline.Stopwatch):
            @contextmanager
            def __call__(self, stage: str) -> Iterator[None]:
                with super().__call__(stage), meter(stage):
                    yield

        pipeline.Stopwatch = Stopwatch


def child(problem: str, output: Path) -> None:
    """Solve a problem as the command does, and print the seconds as the last line."""
    meter = Meter()

    from inrpde.cli import main

    sys.argv = ["inrpde", "solve", problem, "-o", str(output), "--json"]
    builtins.__import__ = meter.importing
    with meter("rest"):
        code = main()
    if code:
        sys.exit(code)
    print(json.dumps(meter.seconds))


def measured(problem: str, repeats: int) -> dict[str, float]:
    """The seconds of the fastest of some runs."""
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, __file__, "--child", problem, "--output", str(Path(folder) / "answer.h5")]
        for _ in range(repeats):
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    return min(runs, key=lambda seconds: sum(seconds.values()))


def row(name: str, seconds: dict[str, float]) -> str:
    """A line of the table: seconds by stage, and their shares of the whole."""
    total = sum(seconds.values())
    cells = (f"{seconds[stage]:.2f} ({100 * seconds[stage] / total:.0f} %)" for stage in STAGES)
    return f"| {name} | {' | '.join(cells)} | {total:.2f} | {total - seconds['solve']:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="*", default=["poisson", "darcy", "heat", "holes"], metavar="PROBLEM")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if args.child:
        child(args.child, args.output)
        return
    titles = ("", *STAGES, "all", "all but solve")
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name in args.problems:
        print(row(name, measured(name, args.repeats)), flush=True)


if __name__ == "__main__":
    main()
