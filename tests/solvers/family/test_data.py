"""What is given is looked at between the nodes, so that what no member shows is seen."""

import numpy as np
import pytest
from sympy import Eq, Interval, Piecewise, cos, exp

from inrpde import GridField, On, Parameter, Problem, Region, Space
from inrpde.discretise.family import nodes
from inrpde.solvers.family.data import Data
from inrpde.solvers.family.members import Members

space = Space("x")
(x,) = space.coords
u, c = space.unknown("u"), space.coefficient("c")
rod = Region(space, Interval(0, 1))
k, a = Parameter("k", 0, 1), Parameter("a", 1, 2)


def missed(source, operator=0, level=0, **more):
    rows = [On(rod, Eq(-u.diff(x, 2) + operator * u, source)), On(rod.boundary, Eq(u, 0))]
    members = Members.of(Problem("p", [u], rows, **more))
    at = nodes(members.lo, members.hi, level)
    return Data.of(members, at, 0).missed(len(at))


@pytest.mark.parametrize(
    "source", [exp(-(((k - 0.432) / 0.001) ** 2)), Piecewise((2, (k > 0.431) & (k < 0.433)), (1, True))]
)
def test_what_is_narrow_in_a_parameter_is_found(source):
    assert missed(source)[0] == pytest.approx(0.432, abs=1.5e-3)


def test_a_coefficient_is_given_too_and_several_parameters_are():
    assert missed(1, 1 / (1.01 - k))[0] > 0.9
    assert np.all(missed(a * x, Piecewise((1, (k > 0.4) & (k < 0.42)), (2, True))) > [1.0, 0.39])


def test_polynomials_miss_nothing_of_what_is_smooth():
    assert missed(k**3 * cos(x) + x) is None
    assert missed(cos(k * x)) is not None
    assert missed(cos(k * x), level=2) is None
    field = GridField(np.linspace(1, 2, 11), [np.linspace(0, 1, 11)])
    assert missed(k * c, coefficients={c: field}) is None


def test_where_no_datum_has_a_parameter_there_is_none():
    rows = [On(rod, Eq(k * u.diff(x, 2), u + k * u**2)), On(rod.boundary, Eq(u, 1))]
    members = Members.of(Problem("p", [u], rows))
    at = nodes(members.lo, members.hi, 0)
    assert Data.of(members, at, 0).missed(len(at)) is None
