"""Do bound coefficients keep the sign that they were declared with?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sympy import Basic, Expr, Symbol, preorder_traversal

from inrpde.compiler.evaluate import known
from inrpde.compiler.form import Form
from inrpde.declaration.fields import Learned
from inrpde.declaration.words import words
from inrpde.errors import ProblemError
from inrpde.sampling.sites import Samples
from inrpde.verification.finding import place

Array = np.ndarray
SIGNS: dict[str, Callable[[Array], Array]] = {
    "positive": lambda values: values > 0,
    "nonnegative": lambda values: values >= 0,
    "negative": lambda values: values < 0,
    "nonpositive": lambda values: values <= 0,
}
"""What sympy assumes, the strongest first."""


def check_signs(form: Form, samples: Samples) -> None:
    """Raise ProblemError for a coefficient that was declared positive, say, and is not so at a point of the volumes (of
    all sets, where it is needed on no volume)."""
    for key, value in form.bound.problem.coefficients.items():
        sign = next((sign for sign in SIGNS if getattr(key, f"is_{sign}")), None)
        if sign is None:
            continue
        points = _points(form, samples, key)
        values = _values(form, key, value, points)
        wrong = ~SIGNS[sign](values)
        if wrong.any():
            worst = np.flatnonzero(wrong)[np.argmax(np.abs(values[wrong]))]
            at = "" if isinstance(key, Symbol) else f" at {place(form.space.coords, points[worst])}"
            name = words(key)
            raise ProblemError(
                f"{name} was declared {sign} and is {values[worst]:.4g}{at}",
                f"coefficients={{{name}: {words(value) if isinstance(value, Expr) else type(value).__name__}}}",
                f"bind {name} to what is {sign} wherever it is needed, or declare it without {sign}=True",
            )


def _points(form: Form, samples: Samples, key: Basic) -> Array:
    conditions = form.bound.problem.conditions
    uses = [k for k, c in enumerate(conditions) if any(key in preorder_traversal(row) for row in c.residuals)]
    chosen = [k for k in uses if conditions[k].region.dim == form.space.dim] or uses or range(len(conditions))
    return np.concatenate([samples.conditions[k].points for k in chosen])


def _values(form: Form, key: Basic, value: object, points: Array) -> Array:
    if isinstance(value, Learned):
        return np.full(len(points), float(value.initial))
    return np.real(known(form.bound, key, points))
