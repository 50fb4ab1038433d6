"""What a plan's enrichments add beside its features, and take the place of."""

from dataclasses import dataclass

import numpy as np
import pytest
from sympy import Interval

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.networks.trial import Constant
from inrpde.solvers.bodies.enrichment import Enrichment
from inrpde.solvers.bodies.plan import Cells, Global, make_trials

space = Space("x")
(x,) = space.coords
u, omega = space.unknown("u"), Region(space, Interval(0, 1))
AT = np.linspace(0, 1, 20)[:, None]
PLANS = [Global(30, (4.0,)), Cells(((0.0, 0.5, 1.0),), 30, (4.0,))]


@dataclass(frozen=True)
class Beside(Enrichment):
    def beside(self, form, unknown, rng):
        return [Constant(), Constant()]


@dataclass(frozen=True)
class Within(Enrichment):
    def within(self, form, unknown):
        return lambda width, box, rng: (Constant(),) * (width // 3)


def columns(plan, *enrichments):
    form = compile_problem(Problem("p", [u], [On(omega, u.diff(x, 2) - 1), On(omega.boundary, u)]))
    (trial,) = make_trials(form, plan.enriched(*enrichments), 0)
    return trial.jets(AT, [(0,)])[0,]


@pytest.mark.parametrize("plan", PLANS, ids=["one domain", "cells"])
def test_by_default_it_gives_nothing(plan):
    np.testing.assert_array_equal(columns(plan, Enrichment()), columns(plan))


@pytest.mark.parametrize("plan", PLANS, ids=["one domain", "cells"])
def test_what_lies_beside_is_added_once_to_the_whole_body(plan):
    found = columns(plan, Beside())
    np.testing.assert_array_equal(found[:, :2], 1)
    np.testing.assert_array_equal(found[:, 2:], columns(plan))


@pytest.mark.parametrize(("plan", "boxes"), [(PLANS[0], 1), (PLANS[1], 2)], ids=["one domain", "cells"])
def test_what_lies_within_takes_the_place_of_features_in_every_box(plan, boxes):
    found = columns(plan, Within())
    assert found.shape == columns(plan).shape
    flat = [k for k in range(found.shape[1]) if set(np.round(found[:, k], 12)) <= {0.0, 1.0}]
    if boxes == 1:
        assert len(flat) == plan.width // 3
    else:  # under their windows they are ten columns that are the same, and two windows sum to one
        total = sum(np.unique(found.round(12), axis=1, return_counts=True)[1] == plan.each // 3)
        assert total == boxes
