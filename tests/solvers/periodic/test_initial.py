"""Initial values: given by equations at each point, as spectra; and what they cannot be."""

import numpy as np
import pytest
from sympy import Eq, Interval, cos, exp, pi, sin

from inrpde import Region
from inrpde.solvers.periodic.modes import Modes
from tests.solvers.periodic.problems import jump, line, made, parts

MODES = Modes(np.zeros(1), np.array([2 * np.pi]), (20,), True)


def values(found, modes):
    return modes.values(found), modes.axes[0]


def test_values_and_rates_may_come_mixed_and_in_any_order():
    space, x, t, u, omega = line()
    starts = [Eq(u.diff(t) + 2 * u, sin(x)), Eq((2 + cos(x)) * u, exp(cos(x)))]
    equations, initial = parts(made(space, [u], omega, [Eq(u.diff(t, 2), u.diff(x, 2))], starts))
    assert initial.refusal() == ""
    (value,), (rate,) = initial.exact(MODES, 1e-8)
    at = MODES.axes[0]
    given = np.exp(np.cos(at)) / (2 + np.cos(at))
    assert np.allclose(MODES.values(value) + equations.base[0], given, atol=1e-9)
    assert np.allclose(MODES.values(rate), np.sin(at) - 2 * given, atol=1e-9)


@pytest.mark.parametrize(
    ("starts", "why"),
    [
        (lambda u, x: [Eq(u**2, 1)], "not linear"),
        (lambda u, x: [Eq(u.diff(x), cos(x))], "derivatives in space"),
        (lambda u, x: [u - 1, u - 1], "not as many initial values"),
    ],
)
def test_what_does_not_give_each_value_is_refused(starts, why):
    space, x, t, u, omega = line()
    _, initial = parts(made(space, [u], omega, [Eq(u.diff(t), u.diff(x, 2))], starts(u, x)))
    assert why in initial.refusal()


def test_values_that_hang_on_one_another_are_refused():
    space, x, t, u, omega = line()
    starts = [Eq(u + u.diff(t), 1), Eq(2 * u + 2 * u.diff(t), 2)]
    _, initial = parts(made(space, [u], omega, [Eq(u.diff(t, 2), u.diff(x, 2))], starts))
    assert "do not depend on all" in initial.refusal()


def test_the_mean_of_what_jumps_is_right_to_many_digits():
    equations, initial = parts(jump())
    modes = Modes(np.zeros(1), np.ones(1), (40,), True)
    errors = [
        abs(found[0, 0, 0] + equations.base[0] - 0.5) for found in (initial.spectra(modes), initial.exact(modes, 1e-4))
    ]
    assert errors[1] < 2e-6 < 1e-3 < errors[0]


def test_a_start_that_is_another_region_is_the_same_start():
    space, x, t, u, omega = line()
    whole = Region(space, Interval(0, 2 * pi) * Interval(0, 1))
    assert whole.initial is not omega.initial
    _, initial = parts(made(space, [u], omega, [Eq(u.diff(t), u.diff(x, 2))], [Eq(u, sin(x))]))
    (value,), _ = initial.exact(MODES, 1e-8)
    assert np.allclose(MODES.values(value), np.sin(MODES.axes[0]))
