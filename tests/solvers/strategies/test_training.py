"""When all parameters are trained: nonlinear conditions of the norm 1, and very many samples with nothing between."""

import numpy as np
import pytest
from sympy import Eq, Interval

from inrpde import On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.strategies import training

line = Space("x")
(x,) = line.coords
u, omega = line.unknown("u"), Region(line, Interval(0, 1))
READINGS = Points(line, np.linspace(0, 1, 50), {"f": np.linspace(0, 1, 50)})
SAMPLES, EQUATION = On(READINGS, Eq(u, READINGS["f"])), On(omega, u.diff(x, 2) - 1)


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ([On(omega, u.diff(x) ** 2 - 1, norm=1), On(omega.face(x, 0), u)], "a nonlinear condition of the norm 1"),
        ([SAMPLES], "50 samples and nothing between them"),
        ([On(omega, u.diff(x) ** 2 - 1), On(omega.face(x, 0), u)], None),
        ([On(omega, u.diff(x) - 1, norm=1), On(omega.face(x, 0), u)], None),
        ([SAMPLES, EQUATION], None),
    ],
    ids=["nonlinear of norm 1", "samples", "nonlinear", "linear of norm 1", "samples and an equation"],
)
def test_what_it_serves(conditions, why, monkeypatch):
    monkeypatch.setattr(training, "MANY", 49)
    answer = training.serves(compile_problem(Problem("p", [u], conditions)))
    if why is None:
        assert answer == "frozen features are faster, and more exact"
    else:
        assert answer.role is Role.ALONE
        assert answer.because.startswith(why)


def test_as_many_samples_as_the_ladder_holds_are_left_to_it(monkeypatch):
    form = compile_problem(Problem("p", [u], [SAMPLES]))
    monkeypatch.setattr(training, "MANY", 50)
    assert not isinstance(training.serves(form), Claim)


def test_it_trains_by_adam(small):
    first = next(training.solve(small.context(small.poisson(), width=4, points=20, steps=3)))
    assert first.method == "adam"
    assert first.state.trials[0].width == 5
