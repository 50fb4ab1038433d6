"""One level: known solutions come nearer with the degree, by orders; and what a level knows of itself."""

from itertools import pairwise

import numpy as np
import pytest
from sympy import Eq, I, Interval, Piecewise, exp

from inrpde import On, Problem, Region
from inrpde.errors import DivergedError
from inrpde.sampling.cells import quadtree, simplices
from inrpde.solvers.contract.levels import Comparison
from inrpde.solvers.galerkin import newton
from inrpde.solvers.galerkin.ground import Ground, ground, singular
from inrpde.solvers.galerkin.level import level, orders, projected
from tests.sampling.cells.meshes import cube, segments
from tests.solvers.galerkin import problems
from tests.solvers.galerkin.problems import POINTS, errors, flux_of, space, square, u, x, y, z

BOXES = {
    "poisson": 1e-6, "variable": 1e-6, "anisotropic": 1e-6, "nonlinear": 1e-6, "helmholtz": 1e-4, "convection": 1e-6,
    "convection_in_the_flux": 1e-6, "rollers": 1e-6,
}  # fmt: skip


def coarse(flux, size=0.5, breaks=()):
    return Ground(quadtree.divide(list(dict.fromkeys(e.region for e in flux.equations)), breaks, size))


def converges(flux, begun, known, degrees, least, points=None):
    """Degree by degree, every unknown to a tenth, and in the end below `least`."""
    before, found = None, []
    for degree in degrees:
        before = level(flux, begun, degree, 0, before)
        found.append(errors(before.state, known, POINTS if points is None else points))
    for one, other in pairwise(found):
        assert all(b < a / 10 for a, b in zip(one, other, strict=True)), found
    assert np.all(np.array(found[-1]) < least), found


@pytest.mark.parametrize("name", BOXES)
def test_errors_fall_with_the_degree(name):
    problem, known = getattr(problems, name)()
    flux = flux_of(problem)
    converges(flux, coarse(flux), known, (2, 4, 6), BOXES[name])


def test_stokes_with_an_outlet():
    problem, known = problems.stokes()
    flux = flux_of(problem)
    converges(flux, coarse(flux, 0.25), known, (3, 5, 7), (1e-5, 1e-5, 2e-3))


def test_units_do_not_part_what_holds_on_faces():
    """Fluxes of heat and stresses are 1e10 times apart: what belongs to the smaller ones is no rounding."""
    problem, known = problems.heated()
    flux = flux_of(problem)
    converges(flux, coarse(flux), known, (2, 4, 6), 1e-6)


@pytest.mark.parametrize("contrast", [1000, 1e-4])
def test_a_material_that_jumps(contrast):
    problem, known = problems.jump(contrast)
    flux = flux_of(problem)
    converges(flux, coarse(flux, breaks=((1 / 3,), ())), known, (2, 4, 6), 1e-6)


def test_a_disc_of_another_material():
    problem, known = problems.inclusion()
    flux = flux_of(problem)
    found = ground(flux, ())
    converges(flux, found, known, (2, 4, 6), 1e-8)
    state, middle = level(flux, found, 4, 0).state, np.array([0.5, 0.45])
    angle = np.linspace(0, 2 * np.pi, 200)[:-1]
    out = np.column_stack([np.cos(angle), np.sin(angle)])
    slopes = []
    for radius in (0.3 - 1e-7, 0.3 + 1e-7):
        jets = state.jets(0, middle + radius * out, [(1, 0), (0, 1)])
        slopes.append(jets[1, 0] * out[:, 0] + jets[0, 1] * out[:, 1])
    assert np.allclose(50 * slopes[0], slopes[1], atol=1e-2)


@pytest.mark.parametrize(("make", "degrees", "least"), [(segments, (2, 5, 8), 1e-8), (cube, (2, 4, 6), 2e-3)])
def test_meshes_of_a_line_and_of_space(make, degrees, least):
    problem, known = problems.on_cells(make())
    flux = flux_of(problem)
    points = np.random.default_rng(0).uniform(size=(500, flux.form.space.dim))
    before = None
    for degree in degrees:
        state = level(flux, Ground(simplices.divide([flux.equations[0].region])), degree, 0).state
        (error,) = errors(state, known, points, flux.form.space.coords)
        assert before is None or error < before / 5
        before = error
    assert error < least


def test_two_unknowns_on_two_parts_of_a_mesh():
    problem, known = problems.two_parts()
    flux = flux_of(problem)
    parts = Ground(simplices.divide([equation.region for equation in flux.equations]))
    for k, low in enumerate(((0, 0), (1, 0))):
        points, before = POINTS + low, np.inf
        for degree in (2, 4, 6):
            state = level(flux, parts, degree, 0).state
            error = errors(state, known, points)[k]
            assert error < before / 10
            before = error
        assert before < 1e-5


def test_newton_goes_on_from_the_level_before(monkeypatch):
    flux = flux_of(problems.nonlinear()[0])
    first = level(flux, coarse(flux), 4, 0)
    made, real = [], newton.factorised
    monkeypatch.setattr(newton, "factorised", lambda *args: made.append(1) or real(*args))
    level(flux, coarse(flux), 5, 0)
    afresh = len(made)
    level(flux, coarse(flux), 5, 0, first)
    assert 0 < len(made) - afresh < afresh


def test_a_flow_with_inertia():
    """Kovasznay's behind a grid, in pairs of vortices."""
    problem, known = problems.kovasznay()
    flux = flux_of(problem)
    converges(flux, coarse(flux, 0.25), known, (5, 7), (1e-6, 1e-5, 1e-4))


def test_what_has_no_solution_is_told():
    problem = Problem("none", [u], [On(square, Eq(-space.laplace(u), 100 * exp(u))), On(square.boundary, u)])
    flux = flux_of(problem)
    with pytest.raises(DivergedError, match="Newton"):
        level(flux, coarse(flux), 3, 0)


def test_the_pressure_has_one_degree_less():
    assert orders(flux_of(problems.stokes()[0]), 4) == (4, 4, 3)
    assert orders(flux_of(problems.stokes()[0]), 0) == (0, 0, 0)
    assert orders(flux_of(problems.rollers()[0]), 4) == (4, 4)


def test_a_solution_is_carried_over_to_other_cells():
    flux = flux_of(problems.poisson()[0])
    before = level(flux, coarse(flux), 6, 0)
    finer = level(flux, coarse(flux, 0.25), 6, 0)
    vector = projected(before, finer.tessellation, finer.columns)
    assert np.linalg.norm(vector - finer.vector) < 1e-6 * np.linalg.norm(vector)


def test_what_the_highest_degree_holds_falls_where_it_is_smooth():
    flux = flux_of(problems.poisson()[0])
    levels = [level(flux, coarse(flux), degree, 0) for degree in (3, 6)]
    last, before = ([each.held(below).sum() for each in levels] for below in (0, 1))
    assert last[1] < 1e-4 * last[0]
    assert all(a < b / 4 for a, b in zip(last, before, strict=True))
    assert sum(levels[0].held(below).sum() for below in range(4)) == pytest.approx(1, rel=0.2)


def test_what_is_held_lies_where_the_solution_is_rough():
    problem, _, _ = problems.corner()
    flux = flux_of(problem)
    found = coarse(flux)
    held = level(flux, found, 4, 0).held(0)
    around = found.divided.cover.touching(np.zeros((1, 2)))
    assert held[around].sum() > 0.9 * held.sum()


def test_two_states_differ_by_their_distance():
    problem, known = problems.poisson()
    flux = flux_of(problem)
    one, other = (level(flux, coarse(flux), degree, 0).state for degree in (7, 3))
    apart = Comparison(flux.form, [POINTS])
    assert apart(one, one) == 0
    assert apart(one, other) == pytest.approx(errors(other, known)[0], rel=1e-3)


def test_another_seed_gives_the_same_solution():
    flux = flux_of(problems.poisson()[0])
    one, other = (level(flux, coarse(flux), 5, seed).state for seed in (0, 1))
    assert not np.array_equal(one.vector, other.vector)
    assert Comparison(flux.form, [POINTS])(one, other) < 1e-8


L = Region(space, Interval(-1, 1) * Interval(-1, 1)) - Region(space, Interval(0, 1) * Interval(-1, 0))
DOWN, UP = L.face(x, 0), L.face(y, 0)
CORNERS = {
    "values that are given": [On(L.boundary, Eq(u, 1 + x * y))],
    "a flux on one wall": [On(DOWN, Eq(space.dn(u), 1 + y)), On(L.boundary - DOWN, Eq(u, 1 - y))],
    "Robin's condition on one wall": [On(DOWN, Eq(space.dn(u) + 2 * u, 1)), On(L.boundary - DOWN, u)],
    "fluxes on both": [On(DOWN | UP, Eq(space.dn(u), 1)), On(L.boundary - (DOWN | UP), u)],
}  # fmt: skip


@pytest.mark.parametrize("what", CORNERS)
def test_beside_a_corner_functions_of_its_own_make_errors_fall_with_the_degree(what):
    """With a source and a term of lower order, whatever holds on the walls, beside the solution of a high degree."""
    flux = flux_of(Problem("corner", [u], [On(L, Eq(-space.laplace(u) + 10 * u, 1 + y)), *CORNERS[what]]))
    gains(flux)


def test_beside_a_corner_waves_that_are_absorbed():
    """With values that jump at the corner, by a complex number, which leaves r² log r."""
    wave = On(L, Eq(space.laplace(z) + (9 + 3 * I) * z, x))
    gains(flux_of(Problem("waves", [z], [wave, On(DOWN, Eq(z, I)), On(L.boundary - DOWN, Eq(z, y))])), 0.2)


def gains(flux, part=0.1):
    """Errors fall to a part from degree 4 to 7, and much below those without such functions."""
    without = coarse(flux)
    begun = singular(flux, without)
    assert min(np.linalg.norm(each.point) for each in begun.vertices) < 1e-12
    points = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    points = points[(points[:, 0] < 0) | (points[:, 1] > 0)]

    def on(cells, degree):
        return level(flux, cells, degree, 0).state.jets(0, points, [(0, 0)])[0, 0]

    best = on(begun, 10)
    (rough, fine), (_, poor) = ([np.max(np.abs(on(own, k) - best)) for k in (4, 7)] for own in (begun, without))
    assert fine < part * rough
    assert fine < 0.05 * poor


@pytest.mark.parametrize("name", ["corner", "mixed", "jumping"])
def test_what_is_one_of_these_functions_is_found_however_large_the_cells(name):
    problem, known, points = getattr(problems, name)()
    flux = flux_of(problem)
    converges(flux, singular(flux, coarse(flux)), known, (2, 5, 8), 3e-6, points)


def test_rich_bases_in_small_cells_that_hold_these_functions_as_well_leave_systems_that_are_solved():
    """Between the cells' own functions and those about points hardly anything is left in factors."""
    a = Piecewise((1, (x < 0.5) & (y < 0.5)), (300, x < 0.5), (0.02, y < 0.5), (10, True))
    conditions = [On(square, Eq(-space.div(a * space.grad(u)), 1)), On(square.boundary, u)]
    flux = flux_of(Problem("blocks", [u], conditions))
    begun = singular(flux, coarse(flux, 0.25))
    small = begun.refined(np.ones(begun.cells, bool))

    def on(cells, degree):
        return level(flux, cells, degree, 0).state.jets(0, POINTS, [(0, 0)])[0, 0]

    best = on(small, 9)
    for cells, degree in ((begun, 9), (small, 7)):
        assert np.linalg.norm(on(cells, degree) - best) < 1e-6 * np.linalg.norm(best)
