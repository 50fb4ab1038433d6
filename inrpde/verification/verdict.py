"""One word for how far to trust an answer, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inrpde.verification.estimate import Estimate
from inrpde.verification.finding import Finding
from inrpde.verification.unmet import Unmet

WORDS = ("wrong", "unverified", "plausible", "verified")
UNRESOLVED = 0.3
"""A held-out score above which equations do not hold, whatever two solves agree on."""
LEAST_ORDER = 1.0
"""A reference that converges more slowly may converge to something else: it proves nothing against an answer."""
GOOD = 0.05
"""An estimate above this is no answer that could be verified."""


@dataclass(frozen=True)
class Verdict:
    word: str
    because: str

    def at_most(self, word: str, because: str) -> Verdict:
        """This verdict, or a lower word, for a reason that outweighs its evidence."""
        return Verdict(min(self.word, word, key=WORDS.index), f"{because}; {self.because}")


def verdict(
    estimated: Estimate,
    references: Mapping[str, Mapping[str, Any]],
    left: Sequence[Unmet] = (),
    doubts: Sequence[Finding] = (),
) -> Verdict:
    """`verified` (an independent solver agrees, or the equations hold on points that were not fitted to well below the
    error claimed), `plausible`, `unverified` or `wrong`.

    `references` holds rel_l2 and estimated_error by field. Nothing is verified while there are `doubts` that the
    conditions determine the solution, or equations that do not hold: that two solves agree does not outweigh them.
    A reference that hardly converges is doubted.
    """
    sound = {name: r for name, r in references.items() if r and not _strays(r, estimated.worst)}
    found = _word(estimated, sound)
    for name in [name for name, r in references.items() if r and name not in sound]:
        text = f"{name} differs from the reference, which converges with order {references[name]['order']:.1f} only"
        found = found.at_most("plausible", text)
    for doubt in (*(each.finding for each in left), *doubts):
        if doubt.at_most and not estimated.worst >= doubt.error:
            found = found.at_most(doubt.at_most, doubt.text)
    if estimated.sampled:
        names = ", ".join(estimated.sampled)
        found = found.at_most(
            "plausible", f"nothing but samples, and priors beside them, says what {names} is in between"
        )
    if estimated.open:
        names = ", ".join(estimated.open)
        apart = max(estimated.differences[name] for name in estimated.open)
        text = f"the conditions do not determine {names}: two solves that satisfy them differ by {apart:.1g}"
        if left:
            text = f"two solves of {names} differ by {apart:.1g}"
        found = found.at_most("unverified", text)
    return found


def _strays(reference: Mapping[str, Any], worst: float) -> bool:
    trust = reference.get("estimated_error") or 0.0
    return reference.get("order", 2.0) < LEAST_ORDER and reference["rel_l2"] > 3 * (trust + worst)


def _word(estimated: Estimate, references: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """The verdict by estimates and references alone."""
    worst = estimated.worst
    shown = f"held-out score {estimated.score:.1e}, estimated error {worst:.1e}"
    gaps = [(r["rel_l2"], r.get("estimated_error") or 0.0, name) for name, r in references.items() if r]
    for gap, trust, name in gaps:
        if gap > 5 * (trust + worst) and gap > 0.1 and trust < 0.05:
            text = f"{name} differs from the reference by {gap:.1e}, whose own error is {trust:.1e}"
            return Verdict("wrong", f"{text}; {shown}")
    if worst > 0.5:
        return Verdict("unverified", shown)
    if gaps:
        agrees = all(gap <= 3 * (trust + worst) for gap, trust, _ in gaps)
        texts = [f"{name} within {gap:.1e} of the reference (its own error {trust:.1e})" for gap, trust, name in gaps]
        close = all(gap < GOOD and trust < GOOD for gap, trust, _ in gaps)
        word = (
            "verified" if agrees and close and worst < GOOD else "plausible" if agrees and worst < 0.2 else "unverified"
        )
        return Verdict(word, f"{', '.join(texts)}; {shown}")
    if estimated.second is None:
        missing = "no second solve (there was no time for it)" if estimated.late else "no second solve"
        return Verdict("plausible" if estimated.score < 1e-2 else "unverified", f"{missing}, no reference; {shown}")
    if estimated.score < 1e-4 and worst < 1e-3:
        text = "the equations hold on points that were not fitted, and a second, different solve agrees"
        return Verdict("verified", f"{text}; {shown}")
    resolved = worst < GOOD and estimated.score < UNRESOLVED
    return Verdict("plausible" if resolved else "unverified", f"no reference; {shown}")
