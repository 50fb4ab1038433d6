"""Following modes in time: errors follow the tolerance, and there are as many modes as the solution has."""

import pytest

from inrpde.solvers.periodic.course import follow
from inrpde.solvers.periodic.stored import state
from tests.solvers.periodic import problems


@pytest.mark.parametrize("make", [problems.waves, problems.burgers, problems.thin])
def test_the_error_is_about_the_tolerance(make):
    made, known = make()
    equations, begun = problems.parts(made)
    for tolerance in (1e-4, 1e-7):
        course = follow(equations, begun, tolerance)
        assert course.times[-1] == 1
        assert problems.wrong(state(course, equations), made, known) < 20 * tolerance


def test_a_second_course_has_more_modes_and_shorter_steps():
    equations, begun = problems.parts(problems.burgers()[0])
    first = follow(equations, begun, 1e-4)
    second = follow(equations, begun, 1e-4, first)
    assert second.pieces[0].modes.size > first.pieces[0].modes.size
    assert len(second.times) > len(first.times)
