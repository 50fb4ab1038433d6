"""What a reference says of its own error holds, and it says where it does not know."""

import sys
from pathlib import Path

import numpy as np
import pytest

from inrpde.compiler import bind
from inrpde.references import fem, finite_difference, method_of_lines, reference
from inrpde.references.factors import Factors
from inrpde.references.reference import from_levels, trust

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from zoo import PROBLEMS


@pytest.mark.parametrize(
    ("before", "latest", "order", "error", "sound"),
    [
        (4e-2, 1e-2, 2.0, 1e-2 / 3, True),
        (8e-2, 1e-2, 3.0, 2e-2 / 3, True),
        (2e-2, 1e-2, 1.0, 1e-2, True),
        (1e-14, 1e-4, -33.2, 3e-4, False),
        (1e-2, 1e-2, 0.0, 3e-2, False),
        (1.28, 1e-2, 7.0, 1e-2, False),
        (1e-2, 0.0, 2.0, 1e-13, False),
        (1e-13, 1e-14, 2.0, 1e-13, True),
    ],
)
def test_an_order_that_makes_no_sense_is_no_evidence(before, latest, order, error, sound):
    found = trust(before, latest, ratio=2, nominal=2, noise=1e-13)
    assert (found.order, found.error) == (pytest.approx(order, abs=0.05), pytest.approx(error))
    assert found.sound is sound
    assert (found.doubt("u") is None) is sound


def sampled(function, sizes=(8, 16, 32)):
    axis = np.linspace(0, 1, sizes[-1] + 1)
    levels = [{"u": function(np.linspace(0, 1, n + 1), 1 / n)} for n in sizes]
    return from_levels("made", [axis], levels)


def test_it_is_data_and_a_word():
    found = sampled(lambda x, h: 1 + x + (h < 0.04) * x)
    assert found.sound == {"u": False}
    assert any("makes no sense" in warning for warning in found.warnings)


@pytest.mark.parametrize(("size", "sound"), [(1.0, False), (1e-3, True)])
def test_grids_that_show_nothing_of_one_unknown_show_nothing_of_the_others(size, sound):
    axis, shapes = np.linspace(0, 1, 33), [np.linspace(0, 1, n + 1) for n in (8, 16, 32)]
    levels = [{"u": 1 + size * (-1) ** k * x, "q": 1 + x / 4**k} for k, x in enumerate(shapes)]
    found = from_levels("made", [axis], levels)
    assert found.sound == {"u": False, "q": sound}
    assert (found.estimated_error["q"] >= 0.3) is not sound


def test_extrapolated_values_have_an_error_of_their_own():
    found = sampled(lambda x, h: 1 + x + h**2 * np.sin(3 * x) + h**4 * np.cos(x))
    axis = found.coarse_axes[0]
    error = np.sqrt(np.mean((found.extrapolated["u"] - 1 - axis) ** 2) / np.mean((1 + axis) ** 2))
    assert error < 1e-5
    assert error <= found.extrapolated_error["u"] <= 10 * error
    assert found.estimated_error["u"] > 30 * found.extrapolated_error["u"]


def test_values_that_are_not_extrapolated_have_the_error_of_the_finest():
    found = sampled(lambda x, h: 1 + x + h * np.sin(3 * x))
    assert found.extrapolated_error == found.estimated_error


@pytest.mark.parametrize(("n", "cells"), [(None, 8000), (400, 400)])
def test_where_orders_make_no_sense_finer_grids_are_tried(monkeypatch, n, cells):
    monkeypatch.setattr(reference, "LEAST_ORDER", 3.0)
    found = finite_difference.solve(bind(PROBLEMS["airy"]()), n)
    assert len(found.axes[0]) - 1 == cells


def test_errors_count_by_the_measure_of_cells():
    knots = [np.concatenate([np.linspace(0, 1e-6, n), np.linspace(1e-6, 1, n + 1)[1:]]) for n in (8, 16, 32)]
    axis = np.concatenate([np.linspace(0, 1e-6, 33), np.linspace(1e-6, 1, 33)[1:]])
    steps = (4, 2, 1)
    levels = [{"u": 1 + axis[::step] + (axis[::step] < 1e-6) * step**2} for step in steps]
    assert len(knots[-1]) == len(axis) - 1
    assert from_levels("made", [axis], levels).estimated_error["u"] < 2e-3


def test_rounding_grows_with_the_condition():
    from scipy.sparse import csr_array

    n = 400
    second = np.diag(np.full(n, 2.0)) - np.diag(np.ones(n - 1), 1) - np.diag(np.ones(n - 1), -1)
    plain, stiff = Factors(csr_array(np.eye(n))), Factors(csr_array(second))
    solution = np.sin(np.linspace(0, np.pi, n + 2)[1:-1])
    assert plain.rounding(solution) < 1e-15
    assert 1e-14 < stiff.rounding(solution) < 1e-10


SMALL = {
    finite_difference: {
        "poisson": 64,
        "layers": 64,
        "clamped": 64,
        "airy": 400,
        "bratu": 64,
        "elbow": 64,
        "stokes": 32,
    },
    method_of_lines: {"heat": 64, "burgers": 128},
    fem: {"annulus": None},
}
LARGE = {
    finite_difference: {
        "waves20": 256, "darcy": 64, "convection": 128, "runge": 64, "gauge": 64, "cube": 16, "holes": 64, "ball": 16,
    },
    method_of_lines: {"string": 128, "heat2": 32, "transport": 256},
    fem: {"holes": None},
}  # fmt: skip


def cases(of, *marks):
    return [pytest.param(module, *each, marks=marks) for module, names in of.items() for each in names.items()]


@pytest.mark.parametrize(("module", "name", "n"), [*cases(SMALL), *cases(LARGE, pytest.mark.slow)])
def test_estimates_are_calibrated(module, name, n, true_errors):
    problem = PROBLEMS[name]()
    found = module.solve(bind(problem), n)
    for unknown, error in true_errors(problem, found).items():
        assert found.sound[unknown]
        assert 1 / 3 <= found.estimated_error[unknown] / error <= 10
    for unknown, error in true_errors(problem, found, extrapolated=True).items():
        assert found.extrapolated_error[unknown] / error >= 1 / 3
