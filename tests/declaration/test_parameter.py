"""A parameter is a symbol with a range; a problem that has one is a family, whose members are problems without."""

import pickle

import pytest
from sympy import Eq, Interval, exp

from inrpde import Learned, On, Parameter, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.errors import ProblemError, UsageError

space = Space("x")
(x,) = space.coords
u = space.unknown("u")
c = space.coefficient("c")
rod = Region(space, Interval(0, 1))
k, a = Parameter("k", 5, 20), Parameter("a", -1, 2)


def family(**more):
    return Problem("p", [u], [On(rod, Eq(u.diff(x, 2) + k * u, a)), On(rod.boundary, Eq(u, 0))], **more)


def test_it_is_a_symbol_that_knows_its_range_and_sign():
    assert (k.low, k.high, k.middle) == (5.0, 20.0, 12.5)
    assert k.is_positive
    assert a.is_positive is None
    assert Parameter("b", -2, -1).is_negative
    assert str(k**2 + 1) == "k**2 + 1"
    assert (k**2).diff(k) == 2 * k


def test_it_is_another_one_where_the_range_is_another():
    assert Parameter("k", 5, 20) == k
    assert Parameter("k", 5, 21) != k
    assert pickle.loads(pickle.dumps(k)) == k


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (("k", 2, 1), "range from low to high"),
        (("k", 1, 1), "range from low to high"),
        (("k", 0, float("inf")), "range from low to high"),
        (("k", 0, "many"), "range from low to high"),
        (("2k", 0, 1), "is not a name"),
    ],
)
def test_what_is_no_range_or_no_name_is_refused(given, what):
    with pytest.raises(ProblemError, match=what):
        Parameter(*given)


def test_a_problem_lists_its_parameters_wherever_they_stand():
    assert family().parameters == (a, k)
    deep = Problem("p", [u], [On(rod, u.diff(x, 2) + c * u), On(rod.boundary, u - 1)], {c: exp(k * x)})
    assert deep.parameters == (k,)
    summed = Problem("p", [u], [On(rod, u.diff(x, 2) + rod.integral(k * u)), On(rod.boundary, u - 1)])
    assert summed.parameters == (k,)


def test_a_member_has_numbers_in_their_place():
    member = family(exact={u: k * x}).member(k=7)
    assert member.parameters == ()
    assert member.coefficients == {a: 0.5, k: 7.0}
    residual = compile_problem(member).rows[0].residual
    assert residual.free_symbols.isdisjoint({a, k})
    assert member.family is None


@pytest.mark.parametrize("given", [{"q": 1}, {"k": "7"}, {"k": float("nan")}, {"k": True}])
def test_a_member_of_what_is_no_parameter_or_no_number_is_refused(given):
    with pytest.raises(UsageError, match="the parameters of p are: a"):
        family().member(**given)


def test_the_representative_is_the_middle_and_knows_its_family():
    problem = family()
    made = problem.representative()
    assert made.family is problem
    assert made.coefficients == {a: 0.5, k: 12.5}
    plain = problem.member()
    assert plain.representative() is plain


def test_a_parameter_and_what_is_learned_may_not_share_a_name():
    b = space.parameter("k", positive=True)
    with pytest.raises(ProblemError, match="two things"):
        Problem("p", [u], [On(rod, u.diff(x, 2) + k * u - b), On(rod.boundary, u)], {b: Learned(1.0)})


def test_a_region_of_a_parameter_is_refused():
    with pytest.raises(ProblemError, match="depends on the symbol k"):
        Region(space, Interval(0, k))
