"""Two stored fields: the error is the true one, with and without interpolation."""

from dataclasses import replace

import numpy as np
import pytest

from inrpde.errors import OutputError
from inrpde.export import Dataset
from inrpde.verification.evidence.compare import compare


def grid(function, counts, ends=((0, 2), (0, 1), (0, 3)), time=None, **more):
    axes = [np.linspace(*end, count) for end, count in zip(ends, counts, strict=False)]
    coords = (*"xyz"[: len(counts) - bool(time)], *([time] if time else []))
    return Dataset("grid", coords, {"u": function(*np.meshgrid(*axes, indexing="ij"))}, time, axes=axes, **more)


def smooth(x, y):
    return np.sin(3 * x) * np.cos(2 * y)


def test_a_field_with_itself_is_zero():
    stored = grid(smooth, (9, 7))
    assert compare(stored, stored) == {"u": {"rel_l2": 0.0, "max": 0.0, "nodes": 63, "interpolated": False}}


def test_the_error_on_the_same_grid_is_exact():
    truth, wrong = grid(smooth, (9, 7)), grid(lambda x, y: 1.5 * smooth(x, y), (9, 7))
    error = compare(wrong, truth)["u"]
    assert error["rel_l2"] == pytest.approx(0.5)
    assert error["max"] == pytest.approx(0.5 * np.abs(truth.fields["u"]).max())


def test_the_second_is_the_one_that_is_measured_against():
    two, one = grid(lambda x, y: 2 + 0 * x, (3, 3)), grid(lambda x, y: 1 + 0 * x, (3, 3))
    assert compare(two, one)["u"]["rel_l2"] == 1
    assert compare(one, two)["u"]["rel_l2"] == 0.5
    zero = grid(lambda x, y: 0 * x, (3, 3))
    assert compare(one, zero)["u"]["rel_l2"] == 1
    assert compare(zero, zero)["u"]["rel_l2"] == 0


def test_interpolation_from_grid_to_grid_is_of_fourth_order():
    fine = grid(smooth, (150, 150))
    errors = [compare(fine, grid(smooth, (count, count)))["u"]["max"] for count in (11, 21, 41)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (orders > 3.4).all(), errors
    assert errors[-1] < 1e-4


def test_polynomials_come_through_exactly():
    def cubic(x, y):
        return x**3 * y - 2 * y**3 + 1

    error = compare(grid(cubic, (13, 9)), grid(cubic, (6, 5)))["u"]
    assert error["max"] < 1e-12
    assert error["interpolated"]
    assert error["nodes"] == 13 * 9


def test_complex_fields():
    waves = [grid(lambda x, y: np.exp(2j * x + 1j * y), counts) for counts in ((40, 30), (90, 80))]
    assert 0 < compare(*waves)["u"]["rel_l2"] < 1e-5
    shifted = replace(waves[0], fields={"u": 1j * waves[0].fields["u"]})
    assert compare(shifted, waves[0])["u"]["rel_l2"] == pytest.approx(np.sqrt(2))


def test_what_is_outside_either_is_left_out():
    stored = grid(smooth, (9, 7))
    mask = np.ones((9, 7), bool)
    mask[:4] = False
    spoilt = np.where(mask, stored.fields["u"], 1e6)
    masked = replace(stored, mask=mask, fields={"u": spoilt})
    assert compare(masked, stored)["u"]["nodes"] == 35
    assert compare(masked, stored)["u"]["max"] == 0
    assert compare(stored, masked)["u"]["max"] == 0
    half = grid(smooth, (41, 41), ends=((0, 1), (0, 1)))
    error = compare(stored, half)["u"]
    assert error["nodes"] == 5 * 7
    assert error["max"] < 1e-4


def test_a_masked_field_is_interpolated_linearly_where_it_is_known():
    def plane(x, y):
        return 1 + 2 * x - y

    coarse = grid(plane, (9, 9))
    x, y = np.meshgrid(*coarse.axes, indexing="ij")
    holed = replace(coarse, mask=np.hypot(x - 1, y - 0.5) > 0.3)
    error = compare(grid(plane, (33, 33)), holed)["u"]
    assert error["max"] < 1e-12
    assert 33 * 33 / 2 < error["nodes"] < 33 * 33


def test_time_is_interpolated_like_any_axis():
    def moving(x, t):
        return np.sin(x - t)

    error = compare(grid(moving, (31, 11), time="t"), grid(moving, (61, 41), time="t"))["u"]
    assert error["nodes"] == 31 * 11
    assert error["max"] < 1e-5


def test_flat_axes_agree_or_do_not_meet():
    cut = grid(lambda x, y: x, (9, 1), ends=((0, 2), (0.5, 0.5)))
    assert compare(cut, grid(lambda x, y: x + y, (17, 11)))["u"]["max"] == pytest.approx(0.5)
    assert compare(grid(lambda x, y: x + 0 * y, (17, 11)), cut)["u"]["nodes"] == 17
    with pytest.raises(OutputError, match="no node"):
        compare(cut, grid(lambda x, y: x, (9, 1), ends=((0, 2), (0.7, 0.7))))


def cloud(function, count, seed, dimension=2, times=None):
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * dimension)).reshape(dimension, -1).T
    points = np.concatenate([corners, np.random.default_rng(seed).random((count, dimension))])
    columns = points.T if times is None else (*points.T[:, :, None], np.asarray(times)[None, :])
    coords = ("x", "y", "z", "a")[:dimension] + (() if times is None else ("t",))
    time = None if times is None else "t"
    return Dataset("points", coords, {"u": function(*columns)}, time, points=points, times=times)


@pytest.mark.parametrize("times", [None, [0.0, 0.5, 1.0]])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_points_and_grids_in_any_pairing(times, dimension):
    def plane(*columns):
        return sum((number + 1) * column for number, column in enumerate(columns)) + 2

    points, others = cloud(plane, 60, 1, dimension, times), cloud(plane, 50, 2, dimension, times)
    time = None if times is None else "t"
    on_grid = grid(plane, [5] * (dimension + bool(times)), ends=[(0, 1)] * 4, time=time)
    for first, second in [(points, on_grid), (on_grid, points), (points, others)]:
        error = compare(first, second)["u"]
        assert error["max"] < 1e-11
        assert error["interpolated"]
        assert error["nodes"] == first.fields["u"].size
    assert not compare(points, points)["u"]["interpolated"]


def test_times_between_and_beyond():
    one = cloud(lambda x, y, t: x + t, 30, 1, times=[0.25, 0.5, 3.0])
    error = compare(one, cloud(lambda x, y, t: x + t, 30, 1, times=[0.0, 1.0]))["u"]
    assert error["max"] < 1e-12
    assert error["nodes"] == 2 * 34


def test_only_unknowns_are_compared():
    stored = grid(smooth, (5, 5))
    both = replace(stored, fields=stored.fields | {"u_reference": stored.fields["u"], "v": stored.fields["u"]})
    assert list(compare(both, both)) == ["u", "v"]
    assert list(compare(both, stored)) == ["u"]


def test_what_cannot_be_compared_is_said():
    stored = grid(smooth, (5, 5))
    with pytest.raises(OutputError, match=r"\(x, y\) and \(x\)"):
        compare(stored, grid(np.sin, (5,)))
    with pytest.raises(OutputError, match="no field is in both: u in the one, w in the other"):
        compare(stored, replace(stored, fields={"w": stored.fields["u"]}))
    with pytest.raises(OutputError, match="no node in common"):
        compare(stored, grid(smooth, (5, 5), ends=((5, 6), (0, 1))))
    with pytest.raises(OutputError, match="4 dimensions"):
        compare(cloud(lambda *c: c[0], 20, 1, 4), cloud(lambda *c: c[0], 20, 2, 4))
