"""Ordinary differential equations of all kinds with what solves them: in closed form, or by another package's code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import airy, erf
from sympy import Eq, Expr, I, Interval, Piecewise, Rational, cos, exp, sin, sqrt

from inrpde import On, Problem, Region, Space

Array = np.ndarray


@dataclass(frozen=True)
class Ode:
    """Orders and first values of each unknown, `equations` of t and the unknowns, and what solves them: values (N,) of
    each at times (N,), or the right-hand side of the system of first order."""

    end: float
    first: Sequence[Sequence[complex]]
    equations: Callable[..., Sequence[tuple[Expr, Expr]]]
    solution: Callable[[Array], Sequence[Array]] | None = None
    rates: Callable[[float, Array], Sequence[Any]] | None = None
    stiff: bool = False
    complex: bool = False

    def problem(self, space: Space | None = None, backwards: bool = False) -> Problem:
        """The problem in one coordinate; `backwards` from the end of time mirrored, so that the values are the same."""
        space = space or Space(time="t")
        (t,) = space.coords
        unknowns = space.unknowns([f"u{k}" for k in range(len(self.first))], complex=self.complex)
        run = Region(space, Interval(-self.end, 0) if backwards else Interval(0, self.end))
        start, sign = run.face(t, 0), -1 if backwards else 1
        time = sign * t
        equations = self.equations(time, *[Along(u, t, sign) for u in unknowns])
        conditions = [On(run, Eq(left, right)) for left, right in equations]
        for u, values in zip(unknowns, self.first, strict=True):
            conditions += [On(start, Eq(Along(u, t, sign).diff(n), value)) for n, value in enumerate(values)]
        return Problem("ode", list(unknowns), conditions)

    def truth(self, times: Array) -> Sequence[Array]:
        if self.solution is not None:
            return self.solution(times)
        first = [value for values in self.first for value in values]
        method, tolerance = ("Radau", 1e-12) if self.stiff else ("DOP853", 1e-13)
        found = solve_ivp(self.rates, (0, self.end), first, method, times, rtol=tolerance, atol=1e-14)
        places = np.cumsum([0, *map(len, self.first)])[:-1]
        return found.y[places]

    def errors(self, values: Callable[[Array], Sequence[Array]], backwards: bool = False) -> list[float]:
        """The relative errors of values at times (N,), which may end early (NaN)."""
        times, truth = self._known
        ours = values(-times if backwards else times)
        pairs = [(a[known := np.isfinite(a)], b[known]) for a, b in zip(ours, truth, strict=True)]
        return [float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs]

    @cached_property
    def _known(self) -> tuple[Array, Sequence[Array]]:
        """Times, and the truth there: integrated once for all tests."""
        times = np.linspace(0, self.end, 1203)[1:-1]
        return times, self.truth(times)


class Along:
    """An unknown and its derivatives along a time, which may run backwards."""

    def __init__(self, u: Expr, t: Expr, sign: int):
        self.u, self.t, self.sign = u, t, sign

    def diff(self, n: int = 1) -> Expr:
        return self.sign**n * self.u.diff(self.t, n) if n else self.u

    def _sympy_(self) -> Expr:
        return self.u


def lotka(years: float) -> Ode:
    return Ode(
        years, [[100], [15]],
        lambda t, p, h: [(p.diff(), 2 * p.u - 0.04 * p.u * h.u), (h.diff(), 0.02 * p.u * h.u - 1.06 * h.u)],
        rates=lambda t, y: [2 * y[0] - 0.04 * y[0] * y[1], 0.02 * y[0] * y[1] - 1.06 * y[1]],
    )  # fmt: skip


def lorenz(end: float) -> Ode:
    return Ode(
        end, [[1], [1], [1]],
        lambda t, x, y, z: [
            (x.diff(), 10 * (y.u - x.u)), (y.diff(), x.u * (28 - z.u) - y.u),
            (z.diff(), x.u * y.u - Rational(8, 3) * z.u),
        ],
        rates=lambda t, y: [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]],
    )  # fmt: skip


def pendulum(end: float) -> Ode:
    return Ode(end, [[1, 0]], lambda t, u: [(u.diff(2), -sin(u.u))], rates=lambda t, y: [y[1], -np.sin(y[0])])


ODES = {
    "logistic growth": Ode(
        20, [[0.01]], lambda t, u: [(u.diff(), u.u * (1 - u.u))], lambda t: [1 / (1 + 99 * np.exp(-t))]
    ),
    "decay": Ode(40, [[1]], lambda t, u: [(u.diff(), -u.u)], lambda t: [np.exp(-t)]),
    "growth": Ode(30, [[1]], lambda t, u: [(u.diff(), u.u)], lambda t: [np.exp(t)]),
    "an unstable way down": Ode(20, [[1, -1]], lambda t, u: [(u.diff(2), u.u)], lambda t: [np.exp(-t)]),
    "lotka": lotka(10),
    "lorenz": lorenz(15),
    "pendulum": pendulum(60),
    "third order": Ode(10, [[0, 1, 0]], lambda t, u: [(u.diff(3), -u.diff())], lambda t: [np.sin(t)]),
    "fourth order": Ode(10, [[1, 0, -1, 0]], lambda t, u: [(u.diff(4), u.u)], lambda t: [np.cos(t)]),
    "airy": Ode(
        20, [[0.355028053887817, 0.258819403792807]], lambda t, u: [(u.diff(2), -t * u.u)], lambda t: [airy(-t)[0]]
    ),
    "complex": Ode(9, [[1]], lambda t, u: [(u.diff(), I * u.u)], lambda t: [np.exp(1j * t)], complex=True),
    "layer": Ode(
        10, [[0]], lambda t, u: [(u.diff(), -1e6 * (u.u - cos(t)))],
        lambda t: [(1e12 * np.cos(t) + 1e6 * np.sin(t)) / (1 + 1e12)],
    ),
    "kink": Ode(
        2, [[0]], lambda t, u: [(u.diff(), Piecewise((1, t < Rational(7, 10)), (-3, True)) - u.u)],
        lambda t: [np.where(t < 0.7, 1 - np.exp(-t), -3 + (4 - np.exp(-0.7)) * np.exp(0.7 - t))],
    ),
    "pulse": Ode(
        10, [[0]], lambda t, u: [(u.diff(), 100 * exp(-(((t - 5) / Rational(1, 100)) ** 2)))],
        lambda t: [np.sqrt(np.pi) / 2 * (1 + erf((t - 5) / 0.01))],
    ),
    "root": Ode(1, [[0]], lambda t, u: [(u.diff(), sqrt(t))], lambda t: [2 / 3 * t**1.5]),
    "singular start": Ode(
        10, [[1, 0]], lambda t, u: [(t * u.diff(2) + 2 * u.diff(), -t * u.u**5)], lambda t: [(1 + t**2 / 3) ** -0.5]
    ),
    "robertson": Ode(
        1e4, [[1], [0], [0]],
        lambda t, x, y, z: [
            (x.diff(), -0.04 * x.u + 1e4 * y.u * z.u), (y.diff(), 0.04 * x.u - 1e4 * y.u * z.u - 3e7 * y.u**2),
            (z.diff(), 3e7 * y.u**2),
        ],
        rates=lambda t, y: [
            -0.04 * y[0] + 1e4 * y[1] * y[2], 0.04 * y[0] - 1e4 * y[1] * y[2] - 3e7 * y[1] ** 2, 3e7 * y[1] ** 2
        ],
        stiff=True,
    ),
    "van der pol": Ode(
        1000, [[2, 0]], lambda t, u: [(u.diff(2), 1000 * (1 - u.u**2) * u.diff() - u.u)],
        rates=lambda t, y: [y[1], 1000 * (1 - y[0] ** 2) * y[1] - y[0]], stiff=True,
    ),
}  # fmt: skip
