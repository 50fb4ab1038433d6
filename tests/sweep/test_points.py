"""The points of a sweep, from what the command line says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inrpde.errors import UsageError
from inrpde.sweep.points import LONGEST, MOST, Point, spanned, values


def test_a_range_is_two_ends_and_a_count():
    assert values("k", "5:50:10") == ("5", "10", "15", "20", "25", "30", "35", "40", "45", "50")
    assert values("k", "1:0:3") == ("1", "0.5", "0")
    assert values("k", "1e-3,2:4:3") == ("1e-3", "2", "3", "4")


def test_what_is_no_range_of_numbers_is_a_value():
    assert values("file", "a.msh,b.msh") == ("a.msh", "b.msh")
    assert values("when", "noon:later") == ("noon:later",)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2, 40))
def test_a_range_has_both_ends_and_equal_steps(first, last, count):
    if abs(last - first) < 1e-3:
        return
    found = [float(text) for text in values("k", f"{first!r}:{last!r}:{count}")]
    size = max(abs(first), abs(last))
    assert len(found) == count
    assert found == pytest.approx([first + (last - first) * k / (count - 1) for k in range(count)], abs=1e-11 * size)


def test_the_last_parameter_runs_fastest():
    points = spanned([("k", "1,2"), ("a", "3,4")])
    assert [point.name for point in points] == ["k=1,a=3", "k=1,a=4", "k=2,a=3", "k=2,a=4"]


def test_names_of_points_are_names_of_files_and_never_the_same():
    told = ["a/b", "a_b", "../x", "x" * 300, "x" * 299, "ü", "a b"]
    names = [Point({"file": text}).name for text in told]
    assert len(set(names)) == len(told)
    assert all("/" not in name and len(name) <= LONGEST + 9 for name in names)


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        ([], "needs values", "--param k=5:50:10"),
        ([("k", "1"), ("k", "2")], "given twice", "--param k=1,2"),
        ([("k", "1,,2")], "is empty", "--param k=1,2"),
        ([("k", "1:2")], "START:STOP:COUNT", "5:50:10"),
        ([("k", "1:2:1")], "START:STOP:COUNT", "5:50:10"),
        ([("k", "1:2:2.5")], "START:STOP:COUNT", "5:50:10"),
        ([("k", "1:1:3")], "START:STOP:COUNT", "5:50:10"),
        ([("k", "3,1:3:3")], "k = 3 is given twice", "once"),
        ([("k", f"0:1:{MOST + 1}")], "at most", "fewer"),
        ([("k", "0:1:1000"), ("a", "0:1:1000")], "1,000,000 points", "fewer"),
    ],
)
def test_what_spans_nothing_is_told_how(given, what, fix):
    with pytest.raises(UsageError) as caught:
        spanned(given)
    assert what in caught.value.what
    assert fix in caught.value.fix
