"""A course as a state: what is left out is small, and it is the same after a file."""

import numpy as np

from inrpde import load, solve
from inrpde.solvers.periodic.course import follow
from inrpde.solvers.periodic.stored import state
from tests.solvers.periodic import problems


def test_modes_that_hold_nothing_are_not_stored():
    made, _ = problems.burgers()
    equations, begun = problems.parts(made)
    course = follow(equations, begun, 1e-4)
    kept = state(course, equations).trials[0]
    inner = getattr(kept, "inner", kept)
    inner = getattr(inner, "inner", inner)
    assert inner.width <= 2 * course.pieces[0].modes.size


def test_a_file_brings_the_field_back(tmp_path):
    made, _ = problems.burgers()
    solution = solve(made, tol=1e-4, reference="none")
    points = np.random.default_rng(0).uniform([0, 0], [2 * np.pi, 1], (50, 2))
    back = load(solution.save(tmp_path / "ring.h5"))
    assert np.array_equal(back(points)["u"], solution(points)["u"])
