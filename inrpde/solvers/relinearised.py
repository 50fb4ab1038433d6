"""Nonlinear conditions in volumes round many labelled points, as on the distance from a scan: Newton's method on cells.

Cells are the finer, the more labelled points lie in them. Each step is a linear least-squares problem in single
precision for conjugate gradients, warm from the last, together with a weak prior of little bending. The first step
starts from an expansion round the labelled points, whose value and slopes their linear conditions give.
Conditions of the norm 1 are reweighted at every step (Holland and Welsch 1977).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.spatial import cKDTree

from inrpde.compiler.form import Form, Index, Row
from inrpde.networks.boxes import Sorted
from inrpde.networks.partition import windows
from inrpde.networks.patchwork import Cell, Patchwork
from inrpde.networks.siren import SineBody
from inrpde.sampling import sample
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.resolution import sample_points
from inrpde.solvers.samples import Samples, Site, bounds, draw, left_out
from inrpde.solvers.score import score
from inrpde.solvers.state import State, zero_state
from inrpde.solvers.survey import LEFT_OUT
from inrpde.solvers.system import Jets, environment, evaluate_jets
from inrpde.solvers.threads import sized

Array = np.ndarray
FEATURES, BAND = 24, 4.0
"""Features of a cell, and their band in coordinates scaled to it."""
DEPTH, EVERYWHERE, HELD = 5, 2, 4
"""Times that cells are halved at most, and everywhere; further only where so many labelled points lie."""
VOLUME, DENSER, NEAREST = 30_000, 12, 0.02
"""Points in the volumes; where labelled points are near they are up to so many times denser, as the inverse of the
distance from these, beyond this share of the box."""
BENDING = 3e-3
"""The weight of the prior, the root mean square of second derivatives."""
ROUNDING = 1e-5
"""The smallest ridge of a cell, beside its largest column."""
SMALLEST = 0.03
"""A residual of a condition of norm 1 counts as at least so large, beside their root mean square."""
SHARES = (1.0, 1.0, 1.0)
"""What nonlinear conditions weigh at each step, beside what they ask for; at first an expansion stands in for them."""
CHUNK, TINY = 500, 1e-6
"""Points that are worked on at once, and what keeps squared distances from zero."""
ITERATIONS, CONVERGED = 40, 1e-4
"""Conjugate gradients a step at most, and the gradient, beside the first, at which they end."""
HELD_OUT = 15_487_469


def supports(form: Form) -> bool:
    """Is a form nonlinear in volumes, in no more than slopes (as a distance is), linear on labelled points, of one real
    field of at most three coordinates?"""
    if len(form.unknowns) > 1 or form.unknowns[0].is_number or form.arithmetic != "real":
        return False
    inside = all(row.linear or row.region.dim == form.space.dim for row in form.rows)
    if any(sum(jet.index) > 1 for row in form.rows if not row.linear for jet in row.jets.values()):
        return False
    return inside and not form.linear and not form.integrals and form.space.dim <= 3 and not _paired(form)


def solve(context: Context) -> Iterator[Candidate]:
    """A candidate after the continuation. For forms that it `supports`."""
    form, seed = context.form, context.seed
    begun = time.perf_counter()
    state = fit(form, drawn(form, seed), seed)
    held_out = draw(form, 1000, seed + HELD_OUT)

    def again(other: int, lean: Sequence[float]) -> State:
        return fit(form, left_out(drawn(form, other), LEFT_OUT, other), other)

    found = score(form, held_out, state).total
    reason = f"{len(state.trials[0].pieces)} cells of {FEATURES} features, {len(SHARES)} steps"
    yield Candidate(state, found, found, time.perf_counter() - begun, "newton", reason, {}, again)


def fit(form: Form, samples: Samples, seed: int) -> State:
    """The head after all steps."""
    trial = body(form, np.random.default_rng(seed))
    state = zero_state(form, (trial,))
    jets = evaluate_jets(form, samples, expansion(form, samples))
    with sized(0):  # the cells are small: threads would only wait for one another
        equations = Equations.of(form, samples, trial)
        for number, share in enumerate(SHARES):
            linear = equations.linearised(jets, share, first=number == 0)
            state = state.with_vector(linear.solve(state.vector))
            jets = equations.jets(state.vector)
    return state


def body(form: Form, rng: np.random.Generator) -> Patchwork:
    """Cells on the whole box, halved again and again where labelled points lie; those of all levels add up."""
    lo, hi = bounds(form)
    points = Sorted(sample_points(form))
    parts: list[Cell] = []
    for level in range(DEPTH + 1):
        edges = [np.linspace(a, b, 2**level + 1) for a, b in zip(lo, hi, strict=True)]
        for window in windows(edges, smoothness=max(form.order + 1, 3)):
            support = np.maximum(window.lo, lo), np.minimum(window.hi, hi)
            if level <= EVERYWHERE or len(points.inside(*support)) >= HELD:
                parts.append(Cell(SineBody.random(FEATURES, BAND, support, rng), window))
    return Patchwork(tuple(parts))


def drawn(form: Form, seed: int) -> Samples:
    """Samples with more points in the volumes where labelled points are near, weighted by what they stand for."""
    plain = draw(form, VOLUME, seed)
    labelled, (lo, hi) = cKDTree(sample_points(form)), bounds(form)
    made: dict[int, Site] = {}
    for condition, site in zip(form.conditions, plain.conditions, strict=True):
        if condition.region.dim < form.space.dim or site.labels:
            made[id(site)] = site
        elif id(site) not in made:
            q = sample(condition.region, DENSER * len(site.points), seed)
            density = 1 / np.maximum(labelled.query(q.points)[0], NEAREST * np.max(hi - lo))
            share = np.minimum(density * len(site.points) / density.sum(), 1)
            kept = np.random.default_rng(seed).uniform(size=len(share)) < share
            made[id(site)] = Site(q.points[kept], (q.weights / share)[kept], None, {}, site.measure)
    return Samples(tuple(made[id(site)] for site in plain.conditions), plain.integrals)


@dataclass(frozen=True)
class Expansion:
    """A field from `values` (N,) and `slopes` (N, d) at points: it rises or falls from the nearest as steeply as there.

    Which of the two, and its slopes, is said by the mean of all Taylor expansions, weighted by r^(-2d) (Shepard 1968).
    Round a closed surface with normals as slopes the sign is right: for powers p > d, ∮ n·(x - y)/r^p over it is p - d
    times the integral of r^(-p) over the side where x is not, positive outside and negative inside.
    """

    tree: cKDTree
    values: Array
    slopes: Array

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        out = {index: np.zeros(len(points)) for index in indices}
        known, offset = self.tree.data, self.values - np.sum(self.slopes * self.tree.data, axis=1)
        for start in range(0, len(points), CHUNK):
            at = points[start : start + CHUNK]
            square = np.sum(at**2, axis=1)[:, None] + np.sum(known**2, axis=1) - 2 * at @ known.T
            weight = (square + TINY) ** -known.shape[1]
            weight /= weight.sum(axis=1)[:, None]
            for index in out:
                if not any(index):
                    value = np.sum(weight * (at @ self.slopes.T + offset), axis=1)
                    near = np.argmin(square, axis=1)
                    away = np.sqrt(np.maximum(square[np.arange(len(at)), near], 0))
                    rise = away * np.linalg.norm(self.slopes[near], axis=1)
                    out[index][start : start + CHUNK] = self.values[near] + np.sign(value - self.values[near]) * rise
                elif sum(index) == 1:
                    out[index][start : start + CHUNK] = weight @ self.slopes[:, index.index(1)]
        return out


def expansion(form: Form, samples: Samples) -> Expansion:
    """What linear conditions on labelled points say of value and slopes there; zero where they leave them open."""
    d = form.space.dim
    indices = [(0,) * d, *(tuple(int(i == k) for i in range(d)) for k in range(d))]
    sites = {id(samples.of(row)): samples.of(row) for row in form.rows if row.region.dim == 0}
    found = []
    for key, site in sites.items():
        n = len(site.points)
        rows = [row for row in form.rows if id(samples.of(row)) == key and row.linear]
        matrix, right = np.zeros((n, len(rows), d + 1)), np.zeros((n, len(rows)))
        for k, row in enumerate(rows):
            env = environment(form, row, site) | dict.fromkeys(row.jets, 0.0)
            right[:, k] = -np.broadcast_to(row.value(env)[0], (n,))
            for symbol, slope in zip(row.tangent, row.slopes(env), strict=True):
                if row.jets[symbol].index in indices:
                    matrix[:, k, indices.index(row.jets[symbol].index)] = slope
        found.append(np.einsum("nij,nj->ni", np.linalg.pinv(matrix), right))
    jets = np.concatenate(found)
    return Expansion(cKDTree(np.concatenate([site.points for site in sites.values()])), jets[:, 0], jets[:, 1:])


@dataclass(frozen=True)
class Columns:
    """The jets of a cell's features at those points of a site (`rows`) that lie in it: {index: (len(rows), width)}."""

    rows: Array
    jets: Mapping[Index, Array]

    def combined(self, slopes: Mapping[Index, Array]) -> Array:
        """Σ_α c_α ∂^α φ for c_α (N,) at all points of the site."""
        terms = (self.jets[index] * slope[self.rows, None] for index, slope in slopes.items())
        return sum(terms, np.zeros((1, 1), np.float32))


@dataclass(frozen=True)
class Equations:
    """A form on samples and a body whose jets are taken once: by the identity of a site, those of all `cells`.

    `prior` (width,) are the weights of the heads in the prior.
    """

    form: Form
    samples: Samples
    columns: Mapping[int, tuple[Columns, ...]]
    cells: tuple[slice, ...]
    prior: Array

    @classmethod
    def of(cls, form: Form, samples: Samples, trial: Patchwork) -> Equations:
        sites = {id(site): site for site in samples.conditions}
        wanted: dict[int, set[Index]] = {key: set() for key in sites}
        for row in form.rows:
            wanted[id(samples.of(row))] |= {jet.index for jet in row.jets.values()}
        columns = {key: tuple(_columns(trial, site.points, wanted[key])) for key, site in sites.items()}
        lo, hi = bounds(form)
        shares = [np.sqrt(np.prod((cell.inner.box[1] - cell.inner.box[0]) / (hi - lo))) for cell in trial.parts]
        bending = [np.sum(cell.waves**2, axis=1) * share for cell, share in zip(trial.parts, shares, strict=True)]
        stops = np.cumsum([cell.width for cell in trial.parts])
        cells = tuple(slice(int(n - cell.width), int(n)) for n, cell in zip(stops, trial.parts, strict=True))
        return cls(form, samples, columns, cells, BENDING * np.concatenate(bending))

    def jets(self, head: Array) -> Jets:
        """The jets of a head (width,) at all samples."""
        found: dict[int, dict[Index, Array]] = {}
        for site in self.samples.conditions:
            out = found.setdefault(id(site), {})
            if out:
                continue
            for columns, piece in zip(self.columns[id(site)], self.cells, strict=True):
                for index, matrix in columns.jets.items():
                    out.setdefault(index, np.zeros(len(site.points)))[columns.rows] += matrix @ head[piece]
        rows = ({s: found[id(self.samples.of(r))][jet.index] for s, jet in r.jets.items()} for r in self.form.rows)
        return Jets(tuple(rows), ())

    def linearised(self, at: Jets, share: float, first: bool) -> Linear:
        """The problem for the next head, at the jets of the last, with a `share` of the nonlinear conditions' weight;
        for the `first`, with the jets in their place, and without weights for absolute values."""
        made, sources = [], []
        for row, jets in zip(self.form.rows, at.rows, strict=True):
            if first and not row.linear:
                found = self._expanded(row, jets, share)
            else:
                found = [self._equation(row, jets, share, not first)]
            made += found
            sources += [row] * len(found)
        starts = np.cumsum([0, *(len(right) for _, right in made)])
        blocks = []
        for number, piece in enumerate(self.cells):
            rows, matrices = [], []
            for row, first, (slopes, _) in zip(sources, starts, made, strict=False):
                columns = self.columns[id(self.samples.of(row))][number]
                if len(columns.rows):
                    rows.append(first + columns.rows)
                    matrices.append(columns.combined(slopes))
            width = piece.stop - piece.start
            matrix = np.concatenate(matrices) if matrices else np.zeros((0, width), np.float32)
            places = np.concatenate(rows) if rows else np.zeros(0, int)
            blocks.append(Block.of(places, piece, matrix, self.prior[piece]))
        return Linear(tuple(blocks), np.concatenate([right for _, right in made]).astype(np.float32))

    def _equation(self, row: Row, jets: dict, share: float, absolute: bool) -> tuple[dict[Index, Array], Array]:
        """The coefficients of the jets, and the right-hand side, both scaled; zero where there is no tangent."""
        site, condition = self.samples.of(row), self.form.conditions[row.condition]
        n = len(site.points)
        env = environment(self.form, row, site) | jets
        with np.errstate(all="ignore"):
            (value,) = row.value(env)
            tangent = dict(zip(row.tangent, row.slopes(env), strict=True))
        slopes = {row.jets[s].index: np.array(np.broadcast_to(v, (n,)), float) for s, v in tangent.items()}
        size = np.abs(np.broadcast_to(value, (n,)))
        right = sum((slope * jets[s] for s, slope in tangent.items()), -np.broadcast_to(value, (n,)))
        there = np.isfinite(right)
        weight = condition.weight * site.weights / site.weights.sum() * (1.0 if row.linear else share)
        level = np.sqrt(np.mean(size[there] ** 2)) if there.any() else 0.0
        if condition.norm == 1 and absolute and level:
            weight = weight * level / np.maximum(size, SMALLEST * level)
        plain = {index: np.where(there, slope, 0).astype(np.float32) for index, slope in slopes.items()}
        return self._scaled(site, plain, np.where(there, right, 0), weight)

    def _expanded(self, row: Row, jets: dict, share: float) -> list[tuple[dict[Index, Array], Array]]:
        """Equations for all derivatives that a row holds: they are those at the jets."""
        site = self.samples.of(row)
        weight = self.form.conditions[row.condition].weight * share * site.weights / site.weights.sum()
        one = np.ones(len(site.points), np.float32)
        rights = {jet.index: jets[s] * one for s, jet in row.jets.items()}
        return [self._scaled(site, {index: one}, right, weight) for index, right in rights.items()]

    def _scaled(
        self, site: Site, plain: dict[Index, Array], right: Array, weight: Array
    ) -> tuple[dict[Index, Array], Array]:
        """An equation divided by the size of its operator and multiplied by the roots of weights."""
        entries = [columns.combined(plain) for columns in self.columns[id(site)] if len(columns.rows)]
        square, count = sum(float(np.vdot(a, a)) for a in entries), sum(a.size for a in entries)
        factor = np.sqrt(weight) / (np.sqrt(square / max(count, 1)) or 1.0)
        return {k: (factor * v).astype(np.float32) for k, v in plain.items()}, factor * right


@dataclass(frozen=True)
class Block:
    """A cell's columns on the rows of the problem where they are not zero, made orthonormal together with its `prior`:
    multiplied by the inverse of a triangular factor `upper`."""

    rows: Array
    piece: slice
    matrix: Array
    prior: Array
    upper: Array

    @classmethod
    def of(cls, rows: Array, piece: slice, matrix: Array, prior: Array) -> Block:
        gram = (matrix.T @ matrix).astype(float) + np.diag(prior**2)
        gram += ROUNDING * np.max(np.diag(gram)) * np.eye(len(prior))
        upper = cholesky(gram)
        inverse = solve_triangular(upper, np.eye(len(prior))).astype(np.float32)
        return cls(rows, piece, matrix @ inverse, (prior[:, None] * inverse).astype(np.float32), upper)


@dataclass(frozen=True)
class Linear:
    """A linear least-squares problem over the columns of all blocks."""

    blocks: tuple[Block, ...]
    right: Array

    @cached_property
    def width(self) -> int:
        return self.blocks[-1].piece.stop

    def solve(self, head: Array) -> Array:
        """Conjugate gradients on the normal equations from a head (width,) (Björck 1996, section 7.4)."""
        y = np.concatenate([block.upper @ head[block.piece] for block in self.blocks]).astype(np.float32)
        residual = np.concatenate([self.right, np.zeros(self.width, np.float32)]) - self.times(y)
        direction, gamma, first = np.zeros_like(y), np.inf, np.inf
        for _ in range(ITERATIONS):
            gradient = self.adjoint(residual)
            before, gamma = gamma, float(gradient @ gradient)
            first = gamma if not np.isfinite(first) else first
            if gamma <= CONVERGED**2 * first:
                break
            direction = gradient + np.float32(gamma / before) * direction
            image = self.times(direction)
            length = np.float32(gamma / max(float(image @ image), 1e-37))
            y += length * direction
            residual -= length * image
        return np.concatenate([solve_triangular(block.upper, y[block.piece]) for block in self.blocks])

    def times(self, y: Array) -> Array:
        """All rows, and then those of the prior."""
        n = len(self.right)
        out = np.zeros(n + self.width, np.float32)
        for block in self.blocks:
            out[block.rows] += block.matrix @ y[block.piece]
            out[n + block.piece.start : n + block.piece.stop] = block.prior @ y[block.piece]
        return out

    def adjoint(self, residual: Array) -> Array:
        """The transpose of `times`."""
        low = residual[len(self.right) :]
        parts = (residual[block.rows] @ block.matrix + low[block.piece] @ block.prior for block in self.blocks)
        return np.concatenate(list(parts))


def _columns(trial: Patchwork, points: Array, indices: set[Index]) -> Iterator[Columns]:
    order = Sorted(points)
    for cell in trial.parts:
        rows = order.inside(cell.window.lo, cell.window.hi)
        jets = cell.jets(points[rows], indices)
        yield Columns(rows, {index: values.astype(np.float32) for index, values in jets.items()})


def _paired(form: Form) -> bool:
    return any(condition.periodic for condition in form.conditions)
