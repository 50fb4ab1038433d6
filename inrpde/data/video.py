"""Videos, decoded by PyAV: grey frames from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from inrpde.data.packages import missing
from inrpde.declaration import paths
from inrpde.errors import ProblemError

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Video:
    """`frames` (T, rows, columns) from 0 (black) to 1, `rate` a second."""

    frames: Array
    rate: float

    @property
    def points(self) -> Array:
        """The samples' places (T·rows·columns, 3): x and y in the unit square, as of pictures (column j of n at
        (j + ½)/n, row i at 1 - (i + ½)/n), the time in seconds from the first frame."""
        count, rows, columns = self.frames.shape
        t, y, x = np.meshgrid(
            np.arange(count) / self.rate, 1 - (np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns,
            indexing="ij",
        )  # fmt: skip
        return np.column_stack([x.ravel(), y.ravel(), t.ravel()])

    @property
    def values(self) -> Array:
        """The samples, in the order of `points`."""
        return self.frames.ravel()


def read_video(path: str | Path, frames: int = 20, size: int | None = 128, start: int = 0) -> Video:
    """`frames` frames from number `start` on, grey; their largest middle square, resized to `size` a side with
    anti-aliasing (as they are, where that is None).

    Raises ProblemError for a file that is missing, no video or too short, for numbers that are none, and where PyAV or
    scikit-image is missing.
    """
    for name, number, least in (("frames", frames, 1), ("size", size, 2), ("start", start, 0)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < least):
            raise ProblemError(f"a video cannot have {name}={number!r}", str(path), f"a whole number from {least} on")
    full = paths.resolve(path)
    rate, pictures = _decoded(full, path, frames, start)
    if len(pictures) < frames:
        raise ProblemError(
            f"the video has {start + len(pictures)} frames, and {start + frames} are asked for", str(path),
            "ask for fewer, or begin earlier",
        )  # fmt: skip
    every = [picture / 255.0 if size is None else _resized(picture / 255.0, size, path) for picture in pictures]
    return Video(np.stack(every), rate)


def _decoded(full: Path, path: str | Path, frames: int, start: int) -> tuple[float, list[Array]]:
    try:
        import av
    except ImportError:
        raise missing("av", path, "reading a video") from None

    def grey(container: av.container.InputContainer) -> Iterator[Array]:
        for frame in islice(container.decode(video=0), start, start + frames):
            yield frame.to_ndarray(format="gray")

    try:
        with av.open(str(full)) as container:
            if not container.streams.video:
                raise ProblemError("the file holds no pictures", str(path), "give a video, not a recording")
            rate = container.streams.video[0].average_rate
            return float(rate or 25), list(grey(container))
    except (OSError, ValueError, av.error.FFmpegError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ProblemError(
            f"the video cannot be read: {reason}", str(path), "give one that FFmpeg decodes (MP4, AVI, WebM, …)"
        ) from None


def _resized(picture: Array, size: int, path: str | Path) -> Array:
    try:
        from skimage.transform import resize
    except ImportError:
        raise missing("skimage", path, "resizing a video") from None

    side = min(picture.shape)
    top, left = ((n - side) // 2 for n in picture.shape)
    return resize(picture[top : top + side, left : left + side], (size, size), anti_aliasing=True)
