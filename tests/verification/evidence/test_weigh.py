"""What an estimate and a reference say together of the error of a field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inrpde.verification.evidence.thresholds import AGREES
from inrpde.verification.evidence.weigh import weigh

SIZES = st.floats(1e-14, 2.0)


def compared(gap, trust, **more):
    return {"rel_l2": gap, "estimated_error": trust, **more}


def test_without_a_reference_the_estimate_stands():
    found = weigh(1e-3, None)
    assert (found.error, found.sound, found.better, found.contradicted) == (1e-3, False, False, False)


@pytest.mark.parametrize(
    ("own", "gap", "trust", "error"),
    [
        (1e-8, 1e-4, 1e-4, 1e-8),  # a coarse reference that agrees tells nothing more
        (1e-8, 1e-2, 1e-5, 1e-2),  # a fine one that differs tells the error
        (0.5, 1e-4, 1e-5, 1.1e-4),  # a fine one that agrees bounds it
        (2e-4, 1e-4, 1e-5, 2e-4),  # what is near it is left
        (0.13, 0.37, 1e-4, 0.37),  # one that is better tells the error, though the estimate allows for the difference
    ],
)
def test_the_reference_bounds_the_error_from_both_sides(own, gap, trust, error):
    assert weigh(own, compared(gap, trust)).error == pytest.approx(error)


def test_a_field_that_vanishes_errs_by_more_of_itself_than_of_the_others():
    found = weigh(1e-6, compared(1e-6, 1e-8), alone=0.8)
    assert (found.error, found.of_variation, found.of_itself) == (1e-6, 1e-6, 0.8)
    assert found.agrees


@given(SIZES, SIZES, SIZES)
def test_the_error_is_one_that_both_allow(own, gap, trust):
    """Where the true error of the answer is such that gap and trust hold, it is not called smaller than by a few."""
    found = weigh(own, compared(gap, trust))
    assert found.error <= max(own, gap)
    assert found.error >= min(own, gap)
    assert found.apart(AGREES) == (gap > AGREES * (trust + own))


@pytest.mark.parametrize("nonsense", [{"order": 0.3}, {"order": -29.0, "sound": False}, {"order": 8.5, "sound": False}])
def test_a_reference_that_proves_nothing_contradicts_all_the_same(nonsense):
    far, near = weigh(1e-8, compared(0.3, 1e-3, **nonsense)), weigh(1e-2, compared(1e-5, 1e-5, **nonsense))
    assert (far.error, far.contradicted, far.better) == (0.3, True, False)
    assert (near.error, near.sound, near.agrees, near.contradicted) == (1e-2, False, False, False)


def test_near_a_resonance_a_reference_that_differs_says_nothing():
    assert weigh(1e-6, compared(0.9, 1e-2), amplified=4e9) == weigh(1e-6, None)
    assert weigh(1e-6, compared(1e-5, 1e-5), amplified=4e9).agrees


def test_what_is_extrapolated_is_the_closer_witness():
    fine = {"extrapolated_rel_l2": 2e-5, "extrapolated_estimated_error": 1e-7}
    assert weigh(1e-3, compared(1e-4, 1e-4, **fine)).error == pytest.approx(3e-5), "a tenth of its own error at least"
    assert weigh(1e-9, compared(1e-4, 1e-4, **fine)).agrees
    rough = {"extrapolated_rel_l2": 2e-2, "extrapolated_estimated_error": 1e-1}
    assert weigh(1e-3, compared(1e-4, 1e-4, **rough)).error == pytest.approx(2e-4)


def test_a_reference_is_better_where_it_is_far_closer_to_the_truth():
    assert weigh(1e-3, compared(1e-3, 1e-5)).better
    assert not weigh(1e-3, compared(1e-3, 1e-3)).better


def test_errors_beside_the_variation():
    found = weigh(1e-5, None, ratio=300.0)
    assert found.of_variation == pytest.approx(3e-3)
    assert weigh(1e-9, compared(1e-5, 1e-7), ratio=300.0).contradicted
    assert not weigh(1e-9, compared(1e-5, 1e-7)).contradicted


def test_a_bound_on_the_error_is_one_on_its_estimate():
    found = weigh(0.5, None, bound=1e-6)
    assert (found.error, found.bounded) == (1e-6, True)
    loose = weigh(1e-9, None, bound=1e-3)
    assert (loose.error, loose.bounded) == (1e-9, False)
