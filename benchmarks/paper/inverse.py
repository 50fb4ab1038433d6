"""The row of the inverse problem: the squared slowness that was found, beside the adjoint method's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sympy import lambdify

from benchmarks import adjoint_inversion
from benchmarks.paper.row import Found, Row
from inrpde.problems import inversion

Array = np.ndarray
CELLS, BENDING = 100, 2
"""The grid after which the adjoint method gains nothing more on the readings, and what it penalises; measured."""


def contrast(found: Found) -> Mapping[str, float]:
    """The relative L2 errors of the squared slowness and of its deviation from the background, in the disk."""
    rng = np.random.default_rng(0)
    angles, radii = 2 * np.pi * rng.random(10_000), np.sqrt(rng.random(10_000))
    points = radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    true = lambdify(inversion.COORDS, inversion.MEDIUM)(*points.T)
    off = float(np.linalg.norm(found(points) - true))
    return {"error": off / float(np.linalg.norm(true)), "of contrast": off / float(np.linalg.norm(true - 1))}


def adjoint() -> Found:
    """The field of the adjoint method, by cubics between its nodes."""
    grid = adjoint_inversion.Grid(2 / CELLS)
    values = np.ones(len(grid.places))
    values[grid.inner] = adjoint_inversion.invert(CELLS, BENDING, *adjoint_inversion.measured(0))
    return lambda points: grid.read(points) @ values


ROWS = [Row("inversion", "inversion", 60, measure=contrast, classical={"adjoint method": adjoint}, unknown="m")]
