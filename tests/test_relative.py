"""What is said of members that were not checked: no more than of those that were."""

import numpy as np
import pytest

from inrpde.discretise.family import Family, Table
from inrpde.networks.trial import Constant
from inrpde.relative import reported

LO, HI = np.array([1.0]), np.array([3.0])


def family(off, estimate=1e-4):
    """One whose members are 1, and as doubtful at k as `off` + 0.01 (k - 1)."""
    terms = np.array([[[1.0, 1.0], [0.0, off + 0.01]], [[0.0, 0.0], [0.0, 0.01]]])
    table = Table(LO, HI, np.arange(2)[:, None], terms, 4)
    return Family(("k",), table, {"u": Constant()}, {"u": estimate}, {"u": estimate / (off + 0.01)})


def report(word, *others):
    return {"verdict": {"word": word}, "family": {"members": [{"verdict": {"word": each}} for each in others]}}


def at(made, given, k):
    return reported(made, given, np.array([k]))


def test_its_error_is_as_much_larger_as_it_is_more_doubtful():
    told = at(family(0.01), report("verified"), 2.0)
    assert told["fields"]["u"]["estimated_error"] == pytest.approx(1e-4)
    assert told["verdict"]["word"] == "verified"
    assert told["family"]["at"] == {"k": 2.0}
    assert told["next"] == []


def test_its_word_is_the_lowest_of_those_that_were_checked():
    told = at(family(0.01), report("verified", "verified", "plausible"), 2.0)
    assert told["verdict"]["word"] == "plausible"
    assert "none is less than plausible" in told["verdict"]["because"]


@pytest.mark.parametrize(("estimate", "word"), [(1e-4, "verified"), (5e-3, "plausible"), (0.08, "unverified")])
def test_it_is_no_higher_than_its_own_error_allows(estimate, word):
    told = at(family(0.01, estimate), report("verified"), 2.0)
    assert told["verdict"]["word"] == word


def test_far_more_doubtful_than_what_was_checked_is_unverified_and_says_what_to_do():
    told = at(family(0.0), report("verified"), 3.0)
    assert told["verdict"]["word"] == "verified"
    made = family(0.0, 1e-2)
    told = at(Family(made.names, made.table, made.bases, {"u": 1e-4}, made.ratios), report("verified"), 2.0)
    assert told["verdict"]["word"] == "unverified"
    assert "100 times as doubtful" in told["verdict"]["because"]
    assert "--param k=2" in told["next"][0]


def test_what_is_as_small_as_rounding_may_be_many_times_larger():
    made = family(0.01, 1e-10)
    told = at(Family(made.names, made.table, made.bases, {"u": 1e-12}, made.ratios), report("verified"), 2.0)
    assert told["verdict"]["word"] == "verified"
