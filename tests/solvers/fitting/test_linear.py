"""Linear fits: the least loss of all heads, what the conditions leave open, and fields between samples."""

import numpy as np
import pytest
from sympy import Eq, Interval, exp, pi, sin

from inrpde import On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.jets import no_jets
from inrpde.discretise.state import field_at, zero_state
from inrpde.discretise.system import linearise
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global, make_trials
from inrpde.solvers.fitting.linear import fit, leaning

line = Space("x")
(x,) = line.coords
u, v = line.unknowns("u v")
omega = Region(line, Interval(0, 1))
PLAN = Global(40, (6.0,))
AT = np.linspace(0, 1, 201)[:, None]


def made(*conditions, unknowns=(u,)):
    form = compile_problem(Problem("p", list(unknowns), list(conditions)))
    return form, draw(form, 80, 0)


def test_no_other_heads_have_a_lower_loss():
    """Of an equation and a condition that contradict one another."""
    form, samples = made(On(omega, u.diff(x) - 1), On(omega, u - exp(x)))
    state = fit(form, Global(12, (3.0,)), samples, 0)
    zero = zero_state(form, make_trials(form, Global(12, (3.0,)), 0))
    system = linearise(form, samples, zero, no_jets(form))
    residual = system.matrix() @ state.vector - system.right
    assert np.linalg.norm(residual) > 0.1
    np.testing.assert_allclose(system.matrix().T @ residual, 0, atol=1e-9)


def test_what_conditions_leave_open_takes_the_size_that_it_leans_to():
    """u' = cos has any constant; with u = 0 at one end it has none."""
    equation = On(omega, Eq(u.diff(x), pi * sin(pi * x)))
    form, samples = made(equation)
    constants = []
    for seed in range(8):
        state = fit(form, PLAN, samples, seed, lean=[5.0])
        jets = state.jets(0, AT, [(0,), (1,)])
        np.testing.assert_allclose(jets[1,], np.pi * np.sin(np.pi * AT[:, 0]), atol=1e-7)
        constants.append(np.mean(jets[0,]))
    assert 1 < np.std(constants) < 15
    form, samples = made(equation, On(omega.face(x, 0), u))
    one, other = (field_at(fit(form, PLAN, samples, 0, lean=lean), 0, AT) for lean in ([], [5.0]))
    np.testing.assert_allclose(one, other, atol=1e-7)


def test_random_fields_have_the_sizes_that_are_asked_for():
    form, _ = made(On(omega, u - v), On(omega, u.diff(x) - v), unknowns=(u, v))
    state = zero_state(form, make_trials(form, Global(2000, (6.0,)), 0))
    assert leaning(state, [], 0) is None
    drawn = state.with_vector(leaning(state, [3.0, 0.1], 0))
    sizes = [np.sqrt(np.mean(np.square([
        field_at(state.with_vector(leaning(state, [3.0, 0.1], seed)), k, AT[::20]) for seed in range(30)
    ]))) for k in (0, 1)]  # fmt: skip
    np.testing.assert_allclose(sizes, [3.0, 0.1], rtol=0.2)
    np.testing.assert_array_equal(drawn.vector, leaning(state, [3.0, 0.1], 0))
    assert not np.array_equal(drawn.vector, leaning(state, [3.0, 0.1], 1))


def test_between_samples_the_field_is_smooth():
    """Seven samples, and many features of a wide band: no wilder than what was sampled."""
    where = np.linspace(0, 1, 7)
    readings = Points(line, where, {"f": np.sin(3 * where)})
    form, samples = made(On(readings, Eq(u, readings["f"])))
    state = fit(form, Global(200, (40.0,)), samples, 0)
    np.testing.assert_allclose(field_at(state, 0, where[:, None]), np.sin(3 * where), atol=1e-6)
    assert np.abs(field_at(state, 0, AT) - np.sin(3 * AT[:, 0])).max() < 0.05


@pytest.mark.parametrize("seed", [0, 1])
def test_an_exact_solution_is_found(seed):
    form, samples = made(On(omega, Eq(-u.diff(x, 2), pi**2 * sin(pi * x))), On(omega.boundary, u))
    found = field_at(fit(form, PLAN, samples, seed), 0, AT)
    np.testing.assert_allclose(found, np.sin(np.pi * AT[:, 0]), atol=1e-9)
