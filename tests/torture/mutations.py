"""Damaged and hostile copies of small outputs and of a checkpoint, and what comes of reading them.

`python mutations.py FOLDER` reads numbers from stdin and writes a line of JSON for each: which sample, what was done to
it, and what came of it ("same", "refused", or what is wrong). With `make` behind FOLDER it writes the samples first.
"""

import io
import json
import os
import resource
import shutil
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

import h5py
import meshio
import numpy as np
from sympy import Interval, Piecewise, exp

import inrpde
from inrpde import GridField, Mesh, MeshField, Solution, Space, pipeline
from inrpde.cli import main
from inrpde.errors import OutputError, UsageError
from inrpde.export import read
from inrpde.export import report as html
from inrpde.export.seal import seal
from inrpde.found import Domain, NetworkField
from inrpde.networks.corner import CornerFunctions, corner_modes
from inrpde.networks.partition import Windowed, windows
from inrpde.networks.siren import SineBody
from inrpde.networks.slab import Slab
from inrpde.networks.trial import Constant, Sum

MEMORY = 6 * 2**30
"""Bytes of address space of this process."""
SAMPLES = ("grid.h5", "mesh.h5", "complex.h5", "line.h5.checkpoint")
REPORT = {"problem": "p", "status": "ok", "verdict": {"word": "verified", "because": "…"}, "fields": {}, "seed": 3}
LINE = Path(__file__).parents[1].joinpath("line.py").read_text(encoding="utf-8")


# -- samples


def make(folder):
    rng = np.random.default_rng(0)
    plane, film = Space("x y"), Space("x y", time="t")
    x, y = plane.coords
    box, cube = (np.zeros(2), np.ones(2)), (np.zeros(3), np.ones(3))

    def network(trial, complex=False):
        head = rng.standard_normal(trial.width)
        return NetworkField(trial, head + 1j * rng.standard_normal(trial.width) if complex else head)

    def body(box, layers=1):
        return SineBody.random(7, 3.0, box, rng, layers=layers)

    reference = Solution(plane.coords, None, {"u": GridField(rng.random((6, 5)), axes(6, 5))}, Domain(*box))
    Solution(
        plane.coords, None, {"u": network(body(box)), "v": network(body(box, 2))}, Domain(*box), grid=(9, 7),
        coefficients={"a": exp(x) + Piecewise((y, x < 0.5), (1, True)), "b": GridField(rng.random((6, 5)), axes(6, 5))},
        learned={"nu": 0.25}, report=REPORT, reference=reference,
    ).save(folder / "grid.h5")  # fmt: skip

    grid = np.stack(np.meshgrid(*axes(4, 4), indexing="ij"), axis=-1).reshape(-1, 2)
    corner = np.add.outer(np.arange(3) * 4, np.arange(3)).ravel()[:, None]
    cells = np.concatenate([corner + np.array(triangle) for triangle in ([0, 4, 1], [4, 5, 1])])
    mesh = Mesh(film, meshio.Mesh(grid, [("triangle", cells)]))
    Solution(
        film.coords, film.time, {"u": network(body(cube))}, Domain(*cube, (mesh.over(Interval(0, 1)),)), report=REPORT,
        coefficients={"a": MeshField(mesh, 1 + mesh.nodes @ [1, 2])}, times=np.linspace(0, 1, 4),
    ).save(folder / "mesh.h5")  # fmt: skip

    patches = map(Windowed, [body(box)] * 4, windows([np.array([0, 0.4, 1.0])] * 2, 4))
    corners = CornerFunctions((0.5, 0.5), 0.3, 1.0, corner_modes(1.5 * np.pi, ("value", "slope"), 2))
    trial = Sum((Constant(), corners, *patches, Slab(body(box), -np.inf, 0.5)))
    Solution(plane.coords, None, {"u": network(trial, True)}, Domain(*box), grid=(8, 6), report=REPORT).save(
        folder / "complex.h5"
    )

    (folder / "line.py").write_text(LINE)
    estimate, calls = pipeline.estimate, []

    def stopped(*given, **more):
        calls.append(given)
        if len(calls) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return estimate(*given, **more)

    pipeline.estimate = stopped
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        main(solve(folder))
    pipeline.estimate = estimate
    assert (folder / "line.h5.checkpoint").exists()


def axes(*counts):
    return tuple(np.linspace(0, 1, count) for count in counts)


def solve(folder, *more):
    return ["solve", str(folder / "line.py"), "-o", str(folder / "line.h5"), "--reference", "none", *more]


# -- mutations: of bytes


def flip(data, rng):
    for _ in range(rng.integers(1, 9)):
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)


def blank(data, rng):
    start, length = rng.integers(len(data)), rng.integers(1, 512)
    data[start : start + length] = bytes(len(data[start : start + length]))


def noise(data, rng):
    start = rng.integers(len(data))
    data[start : start + 16] = rng.bytes(len(data[start : start + 16]))


def cut(data, rng):
    del data[rng.integers(len(data)) :]


def double(data, rng):
    here, there, length = *rng.integers(len(data), size=2), rng.integers(1, 4096)
    data[here:here] = data[there : there + length]


def move(data, rng):
    here, there, length = *rng.integers(len(data), size=2), rng.integers(1, 4096)
    data[here : here + length] = data[there : there + length]


BYTES = (flip, blank, noise, cut, double, move)


# -- mutations: of structure


def nodes(file, kind=h5py.Dataset):
    found = []
    file.visititems(lambda name, node: found.append(name) if isinstance(node, kind) else None)
    return sorted(found)


def pick(file, rng, kind=h5py.Dataset):
    return str(rng.choice(nodes(file, kind)))


def put(file, name, value, **more):
    kept = dict(file[name].attrs)
    del file[name]
    file.create_dataset(name, data=value, **more)
    for key, each in kept.items():
        if key not in ("DIMENSION_LIST", "REFERENCE_LIST"):
            file[name].attrs[key] = each


def value(file, rng):
    name = pick(file, rng)
    data = file[name][()]
    if isinstance(data, bytes):
        put(file, name, data[: len(data) // 2] + b"~")
    elif np.size(data):
        flat = np.array(data, copy=True).reshape(-1)
        extreme = rng.choice([0, 1, -1, 1e9, np.nan, np.inf]) if flat.dtype.kind == "f" else rng.integers(-5, 99)
        flat[rng.integers(len(flat))] = np.asarray(extreme).astype(flat.dtype)
        put(file, name, flat.reshape(np.shape(data)))


def shape(file, rng):
    name = pick(file, rng)
    data = np.asarray(file[name][()])
    if data.dtype.kind not in "OSb":
        put(file, name, [data.reshape(-1), data[None], data.reshape(-1)[:-1], data.T][rng.integers(4)])


def kind(file, rng):
    name = pick(file, rng)
    data = np.asarray(file[name][()])
    if data.dtype.kind in "fiu":
        put(file, name, data.astype(rng.choice(["f4", "i2", "u1", ">f8", "S7", "c16", "f2"])))


def text(file, rng):
    name = pick(file, rng)
    put(file, name, str(rng.choice(["", "sin", "{}", "[1", "network", "x" * 9999, "é", "Integer(1)", "None"])))


def attribute(file, rng):
    node = file[pick(file, rng, (h5py.Dataset, h5py.Group))] if rng.random() < 0.5 else file
    names = sorted(set(node.attrs) - {"DIMENSION_LIST", "REFERENCE_LIST"})
    name = str(rng.choice(names)) if names and rng.random() < 0.8 else "encoding"
    choice = rng.integers(5)
    if choice == 0 and name in node.attrs:
        del node.attrs[name]
    else:
        node.attrs[name] = ["complex", -1, "list", np.arange(3.0), '["a"]'][choice]


def gone(file, rng):
    del file[pick(file, rng, (h5py.Dataset, h5py.Group))]


def swap(file, rng):
    one, two = pick(file, rng), pick(file, rng)
    if one != two:
        file.move(one, "aside")
        file.move(two, one)
        file.move("aside", two)


def link(file, rng):
    name, outside = pick(file, rng, (h5py.Dataset, h5py.Group)), str(Path(file.filename).with_name("outside.h5"))
    pipe = str(Path(file.filename).with_name("pipe"))
    targets = (
        *(h5py.ExternalLink(outside, "u"), h5py.ExternalLink(pipe, "u"), h5py.ExternalLink("/dev/zero", "u")),
        *(h5py.SoftLink("/x"), h5py.SoftLink("/nowhere"), h5py.SoftLink(f"/{name}"), file["/"], file[pick(file, rng)]),
    )
    target = targets[rng.integers(len(targets))]
    del file[name]
    file[name] = target


def elsewhere(file, rng):
    """Data in another file: in an HDF5 file, and as they are."""
    name = pick(file, rng)
    data = np.asarray(file[name][()])
    if data.dtype.kind in "fiu":
        del file[name]
        outside, dtype = str(Path(file.filename).with_name("outside.h5")), data.dtype
        if rng.random() < 0.5:
            layout = h5py.VirtualLayout(data.shape, dtype)
            layout[...] = h5py.VirtualSource(outside, "u", data.shape, dtype)
            file.create_virtual_dataset(name, layout)
        else:
            file.create_dataset(name, data.shape, dtype, external=[(outside, 0, h5py.h5f.UNLIMITED)])


def huge(file, rng):
    """Shapes, chunks and filters that ask for more than there is."""
    name = pick(file, rng)
    rank = max(file[name].ndim, 1)
    del file[name]
    many = (int(rng.choice([10**6, 10**9, 2**34])), *(4,) * (rank - 1))
    match rng.integers(4):
        case 0:
            file.create_dataset(name, many, "f8")
        case 1:
            file.create_dataset(name, many, "f8", chunks=(64, *(4,) * (rank - 1)), compression="gzip")
        case 2:
            file.create_dataset(name, (2,) * rank, "f8", maxshape=(None,) * rank, chunks=(2**27, *(1,) * (rank - 1)))
        case 3:
            made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            made.set_chunk((4,) * rank)
            for _ in range(2):
                made.set_deflate(9)
            space = h5py.h5s.create_simple((4,) * rank)
            h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_DOUBLE, space, dcpl=made)


def repack(file, rng):
    """The same content, laid out otherwise: `h5repack`."""
    beside = Path(file.filename).with_suffix(".repacked")
    with h5py.File(beside, "w", libver=["earliest", "latest"][rng.integers(2)]) as made:
        for name in rng.permutation(sorted(file)):
            file.copy(str(name), made)
        for name, each in file.attrs.items():
            made.attrs[name] = each
        for name in nodes(made):
            data = made[name]
            if data.dtype.kind in "fiu" and data.ndim and data.size and not data.is_virtual and rng.random() < 0.3:
                put(made, name, data[()], chunks=True, compression="gzip", shuffle=True, fletcher32=True)
    shutil.copy(beside, Path(file.filename).with_suffix(".over"))


STRUCTURE = (value, shape, kind, text, attribute, gone, swap, link, elsewhere, huge, repack)


def mutated(path, rng):
    """Change the file at `path`; gives what was done, and whether its checksum was mended after it."""
    if rng.random() < 0.5:
        change, data = BYTES[rng.integers(len(BYTES))], bytearray(path.read_bytes())
        change(data, rng)
        path.write_bytes(data)
        return change.__name__, False
    change, mend = STRUCTURE[rng.integers(len(STRUCTURE))], bool(rng.random() < 0.4)
    with h5py.File(path, "r+") as file:
        change(file, rng)
        mend = mend and change not in (link, elsewhere, huge)
        if mend:
            seal(file)
    over = path.with_suffix(".over")
    if over.exists():
        over.replace(path)
    return change.__name__ + mend * " and mended", mend


# -- what comes of them


def outcome(path):
    """All that there is in an output: values of fields and coefficients, the report, the comparison."""
    found, stored = {}, read(path)
    for name, values in stored.fields.items():
        found[f"field {name}"] = values
    solution = inrpde.load(path)
    points = np.random.default_rng(1).random((7, len(solution.coords)))
    values = solution(points)
    for name in (*values, *solution.coefficients):
        found[f"value of {name}"] = values[name]
    found["learned"] = np.array(sorted(solution.learned.items()))
    if solution.reference is not None:
        found |= {f"reference {name}": each for name, each in solution.reference(points).items()}
    return found


@cache
def pristine(path):
    return outcome(path)


def printed(words):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    return code, out.getvalue(), err.getvalue()


def output(folder, path, sample):
    """What is wrong with reading a mutated output, or "same" or "refused"."""
    html.png = lambda dataset: b""  # the pictures take most of the time, and show the fields that are compared here
    said = []
    try:
        found = outcome(path)
    except OutputError as error:
        if not (error.what and error.where and error.fix):
            return f"an error without its three parts: {error.args}"
        said.append("refused")
    else:
        said.append("same" if alike(found, pristine(folder / sample)) else "different")
    page = path.with_suffix(".html")
    for words in (
        ["report", str(path), "-o", str(page), "--json"],
        ["compare", str(folder / sample), str(path), "--json"],
    ):
        code, out, err = printed(words)
        if code not in (0, OutputError.exit_code) or "unexpected" in out + err:
            return f"{words[0]} ended with {code}: {out}{err}"
        if code == 0 and words[0] == "compare":
            said.append("same" if all(each["max"] == 0 for each in json.loads(out)["fields"].values()) else "different")
    return "different" if "different" in said else said[0]


def alike(one, two):
    return one.keys() == two.keys() and all(
        np.array_equal(each, two[name], equal_nan=each.dtype.kind in "fc") for name, each in one.items()
    )


def resumed(folder, path):
    """What is wrong with going on from a mutated checkpoint."""
    shutil.copy(path, folder / SAMPLES[-1])
    code, out, err = printed(solve(folder, "--resume"))
    if "unexpected" in out + err or code not in (0, OutputError.exit_code, UsageError.exit_code):
        return f"solve --resume ended with {code}: {out}{err}"
    if code:
        return "refused"
    return "same" if alike(outcome(folder / "line.h5"), pristine(folder / "resumed.h5")) else "different"


def attempt(folder, number):
    sample, rng = SAMPLES[number % len(SAMPLES)], np.random.default_rng([20, number])
    path = folder / f"mutated-{sample}"
    shutil.copy(folder / "pristine" / sample, path)
    done, mended = mutated(path, rng)
    came = resumed(folder, path) if sample == SAMPLES[-1] else output(folder, path, sample)
    if mended and came == "different":  # what it says, it says under its own checksum
        came = "same"
    return {"number": number, "sample": sample, "mutation": done, "outcome": came}


def run(folder):
    with h5py.File(folder / "outside.h5", "w") as file:
        file["u"] = np.zeros(1000)
    if not (folder / "pristine").exists():
        (folder / "pristine").mkdir()
        for sample in SAMPLES:
            shutil.copy(folder / sample, folder / "pristine" / sample)
        printed(solve(folder, "--resume"))
        shutil.copy(folder / "line.h5", folder / "resumed.h5")
    if not (folder / "pipe").exists():
        os.mkfifo(folder / "pipe")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        print(json.dumps(attempt(folder, int(line))), file=answers, flush=True)


if __name__ == "__main__":
    if sys.argv[2:] == ["make"]:
        make(Path(sys.argv[1]))
    run(Path(sys.argv[1]))
