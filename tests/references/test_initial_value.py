"""The reference of ordinary differential equations: its errors and what it says of them, and what it refuses."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr
from sympy import Eq, Interval, exp, pi, sin, sqrt

from inrpde import On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.declaration.fields import GridField
from inrpde.references import finite_difference, initial_value, method_of_lines
from inrpde.references.initial_value import solve, supports
from inrpde.references.reference import NoReference, Refusal
from tests.odes import ODES, Ode

STILL = SimpleNamespace(perf_counter=lambda: 0.0)
"""A clock by which no time passes, however busy the machine is."""
SINGULAR = {"singular start"}
DEAR = {"van der pol"}
"""What is stiff for long; "robertson" is stiff, too, and takes half as long."""


def referred(ode, **options):
    return solve(bind(ode.problem(**options)))


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=pytest.mark.slow if each in DEAR else []) for each in sorted(ODES.keys() - SINGULAR)],
)
def test_errors_are_small_and_what_it_says(name):
    found = referred(ODES[name])
    (times,) = found.axes
    truth = ODES[name].truth(times[1:-1])
    for (_, values), error, exact in zip(found.values.items(), found.estimated_error.values(), truth, strict=True):
        true = np.linalg.norm(values[1:-1] - exact) / np.linalg.norm(exact)
        assert true < 3 * error
        assert error < 1e-5


def test_backwards_is_the_same():
    forwards, back = referred(ODES["lotka"]), referred(ODES["lotka"], space=Space("t"), backwards=True)
    np.testing.assert_allclose(back.axes[0], -forwards.axes[0][::-1])
    np.testing.assert_allclose(back.values["u0"][::-1], forwards.values["u0"], rtol=1e-8)


@pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("backwards", [False, True])
def test_what_is_narrow_as_a_function_of_the_unknown_is_met(width, backwards, monkeypatch):
    """u' = 1 / (1 + bump): u stays at one value for a second, and moves evenly else."""
    monkeypatch.setattr(initial_value, "clock", STILL)
    space = Space("t")
    (t,), u, run = space.coords, space.unknown("u"), Region(space, Interval(-4 * backwards, 4 - 4 * backwards))
    bump = exp(-(((u - 1.2345) / width) ** 2) / 2) / (sqrt(2 * pi) * width)
    conditions = [On(run, Eq((-1) ** backwards * u.diff(t), 1 / (1 + bump))), On(run.face(t, 0), Eq(u, 0))]
    found = solve(bind(Problem("p", [u], conditions)))
    values = found.values["u"]
    passed = values + ndtr((values - 1.2345) / width) - ndtr(-1.2345 / width)
    assert np.abs(passed - np.abs(found.axes[0])).max() < 1e-5
    assert found.estimated_error["u"] < 1e-5


def test_what_is_met_too_often_to_follow_is_told():
    """What brakes at one place is passed fifty times."""
    space = Space("t")
    (t,), u, run = space.coords, space.unknown("u"), Region(space, Interval(0, 157))
    brake = u.diff(t) * exp(-(((u - 0.3) * 10**6) ** 2)) / 10**3
    conditions = [On(run, Eq(u.diff(t, 2), -u - brake)), On(run.face(t, 0), Eq(u, 1)), On(run.face(t, 0), u.diff(t))]
    found = solve(bind(Problem("p", [u], conditions)))
    assert found.sound == {"u": False}
    assert "steps over" in found.warnings[0]


def test_the_number_of_nodes():
    assert len(solve(bind(ODES["decay"].problem()), 64).axes[0]) == 65


def test_what_blows_up_or_begins_singular_is_refused_and_told():
    blow = referred(Ode(2, [[1]], lambda t, u: [(u.diff(), u.u**2)]))
    assert isinstance(blow, NoReference)
    assert blow.kind is Refusal.DIVERGED
    assert "t = 1" in blow.reason
    singular = referred(ODES["singular start"])
    assert singular.kind is Refusal.SINGULAR
    assert singular.reason == "the equations do not say what the highest derivatives are at t = 0"


def test_data_on_a_grid():
    space = Space(time="t")
    u, f, run = space.unknown("u"), space.coefficient("f"), Region(space, Interval(0, 2))
    nodes = np.linspace(0, 2, 201)
    problem = Problem(
        "p", [u], [On(run, Eq(space.dt(u), f)), On(run.initial, Eq(u, 0))],
        coefficients={f: GridField(np.cos(3 * nodes), (nodes,))},
    )  # fmt: skip
    found = solve(bind(problem))
    np.testing.assert_allclose(found.values["u"], np.sin(3 * found.axes[0]) / 3, atol=1e-7)


def test_what_it_refuses():
    space = Space("x")
    (x,) = space.coords
    u, v = space.unknowns("u v")
    line = Region(space, Interval(0, 1))
    start = line.face(x, 0)

    def reason(*conditions, of=(u,)):
        return supports(bind(Problem("p", list(of), list(conditions))))

    ends = reason(On(line, Eq(u.diff(x, 2), 1)), On(line.boundary, u))
    assert ends == "not all conditions hold at one end of a single coordinate"
    assert "implicit" in reason(On(line, Eq(sin(u.diff(x)), u)), On(start, Eq(u, 0.1)))
    algebra = reason(On(line, Eq(u.diff(x), v)), On(line, Eq(v, -u)), On(start, Eq(u, 1)), of=(u, v))
    assert algebra == "no equation has a derivative of v: it is given by algebra alone"


def test_no_other_reference_serves_them():
    problem = ODES["decay"].problem(space=Space("x"))
    assert "followed" in finite_difference.supports(bind(problem))
    assert "no coordinates but the time" in method_of_lines.supports(bind(ODES["decay"].problem()))
