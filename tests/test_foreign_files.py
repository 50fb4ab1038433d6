"""Files that are damaged or made to do harm: they are read as they were written, or refused."""

import collections
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from inrpde.checkpoint import Checkpoint
from inrpde.cli import main
from inrpde.errors import OutputError
from inrpde.export import Dataset, foreign, read, write
from inrpde.export.seal import SEAL, seal

COUNT = int(os.environ.get("INRPDE_MUTATIONS", "6"))
"""`make torture` asks for 1,000."""
SECONDS = 90.0
"""Until a mutation counts as a hang; a file may take ten."""
SCRIPT = Path(__file__).parent / "torture" / "mutations.py"
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


class Worker:
    """A process that reads mutated files one after another."""

    def __init__(self, folder, *words):
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
        )  # fmt: skip

    def __call__(self, number):
        timer = threading.Timer(SECONDS, self.process.kill)
        timer.start()
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        timer.cancel()
        if said:
            return json.loads(said)
        trace = self.process.communicate()[1].strip().splitlines()
        last = " ".join(trace[-1:]) or f"exit {self.process.returncode}"
        return {"number": number, "sample": "?", "mutation": "?", "outcome": f"a hang, a crash or a traceback: {last}"}


def test_mutated_files_are_read_as_they_were_or_refused(tmp_path):
    worker, came = Worker(tmp_path, "make"), []
    for number in range(COUNT):
        if worker.process.poll() is not None:
            worker = Worker(tmp_path)
        came.append(worker(number))
    worker.process.communicate()
    wrong = [each for each in came if each["outcome"] not in ("same", "refused")]
    counted = collections.Counter(each["outcome"] for each in came)
    print(f"{len(came) - len(wrong)} of {len(came)} mutated files: {dict(counted)}")
    assert not wrong, "\n".join(map(json.dumps, wrong))
    assert counted["refused"] > COUNT / 2  # the mutations do harm
    assert counted["same"] > COUNT / 50  # and not every file is refused


# -- one by one


def written(folder, name="a.h5"):
    axes = np.linspace(0, 1, 5), np.linspace(0, 2, 4)
    private = {"fields": {"u": {"weights": np.arange(6.0)}}, "words": "some text", "on": True}
    write(folder / name, Dataset("grid", ("x", "y"), {"u": np.arange(20.0).reshape(5, 4)}, axes=axes, private=private))
    return folder / name


def refused(path, words=""):
    begin = time.monotonic()
    with pytest.raises(OutputError, match=words) as error:
        read(path)
    assert error.value.what
    assert error.value.where == str(path)
    assert error.value.fix
    assert time.monotonic() - begin < 60


def test_a_changed_value_is_noticed_wherever_it_is(tmp_path):
    places = ["u", "x", "inrpde/fields/u/weights", "inrpde/on", "VTKHDF/PointData/u"]
    for place in places:
        path = written(tmp_path)
        with h5py.File(path, "r+") as file:
            file[place][...] = file[place][()] + np.asarray(1).astype(file[place].dtype)
        refused(path, "checksum")
    for name in ("kind", "fields", "schema", "json_attributes", SEAL):
        path = written(tmp_path)
        with h5py.File(path, "r+") as file:
            file.attrs[name] = "other"
        refused(path, "checksum")


def test_a_file_without_a_checksum_is_refused_with_what_to_do(tmp_path):
    path = written(tmp_path)
    with h5py.File(path, "r+") as file:
        del file.attrs[SEAL]
    refused(path, "no checksum")


@pytest.mark.parametrize(
    "how", [{}, {"chunks": True}, {"compression": "gzip", "shuffle": True, "fletcher32": True}], ids=str
)
def test_a_copy_that_is_laid_out_otherwise_is_the_same(how, tmp_path):
    """What h5repack does: other chunks and filters, another order, another format of the file."""
    path = written(tmp_path)
    with h5py.File(path) as file, h5py.File(tmp_path / "b.h5", "w", libver="latest") as other:
        for name in reversed(list(file)):
            file.copy(name, other)
        for name, value in file.attrs.items():
            other.attrs[name] = value
        if how:
            values = other["inrpde/fields/u/weights"][()]
            del other["inrpde/fields/u/weights"]
            other["inrpde/fields/u"].create_dataset("weights", data=values, **how)
    one, two = read(path), read(tmp_path / "b.h5")
    assert np.array_equal(one.fields["u"], two.fields["u"])
    assert np.array_equal(one.private["fields"]["u"]["weights"], two.private["fields"]["u"]["weights"])


def linked(file, target):
    del file["inrpde/fields/u/weights"]
    file["inrpde/fields/u/weights"] = target


def external(file):
    del file["inrpde/fields/u/weights"]
    file["inrpde/fields/u"].create_dataset(
        "weights", (6,), "f8", external=[(str(Path(file.filename).parent / "raw"), 0, 48)]
    )


def virtual(file, source):
    del file["inrpde/fields/u/weights"]
    layout = h5py.VirtualLayout((6,), "f8")
    layout[...] = h5py.VirtualSource(source, "u", (6,), "f8")
    file.create_virtual_dataset("inrpde/fields/u/weights", layout)


OUTSIDE = {
    "a pipe": lambda file, pipe: linked(file, h5py.ExternalLink(pipe, "u")),
    "a device": lambda file, pipe: linked(file, h5py.ExternalLink("/dev/zero", "u")),
    "another file": lambda file, pipe: linked(file, h5py.ExternalLink("other.h5", "u")),
    "a soft link": lambda file, pipe: linked(file, h5py.SoftLink("/u")),
    "a circle": lambda file, pipe: linked(file, file["inrpde"]),
    "a type": lambda file, pipe: linked(file, np.dtype("f8")),
    "a reference": lambda file, pipe: linked(file, file["u"].ref),
    "external data": lambda file, pipe: external(file),
    "virtual data in a file": lambda file, pipe: virtual(file, "other.h5"),
    "virtual data in a pipe": lambda file, pipe: virtual(file, pipe),
}  # fmt: skip


@pytest.mark.parametrize("leads", OUTSIDE.values(), ids=OUTSIDE)
def test_nothing_outside_of_a_file_is_opened(leads, tmp_path):
    path, pipe = written(tmp_path), tmp_path / "pipe"
    written(tmp_path, "other.h5")
    (tmp_path / "raw").write_bytes(bytes(48))
    os.mkfifo(pipe)
    with h5py.File(path, "r+") as file:
        leads(file, str(pipe))
    refused(path, "link|file|type|circle")


def bomb(file, name, shape, chunk=None, deflate=0):
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if chunk:
        made.set_chunk(chunk)
    for _ in range(deflate):
        made.set_deflate(9)
    space = h5py.h5s.create_simple(shape, (h5py.h5s.UNLIMITED,) * len(shape) if chunk else shape)
    return h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_DOUBLE, space, dcpl=made)


def inflating(file):
    """A chunk that says it is small, and inflates to 64 megabytes."""
    data = bomb(file, "v", (4,), (4,), 1)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(64)) + packer.flush()
    data.write_direct_chunk((0,), packed)


BOMBS = {
    "a shape": lambda file: bomb(file, "v", (2**34,)),
    "many": lambda file: [bomb(file, f"v{n}", (2**20,)) for n in range(20)],
    "a chunk": lambda file: bomb(file, "v", (1,), (2**28,)),
    "a chunk that is packed": lambda file: (
        bomb(file, "v", (2**20,), (2**20,), 1) and bomb(file, "w", (2**33,), (2**20,), 1)
    ),
    "packed twice": lambda file: bomb(file, "v", (4,), (4,), 2),
    "inflating": inflating,
}


@pytest.mark.parametrize("made", BOMBS.values(), ids=BOMBS)
def test_memory_is_bounded_before_it_is_asked_for(made, tmp_path):
    path = written(tmp_path)
    with h5py.File(path, "r+", libver="latest") as file:
        made(file)
    refused(path, "trap|filter")


def test_a_pipe_a_device_and_a_folder_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, words in ((tmp_path / "pipe", "pipe"), ("/dev/zero", "device"), (tmp_path, "folder"), ("a\0b", "read")):
        refused(path, words)
    refused(tmp_path / "none.h5", "no such file")


def hanging(folder):
    """A file whose texts HDF5 looks for for ever: in its heaps, an object of no length comes after another."""
    path = written(folder, "hanging.h5")
    data = bytearray(path.read_bytes())
    heaps = [at for at in range(len(data)) if data[at : at + 4] == b"GCOL"]
    assert heaps
    for at in heaps:
        data[at + 16 : at + 4096] = b"\7" + bytes(len(data[at + 16 : at + 4096]) - 1)
    path.write_bytes(data)
    return path


def test_a_file_on_which_hdf5_hangs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "SECONDS", 1.0)
    refused(hanging(tmp_path), "hangs")
    assert read(written(tmp_path)).fields["u"].shape == (5, 4)  # and the next is read as ever


def test_an_interrupt_does_not_mix_up_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "SECONDS", 30.0)
    path, begin = written(tmp_path), time.monotonic()
    read(path)

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(KeyboardInterrupt):
            read(hanging(tmp_path))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - begin < 20
    assert read(path).fields["u"].shape == (5, 4)


def test_data_that_are_not_ours_are_opened_without_a_checksum(tmp_path):
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["u"] = np.arange(6.0)
        file["flags"] = np.array([True, False])
        file["same"] = h5py.SoftLink("/u")
        file["u"].attrs["units"] = "m"
    with foreign.opened(tmp_path / "d.h5", "mend it", sealed=False) as file:
        assert np.array_equal(file["same"][...], np.arange(6.0))
    with h5py.File(tmp_path / "d.h5", "r+") as file:
        file["away"] = h5py.ExternalLink("/dev/zero", "u")
    with pytest.raises(OutputError, match="link"), foreign.opened(tmp_path / "d.h5", "mend it", sealed=False):
        pass


def test_parts_that_do_not_fit_together_are_refused_under_a_right_checksum(tmp_path):
    path = written(tmp_path)
    with h5py.File(path, "r+") as file:
        del file["x"]
        file["x"] = np.arange(3.0)
        seal(file)
    with pytest.raises(OutputError):
        read(path)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run.checkpoint", {"problem": "run"})
    memory = {"step": 1, "state": np.arange(50.0), "on": np.array([True]), "waves": np.ones(2) * 1j}
    checkpoint.save(memory)
    whole = checkpoint.path.read_bytes()
    assert np.array_equal(checkpoint.load()["state"], memory["state"])
    for cut in (0, 100, len(whole) // 2):
        checkpoint.path.write_bytes(whole[:cut])
        with pytest.raises(OutputError, match=r"damaged|truncated") as error:
            checkpoint.load()
        assert "--resume" in error.value.fix
    at = whole.index(np.arange(50.0).tobytes())
    checkpoint.path.write_bytes(whole[:at] + b"\1" + whole[at + 1 :])
    with pytest.raises(OutputError, match="checksum"):
        checkpoint.load()


@pytest.mark.parametrize("words", [["report", "{}"], ["compare", "{}", "{}"]])
def test_commands_say_what_is_wrong_in_three_parts(words, tmp_path, capsys):
    path = written(tmp_path)
    with h5py.File(path, "r+") as file:
        file["u"][0] = 99
    assert main([word.format(path) for word in words]) == 6
    said = capsys.readouterr().err
    assert all(part in said for part in ("checksum", "where: ", "fix: ", str(path)))
