"""An output is there whole or not at all: real processes killed, real disks full, real folders read-only."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from inrpde.errors import OutputError
from inrpde.export import Dataset, hdf5, read, write
from inrpde.export.atomic import replacing, replacing_all


def filled(value, count=8, **more):
    axes = [np.linspace(0, 1, count)] * 2
    return Dataset("grid", ("x", "y"), {"u": np.full((count, count), float(value))}, axes=axes, **more)


WRITER = """
import itertools, sys
import numpy as np
from inrpde.export import Dataset, write
for number in itertools.count():
    axes = [np.linspace(0, 1, 1200)] * 2
    write(sys.argv[1], Dataset("grid", ("x", "y"), {"u": np.full((1200, 1200), float(number))}, axes=axes))
    print(number, flush=True)
"""


def parts(folder):
    return [path for path in folder.iterdir() if path.name.endswith(".part")]


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03])
def test_a_process_killed_while_it_writes_leaves_a_whole_file(tmp_path, delay):
    path = tmp_path / "out.h5"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "0\n"
            until = time.monotonic() + 20
            while not parts(tmp_path):
                assert time.monotonic() < until
                time.sleep(0.001)
            time.sleep(delay)
        finally:
            child.send_signal(signal.SIGKILL)
    values = read(path).fields["u"]
    assert values.shape == (1200, 1200)
    assert (values == values[0, 0]).all()


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError, RuntimeError])
def test_an_exception_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    path = tmp_path / "out.h5"
    write(path, filled(1))

    def broken(*_):
        raise error("in the middle")

    monkeypatch.setattr(hdf5, "put_tree", broken)
    with pytest.raises(OutputError if error in (OSError, RuntimeError) else error, match="in the middle"):
        write(path, filled(2))
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.h5"]
    assert (read(path).fields["u"] == 1).all()


def test_what_does_not_read_back_is_not_moved_into_place(tmp_path, monkeypatch):
    path = tmp_path / "out.h5"
    write(path, filled(1))
    fill = hdf5._fill

    def spoilt(file, *rest):
        fill(file, *rest)
        file["u"][3, 3] = 7.0

    monkeypatch.setattr(hdf5, "_fill", spoilt)
    with pytest.raises(OutputError, match="not what was written"):
        write(path, filled(2))
    assert (read(path).fields["u"] == 1).all()


LIMITED = """
import resource, sys
import numpy as np
from inrpde.errors import OutputError
from inrpde.export import Dataset, write
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
axes = [np.linspace(0, 1, 700)] * 2
try:
    fields, private = {"u": np.zeros((700, 700))}, {"w": np.ones(90_000)}
    write(sys.argv[1], Dataset("grid", ("x", "y"), fields, axes=axes, private=private))
except OutputError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("limit", [0, 3_000, 2_000_000, 4_000_000])
def test_a_disk_without_room(tmp_path, limit):
    path = tmp_path / "out.h5"
    write(path, filled(1))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), str(limit)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 6, done.stderr
    assert "could not be written: File too large\n" in done.stdout
    assert str(path) in done.stdout
    assert "fix:" in done.stdout
    assert "Traceback" not in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.h5"]
    assert (read(path).fields["u"] == 1).all()


def test_places_that_are_no_place_for_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    cases = {
        tmp_path: "folder",
        tmp_path / "a/b.h5": "no folder",
        tmp_path / "file/b.h5": "no folder",
        Path("/dev/null"): "device",
    }
    for path, word in cases.items():
        with pytest.raises(OutputError, match=word) as error:
            write(path, filled(1))
        assert error.value.exit_code == 6
        assert error.value.where == str(path)
        assert error.value.fix
    with pytest.raises(OutputError, match="long"):
        write(tmp_path / ("n" * 300), filled(1))
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_read_only_places(what):
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "kept.h5"
        write(path, filled(1))
        path.chmod(0o444)
        folder.chmod(0o555 if what == "folder" else 0o777)
        child = os.fork()
        if child == 0:  # root may write anywhere, so nobody tries
            status = 1
            try:
                if os.getuid() == 0:
                    os.setgid(65534)
                    os.setuid(65534)
                write(path, filled(2))
            except OutputError as error:
                status = 0 if f"{what} " in str(error) and "read-only" in str(error) and error.fix else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        folder.chmod(0o755)
        assert (read(path).fields["u"] == 1).all()


def test_a_link_stays_a_link_and_permissions_stay(tmp_path):
    target = tmp_path / "target.h5"
    write(target, filled(1))
    target.chmod(0o640)
    (tmp_path / "link.h5").symlink_to(target)
    write(tmp_path / "link.h5", filled(2))
    assert (tmp_path / "link.h5").is_symlink()
    assert (read(target).fields["u"] == 2).all()
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path):
    write(tmp_path / "new.h5", filled(1))
    (tmp_path / "usual").write_text("")
    assert (tmp_path / "new.h5").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_text_through_the_same_door(tmp_path):
    with replacing(tmp_path / "page.html") as beside:
        beside.write_text("<p>")
        assert not (tmp_path / "page.html").exists()
    assert (tmp_path / "page.html").read_text() == "<p>"


def filled_folder(path, text):
    path.mkdir()
    (path / "parts").mkdir()
    for name in ("a", "parts/b"):
        (path / name).write_text(text)


def content(path):
    return {str(each.relative_to(path)): each.read_text() for each in path.rglob("*") if each.is_file()}


def test_folders_and_files_take_their_places_together(tmp_path):
    filled_folder(tmp_path / "out.zarr", "old")
    (tmp_path / "out.zarr/left").write_text("over")
    (tmp_path / "out.zarr").chmod(0o750)
    with replacing_all(tmp_path / "out.zarr") as beside:
        filled_folder(beside, "new")
        beside.with_name("index").write_text("new")
        assert content(tmp_path / "out.zarr")["a"] == "old"
    assert content(tmp_path / "out.zarr") == {"a": "new", "parts/b": "new"}
    assert (tmp_path / "out.zarr").stat().st_mode & 0o777 == 0o750
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "out.zarr"]


@pytest.mark.parametrize("failure", ["while it is written", "between the moves"])
def test_a_folder_that_was_there_is_there_again_when_it_is_not_replaced(tmp_path, monkeypatch, failure):
    filled_folder(tmp_path / "out.zarr", "old")
    move, moves = Path.replace, []

    def refused(path, target):
        moves.append(target)
        if len(moves) == 2:
            raise KeyboardInterrupt
        return move(path, target)

    with pytest.raises(KeyboardInterrupt), replacing_all(tmp_path / "out.zarr") as beside:  # noqa: PT012
        filled_folder(beside, "new")
        if failure == "while it is written":
            raise KeyboardInterrupt
        monkeypatch.setattr(Path, "replace", refused)
    assert [path.name for path in tmp_path.iterdir()] == ["out.zarr"]
    assert content(tmp_path / "out.zarr") == {"a": "old", "parts/b": "old"}


def test_a_process_that_is_killed_leaves_a_folder_of_old_or_new_alone(tmp_path):
    """At every call into the system that changes names."""
    code = """
import os, sys
from pathlib import Path
from inrpde.export.atomic import replacing_all
folder, left = "", 0
def counted(event, given):
    global left
    if event in ("os.rename", "os.remove", "os.rmdir"):
        left -= 1
        if left < 0:
            os._exit(9)
for folder, left in ((each, int(each.rpartition("/")[2])) for each in sys.argv[1:]):
    child = os.fork()
    if not child:
        with replacing_all(folder + "/out") as beside:
            beside.mkdir()
            for name in "ab":
                (beside / name).write_text("new")
            sys.addaudithook(counted)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    folders = [tmp_path / str(left) for left in range(8)]
    for folder in folders:
        folder.mkdir()
        (folder / "out").mkdir()
        for name in "ab":
            (folder / "out" / name).write_text("old")
    done = subprocess.run([sys.executable, "-c", code, *map(str, folders)], capture_output=True, text=True, check=True)
    ended = [int(each) for each in done.stdout.split()]
    for folder in folders:
        whole = ({"a": "old", "b": "old"}, {"a": "new", "b": "new"})
        if (folder / "out").exists():
            assert content(folder / "out") in whole
        else:  # between the two renames
            (old,) = (path for path in folder.iterdir() if path.suffix == ".old")
            assert content(old) == whole[0]
    assert ended == sorted(ended, reverse=True)
    assert {0, 9} == set(ended)


def test_a_file_is_no_place_for_a_folder(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="a file is there"), replacing_all(tmp_path / "out") as beside:
        filled_folder(beside, "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out", "mine")]


def test_a_process_survives_a_disk_that_is_full(tmp_path):
    """HDF5 that cannot write what it holds would end the process by a segmentation fault on its way out."""
    code = """
import resource, sys
import numpy as np
from inrpde.errors import OutputError
from inrpde.export import Dataset, write
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
axes = [np.linspace(0, 1, 200)] * 2
try:
    write(sys.argv[1], Dataset("grid", ("x", "y"), {"u": np.ones((200, 200))}, axes=axes))
except OutputError as error:
    print(error.what)
    sys.exit(6)
"""
    words = [sys.executable, "-c", code, str(tmp_path / "out.h5")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (6, "")
    assert done.stdout == "the result could not be written: File too large\n"
    assert list(tmp_path.iterdir()) == []
