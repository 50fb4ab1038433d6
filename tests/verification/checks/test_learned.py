"""Eigenproblems in disguise are refused by name; what is like them, and is none, is not."""

import pytest
from sympy import Eq, Interval

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.errors import ProblemError
from inrpde.verification.checks.learned import check_eigenproblem

space = Space("x")
(x,) = space.coords
psi = space.unknown("psi")
energy = space.parameter("energy")
box = Region(space, Interval(0, 1))
places = Points(space, [0.3, 0.5], {"read": [1.0, 1.2]})
NORM = On(box, Eq(box.integral(psi**2), 1))


def checked(*conditions):
    check_eigenproblem(compile_problem(Problem("well", [psi], conditions, {energy: Learned(3.0)})))


@pytest.mark.parametrize("norm", [NORM, On(box, Eq(box.mean(psi), 1))])
@pytest.mark.parametrize("equation", [-psi.diff(x, 2) / 2 - energy * psi, energy * psi.diff(x, 2) + x * psi])
def test_an_energy_that_is_learned_beside_a_norm_is_refused(equation, norm):
    with pytest.raises(ProblemError, match=r"this is an eigenproblem.*values of energy alone") as refused:
        checked(On(box, equation), On(box.boundary, psi), norm)
    assert "Parameter" in refused.value.fix


@pytest.mark.parametrize(
    "conditions",
    [
        (On(box, -psi.diff(x, 2) - energy * psi - 1), On(box.boundary, psi), NORM),
        (On(box, -psi.diff(x, 2) - energy * psi), On(box.boundary, psi - x), NORM),
        (On(box, -psi.diff(x, 2) - energy), On(box.boundary, psi), NORM),
        (On(box, -psi.diff(x, 2) - energy * psi), On(box.boundary, psi), On(places, psi - places["read"])),
    ],
    ids=["a source", "boundary values", "the number is the source", "readings"],
)
def test_what_is_driven_or_read_is_none(conditions):
    checked(*conditions)
