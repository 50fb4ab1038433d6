"""What a plan will cost, from its sizes alone: the same on every machine, so that answers do not depend on its load."""

from __future__ import annotations

import time

import numpy as np
from scipy.linalg import qr

from inrpde.compiler.form import Form
from inrpde.sampling.localised import patches
from inrpde.solvers.bodies.plan import BLOCK_RATE, Plan, dense
from inrpde.solvers.linear.threads import sized

STEP = 0.05
"""Nominal seconds of every fit: points are drawn, and the answer is scored; chosen."""
CHEAP = 0.5
"""Nominal seconds that a try which may well fail is given, and that any step is worth; chosen."""
NEWTON = 4
"""Linear solves that a nonlinear one is counted as; chosen."""
REWEIGHTED = 8
"""The same for a linear problem with a condition of the norm 1, whose weights follow the residual; chosen."""
PILOT, CALL = (200, 40, 600), 2e-5
"""Rows, columns and number of the factorisations that measure how busy the machine is, and what calling one takes;
chosen."""


def pace() -> float:
    """Seconds that a nominal second takes on this machine now, where it is slow or busy; 1 where it is not.

    A plan that must fit into a budget is made by it; others do not depend on it."""
    rows, columns, count = PILOT
    matrix = np.random.default_rng(0).standard_normal((rows, columns))
    start = time.perf_counter()
    with sized(0):
        for _ in range(count):
            qr(matrix, mode="economic", check_finite=False)
    return max((time.perf_counter() - start) / (count * (4 * rows * columns**2 / BLOCK_RATE + CALL)), 1.0)


def nominal(form: Form, plan: Plan) -> float:
    """Nominal seconds of one fit of a plan."""
    fields = [sum(not form.unknowns[k].is_number for k in group) for group in form.groups]
    absolute = form.linear and any(condition.norm == 1 for condition in form.conditions)
    weight = (4 if form.arithmetic == "complex" else 1) * (REWEIGHTED if absolute else 1 if form.linear else NEWTON)
    beside = sum(patch.width for patch in patches(form.bound))
    each = [plan.cost(count, form.space.dim, beside) for count in fields if count]
    if form.integrals:  # they couple all columns, so that these are solved as one domain's are
        each = [max(cost, dense(plan.width * count)) for cost, count in zip(each, filter(None, fields), strict=True)]
    return STEP + weight * sum(each)
