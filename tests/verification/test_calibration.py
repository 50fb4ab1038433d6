"""Estimates are near the true errors, over problems, widths and seeds."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from calibration import Judged, judge
from zoo import PROBLEMS

from inrpde.compiler import compile_problem
from inrpde.config import resolve
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.contract.method import Clock, Context
from inrpde.solvers.fitting import linear, newton
from inrpde.solvers.search.search import Search
from inrpde.solvers.search.survey import Survey
from inrpde.solvers.strategies.one_domain import first_plan

NAMES = [
    "modes", "helmholtz", "waves20", "darcy", "anisotropic", "convection", "layers", "peak", "gauge", "mean", "robin",
    "clamped", "airy", "damped", "stokes", "interface", "ring", "holes", "heat", "string", "transport", "packet",
    "bratu", "burgers",
]  # fmt: skip
WIDTHS = (80, 160, 320)


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    found = []
    for name in NAMES:
        form = compile_problem(PROBLEMS[name]())
        fit = (linear if form.linear else newton).fit
        search = Search(Context(form, resolve({}, {}), 0, Clock(None)), fit, "test", Survey.of(form, 0))
        band = first_plan(search).band
        for width in WIDTHS:
            found += judge(name, form, search.attempt(Global(width, band), "test"), seed=width)
    return found


def test_most_estimates_are_within_a_factor_of_ten(judged):
    ratios = np.array([each.ratio for each in judged])
    assert len(ratios) >= 3 * len(NAMES)
    assert np.mean((ratios >= 0.1) & (ratios <= 10)) >= 0.9, "\n".join(map(str, judged))
    assert 0.5 < np.median(ratios) < 3


def test_errors_of_all_sizes_are_seen(judged):
    true = [each.true for each in judged]
    assert min(true) < 1e-11
    assert max(true) > 1e-2


def test_what_is_wrong_by_more_than_a_tenth_is_not_verified(judged):
    wrong = [each for each in judged if each.true > 0.1]
    assert wrong, "some answers have to be wrong for this to be a test"
    assert not [str(each) for each in wrong if each.word == "verified"]
