"""Bodies of other packages: whose name is whose, and what a file says of a package that is missing."""

import re

import numpy as np
import pytest

from inrpde import plugins
from inrpde.errors import OutputError
from inrpde.networks.siren import SineBody
from inrpde.networks.stored import dump_trial, load_trial

LINES = """
from inrpde.plugin import Trial

class {name}(Trial):
    width = 1

    def jets(self, points, indices):
        return {{index: {slope} * points[:, :1] for index in indices}}

    def state(self):
        return {{}}

    @classmethod
    def from_state(cls, state):
        return cls()
"""


def made(install, name, slope, plugin=None):
    """A body of a distribution of its own."""
    install("bodies", plugin or name, LINES.format(name=name, slope=slope), f":{name}")
    return next(
        body
        for each in plugins.in_turn("bodies")
        if (body := each.load())().jets(np.ones((1, 1)), [(0,)])[(0,)] == slope
    )


def value(trial):
    return trial.jets(np.ones((1, 1)), [(0,)])[(0,)].item()


def test_one_with_a_name_of_ours_comes_back_as_itself(install):
    theirs = made(install, "Mosaic", 3)
    assert value(load_trial(dump_trial(theirs()))) == 3


def test_what_is_made_from_one_of_ours_is_not_ours(install):
    text = "from inrpde.networks.siren import SineBody\nclass Louder(SineBody):\n    pass\n"
    install("bodies", "Louder", text, ":Louder")
    louder = plugins.load("bodies", "Louder")
    body = louder.random(5, 3.0, (np.zeros(2), np.ones(2)), np.random.default_rng(0))
    kept = dump_trial(body)
    assert kept["package"] == "stranger-Louder 1.5"
    assert type(load_trial(kept)) is louder
    ours = SineBody.random(5, 3.0, (np.zeros(2), np.ones(2)), np.random.default_rng(0))
    assert "package" not in dump_trial(ours)


def test_a_missing_package_is_named_and_no_other_takes_its_place(install):
    kept = dump_trial(made(install, "Lines7", 7)())
    kept["package"] = "gone 2.0"
    with pytest.raises(OutputError, match="made of Lines7, which is not installed") as raised:
        load_trial(kept)
    assert raised.value.where == "it is of gone 2.0"
    assert raised.value.fix.startswith("pip install gone, ")
    with pytest.raises(OutputError, match=re.escape("made of Nowhere, which is not installed")):
        load_trial({"kind": "Nowhere"})
