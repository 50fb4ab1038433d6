"""Initial values and rates as spectra, and why there are none."""

import numpy as np
import pytest
from sympy import Eq, lambdify, sin

from inrpde import On, Problem
from inrpde.compiler import compile_problem
from inrpde.declaration import Periodic
from inrpde.solvers.periodic.course import first_modes
from inrpde.solvers.periodic.strategy import serves
from tests.solvers.periodic import problems
from tests.solvers.periodic.problems import ring, space, t, u, x


@pytest.mark.parametrize("make", [problems.carried, problems.waves, problems.burgers])
def test_values_and_rates_are_those_that_are_given(make):
    made, known = make()
    equations, begun = problems.parts(made)
    modes = first_modes(equations, begun, 1e-6)
    values, rates = (modes.values(each)[0] for each in begun.spectra(modes))
    at = modes.axes[0]
    truth = [lambdify((x, t), known.diff(t, k))(at, 0.0) for k in range(2)]
    assert np.allclose(values + equations.base[0], truth[0], atol=1e-6)
    if equations.orders[0] == 2:
        assert np.allclose(rates, truth[1], atol=1e-6)


@pytest.mark.parametrize(
    ("start", "why"),
    [([u**2 - 1], "not linear"), ([u.diff(x) - 1], "derivatives in space"), ([u, u.diff(t)], "not as many")],
)
def test_what_is_not_given_is_told(start, why):
    equation = On(ring, Eq(space.dt(u), u.diff(x, 2) + sin(x)))
    conditions = [equation, On(ring.face(x, 0), Periodic(u, x)), *(On(ring.initial, each) for each in start)]
    assert why in serves(compile_problem(Problem("p", [u], conditions)))
