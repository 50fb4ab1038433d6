"""Waves: membranes, a speed that varies, damping, mass, and fields that pull themselves back."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp
from sympy import Eq, Interval, Rational, cos, exp, lambdify, pi, sin, sqrt

from inrpde.declaration import On, Periodic
from zoo.time.making import Array, Computed, begun, computed, plane, solved_by, timed
from zoo.time.reactions import sampled
from zoo.time.spectral import Box, cosine, fourier, lobatto
from zoo.traps.known import Known


@timed("wave", {
    "long": (1, 1, 1, 100, ((1, 1), (2, 3)), False),
    "free": (1, 1, 1, 100, ((1, 0), (2, 1)), True),
    "drum": (Rational(2, 5), Rational(3, 10), 80, Rational(1, 10), ((1, 1), (3, 2), (1, 4)), False),
    "rich": (2, 1, 1, 3, ((1, 1), (5, 2), (3, 4), (8, 1)), False),
})  # fmt: skip
def membrane(long, wide, speed, end, modes, free) -> Known:
    """A membrane, by its modes."""
    space, x, y, t, omega, u = plane(Interval(0, long) * Interval(0, wide), end)
    wave = cos if free else sin
    solution = 0
    for k, (m, n) in enumerate(modes):
        pace = speed * pi * sqrt((Rational(m) / long) ** 2 + (Rational(n) / wide) ** 2)
        swing = cos(pace * t) + (sin(pace * t) / 2 if k % 2 else 0)
        solution += wave(m * pi * x / long) * wave(n * pi * y / wide) * swing / (k + 1)
    walls = On(omega.boundary, Eq(space.dn(u) if free else u, 0))
    return solved_by(
        omega, u, lambda v: space.dt(v, 2) - speed**2 * space.laplace(v), solution, walls, source=0, swift=True
    )


@timed("wave", {
    "string": (1, 1, Rational(1, 5), 30), "skin": (2, 2, Rational(1, 2), 10), "thick": (2, 1, 3, 4),
})  # fmt: skip
def damped(dim, speed, loss, end) -> Known:
    """u_tt + 2 b u_t = c² Δu between walls at rest."""
    space, *coords, t, omega, u = plane(Interval(0, 1) ** dim, end, "w", coords="x y"[: 2 * dim - 1])
    solution = 0
    for k in (1, 2):
        shape = 1
        for j, x in enumerate(coords):
            shape *= sin((k + j) * pi * x)
        square = (speed * pi) ** 2 * sum((k + j) ** 2 for j in range(dim)) - loss**2
        pace = sqrt(square)
        solution += shape * exp(-loss * t) * (cos(pace * t) + loss / pace * sin(pace * t)) / k
    walls = On(omega.boundary, Eq(u, 0))
    return solved_by(
        omega, u, lambda v: space.dt(v, 2) + 2 * loss * space.dt(v) - speed**2 * space.laplace(v), solution, walls,
        source=0, swift=True,
    )  # fmt: skip


@timed("wave", {"slow": (1, 5), "massive": (6, 10)})
def klein_gordon(mass, end) -> Known:
    """u_tt = Δu - m² u in the plane: standing waves and one that travels, by what is given on the walls."""
    space, x, y, t, omega, u = plane(Interval(-1, 1) ** 2, end, "psi")
    paces = [sqrt(a**2 + b**2 + mass**2) for a, b in ((2, 1), (1, 3))]
    solution = cos(2 * x + y - paces[0] * t) + sin(x) * cos(3 * y) * sin(paces[1] * t) / 2
    return solved_by(
        omega, u, lambda v: space.dt(v, 2) - space.laplace(v) + mass**2 * v, solution, source=0, swift=True
    )


def _swung(box: list, weight: Array, walls: bool, start: Array) -> tuple:
    """u_tt = div(flux) / weight by its modes: what they are made of."""
    (x, wx, dx), (y, wy, dy) = box
    stiff_x, stiff_y = dx.T @ (wx[:, None] * dx), dy.T @ (wy[:, None] * dy)
    mass = np.kron(wx, wy) * weight.ravel()
    stiff = np.kron(stiff_x, np.diag(wy)) + np.kron(np.diag(wx), stiff_y)
    free = np.ones((len(x), len(y)), bool)
    if walls:
        free[[0, -1]] = free[:, [0, -1]] = False
    free = free.ravel()
    root = np.sqrt(mass[free])
    rates, modes = np.linalg.eigh(stiff[np.ix_(free, free)] / root[:, None] / root)
    return np.sqrt(np.maximum(rates, 0)), modes.T @ (root * start.ravel()[free]), modes / root[:, None], free


@timed("wave", {
    "fixed": (1, 5, True, 1 / 2, 30), "free": (1, 5, False, 1 / 2, 30), "lens": (2, 5, True, 1 / 2, 6),
})  # fmt: skip
def refracted(half, end, walls, share, narrow) -> Computed:
    """u_tt = c(x, y)² Δu between walls: a pulse in what slows it down on one side, or in a lens."""
    space, x, y, _, omega, u = plane(Interval(-half, half) ** 2, end)
    share = Rational(share)
    squared = 1 + share * sin(2 * x + y) if half == 1 else 1 - share * exp(-3 * (x**2 + y**2))
    pulse = exp(-narrow * ((x + half * Rational(1, 5)) ** 2 + (y - Rational(1, 5)) ** 2))
    conditions = [
        On(omega, Eq(space.dt(u, 2), squared * space.laplace(u))),
        On(omega.boundary, Eq(u if walls else space.dn(u), 0)),
        *begun(omega, (u, pulse), (space.dt(u), 0)),
    ]

    def solver(level, times, places):
        nodes, weights, slope, at = lobatto(-half, half, (48, 60)[level])
        both = np.meshgrid(nodes, nodes, indexing="ij")
        weight = 1 / lambdify((x, y), squared, "numpy")(*both)
        start = lambdify((x, y), pulse, "numpy")(*both)
        paces, shares, modes, free = _swung([(nodes, weights, slope)] * 2, weight, walls, start)
        found = []
        for time, there in zip(times, places, strict=True):
            values = np.zeros(len(free))
            values[free] = modes @ (np.cos(paces * time) * shares)
            bases = [at(column) for column in there.T]
            found.append(np.einsum("ni,nj,ij->n", *bases, values.reshape(both[0].shape)))
        return {"u": np.stack(found)}

    return computed(u, conditions, solver)


@timed("wave", {"cubic": ("cubic", 5), "sine": ("sine", 10)})
def bound(kind, end) -> Computed:
    """u_tt = Δu - u³ in a periodic square, or u_tt = Δu - sin u between free walls."""
    space, x, y, _, omega, u = plane(Interval(0, 4) ** 2, end, "phi")
    if kind == "cubic":
        start, pull = 2 * sin(pi * x / 2) * cos(pi * y / 2) + Rational(1, 2), u**3
        walls = [On(omega.face(z, 0), Periodic(u, z)) for z in (x, y)]
    else:
        start, pull = 3 * cos(pi * x / 4) ** 2 * cos(pi * y / 2) + 1, sin(u)
        walls = [On(omega.boundary, Eq(space.dn(u), 0))]
    conditions = [
        On(omega, Eq(space.dt(u, 2), space.laplace(u) - pull)), *walls,
        *begun(omega, (u, start), (space.dt(u), 0)),
    ]  # fmt: skip

    def solver(level, times, places):
        n = (24, 36)[level]
        box = Box([fourier(0, 4, n // 2) if kind == "cubic" else cosine(0, 4, n)] * 2)
        shape = (1, *box.nodes[0].shape)
        pulling = lambdify(u, pull, "numpy")

        def rate(_, state):
            found, speed = state.reshape(2, *shape)
            pulled = box.analysed(pulling(box.synthesised(found)))
            return np.concatenate([speed.ravel(), (box.laplace * found - pulled).ravel()])

        state = np.concatenate([box.analysed(sampled(box, (x, y), [start])).ravel(), np.zeros(np.prod(shape))])
        made = solve_ivp(rate, (0, end), state, "DOP853", times, rtol=1e-11, atol=1e-12)
        found = made.y[: np.prod(shape)].T.reshape(-1, *shape)
        return {"phi": np.stack([box.at(f, there)[0] for f, there in zip(found, places, strict=True)])}

    return computed(u, conditions, solver)
