"""What is trained: numbers within their bounds, networks that unknowns share, and the same without torch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sympy import Abs, I, Interval

from inrpde import Learned, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.form import Jet
from inrpde.solvers.training.trained import Fields, Number, Request, Shape


@given(st.floats(-5, 5), st.floats(1e-3, 5), st.floats(0, 1))
def test_a_number_starts_from_its_initial_value_within_its_bounds(low, extent, share):
    initial = low + share * extent
    value = Number(Learned(initial, bounds=(low, low + extent)))().item()
    assert low <= value <= low + extent
    assert value == pytest.approx(initial, abs=2e-3 * extent + 1e-12)
    assert Number(Learned(initial))().item() == pytest.approx(initial)


@pytest.mark.parametrize("parameter", [-800.0, -5.0, 0.0, 5.0, 800.0])
def test_a_number_stays_within_its_bounds_wherever_its_parameter_goes(parameter):
    number = Number(Learned(1.0, bounds=(0.5, 3.0)))
    with torch.no_grad():
        number.parameter.fill_(parameter)
    assert 0.5 <= number().item() <= 3.0


@pytest.mark.parametrize("initial", [0.5, 3.0])
def test_a_number_on_its_bound_can_leave_it(initial):
    number = Number(Learned(initial, bounds=(0.5, 3.0)))
    number().backward()
    assert abs(number.parameter.grad.item()) > 1e-4


def test_a_number_without_bounds_moves_in_its_own_units():
    number = Number(Learned(-200.0))
    number().backward()
    assert number.parameter.item() == -1
    assert number.parameter.grad.item() == 200


line = Space("x")
(x,) = line.coords
u, v = line.unknowns("u v")
w = line.unknown("w", complex=True)
nu = line.parameter("nu")
omega, half = Region(line, Interval(0, 1)), Region(line, Interval(0, 1) - Interval(0, 0.5))
POINTS = torch.linspace(0, 1, 30, dtype=torch.float64)[:, None]


def fields(unknowns, *conditions, **more):
    form = compile_problem(Problem("p", list(unknowns), list(conditions), **more))
    return Fields(form, Shape(10, 2, (4.0,), 5.0), 0)


def coupled():
    learned = {nu: Learned(0.7)}
    return fields([u, v], On(omega, [nu * u.diff(x, 2) - v, v.diff(x) - u]), coefficients=learned)


def analytic():
    return fields([w], On(omega, w.diff(x) - 2 * I * w))


def split():
    return fields([w], On(omega, Abs(w) ** 2 * w + I * w.diff(x)))


def test_unknowns_of_one_region_are_outputs_of_one_network():
    assert coupled().homes == [(0, (0,)), (0, (1,)), None]
    assert analytic().homes == [(0, (0, 1))]
    assert split().homes == [(0, (0,)), (0, (1,))]
    apart = fields([u, v], On(omega, u - 1), On(half, v - 1))
    assert apart.homes == [(0, (0,)), (1, (0,))]
    assert not torch.equal(apart.networks[0].head, apart.networks[1].head)


@pytest.mark.parametrize("made", [coupled, analytic, split])
def test_without_torch_they_have_the_same_values_and_derivatives(made):
    both, indices = made(), [(0,), (1,), (2,)]
    jets = both.jets({"here": Request(0, POINTS, frozenset(indices))})["here"]
    state = both.state()
    for unknown in range(len(both.homes)):
        found = state.jets(unknown, POINTS.numpy(), indices)
        for index in indices:
            value = both.value(Jet(unknown, index), jets).detach().numpy()
            np.testing.assert_allclose(found[index], np.broadcast_to(value, (30,)), rtol=1e-9, atol=1e-9)


def test_requests_of_the_same_network_are_answered_as_if_alone():
    made = coupled()
    one, other = (Request(0, points, frozenset({(0,), (1,)})) for points in (POINTS, POINTS[:7] / 2))
    together = made.jets({"one": one, "other": other})
    for key, request in (("one", one), ("other", other)):
        alone = made.jets({key: request})[key]
        for index in request.indices:
            assert together[key][index].shape == (len(request.points), 2)
            torch.testing.assert_close(together[key][index], alone[index])


@pytest.mark.parametrize("made", [coupled, analytic])
def test_they_start_from_the_heads_that_are_given_and_keep_the_others(made):
    both = made()
    before = both.state().heads
    rng = np.random.default_rng(0)
    given = rng.standard_normal(11) + (1j * rng.standard_normal(11) if made is analytic else 0)
    both.start_from([given, *[None] * (len(before) - 1)])
    after = both.state().heads
    np.testing.assert_allclose(after[0], given)
    for old, new in zip(before[1:], after[1:], strict=True):
        np.testing.assert_array_equal(old, new)
