"""Ordinary differential equations from their initial values: windows of one coordinate, each as long as it can be.

In a window every unknown is a combination of the same frozen sines, scaled to it. Its values at the start are those of
the window before, exactly; the rest is least squares of the residuals by Newton's method (Gauss). The window is kept if
the residual at other points, over what the equation's operator makes of a change of the unknowns in it, is small, and
halved if not, so that layers, pulses and kinks are met by windows as short as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form, Row
from inrpde.discretise.state import State
from inrpde.errors import DivergedError
from inrpde.networks.siren import SineBody
from inrpde.networks.slab import Slab
from inrpde.networks.trial import Constant, Sum, Trial
from inrpde.resolution import steps

Array = np.ndarray
Table = tuple[Array, Array]
Parts = list[tuple[int, int, Any]]
RANK = 1e-13
"""Combinations of features smaller than this, beside the largest, are rounding."""
DENSE = 200
"""Points on which features are made orthonormal; chosen."""
STEPS = 12
"""Newton steps in a window; chosen."""
ROUNDING = 1e-15
"""Singular values below this, beside the largest, are rounding."""
NEAR = 1e-8
"""A relative step after which Newton's method converges in one more, or rounding is all that is left."""
CONVERGED = 1e-12
"""A relative step of Newton's method that is the last."""
ORDER = 8.0
"""How fast an error is taken to fall with a window's length, at least; chosen."""
SHORTER, LESS, LONGER = 0.3, 0.7, 2.0
"""The most and the least that a window is shortened, and the most that it is lengthened, at once; chosen."""
FIRST, LONGEST, WIDE = 1 / 64, 1 / 20, 8.0
"""The first window's length and that of the longest, as shares of the whole; and of the longest where data are narrow,
over the length on which they vary; chosen."""
SHORTEST, AGAIN = 1e-13, 10.0
"""The shortest, beside the coordinate and the whole; what follows on it is tried so many times as long at first;
chosen."""
VAIN, SURE = 0.5, 0.05
"""An error that falls more slowly than this power of the length, down to this share of it, is rounding; chosen."""
TOLERABLE = 1e-7
"""An error up to which rounding is borne; chosen."""
NEGLIGIBLE, SLIGHT = 1e-10, 1e-7
"""An unknown counts as at least so large, beside its largest value so far, and beside what its rate would make of it
in the whole interval; chosen."""
LEAST = 1e-100
"""And at least so large, so that squares are numbers."""
BALANCE = 1e-6
"""And beside what balances the others in an equation; chosen."""
CLOSE = 1e-12
"""A share of the whole that is nothing."""
WINDOWS = 20_000
"""Windows at most; chosen."""
BROKEN = 1e-4
"""Where a march breaks off, the last windows that are shorter than this share of the whole are left out; chosen."""


def orders(form: Form) -> tuple[int, ...]:
    """The order of the equations in each unknown."""
    jets = [jet for row in _volume(form) for jet in row.jets.values()]
    return tuple(max((jet.index[0] for jet in jets if jet.unknown == k), default=0) for k in range(len(form.unknowns)))


def _volume(form: Form) -> list[Row]:
    return [row for row in form.rows if row.region.dim]


def _start(form: Form) -> list[Row]:
    return [row for row in form.rows if not row.region.dim]


def refusal(form: Form) -> str | None:
    """Why a form is no system of equations in one coordinate with as many initial values as it asks for; None if it is
    one."""
    if form.space.dim > 1 or form.evolves is None:
        return "it takes one coordinate, with all conditions at one end"
    order = orders(form)
    if len(_volume(form)) != len(form.unknowns) or not any(order):
        return "there are not as many differential equations as unknowns"
    if len(_start(form)) != sum(order):
        return "there are not as many initial values as the order asks for"
    if any(jet.index[0] >= order[jet.unknown] for row in _start(form) for jet in row.jets.values()):
        return "an initial condition has a derivative as high as the equations"
    return None


@dataclass(frozen=True, eq=False)
class Basis:
    """Sines on [-1, 1], and combinations of them that are orthonormal there."""

    body: SineBody

    @classmethod
    def of(cls, width: int, band: float, seed: int) -> Basis:
        return cls(SineBody.random(width, [band], _box(-1.0, 1.0), np.random.default_rng(seed)))

    @cached_property
    def mix(self) -> Array:
        """The heads (width, rank) of the combinations."""
        nodes, weights = np.polynomial.legendre.leggauss(DENSE)
        features = self.body.jets(nodes[:, None], [(0,)])[0,]
        _, sizes, right = np.linalg.svd(np.sqrt(weights)[:, None] * features, full_matrices=False)
        kept = sizes > RANK * sizes[0]
        return right[kept].T / sizes[kept]

    @cached_property
    def fitted(self) -> tuple[Array, Table]:
        """Points to fit (N,), and the combinations and their slopes there (N, rank)."""
        return self._at(np.polynomial.legendre.leggauss(2 * self.mix.shape[1])[0])

    @cached_property
    def unseen(self) -> tuple[Array, Table]:
        """Points that are not fitted."""
        return self._at(np.polynomial.legendre.leggauss(2 * self.mix.shape[1] + 5)[0])

    @cached_property
    def ends(self) -> tuple[Array, Table]:
        """Both ends."""
        return self._at(np.array([-1.0, 1.0]))

    def _at(self, nodes: Array) -> tuple[Array, Table]:
        jets = self.body.jets(nodes[:, None], [(0,), (1,)])
        return nodes, (jets[0,] @ self.mix, jets[1,] @ self.mix)


@dataclass(frozen=True, eq=False)
class Segment:
    """A window from `start` to `stop`: the coefficients of the combinations (rank,) by component, the components'
    values at its end, its error, and their sizes in it."""

    start: float
    stop: float
    coefficients: tuple[Array, ...]
    last: Array
    error: float
    sizes: Array

    @property
    def length(self) -> float:
        return abs(self.stop - self.start)


@dataclass(frozen=True)
class Marched:
    """All windows as one state, where the solution could not be continued (None where it reaches the end), and the
    largest error of a window."""

    state: State
    until: float | None
    error: float


@dataclass(frozen=True)
class Integrator:
    """Features of a window, their band, the seed that draws them, and the relative error that a window may have."""

    width: int
    band: float
    seed: int
    aim: float

    def run(self, form: Form, tell: Callable[[float], None] = lambda share: None) -> Marched:
        """Raises DivergedError where not even the first window is solved."""
        return _Integration(form, self).run(tell)


class _Integration:
    """The equations as ones of first order: components are the unknowns' derivatives below their orders, each with
    features of its own, so that rounding does not grow with the order; those of the unknowns are the answer."""

    def __init__(self, form: Form, plan: Integrator):
        assert form.evolves is not None
        self.form, self.plan, self.way, self.orders = form, plan, form.evolves, orders(form)
        self.components = [(k, m) for k, n in enumerate(self.orders) for m in range(max(n, 1))]
        self.moving = [self.orders[k] > 0 for k, _ in self.components]
        self.basis = Basis.of(plan.width, plan.band, plan.seed)
        self.length = abs(self.way.end - self.way.start)
        self.sign = 1.0 if self.way.end > self.way.start else -1.0
        self.first, self.final = self.basis.ends[1][0][:: round(self.sign)]
        self.left = np.linalg.svd(self.first[None])[2][1:].T  # combinations that vanish at the start
        flat = np.linalg.lstsq(self.basis.fitted[1][0], np.ones(len(self.basis.fitted[0])), rcond=None)[0]
        self.one = flat + (1 - self.first @ flat) * self.first / (self.first @ self.first)  # which is 1
        self.kind = complex if form.arithmetic == "complex" else float
        self.peaks = np.zeros(len(self.components))

    def run(self, tell: Callable[[float], None]) -> Marched:
        values, step, windows = self._first_values(), FIRST * self.length, list[Segment]()
        for at, stop, varies in self.way.stages(steps(self.form.bound, self.way.axis)):
            longest = min(LONGEST * self.length, WIDE * varies)
            while (left := (stop - at) * self.sign) > CLOSE * self.length:
                kept = self._longest(at, values, left / np.ceil(left / min(step, longest) - CLOSE))
                if kept is None or len(windows) == WINDOWS:
                    return self._broken(windows)
                windows.append(kept)
                at, values = kept.stop, kept.last
                self.peaks = np.maximum(self.peaks, kept.sizes)
                # what was kept is as good as it can be: that it is no better asks for no shorter one
                step = max(kept.length * max(self._factor(kept.error), 1.0), AGAIN * self._shortest(at))
                tell(abs(at - self.way.start) / self.length)
        return self._joined(windows, None)

    def _broken(self, windows: Sequence[Segment]) -> Marched:
        """What is left of a march that cannot go on. Raises DivergedError where that is nothing."""
        if not windows:
            raise DivergedError(
                "the first window could not be solved", _volume(self.form)[0].text,
                "check that the equations are finite, and say what the highest derivatives are, at the initial values",
            )  # fmt: skip
        long = [n for n, window in enumerate(windows) if window.length > BROKEN * self.length]
        windows = windows[: max(long, default=0) + 1]
        return self._joined(windows, windows[-1].stop)

    def _first_values(self) -> Array:
        """The components' values at the start; of unknowns without derivatives they are found with the window."""
        given = iter(initial_values(self.form))
        return np.array([next(given) if moves else 0.0 for moves in self.moving])

    def _factor(self, error: float) -> float:
        return float(np.clip(0.9 * (self.plan.aim / max(error, 1e-300)) ** (1 / ORDER), SHORTER, LONGER))

    def _shortest(self, at: float) -> float:
        return SHORTEST * max(self.length, abs(at))

    def _longest(self, at: float, values: Array, step: float) -> Segment | None:
        """The longest window from a place that meets the aim, or does as well as rounding allows; None where that is
        too bad."""
        best: Segment | None = None
        while step > self._shortest(at):
            deadline.turn()
            tried = self._solved(at, at + self.sign * step, values)
            if tried is not None and tried.error <= self.plan.aim:
                return tried
            if best is None or (tried and tried.error < best.error * (tried.length / best.length) ** VAIN):
                best = tried
            if best is not None and best.error < TOLERABLE and step < SURE * best.length:
                return best
            step *= SHORTER if tried is None else min(self._factor(tried.error), LESS)
        return best if best is not None and best.error < TOLERABLE else None

    def _solved(self, start: float, stop: float, values: Array) -> Segment | None:
        """A window's least squares; None where Newton's method fails."""
        coefficients = [value * self.one for value in values]
        free = [self.left if moves else np.eye(len(self.one)) for moves in self.moving]
        columns = [(self.basis.fitted[1][0] @ part, self.basis.fitted[1][1] @ part) for part in free]
        cuts = np.cumsum([part.shape[1] for part in free])[:-1]
        before = np.inf
        with np.errstate(all="ignore"):
            for _ in range(STEPS):
                right, matrix, _ = self._rows(start, stop, coefficients, self.basis.fitted, columns)
                if not (np.all(np.isfinite(right)) and np.all(np.isfinite(matrix))):
                    return None
                lengths = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
                change = np.linalg.lstsq(matrix / lengths, -right, rcond=ROUNDING)[0] / lengths
                moves = [part @ z for part, z in zip(free, np.split(change, cuts), strict=True)]
                coefficients = [c + move for c, move in zip(coefficients, moves, strict=True)]
                pairs = zip(moves, coefficients, strict=True)
                moved = max(float(np.linalg.norm(a)) / max(float(np.linalg.norm(b)), LEAST) for a, b in pairs)
                if moved < CONVERGED or (moved < NEAR and moved > 0.1 * before):
                    error, sizes = self._error(start, stop, coefficients)
                    last = np.array([self.final @ c for c in coefficients])
                    found = Segment(start, stop, tuple(coefficients), last, error, sizes)
                    return found if np.isfinite(error) else None
                before = moved
        return None

    def _error(self, start: float, stop: float, coefficients: Sequence[Array]) -> tuple[float, Array]:
        """The largest relative error that the residuals at points which were not fitted make in the window, by the
        linearised equations, in which the slopes of the components are unknown there; and the components' sizes."""
        same = np.eye(len(self.integral))
        table = [(self.integral, same) if moves else (same, same) for moves in self.moving]
        right, matrix, sizes = self._rows(start, stop, coefficients, self.basis.unseen, table)
        try:
            errors = np.split(np.linalg.solve(matrix, right), len(table))
        except np.linalg.LinAlgError:
            return np.inf, sizes
        parts = zip(table, errors, sizes, strict=True)
        found = max(float(np.max(np.abs(values @ slopes)) / size) for (values, _), slopes, size in parts)
        return max(found, self._beside(start, stop, coefficients)), sizes

    def _beside(self, start: float, stop: float, coefficients: Sequence[Array]) -> float:
        """What a jump between an end and the first point that was looked at would make."""
        none = [(np.zeros((2, 0)), np.zeros((2, 0)))] * len(coefficients)
        left, *_ = self._rows(start, stop, coefficients, self.basis.ends, none)
        gap = 1 - float(np.max(self.basis.unseen[0]))
        return gap * float(np.max(np.abs(left[np.isfinite(left)]), initial=0.0))

    @cached_property
    def integral(self) -> Array:
        """A polynomial's integrals (N, N) from the start to points that are not fitted, from its values there."""
        nodes = self.basis.unseen[0]
        values = np.polynomial.legendre.legvander(nodes, len(nodes))
        sums = np.array([np.polynomial.legendre.legint(each, lbnd=-self.sign) for each in np.eye(len(nodes))]).T
        return np.linalg.solve(values[:, :-1].T, (values @ sums).T).T

    def _rows(
        self,
        start: float,
        stop: float,
        coefficients: Sequence[Array],
        at: tuple[Array, Table],
        columns: Sequence[Table],
    ) -> tuple[Array, Array, Array]:
        """The residuals of all equations on points (M,) and their tangent (M, columns), each over what it makes of a
        change over the window of components of their sizes; and these."""
        nodes, (combined, slopes) = at
        half = 0.5 * abs(stop - start)
        points = (0.5 * (start + stop) + half * nodes)[:, None]
        values = [combined @ c for c in coefficients]
        rates = [slopes @ c / half for c in coefficients]
        sizes = np.maximum([np.max(np.abs(each)) for each in values], np.maximum(NEGLIGIBLE * self.peaks, LEAST))
        made = self.length * np.array([np.max(np.abs(each)) for each in rates])
        sizes = np.where(self.moving, np.maximum(sizes, SLIGHT * made), sizes)
        rows = [self._row(row, points, values, rates) for row in _volume(self.form)]
        for c, (k, m) in enumerate(self.components):
            if m + 1 < self.orders[k]:
                rows.append((rates[c] - values[c + 1], [(c, 1, 1.0), (c + 1, 0, -1.0)]))
        shares = np.zeros((len(rows), len(self.components)))
        for number, (_, parts) in enumerate(rows):
            for c, derivative, slope in parts:
                shares[number, c] += np.sqrt(np.mean(np.abs(slope) ** 2)) / half**derivative
        made = shares * sizes
        for number, (residual, parts) in enumerate(rows):  # what vanishes counts as a little of what drives it
            given = float(np.max(np.abs(residual)))
            for c in {c for c, derivative, _ in parts if derivative or not self.moving[c]}:
                if shares[number, c] > 0:
                    drive = given + made[number].sum() - made[number, c]
                    sizes[c] = max(sizes[c], BALANCE * drive / shares[number, c])
        right, matrix = [], []
        for scale, (residual, parts) in zip(np.maximum(shares @ sizes, LEAST), rows, strict=True):
            blocks = [np.zeros((len(nodes), each[0].shape[1]), self.kind) for each in columns]
            for c, derivative, slope in parts:
                blocks[c] += np.reshape(slope, (-1, 1)) / (half**derivative * scale) * columns[c][derivative]
            right.append(np.broadcast_to(residual, (len(nodes),)) / scale)
            matrix.append(np.concatenate(blocks, axis=1))
        return np.concatenate(right), np.concatenate(matrix), sizes

    def _row(self, row: Row, points: Array, values: Sequence[Array], rates: Sequence[Array]) -> tuple[Array, Parts]:
        """The residual of an equation, and its slopes by component and derivative."""
        places = {}
        for symbol, jet in row.jets.items():
            rate = int(0 < self.orders[jet.unknown] == jet.index[0])
            places[symbol] = self.components.index((jet.unknown, jet.index[0] - rate)), rate
        at = {symbol: (rates if rate else values)[c] for symbol, (c, rate) in places.items()}
        env = self.form.environment(row, points, None, {}) | at
        return row.value(env)[0], [(*places[symbol], slope) for symbol, slope in row.tangents(env).items()]

    def _joined(self, windows: Sequence[Segment], until: float | None) -> Marched:
        """One state of all windows; it goes on beyond them, but is NaN where a march broke off."""
        layers, parts = self.basis.body.layers, list[Trial]()
        stops = [self.way.start, *(window.stop for window in windows)]
        stops = [-self.sign * np.inf, *stops[1:-1], self.sign * np.inf if until is None else until]
        for window, edge in zip(windows, pairwise(stops), strict=True):
            body = SineBody(_box(*sorted((window.start, window.stop))), layers)
            parts.append(Slab(body, *map(float, sorted(edge))))
        own = [self.components.index((k, 0)) for k in range(len(self.orders))]
        heads = [[self.basis.mix @ window.coefficients[c] for window in windows] for c in own]
        if until is not None:
            parts.append(Slab(Constant(), *sorted((until, self.sign * np.inf))))
            heads = [[*each, np.full(1, np.nan)] for each in heads]
        state = State((Sum(tuple(parts)),) * len(heads), tuple(map(np.concatenate, heads)))
        return Marched(state, until, max(window.error for window in windows))


def _box(lo: float, hi: float) -> tuple[Array, Array]:
    return np.array([lo]), np.array([hi])


def initial_values(form: Form) -> Array:
    """The unknowns' derivatives below their orders at the start, one after the other, by Newton's method on the
    conditions there. Raises DivergedError where they do not determine them."""
    order, rows = orders(form), _start(form)
    assert form.evolves is not None
    places = [(k, n) for k, most in enumerate(order) for n in range(most)]
    point = np.array([[form.evolves.start]])
    found = np.zeros(len(places), complex if form.arithmetic == "complex" else float)
    for step in range(60):
        value, slope = np.zeros(len(rows), found.dtype), np.zeros((len(rows), len(places)), found.dtype)
        with np.errstate(all="ignore"):
            for i, row in enumerate(rows):
                at = {s: found[[places.index((jet.unknown, jet.index[0]))]] for s, jet in row.jets.items()}
                env = form.environment(row, point, None, {}) | at
                value[i] = np.ravel(row.value(env)[0])[0]
                for symbol, each in row.tangents(env).items():
                    jet = row.jets[symbol]
                    slope[i, places.index((jet.unknown, jet.index[0]))] += np.ravel(each)[0]
        if not (np.all(np.isfinite(value)) and np.all(np.isfinite(slope))):
            found = found + 1.0
            continue
        if np.linalg.matrix_rank(slope) < len(places):
            if step == 0 and not all(row.linear for row in rows):
                found = found + 1.0
                continue
            break
        change = np.linalg.solve(slope, -value)
        found = found + change
        if np.all(np.abs(change) <= 1e-14 * np.abs(found)) or all(row.linear for row in rows):
            return found
    text = "; ".join(row.text for row in rows)
    raise DivergedError("the initial values cannot be found", text, "give each unknown its value at the start")
