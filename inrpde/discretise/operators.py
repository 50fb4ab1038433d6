"""What equations make of a wave as long as the box: the scale by which residuals of different units compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.discretise.jets import filled
from inrpde.sampling.extent import bounds
from inrpde.sampling.sites import Samples, Site

Array = np.ndarray


def lowest_modes(form: Form) -> Array:
    """The wave numbers of the longest half wave of the box along each coordinate, (d,)."""
    lo, hi = bounds(form)
    return np.pi / (hi - lo)


def slopes(form: Form, row: Row, samples: Samples, at: dict, numbers: Sequence[complex | float]) -> dict:
    """The tangent of an equation, {symbol: (N,) or number}, at jets and values of the integrals."""
    return row.tangents(filled(form, row, samples.of(row), at, numbers))


def coefficients(form: Form, row: Row, points: Array, normals: Array | None = None) -> dict:
    """The tangent of an equation at points (N, d) where all unknowns vanish, {symbol: (N,) or number}."""
    nothing = dict.fromkeys([*row.jets, *row.integrals], 0.0)
    return row.tangents(form.environment(row, points, normals, {}) | nothing)


def operator(row: Row, site: Site, tangent: dict, modes: Array) -> dict[int, np.float64]:
    """What an equation's operator makes of the lowest mode of each of its unknowns, in the root mean square."""
    squares: dict[int, np.float64] = {}
    for symbol, jet in row.jets.items():
        if symbol in tangent:
            mode = np.prod(modes ** np.array(jet.index))
            size = np.linalg.norm(site.roots * tangent[symbol])
            squares[jet.unknown] = squares.get(jet.unknown, 0.0) + size**2 * mode**2
    return {unknown: np.sqrt(square) for unknown, square in squares.items()}
