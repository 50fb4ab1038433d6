"""The ladder: what the arms share, whose turn it is, and how each goes on from the best that it has."""

from itertools import islice
from types import SimpleNamespace

import pytest
from sympy import Eq, Interval

from inrpde import On, Problem, Region, Space
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.fitting import linear
from inrpde.solvers.search import ladder, survey
from tests.solvers.turns import beam, climb, context

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
square = Region(plane, Interval(0, 1) ** 2)


def layer():
    """-0.02 Δu + u_x = 1 with layers at three sides."""
    equation = Eq(-plane.laplace(u) / 50 + u.diff(x), 1)
    return Problem("layer", [u], [On(square, equation), On(square.boundary, Eq(u, 0))])


def test_what_is_declared_is_looked_at_once(monkeypatch):
    looked = []
    real = survey.sources
    monkeypatch.setattr(survey, "sources", lambda form: looked.append(form) or real(form))
    steps = islice(climb(context(layer()), linear.fit, "test"), 3)
    assert {candidate.reason.split(":")[0] for candidate in steps} > {"first", "cells"}
    assert len(looked) == 1


@pytest.mark.parametrize("best", [1e-2, 1e-6])
def test_what_is_not_resolved_is_not_given_up_before_all_arms_were_tried(best):
    def stuck(found, price=0.0):
        def steps(arm):
            while True:
                arm.tried[len(arm.tried)] = found
                arm.spent += 1.0
                arm.best = type("Answer", (), {"score": found})()
                yield found

        return SimpleNamespace(steps=steps, price=lambda search: price, OPTIONS=Nothing)

    arms = [stuck(best), stuck(best), stuck(best / 2.5, 1e9)]
    found = list(ladder.climb(context(beam()), arms, linear.fit, "test"))
    assert (best / 2.5 in found) == (best > 1e-4)
