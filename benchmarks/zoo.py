"""Problems with known solutions, of every kind that the solvers serve: what estimates are calibrated on.

Most are manufactured: `made` takes an operator and a solution, and makes the source and the boundary values of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sympy import (
    Abs,
    Eq,
    Expr,
    FiniteSet,
    I,
    Interval,
    Matrix,
    Rational,
    atan,
    atan2,
    cos,
    cosh,
    exp,
    log,
    pi,
    sin,
    sqrt,
    tanh,
)

from inrpde.declaration import Ball, Implicit, Learned, On, Periodic, Points, Problem, Region, Space

PROBLEMS: dict[str, Callable[[], Problem]] = {}
UNIT = Interval(0, 1)


def zoo(make: Callable[[], Problem]) -> Callable[[], Problem]:
    PROBLEMS[make.__name__] = make
    return make


Operator = Callable[[Expr], Expr]


def made(space: Space, region: Region, u: Expr, operator: Operator, solution: Expr, *more: Operator) -> Problem:
    """operator(u) = operator(solution) on the region, on its boundary each of `more` likewise (u itself where none is
    given), and the initial values that the order in time asks for."""
    conditions = [On(region, Eq(operator(u), operator(solution).doit()))]
    conditions += [On(region.boundary, Eq(each(u), each(solution).doit())) for each in more or (lambda v: v,)]
    if space.time is not None:
        start = region.bounds[0][-1]
        conditions.append(On(region.initial, Eq(u, solution.subs(space.time, start))))
        if operator(u).has(u.diff(space.time, 2)):
            conditions.append(On(region.initial, Eq(space.dt(u), solution.diff(space.time).subs(space.time, start))))
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


def plane(sides: Expr = UNIT**2, complex: bool = False) -> tuple:
    space = Space("x y")
    return space, *space.coords, space.unknown("u", complex=complex), Region(space, sides)


def line(sides: Expr, time: bool = True, complex: bool = False) -> tuple:
    space = Space("x", time="t" if time else None)
    return space, *space.coords, space.unknown("u", complex=complex), Region(space, sides)


@zoo
def poisson() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v), sin(pi * x) * sin(pi * y))


@zoo
def modes() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v), sin(5 * pi * x) * sin(3 * pi * y) + x * y)


@zoo
def helmholtz() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v) - (4 * pi) ** 2 * v, sin(4 * pi * x) * sin(4 * pi * y))


def waves(k: int) -> Problem:
    space, x, y, u, omega = plane(complex=True)
    wave = exp(I * k * (0.93 * x + sqrt(1 - 0.93**2) * y)) + exp(I * k * (cos(2) * x + sin(2) * y)) / 2
    return made(space, omega, u, lambda v: space.laplace(v) + k**2 * v, wave, lambda v: space.dn(v) + I * k * v)


@zoo
def waves20() -> Problem:
    return waves(20)


@zoo
def waves40() -> Problem:
    return waves(40)


@zoo
def darcy() -> Problem:
    space, x, y, u, omega = plane()
    a = exp(x) * (2 + cos(pi * y))
    return made(space, omega, u, lambda v: -space.div(a * space.grad(v)), sin(pi * x) * cos(pi * y))


@zoo
def anisotropic() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -v.diff(x, 2) - v.diff(y, 2) / 100, sin(pi * x) * exp(-3 * y) + y**2)


@zoo
def convection() -> Problem:
    space, x, y, u, omega = plane()
    solution = (exp(30 * (x - 1)) - exp(-30)) * sin(pi * y) + x
    return made(space, omega, u, lambda v: -space.laplace(v) / 30 + v.diff(x), solution)


@zoo
def layers() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v) + 400 * v, cosh(20 * (x - 0.5)) / cosh(10) + exp(-20 * y))


@zoo
def peak() -> Problem:
    space, x, y, u, omega = plane(Interval(-1, 1) ** 2)
    return made(space, omega, u, lambda v: -space.laplace(v), exp(-40 * ((x - 0.2) ** 2 + y**2)))


@zoo
def runge() -> Problem:
    space, x, y, u, omega = plane(Interval(-1, 1) ** 2)
    return made(space, omega, u, lambda v: -space.laplace(v) + v, 1 / (1 + 20 * (x**2 + y**2)))


@zoo
def front() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v), atan(20 * (x + y - 1)))


@zoo
def gauge() -> Problem:
    """Slopes all round, and the value at one point."""
    space, x, y, u, omega = plane()
    problem = made(space, omega, u, lambda v: -space.laplace(v), cos(2 * pi * x) * cos(pi * y) * exp(x), space.dn)
    corner = On(Region(space, FiniteSet((0, 0))), Eq(u, 1))
    return Problem("zoo", unknowns=[u], conditions=[*problem.conditions, corner], exact=problem.exact)


@zoo
def mean() -> Problem:
    space, x, y, u, omega = plane()
    problem = made(space, omega, u, lambda v: -space.laplace(v), cos(pi * x) * cos(2 * pi * y), space.dn)
    conditions = [*problem.conditions, On(omega, Eq(omega.mean(u), 0))]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact=problem.exact)


@zoo
def robin() -> Problem:
    space, x, y, u, omega = plane(Interval(0, 2) * UNIT)
    solution = exp(x) * sin(4 * y)
    return made(space, omega, u, lambda v: -space.laplace(v) + sin(x) * v, solution, lambda v: space.dn(v) + 2 * v)


@zoo
def plate() -> Problem:
    space, x, y, u, omega = plane()
    solution = sin(pi * x) * sin(2 * pi * y)
    return made(space, omega, u, lambda v: space.laplace(space.laplace(v)), solution, lambda v: v, space.laplace)


@zoo
def clamped() -> Problem:
    space, x, y, u, omega = plane()
    solution = (sin(pi * x) * sin(pi * y)) ** 2
    return made(space, omega, u, lambda v: space.laplace(space.laplace(v)), solution, lambda v: v, space.dn)


@zoo
def cube() -> Problem:
    space = Space("x y z")
    x, y, z = space.coords
    solution = sin(pi * x) * sin(pi * y) * exp(z)
    return made(space, Region(space, UNIT**3), space.unknown("u"), lambda v: -space.laplace(v), solution)


@zoo
def cube5() -> Problem:
    space = Space([f"x{k}" for k in range(5)])
    solution = exp(-sum(x**2 for x in space.coords) / 2)
    return made(space, Region(space, Interval(-1, 1) ** 5), space.unknown("u"), lambda v: -space.laplace(v), solution)


@zoo
def airy() -> Problem:
    space, x, u, omega = line(UNIT, time=False)
    return made(space, omega, u, lambda v: -v.diff(x, 2) / 2000 + x * v, exp(-x) * sin(20 * x))


@zoo
def sublayer() -> Problem:
    space, x, u, omega = line(UNIT, time=False)
    return made(space, omega, u, lambda v: -v.diff(x, 2) / 100 + v.diff(x), exp(-100 * (1 - x)) + x**2)


@zoo
def beam() -> Problem:
    space, x, u, omega = line(UNIT, time=False)
    solution = sin(7 * x) * x
    return made(
        space, omega, u, lambda v: ((1 + x) * v.diff(x, 2)).diff(x, 2), solution, lambda v: v, lambda v: v.diff(x)
    )


@zoo
def damped() -> Problem:
    space, x, y, u, omega = plane(complex=True)
    return made(space, omega, u, lambda v: space.laplace(v) + (100 + 20 * I) * v, exp(I * 7 * x) * cos(6 * y))


@zoo
def stokes() -> Problem:
    space = Space("x y")
    x, y = space.coords
    u, v, p = space.unknowns("u v p")
    omega = Region(space, UNIT**2)
    U, V, P = sin(pi * x) * cos(pi * y), -cos(pi * x) * sin(pi * y), sin(2 * x) * y
    conditions = [
        On(omega, Eq(-space.laplace(u) + p.diff(x), -space.laplace(U).doit() + P.diff(x))),
        On(omega, Eq(-space.laplace(v) + p.diff(y), -space.laplace(V).doit() + P.diff(y))),
        On(omega, Eq(u.diff(x) + v.diff(y), 0)), On(omega.boundary, Eq(u, U)), On(omega.boundary, Eq(v, V)),
        On(Region(space, FiniteSet((0, 0))), Eq(p, 0)),
    ]  # fmt: skip
    return Problem("zoo", unknowns=[u, v, p], conditions=conditions, exact={u: U, v: V, p: P})


@zoo
def elasticity() -> Problem:
    space = Space("x y")
    x, y = space.coords
    u, v = space.unknowns("u v")
    omega = Region(space, UNIT**2)
    U, V = sin(3 * x) * y, cos(2 * y) * x**2

    def force(a: Expr, b: Expr) -> Matrix:
        strain = a.diff(x) + b.diff(y)
        return Matrix([-space.laplace(a).doit() - 2 * strain.diff(x), -space.laplace(b).doit() - 2 * strain.diff(y)])

    conditions = [On(omega, Eq(a, b)) for a, b in zip(force(u, v), force(U, V), strict=True)]
    conditions += [On(omega.boundary, Eq(a, b)) for a, b in ((u, U), (v, V))]
    return Problem("zoo", unknowns=[u, v], conditions=conditions, exact={u: U, v: V})


@zoo
def mixed() -> Problem:
    """Fluxes and a potential of their own sizes."""
    space = Space("x y")
    x, y = space.coords
    p, q, u = space.unknowns("p q u")
    omega = Region(space, UNIT**2)
    U = sin(4 * x) * cosh(2 * y)
    conditions = [
        On(omega, Eq(p, 100 * u.diff(x))), On(omega, Eq(q, 100 * u.diff(y))),
        On(omega, Eq(p.diff(x) + q.diff(y), 100 * space.laplace(U).doit())), On(omega.boundary, Eq(u, U)),
    ]  # fmt: skip
    exact = {p: 100 * U.diff(x), q: 100 * U.diff(y), u: U}
    return Problem("zoo", unknowns=[p, q, u], conditions=conditions, exact=exact)


@zoo
def cauchy_riemann() -> Problem:
    space = Space("x y")
    x, y = space.coords
    u, v = space.unknowns("u v")
    omega = Region(space, UNIT**2)
    U, V = exp(2 * x) * cos(2 * y), exp(2 * x) * sin(2 * y)
    conditions = [
        On(omega, Eq(u.diff(x), v.diff(y))), On(omega, Eq(u.diff(y), -v.diff(x))), On(omega.boundary, Eq(u, U)),
        On(Region(space, FiniteSet((0, 0))), Eq(v, 0)),
    ]  # fmt: skip
    return Problem("zoo", unknowns=[u, v], conditions=conditions, exact={u: U, v: V})


@zoo
def interface() -> Problem:
    space = Space("x y")
    x, y = space.coords
    half = Rational(1, 2)
    left, right = Region(space, Interval(0, half) * UNIT), Region(space, Interval(half, 1) * UNIT)
    u, v = space.unknown("u", on=left), space.unknown("v", on=right)
    U, V = sin(pi * y) * (x + x**2), sin(pi * y) * (Rational(3, 4) + (x - half) / 5)
    middle = left.face(x, half)
    conditions = [
        On(left, Eq(-space.laplace(u), -space.laplace(U).doit())),
        On(right, Eq(-10 * space.laplace(v), -10 * space.laplace(V).doit())),
        On(middle, Eq(u, v)),
        On(middle, Eq(space.dn(u), 10 * space.dn(v))),
        On(left.boundary - middle, Eq(u, U)),
        On(right.boundary - middle, Eq(v, V)),
    ]
    return Problem("zoo", unknowns=[u, v], conditions=conditions, exact={u: U, v: V})


@zoo
def ring() -> Problem:
    space, x, y, u, _ = plane()
    omega = Ball(space, (0, 0), 1) - Ball(space, (0.2, 0.1), 0.3)
    return made(space, omega, u, lambda v: -space.div((1 + x**2) * space.grad(v)), sin(3 * x) * exp(y) + x * y)


@zoo
def annulus() -> Problem:
    space, x, y, u, _ = plane()
    omega = Ball(space, (0, 0), 1) - Ball(space, (0, 0), 0.4)
    solution = exp(x) * sin(2 * y) + x**2
    return made(space, omega, u, lambda v: -space.laplace(v) + v, solution, lambda v: space.dn(v) + 2 * v)


@zoo
def holes() -> Problem:
    """Harmonic, with a source in each hole."""
    space, x, y, u, box = plane(Interval(0, 3) * Interval(0, 2))
    centres = [(0.7, 0.6), (2.1, 1.3), (1.4, 0.4)]
    omega = box - Ball(space, centres[0], 0.3) - Ball(space, centres[1], 0.4) - Ball(space, centres[2], 0.15)
    solution = sum(c * log((x - a) ** 2 + (y - b) ** 2) for c, (a, b) in zip((1, -1, 0.5), centres, strict=True))
    return made(space, omega, u, lambda v: -space.laplace(v), solution)


@zoo
def elbow() -> Problem:
    """The leading singular function of a re-entrant corner, and something smooth."""
    space, x, y, u, box = plane(Interval(-1, 1) ** 2)
    omega = box - Region(space, Interval(-1, 0) ** 2)
    solution = (x**2 + y**2) ** Rational(1, 3) * sin((2 * atan2(y, x) + pi) / 3) + x**2 - y**2
    conditions = [On(omega, Eq(-space.laplace(u), 0)), On(omega.boundary, Eq(u, solution))]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


@zoo
def ellipse() -> Problem:
    space, x, y, u, _ = plane()
    omega = Implicit(space, x**2 + 2 * y**2 < 1, within=Interval(-1, 1) ** 2)
    return made(space, omega, u, lambda v: -space.laplace(v), sin(3 * x + y) + x * y**3)


@zoo
def bell() -> Problem:
    """A bump that a disc's few features do not resolve at once."""
    space, x, y, u, _ = plane()
    return made(space, Ball(space, (0, 0), 1), u, lambda v: -space.laplace(v) + v, exp(-30 * ((x - 0.3) ** 2 + y**2)))


@zoo
def ball() -> Problem:
    space = Space("x y z")
    x, y, z = space.coords
    solution = sin(2 * x) * exp(y) + z**2
    return made(space, Ball(space, (0, 0, 0), 1), space.unknown("u"), lambda v: -space.laplace(v) + v, solution)


@zoo
def heat() -> Problem:
    space, x, t, u, omega = line(UNIT**2)
    solution = exp(-(pi**2) * t) * sin(pi * x) + exp(-9 * pi**2 * t) * sin(3 * pi * x)
    return made(space, omega, u, lambda v: space.dt(v) - v.diff(x, 2), solution)


@zoo
def stripes() -> Problem:
    space, x, t, u, omega = line(UNIT**2)
    solution = exp(-((8 * pi) ** 2) * t / 100) * sin(8 * pi * x)
    return made(space, omega, u, lambda v: space.dt(v) - v.diff(x, 2) / 100, solution)


@zoo
def heat2() -> Problem:
    space = Space("x y", time="t")
    x, y, t = space.coords
    u = space.unknown("u")
    omega = Region(space, UNIT * UNIT * Interval(0, Rational(1, 2)))
    a = 1 + x * y / 2
    solution = exp(-t) * sin(2 * x + y) + x * t
    return made(
        space, omega, u, lambda v: space.dt(v) - space.div(a * space.grad(v)), solution, lambda v: space.dn(v) + v
    )


@zoo
def string() -> Problem:
    space, x, t, u, omega = line(UNIT**2)
    solution = sin(pi * x) * cos(2 * pi * t) + sin(4 * pi * x) * cos(8 * pi * t) / 2
    return made(space, omega, u, lambda v: space.dt(v, 2) - 4 * v.diff(x, 2), solution)


@zoo
def pulse() -> Problem:
    space, x, t, u, omega = line(Interval(-1, 1) * UNIT)
    return made(space, omega, u, lambda v: space.dt(v, 2) - v.diff(x, 2), exp(-60 * (x + 0.5 - t) ** 2))


@zoo
def transport() -> Problem:
    space, x, t, u, omega = line(Interval(0, 2) * UNIT)
    solution = exp(-20 * (x - t - 0.5) ** 2)
    conditions = [
        On(omega, Eq(space.dt(u) + u.diff(x), 0)),
        On(omega.face(x, 0), Eq(u, solution.subs(x, 0))),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


@zoo
def packet() -> Problem:
    """A free quantum wave packet."""
    space, x, t, u, omega = line(Interval(-6, 6) * UNIT, complex=True)
    solution = exp(-(x**2) / (2 * (1 + I * t))) / sqrt(1 + I * t)
    return made(space, omega, u, lambda v: I * space.dt(v) + v.diff(x, 2) / 2, solution)


@zoo
def bratu() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v) + exp(v), sin(pi * x) * sin(2 * pi * y))


@zoo
def diffusion() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.div((1 + v**2) * space.grad(v)), sin(3 * x) * cos(4 * y))


@zoo
def allen_cahn() -> Problem:
    space, x, y, u, omega = plane(Interval(-1, 1) ** 2)
    return made(space, omega, u, lambda v: -space.laplace(v) / 50 + v**3 - v, tanh(5 * (x + y / 2)))


@zoo
def burgers() -> Problem:
    space, x, t, u, omega = line(Interval(-1, 1) * UNIT)
    solution = (1 - tanh((x - t / 2) * 5)) / 2
    return made(space, omega, u, lambda v: space.dt(v) + v * v.diff(x) - v.diff(x, 2) / 20, solution)


@zoo
def fisher() -> Problem:
    space, x, t, u, omega = line(Interval(-10, 20) * Interval(0, 5))
    solution = (1 + exp((x - 5 * t / sqrt(6)) / sqrt(6))) ** -2
    return made(space, omega, u, lambda v: space.dt(v) - v.diff(x, 2) - v * (1 - v), solution)


@zoo
def breather() -> Problem:
    space, x, t, u, omega = line(Interval(-8, 8) * Interval(0, 3))
    solution = 4 * atan(Rational(4, 3) * cos(Rational(3, 5) * t) / cosh(Rational(4, 5) * x))
    return made(space, omega, u, lambda v: space.dt(v, 2) - v.diff(x, 2) + sin(v), solution)


@zoo
def schroedinger() -> Problem:
    space, x, t, u, omega = line(Interval(-6, 6) * UNIT, complex=True)
    solution = exp(I * (x / 2 + 3 * t / 8)) / cosh(x - t / 2)
    return made(space, omega, u, lambda v: I * space.dt(v) + v.diff(x, 2) / 2 + Abs(v) ** 2 * v, solution)


@zoo
def soliton() -> Problem:
    space, x, t, u, omega = line(Interval(-12, 12) * UNIT)
    solution = 2 / cosh(x + 2 - 4 * t) ** 2
    conditions = [
        On(omega, Eq(space.dt(u) + 6 * u * u.diff(x) + u.diff(x, 3), 0)),
        On(omega.boundary.where(Eq(x, -12)), Periodic(u, x)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


@zoo
def kovasznay() -> Problem:
    space = Space("x y")
    x, y = space.coords
    u, v, p = space.unknowns("u v p")
    omega = Region(space, Interval(Rational(-1, 2), 1) * Interval(Rational(-1, 2), Rational(3, 2)))
    rate = 20 - sqrt(400 + 4 * pi**2)
    U, V = 1 - exp(rate * x) * cos(2 * pi * y), rate / (2 * pi) * exp(rate * x) * sin(2 * pi * y)
    P = (1 - exp(2 * rate * x)) / 2
    conditions = [
        On(omega, Eq(u * u.diff(x) + v * u.diff(y) + p.diff(x), space.laplace(u) / 40)),
        On(omega, Eq(u * v.diff(x) + v * v.diff(y) + p.diff(y), space.laplace(v) / 40)),
        On(omega, Eq(u.diff(x) + v.diff(y), 0)), On(omega.boundary, Eq(u, U)), On(omega.boundary, Eq(v, V)),
        On(Region(space, FiniteSet((0, 0))), Eq(p, 0)),
    ]  # fmt: skip
    return Problem("zoo", unknowns=[u, v, p], conditions=conditions, exact={u: U, v: V, p: P})


@zoo
def eikonal() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: v.diff(x) ** 2 + v.diff(y) ** 2, exp(x) + y * x + 2 * y)


@zoo
def scherk() -> Problem:
    _, x, y, u, omega = plane(Interval(-1, 1) ** 2)
    solution = log(cos(x) / cos(y))

    def area(v: Expr) -> Expr:
        a, b = v.diff(x), v.diff(y)
        return (1 + b**2) * v.diff(x, 2) - 2 * a * b * v.diff(x, y) + (1 + a**2) * v.diff(y, 2)

    conditions = [On(omega, Eq(area(u), 0)), On(omega.boundary, Eq(u, solution))]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


@zoo
def logistic() -> Problem:
    space, x, u, omega = line(Interval(0, 6), time=False)
    solution = 1 / (1 + 9 * exp(-2 * x))
    conditions = [On(omega, Eq(u.diff(x), 2 * u * (1 - u))), On(Region(space, FiniteSet(0)), Eq(u, Rational(1, 10)))]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


@zoo
def inverse() -> Problem:
    """A diffusivity from readings."""
    space, x, t, u, omega = line(UNIT**2)
    nu = space.parameter("nu")
    solution = exp(-(pi**2) * t / 5) * sin(pi * x)
    places = np.random.default_rng(0).uniform(0, 1, (50, 2))
    sensors = Points(space, places, {"m": np.exp(-0.2 * np.pi**2 * places[:, 1]) * np.sin(np.pi * places[:, 0])})
    conditions = [
        On(omega, Eq(space.dt(u), nu * u.diff(x, 2))),
        On(omega.boundary, u),
        On(sensors, Eq(u, sensors["m"])),
    ]
    return Problem("zoo", unknowns=[u], conditions=conditions, coefficients={nu: Learned(1.0)}, exact={u: solution})


@zoo
def regression() -> Problem:
    space, x, y, u, _ = plane()
    places = np.random.default_rng(1).uniform(0, 1, (3000, 2))
    values = np.sin(9 * places[:, 0]) * np.exp(places[:, 1])
    data = Points(space, places, {"m": values})
    return Problem("zoo", unknowns=[u], conditions=[On(data, Eq(u, data["m"]))], exact={u: sin(9 * x) * exp(y)})
