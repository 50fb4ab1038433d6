"""The arm on one domain: its first plan, how bands are tuned, and when features are added."""

import numpy as np
from sympy import Interval

from inrpde import On, Problem, Region, Space
from inrpde.solvers.fitting import linear
from inrpde.solvers.strategies.one_domain import wavy_plan
from tests.solvers.turns import beam, climb, context, search

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
square = Region(plane, Interval(0, 1) ** 2)


def test_more_features_are_for_the_plan_that_is_best():
    plans = []

    def fit(form, plan, *rest, **more):
        plans.append(plan)
        return linear.fit(form, plan, *rest, **more)

    reasons, scores = [], []
    for candidate in climb(context(beam()), fit, "test"):
        reasons.append(candidate.reason.split(":")[0])
        scores.append(candidate.score)
    (k,) = [k for k, reason in enumerate(reasons) if reason == "more features"]
    best = plans[int(np.argmin(scores[:k]))]
    assert plans[k].reach == best.reach
    assert plans[k].width == round(1.7 * best.width)
    assert max(plan.width for plan in plans[:k]) > best.width, "others, of other bands, were wider"


def test_exponentials_are_not_fewer_than_their_frequencies_ask_for():
    ringing = Problem("ringing", [u], [On(square, plane.laplace(u) + 60**2 * u - x), On(square.boundary, u)])
    made = search(ringing)
    some, more = wavy_plan(made), wavy_plan(made, 4.0)
    assert more.width - some.width > 2.5 * some.width * some.waves.share, "they fill a curve: as many as its length"
    assert wavy_plan(made, 30.0) is None
