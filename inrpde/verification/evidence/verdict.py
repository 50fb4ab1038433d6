"""One word for how far to trust an answer, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inrpde.verification.evidence.estimate import Estimate
from inrpde.verification.evidence.thresholds import ALONE, CLOSE, FAIR, FAR, GOOD, HELD, UNRESOLVED, VARIES, WORTHLESS
from inrpde.verification.evidence.weigh import Weighed
from inrpde.verification.finding import Finding, Kind

WORDS = ("wrong", "unverified", "plausible", "verified")


@dataclass(frozen=True)
class Verdict:
    word: str
    because: str

    def at_most(self, word: str, because: str) -> Verdict:
        """This verdict, or a lower word, for a reason that outweighs its evidence."""
        return Verdict(min(self.word, word, key=WORDS.index), f"{because}; {self.because}")


def verdict(estimated: Estimate, fields: Mapping[str, Weighed], doubts: Sequence[Finding] = ()) -> Verdict:
    """`verified` (an independent solver agrees, or the equations hold on points that were not fitted to well below the
    error claimed), `plausible`, `unverified` or `wrong`.

    All errors are relative to what varies. A reference that differs by far more than the errors of both means at most
    `unverified`, and no answer is better than the words that its `doubts` allow: that two solves agree does not
    outweigh them."""
    worst = max((each.of_variation for each in fields.values()), default=0.0)
    found = _word(estimated, fields, worst)
    for name, each in fields.items():
        if each.contradicted and found.word != "wrong":
            found = found.at_most("unverified", _apart(name, each))
        elif each.sound and not (each.agrees or each.contradicted):
            found = found.at_most("plausible", _apart(name, each))
    for doubt in doubts:
        if doubt.at_most and not worst >= doubt.error:
            found = found.at_most(doubt.at_most, doubt.text)
    if estimated.sampled:
        names = ", ".join(estimated.sampled)
        found = found.at_most(
            "plausible", f"nothing but samples, and priors beside them, says what {names} is in between"
        )
    if estimated.open:
        names = ", ".join(estimated.open)
        apart = max(estimated.differences[name] for name in estimated.open)
        unmet = any(doubt.kind is Kind.RESIDUAL for doubt in doubts)
        text = f"the conditions do not determine {names}: two solves that satisfy them differ by {apart:.1g}"
        found = found.at_most("unverified", f"two solves of {names} differ by {apart:.1g}" if unmet else text)
    better = [name for name, each in fields.items() if each.better]
    if better:
        return Verdict(found.word, f"{found.because}; the reference is the better answer for {', '.join(better)}")
    return found


def _apart(name: str, each: Weighed) -> str:
    return f"{name} differs from the reference by {each.gap:.1e}, whose own error is {each.trust:.1e}"


def _word(estimated: Estimate, fields: Mapping[str, Weighed], worst: float) -> Verdict:
    """The verdict by estimates and references alone."""
    shown = f"held-out score {estimated.score:.1e}, estimated error {worst:.1e}"
    if any(each.ratio >= VARIES for each in fields.values()):
        shown += " of the variation"
    compared = {name: each for name, each in fields.items() if each.sound}
    for name, each in compared.items():
        if each.contradicted and each.gap > FAR and each.trust < GOOD:
            return Verdict("wrong", f"{_apart(name, each)}; {shown}")
    if worst > WORTHLESS:
        return Verdict("unverified", shown)
    if compared:
        agrees = all(each.agrees for each in compared.values())
        texts = [f"{n} within {e.gap:.1e} of the reference (its own error {e.trust:.1e})" for n, e in compared.items()]
        close = all(e.gap * e.ratio < GOOD and e.trust * e.ratio < GOOD for e in compared.values())
        word = "verified" if agrees and close and worst < GOOD else "plausible" if worst < FAIR else "unverified"
        return Verdict(word, f"{', '.join(texts)}; {shown}")
    if fields and all(each.bounded for each in fields.values()) and worst < CLOSE:
        return Verdict("verified", f"the maximum principle bounds the error by residuals that were not fitted; {shown}")
    without = "no sound reference" if any(each.trust for each in fields.values()) else "no reference"
    if estimated.second is None:
        missing = "no second solve (there was no time for it)" if estimated.late else "no second solve"
        return Verdict("plausible" if estimated.score < ALONE else "unverified", f"{missing}, {without}; {shown}")
    if estimated.score < HELD and worst < CLOSE:
        text = "the equations hold on points that were not fitted, and a second, different solve agrees"
        return Verdict("verified", f"{text}; {shown}")
    resolved = worst < GOOD and estimated.score < UNRESOLVED
    return Verdict("plausible" if resolved else "unverified", f"{without}; {shown}")
