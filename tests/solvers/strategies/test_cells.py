"""The arm on cells: their first shape, and how they are refined."""

from itertools import pairwise

from sympy import Eq, Interval, cos, exp

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.solvers.search.cost import nominal
from inrpde.solvers.search.search import Search
from inrpde.solvers.strategies import cells
from tests.solvers.turns import search

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
square = Region(plane, Interval(0, 1) ** 2)


def test_cells_take_as_many_of_the_waves_as_can_be_afforded(monkeypatch):
    equation = Eq(-plane.laplace(u) + u, cos(25 * x) * exp(cos(20 * y)))
    problem = Problem("waves", [u], [On(square, equation), On(square.boundary, Eq(u, 0))])
    firsts = []
    worth = (100.0, 0.6, 0.5, 0.4)
    for patience in worth:
        monkeypatch.setattr(Search, "patience", patience)
        made = search(problem)
        monkeypatch.setattr(made, "attempt", lambda plan, reason: firsts.append(plan))
        next(cells.steps(made), None)
    assert [plan.breaks for plan in firsts] == [firsts[0].breaks] * len(firsts)
    assert all(more.band > less.band for more, less in pairwise(firsts))
    form = compile_problem(problem)
    assert all(nominal(form, plan) < most for plan, most in zip(firsts, worth, strict=True))
