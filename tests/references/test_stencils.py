"""Stencils are exact for polynomials of the degree that their order promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inrpde.references.reference import Unsupported
from inrpde.references.stencils import Axis, stencils

NODES = np.arange(0, 41, 2)
MIDDLES = np.arange(1, 40, 2)
WALLED = np.concatenate([[0], MIDDLES, [40]])


@given(
    sources=st.sampled_from(["nodes", "middles", "walled"]), target=st.integers(0, 40), order=st.integers(0, 4),
    coefficients=st.lists(st.floats(-1, 1), min_size=1, max_size=6),
)  # fmt: skip
def test_exact_for_polynomials(sources, target, order, coefficients):
    positions = {"nodes": NODES, "middles": MIDDLES, "walled": WALLED}[sources]
    axis = Axis(0.0, 2.0, 20)
    # second order in the step: exact up to degree order + 1
    polynomial = np.polynomial.Polynomial(coefficients[: order + 2])
    matrix = stencils(axis, positions, np.array([target]), order)
    exact = polynomial.deriv(order)(axis.at(np.array([target]))) if order else polynomial(axis.at(np.array([target])))
    assert matrix @ polynomial(axis.at(positions)) == pytest.approx(exact, abs=1e-7)


@given(order=st.integers(1, 4), wave=st.integers(1, 3))
def test_periodic_stencils_wrap(order, wave):
    axis = Axis(0.0, 2 * np.pi, 200, periodic=True)
    nodes = np.arange(0, axis.end, 2)
    values = stencils(axis, nodes, nodes, order) @ np.exp(1j * wave * axis.at(nodes))
    assert values == pytest.approx((1j * wave) ** order * np.exp(1j * wave * axis.at(nodes)), rel=1e-2)


def test_staggered_difference_skips_the_nodes_themselves():
    positions = np.arange(0, 41)
    matrix = stencils(Axis(0.0, 2.0, 20), positions, np.array([10]), 1, staggered=True).toarray()[0]
    assert np.flatnonzero(matrix).tolist() == [9, 11]
    assert matrix[[9, 11]] == pytest.approx([-10, 10])


def test_too_few_nodes():
    with pytest.raises(Unsupported, match="too few"):
        stencils(Axis(0.0, 2.0, 20), NODES[:4], np.array([0]), 4)


def test_nodes_of_an_axis():
    axis = Axis(-1.0, 2.0, 6)
    assert axis.node(0.5) == 6
    assert axis.node(0.6) is None
    assert axis.near(0.625) == pytest.approx(6.5)
    assert axis.at(np.array([0, 12])).tolist() == [-1.0, 2.0]
