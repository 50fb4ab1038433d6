"""The answer that a checkpoint keeps of a method without a memory: what comes back, and what is not kept."""

import numpy as np

from inrpde.checkpoint import packed, unpacked
from inrpde.discretise.state import State
from inrpde.networks.trial import Constant
from inrpde.solvers.contract.kept import answered, recalled
from inrpde.solvers.contract.method import Candidate

STATE = State((Constant(2),), (np.array([3.0]),))


def test_a_candidate_comes_back_from_a_file():
    best = Candidate(STATE, 1e-3, 1e-4, 2.0, "galerkin", "8 cells", share=0.2, weak=True, doubts=("a doubt",))
    back = recalled(unpacked(*packed(answered(best))))
    for key in ("score", "fitted", "cost", "method", "reason", "until", "share", "weak", "doubts"):
        assert getattr(back, key) == getattr(best, key), key
    assert back.again is None
    points = np.zeros((1, 2))
    assert np.array_equal(back.state.jets(0, points, [(0, 0)])[0, 0], STATE.jets(0, points, [(0, 0)])[0, 0])


def test_nothing_comes_of_nothing_or_of_another_memory():
    assert answered(None) == {}
    assert recalled({}) is None
    assert recalled({"method": "adam", "steps": 3}) is None


def test_what_is_more_than_its_state_is_not_kept():
    assert answered(Candidate(STATE, 1e-3, 1e-4, 2.0, "inverse", "", noise={0: 0.1})) == {}
    assert answered(Candidate(STATE, 1e-3, 1e-4, 2.0, "inverse", "", spread={0: np.ones((1, 1))})) == {}
