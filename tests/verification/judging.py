"""The verdict on an estimate, as a run gives it."""

from collections.abc import Mapping, Sequence

from inrpde.verification.evidence.estimate import Estimate
from inrpde.verification.evidence.unmet import Unmet
from inrpde.verification.evidence.verdict import Verdict, verdict
from inrpde.verification.evidence.weigh import weigh
from inrpde.verification.finding import Finding


def judged(
    estimated: Estimate, compared: Mapping = {}, left: Sequence[Unmet] = (), doubts: Sequence[Finding] = ()
) -> Verdict:
    """With what references say by field, equations that are left unsatisfied, and doubts."""
    fields = {
        name: weigh(error, compared.get(name), estimated.spread.get(name, 1.0))
        for name, error in estimated.fields.items()
    }
    return verdict(estimated, fields, [*(each.finding for each in left), *doubts])
