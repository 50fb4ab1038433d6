"""Gauss–Newton on all parameters comes last, for every form."""

from inrpde.solvers.contract.strategy import Role, asked, choose
from inrpde.solvers.strategies import one_domain, refinement


def test_it_comes_after_the_others_whatever_the_form(small):
    for problem in (small.poisson(), small.wave(), small.singular(), small.regression()):
        choice = choose(asked(small.context(problem).form, [refinement, one_domain]))
        assert choice.main == [one_domain]
        assert choice.of(Role.LAST) == [refinement]


def test_few_features_are_moved_to_where_they_serve(small):
    first, *_, last = refinement.solve(small.context(small.poisson(), width=5, steps=15))
    assert {first.method, last.method} == {refinement.NAME}
    assert last.state.trials[0].width == first.state.trials[0].width
    assert last.score < 1e-2 * first.score
