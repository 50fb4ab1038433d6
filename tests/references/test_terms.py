"""Terms keep the flux form; equations and unknowns are paired."""

import numpy as np
import pytest
from sympy import Derivative, Interval, Matrix, exp

from inrpde import On, Problem, Region, Space
from inrpde.compiler import bind
from inrpde.references import Reference, solve
from inrpde.references.layout import find_flow
from inrpde.references.matching import match_faces, match_volume
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Difference, Leaf, Lowering

SPACE = Space("x y", time="t")
X, Y, T = SPACE.coords
U, V, P = SPACE.unknowns("u v p")


def lowered(expr):
    return Lowering(SPACE, (U, V, P), frozenset()).term(expr, "")


def kinds(term):
    return sorted(type(atom).__name__ for atom in term.atoms.values())


class TestTerms:
    def test_plain_derivatives_are_leaves(self):
        term = lowered(3 * Derivative(U, X, X, Y) + U.diff(T, 2) - 2 * U)
        assert set(term.atoms.values()) == {Leaf(0, (2, 1)), Leaf(0, (0, 0), 2), Leaf(0, (0, 0))}
        assert term.order(0) == 3
        assert term.order(0, axis=1) == 1
        assert term.time_order(0) == 2
        assert term.linear

    def test_constants_leave_fluxes(self):
        assert kinds(lowered(SPACE.div(2 * SPACE.grad(U)))) == ["Leaf", "Leaf"]

    def test_variable_fluxes_stay_fluxes(self):
        term = lowered(SPACE.div((1 + X) * SPACE.grad(U)))
        assert kinds(term) == ["Difference", "Difference"]
        assert term.leaves == {Leaf(0, (2, 0)), Leaf(0, (0, 2))}
        inner = next(atom for atom in term.atoms.values() if isinstance(atom, Difference) and atom.axis == 0)
        assert kinds(inner.term) == ["Leaf"]

    def test_nonlinear_fluxes_are_seen(self):
        assert not lowered(SPACE.div(exp(U) * SPACE.grad(U))).linear
        assert lowered(SPACE.div(exp(X) * SPACE.grad(U))).linear

    def test_time_derivatives_are_expanded(self):
        term = lowered(Derivative(U**2, T))
        assert term.leaves == {Leaf(0, (0, 0)), Leaf(0, (0, 0), 1)}


class TestPairs:
    def test_most_derivatives_win(self):
        terms = [lowered(U - SPACE.laplace(V)), lowered(SPACE.laplace(U) + V)]
        assert match_volume(terms, [0, 1]) == {0: 1, 1: 0}

    def test_flow_does_not_pair(self):
        rows = [P.diff(X) - SPACE.laplace(U), P.diff(Y) - SPACE.laplace(V), SPACE.div(Matrix([U, V]))]
        terms = [lowered(row) for row in rows]
        with pytest.raises(Unsupported):
            match_volume(terms, [0, 1, 2])
        flow = find_flow(terms, 2, 3)
        assert (flow.pressure, flow.velocities, flow.equations) == (2, (0, 1), {0: 0, 1: 1, 2: 2})

    def test_no_flow_in_a_reaction(self):
        terms = [lowered(SPACE.laplace(U) + V), lowered(SPACE.laplace(V) - U), lowered(SPACE.laplace(P))]
        assert find_flow(terms, 2, 3) is None

    def test_earlier_conditions_are_kept(self):
        assert match_faces([[0], [0, 1], [1], [2]]) == {0: 0, 1: 1, 2: 3}


def test_the_first_reference_that_serves():
    space = Space("x")
    (x,) = space.coords
    u = space.unknown("u")
    line = Region(space, Interval(0, 1))
    problem = Problem("line", [u], [On(line, u.diff(x, 2) + 2), On(line.boundary, u)])
    found = solve(bind(problem), 16)
    assert isinstance(found, Reference)
    assert found.values["u"] == pytest.approx(found.axes[0] * (1 - found.axes[0]))
    assert found.estimated_error["u"] == pytest.approx(1e-14)


def test_every_reason_is_given():
    space = Space("a b c d")
    u = space.unknown("u")
    region = Region(space, Interval(0, 1) ** 4)
    reason = solve(bind(Problem("p", [u], [On(region, space.laplace(u)), On(region.boundary, u)]))).reason
    assert "4 dimensions" in reason
    assert "no time" in reason
    assert np.all([name in reason for name in ("finite-difference", "method-of-lines", "scikit-fem")])
