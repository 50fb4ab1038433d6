"""The reduced problem gives members that it has not seen, and its basis is no larger than these are."""

import numpy as np
import pytest

from inrpde.discretise.family import nodes
from inrpde.discretise.state import field_at
from inrpde.solvers.family.reduction import Reduction, Snapshots, apart
from tests.solvers.family import problems
from tests.solvers.family.test_members import AT, body


def reduced(problem, level):
    one = body(problem)
    at = nodes(one.members.lo, one.members.hi, level)
    snapshots = Snapshots(one, np.zeros((0, 1)), ()).completed(at)
    return one, snapshots, Reduction.of(snapshots, [snapshots.number(each) for each in at])


def test_members_are_found_to_what_the_body_resolves():
    one, snapshots, reduction = reduced(problems.known(), 2)
    assert reduction.width < len(snapshots.states)
    for k in (1.3, 2.71, 3.9):
        found = reduction.state(reduction.table.solved(np.array([k]))[0])
        assert np.allclose(field_at(found, 0, AT), np.sin(k * AT[:, 0]) + k, rtol=0, atol=1e-7)
        assert apart(one, found, one.solved(np.array([k]))) < 1e-7


def test_so_are_nonlinear_ones_by_the_equations_linearised_at_their_own_solutions():
    one, _, reduction = reduced(problems.bratu(), 2)
    for k in (0.33, 1.1, 1.83):
        found = reduction.state(reduction.table.solved(np.array([k]))[0])
        assert apart(one, found, one.solved(np.array([k]))) < 1e-5


def test_it_comes_nearer_with_more_members():
    gaps = []
    for level in (0, 1):
        one, _, reduction = reduced(problems.known(), level)
        k = np.array([1.37])
        gaps.append(apart(one, reduction.state(reduction.table.solved(k)[0]), one.solved(k)))
    assert gaps[1] < 1e-2 * gaps[0]


def test_a_member_is_known_by_its_values_and_the_nearest_is_the_nearest():
    _, snapshots, _ = reduced(problems.known(), 0)
    assert snapshots.number(np.array([4.0])) == 0
    assert snapshots.number(np.array([3.99])) is None
    assert snapshots.nearest(np.array([3.99])) is snapshots.states[0]


@pytest.mark.parametrize("problem", [problems.known(), problems.bratu()])
def test_states_are_on_the_trials_themselves(problem):
    _, snapshots, reduction = reduced(problem, 0)
    assert all(each.trials == reduction.trials for each in snapshots.states)
