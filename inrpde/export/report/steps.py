"""What to try next, with the commands, where a verdict is low: from the report's own advice and its findings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inrpde.export.report.words import LATER, sentence

MORE = 4
"""How many times the time that was given is worth trying, as the report's own advice has it."""
OPTION = re.compile(r"--(budget|tol) (\d[\d.e+-]*)")


@dataclass(frozen=True)
class Step:
    """What to do, and the command or line of code that does it, or nothing."""

    text: str
    command: str = ""


def steps(report: Mapping[str, Any], command: str) -> Iterator[Step]:
    """What to try next, the most promising first; nothing where the answer is verified. `command` is what solved it."""
    word = (report.get("verdict") or {}).get("word")
    texts = [str(text) for text in report.get("next") or ()]
    for text in texts:
        option = OPTION.search(text)
        yield Step(sentence(text), again(command, *option.groups()) if option else "")
    fields = (report.get("fields") or {}).values()
    if word == "plausible":
        yield from _unsettled(report, command)
    if word not in ("unverified", "wrong"):
        return
    bounding = dict.fromkeys(each["kind"] for each in report.get("findings") or () if each.get("at_most"))
    yield from (Step(sentence(LATER[kind])) for kind in bounding if kind in LATER)
    if any(field.get("reference") for field in fields):
        text = "See whether the file, the solver and the reference are right where the solution is known."
        yield Step(text, f"inrpde verify {_file(command)}" if _is_command(command) else "inrpde.verify(problem)")
    if not any(field.get("exact") for field in fields):
        yield Step(
            "If a solution is known, for these data or simpler ones, give it: the report then has the true error.",
            "Problem(…, exact={u: …})",
        )


def _unsettled(report: Mapping[str, Any], command: str) -> Iterator[Step]:
    """More time, where it was the time that left checks out."""
    given = re.search(r"(?:--budget |budget=)([\d.e+-]+)", command)
    left = any(each["kind"] == "unchecked" for each in report.get("findings") or ())
    estimates = [field.get("estimate") or {} for field in (report.get("fields") or {}).values()]
    if given and (left or any(each.get("difference") is None for each in estimates)):
        text = "Give more time: it was too short for all checks, and they could settle the verdict."
        yield Step(text, again(command, "budget", f"{MORE * float(given[1]):.1g}"))


def again(command: str, option: str, value: str) -> str:
    """The command, or the call, that solved it, with an option that it did not have or had another value of."""
    value = f"{float(value):g}"
    if not _is_command(command):
        kept = re.sub(rf", {option}=[^,)]*", "", command or "inrpde.solve(problem)")
        return f"{kept.removesuffix(')')}, {option}={value})"
    words = shlex.split(command)
    if f"--{option}" in words:
        at = words.index(f"--{option}")
        del words[at : at + 2]
    return shlex.join([*words, f"--{option}", value])


def _is_command(command: str) -> bool:
    return command.startswith("inrpde solve ")


def _file(command: str) -> str:
    return shlex.quote(shlex.split(command)[2])
