"""Gauss–Newton on all parameters: few features, each moved to where it serves."""

from __future__ import annotations

from collections.abc import Iterator

from inrpde.compiler.form import Form
from inrpde.solvers.descent import gauss_newton
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.strategy import Claim, Role

NAME, OPTIONS = "gauss-newton", gauss_newton.Options


def serves(form: Form) -> Claim | str:
    return Claim(Role.LAST, "frequencies and phases move to where they serve")


def solve(context: Context) -> Iterator[Candidate]:
    return gauss_newton.solve(context)
