"""The strategy on cells: which forms it claims, what it does where conditions do not fit, and how honest it is."""

from itertools import islice, pairwise

import numpy as np
import pytest
from sympy import Eq, Heaviside, Interval, Rational

import inrpde
from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.solvers import auto
from inrpde.solvers.contract.strategy import Claim, Role, Withdrawn
from inrpde.solvers.galerkin import strategy
from inrpde.solvers.galerkin.strategy import FIRST, Plan, decay
from tests.sampling.cells.meshes import ell
from tests.solvers.galerkin import problems
from tests.solvers.galerkin.problems import POINTS, errors, flux_of, space, square, u, x, y
from tests.solvers.turns import context

MESH = ell(space=space)
RIGHT = square.face(x, 1)


def on_mesh():
    return Problem("mesh", [u], [On(MESH, Eq(-space.laplace(u), 1)), On(MESH.boundary, u)])


def oblique():
    """A material that jumps, and on a side the derivative along it, which is no flux."""
    conditions = [
        On(square, Eq(space.div((1 + Heaviside(x - 0.5)) * space.grad(u)), 1)), On(square.boundary - RIGHT, u),
        On(RIGHT, Eq(u.diff(y), 0)),
    ]  # fmt: skip
    return Problem("oblique", [u], conditions)


# -- claims


@pytest.mark.parametrize(
    ("problem", "because"),
    [
        (on_mesh(), "each cell of the mesh"),
        (problems.jump()[0], "materials jump"),
        (problems.rollers()[0], "fluxes couple unknowns"),
        (problems.two_parts()[0], "each cell of the mesh"),
        (problems.edges()[0], "data jump or bend"),
        (problems.folded()[0], "data jump or bend"),
    ],
)
def test_meshes_materials_and_stresses_are_claimed(problem, because):
    claim = strategy.serves(compile_problem(problem))
    assert isinstance(claim, Claim)
    assert claim.role is Role.ALONE
    assert because in claim.because


@pytest.mark.parametrize("made", [problems.stokes, problems.kovasznay])
def test_flows_are_claimed_behind_one_domain(made):
    claim = strategy.serves(compile_problem(made()[0]))
    assert isinstance(claim, Claim)
    assert claim.after == "one domain"
    assert "free of divergence" in claim.because


@pytest.mark.parametrize(("made", "least"), [(problems.edges, 1e-5), (problems.folded, 1e-8)])
def test_across_edges_of_data_solutions_are_as_exact_as_beside_them(made, least):
    problem, known = made()
    found = list(islice(strategy.solve(context(problem)), 7))
    true = [errors(each.state, known)[0] for each in found]
    assert true[-1] < least
    assert true[-1] / 3 < found[-1].score < 30 * true[-1]
    assert not any(each.doubts for each in found)


@pytest.mark.slow
def test_a_flow_over_a_step():
    """Far from smooth: a pressure without bounds at the corner; at its first levels Newton's method may fail."""
    found = [each for each, _ in zip(strategy.solve(context(problems.step(100))), range(3), strict=False)]
    assert found[-1].score < found[0].score / 4


def moving():
    timed = Space("x", time="t")
    h, (s, t) = timed.unknown("h"), timed.coords
    strip = Region(timed, Interval(0, 1) * Interval(0, 1))
    return Problem(
        "heat", [h], [On(strip, Eq(h.diff(t), h.diff(s, 2))), On(strip.initial, h - 1), On(strip.boundary, h)]
    )


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        (problems.poisson()[0], "hold at points as they stand"),
        (moving(), "followed from a start"),
    ],
)
def test_what_is_smooth_curved_in_space_or_moves_is_not_claimed(problem, why):
    assert why in strategy.serves(compile_problem(problem))


# -- what does not fit


def test_where_a_condition_does_not_fit_it_withdraws_and_others_follow():
    made = context(oblique())
    assert isinstance(strategy.serves(made.form), Claim)
    with pytest.raises(Withdrawn, match="neither on the values nor on the fluxes"):
        next(strategy.solve(made))
    assert next(auto.solve(made)).method != "galerkin"


def test_boundary_without_conditions_is_a_doubt():
    problem = Problem("open", [u], [On(MESH, Eq(-space.laplace(u), 1)), On(MESH.boundary.where(Eq(x, 0)), u)])
    (doubt,) = next(strategy.solve(context(problem))).doubts
    assert "fewer conditions than unknowns" in doubt
    assert next(strategy.solve(context(on_mesh()))).doubts == ()


# -- how wrong a level is


STRETCH = Rational(3, 2)
"""Conductivities that differ by direction have no functions of their own at points."""


@pytest.mark.parametrize("name", ["corner", "mixed"])
def test_the_estimated_error_of_a_singular_solution_is_near_the_true_one(name):
    problem, known, points = getattr(problems, name)(STRETCH)
    found = list(islice(strategy.solve(context(problem)), 7))
    true = np.array([errors(each.state, known, points)[0] for each in found])
    estimated = np.array([each.score for each in found])
    assert np.all(estimated > true / 10)
    assert np.all(estimated[-3:] < true[-3:] * 10)
    assert true[-1] < true[0] / 50


@pytest.mark.parametrize("name", ["corner", "mixed"])
def test_richer_bases_alone_leave_what_they_leave_where_cells_were_to_be_divided(name, monkeypatch):
    """At a corner a degree more gains next to nothing, and two such levels hardly differ."""
    problem, known, points = getattr(problems, name)(STRETCH)
    free = strategy.affordable

    def dear(plan, plans, last, power, times):
        """Without the time to divide cells, from the fourth level on."""
        return free(plan, plans, last, power, np.inf if plan.degree < 4 else (plans[1].size / plan.size) ** power)

    monkeypatch.setattr(strategy, "affordable", dear)
    found = list(islice(strategy.solve(context(problem)), 6))[3:]
    for before, each in pairwise(found):
        true = errors(each.state, known, points)[0]
        assert errors(before.state, known, points)[0] < 2 * true
        assert true < each.fitted < 10 * true


def test_a_tolerance_ends_the_search():
    problem, known = problems.jump()
    *_, last = strategy.solve(context(problem, tol=1e-2))
    assert last.score < 1e-2 / 30
    assert len(list(strategy.solve(context(problem, tol=1e-2)))) < len(list(strategy.solve(context(problem))))
    assert errors(last.state, known)[0] < 1e-3


# -- plans


def plans(problem, many):
    """The first plans, and the levels that they gave."""
    flux = flux_of(problem)
    plan, before = Plan(strategy.ground(flux, ()), FIRST), None
    for _ in range(many):
        before = strategy.level(flux, plan.ground, plan.degree, 0, before)
        yield plan, before
        plan = plan.after(before)


def test_smooth_solutions_get_richer_bases_on_the_same_cells():
    found = [plan for plan, _ in plans(problems.variable()[0], 3)]
    assert [plan.degree for plan in found] == [FIRST, FIRST + 1, FIRST + 2]
    assert len({plan.ground.cells for plan in found}) == 1
    assert found[1].size == found[0].size * ((FIRST + 2) / (FIRST + 1)) ** 2


class Decaying:
    """A level whose functions of each degree, the highest first, hold so much energy."""

    def __init__(self, degree, *amplitudes):
        self.degrees, self._amplitudes = (degree,), amplitudes

    def held(self, below):
        return np.array([self._amplitudes[below] ** 2 / 2] * 2)


def test_a_level_ought_to_gain_what_its_functions_fall_by():
    found = Decaying(6, 1e-4, 1e-3, 1e-1)
    assert decay(found, Decaying(5, 0, 0, 0)) == pytest.approx(0.1)
    assert decay(found, Decaying(4, 0, 0, 0)) == pytest.approx(0.01)
    assert decay(found, None) == 1
    for amplitudes in ((0.0, 1e-3, 1e-1), (1e-4, 1e-9, 1e-1), (1e-3, 2e-3, 1e-3)):  # symmetries, noise
        assert decay(Decaying(6, *amplitudes), Decaying(5, 0, 0, 0)) == 1


def test_cells_shrink_towards_a_corner_and_nowhere_else():
    *_, (last, level) = plans(problems.corner()[0], 5)
    cover = last.ground.divided.cover
    sizes, distance = cover.axes.max(axis=(1, 2)), np.linalg.norm(cover.origin, axis=1)
    assert sizes[distance < 0.1].min() < 3e-3 * sizes.max()
    assert np.all(sizes[distance > 0.7] == sizes.max())
    assert level.columns.width < 5000


# -- from a declaration to a file


def known_at(expr, points):
    return np.array([float(expr.subs({x: a, y: b})) for a, b in points])


@pytest.mark.slow
def test_a_reference_on_a_grid_is_not_asked_where_given_values_jump():
    """It moves the jump to a node, on all of its grids alike: 2 % off, and sure of 5e-7."""
    problem, known = problems.edges()
    solution = inrpde.solve(problem)
    report = solution.report
    assert report["method"] == "galerkin"
    assert report["verdict"]["word"] == "plausible"
    true = np.linalg.norm(solution(POINTS)["u"] - known_at(known[0], POINTS)) / np.linalg.norm(
        known_at(known[0], POINTS)
    )
    assert true < 10 * report["fields"]["u"]["estimated_error"] < 1e-3


def test_a_jump_is_verified_and_stays_the_same_in_its_file(tmp_path):
    problem, known = problems.jump()
    solution = inrpde.solve(problem)
    assert solution.report["verdict"]["word"] == "verified"
    assert solution.report["method"] == "galerkin"
    values = solution(POINTS)["u"]
    assert np.linalg.norm(values - known_at(known[0], POINTS)) < 1e-8 * np.linalg.norm(values)
    back = inrpde.load(solution.save(tmp_path / "jump.h5"))
    beside = np.array([[1 / 3 + side, 0.4] for side in (-1e-3, -1e-9, 1e-9, 1e-3)])
    points = np.vstack([POINTS, beside])
    assert np.array_equal(back(points)["u"], solution(points)["u"])
    slopes = back.evaluate(u.diff(x), beside)
    assert np.allclose(slopes[:2], 1000 * slopes[2:][::-1], rtol=1e-4)
    assert np.allclose(slopes, known_at(known[0].diff(x), beside), rtol=1e-6)
