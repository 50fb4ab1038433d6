"""The word for how far to trust an answer, from made-up evidence."""

import numpy as np
import pytest

from inrpde.discretise.score import RowScore, Score
from inrpde.verification.estimate import Estimate
from inrpde.verification.finding import Finding, Kind
from inrpde.verification.verdict import WORDS, Verdict, verdict


def scored(total):
    return Score((RowScore(rms=total, max=total, data=1.0, scale=1.0, scaled=np.array([total])),), (1.0,))


def estimated(error=1e-8, score=1e-8, second=True, open_=()):
    differences = {"u": 1.0 if open_ else error} if second else {}
    return Estimate({"u": error}, scored(score), scored(score) if second else None, differences, 0.0, tuple(open_))


def reference(gap, trust):
    return {"u": {"rel_l2": gap, "estimated_error": trust, "kind": "finite-difference"}}


@pytest.mark.parametrize(
    ("estimate", "references", "word"),
    [
        (estimated(1e-8, 1e-8), {}, "verified"),
        (estimated(1e-2, 1e-3), {}, "plausible"),
        (estimated(0.1, 1e-2), {}, "unverified"),
        (estimated(0.9, 1e-2), {}, "unverified"),
        (estimated(1e-8, 1e-2), {}, "plausible"),
        (estimated(1e-3, 1e-4, second=False), {}, "plausible"),
        (estimated(0.1, 0.02, second=False), {}, "unverified"),
        (estimated(1e-8, 1e-8), reference(1e-4, 1e-4), "verified"),
        (estimated(1e-8, 1e-8), {"u": None}, "verified"),
        (estimated(1e-2, 1e-2), reference(2e-2, 1e-2), "verified"),
        (estimated(1e-2, 1e-2), reference(0.2, 0.1), "plausible"),
        (estimated(1e-8, 1e-8), reference(1e-2, 1e-4), "unverified"),
        (estimated(1e-8, 1e-8), reference(0.3, 1e-3), "wrong"),
        (estimated(1e-8, 1e-8), reference(0.3, 0.2), "plausible"),
        (estimated(0.7, 0.5), reference(0.3, 1e-3), "unverified"),
        (estimated(1e-8, 1e-8, open_=("u",)), {}, "unverified"),
    ],
)
def test_words(estimate, references, word):
    found = verdict(estimate, references)
    assert found.word == word
    assert found.because


@pytest.mark.parametrize(("order", "word"), [(2.0, "wrong"), (1.2, "wrong"), (0.5, "plausible")])
def test_a_reference_that_hardly_converges_proves_nothing_against_an_answer(order, word):
    stray = {"u": {**reference(0.3, 1e-3)["u"], "order": order}}
    assert verdict(estimated(), stray).word == word


def test_a_reference_that_hardly_converges_may_still_agree():
    assert verdict(estimated(), {"u": {**reference(1e-4, 1e-4)["u"], "order": 0.7}}).word == "verified"


@pytest.mark.parametrize("word", ["plausible", "unverified"])
def test_doubts_outweigh_agreement(word):
    doubt = Finding(Kind.COVERAGE, "nothing fixes the constant", word)
    assert verdict(estimated(), {}, doubts=[doubt]).word == word
    found = verdict(estimated(), reference(1e-4, 1e-4), doubts=[doubt])
    assert found.word == word
    assert found.because.startswith("nothing fixes the constant; ")


def test_a_doubt_never_lifts_a_word():
    doubt = Finding(Kind.COVERAGE, "…", "plausible")
    assert verdict(estimated(0.9, 0.5), {}, doubts=[doubt]).word == "unverified"
    assert verdict(estimated(), reference(0.3, 1e-3), doubts=[doubt]).word == "wrong"


def test_what_the_conditions_leave_open_is_said():
    found = verdict(estimated(open_=("u",)), {})
    assert "do not determine u" in found.because


@pytest.mark.parametrize("one", WORDS)
@pytest.mark.parametrize("other", WORDS)
def test_at_most_is_the_lower_word(one, other):
    found = Verdict(one, "evidence").at_most(other, "reason")
    assert WORDS.index(found.word) == min(WORDS.index(one), WORDS.index(other))
    assert found.because == "reason; evidence"


def test_the_reason_shows_the_numbers():
    because = verdict(estimated(3e-8, 2e-9), reference(1e-4, 2e-4)).because
    for number in ("1.0e-04", "2.0e-04", "3.0e-08", "2.0e-09"):
        assert number in because
