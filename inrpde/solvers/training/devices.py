"""Where training by gradients runs."""

from __future__ import annotations

from inrpde.errors import UsageError


def check_device(device: str) -> None:
    """Raise UsageError for a device that is not there; torch is asked about all but "cpu"."""
    if device == "cpu":
        return
    if not isinstance(device, str):
        raise UsageError(f"{device!r} is no device", "device", 'device="cpu"')
    import torch

    kind, _, number = device.partition(":")
    count = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}.get(kind, 0)
    if not (number.isdecimal() or not number) or int(number or 0) >= count:
        raise UsageError(f"there is no device {device!r} here", "device", 'device="cpu"')
