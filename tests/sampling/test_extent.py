"""How finely samples resolve: on grids, on a share of a grid's nodes, scattered; and what is a prior beside them."""

import numpy as np
import pytest
from sympy import Eq, Interval

from inrpde import On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.sampling import grid_points
from inrpde.sampling.extent import along, priors, sample_points

GRID = grid_points([np.linspace(0, 1, 51), np.linspace(-1, 3, 41)])
space = Space("x y")
u = space.unknown("u")
omega = Region(space, Interval(0, 1) ** 2)


def test_a_grid_has_its_lines():
    assert along(GRID) == pytest.approx([51, 41])


def test_a_share_of_a_grids_nodes_resolves_as_much_less():
    few = GRID[np.random.default_rng(0).permutation(len(GRID))[: len(GRID) // 4]]
    assert along(few) == pytest.approx([51 / 2, 41 / 2], rel=0.01)


def test_scattered_samples_resolve_alike_everywhere():
    assert along(np.random.default_rng(0).uniform(size=(900, 2))) == pytest.approx([30, 30])


def labelled(count):
    points = Points(space, np.random.default_rng(1).uniform(size=(count, 2)), {"f": np.ones(count)})
    return On(points, Eq(u, points["f"]))


@pytest.mark.parametrize(("count", "weight", "expected"), [(400, 0.5, {1}), (400, 1.0, set()), (40, 0.5, set())])
def test_priors_weigh_less_than_many_samples(count, weight, expected):
    conditions = [labelled(count), On(omega, space.laplace(u), weight=weight)]
    form = compile_problem(Problem("p", [u], conditions))
    assert priors(form) == expected
    assert len(sample_points(form)) == count


def test_nothing_is_a_prior_beside_an_equation_that_holds():
    conditions = [labelled(400), On(omega, space.laplace(u)), On(omega, u.diff(space.coords[0], 2), weight=0.1)]
    assert priors(compile_problem(Problem("p", [u], conditions))) == frozenset()
