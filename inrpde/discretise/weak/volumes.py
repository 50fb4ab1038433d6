"""What the equations give in the cells: ∫ (-F·∇v + r v) at a state, and its slope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde import deadline
from inrpde.compiler.flux import FluxEquation
from inrpde.compiler.form import Form, Jet, Row
from inrpde.discretise.weak.blocks import Blocks
from inrpde.discretise.weak.columns import Columns, batches
from inrpde.sampling.cells.tessellation import Rule, Tessellation

Array = np.ndarray
CHUNK = 2e7
"""Numbers in an array at once."""


@dataclass(frozen=True, eq=False)
class Local:
    """A row at points: its value (N,), and its slopes by the jets of an unknown, {unknown: (N, 1 + d)}: those by its
    value and by its first derivatives."""

    value: Array
    slopes: dict[int, Array]


def localised(
    form: Form, rows: Sequence[Row], points: Array, normals: Array | None, at: dict[int, Array]
) -> list[Local]:
    """Rows at points (N, d) where the unknowns' jets are `at`, (N, 1 + d) each."""
    given = _given(form, rows, points, normals)
    return [_local(row, given, points, at) for row in rows]


def values(form: Form, rows: Sequence[Row], points: Array, normals: Array | None, at: dict[int, Array]) -> list[Array]:
    """The same without slopes: (N,) each."""
    given = _given(form, rows, points, normals)
    found = (row.value(given | {s: at[j.unknown][:, _place(j)] for s, j in row.jets.items()})[0] for row in rows)
    return [np.broadcast_to(each, len(points)) for each in found]


def _given(form: Form, rows: Sequence[Row], points: Array, normals: Array | None) -> dict:
    """What rows share is asked for once."""
    data = {symbol: jet for row in rows for symbol, jet in row.data.items()}
    return form.environment(replace(rows[0], data=data), points, normals, {})


def _place(jet: Jet) -> int:
    """Of a jet among the value and the first derivatives."""
    return 1 + jet.index.index(1) if any(jet.index) else 0


def _local(row: Row, given: dict, points: Array, at: dict[int, Array]) -> Local:
    places = {symbol: _place(jet) for symbol, jet in row.jets.items()}
    env = given | {symbol: at[row.jets[symbol].unknown][:, place] for symbol, place in places.items()}
    value = np.broadcast_to(row.value(env)[0], (len(points),))
    slopes: dict[int, Array] = {}
    for symbol, slope in row.tangents(env).items():
        unknown = row.jets[symbol].unknown
        if unknown not in slopes:
            slopes[unknown] = np.zeros((len(points), 1 + points.shape[1]), np.result_type(float, value))
        if np.iscomplexobj(slope) and not np.iscomplexobj(slopes[unknown]):
            slopes[unknown] = slopes[unknown].astype(complex)
        slopes[unknown][:, places[symbol]] += slope
    return Local(value, slopes)


@dataclass(frozen=True, eq=False)
class Piece:
    """An equation in C cells that are images of one, with q points in each.

    `points` (C·q, d) and `weights` (C, q) are in space; `jets` by unknown (q, 1 + d, K) are those of the columns by the
    local coordinates, and `frame` (C, 1 + d, 1 + d) takes them to space.
    """

    equation: FluxEquation
    cells: Array
    points: Array
    weights: Array
    frame: Array
    jets: dict[int, Array]

    def states(self, columns: Columns, vectors: Array) -> dict[int, Array]:
        """The jets (s·C·q, 1 + d) of the unknowns in the equation, of vectors (s, W)."""
        heads = {j: columns.heads(j, vectors)[..., self.cells, :] for j in involved(self.equation)}
        return {j: _state(each, self.jets[j], self.frame) for j, each in heads.items()}

    def load(self, form: Form, columns: Columns, vectors: Array, out: Array) -> None:
        """Adds to `out` (s, W) what is left of the equation at vectors (s, W), which may be at a moment each."""
        points, rows = np.tile(self.points, (len(vectors), 1)), (self.equation.rest, *self.equation.fluxes)
        found = values(form, rows, points, None, self.states(columns, vectors))
        left = np.stack([found[0], *(-each for each in found[1:])], axis=-1)
        starts, tested = self.tested(self.equation.sign * left.reshape(-1, *self.weights.shape, len(rows)), columns)
        out[:, starts[:, None] + np.arange(tested.shape[-1])] += tested

    def tested(self, left: Array, columns: Columns) -> tuple[Array, Array]:
        """The rows where they begin (C,), and ∫ (…, C, K) of what multiplies v and its slopes, (…, C, q, 1 + d)."""
        test = self.equation.test
        left = (self.weights[..., None] * left) @ np.swapaxes(self.frame, 1, 2)
        jets = self.jets[test].reshape(-1, self.jets[test].shape[2])
        return columns.starts[test][self.cells], left.reshape(*left.shape[:-2], -1) @ jets


def pieces(equation: FluxEquation, numbers: Array, tessellation: Tessellation, columns: Columns) -> Iterator[Piece]:
    """Of an equation in the cells of these numbers."""
    volume, dim = tessellation.volume, tessellation.cells.origin.shape[1]
    size = columns.families[equation.test].size
    for batch in batches(tessellation.cells, numbers):
        for part in _chunks(batch, volume, size * (1 + dim) * 2):
            rows = np.concatenate([np.arange(volume.starts[c], volume.starts[c + 1]) for c in part])
            points, weights = volume.points[rows], volume.weights[rows].reshape(len(part), -1)
            count = weights.shape[1]
            local = tessellation.cells.local(np.full(count, part[0]), points[:count])
            jets = {j: columns.families[j].jets(part[:1], local[None])[0] for j in involved(equation)}
            frame = np.zeros((len(part), 1 + dim, 1 + dim))
            frame[:, 0, 0], frame[:, 1:, 1:] = 1.0, tessellation.cells.inverse[part]
            yield Piece(equation, part, points, weights, frame, jets)


def volumes(form: Form, piece: Piece, columns: Columns, vector: Array, out: Blocks) -> Array:
    """Adds what an equation gives in the cells of a piece, and returns the energy of its own unknown there by the
    derivatives alone, symmetric (C, K, K)."""
    deadline.turn()
    equation, frame, weights, jets = piece.equation, piece.frame, piece.weights, piece.jets
    test, dim = equation.test, piece.points.shape[1]
    left, slopes = _weighted(form, equation, piece.points, piece.states(columns, vector), weights.shape[1], dim)
    out.load(*piece.tested(left, columns))
    rows = columns.starts[test][piece.cells]
    for j, slope in slopes.items():
        both = np.einsum("cmb,cqba,cna->cqmn", frame, weights[..., None, None] * slope, frame, optimize=True)
        out.add(rows, columns.starts[j][piece.cells], _integrated(both, jets[test], jets[j]))
    own = np.zeros((*slopes[test].shape[:2], 1 + dim, 1 + dim))
    own[..., 1:, 1:] = definite(slopes[test][..., 1:, 1:])
    own = np.einsum("cmb,cqba,cna->cqmn", frame, weights[..., None, None] * own, frame, optimize=True)
    return _integrated(own, jets[test], jets[test])


def definite(slope: Array) -> Array:
    """The symmetric part of slopes (…, d, d) where it is positive, else as much in all directions as they are large."""
    real = np.real(slope + np.swapaxes(slope, -1, -2)) / 2
    least = np.linalg.eigvalsh(real)[..., :1, None]
    size = np.linalg.norm(slope, axis=(-2, -1))[..., None, None]
    return np.where(least > 0, real, size * np.eye(slope.shape[-1]))


def involved(equation: FluxEquation) -> list[int]:
    """The unknowns of an equation, that which tests it among them."""
    return sorted({equation.test, *(jet.unknown for row in equation.rows for jet in row.jets.values())})


def _chunks(batch: Array, volume: Rule, each: int) -> list[Array]:
    """Parts of a batch whose arrays are not too large."""
    step = max(1, int(CHUNK / (each * volume.counts[batch[0]])))
    return [batch[k : k + step] for k in range(0, len(batch), step)]


def _state(heads: Array, jets: Array, frame: Array) -> Array:
    """The jets (…·C·q, 1 + d) of fields with heads (…, C, K) at the points of each cell."""
    points, many, size = jets.shape
    local = (heads.reshape(-1, size) @ jets.reshape(-1, size).T).reshape(*heads.shape[:-1], points, many)
    return (local @ frame).reshape(-1, many)


def _weighted(
    form: Form, equation: FluxEquation, points: Array, at: dict[int, Array], count: int, dim: int
) -> tuple[Array, dict[int, Array]]:
    """-F and r as what multiplies v and its derivatives: values (C, q, 1 + d), slopes {unknown: (C, q, 1 + d, 1 +
    d)}."""
    found = localised(form, (equation.rest, *equation.fluxes), points, None, at)
    kind = np.result_type(float, *(each.value for each in found), *(s for each in found for s in each.slopes.values()))
    left = np.zeros((len(points), 1 + dim), kind)
    slopes = {j: np.zeros((len(points), 1 + dim, 1 + dim), kind) for j in at}
    for b, each in enumerate(found):
        sign = -equation.sign if b else equation.sign
        left[:, b] += sign * each.value
        for j, slope in each.slopes.items():
            slopes[j][:, b] += sign * slope
    shape = (-1, count, 1 + dim)
    return left.reshape(shape), {
        j: slope.reshape(*shape, 1 + dim) for j, slope in slopes.items() if slope.any() or j == equation.test
    }


def _integrated(both: Array, left: Array, right: Array) -> Array:
    """Σ_q both (C, q, m, n) · left (q, m, K) · right (q, n, L): (C, K, L)."""
    cells, count, m = both.shape[:3]
    half = np.einsum("cqmn,qnl->cqml", both, right).reshape(cells, count * m, -1)
    return np.swapaxes(left.reshape(count * m, -1), 0, 1) @ half
