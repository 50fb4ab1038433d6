"""The word for how far to trust an answer, from made-up evidence."""

import numpy as np
import pytest

from inrpde.discretise.score import RowScore, Score
from inrpde.verification.evidence.estimate import Estimate
from inrpde.verification.evidence.verdict import WORDS, Verdict, verdict
from inrpde.verification.evidence.weigh import weigh
from inrpde.verification.finding import Finding, Kind


def scored(total):
    return Score((RowScore(rms=total, max=total, data=1.0, scale=1.0, scaled=np.array([total])),), (1.0,))


def estimated(error=1e-8, score=1e-8, second=True, open_=()):
    differences = {"u": 1.0 if open_ else error} if second else {}
    return Estimate({"u": error}, scored(score), scored(score) if second else None, differences, 0.0, tuple(open_))


def reference(gap, trust):
    return {"rel_l2": gap, "estimated_error": trust, "kind": "finite-difference"}


def judge(estimate, compared=None, doubts=(), ratio=1.0):
    return verdict(estimate, {"u": weigh(estimate.fields["u"], compared, ratio)}, doubts)


@pytest.mark.parametrize(
    ("estimate", "compared", "word"),
    [
        (estimated(1e-8, 1e-8), None, "verified"),
        (estimated(1e-2, 1e-3), None, "plausible"),
        (estimated(0.1, 1e-2), None, "unverified"),
        (estimated(0.9, 1e-2), None, "unverified"),
        (estimated(1e-8, 1e-2), None, "plausible"),
        (estimated(1e-3, 1e-4, second=False), None, "plausible"),
        (estimated(0.1, 0.02, second=False), None, "unverified"),
        (estimated(1e-8, 1e-8), reference(1e-4, 1e-4), "verified"),
        (estimated(1e-2, 1e-2), reference(2e-2, 1e-2), "verified"),
        (estimated(1e-2, 1e-2), reference(0.2, 0.1), "plausible"),
        (estimated(1e-8, 1e-8), reference(1e-2, 1e-4), "unverified"),
        (estimated(1e-8, 1e-8), reference(2e-5, 1e-7), "plausible"),
        (estimated(1e-8, 1e-8), reference(0.3, 1e-3), "wrong"),
        (estimated(1e-8, 1e-8), reference(0.3, 0.2), "plausible"),
        (estimated(1e-8, 1e-8, open_=("u",)), None, "unverified"),
    ],
)
def test_words(estimate, compared, word):
    found = judge(estimate, compared)
    assert found.word == word
    assert found.because


def test_a_reference_that_agrees_speaks_for_an_answer_whose_estimate_is_large():
    assert judge(estimated(0.7, 0.5), reference(1e-3, 1e-3)).word == "verified"


@pytest.mark.parametrize(("order", "word"), [(2.0, "wrong"), (0.5, "unverified")])
def test_a_reference_that_differs_is_a_doubt_whatever_its_order(order, word):
    assert judge(estimated(), {**reference(0.3, 1e-3), "order": order}).word == word


def test_a_reference_that_hardly_converges_proves_nothing_for_an_answer():
    poor = estimated(1e-2, 1e-2)
    assert judge(poor, {**reference(1e-4, 1e-4), "order": 2.0}).word == "verified"
    assert judge(poor, {**reference(1e-4, 1e-4), "order": 0.7}).word == "plausible"


def test_a_proof_needs_no_second_solve():
    alone = estimated(1e-3, 1e-4, second=False)
    assert verdict(alone, {"u": weigh(1e-3, None, bound=1e-5)}).word == "verified"
    assert verdict(alone, {"u": weigh(1e-3, None, bound=1e-1)}).word == "plausible"


def test_the_better_answer_is_named():
    found = judge(estimated(1e-3, 1e-3), reference(1e-3, 1e-6))
    assert "the reference is the better answer for u" in found.because


def test_what_counts_is_the_error_of_what_varies():
    """300 K and a rise of 1 K: an error of 5e-4 of the norm is a seventh of the rise."""
    assert judge(estimated(5e-4, 1e-5)).word == "verified"
    found = judge(estimated(5e-4, 1e-5), ratio=300.0)
    assert found.word == "unverified"
    assert "of the variation" in found.because


@pytest.mark.parametrize("word", ["plausible", "unverified"])
def test_doubts_outweigh_agreement(word):
    doubt = Finding(Kind.COVERAGE, "nothing fixes the constant", word)
    assert judge(estimated(), doubts=[doubt]).word == word
    found = judge(estimated(), reference(1e-4, 1e-4), [doubt])
    assert found.word == word
    assert found.because.startswith("nothing fixes the constant; ")


def test_a_doubt_never_lifts_a_word():
    doubt = Finding(Kind.COVERAGE, "…", "plausible")
    assert judge(estimated(0.9, 0.5), doubts=[doubt]).word == "unverified"
    assert judge(estimated(), reference(0.3, 1e-3), [doubt]).word == "wrong"


def test_what_the_conditions_leave_open_is_said():
    found = judge(estimated(open_=("u",)))
    assert "do not determine u" in found.because


@pytest.mark.parametrize("one", WORDS)
@pytest.mark.parametrize("other", WORDS)
def test_at_most_is_the_lower_word(one, other):
    found = Verdict(one, "evidence").at_most(other, "reason")
    assert WORDS.index(found.word) == min(WORDS.index(one), WORDS.index(other))
    assert found.because == "reason; evidence"


def test_the_reason_shows_the_numbers():
    because = judge(estimated(3e-8, 2e-9), reference(1e-4, 2e-4)).because
    for number in ("1.0e-04", "2.0e-04", "3.0e-08", "2.0e-09"):
        assert number in because
