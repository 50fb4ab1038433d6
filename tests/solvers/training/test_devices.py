"""Devices: those that are not there are refused, and torch is asked about all but the processor's."""

import subprocess
import sys

import pytest
import torch

from inrpde.errors import UsageError
from inrpde.solvers.training.devices import check_device


@pytest.fixture
def two(monkeypatch):
    """A machine with two graphics cards, and none of Apple's."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.parametrize("device", ["cuda:2", "cuda:x", "cuda:-1", "mps", "tpu", "", "CPU", 3, None])
def test_what_is_not_there_is_refused(two, device):
    with pytest.raises(UsageError) as caught:
        check_device(device)
    assert repr(device) in caught.value.what
    assert (caught.value.where, caught.value.fix) == ("device", 'device="cpu"')


def test_what_is_there_is_not(two, monkeypatch):
    for device in ("cpu", "cuda", "cuda:0", "cuda:1"):
        check_device(device)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    check_device("mps")


def test_torch_is_not_asked_about_the_processor():
    check = (
        "import sys; from inrpde.solvers.training.devices import check_device; check_device('cpu'); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0
