"""As many conditions as the equations ask for: declarations with too few, too many, or backwards, and right ones."""

import numpy as np
import pytest
from sympy import Abs, Eq, I, Interval, Matrix, Rational, cos, exp, eye, pi, sin

from inrpde.compiler import compile_problem
from inrpde.declaration import Ball, Learned, On, Periodic, Points, Problem, Region, Space
from inrpde.sampling import sample
from inrpde.verification.checks import symbol
from inrpde.verification.checks.validate import validate
from inrpde.verification.finding import Kind

space = Space("x y")
x, y = space.coords
u, v, p = space.unknowns("u v p")
c = space.unknown("c", complex=True)
omega = Region(space, Interval(0, 2) * Interval(0, 1))
walls, left, right = omega.boundary, omega.face(x, 0), omega.face(x, 2)
floor, top = omega.face(y, 0), omega.face(y, 1)
poisson = On(omega, Eq(-space.laplace(u), 1))
plate = On(omega, Eq(space.laplace(space.laplace(u)), 1))
stokes = [
    On(omega, Eq(-space.laplace(u) + p.diff(x), 0)),
    On(omega, Eq(-space.laplace(v) + p.diff(y), 1)),
    On(omega, Eq(u.diff(x) + v.diff(y), 0)),
    On(floor, Matrix([u, v])),
    On(top, Matrix([u, v])),
    On(left, Matrix([u - y * (1 - y), v])),
]
navier = [
    On(omega, Eq(u * u.diff(x) + v * u.diff(y) - space.laplace(u) / 100 + p.diff(x), 0)),
    On(omega, Eq(u * v.diff(x) + v * v.diff(y) - space.laplace(v) / 100 + p.diff(y), 0)),
    *stokes[2:],
]
slip = space.grad(Matrix([u, v]))
stress = 210e9 * (slip + slip.T + (slip + slip.T).trace() * eye(2)) / 2
elastic = [On(omega, Eq(space.div(stress), Matrix([0, 1e4]))), On(walls - left, stress * space.normal)]
cauchy_riemann = [On(omega, Eq(u.diff(x), v.diff(y))), On(omega, Eq(u.diff(y), -v.diff(x)))]
helmholtz = [On(omega, Eq(space.laplace(c) + 400 * c, 1)), On(walls, space.dn(c) + 20 * I * c)]

west, east = (Region(space, Interval(a, a + 1) * Interval(0, 1)) for a in (0, 1))
a, b = space.unknown("a", on=west), space.unknown("b", on=east)
seam = west.face(x, 1)
two = [
    On(west, Eq(space.laplace(a), 1)),
    On(east, Eq(3 * space.laplace(b), 1)),
    On(west.boundary - seam, a),
    On(east.boundary - east.face(x, 1), b),
    On(seam, Eq(a, b)),
]

stirred = Space("x y", time="t")
r = stirred.unknown("r")
pot = Ball(stirred, (3, 4), 0.7).over(Interval(0, 1))
turning = (
    stirred.dt(r)
    - (stirred.coords[1] - 4) * r.diff(stirred.coords[0])
    + (stirred.coords[0] - 3) * r.diff(stirred.coords[1])
)

moving = Space("x", time="t")
z, t = moving.coords
h, q = moving.unknowns("h q")
psi = moving.unknown("psi", complex=True)
bar = Region(moving, Interval(0, 1) ** 2)
ends, start = bar.boundary, On(bar.initial, Eq(h, sin(pi * z)))
still, at_end = On(bar.initial, moving.dt(h)), On(bar.final, Eq(h, sin(pi * z)))
heat = On(bar, Eq(moving.dt(h), h.diff(z, 2)))
wave = On(bar, Eq(moving.dt(h, 2), h.diff(z, 2)))
beam = On(bar, Eq(moving.dt(h, 2), -h.diff(z, 4)))
flow = On(bar, Eq(moving.dt(h), -h.diff(z)))
soliton = On(bar, Eq(moving.dt(h) + 6 * h * h.diff(z) + h.diff(z, 3), 0))
sound = [On(bar, Eq(moving.dt(h), -q.diff(z))), On(bar, Eq(moving.dt(q), -h.diff(z))), start, On(bar.initial, q)]
schroedinger = On(bar, Eq(I * moving.dt(psi) + psi.diff(z, 2) + psi * Abs(psi) ** 2, 0))

line = Space("x")
(s,) = line.coords
f, g = line.unknowns("f g")
rod = Region(line, Interval(0, 1))
first, last = rod.face(s, 0), rod.face(s, 1)
bent, loaded = On(rod, Eq(f.diff(s, 2), 1)), On(rod, Eq(f.diff(s, 4), 1))

BAD = {
    "an outlet with one too few": (
        [*stokes, On(right, p)],
        (u, v, p),
        "on x = 2, the equations of u, v, p ask for 2 conditions, and 1 is given: ",
        "unverified",
    ),
    "a nonlinear outlet with one too few": (
        [*navier, On(right, p)],
        (u, v, p),
        "ask for 2 conditions, and 1 is given",
        "unverified",
    ),
    "an outlet with one too many": (
        [*stokes, On(right, Matrix([p, u.diff(x), v.diff(x)]))],
        (u, v, p),
        "ask for 2 conditions, and 3 are given",
        "plausible",
    ),
    "a part of a wall": (
        [poisson, On(walls - right, u)],
        (u,),
        "no condition on a part of the boundary of omega: x = 2",
        "unverified",
    ),
    "Cauchy's problem": (
        [poisson, On(walls - top, u), On(floor, u.diff(y) - 1)],
        (u,),
        "on y = 0, the equation of u asks for 1 condition, and 2 are given: ",
        "unverified",
    ),
    "value and slope": (
        [poisson, On(walls, u), On(floor, u.diff(y) - 1)],
        (u,),
        "they have a solution only if they agree",
        "plausible",
    ),
    "a plate with its value alone": (
        [plate, On(walls, u)],
        (u,),
        "asks for 2 conditions, and 1 is given",
        "unverified",
    ),
    "a wall that holds one direction": (
        [*elastic, On(left, u)],
        (u, v),
        "on x = 0, the equations of u, v ask for 2 conditions, and 1 is given",
        "unverified",
    ),
    "a load beside a support": (
        [*elastic, On(left, Matrix([u, v])), On(right, u - 1)],
        (u, v),
        "ask for 2 conditions, and 3 are given",
        "plausible",
    ),
    "both parts of an analytic function": (
        [*cauchy_riemann, On(walls, u - x), On(walls, v - y)],
        (u, v),
        "ask for 1 condition, and 2 are given",
        "plausible",
    ),
    "a seam that lets no flux through": (
        two,
        (a, b),
        "on x = 1, the equations of a, b ask for 2 conditions, and 1 is given: On(seam, Eq(a, b))",
        "unverified",
    ),
    "a complex one": (
        [*helmholtz, On(floor, c)],
        (c,),
        "on y = 0, the equation of c asks for 1 condition, and 2 are given",
        "plausible",
    ),
    "no inflow": (
        [flow, start],
        (h,),
        "on x = 0, the equation of h asks for 1 condition, and none is given",
        "unverified",
    ),
    "an outflow for an inflow": (
        [flow, start, On(bar.face(z, 1), h)],
        (h,),
        "on x = 1, the equation of h asks for no condition, and 1 is given",
        "unverified",
    ),
    "slopes on the wrong side": (
        [soliton, start, On(ends, h), On(bar.face(z, 0), h.diff(z))],
        (h,),
        "on x = 1, the equation of h asks for 2 conditions, and 1 is given",
        "unverified",
    ),
    "a beam on hinges without moments": (
        [beam, start, still, On(ends, h)],
        (h,),
        "asks for 2 conditions, and 1 is given",
        "unverified",
    ),
    "rates of what has none": (
        [heat, On(ends, h), start, still],
        (h,),
        "h is of order 1 in time, and more is given of it",
        "plausible",
    ),
    "the end for the start": ([heat, On(ends, h), at_end], (h,), "h: from the end of the time", "unverified"),
    "a wrong sign": (
        [On(bar, Eq(moving.dt(h), -h.diff(z, 2))), On(ends, h), start],
        (h,),
        "h: from the start of the time",
        "unverified",
    ),
    "three on a line": (
        [bent, On(first, f), On(first, f.diff(s)), On(last, f)],
        (f,),
        "asks for 2 conditions, and 3 are given",
        "plausible",
    ),
    "three of four on a line": (
        [loaded, On(first, f), On(first, f.diff(s)), On(last, f)],
        (f,),
        "asks for 4 conditions, and 3 are given",
        "unverified",
    ),
}

stirred_box = Region(stirred, Interval(0, 1) ** 3)
waves = stirred.unknowns("r_ v_ w_")
torus = [
    On(stirred_box, Eq(stirred.dt(waves[0]) + stirred.div(Matrix(waves[1:])), 0)),
    On(stirred_box, Eq(stirred.dt(Matrix(waves[1:])) + stirred.grad(waves[0]), Matrix([0, 0]))),
    On(stirred_box.initial, Eq(Matrix(waves), Matrix([sin(2 * pi * x), 0, 0]))),
    *(On(stirred_box.face(e, 0), Periodic(each, e)) for e in stirred.spatial for each in waves),
]
rim = Ball(space, (0, 0), 1)
sensors = Points(space, np.random.default_rng(0).uniform(0, 1, (50, 2)), {"m": np.zeros(50)})
kappa = space.parameter("kappa")
GOOD = {
    "an outlet without pressure": ([*stokes, On(right, Matrix([p, v]))], (u, v, p)),
    "an outlet without stress": ([*navier, On(right, Matrix([p - u.diff(x) / 100, v.diff(x)]))], (u, v, p)),
    "a closed box with a gauge": (
        [*stokes, On(right, Matrix([u - y * (1 - y), v])), On(omega, Eq(omega.mean(p), 0))],
        (u, v, p),
    ),
    "a value, and its slope along the wall": ([poisson, On(walls, u), On(floor, u.diff(x))], (u,)),
    "a slope along a rim": (
        [On(rim, Eq(space.laplace(u), 1)), On(rim.boundary, space.dn(u) + u + x * u.diff(y) - y * u.diff(x))],
        (u,),
    ),
    "a clamped plate": ([plate, On(walls, u), On(walls, space.dn(u))], (u,)),
    "a cantilever": ([*elastic, On(left, Matrix([u, v]))], (u, v)),
    "a roller": ([*elastic, On(left, Matrix([u, v.diff(x)])), On(omega, Eq(omega.mean(v), 0))], (u, v)),
    "waves that leave": (helmholtz, (c,)),
    "a seam": ([*two, On(seam, Eq(a.diff(x), 3 * b.diff(x)))], (a, b)),
    "a steady transport": ([On(omega, Eq(u.diff(x) + u.diff(y) / 2, 1)), On(left, u - y), On(floor, u)], (u,)),
    "an inflow": ([flow, start, On(bar.face(z, 0), Eq(h, -sin(pi * t)))], (h,)),
    "a pipe that is closed": (
        [*sound[:2], On(bar.initial, Eq(h, cos(pi * z))), On(bar.initial, q), On(ends, q)],
        (h, q),
    ),
    "slopes on the right side": (
        [soliton, On(bar.initial, Eq(h, z**4 * (1 - z) ** 4)), On(ends, h), On(bar.face(z, 1), h.diff(z))],
        (h,),
    ),
    "a wave from its end": ([wave, On(ends, h), at_end, On(bar.final, moving.dt(h))], (h,)),
    "a transport from its end": (
        [flow, On(bar.final, Eq(h, sin(pi * z))), On(bar.face(z, 1), Eq(h, -sin(pi * (t - 1))))],
        (h,),
    ),
    "a start in two parts": (
        [
            heat,
            On(ends, h),
            On(bar.initial.where(z < 0.5), h - sin(pi * z)),
            On(bar.initial.where(z > 0.5), h - sin(pi * z)),
        ],
        (h,),
    ),
    "a complex wave": ([schroedinger, On(ends, psi), On(bar.initial, psi - sin(pi * z))], (psi,)),
    "all conditions at one end": ([loaded, *[On(first, f.diff(s, k) - 1) for k in range(4)]], (f,)),
    "an equation without derivatives": ([On(rod, Eq(f.diff(s), g)), On(rod, Eq(g, -f)), On(first, f - 1)], (f, g)),
    "a periodic line": ([On(rod, Eq(f.diff(s, 2) - f, cos(2 * pi * s))), On(first, Periodic(f, s))], (f,)),
    "waves on a torus": (torus, waves),
    "an integral for an end": ([bent, On(first, f), On(rod, Eq(rod.integral(f), 1))], (f,)),
    "slopes and a mean": (
        [On(rod, Eq(f.diff(s, 2), cos(pi * s))), On(rod.boundary, f.diff(s)), On(rod, Eq(rod.mean(f), 0))],
        (f,),
    ),
    "slopes and a value": (
        [On(rod, Eq(f.diff(s, 2), cos(pi * s))), On(rod.boundary, f.diff(s)), On(rod.face(s, 1), f)],
        (f,),
    ),
    "a flow along its wall": ([On(pot, turning), On(pot.initial, Eq(r, stirred.coords[0]))], (r,)),
    "readings": ([poisson, On(walls, u), On(floor, u.diff(y) - 1), On(sensors, Eq(u, sensors["m"]))], (u,)),
}


def found(conditions, unknowns, **more):
    return validate(compile_problem(Problem("p", list(unknowns), list(conditions), **more)))


@pytest.mark.parametrize(("conditions", "unknowns", "said", "at_most"), BAD.values(), ids=BAD)
def test_what_is_not_as_asked_for_is_named_with_its_word(conditions, unknowns, said, at_most):
    every = found(conditions, unknowns)
    mine = [each for each in every if said in each.text]
    assert mine, [each.text for each in every]
    assert mine[0].at_most == at_most
    assert mine[0].kind in (Kind.COVERAGE, Kind.ILL_POSED)


@pytest.mark.parametrize(("conditions", "unknowns"), GOOD.values(), ids=GOOD)
def test_what_is_as_asked_for_is_left_alone(conditions, unknowns):
    assert [each.text for each in found(conditions, unknowns)] == []


def test_what_is_learned_asks_for_more():
    more = [On(omega, Eq(-space.laplace(u), kappa)), On(walls, u), On(floor, Eq(u.diff(y), x * (2 - x)))]
    assert found(more, (u,), coefficients={kappa: Learned(1.0)}) == []


@pytest.mark.parametrize(("end", "at_most"), [(1, "unverified"), (Rational(1, 100), "plausible")])
def test_a_little_backwards_is_a_lesser_doubt(end, at_most):
    short = Region(moving, Interval(0, 1) * Interval(0, end))
    conditions = [On(short, heat.equation), On(short.boundary, h), On(short.final, Eq(h, sin(pi * z)))]
    (finding,) = found(conditions, (h,))
    assert finding.at_most == at_most


def test_the_symbol_of_a_flow_is_the_square_of_the_laplacian():
    form = compile_problem(Problem("p", [u, v, p], [*stokes, On(right, Matrix([p, v]))]))
    rows = [row for row in form.rows if row.region is omega]
    q = sample(walls, 5, 0)
    along = np.column_stack([-q.normals[:, 1], q.normals[:, 0]])
    polynomial = symbol.determinant(symbol.symbol(form, rows, [0, 1, 2], q.points, None, 3j * along, 1j * q.normals))
    assert list(symbol.degrees(polynomial)) == [4] * len(q.points)
    assert np.allclose(np.sort_complex(symbol.roots(polynomial)).imag ** 2, 9, atol=1e-5)


def test_what_the_equations_imply_is_no_further_condition():
    form = compile_problem(
        Problem("p", [u], [poisson, On(walls, u), On(floor, u.diff(x)), On(floor, space.laplace(u) + 1)])
    )
    q = sample(floor, 5, 0)
    a, b = np.tile([2j, 0.0], (len(q.points), 1)), 1j * q.normals
    system, *conditions = (symbol.symbol(form, [row], [0], q.points, q.normals, a, b) for row in form.rows)
    assert np.all(symbol.independent(system, np.concatenate(conditions, axis=1)) == 1)
    assert not symbol.independent(system, conditions[2]).any()


def test_units_do_not_change_what_is_counted():
    far = Region(space, Interval(0, 2e-6) * Interval(0, 1e-6))
    stiff = [On(far, 1e9 * space.laplace(space.laplace(u)) - 1), On(far.boundary, u)]
    (finding,) = found(stiff, (u,))
    assert "asks for 2 conditions, and 1 is given" in finding.text
    assert found([*stiff, On(far.boundary, space.dn(u))], (u,)) == []
    assert found([*stiff, On(far.boundary, exp(x) * space.laplace(u))], (u,)) == []


def test_what_runs_in_time_alone_is_counted():
    alone = Space(time="t")
    angle, run = alone.unknown("angle"), Region(alone, Interval(0, 6))
    conditions = [On(run, Eq(alone.dt(angle, 2), -sin(angle))), On(run.initial, Eq(angle, 1))]
    assert found([*conditions, On(run.initial, alone.dt(angle))], [angle]) == []
