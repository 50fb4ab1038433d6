"""Nothing is verified that is not determined, not satisfied, or not resolved."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Eq, FiniteSet, Interval, Piecewise, cos, exp, pi, sin

from inrpde import solve
from inrpde.cli import main
from inrpde.compiler import compile_problem
from inrpde.config import resolve
from inrpde.declaration import Learned, On, Problem, Region, Space
from inrpde.discretise.score import RowScore, Score, alike, shared
from inrpde.discretise.state import field_at
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.bodies.singular import Corners
from inrpde.solvers.contract.method import Candidate, Clock, Context
from inrpde.solvers.fitting import linear
from inrpde.solvers.linear import solve as factorisation
from inrpde.solvers.search.grading import cell_plan, uniform
from inrpde.solvers.search.search import Search
from inrpde.solvers.search.survey import Survey
from inrpde.verification.evidence.estimate import Estimate, estimate
from inrpde.verification.evidence.thresholds import CEILING, GOOD
from inrpde.verification.evidence.unmet import Unmet, failure, unmet
from inrpde.verification.evidence.verdict import WORDS
from inrpde.verification.evidence.weigh import weigh
from inrpde.verification.finding import Finding, Kind
from tests.verification.judging import judged

space = Space("x y")
x, y = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1) ** 2)
walls = omega.boundary
screened = On(omega, Eq(-space.laplace(u) + u, 1))
poisson = On(omega, Eq(-space.laplace(u), 1))


def report(*conditions, **more):
    problem = Problem("p", unknowns=[u], conditions=list(conditions), **more)
    return solve(problem, budget=8, reference="none").report


@pytest.mark.parametrize(
    ("conditions", "word"),
    [
        ([screened, On(omega.face(x, 0), Eq(u, 0))], "boundary of omega: x = 1; y = 0; y = 1 (75% of it)"),
        ([screened], "x = 0; x = 1; y = 0; y = 1 (100% of it)"),
    ],
    ids=["a bare boundary", "no boundary"],
)
def test_what_the_conditions_leave_open_is_never_verified(conditions, word):
    found = report(*conditions)
    assert found["verdict"]["word"] == "unverified"
    assert "two solves that satisfy them differ" in found["verdict"]["because"]
    assert found["fields"]["u"]["estimated_error"] == CEILING
    assert any(word in warning for warning in found["warnings"])


def test_what_is_fixed_but_for_a_constant_is_plausible_and_so_are_its_errors_told():
    exact = cos(pi * x) / pi**2 + 7
    found = report(
        On(omega, Eq(-space.laplace(u), cos(pi * x))), On(walls, Eq(space.dn(u), 0)), exact={u: exact}
    )  # fmt: skip
    assert found["verdict"]["word"] == "plausible"
    assert "up to a constant only" in found["verdict"]["because"]
    assert found["fields"]["u"]["exact"]["rel_l2"] <= 10 * found["fields"]["u"]["estimated_error"] < 1e-8


def test_without_initial_values_nothing_is_verified():
    moving = Space("x", time="t")
    z, _ = moving.coords
    v = moving.unknown("v")
    bar = Region(moving, Interval(0, 1) * Interval(0, 1))
    conditions = [On(bar, Eq(moving.dt(v), v.diff(z, 2))), On(bar.boundary, Eq(v, 0))]
    found = solve(Problem("heat", unknowns=[v], conditions=conditions), budget=8, reference="none").report
    assert found["verdict"]["word"] == "unverified"
    assert "v has no initial condition: give one on omega.initial" in found["warnings"]


def test_a_zero_that_is_one_solution_of_many_is_not_verified():
    lam = space.parameter("lam")
    vibrating = On(omega, Eq(-space.laplace(u), lam * u))
    found = report(vibrating, On(walls, Eq(u, 0)), coefficients={lam: Learned(19.0)})
    assert found["verdict"]["word"] == "unverified"
    assert "zero satisfies every condition" in found["verdict"]["because"]
    assert "nothing says what lam is" in found["verdict"]["because"]


def test_a_determined_solution_is_verified():
    found = report(screened, On(walls, Eq(u, x * y)))
    assert found["verdict"]["word"] == "verified"
    assert found["warnings"] == []


@pytest.fixture(scope="module")
def resonance():
    ringing = On(omega, Eq(-space.laplace(u) - 2 * pi**2 * u, 1))
    return Problem("resonance", unknowns=[u], conditions=[ringing, On(walls, Eq(u, 0))])


def test_a_resonance_has_diverged_and_its_best_answer_is_there(resonance, tmp_path):
    found = solve(resonance, budget=8, reference="none")
    assert found.report["status"] == "diverged"
    assert "singular" in found.report["error"]["what"]
    assert "2*pi**2*u" in found.report["error"]["where"]
    assert "is at a resonance" in found.report["error"]["fix"]
    assert found.report["verdict"]["word"] == "unverified"
    assert np.isfinite(found([[0.5, 0.5]])["u"]).all()


def test_a_resonance_whose_residual_is_spread_thin_is_one():
    found = report(On(omega, Eq(space.laplace(u) + pi**2 * u, exp(x))), On(walls, Eq(space.dn(u), 0)))
    assert found["status"] == "diverged"
    assert "singular" in found["error"]["what"]


def test_a_resonance_is_exit_4_with_a_file(tmp_path, capsys):
    file = tmp_path / "resonance.py"
    file.write_text(
        "from sympy import Eq, Interval, pi\n"
        "from inrpde import On, Problem, Region, Space\n"
        'space = Space("x y")\n'
        'u = space.unknown("u")\n'
        "omega = Region(space, Interval(0, 1) ** 2)\n"
        "equation = On(omega, Eq(-space.laplace(u) - 2 * pi**2 * u, 1))\n"
        'problem = Problem("resonance", unknowns=[u], conditions=[equation, On(omega.boundary, Eq(u, 0))])\n'
    )
    output = tmp_path / "out.h5"
    words = ["solve", str(file), "-o", str(output), "--budget", "8", "--reference", "none", "--grid", "9x9"]
    assert main([*words, "--json"]) == 4
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "diverged"
    assert set(found["error"]) == {"what", "where", "fix"}
    assert output.exists()


def test_near_a_resonance_there_is_a_solution(resonance):
    k2 = 2 * np.pi**2 + 1e-3
    near = On(omega, Eq(-space.laplace(u) - k2 * u, -1e-3 * sin(pi * x) * sin(pi * y)))
    found = report(near, On(walls, Eq(u, 0)), exact={u: sin(pi * x) * sin(pi * y)})
    assert found["status"] == "ok"
    error = found["fields"]["u"]
    assert error["exact"]["rel_l2"] < 1e-6


def test_data_that_no_solution_meets_are_named():
    gauge = On(omega, Eq(omega.mean(u), 0))
    found = report(On(omega, Eq(-(1 + x) * space.laplace(u), 1)), On(walls, Eq(space.dn(u), 0)), gauge)
    assert found["verdict"]["word"] == "unverified"
    assert any("no solution exists" in text or "does not exist" in text for text in found["warnings"])


def search_of(form):
    return Search(Context(form, resolve({}, {}), 0, Clock(None)), linear.fit, "least-squares", Survey.of(form, 0))


@cache
def elbow(corners):
    """The answer on an L-shaped region, its estimate, and the form."""
    region = Region(space, Interval(0, 2) ** 2) - Region(space, Interval(1, 2) ** 2)
    conditions = [On(region, Eq(-space.laplace(u), 1)), On(region.boundary, Eq(u, 0))]
    form = compile_problem(Problem("elbow", unknowns=[u], conditions=conditions))
    candidate = search_of(form).attempt(Global(700, (5.0, 5.0), enrichments=(Corners(),) if corners else ()), "test")
    return form, candidate, estimate(form, candidate, 0)


def test_smooth_features_alone_never_verify_a_re_entrant_corner():
    form, candidate, found = elbow(corners=False)
    truth = elbow(corners=True)[1].state
    points = draw(form, 1000, 5).conditions[0].points
    ours, exact = (field_at(state, 0, points) for state in (candidate.state, truth))
    error = np.linalg.norm(ours - exact) / np.linalg.norm(exact)
    assert error > 0.02
    assert found.differences["u"] < error / 3, "the trap: two solves agree better than either is right"
    assert found.fields["u"] > error / 10, "what both leave unsatisfied shows it"
    assert judged(found, {}, unmet(form, found)).word == "unverified"
    close = {"u": {"rel_l2": 0.04, "estimated_error": 0.03}}
    assert judged(found, close, unmet(form, found)).word != "verified"


def test_with_its_singular_functions_it_is_verified():
    form, _, found = elbow(corners=True)
    assert found.fields["u"] < 1e-4
    assert not unmet(form, found)


def leaning(conditions, sizes):
    """The fields of two second solves, leaning to different sizes, over the size of the first."""
    form = compile_problem(Problem("p", unknowns=[u], conditions=conditions))
    candidate = search_of(form).attempt(Global(300, (4.0, 4.0)), "test")
    points = draw(form, 500, 3).conditions[0].points
    fields = [field_at(state, 0, points) for state in (candidate.again(1, size) for size in sizes)]
    return np.linalg.norm(fields[0] - fields[1]) / np.linalg.norm(fields[0])


def test_leaning_moves_what_is_open_and_nothing_else():
    determined = [On(omega, Eq(-space.laplace(u) + u, exp(x))), On(walls, Eq(u, y))]
    assert leaning(determined, [(), (1.0,)]) < 1e-10
    open_ended = [On(omega, Eq(-space.laplace(u) + u, exp(x))), On(omega.face(y, 0), Eq(u, 0))]
    assert leaning(open_ended, [(1.0,), (30.0,)]) > 0.1


def test_leaning_with_cells_too():
    form = compile_problem(Problem("p", unknowns=[u], conditions=[screened, On(omega.face(x, 0), Eq(u, 0))]))
    search = search_of(form)
    plan = replace(cell_plan(form, search.survey, (uniform(3), uniform(3))), each=220)
    assert plan.varied().width > factorisation.DENSE, "the second solve is to be one by blocks, too"
    found = estimate(form, search.attempt(plan, "test"), 0)
    assert found.open == ("u",)
    assert found.differences["u"] > 0.1


def scores(*residuals, data=1.0, scale=1.0):
    rows = [RowScore(float(np.linalg.norm(r)), float(np.abs(r).max()), data, scale, np.asarray(r)) for r in residuals]
    return Score(tuple(rows), (1.0,))


def test_residuals_are_alike_where_they_are_the_same_but_for_noise():
    rng = np.random.default_rng(0)
    signal, noise = rng.standard_normal((2, 1000)) / np.sqrt(1000)
    (a, b, c), _ = scores(signal, signal + 0.3 * noise, noise).rows, None
    assert alike(a, b)
    assert not alike(a, c)
    first, second = scores(signal, 0.1 * noise), scores(signal + 0.3 * noise, 0.1 * signal)
    assert shared(first, second) == pytest.approx(1.0, abs=0.1)
    assert shared(scores(signal), scores(noise)) == 0


def fabricated(worst=1e-6, score=1e-6, opened=()):
    return Estimate({"u": worst}, scores([score]), scores([score]), {"u": worst}, 0.0, opened)


errors = st.floats(1e-12, 2.0)


@given(errors, errors, st.none() | st.tuples(errors, errors))
def test_verified_means_an_estimate_that_is_good(worst, score, reference):
    gaps = {"u": {"rel_l2": reference[0], "estimated_error": reference[1]}} if reference else {}
    found = judged(fabricated(worst, score), gaps)
    assert found.word != "verified" or weigh(worst, gaps.get("u")).error < GOOD
    doubted = judged(fabricated(worst, score), gaps, doubts=[Finding(Kind.COVERAGE, "something is open", "plausible")])
    assert WORDS.index(doubted.word) <= WORDS.index("plausible")
    assert WORDS.index(doubted.word) <= WORDS.index(found.word)
    assert "something is open" in doubted.because
    assert judged(fabricated(worst, score, ("u",)), gaps).word in ("wrong", "unverified")


def test_equations_that_do_not_hold_lower_the_verdict():
    form = compile_problem(Problem("p", unknowns=[u], conditions=[screened, On(walls, Eq(u, 0))]))
    assert judged(fabricated(), {}).word == "verified"
    for share, lasting, word in ((0.5, False, "plausible"), (2.0, False, "unverified"), (0.5, True, "unverified")):
        left = [Unmet(form.rows[0], 0.5, share, 1.0, lasting)]
        assert judged(fabricated(), {}, left).word == word
        assert "leaves a residual of 0.5, where its data are 1" in judged(fabricated(), {}, left).because


def test_small_data_need_not_be_met_beside_large_ones():
    form = compile_problem(Problem("p", unknowns=[u], conditions=[screened, On(walls, Eq(u, 1))]))
    small, large = scores([1e-6], data=1e-6).rows, scores([1e-6], data=1.0).rows
    both = Score((*small, *large), (1.0,))
    assert unmet(form, Estimate({"u": 1e-6}, both, None, {}, 0.0, ())) == []
    missed = Score((*small, *scores([0.5], data=1.0).rows), (1.0,))
    assert [left.row for left in unmet(form, Estimate({"u": 1.0}, missed, None, {}, 0.0, ()))] == [form.rows[1]]


def test_a_march_that_stopped_says_until_when():
    form = compile_problem(Problem("p", unknowns=[u], conditions=[screened, On(walls, Eq(u, 1))]))
    stopped = Candidate(None, 1.0, 1.0, 1.0, "newton", "windows", until=0.0625)
    error = failure(form, stopped, fabricated())
    assert "0.0625" in error.what
    assert error.exit_code == 4


def test_a_point_is_gauge_enough():
    slopes = [On(omega, Eq(-space.laplace(u), cos(pi * x))), On(walls, Eq(space.dn(u), 0))]
    found = report(*slopes, On(Region(space, FiniteSet((0, 0))), Eq(u, 0)))
    assert found["verdict"]["word"] == "verified"
    assert found["warnings"] == []


def test_no_principle_proves_what_loses_a_flux():
    """A disc that conducts otherwise: the residual vanishes at all points, and the maximum principle bounds by it."""
    a = Piecewise((20, (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.0625), (1, True))
    problem = Problem("p", [u], [On(omega, Eq(space.div(a * space.grad(u)), 0)), On(walls, Eq(u, x))])
    found = solve(problem, method="least-squares", budget=8, reference="none").report
    assert found["verdict"]["word"] == "unverified"
    assert found["fields"]["u"]["estimated_error"] > 0.1
