"""Conditions: what they take, what they make of it, and what they say of what they do not take."""

import pytest
import sympy
from sympy import Eq, Integer, Interval, Matrix, Max, Ne, Rational, sqrt

from inrpde import On, Periodic, Region, Space
from inrpde.errors import ProblemError

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
omega = Region(space, Interval(0, 1) ** 2)
left = omega.face(x, 0)


@pytest.mark.parametrize(
    ("equation", "residuals"),
    [
        (Eq(u, x), (u - x,)),
        (u - x, (u - x,)),
        (u >= x, (Max(x - u, 0),)),
        (u > x, (Max(x - u, 0),)),
        (u <= x, (Max(u - x, 0),)),
        (u < x, (Max(u - x, 0),)),
        (Matrix([u - 1, v]), (u - 1, v)),
        ([u - 1, v], (u - 1, v)),
        (Eq(Matrix([u, v]), Matrix([x, y])), (u - x, v - y)),
        (Eq(space.grad(u), Matrix([1, 2])), (u.diff(x) - 1, u.diff(y) - 2)),
    ],
    ids=str,
)
def test_what_is_to_vanish(equation, residuals):
    assert On(omega, equation).residuals == residuals


def test_a_periodic_condition_has_no_residual_of_its_own():
    condition = On(left, Periodic(u, x))
    assert condition.residuals == ()
    assert condition.periodic == Periodic(u, x)
    assert str(condition) == "On(left, Periodic(u, x))"
    assert On(omega, u).periodic is None


def test_a_condition_is_told_in_the_words_of_the_file():
    walls = omega.boundary.where(Eq(x, 0))
    assert str(On(omega, Eq(space.laplace(u), 1))) == "On(omega, Eq(u_xx + u_yy, 1))"
    assert str(On(walls, u)) == "On(walls, u)"
    assert str(On(omega.boundary, u)) == "On(omega.boundary, u)"


def test_weights_and_norms():
    assert On(omega, u).weight == 1
    assert On(omega, u).norm == 2
    assert On(omega, u, weight=Rational(1, 2), norm=1).weight == 0.5


@pytest.mark.parametrize(
    ("make", "said", "where"),
    [
        (lambda: On(u, omega), "first argument of On must be a region", "On(u, "),
        (lambda: On(omega, Eq(u, u)), "decided that this equation is True", "On(omega, True)"),
        (lambda: On(omega, Eq(u**2 + 1, 0)), "decided that this equation is False", "On(omega, False)"),
        (lambda: On(omega, Eq(space.grad(u), 0)), "decided that this equation is False", "On(omega, False)"),
        (lambda: On(omega, Eq(space.grad(u), Matrix([1, 2, 3]))), "is False", "On(omega, False)"),
        (lambda: On(omega, x > x + 1), "is False", "On(omega, False)"),
        (lambda: On(omega, Ne(u, 0)), "a condition with !=", "On(omega, Ne(u, 0))"),
        (
            lambda: On(omega, Eq(u, 0) & Eq(v, 0)),
            "neither an equation nor an expression",
            "On(omega, Eq(u, 0) & Eq(v, 0))",
        ),
        (lambda: On(omega, "u - 1"), "neither an equation nor an expression", "On(omega, u - 1)"),
        (lambda: On(omega, None), "neither an equation nor an expression", "On(omega, None)"),
        (lambda: On(omega, []), "neither an equation nor an expression", "On(omega, [])"),
        (lambda: On(omega, [u, "v"]), "neither an equation nor an expression", "On(omega, "),
        (lambda: On(omega, u, weight=0), "weight=0", "On(omega, u)"),
        (lambda: On(omega, u, weight=-1), "weight=-1", "On(omega, u)"),
        (lambda: On(omega, u, weight=float("nan")), "weight=nan", "On(omega, u)"),
        (lambda: On(omega, u, weight=float("inf")), "weight=inf", "On(omega, u)"),
        (lambda: On(omega, u, weight=10**400), "is not a positive number", "On(omega, u)"),
        (lambda: On(omega, u, weight=16**20000), "weight=2.51e+24082", "On(omega, u)"),
        (lambda: On(omega, Integer(16) ** 20000 * u), "no value: 2.51e+24082*u", "On(omega, 2.51e+24082*u)"),
        (lambda: On(omega, Eq(u, Rational(1, 16**20000))), "no value: ", "On(omega, Eq(u, 3.98e-24083))"),
        (lambda: On(omega, Matrix([u ** Integer(16) ** 20000])), "no value: ", "On(omega, "),
        (lambda: On(omega, u, weight=True), "weight=True", "On(omega, u)"),
        (lambda: On(omega, u, weight="2"), "weight=2", "On(omega, u)"),
        (lambda: On(omega, u, norm=3), "norm=3", "On(omega, u)"),
        (lambda: On(omega, u, norm="1"), "norm='1'", "On(omega, u)"),
        (lambda: On(omega, u, norm=True), "norm=True", "On(omega, u)"),
    ],
)
def test_what_is_wrong_is_said_with_where_and_how_to_mend_it(make, said, where):
    with pytest.raises(ProblemError) as caught:
        make()
    assert said in caught.value.what
    assert where in caught.value.where
    assert caught.value.fix


def test_what_sympy_decided_can_be_kept():
    with pytest.raises(ProblemError, match="On\\(region, lhs - rhs\\)"):
        On(omega, Eq(u**2 + 1, 0))
    assert On(omega, u**2 + 1).residuals == (u**2 + 1,)


def test_numbers_are_taken_where_expressions_are():
    assert On(omega, [u, 0]).residuals == (u, sympy.Integer(0))
    assert On(omega, Eq(u, sqrt(2))).residuals == (u - sqrt(2),)
