"""The result of a verification, laid out."""

from inrpde.planted.result import Check, Verification


def made(*holds):
    checks = tuple(Check(f"c{k}", each, "because", ({"n": k, "of": "it", "e": 1e-7},)) for k, each in enumerate(holds))
    return Verification("p", 0, {"u": "x"}, checks, (), {"c": 1.0})


def test_all_that_was_tried_has_to_hold_and_something_to_be_tried():
    assert made(True, None).holds
    assert not made(True, False).holds
    assert not made(None, None).holds
    assert "nothing could be tried" in str(made(None))
    assert made(None).as_dict()["status"] == made(False).as_dict()["status"] == "refuted"


def test_rows_are_a_table():
    lines = str(made(False)).splitlines()
    assert lines[0] == "p: what does not hold: c0 (1.0 s)"
    assert lines[-2:] == ["  n  of        e", "  0  it  1.0e-07"]


def test_cells():
    check = Check("c", True, "b", ({"v": None, "w": False, "x": 2.0, "y": float("inf")},))
    assert str(check).splitlines()[-1].split() == ["-", "NO", "2", "inf"]
