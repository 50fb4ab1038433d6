"""u_t + λ u u_x = ν u_xx: both numbers of Burgers' equation, from scattered readings of a front alone."""

import numpy as np
from sympy import Eq, Interval

from inrpde import Learned, On, Points, Problem, Region, Space


def problem(noise: float = 0.0, count: int = 2000, seed: int = 0) -> Problem:
    """`noise` is relative to the readings' root mean square, `count` their number, `seed` that of places and noise.

    No initial value and no condition on the walls is known (Raissi, Perdikaris and Karniadakis 2019, section 4.1)."""
    space = Space("x", time="t")
    x, _ = space.coords
    u = space.unknown("u")
    speed, viscosity = space.parameter("lambda_1"), space.parameter("nu", positive=True)

    rng = np.random.default_rng(seed)
    places = rng.uniform((-1, 0), (1, 1), (count, 2))
    readings = front(*places.T)
    readings += noise * np.sqrt(np.mean(readings**2)) * rng.standard_normal(count)
    sensors = Points(space, places, {"u": readings})

    omega = Region(space, Interval(-1, 1) * Interval(0, 1))
    return Problem(
        "identify_burgers",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.dt(u) + speed * u * u.diff(x), viscosity * space.laplace(u))),
            On(sensors, Eq(u, sensors["u"])),
        ],
        coefficients={speed: Learned(0.0), viscosity: Learned(0.0025)},
    )


def front(x: np.ndarray, t: np.ndarray, nu: float = 0.01 / np.pi) -> np.ndarray:
    """The solution that begins as -sin(πx), by the transform of Cole (1951) and Hopf (1950), to about 1e-10."""
    spread = np.sqrt(2 * nu * np.maximum(t, 1e-12))
    shift = np.linspace(-1, 1, 4001)[:, None] * (t + 12 * spread)
    exponent = -np.cos(np.pi * (x - shift)) / (2 * np.pi * nu) - (shift / spread) ** 2 / 2
    weight = np.exp(exponent - exponent.max(axis=0))
    mean: np.ndarray = (np.sin(np.pi * (x - shift)) * weight).sum(axis=0) / weight.sum(axis=0)
    return -mean
