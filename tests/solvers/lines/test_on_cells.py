"""The flux form as a system in time: factors solve what differences of the residual give, sizes are L2 norms."""

import numpy as np
import pytest
from sympy import Eq, sin

from inrpde import On, Problem
from inrpde.discretise.weak.columns import columns
from inrpde.discretise.weak.evolving import Evolving
from inrpde.discretise.weak.volumes import Piece
from inrpde.sampling.cells import quadtree
from inrpde.solvers.galerkin.level import family, orders
from inrpde.solvers.lines.on_cells import OnCells
from tests.solvers.lines import problems
from tests.solvers.lines.problems import WAVE, dt, frozen_of, given, laplace, square, t, u, v, x, y

RNG = np.random.default_rng(0)


def cubic():
    return given(lambda f: dt(f) - laplace(f) + f**3, 1 + x * y + t)


def moving():
    """Slopes that vary with time, of second order, damped."""
    return given(lambda f: (2 + x) * dt(f, 2) + dt(f) - laplace(f) + t * f, WAVE, orders=2)


def curved():
    return given(lambda f: dt(f) - problems.div((1 + f**2) * problems.grad(f)), 1 + x * y + t)


def three_orders():
    """One unknown of every order."""
    w = problems.p
    edge = [On(square.boundary, each) for each in (u, v, w)]
    starts = [On(square.initial, each) for each in (u, v, dt(v))]
    inside = [dt(u) - laplace(u) + v - x * t, dt(v, 2) + dt(u) - laplace(v) + w, u - laplace(w)]
    return Problem("three", [u, v, w], [*(On(square, each) for each in inside), *edge, *starts]), []


def system(make, degree=2):
    found = frozen_of(make()[0])
    divided = quadtree.divide([found.flux.equations[0].region], (), 0.5)
    tessellation = divided.tessellation(degree + 2)
    families = [family(tessellation, each, False, 0) for each in orders(found.flux, degree)]
    return OnCells(Evolving(found, tessellation, columns(found.flux, tessellation, families)), divided.cover)


def states(made):
    """y and its derivatives, 0 above a column's order, and those of a second state."""
    draw = [RNG.standard_normal(len(made.orders)) for _ in range(6)]
    return [[each * (made.orders >= order) for order, each in enumerate(three)] for three in (draw[:3], draw[3:])]


@pytest.mark.parametrize("scale", [0.3, 1e-3, 0.1 + 0.2j])
@pytest.mark.parametrize(
    "make", [problems.heat, problems.wave, problems.stokes, cubic, moving, curved, three_orders]
)  # fmt: skip
def test_factors_solve_the_system_of_the_differences(make, scale):
    """Of the highest derivatives w the lower ones follow: s^(o-n) w."""
    made = system(make)
    (y_, rate, second), _ = states(made)
    if make is curved:
        y_ = made.evolving.start(made.evolving.frozen.starts, 0)[0]  # elsewhere slopes on faces are nearly right
    wanted = RNG.standard_normal(len(y_)) * (1 + 0j if np.iscomplexobj(scale) else 1.0)
    solver = made.factorised(0.0, y_, rate, second, scale)

    def moved(direction):
        """The change of the residual, by differences, along a real direction of y, y', y''."""
        step = 1e-5 if not made.linear else 1.0
        ends = [
            problems.residual(
                made, 0.0, *(a + sign * step * b for a, b in zip((y_, rate, second), direction, strict=True))
            )
            for sign in (1, -1)
        ]
        return (ends[0] - ends[1]) / (2 * step)

    along = [np.where(made.orders >= n, scale ** np.maximum(made.orders - n, 0), 0) * wanted for n in range(3)]
    right = moved([each.real for each in along])
    if np.iscomplexobj(scale):
        right = right + 1j * moved([np.imag(each) for each in along])
    assert solver(right) == pytest.approx(wanted, abs=1e-7 if made.linear else 2e-5)


@pytest.mark.parametrize("make", [problems.heat, problems.stokes, cubic, moving, problems.burgers])
def test_the_residual_is_that_of_the_whole_system_with_its_rates(make):
    made = system(make)
    evolving = made.evolving
    for time, state in zip((0.1, 0.4, 0.2), [*states(made), states(made)[0]], strict=True):
        made.factorised(time, *state, 0.1)
        left = evolving.discrete.assembled(state[0], evolving.frozen.at(time)).residual
        expected = left + evolving.masses[0] @ state[1] + evolving.masses[1] @ state[2]
        assert np.allclose(problems.residual(made, time, *state), expected, rtol=0, atol=1e-10 * np.abs(expected).max())


def test_what_is_given_and_never_varies_is_integrated_once(monkeypatch):
    counted = []
    real = Piece.load
    monkeypatch.setattr(Piece, "load", lambda *args: counted.append(1) or real(*args))
    around = [On(square.boundary, u - y), On(square.initial, u)]
    for source, once in ((x, True), (x * t, False)):
        problem = Problem("p", [u], [On(square, dt(u) - laplace(u) - source), *around])
        made = system(lambda problem=problem: (problem, []))
        counted.clear()
        (state, _) = states(made)
        many = []
        for time in (0.1, 0.2, 0.3):
            problems.residual(made, time, *state)
            many.append(len(counted))
        assert (many[0] == many[2]) == once
        assert many[0] > 0


def test_orders_and_what_is_linear_and_steady_are_told():
    assert set(zip(system(three_orders).evolving.columns.of, system(three_orders).orders, strict=True)) == {
        (0, 1),
        (1, 2),
        (2, 0),
    }
    told = {make: (system(make).linear, system(make).steady) for make in (problems.heat, cubic, moving, curved)}
    assert list(told.values()) == [(True, True), (False, False), (True, False), (False, False)]


def test_what_a_flow_begins_with_is_free_of_divergence_in_its_columns():
    made = system(problems.stokes)
    y_ = made.evolving.start(made.evolving.frozen.starts, 0)[0]
    still, pressure = np.zeros_like(y_), made.evolving.columns.of == 2
    before, after = y_, made.consistent(0.0, y_, 0.5)
    lefts = [np.abs(problems.residual(made, 0.0, each, still, still)[pressure]).max() for each in (before, after)]
    assert lefts[1] < 1e-10 < 1e-4 < lefts[0]
    assert np.all(made.sizes(after - before)[:2] < 0.02 * made.sizes(before)[:2])
    assert made.consistent(0.0, after, 0.5) == pytest.approx(after, abs=1e-12)


def test_nothing_is_moved_where_an_unknown_without_a_rate_makes_up_for_it():
    for make in (three_orders, problems.heat):
        made = system(make)
        y_ = states(made)[0][0]
        assert made.consistent(0.0, y_, 0.5) == pytest.approx(y_, abs=1e-5)


def test_sizes_are_l2_norms():
    values = Problem("sizes", [u, v], [
        *(On(square, dt(each) - laplace(each)) for each in (u, v)), On(square.boundary, u), On(square.boundary, v),
        On(square.initial, Eq(u, 3 * x)), On(square.initial, Eq(v, sin(t) + y - 2)),
    ])  # fmt: skip
    made = system(lambda: (values, []))
    sizes = made.sizes(made.evolving.start(made.evolving.frozen.starts, 0)[0])
    assert sizes == pytest.approx([np.sqrt(3), np.sqrt(7 / 3)])
    assert made.sizes(1j * np.ones(len(made.orders))) == pytest.approx(np.abs(made.sizes(np.ones(len(made.orders)))))
