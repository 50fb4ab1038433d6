"""What spreads and is carried: fourth derivatives, long transport, pulses, flows that turn, walls suddenly warmed."""

from __future__ import annotations

import mpmath
from sympy import (
    Eq,
    Float,
    Interval,
    Piecewise,
    Rational,
    cos,
    erf,
    erfc,
    exp,
    pi,
    sin,
    sqrt,
)  # fmt: skip

from inrpde.declaration import Ball, On, Periodic, Region, Space
from zoo.time.making import Computed, begun, computed, line, plane, solved_by, timed
from zoo.time.reactions import sampled
from zoo.time.spectral import Box, cosine, fourier
from zoo.traps.known import Known, closed

KURAMOTO = {
    "wide": (32 * pi, 1, (1, 1, 1), lambda x: cos(x / 16) * (1 + sin(x / 16)), (96, 128), 0.01),
    "rough": (2 * pi, Rational(4, 5), (Rational(100, 16), Rational(100, 256), Rational(100, 16**4)),
              lambda x: cos(x) * (1 + sin(x)), (160, 220), 0.0002),
    "short": (2, 1, (5, Rational(1, 2), Rational(5, 1000)), lambda x: -sin(pi * x), (64, 96), 0.0005),
}  # fmt: skip


@timed("fourth", KURAMOTO)
def kuramoto(long, end, shares, begin, sizes, step) -> Computed:
    """u_t + a u u_x + b u_xx + c u_xxxx = 0, periodic."""
    space, x, _, omega, u = line(Interval(0, long), end)
    a, b, c = shares
    start = begin(x)
    conditions = [
        On(omega, Eq(space.dt(u) + a * u * u.diff(x) + b * u.diff(x, 2) + c * u.diff(x, 4), 0)),
        On(omega.face(x, 0), Periodic(u, x)),
        *begun(omega, (u, start)),
    ]

    def solver(level, times, places):
        box = Box([fourier(0, float(long), sizes[level])])
        linear = (-float(b) * box.laplace - float(c) * box.laplace**2)[None]

        def rest(_, values):
            return -float(a) * values * box.slope(values, 0)

        return {"u": box.marched(linear, rest, sampled(box, (x,), [start]), times, places, step / (1 + level))[0]}

    return computed(u, conditions, solver)


@timed("fourth", {"periodic": (True, 1, Rational(1, 50)), "walls": (False, 1, Rational(1, 50))})
def cahn_hilliard(periodic, end, width) -> Computed:
    """u_t = (u³ - u - ε² u_xx)_xx / 100, periodic or between walls."""
    space, x, _, omega, c = line(Interval(-1, 1), end, "c")
    start = cos(pi * x) / 2 - Rational(1, 5) * cos(3 * pi * x) + (sin(2 * pi * x) / 10 if periodic else 0)
    mobility = Rational(1, 100)
    chemical = c**3 - c - width**2 * c.diff(x, 2)
    walls = [On(omega.face(x, -1), Periodic(c, x))]
    if not periodic:
        walls = [On(omega.boundary, Eq(c.diff(x, k), 0)) for k in (1, 3)]
    conditions = [
        On(omega, Eq(space.dt(c), mobility * chemical.diff(x, 2))), *walls,
        *begun(omega, (c, start)),
    ]  # fmt: skip

    def solver(level, times, places):
        n = (160, 220)[level]
        box = Box([fourier(-1, 1, n // 2) if periodic else cosine(-1, 1, n)])
        steady = 0.02  # of the second derivative, taken with the stiff part
        linear = (steady * box.laplace - float(mobility * width**2) * box.laplace**2)[None]

        def rest(_, values):
            bent = box.laplace * box.analysed(float(mobility) * (values**3 - values) - steady * values)
            return box.synthesised(bent)

        return {"c": box.marched(linear, rest, sampled(box, (x,), [start]), times, places, (0.0005, 0.00025)[level])[0]}

    return computed(c, conditions, solver)


@timed("transport", {"once": (1, 1, 1, 1000), "bumps": (1, Rational(1, 2), 2, 1000), "plane": (2, 1, 1, 1000)})
def carried(dim, speed, turns, end) -> Known:
    """u_t + a · grad u = 0, periodic, for long."""
    space, *coords, t, omega, u = plane(Interval(0, 1) ** dim, end, coords="x y"[: 2 * dim - 1])
    speeds = [speed, Rational(3, 4)][:dim]
    moved = [x - a * t for x, a in zip(coords, speeds, strict=True)]
    solution = exp(cos(2 * pi * turns * moved[0])) if turns > 1 else sin(2 * pi * moved[0])
    if dim == 2:
        solution += cos(2 * pi * (moved[0] + moved[1])) / 2
    rate = sum(a * u.diff(x) for x, a in zip(coords, speeds, strict=True))
    conditions = [
        On(omega, Eq(space.dt(u) + rate, 0)),
        *[On(omega.face(x, 0), Periodic(u, x)) for x in coords],
        *begun(omega, (u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@timed("transport", {"blunt": (0.05, (1, Rational(1, 2)), 1, 50), "narrow": (0.001, (1, 1), 1, 200)})
def puff(spread, wind, end, narrow) -> Known:
    """A Gaussian that is carried and spreads, by what it is on the walls."""
    space, x, y, t, omega, u = plane(Interval(0, 2) ** 2, end, "c")
    spread, (a, b) = Rational(spread).limit_denominator(10**6), wind
    grown = 1 + 4 * narrow * spread * t
    square = (x - a * t - Rational(1, 2)) ** 2 + (y - b * t - Rational(1, 2)) ** 2
    solution = exp(-narrow * square / grown) / grown

    def operator(v):
        return space.dt(v) + a * v.diff(x) + b * v.diff(y) - spread * space.laplace(v)

    return solved_by(omega, u, operator, solution, source=0)


@timed("transport", {"disc": (0, 2 * pi), "square": (1, 2 * pi), "spreading": (2, 3)})
def turning(kind, end) -> Known:
    """A blob in a flow that turns: in a disc, whose rim nothing crosses, in a square with 0 flowing in; spreading."""
    space = Space("x y", time="t")
    x, y, t = space.coords
    u = space.unknown("u")
    over = Interval(0, end)
    narrow, spread = (60, 0) if kind < 2 else (20, Rational(1, 200))
    grown = 1 + 4 * narrow * spread * t
    square = (x - cos(t) * Rational(2, 5)) ** 2 + (y - sin(t) * Rational(2, 5)) ** 2
    solution = exp(-narrow * square / grown) / grown
    flowing = space.dt(u) - y * u.diff(x) + x * u.diff(y)
    if kind == 0:
        omega = Ball(space, (0, 0), 1).over(over)
        walls = []
    else:
        omega = Region(space, Interval(-1, 1) ** 2).over(over)
        entered = omega.boundary
        if kind == 1:
            inward = [(1, y > 0), (-1, y < 0)], [(1, x < 0), (-1, x > 0)]
            faces = [omega.face(z, at).where(w) for z, each in zip((x, y), inward, strict=True) for at, w in each]
            entered = faces[0] | faces[1] | faces[2] | faces[3]
        walls = [On(entered, Eq(u, solution))]
    conditions = [
        On(omega, Eq(flowing, spread * space.laplace(u) if spread else 0)), *walls,
        *begun(omega, (u, solution.subs(t, 0))),
    ]  # fmt: skip
    return closed(u, conditions, {u: solution})


def _warmed(x, t, long, spread):
    """Of a rod at 0, insulated at `long` or infinite, whose end x = 0 is at 1 from t = 0 on: images of its tail."""
    root = 2 * sqrt(spread * t)
    return sum((-1) ** k * (erfc((2 * k * long + x) / root) + erfc((2 * (k + 1) * long - x) / root)) for k in range(6))


def _after(t, value, before):
    return Piecewise((before, t <= 0), (value, True))


@timed("sudden", {"rod": (1, 1, 1, 0), "billet": (Rational(1, 10), Rational(1, 100_000), 400, 20)})
def warmed(long, spread, end, first) -> Known:
    """A rod at rest, one end of which is suddenly 1 or 80 degrees warmer; the other is insulated."""
    space, x, t, omega, u = line(Interval(0, long), end, "T")
    rise = 80 if first else 1
    solution = _after(t, first + rise * _warmed(x, t, long, spread), first)
    conditions = [
        On(omega, Eq(space.dt(u), spread * space.laplace(u))),
        On(omega.face(x, 0), Eq(u, first + rise)),
        On(omega.face(x, long), Eq(space.dn(u), 0)),
        *begun(omega, (u, first)),
    ]
    return closed(u, conditions, {u: solution})


@timed("sudden", {"square": (1, 1, Rational(1, 2)), "slab": (2, 1, Rational(1, 4))})
def quenched(long, wide, end) -> Known:
    """A plate at 1 that is put into water at 0."""
    space, x, y, t, omega, u = plane(Interval(0, long) * Interval(0, wide), end)

    def left(z, size):  # symmetric: half of it is a rod with an insulated end
        return 1 - sum(
            (-1) ** k * (erfc((k * size + z) / (2 * sqrt(t))) + erfc(((k + 1) * size - z) / (2 * sqrt(t))))
            for k in range(8)
        )

    solution = _after(t, left(x, long) * left(y, wide), 1)
    conditions = [On(omega, Eq(space.dt(u), space.laplace(u))), On(omega.boundary, Eq(u, 0)), *begun(omega, (u, 1))]
    return closed(u, conditions, {u: solution})


@timed("sudden", {"rod": (1, 0, Rational(1, 2)), "wind": (1, 1, 1), "plate": (2, 0, Rational(1, 4))})
def stepped(dim, wind, end) -> Known:
    """A step at the start, which spreads, in wind too; its values far off are those on the walls."""
    space, *coords, t, omega, u = plane(Interval(-1, 2) ** dim, end, coords="x y"[: 2 * dim - 1])
    x, y = coords[0], coords[-1]
    spread, c = Rational(1, 20), Rational(3, 10)
    along = (x if dim == 1 else (3 * x + 4 * y) / 5) - c
    smooth = (1 - erf((along - wind * t) / sqrt(4 * spread * t))) / 2
    step = Piecewise((1, along < 0), (0, True))
    conditions = [
        On(omega, Eq(space.dt(u) + wind * u.diff(x), spread * space.laplace(u))),
        On(omega.boundary, Eq(u, _after(t, smooth, step))),
        *begun(omega, (u, step)),
    ]
    return closed(u, conditions, {u: _after(t, smooth, step)})


@timed("many", {"held": (False, Rational(1, 20)), "insulated": (True, Rational(1, 5))})
def box3(insulated, end) -> Known:
    """Heat in a box in space, by modes."""
    space = Space("x y z", time="t")
    *coords, t = space.coords
    u = space.unknown("u")
    sides = 1, 2, Rational(3, 2)
    omega = Region(space, Interval(0, 1) * Interval(0, 2) * Interval(0, Rational(3, 2))).over(Interval(0, end))
    solution = 1 if insulated else 0
    for k, modes in enumerate([(1, 1, 1), (2, 1, 3)]):
        waves = [m * pi / side for m, side in zip(modes, sides, strict=True)]
        shape = exp(-sum(w**2 for w in waves) * t)
        for w, z in zip(waves, coords, strict=True):
            shape *= (cos if insulated else sin)(w * z)
        solution += shape / (1 + k)
    walls = On(omega.boundary, Eq(space.dn(u) if insulated else u, 0))
    return solved_by(omega, u, lambda v: space.dt(v) - space.laplace(v), solution, walls, source=0)


@timed("many", {"mode": (True,), "heated": (False,)})
def ball5(mode) -> Known:
    """Heat in a ball of five dimensions that is insulated, by its first mode; or heated through its surface."""
    space = Space("x1 x2 x3 x4 x5", time="t")
    *coords, t = space.coords
    u = space.unknown("u")
    omega = Ball(space, (0, 0, 0, 0, 0), 1).over(Interval(0, Rational(1, 20) if mode else 1))
    square = sum(x**2 for x in coords)

    def heat(v):
        return space.dt(v) - space.laplace(v)

    if not mode:
        product = coords[0] * coords[1] / 2
        walls = On(omega.boundary, Eq(space.dn(u), 1 + product))
        return solved_by(omega, u, heat, (square + 10 * t + product) / 2, walls, source=0)
    with mpmath.workdps(35):  # where the slope of the mode (sin z - z cos z) / z³ vanishes
        w = Float(mpmath.findroot(lambda z: (3 - z**2) * mpmath.sin(z) - 3 * z * mpmath.cos(z), 5.76), 30)
    z = w * sqrt(square + Rational(1, 10**8))  # the mode is 0/0 in the middle itself
    solution = 1 + 3 * (sin(z) - z * cos(z)) / z**3 * exp(-(w**2) * t)
    wall = On(omega.boundary, Eq(space.dn(u), 0))
    return solved_by(omega, u, heat, solution, wall, source=0, accuracy=1e-7)
