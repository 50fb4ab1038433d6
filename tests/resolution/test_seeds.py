"""Places found from an expression's structure."""

import numpy as np
import pytest
from sympy import Eq, Heaviside, Interval, Piecewise, atan2, besselj, cos, cosh, exp, floor, log, sin, sqrt, tanh

from inrpde import GridField, MeshField, On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.resolution import narrow
from inrpde.resolution.frame import frames
from inrpde.resolution.seeds import nodes, seeds
from tests.resolution.line import bump, poisson
from tests.resolution.meshed import columns
from tests.resolution.meshed import poisson as meshed


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


@pytest.mark.parametrize(
    "expr",
    [
        lambda z: (1 + z**2) ** (-(10**9)),
        lambda z: cosh(z) ** (-(10**9)),
        lambda z: (1 + z**2) ** (-12 * 10**4),
        lambda z: besselj(0, 1e4 * z) ** 6,
        lambda z: 1 - cos(2 * atan2(1e-5, z)),
        lambda z: 1 - tanh(9 * tanh(9 * tanh(9 * tanh(9 * z)))) ** 2,
        lambda z: Piecewise((1, Eq(floor(1e5 * (z + 0.61803)), 61803)), (0, True)),
    ],
)
def test_what_is_narrow_though_its_parts_look_wide(expr):
    bound = poisson("x")
    (x,) = bound.space.coords
    found = of(bound, expr(x - 0.61803))
    assert np.abs(found - 0.61803).min() < 1e-5


@pytest.mark.parametrize("wide", [lambda x: 2 + cos(100 * (x - 0.3)), lambda x: 2 + tanh(40 * (x - 0.6))])
def test_seeds_of_what_is_wide_do_not_hide_what_is_narrow(wide):
    space = Space("x y")
    x, y = space.coords
    u, omega = space.unknown("u"), Region(space, Interval(-1, 1) ** 2)
    dot = bump(1e-4, x - 0.3141, y + 0.2718)
    places = narrow(bind(Problem("p", [u], [On(omega, Eq(space.laplace(u), dot * wide(x)))])))
    (peak,) = [place for place in places if place.kind == "peak"]
    assert peak.centre == pytest.approx((0.3141, -0.2718), abs=1e-4)


@pytest.mark.parametrize("method", ["cubic", "linear"])
def test_nodes_of_a_profile_do_not_hide_what_is_narrow_beside_it(method):
    space, axis = Space("x"), np.linspace(0, 1, 41)
    (x,), u, a = space.coords, space.unknown("u"), space.coefficient("a")
    omega = Region(space, Interval(0, 1))
    data = {a: GridField(1 + axis**2, [axis], **({"method": method} if method == "linear" else {}))}
    source = On(omega, Eq(u.diff(x, 2), a * (1 + bump(1e-5, x - 0.61803))))
    places = narrow(bind(Problem("p", [u], [source], coefficients=data)))
    assert any(abs(place.centre[0] - 0.61803) < 1e-5 and place.width < 1e-4 for place in places)


AT, W = 0.5137, 2e-4


@pytest.mark.parametrize("other", [[], [0, 1], np.linspace(0, 1, 50)], ids=["line", "two", "fifty"])
@pytest.mark.parametrize(
    ("method", "nodes"), [("nearest", (AT - W, AT, AT + W)), ("linear", (AT - W, AT, AT + W))], ids=["pixel", "hat"]
)
def test_nodes_that_lie_close_together_are_seen_among_larger_steps(method, nodes, other):
    """All along them, where they are a line."""
    axis, values = [0, 0.2, 0.4, *nodes, 0.8, 1], np.array([0.0, 3, -3, 0, 1, 0, 2, -3])
    space = Space("x y" if len(other) else "x")
    u, a = space.unknown("u"), space.coefficient("a")
    if len(other):
        values = np.repeat(values[:, None], len(other), axis=1)
    field = GridField(values, [axis, other] if len(other) else [axis], method=method)
    omega = Region(space, Interval(0, 1) ** space.dim)
    bound = bind(Problem("p", [u], [On(omega, Eq(space.laplace(u), a))], coefficients={a: field}))
    (one,) = [place for place in narrow(bound) if place.kind == "peak"]
    assert one.centre[0] == pytest.approx(AT, abs=W)
    assert one.widths[0] < 2 * W
    if len(other):
        assert one.lo[1] == 0
        assert one.hi[1] == 1


@pytest.mark.parametrize("rows", [2, 5, 40])
def test_narrow_columns_of_values_on_nodes_are_seen_among_larger_steps(rows):
    mesh, _ = columns(rows=rows)
    for w, spread in ((0.0, "one side"), (1.0, "both")):
        values = np.where(np.isclose(mesh.nodes[:, 0], AT), 1.0, np.where(mesh.nodes[:, 0] > AT, 3 * w, 0.0))
        places = narrow(meshed(MeshField(mesh, values, on="nodes")))
        assert places, spread
        assert all(abs(place.centre[0] - AT) < 2 * W for place in places)
        assert min(place.lo[1] for place in places) == 0
        assert max(place.hi[1] for place in places) == 1


def test_values_on_nodes_are_seen_in_time():
    mesh, _ = columns()
    values = np.where(np.isclose(mesh.nodes[:, 0], AT), 1.0, 0.0)
    (one, *_) = narrow(meshed(MeshField(mesh, values, on="nodes"), time="t"))
    assert one.centre[0] == pytest.approx(AT, abs=2 * W)
    assert np.isinf(one.widths[2])
