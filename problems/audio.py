"""A recording as a field of the time: two seconds of music, every sample a condition."""

from pathlib import Path

from sympy import Eq

from inrpde import On, Points, Problem, Space
from inrpde.data import packaged, read_audio


def problem(file: str = "", seconds: float = 2.0) -> Problem:
    """`file` is a WAV file (music that pygame-ce carries, if none is given), of which the first `seconds` are taken."""
    path = Path(file).absolute() if file else packaged("pygame", "examples/data/house_lo.wav")
    recording = read_audio(path, seconds)
    space = Space("s")
    u = space.unknown("u")
    samples = Points(space, recording.times, {"f": recording.samples})
    return Problem("audio", unknowns=[u], conditions=[On(samples, Eq(u, samples["f"]))])
