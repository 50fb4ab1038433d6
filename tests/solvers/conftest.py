"""Small problems for the methods that train all parameters, and a way to run these without the pipeline."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Eq, I, Interval, exp, pi, sin, sqrt

from inrpde import On, Points, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.discretise.state import field_at
from inrpde.solvers.contract.method import Candidate, Clock, Context

LINE = Space("x")
(X,) = LINE.coords
OMEGA = Region(LINE, Interval(0, 1))
AT = np.linspace(0, 1, 101)[:, None]


def poisson() -> Problem:
    """-u'' = π² sin(πx), u = 0 at both ends."""
    u = LINE.unknown("u")
    return Problem("line", [u], [On(OMEGA, Eq(-u.diff(X, 2), pi**2 * sin(pi * X))), On(OMEGA.boundary, Eq(u, 0))])


def wave() -> Problem:
    """A complex wave, exp(3ix), from its value at one end."""
    w = LINE.unknown("w", complex=True)
    return Problem("wave", [w], [On(OMEGA, w.diff(X) - 3 * I * w), On(OMEGA.face(X, 0), Eq(w, 1))])


def regression() -> Problem:
    """A function of 300 labelled points."""
    u = LINE.unknown("u")
    where = np.linspace(0, 1, 300)
    pixels = Points(LINE, where, {"grey": np.exp(-where) * np.sin(6 * where)})
    return Problem("pixels", [u], [On(pixels, Eq(u, pixels["grey"]))])


def regression_exact(x: np.ndarray) -> np.ndarray:
    return np.exp(-x) * np.sin(6 * x)


def singular() -> Problem:
    """An equation that no real number of a network's first values satisfies, nor evaluates to."""
    u = LINE.unknown("u")
    return Problem("singular", [u], [On(OMEGA, sqrt(u - 5) - exp(X))])


def context(problem: Problem, seed: int = 0, **settings: object) -> Context:
    form = compile_problem(problem)
    chosen = config.resolve({}, {f"solver.{key}": value for key, value in settings.items()})
    return Context(form, chosen, seed, Clock(None))


def error(candidate: Candidate, exact: Callable[[np.ndarray], np.ndarray], unknown: int = 0) -> float:
    """The relative L2 error of a candidate on the line."""
    expected = exact(AT[:, 0])
    values = field_at(candidate.state, unknown, AT)
    return float(np.linalg.norm(values - expected) / np.linalg.norm(expected))


@pytest.fixture(scope="session")
def small():
    """The above; torch on one thread, as small networks are faster so, and tests share their processors."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    functions = (poisson, wave, regression, regression_exact, singular, context, error)
    yield SimpleNamespace(**{function.__name__: function for function in functions})
    torch.set_num_threads(before)
