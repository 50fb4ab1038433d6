"""The strategies that take turns, for tests that look at the ladder or at one of its arms alone."""

from sympy import Eq, Interval, Rational, cos, pi, sin

from inrpde import On, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.solvers import auto
from inrpde.solvers.fitting import linear
from inrpde.solvers.fitting import newton as newton_fit
from inrpde.solvers.method import Clock, Context
from inrpde.solvers.search import ladder
from inrpde.solvers.search.search import Search
from inrpde.solvers.search.survey import Survey
from inrpde.solvers.strategy import Role

timed = Space("x", time="t")
X, t = timed.coords
h = timed.unknown("h")
strip = Region(timed, Interval(0, 1) * Interval(0, Rational(1, 2)))


def climb(context, fit, method):
    """Candidates of all arms that `auto` would give their turn."""
    return ladder.climb(context, auto.chosen(context.form, context.settings).of(Role.IN_TURN), fit, method)


def context(problem):
    return Context(compile_problem(problem), config.resolve({}, {}), 0, Clock(None))


def search(problem):
    made = context(problem)
    fit = linear.fit if made.form.linear else newton_fit.fit
    return Search(made, fit, "test", Survey.of(made.form, 0))


def beam():
    exact = sin(pi * X) * cos(pi**2 * t) + sin(2 * pi * X) * sin(4 * pi**2 * t) / 10
    conditions = [
        On(strip, Eq(timed.dt(h, 2) + h.diff(X, 4), 0)), On(strip.boundary, h), On(strip.boundary, h.diff(X, 2)),
        On(strip.initial, Eq(h, exact.subs(t, 0))), On(strip.initial, Eq(timed.dt(h), exact.diff(t).subs(t, 0))),
    ]  # fmt: skip
    return Problem("beam", [h], conditions, exact={h: exact})
