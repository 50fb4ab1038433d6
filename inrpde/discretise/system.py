"""The linearised system: rows of the tangent on the trials' columns, and right-hand sides, scaled by condition."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import HERE, PAIR, Form, Row, parted
from inrpde.discretise.jets import Jets, filled
from inrpde.discretise.state import State
from inrpde.networks.trial import Trial, restrict, supports
from inrpde.sampling.sites import Samples, Site

Array = np.ndarray


@dataclass(frozen=True)
class Entries:
    """Columns of one piece of the trials on some rows (all where None): matrix (len(rows), piece width)."""

    piece: int
    rows: Array | None
    matrix: Array


@dataclass(frozen=True)
class Block:
    """The rows of one equation: `parts` add up to its matrix; right-hand side (N,); `scale` is the rms size of its
    operator on the columns, `root` (N,) the roots of the quadrature weights' shares, `norm` that of its condition.
    `row` is None for a projection.
    """

    row: Row | None
    parts: tuple[Entries, ...]
    right: Array
    scale: float
    root: Array
    norm: int = 2

    def times(self, vector: Array, pieces: Sequence[slice]) -> Array:
        """The rows, without scale and weights, times a vector of heads (width,), or several (width, k): (N,) or
        (N, k)."""
        kind = np.result_type(vector.dtype, *(part.matrix.dtype for part in self.parts))
        out = np.zeros((len(self.right), *vector.shape[1:]), dtype=kind)
        for part in self.parts:
            out[slice(None) if part.rows is None else part.rows] += part.matrix @ vector[pieces[part.piece]]
        return out


@dataclass(frozen=True)
class System:
    """Blocks over the columns of `pieces`, each a slice of the vector of all heads."""

    blocks: tuple[Block, ...]
    pieces: tuple[slice, ...]

    @property
    def width(self) -> int:
        return self.pieces[-1].stop

    def independent(self) -> list[tuple[Array, list[int], System]]:
        """Systems that can be solved one by one, each with its columns' numbers in the vector of all heads and those of
        its blocks; columns that no block holds are in none."""
        links = [{part.piece for part in block.parts} for block in self.blocks]
        found = []
        for group in parted(len(self.pieces), links):
            mine = set(group)
            numbers = [number for number, link in enumerate(links) if link & mine]
            if numbers:
                columns = np.concatenate([np.arange(self.pieces[k].start, self.pieces[k].stop) for k in group])
                found.append((columns, numbers, self.part(group, [self.blocks[number] for number in numbers])))
        return found

    def part(self, group: Sequence[int], blocks: Sequence[Block]) -> System:
        """The system of some of the pieces, by their numbers, in blocks that hold no others."""
        number = {k: i for i, k in enumerate(group)}
        moved = [
            replace(block, parts=tuple(replace(part, piece=number[part.piece]) for part in block.parts))
            for block in blocks
        ]
        return System(tuple(moved), _slices([self.pieces[k].stop - self.pieces[k].start for k in group]))

    def minus(self, vector: Array) -> System:
        """The system for what is to be added to a vector of heads."""
        blocks = (replace(b, right=b.right - b.times(vector, self.pieces)) for b in self.blocks)
        return replace(self, blocks=tuple(blocks))

    def scaled(self, sizes: Array) -> System:
        """The system for heads divided by sizes (width,)."""

        def part(p: Entries) -> Entries:
            return replace(p, matrix=p.matrix * sizes[self.pieces[p.piece]])

        return replace(self, blocks=tuple(replace(b, parts=tuple(map(part, b.parts))) for b in self.blocks))

    def weighted(self, weights: Sequence[Array]) -> System:
        """The system with the rows of each block multiplied by weights (N,)."""
        pairs = zip(self.blocks, weights, strict=True)
        return replace(self, blocks=tuple(replace(block, root=block.root * each) for block, each in pairs))

    @property
    def factors(self) -> list[Array]:
        """What each block's rows are multiplied by, so that the blocks weigh the same."""
        return [(1 / block.scale) * block.root for block in self.blocks]

    @property
    def right(self) -> Array:
        """All right-hand sides, (rows,)."""
        return np.concatenate([block.right * factor for block, factor in zip(self.blocks, self.factors, strict=True)])

    def matrix(self) -> Array:
        """All rows as one dense matrix, (rows, width)."""
        kind = np.result_type(float, *(part.matrix.dtype for block in self.blocks for part in block.parts))
        total = sum(len(block.right) for block in self.blocks)
        matrix = np.zeros((total, self.width), dtype=kind, order="F")
        start = 0
        for block, factor in zip(self.blocks, self.factors, strict=True):
            stop = start + len(factor)
            for part in block.parts:
                columns = self.pieces[part.piece]
                if part.rows is None:
                    matrix[start:stop, columns] += part.matrix * factor[:, None]
                else:
                    matrix[start + part.rows, columns] += part.matrix * factor[part.rows, None]
            start = stop
        return matrix


def linearise(
    form: Form, samples: Samples, state: State, jets: Jets, only: Container[int] | None = None,
    rows: Container[Row] | None = None,
) -> System:  # fmt: skip
    """The system whose solution is the full next vector of heads: T·c_new = T·c - residual(c), at a state.

    With `only` for those unknowns alone, the others as they are: their columns are in no block. With `rows` of those
    equations alone."""
    only = range(len(form.unknowns)) if only is None else only
    numbers: list[tuple[complex | float, Array]] = []
    for k in range(len(form.integrals)):
        numbers.append(_integral(form, samples, k, state, jets, numbers, only))
    blocks: list[Block] = []
    for row, at in zip(form.rows, jets.rows, strict=True):
        deadline.turn()
        if rows is None or row in rows:
            made = _rows(form, row, samples.of(row), state, at, numbers, only)
            blocks += _blocks(form, row, samples.of(row), *made)
    return System(tuple(blocks), piece_slices(state.trials))


def piece_slices(trials: tuple[Trial, ...]) -> tuple[slice, ...]:
    """The columns of every piece in the vector of all heads."""
    return _slices([piece.width for trial in trials for piece in trial.pieces])


def _slices(widths: Sequence[int]) -> tuple[slice, ...]:
    """Columns side by side."""
    stops = np.cumsum(widths)
    return tuple(slice(int(stop - width), int(stop)) for stop, width in zip(stops, widths, strict=True))


def _blocks(
    form: Form, row: Row, site: Site, parts: list[Entries], right: Array, complex_: tuple[bool, bool]
) -> list[Block]:
    condition = form.conditions[row.condition]
    weight = np.sqrt(condition.weight)
    n = len(right)
    root = weight * (site.roots if n == len(site.weights) else np.ones(n))
    sides = [(parts, right)]
    if form.arithmetic == "split":
        sides = [
            ([Entries(p.piece, p.rows, side(p.matrix)) for p in parts], side(right))
            for side, there in zip((np.real, np.imag), complex_, strict=True)
            if there
        ]
    scale = max((_rms(ps) for ps, _ in sides), default=0.0) or 1.0
    return [Block(row, tuple(ps), b, scale, root, condition.norm) for ps, b in sides]


def _rms(parts: Sequence[Entries]) -> float:
    """The root mean square entry over the columns' supports."""
    total = sum(float(np.vdot(part.matrix, part.matrix).real) for part in parts)
    return float(np.sqrt(total / max(sum(part.matrix.size for part in parts), 1)))


def _integral(
    form: Form,
    samples: Samples,
    number: int,
    state: State,
    jets: Jets,
    inner: list[tuple[complex | float, Array]],
    only: Container[int],
) -> tuple[complex | float, Array]:
    """The value of an integral at the state, and its derivative with respect to all heads, (width,), 0 to those of
    others than `only`; `inner` are those of the integrals before it, which its integrand may hold."""
    term, site = form.integrals[number], samples.integrals[number]
    parts, right, _ = _rows(form, term.row, site, state, jets.integrals[number], inner, only, once=False)
    weights = site.weights / (site.measure if term.mean else 1.0)
    pieces = piece_slices(state.trials)
    slope = np.zeros(state.width, dtype=np.result_type(float, *(part.matrix.dtype for part in parts)))
    for part in parts:
        slope[pieces[part.piece]] += (weights if part.rows is None else weights[part.rows]) @ part.matrix
    return slope @ state.vector - weights @ right, slope


def _rows(
    form: Form, row: Row, site: Site, state: State, at: dict, numbers: list[tuple[complex | float, Array]],
    only: Container[int], once: bool = True,
) -> tuple[list[Entries], Array, tuple[bool, bool]]:  # fmt: skip
    """The tangent's columns of one equation, T·c - residual(c), and whether it has a real and an imaginary side,
    whichever columns are asked for; `once` if it is the same at every point."""
    n = len(site.points)
    env = filled(form, row, site, at, [number for number, _ in numbers])
    (value,), slopes = row.value(env), row.tangents(env)
    sides = _sides(row, value, slopes, numbers)
    slopes = {s: v for s, v in slopes.items() if s in row.integrals or row.jets[s].unknown in only}
    if once and not row.jets and all(np.ndim(v) == 0 for v in (value, *slopes.values())):
        n = 1
    parts = _columns(row, site, state, slopes)
    right = -np.broadcast_to(value, (n,)).astype(np.result_type(np.asarray(value).dtype, float))
    for symbol, slope in slopes.items():
        if symbol in row.integrals:
            _, direction = numbers[row.integrals[symbol]]
            along = np.array(np.broadcast_to(slope, (n,)))
            pieces = piece_slices(state.trials)
            moved = [(k, direction[piece]) for k, piece in enumerate(pieces) if np.any(direction[piece])]
            parts += [Entries(k, None, np.outer(along, each)) for k, each in moved]
            right = right + along * (direction @ state.vector)
        else:
            jet = row.jets[symbol]
            right = right + slope * (at[symbol] - (0.0 if any(jet.index) else state.trials[jet.unknown].offset))
    return parts, right, sides


def _sides(
    row: Row, value: complex | Array, slopes: Mapping, numbers: Sequence[tuple[complex | float, Array]]
) -> tuple[bool, bool]:
    """Has an equation of real unknowns a real and an imaginary side? Products with integrals may have both."""
    values = (value, *slopes.values(), *(numbers[k][1] for k in row.integrals.values()))
    if not any(np.iscomplexobj(each) for each in values):
        return True, False
    real, imaginary = (any(np.any(side(each)) for each in values) for side in (np.real, np.imag))
    return real or bool(row.integrals) or not imaginary, imaginary


def _columns(row: Row, site: Site, state: State, slopes: dict) -> list[Entries]:
    """Σ_jets ∂residual/∂jet · ∂^α φ for the pieces of every unknown."""
    parts, first = [], 0
    for unknown, trial in enumerate(state.trials):
        for place in (HERE, PAIR):
            mine = {s: jet.index for s, jet in row.jets.items() if (jet.unknown, jet.site) == (unknown, place)}
            terms = {index: slopes[symbol] for symbol, index in mine.items() if symbol in slopes}
            if not terms:
                continue
            points = site.at(place)
            for k, (piece, rows) in enumerate(zip(trial.pieces, supports(trial.pieces, points), strict=True)):
                deadline.turn()
                if rows is None:
                    parts.append(Entries(first + k, None, piece.operator(points, terms)))
                elif len(rows):
                    parts.append(Entries(first + k, rows, piece.operator(points[rows], restrict(terms, rows))))
        first += len(trial.pieces)
    return parts
