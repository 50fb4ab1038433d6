"""Numbers that a problem asks for: integrals of the answer, each with an error of its own."""

import json

import numpy as np
import pytest
from sympy import Eq, Interval, Symbol, exp, pi, sin, sqrt

import inrpde
from inrpde import On, Problem, Region, Space
from inrpde.cli import render
from inrpde.errors import ProblemError

space = Space("x y")
x, y = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1) ** 2)
HAT = sin(pi * x) * sin(pi * y)
CONDITIONS = [On(omega, Eq(-space.laplace(u), 2 * pi**2 * HAT)), On(omega.boundary, Eq(u, 0))]


def solved(*asked, conditions=CONDITIONS, **more):
    return inrpde.solve(Problem("hat", unknowns=[u], conditions=conditions, report=asked), **more).report


def test_values_lie_within_their_errors():
    wall = omega.face(x, 0)
    asked = [omega.integral(u), wall.integral(space.dn(u)), sqrt(omega.mean(u**2)), omega.boundary.integral(u) + 1]
    found = solved(*asked, reference="none")["report"]
    for row, truth in zip(found, [4 / np.pi**2, -2.0, 0.5, 1.0], strict=True):
        assert abs(row["value"] - truth) <= max(10 * row["estimated_error"], 1e-12)
        assert row["estimated_error"] < 1e-9
        assert row["reference"] is None
    assert found[1]["expression"] == "face x = 0 of [0, 1]×[0, 1].integral(n_x*u_x + n_y*u_y)"


def test_the_reference_says_its_value_too(tmp_path):
    report = solved(omega.integral(u))
    (row,) = report["report"]
    assert row["reference"] == pytest.approx(4 / np.pi**2, rel=1e-3)
    assert "= 0.405285 ± " in render.solution(report)
    json.dumps(render.plain(report))


def test_a_rough_answer_has_a_rough_number():
    steep = exp(-400 * ((x - 0.3) ** 2 + (y - 0.6) ** 2))
    source = -space.laplace(steep).doit()
    conditions = [On(omega, Eq(-space.laplace(u), source)), On(omega.boundary, Eq(u, steep))]
    truth = np.pi / 400
    report = inrpde.solve(
        Problem("steep", unknowns=[u], conditions=conditions, report=[omega.integral(u)]),
        method="least-squares", settings={"solver.width": 300, "solver.band": 20}, reference="none",
    ).report  # fmt: skip
    (row,) = report["report"]
    error = abs(row["value"] - truth)
    assert error > 1e-7, "a test of nothing"
    assert error / 30 < row["estimated_error"] < 1000 * error


def test_what_is_left_open_has_an_error_as_large_as_itself():
    (row,) = solved(omega.integral(u), conditions=[CONDITIONS[0], On(omega.face(x, 0), Eq(u, 0))], budget=5)["report"]
    assert row["estimated_error"] >= abs(row["value"])


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (u, "u is no number of the solution"),
        (Symbol("k") * omega.integral(u), "the symbol k is unknown"),
        (x * omega.integral(u), "x varies from place to place"),
        (omega.integral(space.dn(u)), "a normal (dn or space.normal) inside a region"),
        (omega.integral(Space("x y").unknown("w")), "never bound"),
        (3, "is no number of the solution"),
    ],
)
def test_what_is_no_number_is_refused(asked, what):
    with pytest.raises(ProblemError) as caught:
        Problem("hat", unknowns=[u], conditions=CONDITIONS, report=[asked])
    assert what in caught.value.what
    assert "report=[" in caught.value.where


def test_one_expression_needs_no_list():
    assert Problem("hat", unknowns=[u], conditions=CONDITIONS, report=omega.mean(u)).report == (omega.mean(u),)
