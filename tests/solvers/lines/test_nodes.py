"""Nodes of collocation: what they integrate, and what the defect at a step's start says of the error in it."""

import numpy as np
import pytest
from numpy.polynomial import legendre

from inrpde.solvers.lines.nodes import gauss, radau

EVERY = [radau(3), radau(5), radau(7), gauss(3), gauss(5)]


@pytest.mark.parametrize("nodes", EVERY)
def test_the_matrix_integrates_polynomials_to_the_nodes(nodes):
    for power in range(nodes.count):
        assert nodes.matrix @ nodes.at**power == pytest.approx(nodes.at ** (power + 1) / (power + 1), abs=1e-14)


@pytest.mark.parametrize(("nodes", "order"), [(radau(3), 5), (radau(5), 9), (gauss(3), 6), (gauss(5), 10)])
def test_the_end_has_the_order_of_the_rule(nodes, order):
    weights = nodes.integrated(1).sum(axis=0)
    errors = [abs(weights @ nodes.at**power - 1 / (power + 1)) for power in range(order + 1)]
    assert max(errors[:order]) < 1e-14 < 1e-7 < errors[order]


def test_radau_of_three_nodes_is_that_of_the_tables():
    root = np.sqrt(6)
    assert radau(3).at == pytest.approx([(4 - root) / 10, (4 + root) / 10, 1])
    assert radau(3).matrix[2] == pytest.approx([(16 - root) / 36, (16 + root) / 36, 1 / 9])
    assert 1 / radau(3).eigenvalues[radau(3).real].real == pytest.approx(3 - np.cbrt(3) + np.cbrt(9))


@pytest.mark.parametrize("nodes", EVERY)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_defect_at_the_start_gives_the_largest_error_of_a_short_step(nodes, order):
    s, h, fine = nodes.count, 0.7, np.linspace(0, 1, 4001)
    series = h**order * nodes.integrated(order) @ (h * nodes.at) ** s  # y^(o) = t^s
    factorial = np.prod([1.0, *(s + m for m in range(1, order + 1))])
    error = np.max(np.abs(legendre.legval(2 * fine - 1, series) - (h * fine) ** (s + order) / factorial))
    defect = abs(legendre.legval(-1.0, nodes.integrated(0) @ (h * nodes.at) ** s))
    gamma = nodes.eigenvalues[nodes.real].real
    assert nodes.ratios[order] * (h * gamma) ** order * defect == pytest.approx(error, rel=1e-4)
