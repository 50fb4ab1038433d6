"""The vocabulary of the traps: problems with a truth that owes nothing to this package's solvers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import mpmath
import numpy as np
from scipy.integrate import solve_ivp
from sympy import Dummy, Eq, Expr, Interval, erf, exp, lambdify, pi, sqrt
from sympy.core.function import AppliedUndef

from inrpde.declaration import On, Problem, Region, Space

Array = np.ndarray
Truth = Callable[[Array], dict[str, Array]]
"""From points (N, d) to values by unknown."""
DIGITS = 30


@dataclass(frozen=True)
class Known:
    """A problem and what solves it: several truths where several solutions are right. Each is relative to its norm no
    farther off than `accuracy`; `exact` are the closed forms, where the truths have these, and `data` what is given as
    numbers on grids and meshes. Instead of truths there may be `samples`: "points" (N, d), and values there by unknown,
    NaN where it does not live."""

    problem: Problem
    truths: tuple[Truth, ...]
    accuracy: float
    exact: tuple[Mapping[AppliedUndef, Expr], ...] = ()
    samples: Mapping[str, Array] | None = None
    data: Mapping[AppliedUndef, Expr] = field(default_factory=dict)


@dataclass(frozen=True)
class Trap:
    """`tame` ones look alike and hold nothing that could deceive: right answers to them have to be recognised."""

    name: str
    kind: str
    tame: bool
    make: Callable[[], Known]


TRAPS: dict[str, Trap] = {}


def trap(kind: str, wild: Mapping[str, tuple] = {"": ()}, tame: Mapping[str, tuple] = {}) -> Callable:
    """Registers a family: for each of its variants, by name, the arguments."""

    def register(family: Callable[..., Known]) -> Callable[..., Known]:
        for variants, is_tame in ((wild, False), (tame, True)):
            for variant, arguments in variants.items():
                name = f"{family.__name__}_{variant}".rstrip("_")
                TRAPS[name] = Trap(name, kind, is_tame, lambda given=arguments: family(*given))
        return family

    return register


def closed(
    unknowns: Any, conditions: list[On], *solutions: Mapping[AppliedUndef, Expr], accuracy: float = 1e-14, **more: Any
) -> Known:
    """A problem with its solutions in closed form."""
    unknowns = list(unknowns) if isinstance(unknowns, (list, tuple)) else [unknowns]
    problem = Problem("trap", unknowns=unknowns, conditions=conditions, **more)
    truths = tuple(_evaluated(problem.space, solution) for solution in solutions)
    return Known(problem, truths, accuracy, solutions)


def _evaluated(space: Space, solution: Mapping[AppliedUndef, Expr]) -> Truth:
    """With 30 digits, so that nothing cancels or overflows."""
    functions = {u.func.__name__: lambdify(space.coords, expr, "mpmath") for u, expr in solution.items()}

    def truth(points: Array) -> dict[str, Array]:
        with mpmath.workdps(DIGITS):
            rows = [[mpmath.mpf(float(value)) for value in point] for point in points]
            values = {name: np.array([complex(f(*row)) for row in rows]) for name, f in functions.items()}
        return {name: v if np.any(v.imag) else v.real for name, v in values.items()}

    return truth


def marched(
    space: Space, span: tuple[float, float], fields: list[Any], rates: list[Expr], start: list[float], order: int = 1,
    stiff: bool = False, accuracy: float = 1e-8,
) -> Known:  # fmt: skip
    """A system of ODEs from its start: the derivatives of the given order are `rates`; `start` holds values, and then
    speeds. The truth is scipy's at tight tolerances."""
    (t,) = space.coords
    state = [field.diff(t, k) if k else field for k in range(order) for field in fields]
    run = Region(space, Interval(*span))
    conditions = [On(run, Eq(field.diff(t, order), rate)) for field, rate in zip(fields, rates, strict=True)]
    conditions += [On(run.face(t, span[0]), Eq(each, value)) for each, value in zip(state, start, strict=True)]
    symbols = [Dummy() for _ in state]
    swapped = dict(reversed(list(zip(state, symbols, strict=True))))
    right = lambdify([t, *symbols], [*symbols[len(fields) :], *(rate.xreplace(swapped) for rate in rates)], "numpy")
    method, tolerance = ("LSODA", 1e-12) if stiff else ("DOP853", 1e-13)

    def truth(points: Array) -> dict[str, Array]:
        times, back = np.unique(points[:, 0], return_inverse=True)
        until = max(times[-1], span[0] + (span[1] - span[0]) / 1000)  # LSODA hangs on an interval of no length
        found = solve_ivp(
            lambda now, y: right(now, *y), (span[0], until), np.array(start, dtype=float), method, t_eval=times,
            rtol=tolerance, atol=1e-15 * max(map(abs, start)),
        )  # fmt: skip
        if not found.success:
            raise ArithmeticError(found.message)
        return {field.func.__name__: values[back] for field, values in zip(fields, found.y, strict=False)}

    return numeric(fields, conditions, truth, accuracy=accuracy)


def numeric(unknowns: Any, conditions: list[On], *truths: Truth, accuracy: float, **more: Any) -> Known:
    """A problem with truths that are computed."""
    unknowns = list(unknowns) if isinstance(unknowns, (list, tuple)) else [unknowns]
    return Known(Problem("trap", unknowns=unknowns, conditions=conditions, **more), truths, accuracy)


def bump(x: Expr, width: float) -> Expr:
    """A Gaussian of mass one."""
    return exp(-(x**2) / (2 * width**2)) / (sqrt(2 * pi) * width)


def step(x: Expr, width: float) -> Expr:
    """Its integral, from 0 to 1."""
    return (1 + erf(x / (sqrt(2) * width))) / 2


def ramp(x: Expr, width: float) -> Expr:
    """The integral of that."""
    return x * step(x, width) + width**2 * bump(x, width)
