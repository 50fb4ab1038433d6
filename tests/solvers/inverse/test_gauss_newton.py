"""Steps to what is learned: within bounds, as far as the readings tell, and as certain as these make it."""

from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Eq, lambdify

from inrpde import Learned, Points, Problem
from inrpde.declaration import On
from inrpde.discretise.state import field_at
from inrpde.solvers.inverse import gauss_newton
from inrpde.solvers.inverse.coordinates import Coordinates, Penalty
from inrpde.solvers.inverse.gauss_newton import Limits, Point, descend, penalised
from inrpde.solvers.inverse.reduced import Linearised
from inrpde.solvers.inverse.starts import best
from tests.solvers.inverse import problems

AT = np.linspace(0, 1, 101)[:, None]
TRUTH = {"k": 2.0, "p": 0.3, "q": 3.0}
EXACT = lambdify(problems.x, problems.FIELD)(AT[:, 0])


def found(problem):
    case = problems.setup(problem)
    return case, descend(case.reduced, case.within, case.z, case.state)


def numbers(case, made):
    """By name the learned numbers and their standard deviations."""
    unknowns = {k: case.form.unknowns[k] for k in case.roles.learned}
    return {
        each.name: (float(made.state.heads[k][0]), float(np.linalg.norm(made.spread[k])))
        for k, each in unknowns.items()
        if each.is_number
    }


def deviation(made, unknown):
    return np.linalg.norm(made.state.trials[unknown].jets(AT, [(0,)])[(0,)] @ made.spread[unknown], axis=1)


@pytest.mark.parametrize("make", [problems.of_number, problems.of_place])
def test_numbers_of_exact_readings_are_exact(make):
    case, made = found(make())
    for name, (value, std) in numbers(case, made).items():
        assert value == pytest.approx(TRUTH[name], rel=1e-9)
        assert std < 1e-9
    assert made.degrees == pytest.approx(len(case.roles.learned))
    assert made.open == ()


@pytest.mark.parametrize("make", [problems.of_number, problems.of_place])
def test_numbers_lie_within_what_noise_makes_of_them(make):
    """Of ten draws of the noise the errors over the standard deviations are as large as those of Gaussians."""
    scaled = []
    for seed in range(10):
        case, made = found(make(0.01, seed))
        scaled.append([(value - TRUTH[name]) / std for name, (value, std) in numbers(case, made).items()])
        (noise,) = made.noise.values()
        assert 0.5 < noise / 0.01 < 1.6
    assert 0.5 < np.sqrt(np.mean(np.square(scaled))) < 1.7


def test_a_field_lies_within_its_band():
    """The truth is smoother than a penalty expects: it lies within the band of 90 % as often at least, and the band is
    not wider than it has to be by more than a factor."""
    scaled = []
    for seed in range(8):
        case, made = found(problems.of_field(0.01, seed))
        (k,) = case.roles.learned
        inner = slice(5, -5)  # at the ends it is given
        scaled.append((field_at(made.state, k, AT) - EXACT)[inner] / deviation(made, k)[inner])
    assert np.mean(np.abs(scaled) < 1.645) > 0.9
    assert 0.25 < np.sqrt(np.mean(np.square(scaled))) < 1.2


def test_where_a_field_is_given_it_has_no_deviation():
    case, made = found(problems.of_field(0.01))
    (k,) = case.roles.learned
    std = deviation(made, k)
    assert max(std[0], std[-1]) < 1e-9 < 1e-3 * std[50]


def test_the_deviation_of_the_fields_is_that_by_which_they_follow():
    """Of draws of the learned number from its spread the fields have the standard deviation that is told."""
    case, made = found(problems.of_number(0.01))
    (k,) = case.roles.learned
    std = float(np.linalg.norm(made.spread[k]))
    there = case.reduced.followed(case.reduced.placed(made.state, made.state.heads[k] + std))[0]
    moved = np.abs(field_at(there, 0, AT) - field_at(case.reduced.followed(made.state)[0], 0, AT))
    assert deviation(made, 0) == pytest.approx(moved, abs=0.1 * moved.max())


def test_a_problem_that_is_not_linear_in_its_fields():
    case, made = found(problems.of_reaction(0.001))
    value, std = numbers(case, made)["k"]
    assert abs(value - 2) < 3 * std < 0.3
    assert np.abs(field_at(made.state, 1, AT) - EXACT).max() < 0.05


def test_a_number_within_an_equation_of_the_first_order():
    case, made = found(problems.of_rise())
    assert numbers(case, made)["k"][0] == pytest.approx(4, rel=1e-9)


# -- what the readings do not tell


def test_numbers_that_show_as_a_ratio_alone_are_open_and_keep_it():
    case = problems.setup(problems.of_ratio())
    state = best(case.reduced, case.state, 0)
    z = np.concatenate([state.heads[k] for k in case.roles.learned])
    made = descend(case.reduced, case.within, z, state)
    assert [case.form.unknowns[k].name for k in made.open] == ["k", "q"]
    k, q = (float(made.state.heads[number][0]) for number in made.open)
    assert q / k == pytest.approx(np.pi**2, rel=1e-3)  # the readings' noise is a thousandth
    assert np.hypot(k, q) < 10 * np.linalg.norm(z)  # rounding does not carry them away
    assert np.abs(field_at(made.state, 0, AT) - np.sin(np.pi * AT[:, 0])).max() < 2e-3


def test_each_condition_has_a_noise_of_its_own():
    x, k, u = problems.x, problems.k, problems.u
    rng, conditions = np.random.default_rng(0), []
    for noise in (0.1, 0.001):
        places = np.sort(rng.uniform(0.05, 0.95, 80))
        values = lambdify(x, problems.TRUTH)(places) + noise * rng.standard_normal(80)
        sensors = Points(problems.space, places[:, None], {"u": values})
        conditions.append(On(sensors, Eq(u, sensors["u"])))
    f = -2 * problems.TRUTH.diff(x, 2) + problems.TRUTH
    holding = [On(problems.omega, Eq(-k * u.diff(x, 2) + u, f)), problems.ends(problems.TRUTH)]
    case, made = found(Problem("two", [u], [*holding, *conditions], {k: Learned(1.0, (0.1, 10))}))
    assert made.noise[2] == pytest.approx(0.1, rel=0.25)
    assert made.noise[3] == pytest.approx(0.001, rel=0.25)
    value, std = numbers(case, made)["k"]
    assert abs(value - 2) < 3 * std < 0.003  # as of the better ones alone


# -- bounds


@pytest.fixture
def visited(monkeypatch):
    """All points that a search goes to."""
    there, moved = [], Point.moved
    monkeypatch.setattr(Point, "moved", lambda self, z: there.append(moved(self, z)) or there[-1])
    return there


@pytest.mark.parametrize("bounds", [(0.1, 1.5), (0.9, 1.01), (1.0, 10.0)])
def test_numbers_keep_their_bounds_at_every_step(visited, bounds):
    case, made = found(problems.of_number(0.001, bounds=bounds))
    (k,) = case.roles.learned
    values = [float(each.at.state.heads[k][0]) for each in visited]
    assert len(values) > 2
    assert all(bounds[0] <= value <= bounds[1] for value in values)
    assert made.state.heads[k][0] == pytest.approx(min(2.0, bounds[1]), rel=0.01)


@pytest.mark.parametrize("bounds", [(0.9, 1.3), (0.5, 1.2), (0.7, 1.1)])
def test_fields_keep_their_bounds_at_every_step(visited, bounds):
    """The truth is between 1 and 1.5. At the points at which bounds are looked at; between them, nearly."""
    case, made = found(problems.of_field(0.001, bounds=bounds, given=False))
    (k,) = case.roles.learned
    _, _, points = Limits.of(case.form, case.reduced).fields[k]
    for each in visited:
        values = field_at(each.at.state, k, points)
        assert bounds[0] <= values.min() <= values.max() <= bounds[1]
    values = field_at(made.state, k, AT)
    assert values.max() < bounds[1] + 0.001
    assert np.abs(values - np.minimum(EXACT, bounds[1])).mean() < 0.1  # it comes near to the bound, and stays there


def test_a_field_that_starts_at_its_bound_leaves_it(visited):
    case, made = found(problems.of_field(0.001, bounds=(1.0, 1.6), given=False))
    (k,) = case.roles.learned
    assert np.abs(field_at(made.state, k, AT) - EXACT).max() < 0.15
    assert all(field_at(each.at.state, k, AT).min() > 0.99 for each in visited)


# -- penalties that are declared


def test_a_penalty_that_is_declared_takes_the_place_of_others():
    a, x, omega = problems.a, problems.x, problems.omega
    whole = problems.of_field(0.01)
    declared = On(omega, Eq(a.diff(x, 2), 0))
    problem = Problem("penalised", whole.unknowns, [*whole.conditions, declared], whole.coefficients)
    case = problems.setup(problem)
    within = penalised(case.reduced, case.within, case.state)
    assert len(case.within.penalties) == 3
    (penalty,) = within.penalties
    z = np.linalg.lstsq(penalty.matrix, penalty.right)[0]  # nearly straight, between the values at its ends
    line = field_at(case.reduced.placed(case.state, within.heads(z)), case.roles.learned[0], AT)
    assert line == pytest.approx(np.linspace(EXACT[0], EXACT[-1], 101), abs=1e-3)
    made = descend(case.reduced, case.within, case.z, case.state)
    assert np.abs(field_at(made.state, case.roles.learned[0], AT) - EXACT).max() < 0.2


def test_steps_end(monkeypatch):
    monkeypatch.setattr(gauss_newton, "STEPS", 1)
    assert found(problems.of_number())[1].steps == 1


@pytest.mark.parametrize(("stiff", "alone"), [(0.0, False), (1e3, True)], ids=["resolved", "in the way"])
def test_equations_that_features_do_not_resolve_do_not_hold_readings_up(stiff, alone):
    """Readings ask for coordinates at which so much would be left of equations."""
    slopes, noisy = np.random.default_rng(0).standard_normal((40, 3)), np.arange(43) < 40
    left = np.concatenate([slopes @ [1.0, 2.0, 3.0], np.zeros(3)])
    whole = np.concatenate([slopes, stiff * np.eye(3)])
    at = Linearised(None, left, whole, None, noisy, np.zeros(43, int))
    within = Coordinates(np.zeros(3), np.eye(3), (Penalty(np.eye(3), np.zeros(3)),))
    found = Point(np.zeros(3), at, SimpleNamespace(norms=()), within).freed(1e-3)
    assert found.alone == alone
    assert len(found.at.left) == (40 if alone else 43)
    assert found.chosen.z == pytest.approx([1, 2, 3], rel=1e-3)
