"""What is given, as a function of the parameters: where it is no polynomial through the nodes, the table is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler import bind
from inrpde.discretise.family import between, between_nodes
from inrpde.resolution import depending, function
from inrpde.sampling import sample
from inrpde.solvers.family.members import Members

Array = np.ndarray
LOOKED, PLACES = 2000, 20
"""Values of the parameters at which data are looked at, so that what is wider than their spacing is seen, and points of
each condition's region; chosen."""
MISSED = 1e-6
"""The share of a datum by which polynomials may miss it; chosen."""


@dataclass(frozen=True, eq=False)
class Data:
    """The data and coefficients of all conditions: `values` (n, p) of the parameters and `given` (n, q), what they are
    there, each beside its largest."""

    lo: Array
    hi: Array
    values: Array
    given: Array

    @classmethod
    def of(cls, members: Members, nodes: Array, seed: int) -> Data:
        """Those at nodes (m, p), then at values spread between them; numbers that are not finite are left out."""
        values = np.concatenate([nodes, between(members.lo, members.hi, LOOKED, seed)])
        bound, found = bind(members.problem), [np.zeros((len(values), 0))]
        for condition in bound.conditions:
            if known := depending(bound, condition, members.problem.parameters):
                points = sample(condition.region, PLACES, seed).points
                at = np.hstack([np.tile(points, (len(values), 1)), np.repeat(values, len(points), axis=0)])
                made = function(bound, known, members.problem.parameters)(at)
                found += [each.reshape(len(values), -1) for each in made]
        given = np.concatenate(found, axis=1)
        finite = given[:, np.all(np.isfinite(given), axis=0)]
        return cls(members.lo, members.hi, values, finite / np.maximum(np.abs(finite).max(axis=0), 1e-300))

    def missed(self, nodes: int) -> Array | None:
        """The values (p,) at which polynomials through the first `nodes` miss most; None where they miss nothing."""
        if not self.given.shape[1]:
            return None
        weights = between_nodes(self.lo, self.hi, self.values[:nodes], self.values)
        left = np.abs(weights @ self.given[:nodes] - self.given).max(axis=1)
        worst = int(np.argmax(left))
        return self.values[worst] if left[worst] > MISSED else None
