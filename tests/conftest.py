"""What all tests share: one thread each, and property tests that neither time out nor change from run to run."""

import gc
import os
import sys
import textwrap

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402, numpy reads the variables when it is imported

# Without bytecode each process that a test starts compiles the package, and each worker rewrites all tests' assertions.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# By Python's own limits a tenth of the suite's time goes into looking through expressions that tests hold.
gc.set_threshold(100_000, 50, 100)
settings.register_profile("inrpde", deadline=None, derandomize=True)
settings.load_profile("inrpde")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution with a plugin: the group, its name, and the text of its module."""
    place = tmp_path / "site"
    place.mkdir()
    monkeypatch.syspath_prepend(place)

    def make(group: str, name: str, text: str, attribute: str = "") -> None:
        module = f"plugin_{abs(hash((group, name, text)))}"
        info = place / f"stranger_{module}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: stranger-{name}\nVersion: 1.5\n")
        (info / "entry_points.txt").write_text(f"[inrpde.{group}]\n{name} = {module}{attribute}\n")
        (place / f"{module}.py").write_text(textwrap.dedent(text))

    return make
