"""What the page says of words, numbers and kinds, in sentences: docs/verdict.md in short."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

MEANINGS = {
    "verified": "An independent check agrees with this answer to within the errors below: it can be used as it is.",
    "plausible": "What could be checked agrees with this answer, and something that would settle it is missing. "
    "Use it with the error below in mind.",
    "unverified": "Nothing that was checked says that this answer is right. It may be; do not rely on it before one of "
    "the next steps has been tried.",
    "wrong": "An independent solution of the same declaration, which is good itself, says something else. "
    "Do not use this answer.",
}
"""What each word of the verdict means for who uses the answer."""
STATES = {
    "tolerance": "It is less than what was asked for (a tolerance, or a word of the verdict): this is the best answer "
    "that was found.",
    "diverged": "It did not come to an end: there is no answer for all of the region.",
    "invalid": "The problem was found to be wrong.",
    "failed": "Something failed on the way.",
    "interrupted": "It was interrupted: the answer is the best one until then, and some checks may be missing.",
}
PARTS = {
    "held_out": "what the equations leave on points that were not fitted, as an error of the lowest mode",
    "second": "the same of a second solve, with other features on other points",
    "difference": "between the two solves, relative in L2; each has its share, by its residuals",
    "shared": "residuals that both solves leave: an error that they share shows in no difference, and is added",
    "bound": "of the largest error, by the maximum principle, where one is known to hold",
    "amplification": "how many times more a change of the data changes the solution, relative to both",
}
"""What an estimate is made of (`verification.estimate`)."""
PARTS_NAMES = {
    "held_out": "residual on points not fitted",
    "second": "residual of a second solve",
    "difference": "difference of the two solves",
    "shared": "residual that both leave",
    "bound": "bound by the maximum principle",
    "amplification": "amplification of the data",
}
KINDS = {
    "data": "the data",
    "coverage": "missing conditions",
    "places": "where conditions hold",
    "balance": "the balance of sources and fluxes",
    "geometry": "the geometry",
    "learned": "learned coefficients",
    "trivial": "the trivial solution",
    "unchecked": "checks that did not end",
    "residual": "equations that the answer does not satisfy",
    "ill-posed": "how data are amplified",
    "family": "other members of the family",
    "reference": "the reference",
}
"""What findings are about (`verification.finding.Kind`)."""
LATER = {
    "coverage": "give a condition on every part of the boundary, such as `On(omega.face(x, 1), Eq(space.dn(u), 0))` "
    "for no flux",
    "balance": "make sources and fluxes balance, or fix a mean: `Eq(omega.mean(u), 0)`",
    "ill-posed": "give more data or prior knowledge: the equations as they are amplify errors",
    "learned": "give readings where the learned coefficient changes what is read",
    "family": "give more time (`--budget`), a narrower `Parameter`, or solve the members that matter by themselves "
    "(`--param`): more methods serve one problem",
}
"""What helps against findings of a kind that bound the verdict, where the report names nothing better."""


def number(value: Any) -> str:
    """A value as it is read: few digits, powers of ten as such."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            if value == 0 or 1e-3 <= abs(value) < 1e5:
                return f"{value:.3g}" if abs(value) < 1000 else f"{value:.5g}"
            digits, _, exponent = f"{value:.1e}".partition("e")
            return f"{digits} × 10{str(int(exponent)).translate(RAISED)}" if exponent else digits
        case complex():
            return f"{number(value.real)} {'−' if value.imag < 0 else '+'} {number(abs(value.imag))} i"
        case Mapping() if not any(isinstance(each, Mapping | list | tuple) for each in value.values()):
            return ", ".join(f"{name} = {number(each)}" for name, each in value.items()) or "–"
        case Mapping() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=str) if value else "–"
    return str(value)


RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: a, b and c."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


BEGINNINGS = """
a all an ask at conditions each every give held-out in it its look make more no nothing on one pictures points see some
the there these they this two use values when where with zero
"""
"""Words that are no names, and take a capital where a sentence begins with them."""


def sentence(text: str) -> str:
    """A text that begins with a small letter and ends with nothing as a sentence; names at its beginning stay."""
    first = text.partition(" ")[0]
    whole = text[:1].upper() + text[1:] if first in BEGINNINGS.split() else text
    return whole if not whole or whole[-1] in ".!?" else f"{whole}."
