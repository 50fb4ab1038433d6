"""Systems of first order on faces: what enters a cell is what its neighbour, or a condition, says (Godunov 1959).

Where M ∂u/∂t + Σ A_k ∂u/∂x_k + … = 0, let A = Σ A_k n_k for the outward normal of a cell. The eigenvectors of M⁻¹ A are
plane waves, the eigenvalues their speeds; those R below zero enter. On the face the values are u* = u + R α for each
side, and α is what conditions B u* + ρ = 0 ask for: that what A feels is the same on both sides, or the rows of the
problem on a boundary. To the equations is added ∮ v·A (u* - u), which vanishes in the solution. It takes energy where u
jumps, and gives none. Waves that leave, or stay, are asked nothing: what is given where all goes out does not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.flux import FluxForm
from inrpde.discretise.weak.traces import Terms, Traces, Unfit, at_side, on_sides

Array = np.ndarray
STILL = 1e-9
"""Waves slower than this share of the fastest stay where they are."""
REAL = 1e-6
"""What an imaginary part of a speed is, beside the fastest, that is rounding of speeds that are alike."""
ALIKE = 1e-10
"""Singular values below this share of the largest are rounding."""


@dataclass(frozen=True, eq=False)
class Entering:
    """What enters on a group of faces: the conditions `asked` (F, q, r, S), and by equation, at the places `tests` (m,)
    of the jets of what tests it, what it gets of each, `onto` (F, q, m, r). What is left of the conditions is `kept`
    (F, q, r, r) where nothing that enters can meet them."""

    asked: Array
    tests: list[int]
    onto: Array
    kept: Array

    def terms(self, flux: FluxForm, found: Traces) -> Terms:
        """What is added at a state."""
        shape, (_, shares, seen) = found.states.shape, _conditions(flux, found, self.asked)
        by, slopes = np.zeros((*shape, seen.shape[2])), np.zeros((*shape, shape[2]))
        by[..., self.tests, :] = self.onto @ shares
        slopes[..., self.tests, :] = self.onto @ self.asked
        return Terms(by, seen, slopes, np.zeros(shape[:2], bool))

    def unmet(self, flux: FluxForm, found: Traces, sizes: Array) -> Array:
        """How far (F, q) the rows of the problem are off, whatever enters, beside the `sizes` (U,) of the unknowns."""
        large = np.zeros(found.states.shape[2])
        for (_, unknown), start in found.slots.items():
            large[start] = sizes[unknown]
        _, shares, seen = _conditions(flux, found, self.asked)
        left = np.einsum("fqrd,fqd->fqr", self.kept @ shares, seen)
        beside = np.abs(self.asked) @ large
        off: Array = np.linalg.norm(left / np.where(beside > 0, beside, 1.0), axis=2)
        return off


def entering(flux: FluxForm, found: Traces) -> Entering:
    """What enters on a group of faces. Raises Unfit where a system has no real speeds, conditions are on slopes, or
    waves enter of which no condition knows."""
    group, slots, states = found.group, found.slots, found.states
    shape, width = states.shape[:2], states.shape[2]
    across, waves, places = [], [], []
    for number, side in enumerate(group.sides):
        tests = [slots[number, flux.equations[k].test] for k in side.equations]
        along = np.zeros((*shape, len(tests), width, side.normals.shape[2]))
        rates = np.zeros((*shape, len(tests), width))
        starts = found.facing.starts(number)
        rests = at_side(flux, [flux.equations[k].rest for k in side.equations], side, starts, states)
        moving = at_side(flux, [flux.rates[k] for k in side.equations], side, starts, states)
        for e, ((_, steep), (_, heavy)) in enumerate(zip(rests, moving, strict=True)):
            for start, slope in steep:
                along[..., e, start, :] += slope[..., 1:]
            for start, slope in heavy:
                rates[..., e, start] += slope[..., 0]
        across.append(np.einsum("fqesk,fqk->fqes", along, side.normals))
        places += tests
        waves.append(_entering(along[..., tests, :], rates[..., tests], side.normals, tests, width))
    inward = np.concatenate(waves, axis=3)
    jump = [_between(found, np.linalg.pinv(across[0], rcond=ALIKE) @ across[0])] if len(across) == 2 else []
    asked, *_ = _conditions(flux, found, *jump)
    felt = asked @ inward
    size = np.linalg.norm(felt, axis=3)
    scale = np.where(size > ALIKE * np.linalg.norm(asked, axis=3), 1 / np.where(size > 0, size, 1.0), 0.0)
    solve = np.linalg.pinv(scale[..., None] * felt, rcond=ALIKE) * scale[..., None, :]
    answered = np.linalg.norm(inward - inward @ solve @ felt, axis=(2, 3))
    if np.any(answered > REAL):
        where = ", ".join(f"{z:.4g}" for z in group.points[answered > REAL][0])
        raise Unfit(f"at ({where}) fewer conditions hold than waves enter")
    onto = np.concatenate([normal @ (-inward @ solve) for normal in across], axis=2)
    return Entering(asked, places, onto, np.eye(asked.shape[2]) - felt @ solve)


def _entering(along: Array, rates: Array, normals: Array, tests: list[int], width: int) -> Array:
    """The waves (F, q, S, m) that enter, of length one, among the jets; 0 for those that do not. `along` (F, q, m, m,
    d) are the A_k and `rates` (F, q, m, m) is M by equation and unknown."""
    each = np.moveaxis(along, 4, 2)  # (F, q, d, m, m)
    try:
        each = np.linalg.solve(rates[:, :, None], each)
    except np.linalg.LinAlgError:
        raise Unfit("what rates are multiplied by has no inverse") from None
    speeds, vectors = np.linalg.eig(np.einsum("fqkij,fqk->fqij", each, normals))
    fastest = np.max(np.abs(each), initial=0.0)
    if np.max(np.abs(np.imag(speeds)), initial=0.0) > REAL * fastest:
        raise Unfit("the system has waves without a real speed")
    out = np.zeros((*speeds.shape[:2], width, speeds.shape[2]))
    out[..., tests, :] = np.where((np.real(speeds) < -STILL * fastest)[..., None, :], np.real(vectors), 0.0)
    return out


def _conditions(flux: FluxForm, found: Traces, between: Array | None = None) -> tuple[Array, Array, Array]:
    """B (F, q, r, S), and what is left of the conditions as shares (F, q, r, D) of what is seen (F, q, D), the jets and
    the rows of the problem: first those `between` two sides, as many as there are jets, then those rows."""
    shape, values, rows = found.states.shape, list(found.slots.values()), found.group.rows
    many = shape[2] if len(found.group.sides) == 2 else 0
    asked = [np.zeros((*shape[:2], 0, shape[2])) if between is None else between[..., :many, :]]
    shares, seen = [np.concatenate([asked[0], np.zeros((*asked[0].shape[:3], len(rows)))], axis=3)], [found.states]
    for number, (row, sign) in enumerate(rows, shape[2]):
        value, slopes = on_sides(flux, row, sign, found)
        size = np.linalg.norm(slopes, axis=2)
        size = np.where(size > 0, size, 1.0)
        if np.any(np.delete(slopes, values, axis=2)):
            raise Unfit(f"{row.text} is on slopes")
        asked.append((slopes / size[..., None])[..., None, :])
        share = np.zeros((*shape[:2], 1, shape[2] + len(rows)))
        share[..., 0, number] = 1 / size
        shares.append(share)
        seen.append(value[..., None])
    return np.concatenate(asked, axis=2), np.concatenate(shares, axis=2), np.concatenate(seen, axis=2)


def _between(found: Traces, felt: Array) -> Array:
    """That what the left side feels of the values, (F, q, S, S), is the same on the right."""
    width = found.states.shape[2]
    other = np.zeros((width, width))
    for (side, unknown), start in found.slots.items():
        if side == 0 and (1, unknown) in found.slots:
            other[start, found.slots[1, unknown]] = 1.0
    return felt - felt @ other
