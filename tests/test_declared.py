"""A file keeps what its problem declares, so that the page can show it without the problem file."""

import numpy as np
from sympy import Eq, Interval, Matrix, Symbol

from inrpde import On, Problem, Region, Space, declared
from inrpde.export.symbols import parse
from inrpde.loader import Source
from tests.export.report.samples import problem

HEAT, WALL, TIE, START, READ = declared.conditions(problem())


def test_equations_come_back_as_they_were_declared():
    space = problem().space
    x, _, t = space.coords
    u = space.unknown("u")
    assert parse(START["rows"][0]) == Eq(u, x)
    heat = parse(HEAT["rows"][0])
    assert heat.lhs == u.diff(t)
    assert str(heat.rhs).count("Derivative(a(x, y, t)*Derivative") == 2  # the coefficient has its name, not its value
    assert [each["on"] for each in (HEAT, WALL, START)] == ["omega", "omega.face(x, 0)", "omega.initial"]
    assert TIE["rows"] == []
    assert TIE["periodic"] == ["u", "y"]


def test_points_lie_where_the_conditions_hold():
    assert (WALL["points"][:, 0] == 0).all()
    assert (START["points"][:, 2] == 0).all()
    assert HEAT["points"].shape == (declared.SHOWN, 3)
    assert np.ptp(HEAT["points"], axis=0).min() > 0.9
    assert [each["dim"] for each in (HEAT, WALL, READ)] == [3, 2, 0]


def test_readings_are_kept_by_their_unknown_and_told_apart_from_it():
    assert READ["points"].tolist() == [[0.5, 1.0, 0.5], [0.2, 0.3, 1.0]]
    assert READ["readings"]["u"].tolist() == [0.4, 0.1]
    assert parse(READ["rows"][0]).rhs == Symbol("u_read", real=True)
    assert HEAT["readings"] == {}


def test_a_system_has_a_row_for_each_entry():
    space = Space("x")
    u, v = space.unknowns("u v")
    rod = Region(space, Interval(0, 1))
    conditions = [On(rod, Eq(Matrix([u, v]), Matrix([1, 2]))), On(rod, Matrix([u, v])), On(rod, u - 1), On(rod, u >= 0)]
    rows = [[parse(row) for row in told["rows"]] for told in declared.conditions(Problem("s", [u, v], conditions))]
    assert rows == [[Eq(u, 1), Eq(v, 2)], [Eq(u, 0), Eq(v, 0)], [Eq(u - 1, 0)], [u >= 0]]


def test_the_command_names_what_was_asked_for_and_nothing_else(tmp_path):
    source = Source(tmp_path / "heat.py", "problem", "", "", {"k": 2}, {}, "heat.py:hot wall")
    asked = {"method": "auto", "seed": 0, "budget": 20.0, "tol": None, "settings": {"solver.width": 64}}
    told = declared.command(source, **asked, grid=(65, 33), times=(0.0, 0.5))
    assert told == (
        "inrpde solve 'heat.py:hot wall' --param k=2 --set solver.width=64 --budget 20 --grid 65x33 --times 0,0.5"
    )
    assert declared.command(None, **asked) == "inrpde.solve(problem, budget=20.0, settings={'solver.width': 64})"
