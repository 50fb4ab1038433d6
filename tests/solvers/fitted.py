"""Nonlinear problems on a line, solved by Newton's method for few features."""

import numpy as np

from inrpde.compiler import compile_problem
from inrpde.discretise.score import score
from inrpde.discretise.state import field_at
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.fitting import newton

PLAN = Global(40, (6.0,))
AT = np.linspace(0, 1, 51)[:, None]


def solved(problem, start=None, plan=PLAN):
    form = compile_problem(problem)
    samples = draw(form, plan.points, 0)
    state = newton.fit(form, plan, samples, 0, start)
    assert score(form, draw(form, 200, 1), state).total < 1e-8
    return form, state


def values(state, unknown=0):
    return field_at(state, unknown, AT)
