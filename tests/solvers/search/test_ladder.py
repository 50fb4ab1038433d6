"""The ladder: what the arms share, whose turn it is, and how each goes on from the best that it has."""

from itertools import islice
from types import SimpleNamespace

import pytest
from sympy import Eq, Interval, pi, sin

from inrpde import On, Problem, Region, Space
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Choice, Claim, Role
from inrpde.solvers.fitting import linear
from inrpde.solvers.search import ladder, survey
from tests.solvers.turns import X, beam, climb, context, h, strip, timed

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


# -- what goes before a strategy that runs alone


def heat(waves=1):
    conditions = [
        On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.boundary, h), On(strip.initial, h - sin(waves * pi * X)),
    ]  # fmt: skip
    return Problem("heat", [h], conditions)


def pretended(*scores):
    """An arm that gives candidates of these scores, and keeps a list of those that were asked for."""
    asked = []

    def steps(arm):
        for score in scores:
            asked.append(score)
            arm.tried[len(arm.tried)] = score
            arm.best = SimpleNamespace(score=min(asked))
            yield SimpleNamespace(score=score)

    return SimpleNamespace(NAME="arm", steps=steps, price=lambda search: 0.0, OPTIONS=Nothing), asked


def alone(after="arm"):
    """A strategy that runs alone, and whether it has run."""
    ran = []

    def solve(context):
        ran.append(True)
        yield SimpleNamespace(score=1e-5)

    return SimpleNamespace(NAME="alone", solve=solve, OPTIONS=Nothing), Claim(Role.ALONE, "why", after=after), ran


def chosen(arm, after="arm"):
    strategy, claim, ran = alone(after)
    return Choice(((strategy, claim),), ((arm, "alone solves it alone"),)), ran


@pytest.mark.parametrize(
    ("scores", "given", "follows"),
    [
        ((0.9, 1e-9), [], True),
        ((1e-5, 1e-6, 1e-7), [1e-5, 1e-6, 1e-7], True),
        ((1e-5, 5e-6, 1e-9), [1e-5], True),
        ((1e-5, 1e-9), [1e-5, 1e-9], False),
    ],
    ids=["unresolved", "as long as it gains", "it gains too little", "it is precise"],
)
def test_an_arm_goes_before_as_long_as_it_is_resolved_and_gains(scores, given, follows):
    arm, asked = pretended(*scores)
    choice, ran = chosen(arm)
    found = [each.score for each in ladder.run(context(heat()), choice, linear.fit, "test")]
    assert found == given + [1e-5] * follows
    assert bool(ran) == follows
    assert len(asked) <= len(given) + 1


def test_a_tolerance_that_is_reached_before_ends_it():
    arm, _ = pretended(1e-5)
    choice, ran = chosen(arm)
    assert [each.score for each in ladder.run(context(heat(), tol=1e-4), choice, linear.fit, "test")] == [1e-5]
    assert not ran


@pytest.mark.parametrize(("light", "after"), [(0.0, "arm"), (2200.0, None), (2200.0, "another")])
def test_no_arm_goes_before_where_data_are_not_smooth_or_none_is_named(monkeypatch, light, after):
    monkeypatch.setattr(ladder, "LIGHT", light)
    arm, asked = pretended(1e-9)
    choice, ran = chosen(arm, after)
    assert [each.score for each in ladder.run(context(heat()), choice, linear.fit, "test")] == [1e-5]
    assert ran
    assert not asked


def test_declared_wave_numbers_tell_what_is_smooth(monkeypatch):
    assert ladder.smooth(context(heat()))
    monkeypatch.setattr(ladder, "LIGHT", 0.0)
    assert not ladder.smooth(context(heat()))
