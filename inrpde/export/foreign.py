"""HDF5 files that may be damaged or made to do harm, opened safely.

HDF5 itself hangs or crashes on some damaged files, and asks for whatever memory they name. So a process of its own
opens each file first, within limits of time and memory, and says what is wrong with it (see `seal`); only a file that
has passed is opened here. The process is started once, and waits for the next file.
"""

from __future__ import annotations

import atexit
import json
import math
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING

from inrpde.errors import OutputError
from inrpde.export import seal

if TYPE_CHECKING:
    import h5py

SECONDS, BYTES_A_SECOND = 3.0, 2e5
"""How long a file may take: so much of the processor's time, and more as its size goes. A file of many small arrays, a
network on patches, takes a second a megabyte."""
PATIENCE, START = 10, 120.0
"""How many times as long it may take by the clock, on a busy machine; and seconds until the process is there."""
MEMORY, PER_BYTE = 3 * 2**30, 64
"""Bytes of address space, and so many more for each byte of the file."""
_READY = "ready"


@contextmanager
def opened(path: str | os.PathLike[str], fix: str, *, sealed: bool = True) -> Iterator[h5py.File]:
    """An HDF5 file for reading, examined first; where `sealed`, its checksum (`seal.seal`) holds.

    Raises OutputError, which ends in `fix`, for whatever is wrong with it, and for what the block raises of HDF5's.
    """

    size = _size(path, fix)
    if wrong := _guard.ask(str(Path(path).absolute()), sealed, size):
        raise OutputError(wrong, str(path), fix)
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise OutputError("this file is damaged or incomplete", str(path), fix) from error


def _size(path: str | os.PathLike[str], fix: str) -> int:
    """The bytes of a file, which is one, and may be read: a pipe would wait for ever."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else "this file cannot be read"
        raise OutputError(reason, str(path), fix) from error
    if not stat.S_ISREG(found.st_mode):
        what = (
            "this is a folder, not a file" if stat.S_ISDIR(found.st_mode) else "this is a device or a pipe, not a file"
        )
        raise OutputError(what, str(path), fix)
    if not os.access(path, os.R_OK):
        raise OutputError("this file may not be read", str(path), fix)
    return found.st_size


class _Guard:
    """The process that opens files first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._owner, self._lock = 0, Lock()

    def ask(self, path: str, sealed: bool, size: int) -> str | None:
        """What is wrong with a file, if anything is."""
        with self._lock:
            if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
                self._start()
            seconds = SECONDS + size / BYTES_A_SECOND
            said = self._said(json.dumps([path, sealed, size, seconds]), PATIENCE * seconds)
            if said is None:
                self.close()
                return "this file is damaged: HDF5 hangs or crashes on it"
            return json.loads(said)

    def _start(self) -> None:
        paths = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from inrpde.export.foreign import serve; serve()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            start_new_session=True,  # Ctrl-C is the caller's
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        self._owner = os.getpid()
        if self._said("", START) != _READY:
            self.close()
            what = "the process that examines files before they are read does not start"
            raise OutputError(what, sys.executable, "run that Python with: -c 'import inrpde.export, h5py'")

    def _said(self, line: str, seconds: float) -> str | None:
        """The answer to a line, or None where the process has died, or had to be ended."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        timer = Timer(seconds, process.kill)
        timer.start()
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip() or None
        except OSError:
            return None
        except BaseException:  # a signal: the answer that is still to come must not be taken for the next one
            self.close()
            raise
        finally:
            timer.cancel()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()


_guard = _Guard()
atexit.register(_guard.close)


def serve() -> None:
    """The life of the process: a line with a file on stdin, a line with what is wrong with it on stdout."""
    import h5py

    for line in sys.stdin:
        if not line.strip():
            print(_READY, flush=True)
            continue
        path, sealed, size, seconds = json.loads(line)
        _limit(MEMORY + PER_BYTE * size, time.process_time() + seconds)
        said = None
        try:
            with h5py.File(path, "r") as file:
                seal.examine(file, size, sealed)
        except seal.Damaged as error:
            said = str(error)
        except BlockingIOError:
            said = "this file is open for writing in another program"
        except Exception:  # whatever HDF5 and h5py make of what they find
            ours = h5py.is_hdf5(path)
            said = "this file is damaged or incomplete" if ours else "this is not an HDF5 file, or it is truncated"
        print(json.dumps(said), flush=True)


def _limit(memory: int, seconds: float) -> None:
    with suppress(ImportError, ValueError, OSError):  # not every system has limits
        import resource

        for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, math.ceil(seconds))):
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
