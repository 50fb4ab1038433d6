"""Problems of many samples: every sample is met, and what lies between them is smooth, or what priors say."""

import numpy as np
import pytest
from sympy import Eq, I, Interval, Matrix, sqrt

import inrpde
from inrpde import On, Points, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.solvers import auto
from inrpde.solvers.contract.strategy import Role
from inrpde.solvers.strategies import cells, one_domain, refinement, sample_fit, training


def pixels(n, m):
    x, y = np.meshgrid((np.arange(n) + 0.5) / n, (np.arange(m) + 0.5) / m, indexing="ij")
    return np.column_stack([x.ravel(), y.ravel()])


def picture(points, ripples=12):
    """A smooth shape with an edge and fine ripples, in [0, 1]; and its gradient."""
    x, y = points.T
    edge = np.tanh(30 * (x - 0.4))
    wave = np.sin(2 * np.pi * ripples * (x + 0.7 * y))
    slope = 0.2 * np.pi * ripples * np.cos(2 * np.pi * ripples * (x + 0.7 * y))
    value = 0.5 + 0.3 * edge * y + 0.1 * wave
    return value, np.column_stack([9 * (1 - edge**2) * y + slope, 0.3 * edge + 0.7 * slope])


def values_on(points, values):
    space = Space("x y")
    u = space.unknown("u")
    samples = Points(space, points, {"f": values})
    return Problem("picture", [u], [On(samples, Eq(u, samples["f"]))])


@pytest.fixture(scope="module")
def fitted():
    points = pixels(72, 60)
    return points, inrpde.solve(values_on(points, picture(points)[0]), reference="none")


class TestValues:
    def test_the_method_is_chosen_by_auto(self, fitted):
        _, solution = fitted
        assert solution.report["method"] == "least-squares"
        assert "features a sample" in solution.report["steps"][0]["reason"]

    def test_every_sample_is_met(self, fitted):
        points, solution = fitted
        error = solution(points)["u"] - picture(points)[0]
        assert -20 * np.log10(np.sqrt(np.mean(error**2))) > 55

    def test_between_the_samples_the_field_and_its_slopes_follow(self, fitted):
        _, solution = fitted
        inside = np.random.default_rng(0).uniform(0.1, 0.9, (500, 2))
        value, gradient = picture(inside)
        jets = solution.fields["u"].jets(inside, [(0, 0), (1, 0), (0, 1)])
        assert np.sqrt(np.mean((jets[0, 0] - value) ** 2)) < 0.01
        slopes = np.column_stack([jets[1, 0], jets[0, 1]])
        assert np.corrcoef(slopes.ravel(), gradient.ravel())[0, 1] > 0.98

    def test_a_stored_solution_comes_back_the_same(self, fitted, tmp_path):
        points, solution = fitted
        solution.save(tmp_path / "picture.h5")
        assert (tmp_path / "picture.h5").stat().st_size < 3e6
        np.testing.assert_array_equal(inrpde.load(tmp_path / "picture.h5")(points)["u"], solution(points)["u"])


def test_slopes_give_the_values_up_to_a_constant():
    """Coarser cells carry what adds up over distances: without them the error is ten times as large."""
    points = pixels(64, 64)
    value, gradient = picture(points, ripples=6)
    space = Space("x y")
    u = space.unknown("u")
    samples = Points(space, points, {"g": gradient})
    problem = Problem("slopes", [u], [On(samples, Eq(space.grad(u), samples["g"]))])
    error = inrpde.solve(problem, reference="none")(points)["u"] - value
    assert np.std(error) < 2e-3


def test_a_signal_of_one_coordinate():
    time = np.arange(6000) / 8000
    noise = np.random.default_rng(1).standard_normal(6000)
    signal = np.sin(900 * time) * np.exp(-3 * time) + 0.05 * noise
    space = Space("s")
    u = space.unknown("u")
    samples = Points(space, time, {"f": signal})
    found = inrpde.solve(Problem("signal", [u], [On(samples, Eq(u, samples["f"]))]), reference="none")(time)["u"]
    assert 10 * np.log10(np.mean(signal**2) / np.mean((found - signal) ** 2)) > 30


NODES = pixels(60, 60)
plane, line = Space("x y"), Space("t")
x, y = plane.coords
u, v = plane.unknowns("u v")
omega = Region(plane, Interval(0, 1) ** 2)


def hills(at):
    return np.sin(9 * at[:, 0] + np.cos(7 * at[:, 1])) + 0.3 * np.cos(25 * at[:, 0] * at[:, 1])


def error(solution, at, expected, name="u"):
    return np.linalg.norm(solution(at)[name] - expected) / np.linalg.norm(expected)


def solved(*conditions, unknowns=(u,), **options):
    return inrpde.solve(Problem("p", unknowns, conditions), reference="none", **options)


class TestBeside:
    """Several fields, other arithmetic, absolute values, and what holds between the samples."""

    def test_several_fields_at_once(self):
        values = np.column_stack([hills(NODES), NODES[:, 0]])
        samples = Points(plane, NODES, {"colour": values})
        found = solved(On(samples, Eq(Matrix([u, v]), samples["colour"])), unknowns=(u, v))
        assert error(found, NODES, values[:, 0]) < 1e-3
        assert error(found, NODES, values[:, 1], "v") < 1e-3

    def test_complex_values(self):
        at = np.linspace(0, 1, 4000)
        w = line.unknown("w", complex=True)
        readings = Points(line, at, {"seen": np.exp(70j * at)})
        found = solved(On(readings, Eq(I * w, I * readings["seen"])), unknowns=(w,))
        assert error(found, at[:, None], np.exp(70j * at), "w") < 1e-4

    def test_absolute_values_pass_over_outliers(self):
        at = np.linspace(0, 1, 500)
        clean = np.sin(5 * at)
        seen = clean + 3 * (np.random.default_rng(1).permutation(len(at)) < 50)
        w = line.unknown("w")
        readings = Points(line, at, {"seen": seen})
        smooth = On(Region(line, Interval(0, 1)), w.diff(line.coords[0], 2), weight=0.9)
        squares, absolute = (
            solved(On(readings, Eq(w, readings["seen"]), weight=1e-4, norm=norm), smooth, unknowns=(w,))
            for norm in (2, 1)
        )
        assert error(absolute, at[:, None], clean, "w") < 0.05 * error(squares, at[:, None], clean, "w")

    def test_a_prior_fills_in_and_is_not_held_against_the_answer(self):
        """Little bending between few samples; its residual is no error, and no edge of the region lacks a condition."""
        some = NODES[np.random.default_rng(3).permutation(len(NODES))[:900]]
        few = Points(plane, some, {"f": hills(some)})
        bending = Matrix([u.diff(x, 2), sqrt(2) * u.diff(x, y), u.diff(y, 2)])
        found = solved(On(few, Eq(u, few["f"])), On(omega, bending, weight=0.01))
        assert error(found, NODES, hills(NODES)) < 0.02
        report = found.report
        assert report["warnings"] == []
        assert report["conditions"][1]["rms"] > 1
        assert report["residual"]["held_out"] < 0.02
        assert report["verdict"]["word"] == "plausible"
        assert "priors" in report["verdict"]["because"]
        assert 0.1 < report["fields"]["u"]["estimated_error"] / error(found, NODES, hills(NODES)) < 10

    def test_the_second_solve_has_not_seen_all_samples(self):
        noise = np.random.default_rng(2).standard_normal(len(NODES))
        samples = Points(plane, NODES, {"f": noise})
        found = solved(On(samples, Eq(u, samples["f"])))
        assert found.report["residual"]["fitted"] < 0.1
        assert found.report["fields"]["u"]["estimated_error"] > 0.3


class TestWhen:
    def test_many_samples_of_a_linear_form(self):
        many, few = (Points(plane, at, {"f": hills(at)}) for at in (pixels(90, 90), pixels(64, 64)[::10]))
        fits, fits_few = (On(points, Eq(u, points["f"])) for points in (many, few))
        smooth = On(omega, plane.laplace(u), weight=1e-3)
        for conditions, expected in [
            ([fits], sample_fit),
            ([On(many, Eq(u, many["f"]), norm=1)], sample_fit),
            ([fits, On(omega, plane.laplace(u))], sample_fit),
            ([fits_few, smooth], sample_fit),
            ([fits_few], None),
            ([fits_few, On(omega, plane.laplace(u))], None),
            ([On(many, Eq(u**3, many["f"]))], training),
        ]:
            form = compile_problem(Problem("p", [u], conditions))
            choice = auto.chosen(form, config.resolve({}, {}))
            assert choice.of(Role.ALONE) == ([] if expected is None else [expected])
            assert choice.of(Role.IN_TURN) == ([one_domain, cells] if expected is None else [])
            assert choice.of(Role.LAST) == ([refinement] if expected is None else [])

    def test_a_budget_buys_features_and_iterations(self):
        samples = Points(plane, pixels(90, 90), {"f": hills(pixels(90, 90))})
        form = compile_problem(Problem("p", [u], [On(samples, Eq(u, samples["f"]))]))
        plans = [sample_fit.affordable(form, seconds) for seconds in (0.5, 1.5, 100.0)]
        assert [plan.features for plan in plans] == sorted(plan.features for plan in plans)
        assert plans[0].features < plans[2].features
        assert plans[1].iterations < plans[2].iterations == sample_fit.MOST
        assert all(p.seconds(p.iterations) <= s for p, s in zip(plans, (0.5, 1.5, 100.0), strict=True))
