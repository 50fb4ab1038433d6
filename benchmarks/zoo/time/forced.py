"""Heat that is stirred for long: a source that swings, losses u³, a diffusivity that grows with the heat."""

from __future__ import annotations

import numpy as np
from sympy import Eq, Interval, Rational, cos, exp, pi, sin

from inrpde.declaration import On
from zoo.time.making import Computed, begun, computed, plane, solved_by, timed
from zoo.time.reactions import sampled
from zoo.time.spectral import Box, chebyshev
from zoo.traps.known import Known


@timed("forced", {"even": (1, 1, 20, 1), "oblong": (2, 1, 30, 2), "brief": (1, 1, 60, 4)})
def heated(long, wide, strength, rate) -> Computed:
    """u_t = Δu - u³ + f sin(ω t) in a box that is kept cold, up to t = 100 (of which the brief one is a tenth)."""
    end = 10 if rate == 4 else 100
    space, x, y, t, omega, u = plane(Interval(0, long) * Interval(0, wide), end)
    place = strength * x * (long - x) * exp(y / wide) if rate < 4 else strength * exp(-8 * ((x - 0.4) ** 2 + y**2))
    conditions = [
        On(omega, Eq(space.dt(u), space.laplace(u) - u**3 + place * sin(rate * t))),
        On(omega.boundary, Eq(u, 0)),
        *begun(omega, (u, 0)),
    ]

    def solver(level, times, places):
        box = Box([chebyshev(0, side, (24, 36)[level]) for side in (long, wide)])
        source = sampled(box, (x, y), [place])

        def rest(time, values):
            return source * np.sin(rate * time) - values**3

        return {"u": box.marched(box.laplace[None], rest, 0 * source, times, places, (0.02, 0.01)[level])[0]}

    return computed(u, conditions, solver)


@timed("forced", {"line": (1, 100), "plane": (2, 100), "slow": (2, 10)})
def stirred(dim, end) -> Known:
    """u_t = Δu - u³ + f, made for a solution that swings."""
    space, *coords, t, omega, u = plane(Interval(0, 1) ** dim, end, coords="x y"[: 2 * dim - 1])
    shape = 1
    for k, x in enumerate(coords):
        shape *= sin((k + 1) * pi * x)
    solution = shape * (sin(t) if end == 100 else 1 + cos(3 * t) / 2)
    return solved_by(omega, u, lambda v: space.dt(v) - space.laplace(v) + v**3, solution)


@timed("forced", {"line": (1, 100), "plane": (2, 100), "outer": (2, 5)})
def ripening(dim, end) -> Known:
    """u_t = div((1 + u²) grad u) + f, made."""
    space, *coords, t, omega, u = plane(Interval(0, 1) ** dim, end, "T", coords="x y"[: 2 * dim - 1])
    x, y = coords[0], coords[-1]
    if end == 5:  # walls that change
        solution = cos(2 * x - t) * exp(-y / 2) + Rational(1, 2)
    else:
        solution = sin(pi * x) * (cos(pi * y / 3) if dim == 2 else 1) * (1 + sin(t) / 2)
    return solved_by(omega, u, lambda v: space.dt(v) - space.div((1 + v**2) * space.grad(v)), solution)


@timed("forced", {"grains": (1, 100), "slab": (2, 10)})
def thickening(dim, end) -> Computed:
    """u_t = div((1 + u²) grad u) + f sin t between cold walls."""
    space, *coords, t, omega, u = plane(Interval(0, 1) ** dim, end, coords="x y"[: 2 * dim - 1])
    x, y = coords[0], coords[-1]
    place = 8 * exp(x) * (2 - y) if dim == 2 else 10 * (1 + x**2)
    conditions = [
        On(omega, Eq(space.dt(u), space.div((1 + u**2) * space.grad(u)) + place * sin(t))),
        On(omega.boundary, Eq(u, 0)),
        *begun(omega, (u, 0)),
    ]

    def solver(level, times, places):
        box = Box([chebyshev(0, 1, (22, 30)[level])] * dim)
        source = sampled(box, coords, [place])
        middle = 1.5  # of the diffusivities, by which the stiff part goes exactly

        def rest(time, values):
            slopes = [box.slope(values, k) ** 2 for k in range(dim)]
            bent = box.synthesised(box.laplace * box.analysed(values))
            return (1 + values**2 - middle) * bent + 2 * values * sum(slopes) + source * np.sin(time)

        start = 0 * source
        found = box.marched(middle * box.laplace[None], rest, start, times, places, (0.004, 0.002)[level] / dim)
        return {"u": found[0]}

    return computed(u, conditions, solver)
