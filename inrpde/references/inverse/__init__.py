"""Inverse problems: what is learned by least squares, on the grids of finite differences or the method of lines.

`scipy.optimize.least_squares` over the discrete equations, whose one factorisation gives the slopes of all readings;
learned fields are splines, with Tikhonov's penalty and its weight by generalised cross-validation.
"""

from __future__ import annotations

from inrpde.compiler import Bound
from inrpde.references import finite_difference, method_of_lines
from inrpde.references.equations import Equations, sort_equations
from inrpde.references.inverse.levels import solve_levels
from inrpde.references.inverse.prior import check_prior
from inrpde.references.inverse.readings import readings_of
from inrpde.references.layout import find_flow
from inrpde.references.reference import NoReference, Reference, Unsupported, refusal
from inrpde.references.steady import Progress


def supports(bound: Bound) -> str | None:
    """Why least squares on a grid cannot serve, or None when they can."""
    return refusal(_check, bound)


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """What is learned, and the unknowns, on grids of n/4, n/2 and n cells along the longest side.

    Without `n` grids become finer until what they change is small beside the noise of the readings, or the time
    (`budget`, in seconds) is up. The reference is not `sound`: it rests on the readings that the answer rests on.
    """
    try:
        return solve_levels(_check(bound), n, budget, progress)
    except Unsupported as reason:
        return reason.refused


def _check(bound: Bound) -> Equations:
    if not any(unknown.learned for unknown in bound.unknowns):
        raise Unsupported("nothing is learned")
    equations = sort_equations(bound, inverse=True)
    if not equations.readings:
        raise Unsupported("nothing is read at labelled points")
    if not equations.unknowns or not equations.volume:
        raise Unsupported("no equation holds in a volume")
    if bound.space.time is None:
        finite_difference.check_equations(equations)
    else:
        method_of_lines.check_equations(equations)
        if find_flow(equations.volume_terms, len(bound.space.spatial), len(equations.unknowns)):
            raise Unsupported("incompressible flow in time with learned coefficients")
    check_prior(equations)
    readings_of(equations)
    return equations
