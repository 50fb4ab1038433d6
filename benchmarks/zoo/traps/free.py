"""Inner layers that are nearly free: what holds them in their place are ends that are far away."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_bvp
from scipy.optimize import brentq
from sympy import Eq, Float, Interval, tanh

from inrpde.declaration import On
from zoo.making import line
from zoo.traps.known import Array, Known, closed, numeric, trap


@trap("free", {"thin": (0.03,), "thinner": (0.02,)}, {"wide": (0.2,)})
def steady_shock(width: float) -> Known:
    """Burgers' equation between 1 and -1. The shock may be moved at the price of a residual of exp(-1/width)."""
    space, x, u, omega = line(Interval(-1, 1))
    k = Float(brentq(lambda k: k * np.tanh(k / (2 * width)) - 1, 1, 2, xtol=1e-15), 17)
    conditions = [
        On(omega, Eq(width * space.laplace(u), u * u.diff(x))),
        On(omega.face(x, -1), Eq(u, 1)),
        On(omega.face(x, 1), Eq(u, -1)),
    ]
    return closed(u, conditions, {u: -k * tanh(k * x / (2 * width))}, accuracy=1e-12)


@trap("free", {"aside": (6, 2.0), "far": (10, 2.0)}, {"held": (1.5, 0.2)})
def phases_apart(half: float, begun: float) -> Known:
    """u'' + u = u³ between -1 and 1, from a front that is not in the middle."""
    space, x, u, omega = line(Interval(-half, half))
    grid = np.linspace(-half, half, 2001)
    start = np.tanh(grid / np.sqrt(2))
    found = solve_bvp(
        lambda z, y: np.stack([y[1], y[0] ** 3 - y[0]]), lambda a, b: np.array([a[0] + 1, b[0] - 1]), grid,
        np.stack([start, (1 - start**2) / np.sqrt(2)]), tol=1e-9, max_nodes=50_000,
    )  # fmt: skip

    def truth(points: Array) -> dict[str, Array]:
        return {"u": found.sol(points[:, 0])[0]}

    conditions = [
        On(omega, Eq(space.laplace(u) + u, u**3)),
        On(omega.face(x, -half), Eq(u, -1)),
        On(omega.face(x, half), Eq(u, 1)),
    ]
    return numeric(u, conditions, truth, accuracy=1e-8, guess={u: tanh(x - begun)})
