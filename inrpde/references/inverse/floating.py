"""Unknowns that equations fix up to a constant, and readings alone beyond that: the constant is sought as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sympy import Symbol

from inrpde.compiler.bind import BoundCondition, Unknown
from inrpde.declaration.fields import Learned
from inrpde.declaration.regions.points import Points
from inrpde.references.equations import WHOLE, Equation, Equations
from inrpde.references.factors import ignores
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.inverse.scheme import system_of
from inrpde.references.layout import domain, is_box
from inrpde.references.stencils import Axis
from inrpde.references.terms import Lowering


def tied(equations: Equations, axes: Sequence[Axis], parameters: Parameters) -> Equations:
    """The same, but that an unknown of whose constant steady equations feel nothing has a value in a corner, which is
    sought too. The multiplier of that condition, a source that is left over, must then vanish (see `Steady`)."""
    if equations.space.time is not None or not is_box(equations):
        return equations
    system = system_of(equations, axes, parameters)
    state = np.concatenate([np.ones(system.grid.size, system.dtype), parameters.initial])
    jacobian = system.tangent(state)[1]
    for number, unknown in enumerate(equations.unknowns):
        constant = np.zeros(system.grid.width)
        constant[system.grid.block(number)] = 1.0
        if ignores(jacobian, constant):
            equations = _with_corner(equations, unknown)
    return equations


def _with_corner(equations: Equations, unknown: Unknown) -> Equations:
    name = f"{unknown.declared} in a corner"
    level = Unknown(Symbol(name, real=True), name, False, None, Learned(0.0))
    corner = Points(equations.space, np.array([[lo for lo, _ in domain(equations)]]))
    text = f"the value of {name}"
    condition = BoundCondition(-1, corner, (unknown.symbol - level.symbol,), None, 1.0, 2, text, "a corner")
    sought, before = (*equations.sought, level), equations.lowering
    lowering = Lowering(
        before.space, tuple(before.numbers), before.fields, tuple(each.symbol for each in sought)
    )  # fmt: skip
    for integral in before.integrals:
        lowering.integral(integral)
    points = (*equations.points, Equation(condition, condition.residuals[0], WHOLE))
    return replace(equations, sought=sought, points=points, lowering=lowering)
