"""Errors and residuals as they are reported."""

from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Abs, I, Interval, exp, sin

from inrpde import GridField, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions, exact_state
from inrpde.discretise.fields import field_points, relative_difference
from inrpde.discretise.score import score
from inrpde.discretise.state import field_at
from inrpde.sampling.draw import draw
from inrpde.verification.evidence.report import condition_reports, exact_errors, reference_errors

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
w = space.unknown("w", complex=True)
a = space.coefficient("a")
omega = Region(space, Interval(0, 2) * Interval(0, 1))


def test_relative_differences():
    assert relative_difference(np.array([1.0, 2]), np.array([1.0, 1])) == pytest.approx(1 / np.sqrt(2))
    assert relative_difference(np.array([3.0, 4]), np.zeros(2)) == pytest.approx(np.sqrt(12.5))
    assert relative_difference(np.array([1e-9]), np.array([2e-9]), least=1.0) == pytest.approx(1e-9)
    assert relative_difference(np.array([1 + 1j]), np.array([1j])) == pytest.approx(1)
    assert type(relative_difference(np.ones(2), np.ones(2))) is float


def test_exact_errors_are_taken_on_points_of_the_region():
    axis = np.linspace(0, 2, 30), np.linspace(0, 1, 20)
    problem = Problem(
        "p", [u, v, w], [On(omega, u - a * x), On(omega, v - u), On(omega, w - I * v)],
        coefficients={a: GridField(np.ones((30, 20)), axis)}, exact={u: a * x, w: I * x},
    )  # fmt: skip
    form = compile_problem(problem)
    seen = []

    def values(k, points):
        seen.append(points)
        return [1.01 * points[:, 0], None, 1j * points[:, 0] + 0.5][k]

    found = exact_errors(form, values, 3000, 0)
    assert set(found) == {"u", "w"}
    assert found["u"]["rel_l2"] == pytest.approx(0.01, rel=1e-3)
    assert found["u"]["max"] == pytest.approx(0.02, rel=1e-2)
    assert found["w"]["rel_l2"] == pytest.approx(0.5 / np.sqrt(4 / 3), rel=1e-2)
    assert all(omega.contains(points).all() and abs(len(points) - 3000) < 30 for points in seen)


def test_points_of_an_unknown_lie_where_it_lives():
    left = Region(space, Interval(0, 1) * Interval(0, 1))
    f = space.unknown("f", on=left)
    form = compile_problem(Problem("p", [f, u], [On(omega, u - 1), On(left, f - u)]))
    assert left.contains(field_points(form, 0, 500, 0)).all()
    assert not left.contains(field_points(form, 1, 500, 0)).all()


def test_reference_errors_are_taken_at_the_nodes_that_are_known():
    axes = np.linspace(0, 2, 5), np.linspace(0, 1, 3)
    nodal = np.ones((5, 3))
    nodal[0, 0] = np.nan  # masked
    witness = SimpleNamespace(
        values={"u": nodal, "other": nodal}, axes=axes, kind="finite-difference",
            estimated_error={"u": 1e-3}, order={"u": 2.0}, sound={"u": False}, extrapolated_error={"u": 1e-4},
        extrapolated={"u": np.full((3, 2), 2.0)}, coarse_axes=(axes[0][::2], axes[1][::2]),
    )  # fmt: skip

    def on_axes(name, axes):
        return np.where(axes[0][:, None] > 1.9, np.nan, 1.1) * np.ones_like(axes[1])

    found = reference_errors(on_axes, {"u"}, witness)
    assert set(found) == {"u"}
    assert found["u"]["rel_l2"] == pytest.approx(0.1)
    assert found["u"]["max"] == pytest.approx(0.1)
    assert found["u"]["extrapolated_rel_l2"] == pytest.approx(0.45)
    assert found["u"]["estimated_error"] == 1e-3
    assert found["u"]["extrapolated_estimated_error"] == 1e-4
    assert found["u"]["sound"] is False


def test_a_field_that_vanishes_is_compared_beside_what_balances_the_others():
    axis = np.linspace(0, 1, 11)
    witness = SimpleNamespace(
        values={"u": np.full(11, 1e-9)}, axes=(axis,), kind="finite-difference", estimated_error={"u": 2.0},
        order={"u": 2.0}, extrapolated={}, sound={}, extrapolated_error={},
    )  # fmt: skip
    found = reference_errors(lambda name, axes: np.full(11, 4e-9), {"u"}, witness, None, {"u": 1e-3})["u"]
    assert found["rel_l2"] == pytest.approx(3e-6)
    assert found["estimated_error"] == pytest.approx(2e-6)


def test_at_the_start_nothing_is_compared():
    """There either side of a jump is right."""
    axes = np.linspace(0, 1, 5), np.linspace(0, 2, 5)
    nodal = np.ones((5, 5))
    witness = SimpleNamespace(
        values={"u": nodal}, axes=axes, kind="method of lines", estimated_error={"u": 1e-3}, order={"u": 2.0},
        extrapolated={"u": nodal[::2, ::2]}, coarse_axes=(axes[0][::2], axes[1][::2]), sound={}, extrapolated_error={},
    )  # fmt: skip

    def on_axes(name, axes):
        return np.where(axes[1] == 0, 3.0, 1.0) * np.ones_like(axes[0])[:, None]

    found = reference_errors(on_axes, {"u"}, witness, 0.0)["u"]
    assert found["rel_l2"] == found["max"] == found["extrapolated_rel_l2"] == 0
    assert reference_errors(on_axes, {"u"}, witness)["u"]["max"] == 2


def test_where_nodes_of_a_reference_crowd_they_count_by_their_measure():
    axis = np.concatenate([np.linspace(0, 1e-3, 1001), np.linspace(0, 1, 101)[1:]])
    nodal = np.ones_like(axis)
    witness = SimpleNamespace(
        values={"u": nodal}, axes=(axis,), kind="finite-difference", estimated_error={"u": 1e-3}, order={"u": 2.0},
        extrapolated={}, sound={}, extrapolated_error={},
    )  # fmt: skip
    found = reference_errors(lambda name, axes: np.where(axes[0] <= 1e-3, 2.0, 1.0), {"u"}, witness)
    assert found["u"]["rel_l2"] == pytest.approx(np.sqrt(1e-3 + 4.5e-3), rel=0.01)


def test_of_very_many_nodes_every_second_or_third_along_each_axis_is_compared():
    axes = np.linspace(0, 2, 801), np.linspace(0, 1, 301)
    nodal = axes[0][:, None] + 2 * axes[1]
    witness = SimpleNamespace(
        values={"u": nodal}, axes=axes, kind="finite-difference", estimated_error={"u": 1e-3}, order={"u": 2.0},
        extrapolated={}, sound={}, extrapolated_error={},
    )  # fmt: skip
    seen = []

    def on_axes(name, axes):
        seen.append([len(axis) for axis in axes])
        return 1.01 * (axes[0][:, None] + 2 * axes[1])

    found = reference_errors(on_axes, {"u"}, witness)
    assert seen == [[401, 151]]
    assert found["u"]["rel_l2"] == pytest.approx(0.01)
    assert found["u"]["max"] == pytest.approx(0.04)


def test_conditions_are_reported_in_their_own_units():
    problem = Problem("p", [u, v], [On(omega, [u - 3, v - 4]), On(omega.boundary, 10 * u)])
    form = compile_problem(problem)
    zero = Expressions(form, (0 * x, 0 * x))
    first, second = condition_reports(form, score(form, draw(form, 200, 0), zero))
    assert (first["rms"], first["max"]) == (pytest.approx(5), pytest.approx(4))
    assert (second["rms"], second["max"]) == (0, 0)
    assert (first["equation"], first["on"]) == ("[u - 3, v - 4]", "omega")


def test_exact_states_of_split_unknowns():
    problem = Problem("p", [w], [On(omega, Abs(w) ** 2 * w - exp(I * x))], exact={w: exp(I * x)})
    form = compile_problem(problem)
    state, at = exact_state(form), np.array([[0.3, 0.1]])
    assert np.allclose(state.jets(0, at, [(0, 0), (1, 0)])[1, 0], -np.sin(0.3))
    assert np.allclose(field_at(state, 1, at), np.sin(0.3))
    assert score(form, draw(form, 100, 0), state).total < 1e-13


def test_an_exact_state_is_nan_where_one_is_missing():
    form = compile_problem(Problem("p", [u, v], [On(omega, u - v), On(omega, v - sin(x))], exact={u: sin(x)}))
    state, at = exact_state(form), np.array([[0.3, 0.1]])
    assert field_at(state, 0, at) == pytest.approx(np.sin(0.3))
    assert np.isnan(field_at(state, 1, at)).all()


def test_where_given_values_jump_in_time_inner_nodes_alone_are_compared():
    """At the moment of a jump either value is right."""
    axes = np.linspace(0, 1, 6), np.linspace(0, 1, 5)
    theirs = np.ones((6, 5))
    theirs[0, 2] = 0.0
    witness = SimpleNamespace(
        kind="k", axes=axes, values={"u": theirs}, estimated_error={"u": 1e-3}, order={"u": 2.0}, sound={},
        extrapolated={}, extrapolated_error={}, coarse_axes=axes,
    )  # fmt: skip
    errors = [
        reference_errors(lambda name, at: np.ones((6, 5)), ["u"], witness, 0.0, inner=inner)["u"]["max"]
        for inner in (False, True)
    ]
    assert errors == [1.0, 0.0]
