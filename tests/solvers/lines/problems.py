"""Problems in space and time with known solutions, and how wrong a state is."""

from itertools import product

import numpy as np
from sympy import Abs, Eq, I, Interval, Matrix, Rational, besselj, cos, exp, pi, sin, sqrt

from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.frozen import Frozen, frozen
from inrpde.solvers.galerkin.ground import ground
from inrpde.solvers.lines.level import level

space = Space("x y", time="t")
x, y, t = space.coords
u, v, p = space.unknowns("u v p")
SPAN = Interval(0, Rational(1, 2))
square = Region(space, Interval(0, 1) ** 2 * SPAN)
annulus = (Ball(space, (0, 0), 1) - Ball(space, (0, 0), Rational(1, 2))).over(SPAN)
dt, laplace, grad, div = space.dt, space.laplace, space.grad, space.div
n, U = Matrix(list(space.normal[:2])), Matrix([u, v])
WAVE = cos(sqrt(2) * pi * t) * sin(pi * x) * sin(pi * y)


def frozen_of(problem):
    found = frozen(compile_problem(problem))
    assert isinstance(found, Frozen), found
    return found


def given(operator, known, region=square, orders=1):
    """An equation with its right-hand side, its values on the boundary, and what it begins with."""
    starts = [On(region.initial, Eq(dt(u, k) if k else u, known.diff(t, k))) for k in range(orders)]
    conditions = [On(region, Eq(operator(u), operator(known))), On(region.boundary, Eq(u, known)), *starts]
    return Problem("given", [u], conditions), [known]


def heat(region=square):
    return given(lambda f: dt(f) - laplace(f), exp(-t) * sin(2 * x + y), region)


def wave():
    return given(lambda f: dt(f, 2) - laplace(f), WAVE, orders=2)


def schroedinger(pull=0, end=Rational(1, 2)):
    """A plane wave through a square, free or in what pulls by its own density."""
    w, region = space.unknown("w", complex=True), Region(space, Interval(0, 1) ** 2 * Interval(0, end))
    known = exp(I * (2 * x + y - (Rational(5, 2) + pull) * t))
    equation = I * dt(w) + laplace(w) / 2 - (pull * Abs(w) ** 2 * w if pull else 0)
    return Problem(
        "wave", [w], [On(region, equation), On(region.boundary, w - known), On(region.initial, w - known)]
    ), [known]


def sound():
    """Standing waves between walls."""
    flow, known = Matrix([u, v]), [sin(pi * x) * sin(pi * t), 0 * x, cos(pi * x) * cos(pi * t)]
    conditions = [
        On(square, Eq(dt(p) + div(flow), 0)), On(square, Eq(dt(flow) + grad(p), Matrix([0, 0]))),
        On(square.boundary, Eq(flow.dot(n), 0)),
        *(On(square.initial, Eq(each, now.subs(t, 0))) for each, now in zip((u, v, p), known, strict=True)),
    ]  # fmt: skip
    return Problem("sound", [u, v, p], conditions), known


def carried(outlet=None):
    """Waves that leave through a side on which a value may be given, too."""
    wave = sin(4 * x - 4 * t)
    walls = [On(square.face(x, 0), Eq(u, wave))] + ([] if outlet is None else [On(square.face(x, 1), Eq(u, outlet))])
    conditions = [On(square, Eq(dt(u) + u.diff(x), 0)), *walls, On(square.initial, Eq(u, wave.subs(t, 0)))]
    return Problem("carried", [u], conditions), [wave]


def leaving():
    """A wave that goes through walls which let it pass as far as it comes straight at them, and bring in the rest."""
    known = sin(3 * x + 4 * y - 5 * t)
    wall, starts = dt(u) + space.dn(u), [On(square.initial, Eq(dt(u, k) if k else u, known.diff(t, k))) for k in (0, 1)]
    given = [dt(known) + side * known.diff(z) for z, side in ((x, -1), (x, 1), (y, -1), (y, 1))]
    walls = [On(square.face(z, side), Eq(wall, g)) for (z, side), g in zip(product((x, y), (0, 1)), given, strict=True)]
    return Problem("leaving", [u], [On(square, Eq(dt(u, 2), laplace(u))), *walls, *starts]), [known]


def stored():
    """Heat in a disc whose wall stores some of it."""
    disc, r = Ball(space, (0, 0), 1).over(SPAN), sqrt(x**2 + y**2)
    known = besselj(0, 2 * r) * exp(-4 * t)
    given = -2 * (besselj(0, 2) + besselj(1, 2)) * exp(-4 * t)
    conditions = [
        On(disc, Eq(dt(u), laplace(u))), On(disc.boundary, Eq(dt(u) / 2 + space.dn(u), given)),
        On(disc.initial, Eq(u, known.subs(t, 0))),
    ]  # fmt: skip
    return Problem("stored", [u], conditions), [known]


def burgers():
    """A wave that travels through walls: what flows in is not zero."""
    return given(lambda f: dt(f) - laplace(f) / 20 + f * f.diff(x) + f.diff(y), 2 + sin(x + y - t))


def stokes():
    """Walls, and an outlet on the right."""
    stream, pressure = sin(x + 2 * y) * cos(t), x * y * exp(-t)
    known = Matrix([stream.diff(y), -stream.diff(x)])
    right = square.face(x, 1)

    def balance(W, q):
        return dt(W) - laplace(W) / 2 + grad(q)

    conditions = [
        On(square, Eq(balance(U, p), balance(known, pressure))), On(square, Eq(div(U), 0)),
        On(square.boundary - right, Eq(U, known)),
        On(right, Eq(space.dn(U) / 2 - p * n, space.dn(known) / 2 - pressure * n)), On(square.initial, Eq(U, known)),
    ]  # fmt: skip
    return Problem("stokes", [u, v, p], conditions), [*known, pressure]


def solved(problem, degree, tolerance=1e-8, begun=None, **more):
    """A level on the cells that the strategy begins with."""
    found = frozen_of(problem)
    options = {"seed": 0, "on_step": lambda time, share: None, "stop": lambda: False} | more
    return level(found, begun or ground(found.flux, ()), degree, tolerance, **options)


def residual(system, time, *state):
    """Of a semidiscrete system at one time."""
    return system.residuals(np.array([time]), *(each[None] for each in state))[0]
