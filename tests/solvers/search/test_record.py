"""A ladder that is resumed: nothing is solved twice, and it ends where it would have ended."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Eq, Interval, exp, pi, sin

from inrpde import On, Problem, Region, Space, config
from inrpde.checkpoint import packed, unpacked
from inrpde.compiler import compile_problem
from inrpde.discretise.state import State
from inrpde.solvers import loop
from inrpde.solvers.bodies.plan import Cells, Global
from inrpde.solvers.contract.method import Candidate, Clock, Context
from inrpde.solvers.fitting import linear
from inrpde.solvers.fitting import newton as newton_fit
from inrpde.solvers.loop import run
from inrpde.solvers.marching.march import March, Steps, Trail
from inrpde.solvers.search.record import Attempt, Record
from inrpde.solvers.search.search import Search
from inrpde.solvers.search.survey import Survey
from inrpde.solvers.strategies import windows
from tests.solvers.turns import climb

line, timed = Space("x"), Space("x", time="t")
(x,) = line.coords
X, t = timed.coords
u, h = line.unknown("u"), timed.unknown("h")
omega, strip = Region(line, Interval(0, 1)), Region(timed, Interval(0, 1) * Interval(0, 0.2))
LAYER = Problem("layer", [u], [On(omega, Eq(-u.diff(x, 2) / 3000 + (1 + x) * u, 1)), On(omega.boundary, u)])
BENT = Problem("bent", [u], [On(omega, Eq(u.diff(x, 2) / 400, exp(u) - 1 - x)), On(omega.boundary, u)])
FRONT = Problem("front", [h], [
    On(strip, timed.dt(h) - h.diff(X, 2) / 100 - 5 * h * (1 - h)),
    On(strip.boundary, h), On(strip.initial, h - sin(pi * X)),
])  # fmt: skip


def context(problem, **more):
    settings = config.resolve({}, {})
    return Context(compile_problem(problem), settings, 0, Clock(None), **more)


def counted(fit, solved):
    def counting(form, plan, *rest, **more):
        solved.append(str(plan))
        return fit(form, plan, *rest, **more)

    return counting


def same(form, one, other):
    at = np.random.default_rng(3).uniform(0, 0.2, (50, form.space.dim))
    index = (0,) * form.space.dim
    return np.array_equal(one.jets(0, at, [index])[index], other.jets(0, at, [index])[index])


CASES = {"linear": (LAYER, linear.fit, "least-squares"), "nonlinear": (BENT, newton_fit.fit, "newton")}


@pytest.mark.parametrize(("problem", "fit", "method"), CASES.values(), ids=CASES)
def test_a_resumed_ladder_solves_only_what_is_left_and_ends_the_same(problem, fit, method):
    def climbed(context, solved):
        def seen(context):
            for candidate in climb(context, counted(fit, solved), method):
                candidates.append(candidate)
                yield candidate

        candidates: list[Candidate] = []
        return run(seen, context), candidates

    solved: list[str] = []
    whole, candidates = climbed(begun := context(problem), solved)
    assert len(candidates) > 3
    for stopped in (len(candidates) // 2, len(candidates) - 1):
        memory = unpacked(*packed(candidates[stopped].memory))
        rest: list[str] = []
        resumed, again = climbed(replace(begun, memory=memory), rest)
        assert rest == solved[len(solved) - len(rest) :]
        assert bool(rest) == (stopped < len(candidates) - 1)
        assert [candidate.settled for candidate in again[: stopped + 1]] == [True] * stopped + [False]
        assert same(begun.form, resumed.best.state, whole.best.state)
        assert [step["reason"] for step in resumed.steps] == [step["reason"] for step in whole.steps]
        assert [step["score"] for step in resumed.steps] == [step["score"] for step in whole.steps]


def test_a_resumed_march_is_not_made_again(monkeypatch):
    monkeypatch.setattr(windows, "AIMS", (3e-2,))
    solved: list[str] = []

    def marches(begun):
        record, fit = Record.recalled("newton", None, begun.memory), counted(newton_fit.fit, solved)
        return list(windows.steps(Search(begun, fit, "newton", Survey.of(begun.form, begun.seed), record=record)))

    begun = context(FRONT)
    (once,) = marches(begun)
    solved.clear()
    (again,) = marches(replace(begun, memory=unpacked(*packed(once.memory))))
    assert not solved
    assert again.score == once.score
    assert same(begun.form, again.state, once.state)


def test_a_march_that_was_stopped_goes_on_after_its_last_finished_window(monkeypatch):
    monkeypatch.setattr(windows, "AIMS", (3e-2,))
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
    solved: list[str] = []
    saved: list = []

    def marched(begun):
        record, fit = Record.recalled("newton", None, begun.memory), counted(newton_fit.fit, solved)
        yield from windows.steps(Search(begun, fit, "newton", Survey.of(begun.form, begun.seed), record=record))

    whole = run(marched, context(FRONT), save=lambda memory: saved.append(packed(memory)))
    every = solved.copy()
    *halfway, _ = saved
    finished = [len(unpacked(*each)["begun"]["part"]["states"]) for each in halfway]
    assert finished == list(range(1, len(finished) + 1))
    assert len(finished) > 3
    solved.clear()
    resumed = run(marched, context(FRONT, memory=unpacked(*halfway[-3])))
    assert 2 <= len(solved) < len(every) - len(finished) + 3
    assert solved == every[len(every) - len(solved) :]
    assert resumed.steps[0]["score"] == whole.steps[0]["score"]
    assert same(context(FRONT).form, resumed.best.state, whole.best.state)


def test_what_a_march_has_finished_is_kept_until_it_is_come_to():
    march = March(Cells(((0.0, 1.0), (0.0, 1.0)), 50, (3.0, 2.0), span=(0.0, 0.125)), 1e-4, 3.0)
    trail = Steps(context(FRONT).form, march, 0, None).trail
    record = Record.recalled("newton", None, unpacked(*packed(Record("newton").memory(march, trail.memory))))
    record = Record.recalled("newton", None, record.memory())
    assert record.part(replace(march, aim=1e-5)) is None
    assert record.settled
    found = Trail.recalled(record.part(march))
    assert (found.pace, found.span, found.aim) == (trail.pace, trail.span, 1e-4)
    assert Trail.recalled(unpacked(*packed(replace(trail, stuck=True).memory()))).stuck
    assert record.part(march) is None
    assert not record.settled


def test_a_run_that_is_stopped_again_keeps_what_it_has_not_come_to_yet():
    begun = context(LAYER)
    memory = list(climb(begun, linear.fit, "least-squares"))[4].memory
    first = next(climb(replace(begun, memory=memory), linear.fit, "least-squares"))
    kept, stored = ([each["plan"] for each in memory["attempts"]] for memory in (first.memory, memory))
    assert kept == stored


def test_the_record_of_another_method_is_not_taken():
    memory = next(climb(context(LAYER), linear.fit, "least-squares")).memory
    solved: list[str] = []
    next(climb(context(LAYER, memory=memory), counted(newton_fit.fit, solved), "newton"))
    assert len(solved) == 1


PLAN = Global(20, (3.0,))
STATE = State((), ())


def recorded(*attempts, tol=None):
    memory = Record("newton", tol, made=list(attempts)).memory()
    return Record.recalled("newton", None, memory)


def test_an_outcome_is_taken_once():
    record = recorded(Attempt(PLAN.key, 0.5, 0.1, 1.0, 0.9, None, STATE))
    assert record.taken(Global(21, (3.0,)), None) is None
    found = record.taken(PLAN, None)
    assert (found.score, found.fitted, found.cost) == (0.5, 0.1, 1.0)
    assert record.taken(PLAN, None) is None


def test_an_outcome_whose_state_is_needed_but_was_not_kept_is_no_use():
    record = recorded(Attempt(PLAN.key, 0.5, 0.1, 1.0, 0.9))
    better = Candidate(STATE, 0.4, 0.4, 1.0, "newton", "first")
    assert record.taken(PLAN, replace(better, score=0.6)) is None
    assert record.taken(PLAN, better).score == 0.5


def test_a_resumed_run_knows_until_when_its_march_went(monkeypatch):
    monkeypatch.setattr(Search, "_values", lambda self, state: [])
    begun, march = context(FRONT), March(Cells(((0.0, 1.0), (0.0, 1.0)), 50, (3.0, 2.0), span=(0.0, 0.1)), 1e-4, 3.0)
    for until in (0.125, None):
        record = recorded(Attempt(march.key, 0.5, 0.1, 1.0, 0.9, until, STATE))
        search = Search(begun, newton_fit.fit, "newton", Survey.of(begun.form, 0), record=record)
        assert search.attempt(march, "windows").until == until


def test_with_another_tolerance_nothing_is_settled():
    attempts = [Attempt(PLAN.key, 0.5, 0.1, 1.0, 0.9)]
    assert recorded(*attempts).settled
    assert not recorded(*attempts, tol=1e-3).settled


def test_marches_are_the_same_whatever_they_may_cost():
    inner = Cells(((0.0, 1.0), (0.0, 1.0)), 50, (3.0, 2.0), span=(0.0, 0.125))
    march = March(inner, 1e-4, 3.0, 0.1)
    assert march.key == replace(march, allowance=5.0).key
    assert march.key != replace(march, aim=1e-5).key
    assert inner.key != replace(inner, each=51).key
