"""Recordings: WAV files of integers, as numbers from -1 to 1."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inrpde.declaration import paths
from inrpde.errors import ProblemError

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Recording:
    """`samples` (N,) from -1 to 1, `rate` a second."""

    samples: Array
    rate: int

    @property
    def times(self) -> Array:
        """Seconds from the start, (N,)."""
        return np.arange(len(self.samples)) / self.rate


def read_audio(path: str | Path, seconds: float | None = None, channel: int | None = None) -> Recording:
    """The start of a WAV file (PCM of 8, 16, 24 or 32 bits): one channel, or the mean of all.

    Raises ProblemError for a file that is missing or no such recording, and for no time at all.
    """
    if seconds is not None and not seconds > 0:
        raise ProblemError(f"a recording cannot last {seconds!r} seconds", str(path), "give a number above 0")
    full = paths.resolve(path)
    try:
        with wave.open(str(full)) as file:
            count = (
                file.getnframes() if seconds is None else min(round(seconds * file.getframerate()), file.getnframes())
            )
            content, width, channels, rate = (
                file.readframes(count), file.getsampwidth(), file.getnchannels(), file.getframerate()
            )  # fmt: skip
    except (OSError, EOFError, wave.Error) as error:
        reason = getattr(error, "strerror", None) or str(error) or "it ends too early"
        raise ProblemError(
            f"the recording cannot be read: {reason}", str(path), "give a WAV file of integer samples (PCM)"
        ) from None
    whole = content[: len(content) // (width * channels) * width * channels]
    values = _scaled(whole, width).reshape(-1, channels)
    if not len(values):
        raise ProblemError("the recording has no samples", str(path), "give one that lasts longer")
    if channel is not None and not 0 <= channel < channels:
        raise ProblemError(f"there is no channel {channel}", str(path), f"the recording has {channels}, from 0")
    return Recording(values.mean(axis=1) if channel is None else values[:, channel], rate)


def _scaled(content: bytes, width: int) -> Array:
    """Little-endian integers of `width` bytes as numbers in [-1, 1); those of one byte are unsigned."""
    if width == 1:
        return (np.frombuffer(content, np.uint8).astype(float) - 128) / 128
    parts = np.frombuffer(content, np.uint8).reshape(-1, width)
    padded = np.zeros((len(parts), 4), np.uint8)
    padded[:, 4 - width :] = parts
    return padded.view("<i4").ravel() / 2.0**31
