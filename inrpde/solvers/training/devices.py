"""Where training by gradients runs, and whether there is torch for it, which nothing else needs."""

from __future__ import annotations

from inrpde.errors import UsageError

INSTALL = (
    "pip install torch --index-url https://download.pytorch.org/whl/cpu (without the index with CUDA, several times as "
    "large); or --method auto, which seldom trains"
)
"""How to get what trains: the index of PyTorch's own site has the build for processors alone."""


def there() -> dict[str, str]:
    """The devices of this machine and what they are."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return {"cpu": f"without training by gradients: torch cannot be imported ({error})"}
    found = {"cpu": f"torch {torch.__version__}, {torch.get_num_threads()} threads"}
    found |= {f"cuda:{k}": torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())}
    return found | ({"mps": "Apple's GPU"} if torch.backends.mps.is_available() else {})


def check_torch(where: str) -> None:
    """Raise UsageError, which says how to get it, where torch cannot be imported; `where` is what asks for it."""
    try:
        import torch  # noqa: F401, whether it can be
    except (ImportError, OSError) as error:  # OSError: a library of its own that is missing
        raise UsageError(f"torch, which trains by gradients, cannot be imported: {error}", where, INSTALL) from None


def check_device(device: str) -> None:
    """Raise UsageError for a device that is not there; torch is asked about all but "cpu"."""
    if device == "cpu":
        return
    if not isinstance(device, str):
        raise UsageError(f"{device!r} is no device", "device", 'device="cpu"')
    check_torch(f"device={device!r}")
    import torch

    kind, _, number = device.partition(":")
    count = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}.get(kind, 0)
    if not (number.isdecimal() or not number) or int(number or 0) >= count:
        raise UsageError(f"there is no device {device!r} here", "device", 'device="cpu"')
