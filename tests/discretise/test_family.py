"""A table is exact for polynomials and converges for smooth functions; members solve its least squares, and their
slopes are their derivatives."""

import numpy as np
import pytest

from inrpde.discretise.family import Family, Table, between, nodes, solve
from inrpde.errors import UsageError
from inrpde.networks.combined import Combined
from inrpde.networks.siren import SineBody

LO, HI = np.array([1.0]), np.array([3.0])
LO2, HI2 = np.array([1.0, -1.0]), np.array([3.0, 1.0])
RNG = np.random.default_rng(0)
PARTS = RNG.standard_normal((3, 12, 5))


def rows(values):
    """A polynomial in the first parameter, of degree 2."""
    return PARTS[0] + values[0] * PARTS[1] + values[0] ** 2 * PARTS[2]


def smooth(values):
    return PARTS[0] + np.exp(np.sum(values)) * PARTS[1] + np.sin(2 * values[0]) * PARTS[2]


def table(function, lo, hi, level):
    at = nodes(lo, hi, level)
    return Table.through(lo, hi, at, [function(each) for each in at])


@pytest.mark.parametrize(("lo", "hi"), [(LO, HI), (LO2, HI2)])
def test_a_polynomial_is_met_exactly_by_as_many_terms(lo, hi):
    made = table(rows, lo, hi, 1)
    assert len(made.terms) == 3
    for values in between(lo, hi, 9, 1):
        assert np.allclose(made.at(values), rows(values), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("lo", "hi", "levels"), [(LO, HI, (0, 1, 2)), (LO2, HI2, (1, 4, 9))])
def test_a_smooth_function_is_met_faster_and_faster(lo, hi, levels):
    wrong = []
    for level in levels:
        made = table(smooth, lo, hi, level)
        wrong.append(max(np.abs(made.at(v) - smooth(v)).max() for v in between(lo, hi, 20, 1)))
    assert wrong[1] < 0.05 * wrong[0]
    assert wrong[2] < 0.05 * wrong[1]
    assert wrong[2] < 1e-4


def test_nodes_of_a_level_hold_those_of_the_levels_before():
    for lo, hi in ((LO, HI), (LO2, HI2)):
        for level in range(3):
            here, after = nodes(lo, hi, level), nodes(lo, hi, level + 1)
            assert all(np.isclose(after, each, atol=1e-14).all(axis=1).any() for each in here)
            assert np.all((after >= lo) & (after <= hi))


def test_fewer_rows_give_the_same_least_squares():
    tall = np.concatenate([PARTS, RNG.standard_normal((3, 40, 5))], axis=1)
    made = Table(LO, HI, np.arange(3)[:, None], tall, 2)
    small = made.compressed()
    assert small.terms.shape[1] == 15
    for values in between(LO, HI, 5, 0):
        a, b = made.at(values), small.at(values)
        assert np.allclose(a.T @ a, b.T @ b)
        assert np.allclose(solve(a)[0], solve(b)[0])


def test_what_is_left_and_what_amplifies_it_make_a_head_doubtful():
    exact = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 2.0], [0.0, 0.0, 0.0]])

    def solved(rows):
        return Table(LO, HI, np.zeros((1, 1), int), rows[None], 4).solved(np.array([1.5]))

    assert solved(exact)[1] == pytest.approx(0.0, abs=1e-14)
    off = exact.copy()
    off[2, 2] = 0.1
    head, doubt = solved(off)
    assert np.allclose(head, [1, 2])
    assert doubt == pytest.approx(0.1 / np.sqrt(5))
    off[1, 1], off[1, 2] = 1e-3, 2e-3
    assert solved(off)[1] == pytest.approx(100 / np.sqrt(5))


def test_so_do_terms_that_a_table_may_lack():
    def jumps(values):
        return PARTS[0] + (values[0] > 2.2) * PARTS[1]

    square = slice(0, 4)  # as many rows as columns: nothing is left
    smooth_one, broken = (table(lambda v, f=f: f(v)[square], LO, HI, 3) for f in (rows, jumps))
    assert smooth_one.solved(np.array([2.1]))[1] < 1e-10
    assert broken.solved(np.array([2.15]))[1] > 1e-2


def test_terms_that_cancel_at_a_value_are_doubted_there_too():
    def singular(values):
        return PARTS[0] + np.sqrt(values[0] - 1) * PARTS[1]

    square = slice(0, 4)
    made = table(lambda v: singular(v)[square], LO, HI, 4)
    doubts = np.array([made.solved(values)[1] for values in between(LO, HI, 200, 0)])
    errors = [
        np.linalg.norm(made.solved(values)[0] - solve(singular(values)[square])[0])
        / np.linalg.norm(made.solved(values)[0])
        for values in between(LO, HI, 200, 0)
    ]
    assert np.max(np.array(errors) / doubts) < 10 * np.median(np.array(errors) / doubts)


def family(function, lo=LO, hi=HI, level=3):
    body = SineBody.random(20, 3.0, (np.zeros(1), np.ones(1)), np.random.default_rng(1))
    names = ("k", "a")[: len(lo)]
    weights = np.random.default_rng(2).standard_normal((20, 4))
    return Family(names, table(function, lo, hi, level), {"u": Combined(body, weights)}, {"u": 1e-3}, {"u": 1e-2})


@pytest.mark.parametrize(("lo", "hi", "name"), [(LO, HI, "k"), (LO2, HI2, "k"), (LO2, HI2, "a")])
def test_slopes_are_the_derivatives_of_heads_with_all_that_is_left(lo, hi, name):
    made, step = family(smooth, lo, hi, 6 if len(lo) > 1 else 3), 1e-5
    values = lo + 0.3 * (hi - lo)
    move = step * (np.array(made.names) == name)
    differences = (made.head(values + move) - made.head(values - move)) / (2 * step)
    assert solve(made.table.at(values))[1] > 0.01  # rows that do not hold
    assert np.allclose(made.slope(values, name), differences, rtol=1e-5, atol=1e-7)


def test_values_that_are_not_given_are_in_the_middle_and_others_within_the_range():
    made = family(rows, LO2, HI2, 1)
    assert np.allclose(made.within({"a": 0.5}, "here"), [2.0, 0.5])
    with pytest.raises(UsageError, match="no parameter 'q'"):
        made.within({"q": 1}, "here")
    for wrong in (4, -2, "1", float("nan")):
        with pytest.raises(UsageError, match="not in the range that was solved"):
            made.within({"a": wrong}, "here")


def test_it_is_stored():
    made = family(smooth)
    again = Family.loaded(made.dumped())
    values = np.array([1.7])
    assert np.array_equal(again.head(values), made.head(values))
    assert again.names == made.names
    assert (again.estimates, again.ratios) == (made.estimates, made.ratios)


def test_where_data_vanish_a_member_does_though_sums_leave_rounding():
    part = np.column_stack([np.eye(3), [0.3, 0.7, 0.11]])

    def scaled(values):
        return part * [1, 1, 1, values[0] - 2.2]

    made = table(scaled, LO, HI, 1)
    head, doubt = made.solved(np.array([2.2]))
    assert not np.any(head)
    assert doubt == 0
    assert np.allclose(made.solved(np.array([2.2 + 1e-6]))[0], 1e-6 * part[:, 3], rtol=1e-6)
