"""The verdict on an estimate, as a run gives it."""

from collections.abc import Mapping, Sequence

from inrpde.verification.estimate import Estimate
from inrpde.verification.evidence import weigh
from inrpde.verification.finding import Finding
from inrpde.verification.unmet import Unmet
from inrpde.verification.verdict import Verdict, verdict


def judged(
    estimated: Estimate, compared: Mapping = {}, left: Sequence[Unmet] = (), doubts: Sequence[Finding] = ()
) -> Verdict:
    """With what references say by field, equations that are left unsatisfied, and doubts."""
    fields = {
        name: weigh(error, compared.get(name), estimated.spread.get(name, 1.0))
        for name, error in estimated.fields.items()
    }
    return verdict(estimated, fields, [*(each.finding for each in left), *doubts])
