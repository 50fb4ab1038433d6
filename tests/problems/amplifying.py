"""Problems that amplify their data, by what they ask or near a resonance, and some that do not."""

from collections.abc import Callable

from sympy import Eq, I, Interval, Rational, cos, cosh, exp, pi, sin

from inrpde import Ball, On, Problem, Region, Space

Table = dict[str, Callable[[], Problem]]
ILL_POSED: Table = {}
SINGULAR: Table = {}
WELL_POSED: Table = {}

rod, plane, solid = Space("x"), Space("x y"), Space("x y z")
moving, sheet = Space("x", time="t"), Space("x y", time="t")
bar, square, cube = Region(rod, Interval(0, 1)), Region(plane, Interval(0, 1) ** 2), Region(solid, Interval(0, 1) ** 3)
strip, block = Region(moving, Interval(0, 1) ** 2), Region(sheet, Interval(0, 1) ** 3)
x, y, z, t = *solid.coords, moving.coords[-1]
half = Rational(1, 2)


def of(table: Table) -> Callable[[Callable[[], Problem]], Callable[[], Problem]]:
    return lambda make: table.setdefault(make.__name__, make)


def made(space: Space, exact, *conditions) -> Problem:
    """With the unknown u(…) of the conditions' functions, each a condition of u."""
    u = space.unknown("u", complex=bool(exact.has(I)))
    return Problem("p", unknowns=[u], conditions=[each(u) for each in conditions], exact={u: exact})


def given(region: Region, exact):
    return lambda u: On(region, Eq(u, exact))


def heat(u, rate=Rational(1, 10), drift=0):
    return On(strip, Eq(moving.dt(u) + drift * u.diff(x), rate * u.diff(x, 2)))


def decaying(k):
    return exp(-(k**2) * pi**2 * t / 10) * sin(k * pi * x)


# -- ill-posed


@of(ILL_POSED)
def final_heat():
    exact = decaying(1) + decaying(5)
    return made(moving, exact, heat, given(strip.boundary, 0), given(strip.final, exact.subs(t, 1)))


@of(ILL_POSED)
def backward_heat():
    exact = exp(pi**2 * t / 10) * sin(pi * x) + exp(25 * pi**2 * (t - 1) / 10) * sin(5 * pi * x)
    return made(
        moving, exact, lambda u: heat(u, -Rational(1, 10)), given(strip.boundary, 0),
        given(strip.initial, exact.subs(t, 0)),
    )  # fmt: skip


@of(ILL_POSED)
def final_drift():
    c = Rational(1, 2)
    exact = exp(5 * x / 2 - 5 * t / 8) * (decaying(1) + decaying(5))
    sides = [given(strip.face(x, at), 0) for at in (0, 1)]
    return made(moving, exact, lambda u: heat(u, drift=c), *sides, given(strip.final, exact.subs(t, 1)))


@of(ILL_POSED)
def final_variable():
    exact = exp(-t) * cos(pi * x / 2)
    source = moving.dt(exact) - ((1 + x) * exact.diff(x)).diff(x) / 10
    return made(
        moving, exact, lambda u: On(strip, Eq(moving.dt(u) - ((1 + x) * u.diff(x)).diff(x) / 10, source)),
        lambda u: On(strip.face(x, 0), u.diff(x)), given(strip.face(x, 1), 0), given(strip.final, exact.subs(t, 1)),
    )  # fmt: skip


def climbing(k):
    return sin(k * pi * x) * cosh(k * pi * y) / cosh(k * pi)


@of(ILL_POSED)
def cauchy():
    exact = climbing(1) + climbing(6)
    sides = [given(square.face(x, at), 0) for at in (0, 1)]
    return made(
        plane, exact, lambda u: On(square, plane.laplace(u)), *sides, given(square.face(y, 0), exact.subs(y, 0)),
        lambda u: On(square.face(y, 0), u.diff(y)),
    )  # fmt: skip


@of(ILL_POSED)
def cauchy_bare():
    exact = exp(x) * cos(y) + sin(8 * x) * cosh(8 * y) / cosh(8)
    return made(
        plane, exact, lambda u: On(square, plane.laplace(u)), given(square.face(y, 0), exact.subs(y, 0)),
        lambda u: On(square.face(y, 0), u.diff(y)),
    )  # fmt: skip


@of(ILL_POSED)
def cauchy_disc():
    disc, exact = Ball(plane, (0, 0), 1), exp(x) * cos(y)
    arc = disc.boundary.where(y > 0)
    return made(
        plane, exact, lambda u: On(disc, plane.laplace(u)), given(arc, exact),
        lambda u: On(arc, Eq(plane.dn(u), plane.dn(exact))),
    )  # fmt: skip


@of(ILL_POSED)
def final_sheet():
    def mode(k):
        return sin(k * pi * x) * sin(pi * y) * exp(-(k**2 + 1) * pi**2 * t / 20)

    exact = mode(1) + mode(5)
    return made(
        sheet, exact, lambda u: On(block, Eq(sheet.dt(u), sheet.laplace(u) / 20)), given(block.boundary, 0),
        given(block.final, exact.subs(t, 1)),
    )  # fmt: skip


# -- nearly singular


@of(SINGULAR)
def resonance():
    exact = 1000 * sin(pi * x) * sin(pi * y) + x * (1 - x) * y * (1 - y)
    k2 = 2 * pi**2 * (1 + Rational(1, 10**7))
    return made(
        plane, exact, lambda u: On(square, Eq(-plane.laplace(u) - k2 * u, -plane.laplace(exact) - k2 * exact)),
        given(square.boundary, 0),
    )  # fmt: skip


@of(SINGULAR)
def buckled():
    exact = 1000 * sin(pi * x) + x**3 * (1 - x) ** 2
    load = pi**2 * (1 - Rational(1, 10**9))

    def bent(w):
        return w.diff(x, 4) + load * w.diff(x, 2)

    ends = [lambda u, at=at: On(bar.face(x, at), Eq(u.diff(x, 2), exact.diff(x, 2).subs(x, at))) for at in (0, 1)]
    return made(rod, exact, lambda u: On(bar, Eq(bent(u), bent(exact))), given(bar.boundary, 0), *ends)


@of(SINGULAR)
def hardly_fixed():
    exact, low = cos(pi * x) * cos(2 * pi * y) + half, Rational(1, 10**10)
    return made(
        plane, exact, lambda u: On(square, Eq(-plane.laplace(u) + low * u, -plane.laplace(exact) + low * exact)),
        lambda u: On(square.boundary, plane.dn(u)),
    )  # fmt: skip


# -- well-posed


def waves(k):
    exact = sin(k * (3 * x + 4 * y) / 5)
    return made(plane, exact, lambda u: On(square, plane.laplace(u) + k**2 * u), given(square.boundary, exact))


WELL_POSED |= {"waves10": lambda: waves(10), "waves40": lambda: waves(40)}


@of(WELL_POSED)
def heat_forward():
    exact = decaying(1) + decaying(5)
    return made(moving, exact, heat, given(strip.boundary, 0), given(strip.initial, exact.subs(t, 0)))


@of(WELL_POSED)
def stiff():
    exact = cos(3 * t) * sin(pi * x)
    source = moving.dt(exact) - 100 * exact.diff(x, 2)
    return made(
        moving, exact, lambda u: On(strip, Eq(moving.dt(u) - 100 * u.diff(x, 2), source)), given(strip.boundary, 0),
        given(strip.initial, exact.subs(t, 0)),
    )  # fmt: skip


def string(region, face, at):
    exact = sin(pi * x) * cos(pi * t) + sin(3 * pi * x) * sin(3 * pi * t)
    return made(
        moving, exact, lambda u: On(region, Eq(u.diff(t, 2), u.diff(x, 2))), given(region.boundary, 0),
        given(face, exact.subs(t, at)), lambda u: On(face, Eq(moving.dt(u), exact.diff(t).subs(t, at))),
    )  # fmt: skip


@of(WELL_POSED)
def string_to_4():
    long = Region(moving, Interval(0, 1) * Interval(0, 4))
    return string(long, long.initial, 0)


@of(WELL_POSED)
def string_backwards():
    return string(strip, strip.final, 1)


@of(WELL_POSED)
def schroedinger_backwards():
    exact = exp(-I * pi**2 * t / 4) * sin(pi * x) + exp(-I * pi**2 * t) * sin(2 * pi * x)
    return made(
        moving, exact, lambda u: On(strip, Eq(I * moving.dt(u), -u.diff(x, 2) / 4)), given(strip.boundary, 0),
        given(strip.final, exact.subs(t, 1)),
    )  # fmt: skip


@of(WELL_POSED)
def growing():
    exact = exp(2 * t) * sin(pi * x)
    return made(
        moving, exact, lambda u: On(strip, Eq(moving.dt(u), u.diff(x, 2) / 100 + (2 + pi**2 / 100) * u)),
        given(strip.boundary, 0), given(strip.initial, exact.subs(t, 0)),
    )  # fmt: skip


@of(WELL_POSED)
def beam():
    exact = sin(pi * x) ** 2 * exp(x)
    return made(
        rod, exact, lambda u: On(bar, Eq(u.diff(x, 4), exact.diff(x, 4))), given(bar.boundary, 0),
        lambda u: On(bar.boundary, rod.dn(u)),
    )  # fmt: skip


@of(WELL_POSED)
def neumann_mean():
    exact = cos(pi * x) * cos(2 * pi * y)
    return made(
        plane, exact, lambda u: On(square, Eq(-plane.laplace(u), -plane.laplace(exact))),
        lambda u: On(square.boundary, plane.dn(u)), lambda u: On(square, Eq(square.integral(u), 0)),
    )  # fmt: skip


@of(WELL_POSED)
def robin():
    exact = exp(x) * cos(y)
    return made(
        plane, exact, lambda u: On(square, plane.laplace(u)),
        lambda u: On(square.boundary, Eq(plane.dn(u) + u, plane.dn(exact) + exact)),
    )  # fmt: skip


@of(WELL_POSED)
def convected():
    exact = x * (1 - exp(-10 * (1 - x))) * sin(pi * y)

    def operator(u):
        return -plane.laplace(u) / 10 + u.diff(x)

    return made(plane, exact, lambda u: On(square, Eq(operator(u), operator(exact))), given(square.boundary, 0))


@of(WELL_POSED)
def told_twice():
    exact = exp(x) * cos(y)
    return made(
        plane, exact, lambda u: On(square, plane.laplace(u)), given(square.boundary, exact),
        lambda u: On(square.boundary, Eq(plane.dn(u), plane.dn(exact))),
    )  # fmt: skip


@of(WELL_POSED)
def stokes():
    u, v, p = (plane.unknown(name) for name in "uvp")
    stream = sin(pi * x) ** 2 * sin(pi * y) ** 2
    exact = {u: stream.diff(y), v: -stream.diff(x), p: cos(pi * x) * cos(pi * y)}

    def force(component, along):
        return -plane.laplace(component) + p.diff(along)

    conditions = [On(square, Eq(force(w, s), force(w, s).subs(exact).doit())) for w, s in ((u, x), (v, y))]
    conditions += [On(square, u.diff(x) + v.diff(y)), *(On(square.boundary, w) for w in (u, v))]
    return Problem("p", unknowns=[u, v, p], conditions=[*conditions, On(square, Eq(square.mean(p), 0))], exact=exact)
