"""Small nonlinear problems in time with learned numbers, whose answers are known."""

import numpy as np
from scipy.integrate import solve_ivp
from sympy import Eq, Interval

from inrpde import Learned, On, Points, Problem, Region, Space

space = Space(time="t")
(t,) = space.coords
u, v = space.unknowns("u v")
r, limit = space.parameter("r", positive=True), space.parameter("K", positive=True)
RATE, LIMIT, START = 2.0, 3.0, 0.2


def growth(at):
    """The logistic function of rate 2 that begins at 0.2 and ends at 3."""
    return LIMIT / (1 + (LIMIT / START - 1) * np.exp(-RATE * at))


def logistic(noise=0.0, seed=0, first=(0.3, 10.0), bounds=None, wrong=0.0, scale=1.0):
    """u' = r u (1 - u/K) from 40 readings alone, with r = 2 and K = 3; the equation times `scale`, and one that is
    `wrong` by so much of u²."""
    at = np.linspace(0.05, 3.95, 40)
    readings = growth(at) + noise * np.random.default_rng(seed).standard_normal(len(at))
    sensors = Points(space, at[:, None], {"u": readings})
    run = Region(space, Interval(0, 4))
    equation = On(run, Eq(scale * space.dt(u), scale * (r * u * (1 - u / limit) + wrong * u**4)))
    known = {r: Learned(first[0], bounds), limit: Learned(first[1])}
    return Problem("logistic", [u], [equation, On(sensors, Eq(u, sensors["u"]))], known)


def prey(noise=0.0, seed=0, count=60, first=(1.0, 0.1, 0.1, 1.0), end=10.0):
    """Lotka and Volterra's four rates from readings of both populations."""
    true = (2.0, 0.04, 0.02, 1.06)
    a, b, c, d = (space.parameter(name, positive=True) for name in "abcd")

    def rate(_, y):
        return [true[0] * y[0] - true[1] * y[0] * y[1], true[2] * y[0] * y[1] - true[3] * y[1]]

    at = np.linspace(0, end, count)
    truth = solve_ivp(rate, (0, end), [100, 15], t_eval=at, rtol=1e-10, atol=1e-8).y
    rng = np.random.default_rng(seed)
    readings = truth * (1 + noise * rng.standard_normal(truth.shape))
    sensors = Points(space, at[:, None], {"prey": readings[0], "hunters": readings[1]})
    run = Region(space, Interval(0, end))
    conditions = [
        On(run, Eq(space.dt(u), a * u - b * u * v)),
        On(run, Eq(space.dt(v), c * u * v - d * v)),
        On(sensors, Eq(u, sensors["prey"])),
        On(sensors, Eq(v, sensors["hunters"])),
    ]
    return Problem("prey", [u, v], conditions, dict(zip((a, b, c, d), map(Learned, first), strict=True)))
