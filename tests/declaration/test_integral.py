"""Integrals over regions as expressions: numbers, or over some coordinates functions of the others."""

import pickle

import pytest
from sympy import Eq, Interval, S

from inrpde import Ball, On, Problem, Region, Space
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

space = Space("x y", time="t")
x, y, t = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1) ** 3)
disc = Ball(space, (0, 0), 1).over(Interval(0, 1))


def test_an_integral_is_a_number_and_over_some_coordinates_a_function_of_the_others():
    assert omega.integral(u * x * y).free_symbols == set()
    assert omega.integral(u * x, over=x).free_symbols == u.free_symbols - {x}
    assert omega.mean(u, over=(x, y)).free_symbols == {t}
    assert omega.integral(u).diff(t) is S.Zero
    assert omega.integral(u, over=x).diff(x) is S.Zero
    assert omega.integral(u, over=x).diff(t) == omega.integral(u.diff(t), over=x)
    assert omega.integral(u, over=(y, t, x)) == omega.integral(u)
    assert omega.integral(u, over=x) != omega.integral(u, over=y) != omega.integral(u)


def test_it_is_written_as_it_was_made_and_survives_a_pickle():
    made = omega.integral(u, over=x)
    assert words(made).endswith("integral(u, over=x)")
    assert words(omega.mean(u, over=(x, y))).endswith("mean(u, over=(x, y))")
    again = pickle.loads(pickle.dumps(made))
    assert (again.integrand, again.over, again.mean) == (u, (x,), False)
    assert again.region.bounds[1].tolist() == [1, 1, 1]


@pytest.mark.parametrize("over", [u, (x, x), "x", (x, Space("z").coords[0])])
def test_what_is_no_coordinate_is_refused(over):
    with pytest.raises(ProblemError, match="are not coordinates"):
        omega.integral(u, over=over)


def test_of_other_shapes_there_is_the_whole_integral_alone():
    for region in (disc, omega.boundary):
        with pytest.raises(ProblemError, match="taken of boxes"):
            region.integral(u, over=x)


def test_conditions_and_reports_hold_numbers():
    made = omega.integral(u, over=x)
    with pytest.raises(ProblemError, match="is a function") as caught:
        Problem("p", [u], [On(omega, Eq(space.dt(u), made))])
    assert "Eq(I.diff(x), u)" in caught.value.fix
    with pytest.raises(ProblemError, match="is a function"):
        Problem("p", [u], [On(omega, u - 1)], report=[made])
