"""Are there conditions enough? What else is said is in tests/verification/test_findings.py."""

from sympy import Eq, Interval

from inrpde.compiler import compile_problem
from inrpde.declaration import On, Problem, Region, Space
from inrpde.verification.checks.validate import validate

space = Space("x y")
x, y = space.coords
u, source = space.unknowns("u source")
omega = Region(space, Interval(0, 1) ** 2)


def test_what_is_given_all_over_needs_nothing_at_the_boundary():
    """A source from what it makes, which is known everywhere."""
    conditions = [On(omega, Eq(-space.laplace(u), source)), On(omega, Eq(u, x * y))]
    form = compile_problem(Problem("p", [u, source], conditions))
    assert not [each for each in validate(form) if "no condition on a part of the boundary" in each.text]
