"""Problems that are samples alone: every sample is met, and what lies between them is smooth."""

import numpy as np
import pytest
from sympy import Eq, Interval

import inrpde
from inrpde import On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.solvers import fine


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


class TestWhen:
    def test_few_samples_and_equations_are_left_to_the_search(self):
        space = Space("x y")
        u = space.unknown("u")
        points = pixels(64, 64)
        many = Points(space, points, {"f": points[:, 0]})
        few = Points(space, points[:100], {"f": points[:100, 0]})
        omega = Region(space, Interval(0, 1) ** 2)
        fits = On(many, Eq(u, many["f"]))
        for conditions, expected in [
            ([fits], True),
            ([On(few, Eq(u, few["f"]))], False),
            ([fits, On(omega, Eq(space.laplace(u), 0))], False),
            ([On(many, Eq(u**3, many["f"]))], False),
            ([On(many, Eq(u, many["f"]), norm=1)], False),
        ]:
            assert fine.serves(compile_problem(Problem("p", [u], conditions))) is expected

    def test_how_many_samples_there_are_along_each_coordinate(self):
        np.testing.assert_allclose(fine.resolution(pixels(40, 30)), [40, 30])
        tenth = pixels(40, 30)[::10]
        assert pytest.approx(np.prod(fine.resolution(tenth))) == 120
        scattered = np.random.default_rng(2).uniform(0, 1, (900, 2))
        np.testing.assert_allclose(fine.resolution(scattered), [30, 30])
