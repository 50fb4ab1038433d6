"""Evolutions that are periodic in space, some with known solutions."""

import numpy as np
from sympy import Abs, Derivative, Eq, I, Interval, Piecewise, Rational, cos, exp, pi, sin

from inrpde import On, Periodic, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.solvers.periodic.spectral import Equations
from inrpde.solvers.periodic.strategy import initial


def tied(omega, *unknowns):
    """The conditions that make unknowns periodic in all of space."""
    lo = omega.bounds[0]
    spatial = list(enumerate(omega.space.spatial))
    return [On(omega.face(x, lo[k]), Periodic(u, x)) for k, x in spatial for u in unknowns]


def made(space, unknowns, omega, equations, starts, **more):
    conditions = [*(On(omega, each) for each in equations), *(On(omega.initial, each) for each in starts)]
    return Problem("periodic", list(unknowns), [*conditions, *tied(omega, *unknowns)], **more)


def line(end=1, length=2 * pi, **options):
    """A space, its coordinates, an unknown and a region."""
    space = Space("x", time="t")
    return space, *space.coords, space.unknown("u", **options), Region(space, Interval(0, length) * Interval(0, end))


def plane(names="u", end=1):
    space = Space("x y", time="t")
    return space, *space.coords, space.unknowns(names), Region(space, Interval(0, 2 * pi) ** 2 * Interval(0, end))


def advection(end=10):
    space, x, t, u, omega = line(end)
    return made(space, [u], omega, [Eq(u.diff(t) + u.diff(x), 0)], [Eq(u, exp(sin(x)))]), exp(sin(x - t))


def burgers(end=1, nu=Rational(1, 20)):
    space, x, t, u, omega = line(end)
    return made(space, [u], omega, [Eq(u.diff(t) + u * u.diff(x), nu * u.diff(x, 2))], [Eq(u, sin(x))])


def kuramoto(end=1):
    """Of Kuramoto and Sivashinsky, chaotic later."""
    space, x, t, u, omega = line(end)
    a, b, c = Rational(100, 16), Rational(100, 256), Rational(100, 16**4)
    equation = Eq(u.diff(t) + a * u * u.diff(x) + b * u.diff(x, 2) + c * u.diff(x, 4), 0)
    return made(space, [u], omega, [equation], [Eq(u, cos(x) * (1 + sin(x)))])


def wave(end=2):
    """With a speed that varies, and a known solution."""
    space, x, t, u, omega = line(end)
    known, speed = cos(x) * cos(2 * t) + sin(2 * x - t), 1 + sin(x) / 2
    source = known.diff(t, 2) - (speed**2 * known.diff(x)).diff(x)
    equation = Eq(u.diff(t, 2), space.div(speed**2 * space.grad(u)) + source)
    return made(
        space, [u], omega, [equation], [Eq(u, known.subs(t, 0)), Eq(u.diff(t), known.diff(t).subs(t, 0))]
    ), known


def schroedinger(end=1):
    """With a potential, and a known solution."""
    space, x, t, u, omega = line(end, complex=True)
    known = exp(I * t) * exp(I * cos(x))
    source = I * known.diff(t) + known.diff(x, 2) - cos(x) * known
    return made(
        space, [u], omega, [Eq(I * u.diff(t) + u.diff(x, 2) - cos(x) * u, source)], [Eq(u, known.subs(t, 0))]
    ), known


def cubic(end=1):
    """Schrödinger's cubic equation: a plane wave whose phase depends on its height."""
    space, x, t, u, omega = line(end, complex=True)
    known = exp(I * (2 * x - Rational(7, 4) * t)) / 2
    return made(
        space, [u], omega, [Eq(I * u.diff(t) + u.diff(x, 2) / 2 + Abs(u) ** 2 * u, 0)], [Eq(u, known.subs(t, 0))]
    ), known


def vortices(end=1, nu=Rational(1, 20)):
    """Of Taylor and Green: the pressure is open but for a constant."""
    space, x, y, t, (u, v, p), omega = plane("u v p", end)
    decay = exp(-2 * nu * t)
    known = [sin(x) * cos(y) * decay, -cos(x) * sin(y) * decay, (cos(2 * x) + cos(2 * y)) * decay**2 / 4]
    equations = [
        Eq(u.diff(t) + u * u.diff(x) + v * u.diff(y) + p.diff(x), nu * space.laplace(u)),
        Eq(v.diff(t) + u * v.diff(x) + v * v.diff(y) + p.diff(y), nu * space.laplace(v)),
        Eq(u.diff(x) + v.diff(y), 0),
    ]
    return made(space, [u, v, p], omega, equations, [Eq(u, known[0].subs(t, 0)), Eq(v, known[1].subs(t, 0))]), known


def spots(end=20):
    """Gray and Scott's reaction."""
    space, x, y, t, (u, v), omega = plane("u v", end)
    hill = exp(-8 * (sin((x - 3) / 2) ** 2 + sin((y - 3) / 2) ** 2))
    equations = [
        Eq(u.diff(t), space.laplace(u) / 500 + (1 - u) / 25 - u * v**2),
        Eq(v.diff(t), space.laplace(v) / 1000 - v / 10 + u * v**2),
    ]
    return made(space, [u, v], omega, equations, [Eq(u, 1 - hill / 2), Eq(v, hill / 2)])


def jump(end=1):
    space, x, t, u, omega = line(end, 1)
    block = Piecewise((1, Abs(x - Rational(1, 2)) < Rational(1, 4)), (0, True))
    return made(space, [u], omega, [Eq(u.diff(t), u.diff(x, 2) / 100)], [Eq(u, block)])


def blowing(end=2):
    space, x, t, u, omega = line(end)
    return made(space, [u], omega, [Eq(u.diff(t), u.diff(x, 2) / 10 + u**2)], [Eq(u, 1 + cos(x) / 2)])


def separating():
    """Of Cahn and Hilliard, in the flux form of the fourth order."""
    space, x, t, u, omega = line()
    flux = Derivative(u**3 - u - u.diff(x, 2) / 100, x, 2).doit()
    return made(space, [u], omega, [Eq(u.diff(t), flux)], [Eq(u, cos(2 * x) / 10)])


def parts(problem):
    """The equations of a problem, and their initial values."""
    equations = Equations.of(compile_problem(problem))
    return equations, initial(equations)


def on_line(count=100, end=1.0, length=2 * np.pi, seed=0):
    return np.random.default_rng(seed).uniform(size=(count, 2)) * [length, end]
