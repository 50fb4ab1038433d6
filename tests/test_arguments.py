"""Arguments that nothing can be made of are refused with the way to write them."""

import numpy as np
import pytest
from sympy import Eq, Interval

import inrpde
from inrpde.arguments import check_arguments
from inrpde.declaration import On, Problem, Region, Space
from inrpde.errors import UsageError

space = Space("x")
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
problem = Problem("line", [u], [On(omega, Eq(u.diff(space.coords[0], 2), 1)), On(omega.boundary, u)])


@pytest.mark.parametrize("given", ["x", None, Problem, 3])
def test_what_is_no_problem_is_refused(given):
    for function in (inrpde.solve, inrpde.reference):
        with pytest.raises(UsageError, match="is not a Problem"):
            function(given)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("budget", [0, -1.0, float("nan"), float("inf"), "5", True]),
        ("tol", [0, -1, float("nan"), "1e-6", False]),
        ("seed", [-1, 0.5, "0", True, None]),
        ("reference", ["yes", None, True]),
        ("device", ["cuda:99", "tpu", "cuda:x"]),
    ],
)
def test_values_that_are_none_are_refused_by_name(name, values):
    for value in values:
        with pytest.raises(UsageError) as caught:
            inrpde.solve(problem, **{name: value})
        assert caught.value.where == name
        assert name in caught.value.fix
        assert repr(value) in caught.value.what


def test_numbers_of_any_kind_are_taken():
    check_arguments(problem, seed=np.int64(3), budget=np.float64(1.5), tol=1, reference="none", device="cpu")
    check_arguments(problem)
