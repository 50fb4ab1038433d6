"""The strategy: which forms it claims, how honest it is, and what it does where a solution ends or does not fit."""

from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Eq, Heaviside, Interval, Rational, cos, exp, pi, sin

import inrpde
from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.frozen import frozen
from inrpde.discretise.state import field_at
from inrpde.errors import DivergedError
from inrpde.resolution import narrow
from inrpde.solvers import auto
from inrpde.solvers.contract.strategy import Claim, Role, Withdrawn
from inrpde.solvers.galerkin.ground import ground
from inrpde.solvers.galerkin.strategy import Plan
from inrpde.solvers.lines import flux_form
from tests.sampling.cells.meshes import ell
from tests.solvers.galerkin.problems import errors
from tests.solvers.lines import problems
from tests.solvers.lines.problems import SPAN, annulus, div, dt, grad, laplace, space, square, t, u, x, y
from tests.solvers.turns import context

RNG = np.random.default_rng(0)
POINTS = np.column_stack([RNG.uniform(size=(400, 2)), RNG.uniform(0, 0.5, 400)])
line = Space("x", time="t")
(s, r), h = line.coords, line.unknown("h")
strip = Region(line, Interval(0, 1) ** 2)
STEP = 1 + Heaviside(x - Rational(1, 2))


def problem(*inside, wall=u, region=square, **more):
    made = [each if isinstance(each, On) else On(region, each) for each in inside]
    return Problem("p", [u], [*made, On(region.boundary, wall), On(region.initial, u)], **more)


def rod(conductivity):
    equation = Eq(line.dt(h), line.div(conductivity * line.grad(h)))
    return Problem("rod", [h], [On(strip, equation), On(strip.boundary, h), On(strip.initial, h - sin(pi * s))])


def wrong(candidate, known, points=POINTS):
    return max(errors(candidate.state, known, points, (x, y, t)))


# -- claims


@pytest.mark.parametrize(
    "made",
    [
        problems.heat()[0], problems.heat(annulus)[0], problems.wave()[0], problems.burgers()[0], problems.stokes()[0],
        problem(dt(u) - laplace(u), region=ell(space=space).over(SPAN)), rod(1 + Heaviside(s - Rational(1, 2))),
        problem(dt(u) - div(STEP * grad(u))), problems.schroedinger()[0],
        problems.sound()[0], problems.carried()[0], problems.leaving()[0],
    ],
    ids=[
        "heat", "annulus", "wave", "transport", "flow", "mesh", "jump on a line", "jump", "complex", "sound", "inlet",
        "outlet",
    ],
)  # fmt: skip
def test_fields_in_time_are_claimed(made):
    claim = flux_form.serves(compile_problem(made))
    assert isinstance(claim, Claim), claim
    assert claim.role is Role.ALONE
    assert claim.after == "one domain"


def test_what_is_not_claimed_says_why():
    made = problem((1 + u) * dt(u) - laplace(u))
    assert "is not known, or varies with time" in flux_form.serves(compile_problem(made))


def test_more_than_three_coordinates_in_space_are_not_claimed():
    many = Space("a b c d", time="t")
    f, tube = many.unknown("f"), Region(many, Interval(0, 1) ** 5)
    made = Problem("p", [f], [On(tube, many.dt(f) - many.laplace(f)), On(tube.boundary, f), On(tube.initial, f - 1)])
    assert "more than 3 coordinates" in flux_form.serves(compile_problem(made))


def test_several_meshes_are_refused():
    one, other = (ell(space=space).over(SPAN) for _ in range(2))
    a, b = space.unknown("a", on=one), space.unknown("b", on=other)
    conditions = [
        condition for unknown, on in ((a, one), (b, other))
        for condition in (On(on, dt(unknown) - laplace(unknown)), On(on.boundary, unknown), On(on.initial, unknown))
    ]  # fmt: skip
    assert "on several meshes" in flux_form.serves(compile_problem(Problem("p", [a, b], conditions)))


# -- how wrong a level is


@pytest.mark.parametrize(
    "make",
    [problems.heat, *(pytest.param(each, marks=pytest.mark.slow) for each in (problems.wave, problems.burgers))],
)
def test_the_estimated_error_is_near_the_true_one(make):
    made, known = make()
    found = list(islice(flux_form.solve(context(made)), 2))
    for each in found:
        assert each.weak
        assert each.method == "lines"
        assert each.until is None
    true, estimated = ([f(each) for each in found] for f in (lambda each: wrong(each, known), lambda each: each.score))
    assert np.all(np.array(estimated) > np.array(true))
    assert true[1] < true[0] / 5
    assert estimated[1] < estimated[0]
    assert found[1].again(1, [1.0]) is found[0].state


@pytest.mark.slow
@pytest.mark.parametrize("make", [problems.schroedinger, problems.sound])
def test_what_is_not_damped_is_estimated_too(make):
    made, known = make()
    for each in islice(flux_form.solve(context(made)), 2):
        true = wrong(each, known)
        assert true < each.score < max(100 * true, 1e-2)
        assert not each.doubts


def test_what_is_given_where_waves_leave_and_is_not_what_they_bring_is_a_doubt():
    for outlet, doubted in ((sin(4 - 4 * t), False), (0, True)):
        found = next(flux_form.solve(context(problems.carried(outlet)[0])))
        assert bool(found.doubts) == doubted
        assert not doubted or "where waves leave" in found.doubts[0]


def test_the_second_solve_of_the_first_level_is_a_poorer_one():
    made, known = problems.heat()
    first = next(flux_form.solve(context(made)))
    other = first.again(1, [1.0])
    assert wrong(first, known) < max(errors(other, known, POINTS, (x, y, t))) < 0.1


def test_where_finer_cells_would_be_too_dear_all_are_richer_alone():
    begun = ground(frozen(compile_problem(problems.heat()[0])).flux, ())
    plan, finer = Plan(begun, 3), Plan(begun.refined(np.ones(begun.cells, bool)), 4)
    found = SimpleNamespace(evolving=SimpleNamespace(frozen=frozen(compile_problem(problems.heat()[0]))))
    assert flux_form.following(plan_of(plan, finer), found, 1e3).ground.cells == finer.ground.cells
    rich = [flux_form.following(plan_of(plan, finer), found, times) for times in (20.0, 4.0, 1.0)]
    assert [each and (each.ground.cells, each.degree) for each in rich] == [(begun.cells, 5), (begun.cells, 4), None]


def plan_of(plan, finer):
    """A plan after which comes another."""

    class Known(Plan):
        def after(self, found):
            return finer

    return Known(plan.ground, plan.degree)


def test_half_of_the_points_of_a_comparison_are_near_the_start():
    """With their weights they integrate what is there for a short time, as a layer is, to a few per cent."""
    way = frozen(compile_problem(problems.heat()[0])).evolution
    spread = np.column_stack([RNG.uniform(size=(20000, 2)), RNG.uniform(way.start, way.end, 20000)])
    points, weights = flux_form.graded(spread, way, 0)
    share = (points[:, 2] - way.start) / (way.end - way.start)
    assert np.all((share >= 0) & (share <= 1))
    assert np.mean(weights) == pytest.approx(1, abs=0.02)
    for width in (1e-1, 1e-3, 1e-5):
        assert np.mean(weights * np.exp(-share / width)) == pytest.approx(width, rel=0.1)


def test_a_tolerance_ends_the_search():
    made, known = problems.heat()
    *_, last = flux_form.solve(context(made, tol=3e-2))
    assert last.score < 1e-3
    assert wrong(last, known) < 1e-3


def test_what_is_nothing_until_a_wall_is_warmed_is_followed_from_there():
    """However short the first step then, it errs by as much as there is: it counts beside what there will be."""
    switched = On(strip.face(s, 0), Eq(h, Heaviside(r - Rational(3, 10))))
    cold = [On(strip.face(s, 1), h), On(strip.initial, h)]
    found = next(
        flux_form.solve(context(Problem("p", [h], [On(strip, Eq(line.dt(h), line.laplace(h))), switched, *cold])))
    )
    assert found.until is None
    points = np.column_stack([np.linspace(0, 1, 21), np.full(21, 0.5)])
    n = np.arange(1, 60)
    modes = np.sin(np.pi * np.outer(points[:, 0], n)) * np.exp(-0.2 * (np.pi * n) ** 2) * 2 / (np.pi * n)
    assert field_at(found.state, 0, points) == pytest.approx(1 - points[:, 0] - modes.sum(axis=1), abs=2e-2)


def test_narrow_data_are_followed():
    """A source on a hundredth of the square, that grows in time."""
    made = problem(dt(u) - laplace(u) - 1e3 * exp(-((x - 0.7) ** 2 + (y - 0.3) ** 2) * 20000) * sin(t))
    places = [each for place in narrow(compile_problem(made).bound) for each in flux_form._in_space(place)]
    assert places
    assert all(len(each.lo) == len(each.centre) == 2 for each in places)
    first = next(flux_form.solve(context(made)))
    axes = first.state.trials[0].inner.cover.axes
    assert np.abs(axes).max(axis=(1, 2)).min() < 0.02 < 0.06 < np.abs(axes).max(axis=(1, 2)).max()
    assert first.doubts == ()


def test_a_place_that_is_narrow_in_time_alone_is_none_in_space():
    made = problem(dt(u) - laplace(u) - exp(-((t - 0.2) ** 2) * 5e4))
    (place,) = narrow(compile_problem(made).bound)
    assert flux_form._in_space(place) == []


# -- where it ends


def test_a_blow_up_ends_with_the_time_until_which_it_was_followed():
    """u' = u², u(0) = 4: 1 / (1/4 - t)."""
    conditions = [On(square, dt(u) - laplace(u) - u**2), On(square.boundary, space.dn(u)), On(square.initial, u - 4)]
    (found,) = flux_form.solve(context(Problem("blow", [u], conditions)))
    assert found.until == pytest.approx(0.25, abs=1e-2)
    points = POINTS * [1, 1, 0.4]
    assert wrong(found, [1 / (Rational(1, 4) - t)], points) < 1e-2


def test_what_cannot_be_followed_from_its_start_is_told():
    stuck = Problem("stuck", [u], [
        On(square, dt(u) - laplace(u) - u ** Rational(1, 2)), On(square.boundary, u + 1), On(square.initial, u + 1),
    ])  # fmt: skip
    with pytest.raises(DivergedError, match=r"singular|from its start"):
        next(flux_form.solve(context(stuck)))


def test_where_a_condition_does_not_fit_it_withdraws_and_others_follow():
    right = square.face(x, 1)
    conditions = [
        On(square, dt(u) - div(STEP * grad(u))), On(square.boundary - right, u), On(right, u.diff(y)),
        On(square.initial, u - sin(pi * y) * x),
    ]  # fmt: skip
    made = context(Problem("oblique", [u], conditions))
    assert isinstance(flux_form.serves(made.form), Claim)
    with pytest.raises(Withdrawn, match="neither on the values nor on the fluxes"):
        next(flux_form.solve(made))
    assert next(auto.solve(made)).method != "lines"


# -- among others


def test_a_smooth_field_is_left_to_one_domain():
    exact = exp(-2 * pi**2 * t) * sin(pi * x) * sin(pi * y)
    conditions = [On(square, dt(u) - laplace(u)), On(square.boundary, u), On(square.initial, u - exact.subs(t, 0))]
    made = Problem("smooth", [u], conditions)
    found = list(auto.solve(context(made)))
    assert found[0].method != "lines"
    assert min(wrong(each, [exact]) for each in found) < 1e-6


def test_from_a_declaration_to_a_file(tmp_path):
    """Two materials, of which one is hundred times as conductive: the flux is 1 in both."""
    jump = 1 + 99 * Heaviside(x - Rational(1, 2))
    bent = (x - Rational(1, 2)) * cos(t) / jump
    source = bent.diff(t)
    made = Problem("bars", [u], [
        On(square, Eq(dt(u), div(jump * grad(u)) + source)), On(square.boundary, u - bent),
        On(square.initial, u - bent.subs(t, 0)),
    ])  # fmt: skip
    solution = inrpde.solve(made, tol=1e-3, reference="none")
    assert solution.report["method"] == "lines"
    assert solution.report["verdict"]["word"] in ("verified", "plausible")
    values = solution(POINTS)["u"]
    truth = (POINTS[:, 0] - 0.5) * np.cos(POINTS[:, 2]) / (1 + 99 * (POINTS[:, 0] > 0.5))
    assert np.linalg.norm(values - truth) < 1e-3 * np.linalg.norm(truth)
    back = inrpde.load(solution.save(tmp_path / "bars.h5"))
    assert np.array_equal(back(POINTS)["u"], values)
