"""The last resort: there for every kind of problem, and none where it fails too."""

import numpy as np
import pytest
from sympy import Eq, I, Interval

from inrpde import On, Points, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.solvers import floor
from inrpde.solvers.method import Clock, Context

BUDGET = 3.0


@pytest.mark.parametrize("kind", ["nonlinear", "complex", "many", "samples"])
def test_a_coarse_answer_is_there_for_every_kind_of_problem(kind):
    space = Space("x y")
    x, _ = space.coords
    square = Region(space, Interval(0, 1) ** 2)
    if kind == "samples":
        rng = np.random.default_rng(0)
        at, values = rng.uniform(size=(20_000, 2)), rng.normal(size=20_000)
        points = Points(space, at, {"value": values})
        unknowns = [space.unknown("u")]
        conditions = [On(points, Eq(unknowns[0], points["value"]))]
    elif kind == "many":
        unknowns = [space.unknown(f"u{k}") for k in range(25)]
        conditions = [On(square, Eq(u - space.laplace(u), unknowns[k - 1])) for k, u in enumerate(unknowns)]
        conditions += [On(square.boundary, Eq(u, k + x)) for k, u in enumerate(unknowns)]
    else:
        u = space.unknown("u", complex=kind == "complex")
        unknowns, beside = [u], u**3 if kind == "nonlinear" else I * u
        conditions = [On(square, Eq(-space.laplace(u) + beside, 1)), On(square.boundary, Eq(u, x))]
    form = compile_problem(Problem(kind, unknowns=unknowns, conditions=conditions))
    context = Context(form, config.resolve({}, {}), 0, Clock(BUDGET))
    found = floor.coarse(context)
    assert found.again(1, ()).width < found.state.width
    if kind == "samples":  # noise cannot be predicted, and the score is that of points that were not fitted
        assert 1 < 1.1 * found.fitted < found.score
    else:
        assert found.score < 0.5 * np.sqrt(len(form.rows))
