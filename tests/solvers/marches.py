"""A heat equation that is solved window by window."""

from sympy import Interval, exp, pi, sin

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Cells, Task
from inrpde.solvers.marching.march import March
from inrpde.solvers.search.grading import uniform

timed = Space("x", time="t")
X, t = timed.coords
h = timed.unknown("h")
strip = Region(timed, Interval(0, 1) ** 2)


def marched(form, plan, fit):
    return plan.solve(Task(form, fit, draw(form, plan.points, 0), 0))


def plan(aim, cells=2, first=0.25, each=110):
    return March(Cells((uniform(cells), uniform(1)), each, (4.0, 1.8), span=(0.0, first)), aim, 60.0)


def heat(waves=1):
    """exp(-π²t) sin(kπx), for k `waves`."""
    exact = exp(-(pi**2) * t) * sin(waves * pi * X)
    equation = timed.dt(h) - h.diff(X, 2) / waves**2
    conditions = [On(strip, equation), On(strip.boundary, h), On(strip.initial, h - exact.subs(t, 0))]
    return compile_problem(Problem("heat", [h], conditions, exact={h: exact}))
