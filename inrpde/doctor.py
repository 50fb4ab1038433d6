"""`inrpde doctor`: what there is to solve with, and what is missing or broken."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import numpy  # noqa: F401, its BLAS is looked at
import scipy.linalg  # noqa: F401, and scipy's
from threadpoolctl import threadpool_info

from inrpde import plugins
from inrpde.errors import InrpdeError
from inrpde.loader import load_problem
from inrpde.solvers.training.devices import there

OPTIONAL = {
    "matplotlib": "pictures: in reports, .png, .gif",
    "scikit-fem": "a reference by finite elements",
    "gmsh": "meshes of regions for that reference",
    "scikit-image": "reading pictures",
    "av": "reading videos",
    "nibabel": "reading scanned surfaces",
    "argcomplete": "completion in shells",
}
"""The packages that may be installed besides, and what for."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def examined() -> dict[str, Any]:
    """All of it, as plain data. The status is "failed" where a package that inrpde needs is missing, or a plugin of
    another package, or a method, reference or exporter of its own, cannot be loaded; `problems` says what to do."""
    versions, missing = _versions()
    sound, broken = _plugins()
    problems = [*missing, *(_mend(each) for each in broken)]
    return {
        "status": "failed" if problems else "ok",
        "versions": versions,
        "threads": _threads(),
        "devices": there(),
        "optional": _optional(),
        "plugins": {"sound": sound, "broken": broken},
        "problems": problems,
    }


def _versions() -> tuple[dict[str, str], list[dict[str, str | None]]]:
    """Of Python, the system, inrpde and what it needs; and an error for each that is missing."""
    found = {"python": platform.python_version(), "system": platform.platform(), "executable": sys.executable}
    missing = []
    declared = requires("inrpde") if _version("inrpde") else None
    needed = ["inrpde", *(text for text in declared or () if "extra ==" not in text)]
    for text in needed:
        name = _name(text)
        known = _version(name)
        found[name] = known or "missing"
        if known is None:
            what = f"{name} is not installed"
            missing.append(InrpdeError(what, "inrpde needs it", f"pip install '{text}'").as_dict())
    return found, missing


def _name(requirement: str) -> str:
    """The package of a requirement: `h5py` of `h5py>=3.12`."""
    return next((requirement[:k] for k, sign in enumerate(requirement) if sign in "<>=!~ ;[("), requirement)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def usable() -> int:
    """How many processors this process may use: on a shared machine fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _threads() -> dict[str, Any]:
    """Processors that this process may use, what the environment says, and the threads of each library for matrices."""
    found: dict[str, Any] = {"processors": usable()}
    found |= {name: os.environ[name] for name in THREADS if name in os.environ}
    for pool in threadpool_info():
        name = " ".join(filter(None, [pool["internal_api"], pool["version"], pool.get("architecture")]))
        found[name] = pool["num_threads"]
    return found


def _optional() -> list[dict[str, str | None]]:
    return [
        {"package": name, "version": _version(name), "install": f"pip install {name}", "use": use}
        for name, use in OPTIONAL.items()
    ]


def _plugins() -> tuple[int, list[dict[str, str | None]]]:
    """How many plugins load, and those that do not. Problems that come with inrpde are not run: what some of them need
    is optional, and they say so."""
    sound, broken = 0, list[dict[str, str | None]]()
    for group in plugins.GROUPS:
        for plugin in plugins.available(group).values():
            if group == "problems" and plugin.ours:
                continue
            try:
                if group == "problems":
                    load_problem(plugin.name, {})
                else:
                    plugin.load()
                sound += 1
            except InrpdeError as error:
                told = {"kind": plugin.kind, "name": plugin.name, "package": plugin.package, "error": error.what}
                broken.append({**told, "where": error.where, "fix": error.fix})
    return sound, broken


def _mend(broken: dict[str, str | None]) -> dict[str, str | None]:
    return InrpdeError(str(broken["error"]), broken["where"], broken["fix"]).as_dict()
