"""The packages of docs/examples: each installs, and does what it says, in an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs/examples"
PIP = [sys.executable, "-m", "pip"]
OFFLINE = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]


def done(command, **given):
    """What a process prints; what it says where it fails."""
    ran = subprocess.run([*map(str, command)], capture_output=True, text=True, **given)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def copied(name, folder):
    """A copy of an example: building leaves files beside the sources."""
    left = shutil.ignore_patterns(".*cache", "__pycache__", "build", "*.egg-info")
    return shutil.copytree(EXAMPLES / name, folder / name, ignore=left)


@pytest.mark.slow
def test_the_example_is_found_and_its_settings_reach_it(tmp_path):
    done([*PIP, "install", *OFFLINE, "--target", tmp_path / "site", copied("inrpde-example", tmp_path)])
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    chosen = ["--method", "rff", "--set", "rff.sigma=5", "--set", "solver.width=100", "--reference", "none"]
    command = [sys.executable, "-m", "inrpde", "solve", "ripple", *chosen, "-o", "a.zarr", "--json"]
    told = json.loads(done(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}))
    assert (told["method"], told["output"]) == ("rff", "a.zarr")
    assert told["fields"]["u"]["exact"]["rel_l2"] < 1e-3
    assert (tmp_path / "a.zarr/u/zarr.json").is_file()
    assert (tmp_path / "a.h5").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method"), [("inrpde-example", "rff"), ("template", "mine")])
def test_an_example_in_its_own_environment(name, method, tmp_path):
    done([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"])
    python, package = tmp_path / "env/bin/python", copied(name, tmp_path)
    site = Path(done([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    here = [str(ROOT), *(each for each in sys.path if each.endswith("-packages"))]  # inrpde, and what it needs
    (site / "here.pth").write_text("\n".join(here))
    done([*PIP, "--python", python, "install", *OFFLINE, package])
    alone = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], cwd=package, env=alone)
    listed = done([python, "-m", "inrpde", "list", "methods", "settings"], env=alone)
    assert f"reads {method}." in listed
    key = {"rff": "rff.sigma=3", "mine": "mine.band=3"}[method]
    chosen = ["--method", method, "--set", key, "--reference", "none", "--json"]
    told = json.loads(done([python, "-m", "inrpde", "solve", "poisson", *chosen], cwd=tmp_path, env=alone))
    assert told["method"] == method
