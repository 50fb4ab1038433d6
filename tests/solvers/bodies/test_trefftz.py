"""Features with frequencies on the characteristic set."""

import numpy as np
import pytest
from sympy import Eq, I, Interval, Rational, cos, exp, pi, sin

from inrpde.compiler import compile_problem
from inrpde.declaration import On, Problem, Region, Space
from inrpde.discretise.state import field_at
from inrpde.networks.trial import Sum
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.bodies.trefftz import Waves, exponentials, frequencies, solves, symbol
from inrpde.solvers.fitting.linear import fit

plane = Space("x y")
x, y = plane.coords
moving = Space("x", time="t")
z, t = moving.coords
square = Region(plane, Interval(0, 1) ** 2)
strip = Region(moving, Interval(0, 1) * Interval(0, 1))
BOX = np.zeros(2), np.ones(2)


def compiled(space, region, residual, **options):
    u = space.unknown("u", **options)
    return compile_problem(Problem("p", unknowns=[u], conditions=[On(region, residual(u)), On(region.boundary, u)]))


@pytest.mark.parametrize(
    ("space", "region", "residual", "relation"),
    [
        (plane, square, lambda u: plane.laplace(u) + 144 * u, lambda z: z[:, 0] ** 2 + z[:, 1] ** 2 + 144),
        (plane, square, lambda u: plane.laplace(u) - 100 * u, lambda z: z[:, 0] ** 2 + z[:, 1] ** 2 - 100),
        (plane, square, plane.laplace, lambda z: z[:, 0] ** 2 + z[:, 1] ** 2),
        (moving, strip, lambda u: moving.dt(u, 2) - 9 * u.diff(z, 2), lambda w: w[:, 1] ** 2 - 9 * w[:, 0] ** 2),
        (moving, strip, lambda u: moving.dt(u) + u.diff(z, 3), lambda w: w[:, 1] + w[:, 0] ** 3),
        (moving, strip, lambda u: moving.dt(u, 2) + u.diff(z, 4), lambda w: w[:, 1] ** 2 + w[:, 0] ** 4),
        (moving, strip, lambda u: moving.dt(u) - u.diff(z, 2) / 4, lambda w: w[:, 1] - w[:, 0] ** 2 / 4),
    ],
)
def test_frequencies_satisfy_the_dispersion_relation(space, region, residual, relation):
    of = symbol(compiled(space, region, residual), 0)
    found = frequencies(of, 200, np.array([8.0, 30.0]), BOX, np.random.default_rng(0))
    assert len(found) == 200
    assert np.abs(relation(found)).max() < 1e-9 * np.abs(found).max() ** 4


@pytest.mark.parametrize("residual", [lambda u: plane.laplace(u) + 144 * u, lambda u: plane.laplace(u) - 100 * u])
def test_columns_satisfy_the_equation_and_are_at_most_one(residual):
    form = compiled(plane, square, residual)
    body = Sum(exponentials(symbol(form, 0), 50, np.array([9.0, 9.0]), BOX, np.random.default_rng(0)))
    points = np.random.default_rng(1).uniform(0, 1, (200, 2))
    jets = body.jets(points, [(0, 0), (2, 0), (0, 2)])
    assert np.abs(jets[0, 0]).max() <= 1 + 1e-12
    left = jets[2, 0] + jets[0, 2] + float(residual(plane.unknown("u")).coeff(plane.unknown("u"))) * jets[0, 0]
    assert np.abs(left).max() < 1e-9 * np.abs(jets[2, 0]).max()


def test_an_equation_of_two_unknowns_has_none():
    u, v = plane.unknown("u"), plane.unknown("v")
    equations = [On(square, Eq(plane.laplace(u), v)), On(square, Eq(plane.laplace(v), u))]
    form = compile_problem(
        Problem("p", unknowns=[u, v], conditions=[*equations, On(square.boundary, u), On(square.boundary, v)])
    )
    assert not solves(form, 0, [5.0, 5.0], BOX)


def test_coefficients_are_frozen_where_the_box_is():
    form = compiled(plane, square, lambda u: plane.laplace(u) + 400 * (1 + x) * u)
    left = np.zeros(2), np.array([0.1, 1.0])
    found = frequencies(symbol(form, 0), 100, np.array([2.0, 20.0]), left, np.random.default_rng(0))
    size = -np.sum(found**2, axis=1).real
    assert size.min() >= 400
    assert size.max() <= 440.001


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_few_hundred_waves_hold_eighty_radians_across(seed):
    k, u = 80, plane.unknown("u", complex=True)
    a, b = Rational(37, 100), Rational(2)
    wave = exp(I * k * (cos(a) * x + sin(a) * y)) + exp(I * k * (cos(b) * x + sin(b) * y)) / 2
    through = plane.dn(u) + I * k * u
    given = sum(n * wave.diff(v) for n, v in zip(plane.normal, (x, y), strict=True)) + I * k * wave
    conditions = [On(square, Eq(plane.laplace(u) + k**2 * u, 0)), On(square.boundary, Eq(through, given))]
    form = compile_problem(Problem("p", unknowns=[u], conditions=conditions))
    plan = Global(450, (3.0, 3.0)).enriched(Waves(0.87, (43.0, 43.0)))
    state = fit(form, plan, draw(form, plan.points, seed), seed)
    points = np.random.default_rng(1).uniform(0, 1, (500, 2))
    value = field_at(state, 0, points)
    ahead = [np.exp(1j * k * (points @ [np.cos(c), np.sin(c)])) for c in (0.37, 2.0)]
    exact = ahead[0] + ahead[1] / 2
    assert np.linalg.norm(value - exact) < 1e-9 * np.linalg.norm(exact)


def test_sources_are_left_to_the_other_features():
    u = plane.unknown("u")
    solution = sin(pi * x) * sin(pi * y)
    source = plane.laplace(solution).doit() + 400 * solution
    conditions = [On(square, Eq(plane.laplace(u) + 400 * u, source)), On(square.boundary, u)]
    form = compile_problem(Problem("p", unknowns=[u], conditions=conditions))
    plan = Global(300, (4.6, 4.6)).enriched(Waves(0.6, (13.0, 13.0)))
    state = fit(form, plan, draw(form, plan.points, 0), 0)
    points = np.random.default_rng(1).uniform(0, 1, (500, 2))
    exact = np.prod(np.sin(np.pi * points), axis=1)
    assert np.linalg.norm(field_at(state, 0, points) - exact) < 1e-8 * np.linalg.norm(exact)


def test_sixteen_waves_that_decay_are_held_by_modes_of_the_heat_equation():
    space = Space("x y", time="t")
    a, b, when = space.coords
    u = space.unknown("u")
    bar = Region(space, Interval(0, 1) ** 2 * Interval(0, 1))
    solution = exp(-(pi**2) * Rational(1025, 2000) * when) * sin(32 * pi * a) * sin(pi * b)
    conditions = [
        On(bar, Eq(space.dt(u), space.laplace(u) / 2000)),
        On(bar.boundary, u),
        On(bar.initial, Eq(u, solution.subs(when, 0))),
    ]
    form = compile_problem(Problem("p", unknowns=[u], conditions=conditions))
    plan = Global(1400, (3.0, 3.0, 3.0)).enriched(Waves(0.85, (53.5, 4.6, 3.0)))
    state = fit(form, plan, draw(form, plan.points, 0), 0)
    points = np.random.default_rng(1).uniform(0, 1, (500, 3))
    value = state.jets(0, points, [(0, 0, 0)])[0, 0, 0]
    exact = (
        np.exp(-(np.pi**2) * 1025 / 2000 * points[:, 2])
        * np.sin(32 * np.pi * points[:, 0])
        * np.sin(np.pi * points[:, 1])
    )
    assert np.linalg.norm(value - exact) < 1e-2 * np.linalg.norm(exact)
