"""Ordinary differential equations from their initial values: marched coarsely, and then to rounding."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from inrpde.compiler.form import Form
from inrpde.discretise.state import State
from inrpde.errors import DivergedError
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.marching.interval import Integrator, Marched, refusal

NAME, OPTIONS = "initial values", Nothing
AIMS = (1e-7, 1e-12)
"""The relative errors that a window may have, in one march after another; chosen."""
FEATURES, BAND = 24, 6.0
"""Sines of a window, and the half-width of their frequencies in coordinates scaled to it; chosen."""
DEARER = 4.0
"""How many times as long a march may take as the one before; chosen."""


def serves(form: Form) -> Claim | str:
    return refusal(form) or Claim(Role.ALONE, "windows from the initial values on, each as long as its error allows")


def solve(context: Context) -> Iterator[Candidate]:
    """A candidate for each aim, its score the largest error of a window; one that breaks off earlier than the one
    before is none. Raises DivergedError where not even the first window of the first is solved."""
    form, seed = context.form, context.seed
    before: Marched | None = None
    for aim in AIMS:
        begun, march = time.perf_counter(), Integrator(FEATURES, BAND, seed, aim)
        try:
            found = march.run(form, lambda share: context.tell(f"windows over {share:.0%} of {form.space.coords[0]}"))
        except DivergedError:
            if before is None:
                raise
            return
        spent = time.perf_counter() - begun
        if before is not None and found.until is not None and before.until is None:
            return
        before = found
        method = "least-squares" if form.linear else "newton"

        def again(other: int, lean: Sequence[float], march: Integrator = march) -> State:
            varied = replace(march, width=FEATURES - 2, band=0.9 * BAND, seed=other)
            return varied.run(form).state

        yield Candidate(
            found.state, found.error, found.error, spent, method, f"windows to {aim:.0e}", again=again,
            until=found.until, share=1.0,
        )  # fmt: skip
        if not context.clock.fits(DEARER * spent):
            return
