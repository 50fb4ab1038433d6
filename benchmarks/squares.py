"""The problems of the unit square as functions of numpy, for the methods that do not read declarations."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sympy import Expr, Integer, cos, exp, lambdify, pi, sin, symbols

Function = Callable[[np.ndarray, np.ndarray], np.ndarray]
X, Y = symbols("x y")


@dataclass(frozen=True)
class Square:
    """-div(a grad u) - shift u = f; u = 0 at x = 0 and x = 1, and at y = 0 and y = 1 either u = 0 or no flux."""

    exact: Function
    source: Function
    a: Function
    a_x: Function
    a_y: Function
    shift: float = 0.0
    no_flux: bool = False

    @property
    def constant(self) -> bool:
        """Is a = 1? The problems here have no other constant."""
        return not self.no_flux


def square(solution: Expr, a: Expr = Integer(1), shift: float = 0.0, no_flux: bool = False) -> Square:
    """The problem whose solution is given: its source is the solution put into the equation."""
    flux = (a * solution.diff(X)).diff(X) + (a * solution.diff(Y)).diff(Y)
    source = -flux - shift * solution
    return Square(*map(_function, (solution, source, a, a.diff(X), a.diff(Y))), shift, no_flux)


def _function(expr: Expr) -> Function:
    compiled = lambdify((X, Y), expr, "numpy", cse=True)
    return lambda x, y: compiled(x, y) + np.zeros(np.shape(x))


SQUARES = {
    "poisson": square(sin(pi * X) * sin(pi * Y)),
    "helmholtz_plane": square(sin(4 * pi * X) * sin(4 * pi * Y), shift=(4 * np.pi) ** 2),
    "darcy": square(sin(pi * X) * cos(pi * Y), exp(X) * (2 + cos(pi * Y)), no_flux=True),
}
