"""Unknowns that only samples give: how they are interpolated, and how far that is trusted."""

import numpy as np
import pytest
from sympy import Eq, Interval

from inrpde import solve
from inrpde.declaration import On, Points, Problem, Region, Space

space = Space("x y")
u = space.unknown("u")


def franke(points):
    """The usual test surface of scattered interpolation (Franke 1982)."""
    a, b = 9 * points.T
    hills = 0.75 * np.exp(-((a - 2) ** 2 + (b - 2) ** 2) / 4) + 0.75 * np.exp(-((a + 1) ** 2) / 49 - (b + 1) / 10)
    return hills + 0.5 * np.exp(-((a - 7) ** 2 + (b - 3) ** 2) / 4) - 0.2 * np.exp(-((a - 4) ** 2) - (b - 7) ** 2)


def interpolated(count, noise=0.0):
    rng = np.random.default_rng(1)
    places = rng.random((count, 2))
    points = Points(space, places, {"reading": franke(places) + noise * rng.standard_normal(count)})
    return solve(Problem("samples", unknowns=[u], conditions=[On(points, Eq(u, points["reading"]))]))


@pytest.mark.parametrize(("count", "reached"), [(60, 0.1), (500, 2e-3), (1200, 2e-3)])
def test_the_smoothest_interpolant_and_an_estimate_from_samples_left_out(count, reached):
    found = interpolated(count)
    inner = 0.02 + 0.96 * np.random.default_rng(2).random((2000, 2))
    truth = franke(inner)
    error = np.linalg.norm(found(inner)["u"] - truth) / np.linalg.norm(truth)
    estimated = found.report["fields"]["u"]["estimated_error"]
    assert error < reached
    assert error / 10 < estimated < 10 * error
    assert found.report["verdict"]["word"] == "plausible"
    assert "nothing but samples" in found.report["verdict"]["because"]
    assert found.report["conditions"][0]["rms"] < 1e-9


def test_noise_shows_in_the_estimate():
    assert interpolated(200, noise=0.3).report["fields"]["u"]["estimated_error"] > 0.05


def test_noisy_readings_of_a_harmonic_function_are_not_interpolated():
    omega = Region(space, Interval(0, 1) ** 2)
    rng = np.random.default_rng(4)
    places = rng.random((300, 2))
    truth = np.exp(places[:, 0]) * np.sin(places[:, 1])
    points = Points(space, places, {"reading": truth + 0.02 * rng.standard_normal(300)})
    found = solve(
        Problem("noisy", unknowns=[u], conditions=[On(omega, space.laplace(u)), On(points, Eq(u, points["reading"]))])
    )
    inner = rng.random((1000, 2))
    exact = np.exp(inner[:, 0]) * np.sin(inner[:, 1])
    error = np.linalg.norm(found(inner)["u"] - exact) / np.linalg.norm(exact)
    assert error < 0.03
    assert error / 10 < found.report["fields"]["u"]["estimated_error"] < 10 * error


def test_a_few_readings_do_not_determine_a_harmonic_function():
    omega = Region(space, Interval(0, 1) ** 2)
    places = np.random.default_rng(3).random((8, 2))
    points = Points(space, places, {"reading": np.exp(places[:, 0]) * np.sin(places[:, 1])})
    conditions = [On(omega, space.laplace(u)), On(points, Eq(u, points["reading"]))]
    assert solve(Problem("few", unknowns=[u], conditions=conditions)).report["verdict"]["word"] == "unverified"
