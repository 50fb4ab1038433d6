"""A budget holds for every stage: whatever goes on for ever is ended, and the best answer comes out, and why."""

import itertools
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sympy import Eq, Interval, sin

import inrpde
from inrpde import On, Points, Problem, Region, Space, config, deadline, pipeline
from inrpde.compiler import compile_problem
from inrpde.references import finite_difference
from inrpde.solvers import auto, floor, least_squares
from inrpde.solvers.contract.method import Clock, Context
from inrpde.verification import balance, validate
from inrpde.verification.estimate import FEWEST, MOST, estimate

BUDGET = 3.0
PATIENT = 30.0
"""A machine that does many other things may take so long; what is not ended goes on for ever."""


def problem(n=1):
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    square = Region(space, Interval(0, 1) ** 2)
    return Problem(
        "slow", unknowns=[u],
        conditions=[On(square, Eq(-space.laplace(u), sin(n * x) + y)), On(square.boundary, Eq(u, 0))],
    )  # fmt: skip


def endless(*args, **options):
    for _ in itertools.count():
        deadline.turn()


def solve(**options):
    start = time.perf_counter()
    solution = inrpde.solve(problem(), budget=BUDGET, settings={"solver.width": 60}, **options)
    assert time.perf_counter() - start < PATIENT
    return solution


def test_a_search_that_does_not_end_is_ended_with_the_best_so_far(monkeypatch):
    def method(context):
        yield from least_squares.solve(context)
        endless()

    monkeypatch.setattr(auto, "solve", method)
    solution = solve()
    assert solution.report["ended"] == "the budget was spent"
    assert solution.report["status"] == "ok"
    assert solution.report["fields"]["u"]["estimated_error"] < 1


def test_where_the_budget_ends_before_an_answer_a_coarse_one_is_made_and_written(monkeypatch, tmp_path):
    def method(context):
        context.keep(lambda: {"windows": 3})
        endless()
        yield

    monkeypatch.setattr(auto, "solve", method)
    output = tmp_path / "slow.h5"
    report = pipeline.run(problem(), budget=BUDGET, reference="none", output=output).report
    assert report["ended"].startswith("the budget was spent, before the method had an answer")
    assert any("coarse" in warning and "--budget" in warning for warning in report["warnings"])
    assert report["verdict"]["word"] in ("plausible", "unverified")
    assert report["steps"][-1]["kept"]
    point = np.array([[0.5, 0.5]])
    known = inrpde.reference(problem(), n=64)(point)["u"][0]
    assert inrpde.load(output)(point)["u"][0] == pytest.approx(known, rel=0.1)
    assert Path(f"{output}.checkpoint").exists()  # from what the method has kept it can go on


def test_where_that_fails_too_the_message_names_the_budget(monkeypatch):
    def method(context):
        endless()
        yield

    monkeypatch.setattr(auto, "solve", method)
    monkeypatch.setattr(floor, "_fitted", endless)
    with pytest.raises(inrpde.errors.DivergedError, match="time ended") as caught:
        inrpde.solve(problem(), budget=0.5)
    assert "--budget" in str(caught.value)


def test_scores_of_the_checks_look_at_what_a_budget_allows():
    space = Space("x")
    u = space.unknown("u")
    at = np.linspace(0, 1, 3 * MOST)[:, None]
    points = Points(space, at, {"value": at[:, 0]})
    form = compile_problem(Problem("line", unknowns=[u], conditions=[On(points, Eq(u, points["value"]))]))
    found = replace(floor.coarse(Context(form, config.resolve({}, {}), 0, Clock(BUDGET))), again=None)
    whole, short = estimate(form, found, 0), estimate(form, found, 0, scoring=1e-9)
    assert (whole.most, short.most) == (MOST, FEWEST)
    assert [len(each.first.rows[0].scaled) for each in (whole, short)] == [MOST, FEWEST]
    assert Clock(None).scoring == np.inf
    assert 0 < Clock(60.0).scoring < 60 / 10


def test_a_second_solve_that_does_not_end_is_none_and_the_verdict_says_so(monkeypatch):
    monkeypatch.setattr("inrpde.verification.estimate._second", endless)
    report = solve(reference="none").report
    assert "no time for it" in report["verdict"]["because"]
    assert report["verdict"]["word"] != "verified"
    estimate = report["fields"]["u"]["estimate"]
    times = np.clip(estimate.pop("amplification") or 10, 1, 10)
    assert report["fields"]["u"]["estimated_error"] == pytest.approx(times * report["residual"]["held_out"], rel=3)
    assert estimate.pop("held_out") > 0
    assert estimate.pop("bound") > 0
    assert estimate == {"second": None, "difference": None, "shared": None}


def test_a_reference_that_does_not_end_is_none(monkeypatch):
    monkeypatch.setattr(finite_difference, "solve", endless)
    report = solve().report
    assert report["fields"]["u"]["reference"] is None
    assert any("did not end in its time" in warning for warning in report["warnings"])


def test_checks_that_do_not_end_are_left_and_bound_the_verdict(monkeypatch):
    monkeypatch.setattr(validate, "unbalanced", endless)
    report = solve(reference="none").report
    assert any("checks of the declaration did not end" in warning for warning in report["warnings"])
    assert report["verdict"]["word"] in ("plausible", "unverified")


def test_fluxes_of_many_regions_are_balanced_with_the_conditions_at_hand_alone():
    space = Space("x y")
    x, y = space.coords
    regions = {(i, j): Region(space, Interval(i, i + 1) * Interval(j, j + 1)) for i in range(3) for j in range(3)}
    unknowns = {key: space.unknown(f"u{key[0]}{key[1]}", on=region) for key, region in regions.items()}
    conditions = [On(region, Eq(-space.laplace(unknowns[key]), 1)) for key, region in regions.items()]
    for i, j in itertools.product(range(2), range(3)):
        conditions.append(On(regions[i, j].face(x, i + 1), Eq(unknowns[i, j], unknowns[i + 1, j])))
        conditions.append(On(regions[j, i].face(y, i + 1), Eq(unknowns[j, i], unknowns[j, i + 1])))
    form = compile_problem(Problem("blocks", unknowns=list(unknowns.values()), conditions=conditions))
    q = inrpde.sampling.sample(regions[1, 1].boundary, 400, 0)
    row = next(row for row in form.rows if row.region is regions[1, 1])
    walls = balance._met(balance._walls(form), row.region, q.points)
    groups = list(balance._groups(walls, q.points))
    assert sorted(np.concatenate([rows for rows, _ in groups])) == list(range(len(q)))
    assert all(len(held) <= 2 for _, held in groups)


def test_a_signal_does_not_wait_for_a_long_call():
    code = (
        "import time\nfrom inrpde.cli.signals import interruptible\nfrom inrpde.deadline import patiently\nimport os\n"
        "try:\n    with interruptible():\n        print('ready', flush=True)\n        patiently(time.sleep, 60)\n"
        "except KeyboardInterrupt as stop:\n    os._exit(stop.exit_code)\n"
    )
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "ready\n"
    start = time.perf_counter()
    os.kill(running.pid, signal.SIGINT)
    assert running.wait(timeout=PATIENT) == 130
    assert time.perf_counter() - start < PATIENT / 2
