"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from inrpde.errors import OutputError

if TYPE_CHECKING:
    import h5py

BLOCK = 2**20
"""Bytes by which a file in memory grows."""
_MEND = "give another place with -o, or free this one (is the disk full, the folder there and yours to write?)"


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path beside `path` to write to; when the block ends well its file reaches the disk and takes the place of that.

    When the block ends badly, or the process dies in it, whatever was at `path` is still there, whole.
    Raises `OutputError` where `path` cannot be written.
    """
    target = Path(os.path.realpath(path))
    check_place(path)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            yield beside
            _take_place(beside, target)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
    except (OSError, RuntimeError) as error:  # HDF5 ends in either when the system refuses
        raise OutputError(f"the result could not be written: {_reason(error)}", str(path), _MEND) from error


@contextmanager
def replacing_all(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path of the same name as `path` in an empty folder beside it; when the block ends well, all that lies in that
    folder, files and folders, takes the places of what has its names beside `path`, one after the other, each whole.

    A folder that is there is moved away before the new one takes its place, and removed after that: a process that is
    killed in between leaves it, whole, as `.NAME.….old`. When the block ends badly, nothing has changed. Raises
    `OutputError` where something cannot be written, or would replace a file by a folder or a folder by a file.
    """
    target = Path(path)
    room = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        room.mkdir()
        try:
            yield room / target.name
            made = sorted(room.iterdir())
            for each in made:
                check_place(target.parent / each.name, folder=each.is_dir())
            for each in made:
                _take_place(each, _beside(each, target))
        finally:
            shutil.rmtree(room, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"the result could not be written: {_reason(error)}", str(path), _MEND) from error


def _beside(made: Path, target: Path) -> Path:
    """Where what was made beside a target belongs; a link stays a link."""
    return Path(os.path.realpath(target.parent / made.name))


def _take_place(made: Path, target: Path) -> None:
    """Move a file, or a folder, to a target once it has reached the disk; what was there keeps its permissions."""
    for each in (*made.rglob("*"), made) if made.is_dir() else (made,):
        with suppress(OSError) if each.is_dir() else nullcontext():  # not every file system flushes folders
            _flush(each)
    if not target.exists():
        made.replace(target)
    elif made.is_dir():
        old = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
        made.chmod(target.stat().st_mode & 0o777)
        try:
            target.replace(old)
            made.replace(target)
        except BaseException:
            if old.exists() and not target.exists():
                old.replace(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    else:
        made.chmod(target.stat().st_mode & 0o777)
        made.replace(target)
    with suppress(OSError):
        _flush(target.parent)


@contextmanager
def new_hdf5(path: Path) -> Iterator[h5py.File]:
    """A new HDF5 file, made in memory and written when the block ends well: where the system refuses a write, HDF5
    tries again when the process ends, and ends it by a segmentation fault."""
    import h5py

    with h5py.File(path.name, "w", driver="core", backing_store=False, block_size=BLOCK) as file:
        yield file
        file.flush()
        image = file.id.get_file_image()
    path.write_bytes(image)


def check_place(path: str | os.PathLike[str], folder: bool = False) -> None:
    """Raise OutputError where no file, or no folder, can be written at `path`."""
    target = Path(os.path.realpath(path))

    def refuse(reason: str, fix: str) -> None:
        raise OutputError(f"the result could not be written: {reason}", str(path), fix)

    try:
        if folder and target.exists() and not target.is_dir():
            refuse("it is a folder, and a file is there", "give another name with -o, or remove that file")
        if target.is_dir() and not folder:
            refuse("this is a folder", f"name a file in it: {Path(path) / 'result.h5'}")
        if target.exists() and not (target.is_file() or target.is_dir()):
            refuse("this is a device or a pipe, not a file", "name a file; it is written beside and moved into place")
        if not target.parent.is_dir():
            refuse(
                f"there is no folder {target.parent}",
                f"make it (mkdir -p {target.parent}), or give another place with -o",
            )
        if not os.access(target.parent, os.W_OK | os.X_OK):
            refuse(f"the folder {target.parent} is read-only", _MEND)
        if target.exists() and not os.access(target, os.W_OK):
            kind = "folder" if folder else "file"
            refuse(f"the {kind} there is read-only", "give another name with -o, or make it writable")
    except OSError as error:
        refuse(error.strerror or str(error), _MEND)


def _reason(error: OSError | RuntimeError) -> str:
    """The system's own words; HDF5 wraps them in pages of addresses."""
    wrapped = re.search(r"error message = '([^']+)'", str(error))
    return wrapped[1] if wrapped else getattr(error, "strerror", None) or str(error)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
