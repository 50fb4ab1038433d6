"""An answer, its estimate and its verdict do not depend on units and offsets."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from inrpde import config
from inrpde.compiler import compile_problem
from inrpde.discretise.fields import deviation, field_points
from inrpde.discretise.state import field_at
from inrpde.solvers import auto
from inrpde.solvers.contract.method import Clock, Context
from inrpde.solvers.loop import run
from inrpde.verification.checks.validate import validate
from inrpde.verification.evidence.estimate import Estimate, estimate
from inrpde.verification.evidence.thresholds import CEILING, FLOOR
from inrpde.verification.evidence.unmet import unmet
from tests.invariance.units import ALL, Units
from tests.verification.judging import judged

CHANGES = {
    "small and fast": Units(s=1e-9, r=1e-9, b=1e12),
    "large and slow": Units(s=1e12, r=1e9, b=1e-9),
    "far apart": Units(s=1e9, r=1e-9),
    "a little beside": Units(c=3.0),
    "kelvins": Units(s=1e-3, c=300.0),
    "hardly varying": Units(r=1e6, b=1e6, c=1e5),
}
OFTEN = ("small and fast", "a little beside", "kelvins", "hardly varying")
"""Changes that are tried always: small numbers, and every kind of offset."""
WIDTHS = {1: 40, 2: 150}
"""Features, so few that estimates are above rounding where they can be."""


@dataclass(frozen=True)
class Told:
    """What is said of an answer, and its fields without units at points that are the same in all."""

    estimated: Estimate
    word: str
    fields: list[np.ndarray]

    def of_variation(self, name):
        """The estimate relative to what a field varies by, at least what rounding makes of it."""
        return max(
            min(self.estimated.fields[name] * self.estimated.spread[name], CEILING), FLOOR * self.estimated.spread[name]
        )


@cache
def told(name, units=Units()):  # noqa: B008, it is frozen
    form = compile_problem(ALL[name](units))
    settings = config.resolve({}, {"solver.width": WIDTHS[form.space.dim]})
    best = run(auto.solve, Context(form, settings, 0, Clock(None))).best
    estimated = estimate(form, best, 0)
    word = judged(estimated, {}, unmet(form, estimated), validate(form)).word
    fields = []
    for k in range(len(form.unknowns)):
        values = field_at(best.state, k, field_points(form, k, 300, 5))
        fields.append(values / units.b - units.c)
    return Told(estimated, word, fields)


@pytest.mark.parametrize(
    "change", [pytest.param(each, marks=[] if each in OFTEN else pytest.mark.slow) for each in CHANGES]
)
@pytest.mark.parametrize("name", ALL)
def test_units_and_offsets_change_nothing(name, change):
    plain, other = told(name), told(name, CHANGES[change])
    assert other.word == plain.word
    for k, unknown in enumerate(plain.estimated.fields):
        here, there = plain.of_variation(unknown), other.of_variation(unknown)
        least = FLOOR * max(told.estimated.spread[unknown] for told in (plain, other))
        assert max(here, least) / 2 <= max(there, least) <= 2 * max(here, least)
        gap = np.sqrt(np.mean(np.abs(plain.fields[k] - other.fields[k]) ** 2)) / deviation(plain.fields[k])
        assert gap <= 3 * (here + there), "the answer is the same"


def test_an_estimate_says_how_much_of_an_offset_is_rounding():
    assert told("transport", Units(c=1e6)).of_variation("u") > 1e-7
