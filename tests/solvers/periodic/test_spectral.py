"""The system in time on modes: known solutions leave nothing, factors solve what differences give."""

import numpy as np
import pytest
from sympy import lambdify

from inrpde.sampling.extent import bounds
from inrpde.solvers.periodic.modes import Modes
from inrpde.solvers.periodic.spectral import Spectral
from tests.solvers.periodic import problems
from tests.solvers.periodic.problems import t, x


def system(make, most=16):
    made, known = make()
    equations, _ = problems.parts(made)
    lo, hi = (end[:-1] for end in bounds(equations.form))
    return Spectral(equations, Modes(lo, hi - lo, (most,), True)), known


def vector(found, expr, time, base=0.0):
    values = np.broadcast_to(lambdify((x, t), expr)(found.modes.axes[0], time), found.modes.grid)
    return found.vector(found.modes.spectra((values - base)[None]))


@pytest.mark.parametrize("make", [problems.carried, problems.waves, problems.burgers, problems.thin])
def test_a_known_solution_leaves_nothing(make):
    found, known = system(make)
    order = int(found.orders[0])
    base = found.equations.base[0]
    states = [vector(found, known.diff(t, k), 0.3, 0.0 if k else base) for k in range(3)]
    rate, second = states[1], states[2] if order == 2 else np.zeros_like(states[2])
    left = found.residual(0.3, states[0], rate, second)
    assert found.sizes(left)[0] < 1e-9 * max(found.sizes(each)[0] for each in (states[0], rate))
    assert found.sizes(found.residual(0.3, 1.1 * states[0], rate, second))[0] > 1e-3


@pytest.mark.parametrize("make", [problems.carried, problems.waves])
def test_factors_of_constant_coefficients_are_exact(make):
    found, known = system(make)
    y = vector(found, known, 0.1)
    zero, step = np.zeros_like(y), vector(found, known + 1, 0.2)
    scale, order = 0.05, int(found.orders[0])
    moved = [scale ** (order - n) * step if order >= n else zero for n in range(3)]
    change = found.residual(0.1, y + moved[0], moved[1], moved[2]) - found.residual(0.1, y, zero, zero)
    assert np.allclose(found.factorised(0.1, y, zero, zero, scale)(change), step, atol=1e-9)
