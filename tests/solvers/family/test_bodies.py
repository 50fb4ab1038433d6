"""The body of a family is as wide as its hardest member asks for."""

import numpy as np
from sympy import Eq, exp, sin

from inrpde import On, Parameter, Problem
from inrpde.compiler import compile_problem
from inrpde.config import resolve
from inrpde.solvers.contract.method import Clock, Context
from inrpde.solvers.family.bodies import bodies, residual
from inrpde.solvers.family.members import Members
from tests.solvers.family.problems import known, rod, u, x


def made(problem):
    context = Context(compile_problem(problem), resolve({}, {}), 0, Clock(None))
    members = Members.of(problem)
    return members, *bodies(context, members)


def test_it_resolves_both_ends_and_another_body_does_too():
    members, first, second = made(known())
    for body in (first, second):
        for k in ([1.0], [4.0]):
            assert residual(members.form(np.array(k)), body.solved(np.array(k)), 0) < 1e-6
    assert first.trials[0].width != second.trials[0].width


def test_it_is_wider_where_members_vary_faster():
    k = Parameter("k", 1, 60)
    fast = Problem("fast", [u], [On(rod, Eq(u.diff(x, 2), -(k**2) * sin(k * x))), On(rod.boundary, Eq(u, sin(k * x)))])
    members, first, _ = made(fast)
    assert residual(members.form(np.array([60.0])), first.solved(np.array([60.0])), 0) < 1e-5
    assert first.trials[0].width > made(known())[1].trials[0].width


def test_what_is_narrower_than_the_first_bodies_is_resolved_though_the_next_one_gains_nothing():
    place = Parameter("p", 0.4, 0.6)
    narrow = Problem("narrow", [u], [On(rod, Eq(-u.diff(x, 2), exp(-((x - place) ** 2) / 2e-4))), On(rod.boundary, u)])
    members, first, _ = made(narrow)
    assert residual(members.form(np.array([0.45])), first.solved(np.array([0.45])), 0) < 1e-2
