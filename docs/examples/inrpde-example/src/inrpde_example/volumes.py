"""A reference by finite volumes round the nodes of a grid: -div(a grad u) + c u = f on a box, u given all round."""

from collections.abc import Callable
from functools import reduce

import numpy as np
from scipy.sparse import diags, eye, kron
from scipy.sparse.linalg import spsolve
from sympy import Expr, expand, lambdify

from inrpde.plugin import Bound, NoReference, Reference, from_levels

WHAT = "it takes one real equation -div(a grad u) + c u = f on a box, and u given on its boundary"


def read(bound: Bound) -> tuple[Expr, Expr, Expr, Expr] | None:
    """a, c, f and the given u, if the problem is such a one."""
    regions, space = [each.region for each in bound.conditions], bound.space
    steady = space.time is None and len(bound.unknowns) == 1 and not bound.unknowns[0].complex and not bound.fields
    if not steady or len(regions) != 2 or regions[0].box is None or regions[1] != regions[0].boundary:
        return None
    u, (inner, wall) = bound.unknowns[0].symbol, (expand(each.residuals[0].doit()) for each in bound.conditions)
    a, c = -inner.coeff(u.diff(space.coords[0], 2)), inner.coeff(u)
    f = expand(c * u - space.div(a * space.grad(u)).doit() - inner)
    value = expand(u - wall / (wall.coeff(u) or 1))
    return None if any(each.has(u) for each in (a, c, f, value)) or a == 0 else (a, c, f, value)


def supports(bound: Bound) -> str | None:
    return None if read(bound) else WHAT


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Callable[[float], None] | None = None
) -> Reference | NoReference:
    given, box = read(bound), bound.conditions[0].region.box
    if given is None or box is None:
        return NoReference(WHAT)
    a, c, f, value = (lambdify(bound.space.coords, each, "numpy") for each in given)
    finest, levels = 4 * -(-(n or {1: 1000, 2: 128}.get(len(box), 32)) // 4), []
    for count in (finest // 4, finest // 2, finest):
        axes = [np.linspace(*side, count + 1) for side in box]
        nodes, ones = np.meshgrid(*axes, indexing="ij"), np.ones((count + 1,) * len(box))
        matrix = diags((c(*nodes) * ones).ravel())
        for k, axis in enumerate(axes):
            step = diags([-1.0, 1.0], [0, 1], shape=(count, count + 1)) / (axis[1] - axis[0])
            slope = reduce(kron, [step if j == k else eye(count + 1) for j in range(len(box))])  # on faces, from nodes
            middles = (axis[1:] + axis[:-1]) / 2
            faces = np.meshgrid(*(middles if j == k else each for j, each in enumerate(axes)), indexing="ij")
            matrix = matrix + slope.T @ diags((a(*faces) * np.ones(faces[0].shape)).ravel()) @ slope
        inside = np.zeros(ones.shape, bool)
        inside[(slice(1, -1),) * len(box)] = True
        u, inner = value(*nodes) * ones, inside.ravel()
        right = (f(*nodes) * ones).ravel() - matrix @ np.where(inside, 0, u).ravel()
        u[inside] = spsolve(matrix.tocsr()[inner][:, inner], right[inner])
        levels.append({bound.unknowns[0].name: u})
        if progress:
            progress((count / finest) ** len(box))
    return from_levels("finite-volume", axes, levels)
