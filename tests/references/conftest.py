"""Manufactured problems, and the true errors of their references."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from inrpde import On, Problem
from inrpde.compiler import bind
from inrpde.compiler.printing import evaluate
from inrpde.references.reference import measures


@pytest.fixture
def manufacture():
    """Problem of operators on a region and on parts of its boundary, with the right-hand sides that solutions give."""

    def make(region, solutions, volume, faces, extra=(), **options):
        def applied(operator):
            return operator.xreplace(solutions).doit()

        conditions = [On(region, sympy.Eq(operator, applied(operator))) for operator in volume]
        conditions += [On(part, operator - applied(operator)) for part, operator in faces]
        return Problem("made", list(solutions), [*conditions, *extra], exact=solutions, **options)

    return make


@pytest.fixture
def true_errors():
    """{unknown: relative L2 error} of a reference's values, or of its extrapolated ones, against the exact solution."""

    def errors(problem, reference, extrapolated=False):
        bound = bind(problem)
        axes = reference.coarse_axes if extrapolated else reference.axes
        fields = reference.extrapolated if extrapolated else reference.values
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        env = dict(zip(problem.space.coords, points.T, strict=True))
        found = {}
        for unknown, solution in problem.exact.items():
            name = unknown.func.__name__
            values = fields[name].ravel()
            exact = evaluate(bound.known(solution), env, len(points))
            there = np.isfinite(values)
            shares = np.sqrt(np.broadcast_to(measures(axes), fields[name].shape).ravel()[there])
            gap, size = shares * (values - exact)[there], shares * exact[there]
            found[name] = float(np.linalg.norm(gap) / np.linalg.norm(size))
        return found

    return errors


@pytest.fixture
def converges(true_errors):
    """Solve on two grids: assert the order of the true error and that the estimate is within a factor of two of it."""

    def check(problem, solve, n, order=1.9):
        bound = bind(problem)
        coarse, fine = solve(bound, n // 2), solve(bound, n)
        before, after = true_errors(problem, coarse), true_errors(problem, fine)
        assert len(fine.axes[0]) - 1 == 2 * (len(coarse.axes[0]) - 1)
        for name, error in after.items():
            assert np.log2(before[name] / error) >= order, (name, before, after)
            assert 0.5 <= fine.estimated_error[name] / error <= 2, (name, fine.estimated_error, after)
        return fine

    return check
