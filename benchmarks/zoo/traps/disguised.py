"""Narrow sources in functions that look wide: high powers, functions of functions, beside factors that vary slowly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import j0
from sympy import Ei, Eq, Expr, Interval, besselj, cos, cosh, exp, log, pi, sin, sqrt, tanh

from inrpde.declaration import GridField, On
from zoo.making import UNIT, line, plane
from zoo.traps.known import Array, Known, closed, numeric, trap

AT = 0.61803
GAUSS = np.polynomial.legendre.leggauss(12)


class Integral:
    """∫ f from `lo` on, by Gauss's rule between edges that lie the closer the nearer a place."""

    def __init__(self, f: Callable[[Array], Array], lo: float, hi: float, at: float):
        self.f, away = f, np.geomspace(1e-9, 1.0, 600) * (hi - lo)
        edges = np.concatenate([np.linspace(lo, hi, 400), at - away, at + away, [at]])
        self.edges = np.unique(edges[(edges >= lo) & (edges <= hi)])
        self.sums = np.concatenate([[0.0], np.cumsum(self._each(self.edges[:-1], self.edges[1:]))])

    def _each(self, a: Array, b: Array) -> Array:
        half, middle = (b - a) / 2, (a + b) / 2
        return (self.f(middle[:, None] + half[:, None] * GAUSS[0]) * GAUSS[1]).sum(axis=1) * half

    def __call__(self, x: Array) -> Array:
        k = np.clip(np.searchsorted(self.edges, x, side="right") - 1, 0, len(self.edges) - 2)
        return self.sums[k] + self._each(self.edges[k], x)


def heated(source: Callable[..., Expr], same: Callable[[Array], Array], **more) -> Known:
    """-u'' = f on (0, 1), u = 0 at its ends, for f as an expression of x and as a function of numbers."""
    _, x, u, rod = line(UNIT)
    once, moment = Integral(same, 0.0, 1.0, AT), Integral(lambda z: z * same(z), 0.0, 1.0, AT)

    def bent(z: Array) -> Array:
        return z * once(z) - moment(z)

    def truth(points: Array) -> dict[str, Array]:
        z = points[:, 0]
        return {"u": z * bent(np.ones(1))[0] - bent(z)}

    return numeric(u, [On(rod, Eq(-u.diff(x, 2), source(x))), On(rod.boundary, Eq(u, 0))], truth, accuracy=1e-9, **more)


@trap("disguised", {"thin": (10**9,), "hair": (10**11,)}, {"wide": (30,)})
def student(n: int) -> Known:
    """Student's distribution with many degrees of freedom: nearly a Gaussian."""
    return heated(
        lambda x: 1 + sqrt(n) * (1 + (x - AT) ** 2) ** (-float(n)),
        lambda z: 1 + np.sqrt(n) * np.exp(-n * np.log1p((z - AT) ** 2)),
    )


@trap("disguised", {"thin": (10**9,)}, {"wide": (30,)})
def secant(n: int) -> Known:
    return heated(
        lambda x: 1 + sqrt(n) * cosh(x - AT) ** (-float(n)),
        lambda z: 1 + np.sqrt(n) * np.exp(-n * np.log(np.cosh(z - AT))),
    )


@trap("disguised", {"five": (5,)}, {"one": (1,)})
def steeper(times: int) -> Known:
    """The slope of tanh(9 tanh(9 …)), but for factors."""

    def source(f: Callable, z):
        for _ in range(times):
            z = f(9 * z)
        return 1 + 9**times * (1 - z**2)

    return heated(lambda x: source(tanh, x - AT), lambda z: source(np.tanh, z - AT))


@trap("disguised", {"thin": (1e-4,)}, {"wide": (0.3,)})
def rings(s: float) -> Known:
    """A power of Bessel's function, which has its argument in the second place."""
    return heated(lambda x: 1 + besselj(0, (x - AT) / s) ** 6 / s, lambda z: 1 + j0((z - AT) / s) ** 6 / s)


@trap("disguised", {"thin": (1e-5,)}, {"wide": (0.2,)})
def profile(s: float) -> Known:
    """A measured profile times a Gaussian: nodes of the one are not to hide the other."""
    nodes, d = np.linspace(0, 1, 41), line(UNIT)[0].coefficient("d")
    return heated(
        lambda x: d * (1 + exp(-(((x - AT) / s) ** 2)) / s),
        lambda z: (1 + z) * (1 + np.exp(-(((z - AT) / s) ** 2)) / s),
        coefficients={d: GridField(1 + nodes, [nodes])},
    )


@trap("disguised", {"dot": (1e-4,)}, {"wide": (0.3,)})
def modulated(s: float) -> Known:
    """A Gaussian dot in the plane times what varies slowly beside it; far off it is one of its mass."""
    space, x, y, u, omega = plane(Interval(-1, 1) ** 2)
    squares = (x - 0.3141) ** 2 + (y + 0.2718) ** 2
    wave = 2 + cos(30 * (x - 0.3141)) if s < 0.01 else 3
    source = exp(-squares / (2 * s**2)) / (2 * pi * s**2) * wave
    solution = -3 * (log(squares) - Ei(-squares / (2 * s**2))) / (4 * pi)
    accuracy = 100 * s**2 if s < 0.01 else 1e-12  # what the wave changes of its mass
    conditions = [On(omega, Eq(-space.laplace(u), source)), On(omega.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution}, accuracy=accuracy)


@trap("disguised", {"thin": (10**9,)}, {"wide": (30,)})
def flash(n: int) -> Known:
    """Heat that comes at one moment, by a high power of the time."""
    space, x, t, u, omega = line(UNIT * Interval(0, 2), time=True)
    moment, rate = AT, np.pi**2 / 10
    grown = Integral(lambda z: np.sqrt(n) * np.exp(-n * np.log1p((z - moment) ** 2) + rate * z), 0.0, 2.0, moment)

    def truth(points: Array) -> dict[str, Array]:
        at = points[:, 1]
        return {"u": np.sin(np.pi * points[:, 0]) * np.exp(-rate * at) * (1 + grown(at))}

    conditions = [
        On(omega, Eq(space.dt(u), u.diff(x, 2) / 10 + sqrt(n) * (1 + (t - moment) ** 2) ** (-float(n)) * sin(pi * x))),
        On(omega.boundary, Eq(u, 0)),
        On(omega.initial, Eq(u, sin(pi * x))),
    ]
    return numeric(u, conditions, truth, accuracy=1e-8)
