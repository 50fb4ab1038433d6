"""The strategy of periodic evolutions: what it claims, and that its estimates are honest."""

from itertools import islice

import pytest
from sympy import Eq, sin

from inrpde import On, Problem
from inrpde.compiler import compile_problem
from inrpde.declaration import Periodic
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.periodic import strategy
from tests.solvers.periodic import problems
from tests.solvers.periodic.problems import ring, space, u, x
from tests.solvers.turns import context

EVERY = [problems.carried, problems.waves, problems.burgers, problems.thin]


@pytest.mark.parametrize("make", EVERY)
def test_periodic_evolutions_are_claimed(make):
    claim = strategy.serves(compile_problem(make()[0]))
    assert isinstance(claim, Claim)
    assert claim.role is Role.ALONE


def test_what_is_not_periodic_in_all_of_space_is_not():
    equation, start = On(ring, Eq(space.dt(u), u.diff(x, 2))), On(ring.initial, u - sin(x))
    walls = Problem("p", [u], [equation, On(ring.boundary, u), start])
    assert "not all unknowns are periodic" in strategy.serves(compile_problem(walls))
    source = On(ring.where(x < 1), u - 1)
    more = Problem("p", [u], [equation, On(ring.face(x, 0), Periodic(u, x)), start, source])
    assert isinstance(strategy.serves(compile_problem(more)), str)


@pytest.mark.parametrize("make", EVERY)
def test_the_estimated_error_is_no_less_than_a_tenth_of_the_true_one(make):
    made, known = make()
    for found in islice(strategy.solve(context(made)), 3):
        assert problems.wrong(found.state, made, known) < max(10 * found.score, 1e-12)
    assert found.score < 1e-5
