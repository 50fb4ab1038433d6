"""What is trained: numbers within their bounds, networks that unknowns share, and the same without torch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inrpde import Learned
from inrpde.solvers.training.trained import Number


@given(st.floats(-5, 5), st.floats(1e-3, 5), st.floats(0, 1))
def test_a_number_starts_from_its_initial_value_within_its_bounds(low, extent, share):
    initial = low + share * extent
    value = Number(Learned(initial, bounds=(low, low + extent)))().item()
    assert low <= value <= low + extent
    assert value == pytest.approx(initial, abs=2e-3 * extent + 1e-12)
    assert Number(Learned(initial))().item() == pytest.approx(initial)
