"""Linear equations at points as a system in time: least squares in space, of columns whose heads depend on time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lu_factor, lu_solve, qr, solve_triangular

from inrpde.compiler.bind import Evolution
from inrpde.compiler.form import Form, Row
from inrpde.compiler.frozen import Start
from inrpde.discretise.fields import field_points, rms
from inrpde.networks.trial import Trial
from inrpde.sampling.draw import draw
from inrpde.sampling.sites import Site

Array = np.ndarray
DENSITY = 2.0
"""Points a column, as of one domain."""
PART = 0.1
"""The step beside the whole time of which the residuals are tested; a half to fifty times as much made no difference in
a ball of five dimensions."""
DAMPED, TIMES = 1e-7, 5
"""What heads weigh beside the values that a solution begins with, and how often what that costs is made up for; the
square of the first is some rounding."""
HELD = 0.01
"""What equations without rates weigh beside these values, which disagree where a wall is suddenly warmed; chosen."""
SIZED = 400
"""Points at which the size of an unknown is taken; chosen."""


class OnPoints:
    """A `collocation.Semidiscrete` of rows r = A₁ ∂c/∂t + A₀ c + f(t) (M,) at points, for heads c of the columns φ(x).

    An implicit step of length h solves A(h) c = g by least squares, A(h) = A₁ + h A₀ for an unknown of first order in
    time and A₀ for one of order 0, that is Qᵀ A(h) c = Qᵀ g for A(h) = Q R. Here Q is that of one step, `PART` of the
    whole, for steps of all lengths, so that Qᵀ r = 0 is a square system: in it equations inside and on boundaries hold
    together, as well as columns allow. Where something spreads, what is short of them was not seen to grow. Heads are
    those of the columns made orthonormal by R, for each unknown by itself, as orders may differ.
    """

    linear = steady = True

    def __init__(
        self, form: Form, rows: Sequence[Row], way: Evolution, trials: Sequence[Trial], orders: Sequence[int], seed: int
    ):
        self.form, self.rows, self.trials, self.seed = form, rows, trials, seed
        self.samples = draw(form, round(DENSITY * sum(trial.width for trial in trials)), seed)
        widths = [trial.width for trial in trials]
        cuts = np.cumsum([0, *widths])
        self.columns = [np.arange(a, b) for a, b in pairwise(cuts)]
        self.of = np.repeat(np.arange(len(trials)), widths)
        self.orders = np.array(orders)[self.of]
        parts, self.factors, pencil = self._operators(way)
        bases = [qr(pencil[:, mine], mode="economic", check_finite=False) for mine in self.columns]
        self.triangles = [triangle for _, triangle in bases]
        self.tests = bases[0][0] if len(bases) == 1 else np.linalg.qr(np.hstack([basis for basis, _ in bases]))[0]
        self.parts = [self._turned(self.tests.T @ part) for part in parts]
        moving = [any(jet.index[-1] for jet in row.jets.values()) for row in rows]
        self.still = ~np.repeat(moving, [len(factor) for factor in self.factors])
        self.held = HELD * self._turned(parts[0][self.still])

    def _operators(self, way: Evolution) -> tuple[list[Array], list[Array], Array]:
        """A₀ and A₁ (M, W), what each row's residual is multiplied by, and A(h) of the step."""
        count, step = sum(len(self.samples.of(row).points) for row in self.rows), PART * abs(way.end - way.start)
        still, moving = (np.zeros((count, len(self.of)), order="F") for _ in range(2))
        factors, first = [], 0
        for row in self.rows:
            site = self.samples.of(row)
            here = slice(first, first + len(site.points))
            first = here.stop
            env = self._environment(row, site, way.start)
            for symbol, slope in row.tangents(env).items():
                jet = row.jets[symbol]
                values = np.broadcast_to(slope, (len(site.points),)).astype(float)
                columns = self.trials[jet.unknown].operator(site.points[:, :-1], {jet.index[:-1]: values})
                (moving if jet.index[-1] else still)[here, self.columns[jet.unknown]] += columns
            size = rms((moving[here] + still[here] * step**self.orders).ravel()) or 1.0
            factors.append(site.roots * np.sqrt(self.form.conditions[row.condition].weight) / size)
            for part in (still, moving):
                part[here] *= factors[-1][:, None]
        return [still, moving], factors, moving + still * step**self.orders

    def _turned(self, matrix: Array) -> Array:
        """A matrix (M, W) on the columns made orthonormal."""
        sides = [
            solve_triangular(triangle, matrix[:, mine].T, trans="T", check_finite=False).T
            for triangle, mine in zip(self.triangles, self.columns, strict=True)
        ]
        return np.hstack(sides)

    def heads(self, unknown: int, vectors: Array) -> Array:
        """The heads (..., K) of an unknown's own columns."""
        mine = vectors[..., self.columns[unknown]]
        flat = solve_triangular(self.triangles[unknown], mine.reshape(-1, mine.shape[-1]).T, check_finite=False)
        return flat.T.reshape(mine.shape)

    def _environment(self, row: Row, site: Site, time: float) -> dict:
        """What stands in a row at a time, where all unknowns vanish but for what they are counted from."""
        points = np.column_stack([site.points[:, :-1], np.full(len(site.points), time)])
        offsets = {s: 0.0 if any(jet.index) else self.trials[jet.unknown].offset for s, jet in row.jets.items()}
        return self.form.environment(row, points, site.normals, site.labels) | offsets

    def _rows(self, time: float) -> Array:
        """f (M,)."""
        found = []
        for row, factor in zip(self.rows, self.factors, strict=True):
            (value,) = row.value(self._environment(row, self.samples.of(row), time))
            found.append(factor * np.broadcast_to(value, factor.shape))
        return np.concatenate(found)

    def residuals(self, times: Array, y: Array, rate: Array, second: Array) -> Array:
        """G (s, W)."""
        given = np.stack([self._rows(time) for time in times])
        return y @ self.parts[0].T + rate @ self.parts[1].T + given @ self.tests

    def factorised(self, time: float, y: Array, rate: Array, second: Array, scale: complex) -> Callable[[Array], Array]:
        """See `Semidiscrete`."""
        pencil = self.parts[0] * scale**self.orders + self.parts[1]
        factors = lu_factor(pencil, overwrite_a=True, check_finite=False)
        return lambda right: lu_solve(factors, right, check_finite=False)

    def begun(self, starts: Sequence[Start], time: float) -> Array:
        """Heads (W,) of what unknowns begin with, as smooth as that allows, which satisfy equations without rates as
        well as they can."""
        normal, found = np.zeros((len(self.of), len(self.of))), np.zeros(len(self.of))
        blocks = [(np.arange(len(self.of)), self.held, -HELD * self._rows(time)[self.still])]
        for k, mine in enumerate(self.columns):
            if given := [start.row for start in starts if start.unknown == k]:
                blocks.append((mine, *self._begun(k, given)))
        for mine, matrix, _ in blocks:
            normal[np.ix_(mine, mine)] += matrix.T @ matrix
        damped = DAMPED**2 * np.linalg.norm(normal, 1) * np.eye(len(normal))
        factors = cho_factor(normal + damped, check_finite=False)
        for _ in range(TIMES):
            right = np.zeros(len(normal))
            for mine, matrix, values in blocks:
                right[mine] += matrix.T @ (values - matrix @ found[mine])
            found += cho_solve(factors, right, check_finite=False)
        return found

    def _begun(self, unknown: int, rows: Sequence[Row]) -> tuple[Array, Array]:
        """Values (M,) at a start, and the orthonormal columns (M, K) there."""
        samples, width = self.samples, self.trials[unknown].width
        while sum(len(samples.of(row).points) for row in rows) < DENSITY * width:
            samples = draw(self.form, 2 * max(map(len, (site.points for site in samples.sites))), self.seed)
        wanted, columns = [], []
        total = sum(samples.of(row).weights.sum() for row in rows)
        for row in rows:
            site = samples.of(row)
            env, roots = self._environment(row, site, site.points[0, -1]), np.sqrt(site.weights / total)
            (value,), (slope,) = row.value(env), row.tangents(env).values()
            zero = (0,) * (site.points.shape[1] - 1)
            wanted.append(-value / slope * roots)
            columns.append(self.trials[unknown].operator(site.points[:, :-1], {zero: roots}))
        matrix = solve_triangular(self.triangles[unknown], np.vstack(columns).T, trans="T", check_finite=False).T
        return matrix, np.concatenate(wanted)

    @cached_property
    def _looks(self) -> list[Array]:
        """The orthonormal columns (N, K) of each unknown at points."""
        found = []
        for k, (trial, triangle) in enumerate(zip(self.trials, self.triangles, strict=True)):
            points = field_points(self.form, k, SIZED, self.seed)[:, :-1]
            values = trial.operator(points, {(0,) * points.shape[1]: 1.0})
            found.append(solve_triangular(triangle, values.T, trans="T", check_finite=False).T)
        return found

    def sizes(self, vector: Array) -> Array:
        """The root mean squares (U,)."""
        looks = zip(self._looks, self.columns, strict=True)
        return np.array([np.linalg.norm(look @ vector[mine]) / np.sqrt(len(look)) for look, mine in looks])
