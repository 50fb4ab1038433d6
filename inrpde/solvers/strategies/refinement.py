"""Gauss–Newton on all parameters: few features, each moved to where it serves."""

from __future__ import annotations

from collections.abc import Iterator

from inrpde.compiler.form import Form
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.descent import gauss_newton

NAME, OPTIONS = "gauss-newton", gauss_newton.Options


def serves(form: Form) -> Claim | str:
    return Claim(Role.LAST, "frequencies and phases move to where they serve")


def solve(context: Context) -> Iterator[Candidate]:
    return gauss_newton.solve(context)
