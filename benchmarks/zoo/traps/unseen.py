"""Data given as numbers, on cells and between nodes that are narrower than points lie."""

from __future__ import annotations

from dataclasses import replace

from sympy import Eq, Float, Piecewise, cosh, sinh, sqrt

from inrpde.declaration import GridField, Mesh, MeshField, On, Region, Space
from zoo.making import UNIT, line
from zoo.traps.known import Known, closed, trap

VEIN = 0.5137
"""Where the narrow column begins."""


@trap("unseen", {"cells": (2e-4, False), "cells_own": (2e-4, True)}, {"cells_wide": (0.05, False)})
def vein(w: float, own: bool) -> Known:
    """A source on the cells of a mesh: one column of these holds as much as all others together."""
    space = Space("x y")
    x, _ = space.coords
    u, a = space.unknown("u"), space.coefficient("a")
    mesh, values = columns(space, w, 1 / w)
    omega = mesh if own else Region(space, UNIT**2)
    p, q = Float(VEIN, 30), Float(VEIN + w, 30)
    height, middle = 1 / (q - p) - 1, (p + q) / 2  # beside the others' 1
    inside = x * (1 - middle) - (x - p) ** 2 / (2 * (q - p))
    peak = Piecewise((x * (1 - middle), x < p), (inside, x < q), (middle * (1 - x), True))
    solution = x * (1 - x) / 2 + height * (q - p) * peak
    known = closed(
        u, _strip(space, omega, u, Eq(-space.laplace(u), a), 0), {u: solution}, coefficients={a: values}, accuracy=1e-12
    )
    return replace(known, data={a: Piecewise((1, x < p), (1 / (q - p), x < q), (1, True))})


@trap("unseen", {"": (2e-4,)}, {"wide": (0.05,)})
def sink(w: float) -> Known:
    """What reacts does so nowhere as fast as in one column of a mesh's cells."""
    space = Space("x y")
    x, _ = space.coords
    u, a = space.unknown("u"), space.coefficient("a", positive=True)
    _, values = columns(space, w, 1 / w)
    p, q = Float(VEIN, 30), Float(VEIN + w, 30)
    fast, across, beyond = 1 / sqrt(q - p), q - p, 1 - q
    # from the right: u = sinh(1 - x), and back over the column
    here, slope = sinh(beyond), -cosh(beyond)
    inside = here * cosh(fast * (x - q)) + slope / fast * sinh(fast * (x - q))
    start = here * cosh(fast * across) - slope / fast * sinh(fast * across)
    steep = -here * fast * sinh(fast * across) + slope * cosh(fast * across)
    left = start * cosh(x - p) + steep * sinh(x - p)
    size = start * cosh(p) - steep * sinh(p)
    solution = Piecewise((left, x < p), (inside, x < q), (sinh(1 - x), True)) / size
    omega = Region(space, UNIT**2)
    known = closed(
        u, _strip(space, omega, u, Eq(-space.laplace(u) + a * u, 0), 1), {u: solution}, coefficients={a: values},
        accuracy=1e-12,
    )  # fmt: skip
    return replace(known, data={a: Piecewise((1, x < p), (1 / (q - p), x < q), (1, True))})


@trap("unseen", {"": (2e-4,)}, {"wide": (0.05,)})
def needle(w: float) -> Known:
    """A source that is linear between nodes of which three lie close together."""
    _, x, u, rod = line(UNIT)
    a = rod.space.coefficient("a")
    p, q, r = (Float(VEIN + k * w, 30) for k in (-1, 0, 1))
    nodes, values = [0, 0.2, 0.4, VEIN - w, VEIN, VEIN + w, 0.8, 1], [1, 1, 1, 1, 1 + 1 / w, 1, 1, 1]
    rising, falling = (x - p) ** 3 / (6 * w * w), (r - x) ** 3 / (6 * w * w)
    peak = Piecewise(
        (x * (1 - q), x < p), (x * (1 - q) - rising, x < q), (q * (1 - x) - falling, x < r), (q * (1 - x), True)
    )
    hat = Piecewise((0, x < p), ((x - p) / (w * w), x < q), ((r - x) / (w * w), x < r), (0, True))
    known = closed(
        u, [On(rod, Eq(-u.diff(x, 2), a)), On(rod.boundary, Eq(u, 0))], {u: x * (1 - x) / 2 + peak},
        coefficients={a: GridField(values, [nodes], method="linear")}, accuracy=1e-9,
    )  # fmt: skip
    return replace(known, data={a: 1 + hat})


def columns(space: Space, w: float, value: float) -> tuple[Mesh, MeshField]:
    """Seven columns of triangles, and a value in the cells of one, w wide, where it is 1 in the others."""
    xs = [0, 0.2, 0.4, VEIN, VEIN + w, 0.6, 0.8, 1]
    nodes = [(x, y) for y in (0, 0.5, 1) for x in xs]
    corners = [8 * j + i for j in range(2) for i in range(7)]
    cells = [cell for k in corners for cell in ([k, k + 1, k + 9], [k, k + 9, k + 8])]
    mesh = Mesh.of(space, nodes, {"triangle": cells})
    return mesh, MeshField(mesh, [value if k % 8 == 3 else 1.0 for k in corners for _ in range(2)], on="cells")


def _strip(space: Space, omega: Region, u, equation: Eq, left: float) -> list[On]:
    """Values at the left and the right end, and nothing through the others."""
    x, y = space.coords
    edge = omega.boundary
    return [
        On(omega, equation),
        On(edge.where(Eq(x, 0)), Eq(u, left)),
        On(edge.where(Eq(x, 1)), Eq(u, 0)),
        *(On(edge.where(Eq(y, at)), Eq(space.dn(u), 0)) for at in (0, 1)),
    ]
