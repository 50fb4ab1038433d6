"""Members that were checked lower the word of the family, and say where."""

import numpy as np
import pytest

from inrpde import members
from inrpde.discretise.family import Family, Table
from inrpde.networks.trial import Constant
from inrpde.solvers.contract.method import Kin
from inrpde.verification.finding import Kind

TABLE = Table(
    np.array([1.0]), np.array([3.0]), np.arange(2)[:, None],
    np.array([[[1.0, 1.0], [0.0, 0.02]], [[0.0, 0.0], [0.0, 0.01]]]), 4,
)  # fmt: skip


def member(k, word, error):
    told = {"verdict": {"word": word, "because": f"so it is at {k}"}}
    return members.Member({"k": k}, None, {**told, "fields": {"u": {"estimated_error": error, "exact": None}}})


def test_members_that_are_plausible_say_nothing():
    assert members.doubts([member(1.0, "plausible", 1e-3), member(2.0, "verified", 1e-5)]) == []


def test_the_worst_member_speaks_for_all_that_are_low():
    (found,) = members.doubts([
        member(1.0, "plausible", 1e-3), member(2.0, "unverified", 0.1), member(2.5, "unverified", 0.4),
    ])  # fmt: skip
    assert (found.kind, found.at_most) == (Kind.FAMILY, "unverified")
    assert found.text == "at k = 2.5 and at 1 more of the 3 members that were checked: so it is at 2.5"
    (found,) = members.doubts([member(2.0, "wrong", 0.1), member(2.5, "unverified", 0.4)])
    assert found.at_most == "wrong"


def test_a_family_has_the_largest_errors_of_its_members_and_over_their_doubts():
    kin = Kin(Family(("k",), TABLE, {"u": Constant()}), (), None)
    shown = {"fields": {"u": {"estimated_error": 1e-3}}}
    found = members.family(kin, shown, [member(1.0, "plausible", 4e-3), member(3.0, "plausible", 2e-3)])
    assert found.estimates == {"u": 4e-3}
    assert found.ratios["u"] == pytest.approx(4e-3 / 0.01)  # 0.02, 0.01 and 0.03 are the doubts


def test_a_member_without_any_doubt_says_nothing_of_others():
    table = Table(
        TABLE.lo, TABLE.hi, TABLE.degrees, np.array([[[1.0, 1.0], [0.0, 0.02]], [[0.0, 0.0], [0.0, 0.02]]]), 4
    )
    kin = Kin(Family(("k",), table, {"u": Constant()}), (), None)
    shown = {"fields": {"u": {"estimated_error": 1e-12}}}
    found = members.family(kin, shown, [member(1.0, "verified", 1e-12), member(3.0, "plausible", 2e-3)])
    assert kin.family.doubt(np.array([1.0])) == 0
    assert found.ratios["u"] == pytest.approx(2e-3 / 0.04)
