"""Systems of first order on faces: known solutions leave nothing, nothing grows, and what does not fit is refused."""

import numpy as np
import pytest
from scipy.linalg import eigvals
from sympy import Eq, Interval, Matrix, Piecewise, exp, pi, sin

from inrpde import On, Region
from inrpde.discretise.weak.traces import Unfit
from tests.discretise.weak.forms import heads
from tests.discretise.weak.test_evolving import div, dt, evolving, grad, mesh, n, omega, p, space, t, u, v, x, y

U = Matrix([u, v])
OUT = U.dot(n)
SOFT, HEAVY = Piecewise((1, x <= 1), (50, True)), Piecewise((1, x <= 1), (7, True))
disc = Matrix([-y, x - 1])
square = Region(space, Interval(0, 1) ** 2 * Interval(0, 2))


def sound(region=omega, soft=1, heavy=1, wall=OUT, start=(0, 0, 0), **options):
    """Pressure and velocity."""
    return evolving(
        On(region, Eq(dt(p) / soft + div(U), 0)), On(region, Eq(heavy * dt(U) + grad(p), Matrix([0, 0]))),
        On(region.boundary, wall),
        *(On(region.initial, each - begun) for each, begun in zip((u, v, p), start, strict=True)),
        unknowns=(u, v, p), **options,
    )  # fmt: skip


def carried(flow, *walls, degree=2, region=omega, **options):
    conditions = [On(region, Eq(dt(u) + grad(u).dot(flow), 0)), *walls, On(region.initial, u - 1)]
    return evolving(*conditions, degree=degree, **options)


def left(made, time, vector, rates):
    zero = np.zeros(made.columns.width)
    return made.masses[0] @ rates + made.left(np.array([time]), vector[None], made.slopes(time, zero))[0]


def fastest_growth(made):
    """Of the semidiscrete problem, beside its fastest rate."""
    slope = made.slopes(0.0, np.zeros(made.columns.width)).whole.toarray()
    rates = eigvals(-slope, made.masses[0].toarray())
    return rates.real.max() / np.abs(rates).max()


@pytest.mark.parametrize("region", [omega, mesh], ids=["boxes", "mesh"])
def test_a_known_solution_leaves_nothing(region):
    time, pressure, flow = 0.7, x - 2 * y * t, Matrix([-t + x, t**2 - y])
    made, stood = sound(region, wall=Eq(OUT, flow.dot(n)), start=(x, -y, x))
    vector = heads(stood, *(each.subs(t, time) for each in (*flow, pressure)))
    rates = heads(stood, *(each.diff(t).subs(t, time) for each in (*flow, pressure)))
    found = left(made, time, vector, rates)
    expected = made.masses[0] @ heads(stood, 0 * x, 0 * x, -2 * y)  # p_t + div = -2 y is no zero
    assert np.max(np.abs(found - expected)) < 1e-12


@pytest.mark.parametrize(
    "make",
    [
        sound, lambda: sound(mesh), lambda: sound(wall=p), lambda: sound(wall=p - 2 * OUT),
        lambda: sound(soft=SOFT, heavy=HEAVY, breaks=((1.0,), ())), lambda: sound(soft=1 + x * y, heavy=2 - y),
        lambda: carried(disc, On(omega.boundary, u)),
        lambda: carried(Matrix([sin(pi * x) * exp(-y), 1 + x * y]), On(omega.boundary, u), degree=3),
    ],
    ids=["box", "mesh", "open", "absorbing", "media", "varying", "turning", "bent"],
)  # fmt: skip
def test_nothing_grows(make):
    assert fastest_growth(make()[0]) < 1e-12


def test_what_leaves_is_asked_nothing():
    inlet, flow = omega.face(x, 0), Matrix([1, 0])
    free, stood = carried(flow, On(inlet, u - 1))
    held, _ = carried(flow, On(inlet, u - 1), On(omega.face(x, 2), u - 5))
    vector, rates = heads(stood, 1 + x * y), heads(stood, x)
    assert np.max(np.abs(left(free, 0.0, vector, rates) - left(held, 0.0, vector, rates))) < 1e-12
    assert np.max(np.abs(left(free, 0.0, heads(stood, 1 + 0 * x), 0 * rates))) < 1e-12
    one = heads(stood, 1 + 0 * x)
    assert (free.unmet(0.0, one), held.unmet(0.0, one)) == (pytest.approx(0), pytest.approx(np.sqrt(16 / 2)))


def test_what_flows_along_a_wall_asks_for_nothing_there():
    made, _ = carried(Matrix([sin(pi * x), 0]), region=square)
    assert made.slopes(0.0, np.zeros(made.columns.width)).whole.nnz


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: carried(Matrix([1, 0])), "fewer conditions hold than waves enter"),
        (lambda: sound(wall=u.diff(x)), "is on slopes"),
        (lambda: evolving(dt(u) - v.diff(x), dt(v) + u.diff(x), On(omega.boundary, U), On(omega.initial, U),
                          unknowns=(u, v)), "without a real speed"),
        (lambda: evolving(dt(u) + dt(v) - v.diff(x), dt(u) + dt(v) + u.diff(x), On(omega.boundary, U),
                          On(omega.initial, U), unknowns=(u, v)), "has no inverse"),
    ],
    ids=["inlet", "slopes", "elliptic", "singular"],
)  # fmt: skip
def test_what_does_not_fit_says_why(make, why):
    made, _ = make()
    with pytest.raises(Unfit, match=why):
        made.slopes(0.0, np.zeros(made.columns.width))
