"""The vocabulary of the traps: problems with a truth that owes nothing to this package's solvers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from scipy.integrate import solve_ivp
from sympy import Expr, Interval, erf, exp, lambdify, pi, sqrt
from sympy.core.function import AppliedUndef

from inrpde.declaration import On, Problem, Region, Space

Array = np.ndarray
Truth = Callable[[Array], dict[str, Array]]
"""From points (N, d) to values by unknown."""
DIGITS = 30


@dataclass(frozen=True)
class Known:
    """A problem and what solves it: several truths where several solutions are right. Each is relative to its norm no
    farther off than `accuracy`; `exact` are the closed forms, where the truths have these."""

    problem: Problem
    truths: tuple[Truth, ...]
    accuracy: float
    exact: tuple[Mapping[AppliedUndef, Expr], ...] = ()


@dataclass(frozen=True)
class Trap:
    """`tame` ones look alike and hold nothing that could deceive: right answers to them have to be recognised."""

    name: str
    kind: str
    tame: bool
    make: Callable[[], Known]


TRAPS: dict[str, Trap] = {}


def trap(kind: str, wild: Mapping[str, tuple] = {"": ()}, tame: Mapping[str, tuple] = {}) -> Callable:  # noqa: B006
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
    span: tuple[float, float], unknowns: Any, rates: list[Expr], start: list[Any], method: str = "DOP853",
    accuracy: float = 1e-9,
) -> Known:  # fmt: skip
    """A system of ODEs from its start, y' = rates(y, t); the truth by scipy at tight tolerances. `unknowns` and `rates`
    are made from `space.coords` of a space with the coordinate t."""
    space = unknowns[0]
    (t,), fields = space.coords, unknowns[1:]
    run = Region(space, Interval(*span))
    conditions = [On(run, field.diff(t) - rate) for field, rate in zip(fields, rates, strict=True)]
    conditions += [On(run.face(t, span[0]), field - value) for field, value in zip(fields, start, strict=True)]
    right = lambdify([t, *fields], rates, "numpy")
    names = [field.func.__name__ for field in fields]

    def truth(points: Array) -> dict[str, Array]:
        times, back = np.unique(points[:, 0], return_inverse=True)
        first = np.array([float(value) for value in start])
        found = solve_ivp(
            lambda now, y: right(now, *y), span, first, method, t_eval=times, rtol=1e-12, atol=1e-14, max_step=np.inf
        )
        if not found.success:
            raise ArithmeticError(found.message)
        return dict(zip(names, found.y[:, back], strict=True))

    return Known(Problem("trap", unknowns=list(fields), conditions=conditions), (truth,), accuracy)


def bump(x: Expr, width: float) -> Expr:
    """A Gaussian of mass one."""
    return exp(-(x**2) / (2 * width**2)) / (sqrt(2 * pi) * width)


def step(x: Expr, width: float) -> Expr:
    """Its integral, from 0 to 1."""
    return (1 + erf(x / (sqrt(2) * width))) / 2


def ramp(x: Expr, width: float) -> Expr:
    """The integral of that."""
    return x * step(x, width) + width**2 * bump(x, width)
