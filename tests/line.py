"""-u'' = π² sin(πx) on a line, for tests that interrupt a run, break what is round it, or damage its files."""

from sympy import Eq, Interval, pi, sin

from inrpde import On, Problem, Region, Space

space = Space("x")
(x,) = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
problem = Problem("line", [u], [On(omega, Eq(-u.diff(x, 2), pi**2 * sin(pi * x))), On(omega.boundary, Eq(u, 0))])
