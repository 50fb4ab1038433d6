"""The derivatives of a field by the parameters of its body, against differences."""

import numpy as np
import pytest

from inrpde.networks.siren import SineBody
from inrpde.networks.stored import dump_trial, load_trial
from inrpde.networks.tangent import Tangent

RNG = np.random.default_rng(0)
BOX = (np.array([-1.0, 2.0]), np.array([3.0, 3.0]))
BODY = SineBody.random(5, (4.0, 2.0), BOX, RNG)
HEAD = RNG.standard_normal(5)
POINTS = RNG.uniform(*BOX, (20, 2))
TANGENT = Tangent(BODY, HEAD)
OPERATOR = {(2, 1): np.cos(POINTS[:, 0]), (0, 0): 2.0, (1, 0): POINTS[:, 1], (0, 2): -1.0}


def test_columns_are_the_fields_derivatives_by_the_parameters():
    columns = TANGENT.operator(POINTS, OPERATOR)
    assert columns.shape == (20, TANGENT.width) == (20, 15)
    for k in range(15):
        step = np.zeros(15)
        step[k] = 1e-6
        ahead, behind = (TANGENT.moved(s).operator(POINTS, OPERATOR) @ HEAD for s in (step, -step))
        assert np.allclose(columns[:, k], (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("index", [(0, 0), (1, 0), (2, 2)])
def test_jets_are_single_operators(index):
    assert np.allclose(TANGENT.jets(POINTS, [index])[index], TANGENT.operator(POINTS, {index: np.ones(20)}))


def test_a_complex_head():
    complex_ = Tangent(BODY, (1 + 2j) * HEAD)
    assert np.allclose(complex_.operator(POINTS, OPERATOR), (1 + 2j) * TANGENT.operator(POINTS, OPERATOR))


def test_it_is_stored_and_made_again():
    again = load_trial(dump_trial(TANGENT))
    assert np.array_equal(again.operator(POINTS, OPERATOR), TANGENT.operator(POINTS, OPERATOR))
