"""Members are fits on one body; what is fixed is their parameters alone."""

import numpy as np
import pytest

from inrpde.discretise.score import score
from inrpde.discretise.state import field_at
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global, make_trials
from inrpde.solvers.family.members import Body, Members, remembered
from tests.solvers.family import problems

AT = np.linspace(0, 1, 101)[:, None]


def body(problem, width=40, seed=0):
    members = Members.of(problem)
    form = members.form(members.middle)
    samples = draw(form, 100, seed)
    return Body(members, remembered(form, make_trials(form, Global(width, (8.0,)), seed), samples), samples)


@pytest.mark.parametrize("k", [1.0, 2.2, 4.0])
def test_a_member_is_the_solution_of_its_problem(k):
    found = body(problems.known()).solved(np.array([k]))
    assert np.allclose(field_at(found, 0, AT), np.sin(k * AT[:, 0]) + k, rtol=0, atol=1e-8)


def test_forms_are_compiled_once():
    members = Members.of(problems.known())
    assert members.form(members.middle) is members.form(members.middle)
    assert members.named(members.middle) == {"k": 2.5}


def test_a_nonlinear_member_begins_at_another_one_on_these_trials_or_on_others():
    one, other = body(problems.bratu()), body(problems.bratu(), 30, seed=3)
    first = one.solved(np.array([1.0]))
    for near in (first, other.solved(np.array([0.9]))):
        found = one.solved(np.array([1.2]), near)
        form = one.members.form(np.array([1.2]))
        assert score(form, draw(form, 200, 9), found).total < 1e-6


def test_what_is_open_leans_to_a_random_field():
    lean = body(problems.known())
    value, closer = (lean.solved(np.array([2.0]), lean=sizes, seed=4) for sizes in ((), (1.0,)))
    assert not np.allclose(value.heads[0], closer.heads[0])
    assert np.allclose(field_at(value, 0, AT), field_at(closer, 0, AT), atol=1e-6)  # the conditions determine it
