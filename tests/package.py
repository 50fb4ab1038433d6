"""What an index is given, tried as a stranger would: `make package`.

The source distribution and the wheel (which is built from it) are checked; tests that read pages and benchmarks pass in
the unpacked source. For each Python of `TESTED` that is on this machine the wheel goes into an environment that has
what it needs and nothing else, but torch: the problems that come with it are found, and one is solved. On the Python
that runs this, whose builds `constraints.txt` names, others are checked, training says how to get torch, and then torch
is added, and something is trained. (Any other Python would fetch gigabytes of another build for the same.)

`python tests/package.py 3.11` tries these versions alone.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path

from readme_renderer.markdown import render

ROOT = Path(__file__).parents[1]
TESTED = ("3.11", "3.12", "3.13")
LARGEST = 1024
"""MiB that a user's environment may take as it is installed with torch's build for processors; beside it is what Python
compiles when it imports."""
QUICK = (
    "tests/test_docs.py::test_every_public_name_has_a_heading_in_the_language",
    "tests/test_docs.py::test_the_citation_names_this_version",
    "tests/test_extending.py::test_a_region",
    "tests/test_benchmarks.py::test_the_table_has_the_fastest_of_those_that_reach_a_level",
)
"""Tests of the source distribution that read what lies beside the package, and take little time."""


def main() -> None:
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        wheel, source = built(there / "dist")
        shown(wheel)
        tested(source, there)
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        for version in sys.argv[1:] or TESTED:
            python = sys.executable if version == here else found(version)
            if python:
                installed(wheel, python, there / version, trains=version == here)
            else:
                print(f"package: Python {version} is not on this machine, and not tried", flush=True)
    print(f"package: all of it holds ({time.perf_counter() - begun:.0f} s)")


def call(*words: str | Path, cwd: Path = ROOT, code: int = 0, **environment: str) -> str:
    """What a command prints; exits where it ends in another way than expected."""
    written = {"PYTHONDONTWRITEBYTECODE": ""}  # or every command would compile what it imports
    done = subprocess.run(words, cwd=cwd, env=os.environ | written | environment, capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"package: {' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def found(version: str) -> str | None:
    """A Python of that version that runs, on the path or of pyenv, whose stand-ins on the path may not."""
    folders = [*os.get_exec_path(), *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin"))]
    there = [python for folder in folders if (python := shutil.which(f"python{version}", path=folder))]
    return next((each for each in there if subprocess.run([each, "-c", ""], capture_output=True).returncode == 0), None)


def require(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"package: {what}")


def built(folder: Path) -> tuple[Path, Path]:
    """The wheel and the source distribution, whose metadata an index would take."""
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    call(sys.executable, "-m", "twine", "check", "--strict", wheel, source)
    print(f"package: {wheel.name} and {source.name} are built and checked", flush=True)
    return wheel, source


def metadata(wheel: Path) -> tuple[list[str], str]:
    """What a wheel requires without extras, and its description."""
    with zipfile.ZipFile(wheel) as file:
        (name,) = [name for name in file.namelist() if name.endswith(".dist-info/METADATA")]
        message = BytesParser().parsebytes(file.read(name))
    needed = [each for each in message.get_all("Requires-Dist", []) if "extra ==" not in each]
    for version in TESTED:
        require(f"Programming Language :: Python :: {version}" in message.get_all("Classifier", []), f"no {version}")
    return needed, message.get_payload(decode=True).decode()


class Targets(HTMLParser):
    """Where links and pictures of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def shown(wheel: Path) -> None:
    """The README as an index renders it leads nowhere but to the open web."""
    page = render(metadata(wheel)[1])
    require(page is not None, "the README cannot be rendered")
    targets = Targets()
    targets.feed(page)
    lost = [target for target in targets.found if not re.match(r"https://|#", target)]
    require(not lost, f"links of the README lead nowhere on an index: {', '.join(lost)}")
    print(f"package: the README renders, and its {len(targets.found)} links are absolute", flush=True)


def tested(source: Path, folder: Path) -> None:
    """Tests pass in the unpacked source."""
    with tarfile.open(source) as file:
        file.extractall(folder, filter="data")
    unpacked = folder / source.name.removesuffix(".tar.gz")
    said = call(sys.executable, "-m", "pytest", *QUICK, cwd=unpacked, PYTHONPATH=str(unpacked))
    print(f"package: in the unpacked source {said.strip().splitlines()[-1]}", flush=True)


def installed(wheel: Path, python: str | Path, folder: Path, trains: bool) -> None:
    """The wheel in an environment of its own, first without torch."""
    call(python, "-m", "venv", "--without-pip", folder)
    pip = (sys.executable, "-m", "pip", "--python", folder)
    install = (*pip, "install", "--quiet", "--no-compile", "--constraint", ROOT / "constraints.txt")
    inrpde, work = folder / "bin/inrpde", folder / "work"
    work.mkdir()
    needed, _ = metadata(wheel)
    call(*install, "--no-deps", wheel)
    call(*install, *(each for each in needed if not each.startswith("torch")))

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    listed = call(inrpde, "list", cwd=work)
    missing = [name for name in declared["inrpde.problems"] if not re.search(rf"(?m)^  {name}\s", listed)]
    require(not missing, f"`inrpde list` does not find {', '.join(missing)}")
    call(inrpde, "solve", "poisson", "--tol", "1e-3", "-o", "answer.h5", cwd=work)
    print(f"package: Python {folder.name} finds the problems and solves one, without torch", flush=True)
    if trains:
        for problem in ("poisson", "terrain", "pipe"):  # an equation, one with a grid, and one with a mesh beside it
            call(inrpde, "check", problem, cwd=work)
        call(inrpde, "report", "answer.h5", cwd=work)
        refused = call(inrpde, "solve", "poisson", "--method", "adam", cwd=work, code=2)
        require("pip install torch" in refused, f"training does not say how to get torch: {refused}")
        call(*install, wheel)
        call(*pip, "check")
        call(inrpde, "solve", "poisson", "--method", "adam", "--set", "solver.steps=20", "-o", "adam.h5", cwd=work)
        size = sum(map(allocated, files(folder))) / 2**20
        require(size < LARGEST, f"an environment takes {size:.0f} MiB, more than {LARGEST}")
        print(f"package: with torch it trains; the environment takes {size:.0f} MiB", flush=True)


def files(folder: Path) -> Iterator[Path]:
    """What was installed: not links, nor what Python has compiled."""
    return (each for each in folder.rglob("*") if each.is_file() and not each.is_symlink() and each.suffix != ".pyc")


def allocated(path: Path) -> int:
    """Bytes on the disk."""
    return 512 * path.stat().st_blocks


if __name__ == "__main__":
    main()
