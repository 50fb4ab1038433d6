"""LSMR against numpy's least squares, and what bounds its iterations."""

from types import SimpleNamespace

import numpy as np
import pytest

from inrpde import deadline
from inrpde.solvers.linear import iterative
from inrpde.solvers.linear.iterative import FIRST, iterate


class Counted:
    """A matrix with singular values from 1 to a tenth, a right-hand side outside its range, and how it was used."""

    def __init__(self, rows=120, width=60, kind=float, seed=0):
        rng = np.random.default_rng(seed)
        a, b, right = (self.drawn(rng, kind, *shape) for shape in ((rows, width), (width, width), (rows,)))
        self.matrix = np.linalg.qr(a)[0] * np.linspace(1, 0.1, width) @ np.linalg.qr(b)[0]
        self.right, self.kind, self.used, self.given = right, np.dtype(kind), 0, set()
        self.best = np.linalg.lstsq(self.matrix, right)[0]

    @staticmethod
    def drawn(rng, kind, *shape):
        real = rng.standard_normal(shape)
        return real + 1j * rng.standard_normal(shape) if np.dtype(kind).kind == "c" else real

    def times(self, vector):
        self.used += 1
        self.given.add(vector.dtype)
        return self.matrix @ vector

    def solve(self, most=500, exact=1e-14, flat=1e-14, **more):
        adjoint = self.matrix.conj().T
        return iterate(
            self.times, lambda v: adjoint @ v, self.right, len(self.best), self.kind, most, exact, flat, **more
        )

    def excess(self, found):
        """By how much the residual is above the least one, as a share of that."""
        least = np.linalg.norm(self.matrix @ self.best - self.right)
        return np.linalg.norm(self.matrix @ found - self.right) / least - 1


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("left", [np.inf, 1e3])
def test_it_finds_what_numpy_finds(kind, left):
    system = Counted(kind=kind)
    found = system.solve(left=lambda: left)
    assert found.dtype == kind
    np.testing.assert_allclose(found, system.best, rtol=0, atol=1e-8 * np.abs(system.best).max())


def test_a_time_that_is_over_leaves_the_first_few_iterations():
    system = Counted()
    found = system.solve(left=lambda: 0.0)
    few, used = Counted().solve(most=FIRST), system.used
    assert FIRST <= used <= FIRST + 2
    np.testing.assert_array_equal(found, few)
    assert 0 < system.excess(found) < system.excess(0 * found)


def test_the_time_that_is_left_is_turned_into_iterations(monkeypatch):
    """Half a second for each of them, and ten seconds left: twenty more."""
    system = Counted()
    moments = iter([0.0, 0.5 * FIRST])
    monkeypatch.setattr(iterative, "time", SimpleNamespace(perf_counter=lambda: next(moments)))
    system.solve(left=lambda: 10.0)
    assert FIRST + 20 <= system.used <= FIRST + 20 + 4


def test_what_has_converged_goes_on_no_longer():
    free, timed = Counted(width=5), Counted(width=5)
    free.solve()
    timed.solve(left=lambda: 1e3)
    assert timed.used == free.used < FIRST


def test_so_many_iterations_and_no_more_and_none_after_the_deadline():
    system = Counted()
    system.solve(most=8)
    assert 8 <= system.used <= 9
    with deadline.within(0) as scope:
        system.solve()
    assert scope.expired


def test_columns_of_single_precision_are_given_vectors_of_theirs():
    system = Counted()
    system.kind = np.dtype(np.float32)
    found = system.solve()
    assert system.given == {np.dtype(np.float32)}
    assert found.dtype == float
    np.testing.assert_allclose(found, system.best, atol=1e-3 * np.abs(system.best).max())
