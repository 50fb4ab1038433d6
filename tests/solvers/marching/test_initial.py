"""Initial-value problems: which they are, what a window takes over from the last, and windows as one state."""

import numpy as np
import pytest
from sympy import Interval, Rational, pi, sin

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions, exact_state
from inrpde.discretise.jets import evaluate_jets, residuals
from inrpde.discretise.state import State, field_at
from inrpde.networks.trial import Constant
from inrpde.sampling.draw import draw
from inrpde.solvers.fitting import linear
from inrpde.solvers.marching.initial import Continued, Extended, joined, jumps, marches
from tests.solvers.marches import X, h, heat, marched, plan, strip, t, timed

line = Space("x")
(x,) = line.coords
u, omega = line.unknown("u"), Region(line, Interval(0, 1))
AT = np.random.default_rng(0).uniform(size=(200, 2))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.boundary, h), On(strip.initial, h - 1)], True),
        ([On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.boundary, h), On(strip.final, h - 1)], False),
        ([On(strip, timed.dt(h) - h.diff(X, 2) - strip.mean(h)), On(strip.initial, h - 1)], False),
        ([On(strip, h.diff(X, 2) - 1), On(strip.boundary, h)], False),
    ],
    ids=["initial", "final", "integral", "steady"],
)
def test_which_problems_march(conditions, expected):
    assert marches(compile_problem(Problem("p", [h], conditions))) == expected
    assert not marches(compile_problem(Problem("p", [u], [On(omega, u.diff(x, 2) - 1), On(omega.boundary, u)])))


def test_a_state_is_continued_by_its_taylor_polynomial():
    form = heat()
    state = marched(form, plan(1e-6), linear.fit).state
    at = np.column_stack([AT[:, 0], 0.1 + 0.01 * AT[:, 1]])
    ahead = Extended(state, 0.1).jets(0, at, [(0, 0), (2, 0), (0, 1)])
    for index, found in state.jets(0, at, [(0, 0), (2, 0)]).items():
        assert np.allclose(ahead[index], found, rtol=0.02)
    at[:, 1] = 0.1
    assert np.allclose(ahead[0, 1], state.jets(0, at, [(0, 1)])[0, 1])


def string():
    """A wave of one mode, from its values and velocities at the start."""
    exact = sin(pi * X) * sin(2 * pi * t + 1)
    start = [On(strip.initial, h - exact.subs(t, 0)), On(strip.initial, timed.dt(h) - exact.diff(t).subs(t, 0))]
    conditions = [On(strip, timed.dt(h, 2) - 4 * h.diff(X, 2)), On(strip.boundary, h), *start]
    form = compile_problem(Problem("string", [h], conditions, exact={h: exact}))
    return form, exact_state(form)


def test_a_window_takes_over_values_and_velocities():
    """A state satisfies the conditions of a window that starts from it; another does not those at its start."""
    form, exact = string()
    continued = Continued.of(form)
    later = continued.samples(draw(form, 200, 0).squeezed((0.0, 1.0), 0.4, 0.7), exact)
    rows = continued.form.rows
    first = [row for row in rows if row.region.bounds[1][-1] == 0]
    assert len(rows) == len(form.rows)
    assert {jet.index for row in first for jet in row.jets.values()} == {(0, 0), (0, 1)}
    assert all(np.all(later.of(row).points[:, 1] == 0.4) for row in first)

    def left(state):
        found = residuals(continued.form, later, evaluate_jets(continued.form, later, state))
        return {row: np.abs(values).max() for row, values in zip(rows, found, strict=True)}

    assert max(left(exact).values()) < 1e-9
    shifted = left(Expressions(form, (exact.known[0].subs(t, t + Rational(1, 10)),)))
    assert all((shifted[row] > 0.01) == (row in first) for row in rows)


def constant(*values):
    return State((Constant(),) * len(values), tuple(np.array([value]) for value in values))


@pytest.mark.parametrize("ends", [True, False])
def test_windows_are_joined_at_their_stops(ends):
    form = heat()
    state = joined(form, [constant(1.0), constant(2.0), constant(3.0)], [0.25, 0.5, 0.8], ends)
    times = np.array([0.1, 0.25, 0.26, 0.5, 0.6, 0.8, 0.9])
    values = field_at(state, 0, np.stack([times, times], axis=1))
    np.testing.assert_array_equal(values, [1, 1, 2, 2, 3, 3, 0 if ends else 3])


def test_jumps_add_up_beside_the_size():
    form = heat()
    one, two, three = (constant(value) for value in (1.0, 1.5, 1.0))
    assert jumps(form, joined(form, [one, one], [0.5, 1.0])) == 0
    size = np.sqrt((1 + 1.5**2 + 1) / 3)
    assert jumps(form, joined(form, [one, two, three], [1 / 3, 2 / 3, 1.0])) == pytest.approx(
        0.5 / size + 0.5 / 1.5, rel=0.02
    )


def test_a_polynomial_in_time_is_continued_as_itself():
    form, _ = string()
    state = Expressions(form, ((1 + X) * (1 + 2 * t + 3 * t**2),))
    at = np.random.default_rng(1).uniform(size=(50, 2))
    indices = [(0, 0), (0, 1), (0, 2), (1, 1), (0, 3)]
    found, exact = Extended(state, 0.3, order=2).jets(0, at, indices), state.jets(0, at, indices)
    for index in indices:
        np.testing.assert_allclose(found[index], exact[index], atol=1e-12)
    linear_part = field_at(Extended(state, 0.3), 0, at)
    np.testing.assert_allclose(exact[0, 0] - linear_part, 3 * (1 + at[:, 0]) * (at[:, 1] - 0.3) ** 2, atol=1e-12)
