"""u_t + λ u u_x = ν u_xx: two numbers from two thousand readings, after Raissi, Perdikaris and Karniadakis (2019)."""

import numpy as np
from numpy.polynomial.hermite import hermgauss
from sympy import Eq, Interval

from inrpde import Learned, On, Points, Problem, Region, Space

VISCOSITY = 0.01 / np.pi


def exact(points, nodes=160):
    """u at points (N, 2), by Cole and Hopf's formula and Gauss and Hermite's quadrature."""
    s, w = hermgauss(nodes)
    x, t = points.T
    at = x[:, None] - np.sqrt(4 * VISCOSITY * t)[:, None] * s
    weight = w * np.exp(-np.cos(np.pi * at) / (2 * np.pi * VISCOSITY) + 1 / (2 * np.pi * VISCOSITY) * -1)
    return -np.sum(np.sin(np.pi * at) * weight, axis=1) / np.sum(weight, axis=1)


def problem(noise=0.0, count=2000, seed=0):
    """`noise` is relative to the readings' deviation, `count` that of the readings, `seed` that of places and noise."""
    space = Space("x", time="t")
    x, _ = space.coords
    u = space.unknown("u")
    lam, nu = space.parameter("lam"), space.parameter("nu", positive=True)

    rng = np.random.default_rng(seed)
    places = rng.uniform([-1, 0], [1, 1], (count, 2))
    readings = exact(places)
    readings += noise * readings.std() * rng.standard_normal(count)
    sensors = Points(space, places, {"u": readings})

    omega = Region(space, Interval(-1, 1) * Interval(0, 1))
    return Problem(
        "identify_burgers",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.dt(u) + lam * u * u.diff(x), nu * space.laplace(u))),
            On(sensors, Eq(u, sensors["u"])),
        ],
        coefficients={lam: Learned(0.0), nu: Learned(0.02, bounds=(1e-4, 1))},
    )
