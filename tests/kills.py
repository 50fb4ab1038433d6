"""Runs that are killed at random moments, resumed until they end, and compared bit for bit with one that was not.

    python tests/kills.py --kills 200        # 40 of each problem: what `make kills` does

Every run is a process of its own, forked from one of two that have imported everything and hash strings each in its own
way; the moments are uniform between the first line of progress and the end of an undisturbed run. Nothing depends on a
budget, as what does depends on the clock.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

PROBLEMS = {
    "helmholtz": ["helmholtz", "--param", "k=3", "--set", "solver.width=300", "--grid", "33x33"],
    "burgers": ["burgers", "--param", "nu=0.3", "--reference", "none"],
    "wave": ["wave", "--set", "solver.width=150", "--reference", "none", "--grid", "17x17"],
    "image": ["image", "--param", "size=24"],
    "adam": ["poisson", "--method", "adam", "--reference", "none", "--grid", "33x33"]
    + [f"--set=solver.{key}={value}" for key, value in (("steps", 800), ("width", 24), ("points", 200))],
}
"""Problems that take some seconds each."""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
NURSERY = """
import json, os, sys
import torch
import inrpde.pipeline, inrpde.cli.commands
from inrpde import plugins
from inrpde.cli import main
from inrpde.solvers import loop
for group in ("methods", "references"):
    for plugin in plugins.in_turn(group):
        plugin.load()
loop.CHECKPOINT_EVERY = 0.1
for line in sys.stdin:
    words, *places = json.loads(line)
    child = os.fork()
    if not child:
        for number, place in enumerate(places, 1):
            os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        code = main(words)
        sys.stdout.flush()
        os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Forks a run for each line. Checkpoints come often enough that short runs have some."""
NURSERIES = 2
"""Processes to fork from."""
PATIENCE = 600.0
"""Seconds after which a run counts as hung."""


@dataclass
class Ended:
    """How a process has ended: its exit status, the seconds after its first line, and what it printed."""

    code: int
    seconds: float
    out: str
    err: str


class Launcher:
    """Runs `inrpde` in processes that are forked from others."""

    def __init__(self, folder: Path):
        self._places = [folder / "stdout", folder / "stderr"]
        self._nurseries = [
            subprocess.Popen([sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(NURSERIES)
        ]
        self._turn = itertools.cycle(self._nurseries)

    def __call__(self, words: list[str], kill: tuple[float, int] | None = None) -> Ended:
        """Run with these words; `kill` is when after its first line of progress it gets which signal."""
        nursery = next(self._turn)
        for place in self._places:
            place.write_text("")
        print(json.dumps([words, *map(str, self._places)]), file=nursery.stdin, flush=True)
        child = int(nursery.stdout.readline())
        while not self._places[1].stat().st_size and Path(f"/proc/{child}").exists():
            time.sleep(0.002)
        start = time.monotonic()
        signals = [(PATIENCE, signal.SIGKILL), *([kill] if kill is not None else [])]
        timers = [threading.Timer(after, _send, [child, number]) for after, number in signals]
        for timer in timers:
            timer.start()
        code = int(nursery.stdout.readline())
        for timer in timers:
            timer.cancel()
        return Ended(code, time.monotonic() - start, *(place.read_text() for place in self._places))

    def close(self) -> None:
        for nursery in self._nurseries:
            nursery.communicate()


def _send(child: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, number)


def fields(path: Path) -> dict[str, np.ndarray]:
    """The stored arrays of the answer, without the reference's."""
    with h5py.File(path) as file:
        return {
            name: node[()]
            for name, node in file.items()
            if isinstance(node, h5py.Dataset) and not any(word in name for word in ("_reference", "_difference"))
        }


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(one[name].tobytes() == other[name].tobytes() for name in one)


def wrong_ending(ended: Ended, number: int, path: Path, whole: dict[str, np.ndarray]) -> str:
    """What is wrong with how a killed process has ended; empty if nothing is."""
    if ended.code == 0:
        return ""
    if ended.code == -number and path.exists():  # it came when all was done, or asked for no answer
        return "" if same(fields(path), whole) else "what it left is not the answer"
    if ended.code != (-number if number == signal.SIGKILL else 128 + number):
        return f"{signal.Signals(number).name} ended it with {ended.code}: {ended.err[-500:]}"
    if path.exists() and not same(fields(path), whole):
        return f"what it left after {signal.Signals(number).name} is not the answer"
    if number != signal.SIGKILL:
        fix = json.loads(ended.out)["error"]["fix"] or ""
        if ("with --resume" in fix) != Path(f"{path}.checkpoint").exists():
            return f"it said {fix!r}, and the checkpoint is{'' if '--resume' in fix else ' not'} missing"
    return ""


def chain(
    launch: Launcher,
    name: str,
    folder: Path,
    whole: dict[str, np.ndarray],
    seconds: float,
    most: int,
    draw: random.Random,
) -> tuple[int, int, str]:
    """One run that is killed up to `most` times and resumed: the number of kills, the resumes, and what was wrong."""
    path = folder / f"{name}.h5"
    checkpoint = Path(f"{path}.checkpoint")
    for each in (path, checkpoint):
        each.unlink(missing_ok=True)
    kills, resumes, latest = 0, 0, 0.0
    while True:
        number = draw.choice(SIGNALS)
        kill = (draw.uniform(0, seconds), number) if kills < most else None
        resumed = checkpoint.exists()
        resumes += resumed
        ended = launch(["solve", *PROBLEMS[name], "-o", str(path), "--json", *["--resume"] * resumed], kill)
        killed = ended.code < 0 or ended.code > 128
        if kill is not None and killed:
            kills, latest = kills + 1, kill[0]
            problem = wrong_ending(ended, number, path, whole)
            if problem:
                return kills, resumes, problem
            continue
        if ended.code != 0:
            said = ended.out[-300:] + ended.err[-700:]
            return kills, resumes, f"exit {ended.code} after a kill at {latest:.2f} s: {said}"
        if not same(fields(path), whole):
            return kills, resumes, f"other bits after a kill at {latest:.2f} s"
        left = [each.name for each in folder.iterdir() if ".lock" in each.name or each == checkpoint]
        return kills, resumes, f"it left {left}" if left else ""


def torture(launch: Launcher, name: str, kills: int, seed: int) -> list[str]:
    """Kill runs of one problem so many times; what was wrong. Prints a line."""
    draw, problems, resumes, done = random.Random(f"{name} {seed}"), [], 0, 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        undisturbed = launch(["solve", *PROBLEMS[name], "-o", str(folder / "whole.h5"), "--json"])
        if undisturbed.code != 0:
            return [f"{name}: the undisturbed run ended with {undisturbed.code}: {undisturbed.err[-1000:]}"]
        whole = fields(folder / "whole.h5")
        (folder / "whole.h5").unlink()
        start = time.monotonic()
        while done < kills:
            more, resumed, problem = chain(launch, name, folder, whole, undisturbed.seconds, min(3, kills - done), draw)
            done, resumes = done + more, resumes + resumed
            problems += [f"{name}: {problem}"] if problem else []
    spent = time.monotonic() - start
    good = done - len(problems)
    print(f"{name}: {good} of {done} kills, {resumes} resumed, each ended bit for bit ({spent:.0f} s)", flush=True)
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="in all (200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("problems", nargs="*", default=list(PROBLEMS), metavar="PROBLEM")
    given = parser.parse_args()
    share, rest = divmod(given.kills, len(given.problems))
    wrong = []
    with tempfile.TemporaryDirectory() as place:
        launch = Launcher(Path(place))
        for number, name in enumerate(given.problems):
            wrong += torture(launch, name, share + (number < rest), given.seed)
        launch.close()
    print("\n".join(wrong) or f"{given.kills} of {given.kills} random kills")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
