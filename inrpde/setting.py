"""What a setting is: a key, a default, what it takes, a line of help; those of a plugin are fields of its options.

    @dataclass(frozen=True)
    class Options:
        width: int | None                                                    # inrpde's own solver.width
        sigma: float = setting("rff.sigma", 2.0, positive, "deviation of the frequencies")

A class like this under the entry point `rff` of the group `inrpde.settings` makes all of its `rff.…` known to `--set`,
`solve(settings=)` and `Problem(settings=)`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

Parse = Callable[[Any], Any]
METADATA = "inrpde.setting"
"""Where a field of a plugin's options has its setting."""
STAGES = ("solver", "reference", "check")
"""What keys of inrpde's own settings begin with."""


def whole(low: int = 1, most: int = 10**9) -> Parse:
    """A whole number of at least `low` and at most `most`, from a number or from text."""

    def parse(value: Any) -> int:
        number = float(value)
        if isinstance(value, bool) or number != math.floor(number) or not low <= number <= most:
            raise ValueError
        return int(number)

    parse.__doc__ = f"a whole number of at least {low} and at most {most}"
    return parse


def positive(value: Any) -> float:
    """a positive number of at most a million"""
    number = float(value)
    if isinstance(value, bool) or not 0 < number <= 1e6:
        raise ValueError
    return number


def switch(value: Any) -> bool:
    """true or false"""
    known = {"true": True, "false": False}
    if str(value).lower() not in known:
        raise ValueError
    return known[str(value).lower()]


def one_of(*words: str) -> Parse:
    """One of some words."""

    def parse(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    parse.__doc__ = f"one of {', '.join(words)}"
    return parse


def optional(parse: Parse) -> Parse:
    """What `parse` takes, or none."""

    def wider(value: Any) -> Any:
        return None if value is None or str(value).lower() == "none" else parse(value)

    wider.__doc__ = f"{parse.__doc__}, or none"
    return wider


@dataclass(frozen=True)
class Setting:
    """One key: its default, the function that parses a value (its docstring says what it takes) and a line of help."""

    key: str
    default: Any
    parse: Parse
    help: str


def setting(key: str, default: Any, parse: Parse, help: str) -> Any:
    """A field of a plugin's options that is a setting of the plugin's own: its whole key ("rff.sigma"), its default,
    what parses a value, typed or text, and a line of help. `parse` raises ValueError or TypeError for what is not
    taken; its docstring says what is."""
    return field(default=default, metadata={METADATA: Setting(key, default, parse, help)})


def own(options: type) -> dict[str, Setting]:
    """The settings that an options class brings itself, by the names of its fields."""
    return {each.name: each.metadata[METADATA] for each in fields(options) if METADATA in each.metadata}


def unfit(prefix: str, options: Any) -> str | None:
    """Why a class cannot be the registry of the settings that begin with `prefix`, or None."""
    if not isinstance(options, type) or not is_dataclass(options):
        return f"it is {options!r:.60}, and no dataclass"
    if prefix in STAGES or "." in prefix:
        return f"settings of a plugin cannot begin with {prefix}." + " as inrpde's own do" * (prefix in STAGES)
    mine = own(options).values()
    if not mine:
        return f"none of its fields is a setting({prefix}.…)"
    for each in mine:
        if not each.key.startswith(f"{prefix}."):
            return f"its setting {each.key} does not begin with {prefix}."
        if not _takes(each):
            return f"the default of {each.key} is {each.default!r}, and it takes {each.parse.__doc__}"
    return None


def _takes(each: Setting) -> bool:
    try:
        return bool(each.parse(each.default) == each.default)
    except (TypeError, ValueError):
        return False
