"""The settings: defaults, the author's, the user's, and what is wrong with a key or a value."""

import pytest

from inrpde import config
from inrpde.errors import ProblemError, UsageError


def test_the_user_wins_over_the_author_and_the_author_over_the_default():
    settings = config.resolve({"solver.width": 64, "solver.band": 2}, {"solver.width": "128"})
    assert settings["solver.width"] == 128
    assert settings["solver.band"] == 2.0
    assert settings["check.points"] == 10_000
    assert set(settings) == set(config.SETTINGS)


@pytest.mark.parametrize("setting", config.SETTINGS.values(), ids=lambda setting: setting.key)
def test_every_default_is_what_its_own_parser_takes(setting):
    assert setting.parse(setting.default) == setting.default
    assert setting.parse(str(setting.default)) == setting.default
    assert setting.help
    assert setting.parse.__doc__


def test_settings_are_frozen():
    settings = config.resolve({}, {})
    with pytest.raises(TypeError):
        settings["solver.width"] = 3


@pytest.mark.parametrize(
    ("key", "nearest"), [("solver.widht", "solver.width"), ("width", "solver.width"), ("rate", "solver.rate")]
)
def test_a_misspelt_key_names_the_nearest(key, nearest):
    with pytest.raises(UsageError, match=f"did you mean {nearest}"):
        config.resolve({}, {key: "1"})
    with pytest.raises(ProblemError, match=f"did you mean {nearest}"):
        config.resolve({key: 1}, {})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("solver.width", "many"),
        ("solver.width", 0),
        ("solver.width", 1.5),
        ("solver.width", True),
        ("solver.width", "inf"),
        ("solver.width", [3]),
        ("solver.layers", 0),
        ("solver.rate", "0"),
        ("solver.rate", "nan"),
        ("reference.n", 3),
    ],
)
def test_a_wrong_value_says_what_is_taken(key, value):
    with pytest.raises(UsageError, match=f"{key} takes a") as raised:
        config.resolve({}, {key: value})
    assert repr(value) in raised.value.what
