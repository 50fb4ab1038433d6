"""Steady problems on nested grids: what is found for one state is not found again."""

import pytest
from sympy import Interval, exp, sin

from inrpde import Region, Space
from inrpde.compiler import bind
from inrpde.references import NoReference
from inrpde.references.factors import Factors
from inrpde.references.finite_difference import solve


@pytest.fixture
def factorised(monkeypatch):
    """The sizes of all matrices that are factorised."""
    sizes, of = [], Factors.__init__

    def counted(self, matrix, *more):
        sizes.append(matrix.shape[0])
        of(self, matrix, *more)

    monkeypatch.setattr(Factors, "__init__", counted)
    return sizes


def test_a_linear_problem_is_factorised_once_a_grid(manufacture, factorised):
    square = Region(Space("x y"), Interval(0, 1) ** 2)
    u, (x, y) = square.space.unknown("u"), square.space.coords
    made = manufacture(square, {u: sin(3 * x) * exp(y)}, [u - square.space.laplace(u)], [(square.boundary, u)])
    assert not isinstance(solve(bind(made), 16), NoReference)
    assert len(factorised) == len(set(factorised)) == 3
