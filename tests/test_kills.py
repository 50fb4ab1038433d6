"""Some of the kills of `make kills`: runs that end at a random moment, and go on bit for bit."""

import subprocess
import sys
from pathlib import Path

import pytest

KILLS = Path(__file__).with_name("kills.py")


def killed(count: int, *problems: str) -> str:
    program = [sys.executable, str(KILLS), "--kills", str(count), *problems]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_run_that_is_killed_at_a_random_moment_goes_on_bit_for_bit():
    assert killed(3, "wave").endswith("3 of 3 random kills\n")


@pytest.mark.slow
@pytest.mark.parametrize("problem", ["helmholtz", "burgers", "image", "adam"])
def test_so_do_others(problem):
    assert killed(4, problem).endswith("4 of 4 random kills\n")
