"""What is set beside sine features, or in their place, where a form calls for functions of another kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inrpde.compiler.form import Form
from inrpde.networks.trial import Trial

Box = tuple[np.ndarray, np.ndarray]
Maker = Callable[[int, Box, np.random.Generator], tuple[Trial, ...]]
"""From a number of features, a box and a generator to trials in place of some of them."""


class Enrichment:
    """Frozen data: equal enrichments make the same trials. A subclass gives one of the two."""

    def beside(self, form: Form, unknown: int, rng: np.random.Generator) -> list[Trial]:
        """Trials of an unknown beside its whole body."""
        return []

    def within(self, form: Form, unknown: int) -> Maker | None:
        """What makes trials in place of features of every box that a body consists of; None where nothing does."""
        return None
