"""Problems on the unit cube with one datum that is narrow."""

from sympy import Eq, Interval, exp

from inrpde import On, Problem, Region, Space
from inrpde.compiler import bind


def poisson(names, source=None, time=None, boundary=None, coefficient=None):
    """A bound problem: each datum is a function of the coordinates."""
    space = Space(names, time=time)
    x = space.coords
    u = space.unknown("u")
    omega = Region(space, Interval(0, 1) ** len(x))
    a = coefficient(*x) if coefficient else 1
    equation = space.div(a * space.grad(u)) + (source(*x) if source else 1)
    conditions = [On(omega, equation), On(omega.boundary, Eq(u, boundary(*x) if boundary else 0))]
    conditions += [On(omega.initial, u)] if time else []
    return bind(Problem("p", [u], conditions))


def bump(width, *offsets):
    return exp(-sum(x**2 for x in offsets) / (2 * width**2))
