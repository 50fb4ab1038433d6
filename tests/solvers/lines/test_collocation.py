"""Collocation in time on systems whose solutions are known."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from inrpde import deadline
from inrpde.solvers.lines import collocation
from inrpde.solvers.lines.collocation import FIRST, Start, Stepper, Steps, march, walk
from inrpde.solvers.lines.nodes import gauss, radau


@dataclass
class System:
    """G as a function of (t, y, y', y''), its Jacobians by steps into the complex plane; each column is an unknown."""

    orders: np.ndarray
    g: Callable
    linear: bool = True
    steady: bool = True
    lengths: list = field(default_factory=list)

    def residuals(self, times, *states):
        return np.stack([self.residual(*each) for each in zip(times, *states, strict=True)])

    def residual(self, time, y, rate, second):
        return np.array(self.g(time, y, rate, second))

    def factorised(self, time, y, rate, second, scale):
        self.lengths.append(scale)
        matrix = np.zeros((len(y), len(y)), complex)
        for j, order in enumerate(self.orders):
            for k in range(order + 1):
                state = [y.astype(complex), rate.astype(complex), second.astype(complex)]
                state[k][j] += 1e-200j
                matrix[:, j] += np.imag(self.residual(time, *state)) / 1e-200 * scale ** (order - k)
        matrix = matrix if np.iscomplexobj(scale) else matrix.real
        return lambda right: np.linalg.solve(matrix, right)

    def sizes(self, vector):
        return np.abs(vector)


def first(g, count=1, **options):
    return System(np.ones(count, int), lambda t, y, rate, second: rate - np.array(g(t, y)), **options)


def steps_of(system, nodes, length, count, y, rate=None):
    """The state after steps of one length, whatever their errors."""
    y = np.array(y, float)
    at = Start.of(system, 0.0, y, np.zeros_like(y) if rate is None else np.array(rate, float))
    stepper = Stepper(system, nodes, 1e-12, 1.0, at)
    for number in range(count):
        solvers, _ = stepper.factors(at, length)
        at = stepper.taken(at, length, stepper.newton(at, length, solvers), (number + 1) * length).end
    return at


def order_of(errors):
    return np.log2(errors[0] / errors[1])


CURVED = first(lambda t, y: [y[0] * np.cos(t) - 0.3 * y[0] ** 2], linear=False, steady=False)


@pytest.mark.parametrize(("nodes", "order", "length"), [(radau(3), 5, 0.25), (radau(5), 9, 0.5), (gauss(3), 6, 0.25)])
def test_first_order_equations_have_the_order_of_the_nodes(nodes, order, length):
    exact = steps_of(CURVED, radau(7), 0.125, 32, [1.0]).y[0]
    errors = [abs(steps_of(CURVED, nodes, length / n, round(4 * n / length), [1.0]).y[0] - exact) for n in (1, 2)]
    assert order_of(errors) == pytest.approx(order, abs=0.6)


@pytest.mark.parametrize("nodes", [radau(3), radau(5)])
def test_stiff_equations_keep_the_order_of_the_polynomial_and_damp_what_is_stiff(nodes):
    stiff = first(lambda t, y: [-1e8 * (y[0] - np.cos(t)) - np.sin(t)])
    for y in (1.0, 2.0):
        at = steps_of(stiff, nodes, 0.5, 6, [y])
        assert abs(at.y[0] - np.cos(3.0)) < 1e-9


@pytest.mark.parametrize(("nodes", "order"), [(radau(3), 5), (radau(5), 9), (gauss(3), 6)])
def test_second_order_equations_have_the_order_of_the_nodes(nodes, order):
    system = System(
        np.array([2]), lambda t, y, rate, second: [second[0] + (1 + t) * y[0] + 0.1 * rate[0]], steady=False
    )
    exact = steps_of(system, radau(7), 0.125, 32, [1.0], [0.0])
    runs = [steps_of(system, nodes, 0.5 / n, 8 * n, [1.0], [0.0]) for n in (1, 2)]
    assert order_of([abs(run.y[0] - exact.y[0]) for run in runs]) == pytest.approx(order, abs=1.0)
    assert order_of([abs(run.rate[0] - exact.rate[0]) for run in runs]) == pytest.approx(order, abs=1.0)


def pendulum(t, y, rate, second):
    """x, y, velocities and a tension, of index 2: x' = u, y' = v, u' = -p x, v' = -p y - 1, x u + y v = 0."""
    return [rate[0] - y[2], rate[1] - y[3], rate[2] + y[4] * y[0], rate[3] + y[4] * y[1] + 1, y[0] * y[2] + y[1] * y[3]]


def test_equations_of_index_two_converge_with_their_algebraic_unknown():
    system = System(np.array([1, 1, 1, 1, 0]), pendulum, linear=False, steady=False)
    exact = march(system, 0.0, 2.0, np.array([1.0, 0, 0, 0, 0]), np.zeros(5), 1e-10, radau(5))
    assert exact.ended == "end"
    angle = march(
        first(lambda t, y: [y[1], -np.cos(y[0])], 2, linear=False, steady=False),
        0.0, 2.0, np.zeros(2), np.zeros(2), 1e-11, radau(5),
    )  # fmt: skip
    for time in (0.3, 1.1, 2.0):
        phi, speed = angle(time)
        expected = [np.cos(phi), np.sin(phi), -speed * np.sin(phi), speed * np.cos(phi), speed**2 - np.sin(phi)]
        assert exact(time) == pytest.approx(expected, abs=1e-7)


def test_a_harmonic_oscillator_is_not_damped_in_a_hundred_periods():
    system = System(np.array([2]), lambda t, y, rate, second: [second[0] + y[0]])
    found = march(system, 0.0, 200 * np.pi, np.ones(1), np.zeros(1), 1e-6, gauss(3))
    times = np.linspace(0, 200 * np.pi, 1234)
    for order, exact in enumerate([np.cos, lambda t: -np.sin(t), lambda t: -np.cos(t)]):
        assert np.max(np.abs([found(t, order)[0] - exact(t) for t in times])) < 10.0 ** (order - 5)
    energy = found(200 * np.pi)[0] ** 2 + found(200 * np.pi, 1)[0] ** 2
    assert energy == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("nodes", [radau(3), radau(5), gauss(3)])
@pytest.mark.parametrize("tolerance", [1e-4, 1e-7])
def test_errors_are_as_large_as_the_tolerance(nodes, tolerance):
    system = first(lambda t, y: [y[1], -y[0]], 2)
    found = march(system, 0.0, 20.0, np.array([0.0, 1.0]), np.zeros(2), tolerance, nodes)
    times = np.linspace(0, 20, 2001)
    error = np.max(np.abs([found(t)[0] - np.sin(t) for t in times]))
    assert tolerance / 60 < error < 3 * tolerance


def test_steps_grow_from_an_incompatible_start_and_keep_few_lengths():
    rates = 4.0 ** np.arange(12)
    system = System(np.ones(12, int), lambda t, y, rate, second: rate + rates * (y - np.cos(t)))
    system.sizes = lambda vector: np.array([np.linalg.norm(vector)])
    found = march(system, 0.0, 4.0, np.zeros(12), np.zeros(12), 1e-4, radau(3))
    lengths = np.diff(found.times)
    assert found.ended == "end"
    assert found.times[-1] == 4.0
    assert lengths[0] < 1e-6 < 0.05 < lengths.max()
    assert len(lengths) < 150
    assert np.allclose(np.log2(lengths / 4), np.round(np.log2(lengths / 4)))
    assert len(system.lengths) < 5 * len(np.unique(np.round(np.log2(lengths))))
    exact = [(w**2 * np.cos(t) + w * np.sin(t) - w**2 * np.exp(-w * t)) / (1 + w**2) for w in rates for t in (0.5, 4)]
    ours = [found(t)[k] for k in range(12) for t in (0.5, 4)]
    assert ours == pytest.approx(exact, abs=3e-4)


def test_steps_that_two_walks_have_in_common_are_told_by_their_ends_and_nodes():
    def steps(times, degree=3):
        return Steps(np.array(times), np.zeros((len(times) - 1, degree + 1, 1)), "end")

    one = steps([0, 1, 2, 4])
    assert one.repeats(steps([0, 0.5, 1, 1.5, 2, 4 + 1e-13]))
    assert not one.repeats(steps([0, 0.5, 1, 1.5, 2, 3, 4]))
    assert not one.repeats(steps([0, 2, 3, 4]))
    assert not one.repeats(steps([0, 1, 2, 4], degree=5))


def test_polynomials_are_those_of_the_derivatives_between_the_nodes():
    system = first(lambda t, y: [-y[0] + np.sin(3 * t)])
    found = march(system, 0.0, 3.0, np.ones(1), np.zeros(1), 1e-7, radau(5))
    for t in (0.01, 0.7, 1.9, 3.0):
        assert found(t, 1)[0] == pytest.approx(np.sin(3 * t) - found(t)[0], abs=1e-5)


def test_a_solution_that_blows_up_is_followed_to_there():
    system = first(lambda t, y: [y[0] ** 2], linear=False, steady=False)
    found = march(system, 0.0, 2.0, np.ones(1), np.zeros(1), 1e-6, radau(3))
    assert found.ended == "underflow"
    assert found.times[-1] == pytest.approx(1.0, abs=1e-3)
    assert found(0.9)[0] == pytest.approx(10, rel=1e-4)


def test_time_may_run_backwards_and_complex_columns_are_followed():
    y = np.array([1.0 + 0j])
    system = first(lambda t, y: [1j * y[0]])
    system.factorised = lambda time, y, rate, second, scale: lambda right: right / (1 - 1j * scale)
    found = march(system, 3.0, 0.0, y, 0 * y, 1e-8, radau(5))
    assert found.times[-1] == 0.0
    assert found(1.0)[0] == pytest.approx(np.exp(-2j), abs=1e-7)


def test_stages_end_where_they_are_to_and_limit_the_steps():
    system = first(lambda t, y: [1.0 if 0.3 < t < 0.31 else 0.0])
    stages = [(0.0, 0.3, 1.0), (0.3, 0.31, 0.005), (0.31, 1.0, 1.0)]
    found = march(system, 0.0, 1.0, np.zeros(1), np.zeros(1), 1e-8, radau(3), stages)
    assert {0.3, 0.31, 1.0} <= set(found.times)
    inside = (found.times[1:] > 0.3) & (found.times[1:] <= 0.31)
    assert np.diff(found.times)[inside].max() < 0.00501
    assert found(1.0)[0] == pytest.approx(0.01, rel=1e-9)
    assert len(found.times) < 80


def test_each_step_is_told_and_may_be_the_last_one():
    told = []
    system = first(lambda t, y: [-y[0]])
    found = march(
        system, 0.0, 1.0, np.ones(1), np.zeros(1), 1e-6, radau(3),
        on_step=lambda time, share: told.append((time, share)), stop=lambda: len(told) == 3,
    )  # fmt: skip
    assert found.ended == "stopped"
    assert len(found.coefficients) == 3
    assert told[0] == (2.0**-FIRST, 2.0**-FIRST)
    with deadline.within(-1.0) as scope:
        march(system, 0.0, 1.0, np.ones(1), np.zeros(1), 1e-6, radau(3))
    assert scope.expired


def test_a_limit_holds_where_it_holds():
    system = first(lambda t, y: [-y[0]])
    at = Start.of(system, 0.0, np.ones(1), np.zeros(1))
    steps = list(walk(system, at, 8.0, 1e-4, radau(3), first=0.5, limit=lambda t: 0.25 if 2 <= t < 4 else np.inf))
    starts = np.array([0.0, *(step.end.time for step in steps[:-1])])
    inside = (starts >= 2) & (starts < 4)
    lengths = np.array([step.length for step in steps])
    assert steps[-1].end.time == 8
    assert lengths[0] == 0.5
    assert np.max(lengths[inside]) <= 0.25 < np.max(lengths[~inside])


def test_a_walk_goes_on_from_where_another_has_ended():
    system = first(lambda t, y: [-2 * y[0]])
    half = list(walk(system, Start.of(system, 0.0, np.ones(1), np.zeros(1)), 1.0, 1e-8, radau(5)))[-1]
    rest = list(walk(system, half.end, 3.0, 1e-8, radau(5), first=half.length))
    assert rest[-1].end.y[0] == pytest.approx(np.exp(-6), abs=1e-8)
    assert rest[-1].end.largest[0] == 1


RATES = np.linspace(0.5, 2.5, 30)
TURNED = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 30)))[0]


class Rough(System):
    """A stiff linear system whose factors know one of its rates alone."""

    def factorised(self, time, y, rate, second, scale):
        return lambda right: right / (1 + 100 * scale)


def test_factors_that_are_rough_serve_as_newtons_steps_are_combined(monkeypatch):
    def stiff(t, y, rate, second):
        return rate + 100 * TURNED @ (RATES * (TURNED.T @ (y - np.cos(t))))

    def followed(kind):
        system = kind(np.ones(30, int), stiff)
        return march(system, 0.0, 10.0, np.ones(30), np.zeros(30), 1e-5, radau(3))

    found, exact = followed(Rough), followed(System)
    assert np.allclose(found(3.0), exact(3.0), atol=1e-5)
    assert len(found.times) < 1.5 * len(exact.times)
    monkeypatch.setattr(collocation, "DEPTH", 0)
    assert len(followed(Rough).times) > 4 * len(exact.times)


class Batched(System):
    """Counts how many times are looked at together."""

    def residuals(self, times, *states):
        self.lengths.append(len(times))
        return super().residuals(times, *states)


def test_residuals_at_the_nodes_are_taken_together():
    system = Batched(np.ones(1, int), lambda t, y, rate, second: rate + y)
    found = march(system, 0.0, 1.0, np.ones(1), np.zeros(1), 1e-8, radau(3))
    assert system.lengths.count(3) > 5
    assert found(1.0)[0] == pytest.approx(np.exp(-1), abs=1e-8)
