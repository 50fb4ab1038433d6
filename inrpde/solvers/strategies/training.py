"""All parameters trained by gradients: for what frozen features cannot fit by squares, and for very many samples."""

from __future__ import annotations

from collections.abc import Iterator

from inrpde.compiler.form import Form
from inrpde.sampling.extent import only_samples, sample_points
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.descent import adam

NAME, OPTIONS = "training", adam.Options
MANY = 6000
"""Labelled points that are too many for the ladder; chosen."""


def serves(form: Form) -> Claim | str:
    if not form.linear and any(condition.norm == 1 for condition in form.conditions):
        return Claim(Role.ALONE, "a nonlinear condition of the norm 1 is no square")
    if only_samples(form) and (count := len(sample_points(form))) > MANY:
        return Claim(Role.ALONE, f"{count} samples and nothing between them are too many for frozen features")
    return "frozen features are faster, and more exact"


def solve(context: Context) -> Iterator[Candidate]:
    return adam.solve(context)
