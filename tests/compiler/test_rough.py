"""What may jump under a derivative, and what is concentrated there."""

import pytest
from sympy import Abs, Derivative, Heaviside, Interval, Mod, Piecewise, floor, frac, sign

from inrpde import On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.compiler.rough import loses_fluxes, rough, worked_out

space = Space("x y")
x, y = space.coords
u, a = space.unknown("u"), space.coefficient("a")
omega = Region(space, Interval(0, 1) ** 2)
bound = bind(Problem("p", [u], [On(omega, u)]))
STEP = Piecewise((1, x < 0.5), (2, True))


@pytest.mark.parametrize(
    ("expr", "kept"),
    [
        (Derivative(Heaviside(x) * u.diff(x), x), Heaviside(x) * u.diff(x, x)),
        (Derivative(Abs(x) * u, x, x), 2 * sign(x) * u.diff(x) + Abs(x) * u.diff(x, x)),
        (Derivative(floor(5 * x) * u, x), floor(5 * x) * u.diff(x)),
        (Derivative(frac(2 * x) * u, x), 2 * u + (2 * x - floor(2 * x)) * u.diff(x)),
        (Derivative(Mod(x, 2) * u, x), u + (x - 2 * floor(x / 2)) * u.diff(x)),
    ],
)
def test_what_is_concentrated_is_left_out(expr, kept):
    found, lost = worked_out(expr)
    assert lost
    assert (found - kept).expand() == 0


def test_what_is_smooth_is_worked_out():
    assert worked_out(Derivative(x**2 * u, x)) == (2 * x * u + x**2 * u.diff(x), False)


def test_the_outermost_of_what_may_jump():
    inner = Piecewise((Heaviside(y), x < 0.5), (2, True))
    assert rough(bound, inner + sign(x) * u) in ([inner, sign(x)], [sign(x), inner])


@pytest.mark.parametrize(
    ("expr", "loses"),
    [(STEP * u.diff(x, x), False), (Derivative(STEP * u.diff(x), x), True), (Derivative(x * u, x) + STEP, False)],
)
def test_fluxes_are_lost_where_it_stands_under_a_derivative(expr, loses):
    assert loses_fluxes(bound, expr) is loses
