"""Places found from an expression's structure."""

import numpy as np
import pytest
from sympy import Heaviside, exp, floor, log, sin, sqrt, tanh

from inrpde.resolution.frame import frames
from inrpde.resolution.seeds import nodes, seeds
from tests.resolution.line import bump, poisson


def of(bound, expr):
    (frame,) = frames(bound.conditions[0].region)
    return seeds(bound, frame, expr)


def test_inner_functions_come_first():
    x = poisson("x").space.coords[0]
    assert [node.kind for node in nodes(tanh(exp(x)))] == ["exp", "function"]


@pytest.mark.parametrize("dim", [1, 2, 3, 6])
def test_a_maximum_far_below_the_spacing_of_points(dim):
    bound = poisson("x y z a b c"[: 2 * dim - 1])
    at = np.linspace(0.2, 0.7, dim) + 0.0137
    found = of(bound, bump(1e-6, *np.subtract(bound.space.coords, at)))
    assert np.abs(found - at).max(axis=1).min() < 1e-8


def test_a_front_has_seeds_along_it():
    bound = poisson("x y")
    x, y = bound.space.coords
    found = of(bound, tanh((x**2 + y**2 - 0.5) / 1e-8))
    on = found[np.abs((found**2).sum(axis=1) - 0.5) < 1e-9]
    assert len(on) >= 8
    assert np.ptp(on[:, 0]) > 0.3


@pytest.mark.parametrize(
    "expr", [lambda x: sin(10 * x), lambda x: exp(-(x**2)), lambda x: x**3, lambda x: sqrt(x + 1), lambda x: log(x + 1)]
)
def test_slow_functions_have_none(expr):
    bound = poisson("x")
    assert not len(of(bound, expr(*bound.space.coords)))


@pytest.mark.parametrize("expr", [lambda x: Heaviside(x - 0.3), lambda x: floor(10 * x / 3)])
def test_jumps(expr):
    bound = poisson("x")
    assert np.abs(of(bound, expr(*bound.space.coords)) - 0.3).min() < 1e-9


def test_a_high_power_is_narrow_where_its_base_is_largest():
    bound = poisson("x")
    (x,) = bound.space.coords
    found = of(bound, sin(3 * (x + 0.1)) ** 300_000)
    assert np.abs(found - (np.pi / 6 - 0.1)).min() < 1e-6
    assert len(of(bound, x**3)) == 0
