"""A sweep from its points to its table: over processes here, or over the workers of a Dask cluster."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from inrpde import __version__, lock
from inrpde.errors import Interrupted, OutputError, UsageError
from inrpde.export.atomic import replacing
from inrpde.sweep import solving, table
from inrpde.sweep.points import Point

MADE_FOR = "sweep.json"
ANSWERED = ("ok", "tolerance")
"""Statuses of answers that are complete: such points are not solved again."""
FOUND = 15
"""Seconds that a cluster's scheduler is given to answer: dask's own are 30."""
Submit = Callable[[Sequence[str], str, str], "Future[dict[str, Any]]"]


@dataclass(frozen=True)
class Sweep:
    """What to solve: the words of `inrpde solve` but for parameters and output, points, and where the outputs lie.

    `made_for` is what must be the same for rows to belong into one table."""

    problem: str
    words: Sequence[str]
    points: Sequence[Point]
    folder: Path
    made_for: Mapping[str, Any]

    def output(self, point: Point) -> Path:
        return self.folder / f"{point.name}.h5"


def run(
    sweep: Sweep, processes: int | None, cluster: str | None, tell: Callable[[int, Mapping[str, Any]], None]
) -> list[Mapping[str, Any]]:
    """Solve what has no complete answer in the folder yet, and write the table anew: rows in the order of the points,
    then those of earlier runs. `tell` is called with how many are done, and the row, as they come in.

    Raises UsageError where there is no cluster, OutputError where the folder is another sweep's or cannot be written,
    and Interrupted, once what has been found is in the table: the same call goes on.
    """
    names = [table.key(point.values) for point in sweep.points]
    waiting: dict[Future[dict[str, Any]], Point] = {}
    with _claimed(sweep):
        rows = {name: row for name, row in table.kept(sweep.folder).items() if _stands(sweep, row)}
        done = sum(name in rows for name in names)
        try:
            with _executor(sweep, processes, cluster) as submit:
                for name, point in zip(names, sweep.points, strict=True):
                    if name not in rows:
                        words = [sweep.problem, *_parameters(point), *sweep.words]
                        waiting[submit(words, str(sweep.output(point)), str(Path.cwd()))] = point
                for future in as_completed(waiting):
                    done += 1
                    tell(done, _keep(sweep, rows, waiting.pop(future), future))
        except Interrupted as stop:
            stop.fix = "the same command goes on from there"
            raise
        finally:
            for future, point in waiting.items():  # those that ended as the sweep did
                if future.done() and not future.cancelled():
                    _keep(sweep, rows, point, future)
            asked = {name: rows[name] for name in names if name in rows}
            table.write(sweep.folder, [*(asked | rows).values()])
    return [*asked.values()]


def _keep(
    sweep: Sweep, rows: dict[str, Mapping[str, Any]], point: Point, future: Future[dict[str, Any]]
) -> Mapping[str, Any]:
    """The row of a point that has been tried, kept."""
    output = sweep.output(point)
    try:
        report: Mapping[str, Any] = future.result()
    except Exception as error:  # of a worker that died, or an answer that did not come through
        report = solving.failed(f"the worker failed: {type(error).__name__}: {error}")
    row = rows[table.key(point.values)] = solving.row(point.values, report, str(output))
    table.keep(sweep.folder, row)
    return row


def _parameters(point: Point) -> Iterator[str]:
    for key, value in point.values.items():
        yield from ("--param", f"{key}={value}")


def _stands(sweep: Sweep, row: Mapping[str, Any]) -> bool:
    """Is a row's answer complete, is its file there, and are the data that it read as they were?"""
    path = sweep.folder / (row["file"] or "")
    if row["status"] not in ANSWERED or not row["file"] or not path.is_file():
        return False
    try:
        with h5py.File(path) as file:
            read = json.loads(file.attrs.get("data_sha256", "{}"))
    except (OSError, ValueError, TypeError):
        return False
    return all(_sha256(Path(name)) == digest for name, digest in read.items())


@contextmanager
def _claimed(sweep: Sweep) -> Iterator[None]:
    """The folder is there, no other run writes it, and what it has is of this sweep."""
    try:
        sweep.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the sweep's folder cannot be made: {error.strerror}", str(sweep.folder), "give another place with -o"
        ) from None
    mark = sweep.folder / MADE_FOR
    with lock.held(mark):
        if not mark.exists() and any(path.name != f".{mark.name}.lock" for path in sweep.folder.iterdir()):
            raise OutputError("the folder has files, and no sweep", str(sweep.folder), "give another one with -o")
        if mark.exists():
            _demand_same(sweep, mark)
        else:
            with replacing(mark) as beside:
                beside.write_text(json.dumps(sweep.made_for, indent=1) + "\n", encoding="utf-8")
        yield


def _demand_same(sweep: Sweep, mark: Path) -> None:
    try:
        there = json.loads(mark.read_text(encoding="utf-8"))
        other = {name for name in {*there, *sweep.made_for} if there.get(name) != sweep.made_for.get(name)}
    except (OSError, ValueError, AttributeError) as error:
        raise OutputError(f"the sweep cannot be read: {error}", str(mark), "another folder with -o") from None
    if other:
        told = "; ".join(f"{name} {there.get(name)}, now {sweep.made_for.get(name)}" for name in sorted(other))
        fix = "another folder with -o, or remove this one: the rows of a table are made alike"
        raise OutputError(f"the folder has another sweep: {told}", str(sweep.folder), fix)


@contextmanager
def _executor(sweep: Sweep, processes: int | None, cluster: str | None) -> Iterator[Submit]:
    """What solves a point elsewhere; where the block ends in an error, nothing more begins, and what runs is ended."""
    if cluster is not None:
        with _client(cluster, sweep.folder) as client, client.get_executor(pure=False, retries=0) as workers:
            try:
                yield lambda words, output, folder: workers.submit(solving.solved, words, output, folder)
            except BaseException:
                workers.shutdown(wait=False)
                raise
        return
    running = solving.Processes()
    with ThreadPoolExecutor(processes) as pool:
        try:
            yield lambda words, output, folder: pool.submit(running.solved, words, output, folder)
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            running.end(error.number if isinstance(error, Interrupted) else signal.SIGTERM)
            raise


@contextmanager
def _client(address: str, folder: Path) -> Iterator[Any]:
    """A cluster's, whose workers have this version of inrpde and see the folder."""
    try:
        from dask.distributed import Client
    except ImportError:
        fix = "pip install 'inrpde[cluster]', or leave --cluster out: processes on this machine"
        raise UsageError("--cluster needs the package distributed, which is not there", address, fix) from None
    try:
        client = Client(address, timeout=FOUND)
    except (OSError, ValueError, TimeoutError) as error:
        fix = "the address that `dask scheduler` prints, like tcp://192.0.2.1:8786"
        raise UsageError(f"no scheduler of Dask answers: {error}", f"--cluster {address}", fix) from None
    with client:
        _demand_workers(client, folder, address)
        yield client


def _demand_workers(client: Any, folder: Path, cluster: str) -> None:
    if not client.scheduler_info()["workers"]:
        raise UsageError("the cluster has no workers", f"--cluster {cluster}", f"dask worker {cluster}")
    try:
        found = set(client.run(solving.version, str(folder)).values())
    except ImportError as error:
        fix = "install inrpde where the workers run"
        raise UsageError(f"a worker has no inrpde: {error}", f"--cluster {cluster}", fix) from None
    except FileNotFoundError:
        fix = "give -o a folder on a file system that all workers have"
        raise UsageError("a worker does not see the folder", str(folder), fix) from None
    if other := found - {__version__}:
        what = f"a worker has inrpde {other.pop()}, and here is {__version__}"
        raise UsageError(what, f"--cluster {cluster}", "the same version everywhere")


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
