"""The strategies that take turns, for tests that look at the ladder or at one of its arms alone."""

from itertools import chain, repeat
from types import SimpleNamespace

from sympy import Eq, Interval, Rational, cos, pi, sin

from inrpde import On, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.solvers import auto
from inrpde.solvers.contract.method import Clock, Context
from inrpde.solvers.contract.strategy import Role
from inrpde.solvers.fitting import fit_for
from inrpde.solvers.search import ladder
from inrpde.solvers.search.search import Search
from inrpde.solvers.search.survey import Survey

timed = Space("x", time="t")
X, t = timed.coords
h = timed.unknown("h")
strip = Region(timed, Interval(0, 1) * Interval(0, Rational(1, 2)))


def climb(context, fit, method):
    """Candidates of all arms that `auto` would give their turn."""
    return ladder.climb(context, auto.chosen(context.form, context.settings).of(Role.IN_TURN), fit, method)


def context(problem, budget=None, tol=None, **settings):
    chosen = config.resolve({}, {f"solver.{key}": value for key, value in settings.items()})
    return Context(compile_problem(problem), chosen, 0, Clock(budget), tol)


def search(problem, **more):
    made = context(problem, **more)
    fit, _ = fit_for(made.form)
    return Search(made, fit, "test", Survey.of(made.form, 0))


def pretended(made, scores, state=None):
    """Let the attempts of a search have the scores given, the last for ever; their reasons and plans, as they come."""
    tried, following = [], chain(scores, repeat(scores[-1]))

    def attempt(plan, reason):
        tried.append((reason, plan))
        made.tried[plan] = next(following)
        if made.tried[plan] < made.score:
            made.best, made.best_plan = SimpleNamespace(score=made.tried[plan], state=state), plan
        return made.best

    made.attempt = attempt
    return tried


def beam():
    exact = sin(pi * X) * cos(pi**2 * t) + sin(2 * pi * X) * sin(4 * pi**2 * t) / 10
    conditions = [
        On(strip, Eq(timed.dt(h, 2) + h.diff(X, 4), 0)), On(strip.boundary, h), On(strip.boundary, h.diff(X, 2)),
        On(strip.initial, Eq(h, exact.subs(t, 0))), On(strip.initial, Eq(timed.dt(h), exact.diff(t).subs(t, 0))),
    ]  # fmt: skip
    return Problem("beam", [h], conditions, exact={h: exact})
