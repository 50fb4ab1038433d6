"""Solutions: values, expressions, integrals and grids of fields that are known in closed form."""

import numpy as np
import pytest
from sympy import Interval, exp

from inrpde import Ball, GridField, Region, Solution, Space
from inrpde.errors import UsageError
from inrpde.found import Domain, NetworkField
from inrpde.networks.siren import SineBody

space = Space("x y")
x, y = space.coords
u, v, w, a = space.unknown("u"), space.unknown("v"), space.unknown("w", complex=True), space.coefficient("a")
nu = space.parameter("nu")
BOX = (np.array([0.0, 0.0]), np.array([2.0, 1.0]))
omega = Region(space, Interval(0, 2) * Interval(0, 1))
hole = Ball(space, (1, 0.5), 0.25)
POINTS = np.random.default_rng(0).uniform(*BOX, (40, 2))
X, Y = POINTS.T


def wave(k, phase=0.0):
    """sin(kx + 2y + phase) as a network of one feature."""
    layer = (np.array([[k * 1.0, 2 * 0.5]]), np.array([phase + k * 1.0 + 2 * 0.5]))  # scaled to the box
    return SineBody(BOX, (layer,))


def solution(**more):
    fields = {"u": NetworkField(wave(3), np.array([2.0])), "w": NetworkField(wave(1), np.array([1 + 2j]))}
    return Solution(space.coords, None, fields, Domain(*BOX, (omega,)), **more)


U, W = 2 * np.sin(3 * X + 2 * Y), (1 + 2j) * np.sin(X + 2 * Y)


def test_values_by_name():
    found = solution()(POINTS)
    assert set(found) == {"u", "w"}
    assert np.allclose(found["u"], U)
    assert np.allclose(found["w"], W)
    assert found["u"].dtype == float
    assert found["w"].dtype == complex


def test_expressions_of_unknowns_coefficients_and_learned_numbers():
    axes = np.linspace(0, 2, 20), np.linspace(0, 1, 20)
    given = {"a": exp(x) * nu, "b": GridField(np.add.outer(*axes), axes)}
    made = solution(coefficients=given, learned={"nu": 3.0})
    b = space.coefficient("b")
    assert np.allclose(made.evaluate(u.diff(x), POINTS), 6 * np.cos(3 * X + 2 * Y))
    assert np.allclose(made.evaluate(space.laplace(w), POINTS), -5 * W)
    assert np.allclose(made.evaluate(a * u, POINTS), 3 * np.exp(X) * U)
    flux = 3 * np.exp(X) * (6 * np.cos(3 * X + 2 * Y) - 13 * U)
    assert np.allclose(made.evaluate(space.div(a * space.grad(u)), POINTS), flux)
    assert np.allclose(made.evaluate(b + b.diff(x), POINTS), X + Y + 1)
    assert np.allclose(made.evaluate(nu * x, POINTS), 3 * X)
    assert made.evaluate(space.grad(u), POINTS).shape == (40, 2)
    assert np.allclose(made(POINTS)["a"], 3 * np.exp(X))
    assert np.allclose(made(POINTS)["b"], X + Y)


def test_integrals():
    made, ring = solution(), omega.boundary
    whole = -(np.sin(8) - np.sin(6) - np.sin(2)) / 3
    assert np.isclose(made.integral(1, omega), 2)
    assert np.isclose(made.integral(u, omega), whole, atol=1e-3)
    assert np.isclose(made.integral(u.diff(x), omega), np.cos(6) - np.cos(8) + np.cos(2) - 1, atol=3e-3)
    assert np.isclose(made.integral(space.dn(u), ring), -13 * whole, atol=1e-3)
    assert isinstance(made.integral(w, omega), complex)
    assert np.allclose(made.evaluate(omega.mean(u) * x, POINTS), whole / 2 * X, atol=1e-3)


def test_a_grid_is_in_the_order_of_the_coordinates():
    grid = solution().on_grid((5, 3))
    assert grid["u"].shape == (5, 3)
    across, up = np.meshgrid(np.linspace(0, 2, 5), np.linspace(0, 1, 3), indexing="ij")
    assert np.allclose(grid["u"], 2 * np.sin(3 * across + 2 * up))


def test_outside_the_domain_there_is_nothing():
    made = Solution(space.coords, None, {"u": NetworkField(wave(3), np.ones(1))}, Domain(*BOX, (omega - hole,)))
    across, up = np.meshgrid(np.linspace(0, 2, 22), np.linspace(0, 1, 22), indexing="ij")
    within = np.hypot(across - 1, up - 0.5) < 0.25
    assert within.any()
    assert np.array_equal(np.isnan(made.on_grid((22, 22))["u"]), within)
    assert np.isnan(made([[1, 0.5], [3, 0.5]])["u"]).all()


def test_an_unknown_of_a_part_lives_there_alone():
    left = Region(space, Interval(0, 1) * Interval(0, 1))
    fields = {"u": NetworkField(wave(3), np.array([2.0])), "v": NetworkField(wave(1), np.ones(1))}
    made = Solution(space.coords, None, fields, Domain(*BOX, (omega,)), domains={"v": left})
    found = made(POINTS)
    assert np.isfinite(found["u"]).all()
    assert np.array_equal(np.isnan(found["v"]), X > 1)
    assert np.array_equal(np.isnan(made.evaluate(space.grad(v), POINTS)), np.stack([X > 1, X > 1], axis=1))
    assert np.isclose(made.integral(v, left), (np.sin(1) + np.sin(2) - np.sin(3)) / 2, atol=1e-3)


def test_a_mask_counts_cells_with_a_node_inside():
    axes = np.linspace(0, 2, 5), np.linspace(0, 1, 5)
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = True  # (1, ½)
    domain = Domain(*BOX, mask=(axes, mask))
    points = np.array([[1, 0.5], [1.2, 0.6], [0.6, 0.3], [0.5, 0.5], [1.6, 0.5], [1.0, 0.74], [1.0, 0.76], [3, 0.5]])
    assert list(domain.contains(points)) == [True, True, True, False, False, True, False, False]


def test_time():
    timed = Space("x", time="t")
    fields = {"u": NetworkField(wave(3), np.array([2.0]))}
    made = Solution(timed.coords, timed.time, fields, Domain(*BOX, ()))
    assert made.on_grid((4,))["u"].shape == (4, 11)
    assert made.on_grid((4,), times=[0, 0.5])["u"].shape == (4, 2)
    assert made.on_grid((4, 7))["u"].shape == (4, 7)
    assert np.allclose(made.on_grid((3,), times=[0.5])["u"][:, 0], 2 * np.sin(3 * np.linspace(0, 2, 3) + 1))


def test_points_of_a_line_need_no_column():
    line = Space("x")
    body = SineBody((np.zeros(1), np.ones(1)), ((np.array([[0.5]]), np.array([0.5])),))
    made = Solution(line.coords, None, {"u": NetworkField(body, np.ones(1))}, Domain(np.zeros(1), np.ones(1)))
    assert np.allclose(made(np.linspace(0, 1, 5))["u"], np.sin(np.linspace(0, 1, 5)))
    assert np.allclose(made([[0.3], [0.4]])["u"], np.sin([0.3, 0.4]))


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda made: made(np.zeros((3, 3))), "points of shape (3, 3) for the coordinates x, y"),
        (lambda made: made(np.zeros(3)), "points of shape (3,)"),
        (lambda made: made.evaluate(v, POINTS), "v is not a field of this solution"),
        (lambda made: made.evaluate("u", POINTS), "u is not an expression"),
        (lambda made: made(POINTS)["p"], "there is no field 'p'"),
        (lambda made: made.on_grid((3,)), "a grid of shape (3,)"),
        (lambda made: made.on_grid((3, 0)), "a grid of shape (3, 0)"),
    ],
)
def test_what_cannot_be_asked(act, said):
    with pytest.raises(UsageError) as caught:
        act(solution())
    assert said in caught.value.what
    assert caught.value.where
    assert caught.value.fix


def test_a_solution_says_what_it_is():
    made = solution(learned={"nu": 3.0}, report={"verdict": {"word": "verified"}})
    assert repr(made) == "<Solution u, w, nu of (x, y): verified>"
    assert made.with_report({}).report == {}
    assert made.with_reference(made).reference is made
