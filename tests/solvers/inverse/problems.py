"""Small inverse problems on a line whose answers are known, and their reduced problems on few samples."""

from types import SimpleNamespace

import numpy as np
from sympy import Eq, I, Interval, Rational, exp, lambdify, pi, sin, sqrt

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.state import zero_state
from inrpde.sampling.draw import draw
from inrpde.solvers.fitting.initial_guess import guess
from inrpde.solvers.fitting.newton import project
from inrpde.solvers.inverse.coordinates import coordinates, nearest
from inrpde.solvers.inverse.reduced import Reduced
from inrpde.solvers.inverse.roles import Roles
from inrpde.solvers.inverse.strategy import Plan, bodies

space = Space("x")
(x,) = space.coords
u = space.unknown("u")
a = space.coefficient("a", positive=True)
k, p, q = space.parameter("k"), space.parameter("p"), space.parameter("q")
omega = Region(space, Interval(0, 1))
TRUTH = sin(pi * x) + x / 2
FIELD = 1 + sin(2 * x) / 2
PLAN = Plan((12.0,), 4.0)


def read(truth, noise=0.0, count=40, seed=0):
    """Readings of u at so many places, with noise of that standard deviation."""
    places = np.linspace(0.02, 0.98, count)
    values = lambdify(x, truth)(places) + noise * np.random.default_rng(seed).standard_normal(count)
    sensors = Points(space, places[:, None], {"u": values})
    return On(sensors, Eq(u, sensors["u"]))


def ends(truth):
    return On(omega.boundary, Eq(u, truth))


def of_number(noise=0.0, seed=0, bounds=(0.1, 10)):
    """-k u'' + u = f with k = 2: k."""
    f = -2 * TRUTH.diff(x, 2) + TRUTH
    conditions = [On(omega, Eq(-k * u.diff(x, 2) + u, f)), ends(TRUTH), read(TRUTH, noise, seed=seed)]
    return Problem("number", [u], conditions, {k: Learned(1.0, bounds)}, exact={u: TRUTH})


def of_place(noise=0.0, seed=0):
    """-u'' + q exp(-(x - p)²) u = f with p = 3/10 and q = 3: the number p inside of exp, and q."""
    f = -TRUTH.diff(x, 2) + 3 * exp(-((x - Rational(3, 10)) ** 2)) * TRUTH
    conditions = [
        On(omega, Eq(-u.diff(x, 2) + q * exp(-((x - p) ** 2)) * u, f)),
        ends(TRUTH),
        read(TRUTH, noise, seed=seed),
    ]
    return Problem("place", [u], conditions, {p: Learned(0.5, (0, 1)), q: Learned(2.0)}, exact={u: TRUTH})


def of_field(noise=0.0, seed=0, bounds=(0.1, 10), given=True, count=40):
    """-(a u')' = f with a = 1 + sin(2x)/2, which is `given` at the ends."""
    f = -space.div(FIELD * space.grad(TRUTH)).doit()
    conditions = [
        On(omega, Eq(-space.div(a * space.grad(u)), f)),
        ends(TRUTH),
        *([On(omega.boundary, Eq(a, FIELD))] if given else []),
        read(TRUTH, noise, count, seed),
    ]
    return Problem("field", [u], conditions, {a: Learned(1.0, bounds)}, exact={u: TRUTH, a: FIELD})


def of_reaction(noise=0.0, seed=0):
    """-(a u')' + k u³ = f, not linear in u, with k = 2."""
    f = -space.div(FIELD * space.grad(TRUTH)).doit() + 2 * TRUTH**3
    conditions = [
        On(omega, Eq(-space.div(a * space.grad(u)) + k * u**3, f)),
        ends(TRUTH),
        On(omega.boundary, Eq(a, FIELD)),
        read(TRUTH, noise, seed=seed),
    ]
    known = {a: Learned(1.0, (0.1, 10)), k: Learned(1.0, (0.0, 10))}
    return Problem("reaction", [u], conditions, known, exact={u: TRUTH, a: FIELD})


def of_ratio():
    """-k u'' = q sin(πx), q/k = π²: readings tell the ratio alone."""
    truth = sin(pi * x)
    conditions = [On(omega, Eq(-k * u.diff(x, 2), q * truth)), ends(0), read(truth, 1e-3)]
    return Problem("ratio", [u], conditions, {k: Learned(1.0, (0.1, 10)), q: Learned(5.0)})


def of_rise():
    """u' = sqrt(k) u from u(0) = 1 with sqrt(k) = 2."""
    start = On(omega.face(x, 0), Eq(u, 1))
    return Problem("rise", [u], [On(omega, Eq(u.diff(x), sqrt(k) * u)), start, read(exp(2 * x))], {k: Learned(1.0)})


LINEAR = {"number": of_number, "number inside exp": of_place, "field": of_field}
ALL = LINEAR | {"nonlinear": of_reaction}


def of_waves(frequencies=(3,), sources=2, width=0.3):
    """u'' + k² m u = -exp(-(x - p)²/(2 width²)) with waves that leave at both ends, from sources at
    several p, and readings that are none of theirs."""
    m = space.coefficient("m", positive=True)
    unknowns, conditions = [], [On(omega.boundary, Eq(m, 1))]
    places, rng = np.linspace(0.02, 0.98, 20), np.random.default_rng(0)
    for wave in frequencies:
        for number in range(sources):
            w = space.unknown(f"w_{wave}_{number}", complex=True)
            push = exp(-((x - Rational(1 + number, 4)) ** 2) / (2 * width**2))
            values = rng.standard_normal(20) + 1j * rng.standard_normal(20)
            sensors = Points(space, places[:, None], {"w": 0.1 * values})
            unknowns.append(w)
            conditions += [
                On(omega, Eq(w.diff(x, 2) + wave**2 * m * w, -push)),
                On(omega.boundary, Eq(space.normal[0] * w.diff(x), I * wave * w)),
                On(sensors, Eq(w, sensors["w"])),
            ]
    return Problem("waves", unknowns, conditions, {m: Learned(1.0, bounds=(0.1, 10))})


def setup(problem, width=30, seed=0, plan=PLAN):
    """The reduced problem of a problem, its coordinates, and those and the state at the initial values."""
    form = compile_problem(problem)
    roles, samples = Roles.of(form), draw(form, 4 * width, seed)
    trials = bodies(form, roles, plan, width, seed)
    state = zero_state(form, trials)
    within = coordinates(form, roles.learned, trials)
    plain = Reduced(form, roles, samples, {})
    if roles.given:
        system = plain.of_rows(state, roles.learned, roles.given)
        within = within.within(system.matrix()[:, plain.columns(state, roles.learned)], system.right)
    z = nearest(form, roles.learned, trials, within)
    if not roles.linear:
        state = project(form, trials, samples, guess(form, samples))
    state = plain.placed(state, within.heads(z))
    reduced = Reduced.of(form, roles, samples, state)
    return SimpleNamespace(form=form, roles=roles, reduced=reduced, within=within, z=z, state=state, samples=samples)
