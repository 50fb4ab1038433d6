"""Checkpoints as files: what goes in comes out, bit for bit."""

import numpy as np
import pytest

from inrpde.checkpoint import Checkpoint

RNG = np.random.default_rng(0)


def test_a_memory_comes_back_as_it_was(tmp_path):
    memory = {
        "method": "some", "step": 3, "tol": None, "score": float("inf"), "tenth": 0.1, "on": True, "count": np.int64(4),
        "vector": RNG.standard_normal(5), "transposed": RNG.standard_normal((3, 4)).T, "empty": np.zeros((0, 2)),
        "waves": RNG.standard_normal(3) + 1j, "single": np.ones(2, np.float32), "which": np.array([True, False]),
        "scalar": np.array(2.5), "list": [{"a": np.arange(3)}, [1, "word", None]],
    }  # fmt: skip
    checkpoint = Checkpoint(tmp_path / "run.checkpoint", {"seed": "0"})
    checkpoint.save(memory)
    found = checkpoint.load()
    assert list(found) == list(memory)
    for key, value in memory.items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(found[key], value)
            assert found[key].dtype == value.dtype
            assert found[key].flags.c_contiguous == value.flags.c_contiguous
        elif key != "list":
            assert found[key] == value
    assert np.array_equal(found["list"][0]["a"], np.arange(3))
    assert found["list"][1] == [1, "word", None]


def test_what_cannot_be_kept_is_refused_and_leaves_the_last_one(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run.checkpoint", {"seed": "0"})
    checkpoint.save({"step": 1})
    with pytest.raises(TypeError):
        checkpoint.save({"step": object()})
    assert checkpoint.load() == {"step": 1}
