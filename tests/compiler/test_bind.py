"""Binding coefficients: what numbers leave of an equation."""

import pytest
from sympy import Eq, Interval, Piecewise, log

from inrpde import On, Parameter, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.errors import ProblemError

space = Space("x")
(x,) = space.coords
u, a = space.unknown("u"), space.coefficient("a")
rod = Region(space, Interval(0, 1))
k = Parameter("k", -1, 1)


def poisson(source, **more):
    return Problem("p", [u], [On(rod, Eq(u.diff(x, 2), source)), On(rod.boundary, u)], **more)


@pytest.mark.parametrize("source", [1 / k, log(k), x / k**2])
def test_a_member_whose_equation_has_no_value_is_named(source):
    family = poisson(source)
    assert bind(family.member(k=0.5)).conditions
    with pytest.raises(ProblemError, match="no value at k = 0") as told:
        bind(family.member())
    assert "range of the Parameter" in told.value.fix


def test_so_is_a_coefficient():
    with pytest.raises(ProblemError, match="no value at a = 0"):
        bind(poisson(1 / a, coefficients={a: 0}))


def test_what_is_finite_in_its_branch_has_a_value():
    assert bind(poisson(Piecewise((1 / k, k > 0), (2, True))).member(k=0)).conditions
