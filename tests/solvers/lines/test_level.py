"""One level: known solutions come nearer with the degree, by orders, at all times; and what a level knows of itself."""

from itertools import pairwise

import numpy as np
import pytest
from sympy import cos, exp, pi, sin

from inrpde.discretise.weak.columns import columns
from inrpde.discretise.weak.evolving import Evolving
from inrpde.sampling.cells import quadtree
from inrpde.solvers.galerkin.ground import Ground
from inrpde.solvers.galerkin.level import family
from inrpde.solvers.lines.level import nodes
from tests.solvers.galerkin.problems import errors
from tests.solvers.lines import problems
from tests.solvers.lines.problems import dt, frozen_of, given, laplace, solved, t, x, y

RNG = np.random.default_rng(0)
POINTS = np.column_stack([RNG.uniform(size=(600, 2)), RNG.uniform(0, 0.5, 600)])
ANGLE, RADIUS = RNG.uniform(0, 2 * np.pi, 600), RNG.uniform(0.51, 0.99, 600)
RING = np.column_stack([RADIUS * np.cos(ANGLE), RADIUS * np.sin(ANGLE), POINTS[:, 2]])
ROUND = np.column_stack([np.sqrt(1 - RADIUS[:, None] ** 2) * RING[:, :2] / RADIUS[:, None], POINTS[:, 2]])


def coarse(problem, size=0.5):
    flux = frozen_of(problem).flux
    return Ground(quadtree.divide(list(dict.fromkeys(e.region for e in flux.equations)), (), size))


def wrong(found, known, points=POINTS):
    return errors(found.state, known, points, (x, y, t))


@pytest.mark.parametrize(
    ("make", "points", "degrees", "least"),
    [
        (problems.heat, POINTS, (1, 3, 5), (1e-5,)),
        pytest.param(lambda: problems.heat(problems.annulus), RING, (1, 3, 5), (1e-5,), marks=pytest.mark.slow),
        (problems.wave, POINTS, (2, 4, 6), (1e-4,)),
        (problems.schroedinger, POINTS, (1, 3, 5), (1e-4,)),
        (problems.carried, POINTS, (1, 3, 5), (1e-4,)),
        (problems.leaving, POINTS, (2, 4, 6), (1e-4,)),
        (problems.stored, ROUND, (1, 3, 5), (1e-4,)),
        (problems.burgers, POINTS, (1, 3, 5), (1e-6,)),
        pytest.param(problems.stokes, POINTS, (2, 4, 6), (1e-6, 1e-6, 1e-4), marks=pytest.mark.slow),
    ],
    ids=["heat", "annulus", "wave", "schroedinger", "carried", "leaving", "stored", "burgers", "stokes"],
)
def test_errors_fall_with_the_degree(make, points, degrees, least):
    problem, known = make()
    begun = coarse(problem)
    found = [wrong(solved(problem, degree, 1e-7, begun), known, points) for degree in degrees]
    for one, other in pairwise(found):
        assert all(b < a / 10 for a, b in zip(one, other, strict=True)), found
    assert np.all(np.array(found[-1]) < least), found


def test_a_tolerance_is_kept_in_time():
    """A solution that the bases hold in space, and that is fast in time."""
    problem, known = given(lambda f: dt(f) - laplace(f), 1 + (x**2 - y) * sin(20 * t))
    begun = coarse(problem)
    for tolerance in (1e-3, 1e-6):
        found = solved(problem, 2, tolerance, begun)
        assert tolerance / 1e3 < wrong(found, known)[0] < 3 * tolerance


def test_a_state_has_derivatives_in_space_and_time():
    problem, (known,) = problems.heat()
    state = solved(problem, 6, 1e-8, coarse(problem)).state
    indices = [(1, 0, 0), (0, 0, 1), (0, 1, 1)]
    jets = state.jets(0, POINTS[:50], indices)
    for index in indices:
        derivative = known.diff(x, index[0], y, index[1], t, index[2])
        truth = [float(derivative.subs(dict(zip((x, y, t), point, strict=True)))) for point in POINTS[:50]]
        assert jets[index] == pytest.approx(truth, abs=1e-3)


def test_what_the_highest_degree_holds_falls_where_it_is_smooth():
    problem, _ = problems.heat()
    levels = [solved(problem, degree, begun=coarse(problem)) for degree in (2, 5)]
    last = [each.held(0).sum() for each in levels]
    assert last[1] < 1e-3 * last[0]
    assert sum(levels[0].held(below).sum() for below in range(3)) == pytest.approx(1, rel=0.2)


def test_what_is_held_lies_where_the_solution_is_unresolved_at_any_time():
    """A narrow bump that has come and gone before the end."""
    place = (x - 0.8) ** 2 + (y - 0.2) ** 2
    bump = exp(-place * 100) * exp(-((t - 0.25) ** 2) * 200)
    problem, _ = given(lambda f: dt(f) - laplace(f), x + y + bump)
    found = solved(problem, 4, 1e-4, coarse(problem, 0.25))
    middle = found.ground.divided.cover.origin
    near = np.linalg.norm(middle - [0.8, 0.2], axis=1) < 0.4
    held = np.zeros(len(near))
    held[:] = found.held(0)[found.ground.divided.cover.cell]
    assert held[near].sum() > 0.95 * held.sum()


def test_time_and_the_steps_are_told_and_a_stop_ends_it():
    told = []
    problem, _ = problems.heat()
    found = solved(problem, 2, 1e-4, coarse(problem), on_step=lambda time, share: told.append((time, share)))
    assert told[-1] == (0.5, 1.0)
    assert [time for time, _ in told] == found.steps.times[1:].tolist()
    assert found.steps.ended == "end"
    assert found.width == 4 * 6
    short = solved(problem, 2, 1e-4, coarse(problem), on_step=lambda *_: told.append(0), stop=lambda: told[-1] == 0)
    assert short.steps.ended == "stopped"


def test_waves_are_not_damped_and_the_rest_is():
    damped = given(lambda f: dt(f, 2) + dt(f) - laplace(f), cos(pi * t) * x, orders=2)
    for problem, tolerance, many, last in (
        (problems.wave, 1e-5, 5, False), (problems.heat, 1e-3, 3, True), (problems.heat, 1e-9, 7, True),
        (lambda: damped, 1e-4, 3, True), (problems.stokes, 1e-8, 5, True), (problems.schroedinger, 1e-3, 3, False),
        (lambda: problems.schroedinger(1), 1e-3, 3, False), (problems.sound, 1e-5, 5, False),
    ):  # fmt: skip
        frozen = frozen_of(problem()[0])
        tessellation = coarse(problem()[0], 1.0).divided.tessellation(3)
        families = [family(tessellation, 1, False, 0) for _ in frozen.orders]
        found = nodes(Evolving(frozen, tessellation, columns(frozen.flux, tessellation, families)), tolerance)
        assert found.count == many
        assert (found.at[-1] == 1) == last


def test_another_seed_gives_the_same_solution():
    problem, _ = problems.heat()
    one, other = (solved(problem, 3, 1e-8, coarse(problem), seed=seed).state for seed in (0, 1))
    assert not np.array_equal(one.vector, other.vector)
    zero = (0, 0, 0)
    values = [each.jets(0, POINTS, [zero])[zero] for each in (one, other)]
    assert np.allclose(*values, atol=1e-7)
