"""Predicted costs: what they grow with, the same on every machine."""

import numpy as np

from inrpde.compiler import compile_problem
from inrpde.solvers.bodies.plan import Cells, Global
from inrpde.solvers.search.cost import nominal


def test_costs_grow_with_the_plan(small):
    form = compile_problem(small.poisson())
    one, more = Global(100, (3.0,)), Global(400, (3.0,))
    assert nominal(form, more) > nominal(form, one) > 0
    few = Cells(((0, 0.5, 1),), 20, (3.0,))
    many = Cells((tuple(np.linspace(0, 1, 11)),), 20, (3.0,))
    assert nominal(form, many) > nominal(form, few)
