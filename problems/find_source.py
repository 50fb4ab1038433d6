"""-Δu = q exp(-|x - p|²/2s²): where a source is and how strong, from forty sensors with 1 % of noise."""

import numpy as np
from sympy import Eq, Interval, exp

from inrpde import Learned, On, Points, Problem, Region, Space

PLACE, STRENGTH, WIDTH = (0.35, 0.62), 40.0, 0.1


def sines(place: float, count: int) -> np.ndarray:
    """∫ exp(-(x - p)²/2s²) sin(nπx) dx over the line: beyond [0, 1] lies less than 2e-4 of the source."""
    n = np.arange(1, count + 1) * np.pi
    found: np.ndarray = np.sqrt(2 * np.pi) * WIDTH * np.exp(-((n * WIDTH) ** 2) / 2) * np.sin(n * place)
    return found


def temperature(points: np.ndarray, count: int = 60) -> np.ndarray:
    """The solution at points (N, 2), as a double sine series."""
    n = np.arange(1, count + 1) * np.pi
    source = 4 * STRENGTH * np.outer(sines(PLACE[0], count), sines(PLACE[1], count))
    modes = source / (n[:, None] ** 2 + n**2)
    along = [np.sin(np.outer(x, n)) for x in points.T]
    found: np.ndarray = np.einsum("im,mn,in->i", along[0], modes, along[1])
    return found


def problem(noise: float = 0.01, count: int = 40, seed: int = 0) -> Problem:
    """`noise` is relative to the largest reading, `count` the number of sensors, `seed` that of places and noise."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    px, py = space.parameter("px"), space.parameter("py")
    q = space.parameter("q", positive=True)

    rng = np.random.default_rng(seed)
    places = rng.uniform(0.05, 0.95, (count, 2))
    readings = temperature(places)
    readings += noise * readings.max() * rng.standard_normal(count)
    sensors = Points(space, places, {"u": readings})

    square = Region(space, Interval(0, 1) ** 2)
    return Problem(
        "find_source",
        unknowns=[u],
        conditions=[
            On(square, Eq(-space.laplace(u), q * exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * WIDTH**2)))),
            On(square.boundary, Eq(u, 0)),
            On(sensors, Eq(u, sensors["u"])),
        ],
        coefficients={
            px: Learned(0.5, bounds=(0, 1)),
            py: Learned(0.5, bounds=(0, 1)),
            q: Learned(10.0, bounds=(0.1, 1000)),
        },
    )
