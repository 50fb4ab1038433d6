"""Meshes of triangles on the unit square, and problems with data on them."""

import numpy as np
from scipy.spatial import Delaunay
from sympy import Eq, Interval

from inrpde import Mesh, MeshField, On, Problem, Region, Space
from inrpde.compiler import bind

AT = 0.5137


def columns(w=2e-4, turn=0.0, rows=3):
    """Seven columns of triangles, the fourth of them w wide and the others wide, turned about the square's middle where
    they go beyond it; and the column (M,) of each triangle."""
    xs = np.array([0, 0.2, 0.4, AT, AT + w, 0.6, 0.8, 1])
    nodes = np.stack(np.meshgrid(np.linspace(0, 1, rows), xs, indexing="ij")[::-1], -1).reshape(-1, 2)
    if turn:
        c, s = np.cos(turn), np.sin(turn)
        nodes = 0.5 + (2 * (nodes - 0.5)) @ np.array([[c, s], [-s, c]])
    corners = [8 * j + i for j in range(rows - 1) for i in range(7)]
    cells = [cell for k in corners for cell in ([k, k + 1, k + 9], [k, k + 9, k + 8])]
    return Mesh.of(Space("x y"), nodes, {"triangle": cells}), np.repeat(np.array(corners) % 8, 2)


def scattered(count, seed=0):
    """A mesh of about twice as many triangles, and their middles."""
    rng = np.random.default_rng(seed)
    side = np.linspace(0, 1, round(count**0.5))
    inner = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    inside = np.all((inner > 0) & (inner < 1), axis=1)
    inner[inside] += (rng.random((inside.sum(), 2)) - 0.5) * 0.5 * side[1]
    mesh = Mesh.of(Space("x y"), inner, {"triangle": Delaunay(inner).simplices})
    return mesh, mesh.nodes[mesh.cells].mean(axis=1)


def poisson(data, time=None, region=None):
    """A bound problem with a source of data of space alone."""
    space = Space("x y", time=time)
    u, a = space.unknown("u"), space.coefficient("a", of=space.spatial)
    omega = region or Region(space, Interval(0, 1) ** len(space.coords))
    rate = space.dt(u) if time else 0
    conditions = [On(omega, Eq(rate, space.laplace(u) + a)), On(omega.boundary, Eq(u, 0))]
    conditions += [On(omega.initial, u)] if time else []
    return bind(Problem("p", [u], conditions, coefficients={a: data}))


def cells(mesh, values):
    return MeshField(mesh, values, on="cells")
