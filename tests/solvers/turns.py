"""The strategies that take turns, for tests that look at the ladder alone."""

from inrpde.solvers import auto
from inrpde.solvers.search import ladder
from inrpde.solvers.strategy import Role


def climb(context, fit, method):
    """Candidates of all arms that `auto` would give their turn."""
    return ladder.climb(context, auto.chosen(context.form, context.settings).of(Role.IN_TURN), fit, method)
