"""What a plan will cost, from its sizes alone: the same on every machine, so that answers do not depend on its load."""

from __future__ import annotations

import time
from functools import singledispatch

import numpy as np
from scipy.linalg import qr

from inrpde.compiler.form import Form
from inrpde.solvers.features import Cells, Global
from inrpde.solvers.linear.threads import sized

DENSE_RATE, BLOCK_RATE = 3e10, 1.2e10
"""Floating-point operations a nominal second, of one large factorisation and of many small ones."""
OVERHEAD = 2e-3
"""Nominal seconds for each cell beside its arithmetic."""
STEP = 0.05
"""Nominal seconds of every fit: points are drawn, and the answer is scored."""
CHEAP = 0.5
"""Nominal seconds that a try which may well fail is given, and that any step is worth."""
NEWTON = 4
"""Linear solves that a nonlinear one is counted as."""

REWEIGHTED = 12
"""The same for a linear problem with a condition of the norm 1, whose weights follow the residual."""

PILOT, CALL = (200, 40, 600), 2e-5
"""Rows, columns and number of the factorisations that measure how busy the machine is, and what calling one takes."""


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


def nominal(form: Form, plan: object) -> float:
    """Nominal seconds of one fit of a plan."""
    fields = [sum(not form.unknowns[k].is_number for k in group) for group in form.groups]
    absolute = form.linear and any(condition.norm == 1 for condition in form.conditions)
    weight = (4 if form.arithmetic == "complex" else 1) * (REWEIGHTED if absolute else 1 if form.linear else NEWTON)
    return STEP + weight * sum(cost(plan, count, form.space.dim) for count in fields if count)


@singledispatch
def cost(plan: object, fields: int, dim: int) -> float:
    """Nominal seconds of one linear solve of a real form with so many fields, in so many coordinates."""
    raise TypeError(f"no cost is known for {type(plan).__name__}")


@cost.register
def _(plan: Global, fields: int, dim: int) -> float:
    width = plan.width * fields
    return 2.0 * (plan.density + 1) * width**3 / DENSE_RATE + OVERHEAD


@cost.register
def _(plan: Cells, fields: int, dim: int) -> float:
    shape = np.array([len(b) - 1 for b in plan.breaks])
    across = np.prod(shape) / shape.max() * plan.each * fields
    local = plan.cells * fields * 2.0 * (plan.density * 2**dim + 1) * plan.each**3
    coupling = plan.cells * fields**2 * 3**dim * plan.density * plan.each**3
    elimination = 2.5 * across**3 * shape.max()
    return (local + coupling + elimination) / BLOCK_RATE + OVERHEAD * plan.cells * fields
