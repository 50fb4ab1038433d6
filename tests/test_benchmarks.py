"""The baselines of benchmarks/ converge as the well-made ones of their kind do, and the tables say who is fastest."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skfem")
pytest.importorskip("gmsh")
sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

import chebyshev
import classical
import cut_lines
import divergence
import elements
import five_point
import fourth_order
import scaling
import wavenumbers
from classical import HOLES, Row
from squares import SQUARES


def order(errors: list[float]) -> float:
    """Of convergence, from grids twice as fine each."""
    return float(np.log2(errors[-2] / errors[-1]))


@pytest.mark.parametrize("name", SQUARES)
@pytest.mark.parametrize("method", [chebyshev, fourth_order], ids=["chebyshev", "fourth_order"])
def test_methods_of_high_order(name, method):
    p = SQUARES[name]
    if method is chebyshev:
        assert chebyshev.solve(p, 24)[0] < 1e-10
    else:
        assert 3.8 < order([fourth_order.solve(p, n)[0] for n in (32, 64)]) < 4.5


@pytest.mark.parametrize("name", SQUARES)
def test_five_points_are_of_second_order(name):
    p = SQUARES[name]
    errors = [five_point.solve(p.a, p.shift, p.source, p.exact, n, p.no_flux)[0] for n in (32, 64)]
    assert 1.8 < order(errors) < 2.2


@pytest.mark.parametrize("name", SQUARES)
@pytest.mark.parametrize("degree", [2, 4])
def test_elements_on_squares_are_of_their_degree_plus_one(name, degree):
    errors = [elements.solve(SQUARES[name], degree, n)[0] for n in (8, 16)]
    assert degree + 0.7 < order(errors) < degree + 1.6


@pytest.fixture(scope="module")
def holes() -> classical.Holes:
    return classical.Holes(0.08)


def test_elements_with_round_holes_lose_none_of_their_order(holes):
    assert order([holes.elements(2, n)[0] for n in (4, 8)]) > 2.4
    assert order([holes.elements(4, n)[0] for n in (4, 8)]) > 3.8
    assert holes.doubt < 1e-6


def test_curved_triangles_have_the_area_of_the_region():
    made = elements.Elements(HOLES, 4, 0.15)
    area = 6 - np.pi * sum(radius**2 for _, _, radius, _ in HOLES.discs)
    assert made.basis.dx.sum() == pytest.approx(area, rel=1e-7)


@pytest.mark.parametrize(("accuracy", "least", "error"), [(2, 1.6, 1e-3), (4, 3.3, 1e-5)])
def test_differences_with_round_holes(holes, accuracy, least, error):
    errors = [holes.differences(accuracy, n)[0] for n in (24, 48)]
    assert order(errors) > least
    assert errors[-1] < error


def test_given_values_are_met_where_grid_lines_cross_the_boundary():
    at, values = cut_lines.crossings(HOLES, 0, 0.8)
    assert at == pytest.approx([0, 0.35, 1.25, 3])
    assert list(values) == [0, 1, 1, 0]


def test_elements_with_an_impedance_boundary():
    assert 4.5 < order([wavenumbers.elements(10.0, n)[0] for n in (6, 12)]) < 5.7


@pytest.mark.parametrize("name", ["inclusion", "layers", "plate with hole"])
def test_elements_of_degree_4_in_divergence_form(name):
    race = divergence.RACES[name]()
    truth = divergence.Truth(race.case)
    errors = [truth.theirs(race.case, race.elements(n, 0, 4)) for n in (1, 2)]
    assert errors[-1] < 1e-5
    assert order(errors) > 3


def test_graded_elements_at_a_corner_and_where_four_materials_meet():
    for name, levels, least in (("L", 10, 2e-5), ("blocks", 20, 1e-2)):
        race = divergence.RACES[name]()
        truth = divergence.Truth(race.case)
        plain, fine = (truth.theirs(race.case, race.elements(0, k, 4)) for k in (0, levels))
        assert fine < min(least, plain / 5)


@pytest.mark.slow
def test_what_a_race_measures():
    race = divergence.Race("elbow", divergence.RACES["L"]().elements, (4,), (2,))
    rows = list(classical.raced("L", race, 1.0, 0))
    assert [row.side for row in rows[:4]] == ["inrpde"] * 4
    assert rows[4].side == "elements, P2"
    assert rows[-1].error < rows[4].error < 1e-2


def test_the_table_has_the_fastest_of_those_that_reach_a_level():
    rows = [
        Row("p", "a", 8, 1e-2, 0.1), Row("p", "a", 16, 1e-4, 2.0), Row("p", "a", 32, 1e-5, 1.0),
        Row("p", "b", 8, 1e-7, 3.0),
    ]  # fmt: skip
    _, _, *lines = classical.table(rows)
    assert lines == [
        "| p | 1e-03 | 1 s | 3 s | a |",
        "| p | 1e-06 | – | 3 s | b |",
        "| p | 1e-09 | – | – | – |",
    ]


def test_scaling():
    assert scaling.exponent([1, 2, 4, 8], [9.0, 1.0, 4.0, 16.0]) == pytest.approx(2)
    assert list(scaling.frontier([(3, 1e-3), (1, 1e-1), (2, 0.5), (4, 1e-3)])) == [(1, 1e-1), (3, 1e-3)]
    plans = [plan(sizes[0]) for sizes, plan in scaling.sweeps(200, 6).values()]
    assert all(spent > 0 for spent in scaling.seconds("helmholtz_plane", plans))


def test_the_picture_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    row = {"problem": "p", "side": "a", "size": 8, "error": 1e-2, "seconds": 0.1}
    scaling.draw_pareto([row, {**row, "error": 1e-3, "seconds": 1.0}], tmp_path / "pareto.png")
    assert (tmp_path / "pareto.png").read_bytes().startswith(b"\x89PNG")
