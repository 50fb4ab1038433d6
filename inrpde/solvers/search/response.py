"""What random data of each equation make of the unknowns: the linearised equations, solved on features of their own.

A solve on few frequencies does not see what it leaves out: a mode that its data amplify most, and that no residual
shows. These features hold perturbations of several half-waves, whatever the answer was made of, and one factorisation
takes all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.linalg import LinAlgError

from inrpde.compiler.form import Form
from inrpde.discretise.amplification import Amplification
from inrpde.discretise.fields import field_points, rms
from inrpde.discretise.jets import evaluate_jets, no_jets
from inrpde.discretise.score import Score
from inrpde.discretise.state import State, zero_state
from inrpde.discretise.system import System, linearise
from inrpde.errors import DivergedError
from inrpde.networks.slab import Slab
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import bounds, priors, sampled, slenderness
from inrpde.sampling.modes import DOMAIN, modes
from inrpde.sampling.sites import Samples
from inrpde.solvers.bodies.plan import Global, make_trials
from inrpde.solvers.bodies.trefftz import Waves, frequencies, symbol
from inrpde.solvers.linear.dense import Dense
from inrpde.solvers.search.scales import scales

Array = np.ndarray
HALVES = 8.0, 2.0
"""Half-waves a coordinate of the fastest perturbation: at most, and at least; chosen."""
RICH = 4.0
"""Features a mode: as many again as solve an equation, for fields that its data hardly show; chosen."""
EXACT = {2: (400, 13, 0.8, 40.0), 3: (600, 8, 0.9, 25.0)}
"""In so many coordinates, where exponentials solve the equation: features, exponentials for each mode of a boundary,
their share, and the steepest that so many points resolve, as a rate on a half-width. These lose no digits, so that
data are seen to be amplified up to what rounding leaves; chosen."""
SMOOTH = 4.0
"""The band of the other features beside them; chosen."""
ABOVE = 3.0
"""The band of the features lies so far above the declared wave numbers, in radians of a half-width; chosen."""
WIDEST = 700
"""Features of all unknowns: their factorisation takes a tenth of a second."""
OWN, DENSITY = 1000, 3.0
"""Features of an answer up to which they are those of perturbations, too, where it is not smooth in a place that it
finds by itself: what moves an inner layer varies as that does; and points a feature."""
POINTS = 300
"""Points at which wave numbers are looked for, and points at which responses are compared; chosen."""
DRAWS, COSINES = 4, 20
"""Perturbations of each equation, and random cosines in each; chosen."""


def amplification(form: Form, state: State, scored: Score, seed: int) -> Amplification | None:
    """The response of a form, linearised at a state with a score, to random data of the size of each equation's
    `RowScore.scale`: smooth ones of up to several half-waves, white noise where labels give them.

    None where nothing but samples or priors gives an unknown, where waves are too many for few features, and where the
    linearisation is not finite. Nor is it measured of a march: an evolution is marched where it is well-posed, and
    modes that grow with the time lose no digits from window to window. That one is ill-posed is told all the same.
    """
    if priors(form) or any(sampled(form, k) for k in range(len(form.unknowns))):
        return None
    plan, halves = probing(form, seed)
    if plan is None:
        return None
    own = not form.linear and sum(trial.width for trial in state.trials) <= OWN
    count = round(DENSITY * max(trial.width for trial in state.trials)) if own else plan.points
    samples = draw(form, count, seed).evened(count)
    start = zero_state(form, state.trials if own else make_trials(form, plan, seed))
    try:
        jets = no_jets(form) if form.linear else evaluate_jets(form, samples, state)
        system = linearise(form, samples, start, jets)
        rows, rights = _perturbed(form, samples, system, scored, halves, seed)
        lengths = _lengths(system.matrix(), start)
        heads = Dense.of(system.matrix() / lengths).solve(rights) / lengths[:, None]
    except (DivergedError, LinAlgError):
        return None
    fields = _fields(form, start, heads, scored, seed)
    if not all(np.all(np.isfinite(values)) for values in fields):
        return None
    changes = [np.sqrt(np.mean(np.abs(values) ** 2, axis=0)) for values in fields]
    gains = [np.array([np.max(change[rows == row]) for row in range(len(form.rows))]) for change in changes]
    names = [unknown.name for unknown in form.unknowns]
    spectrum = np.linalg.svd(np.concatenate(fields), compute_uv=False) / np.sqrt(POINTS)
    found = Amplification(dict(zip(names, gains, strict=True)), spectrum, slenderness(form))
    windows = any(isinstance(piece, Slab) for trial in state.trials for piece in trial.pieces)
    return None if windows and not found.unbounded else found


def probing(form: Form, seed: int) -> tuple[Global | None, float]:
    """A body for perturbations of as many half-waves as few features hold, above the declared wave numbers, and their
    number; None where features hold none."""
    lo, hi = bounds(form)
    least = scales(form, draw(form, POINTS, seed)).ringing * (hi - lo) / 2 + ABOVE
    fields = [k for k, unknown in enumerate(form.unknowns) if not unknown.is_number]
    most, few = HALVES
    steps = [float(halves) for halves in np.arange(most, few - 0.1, -0.5)]
    for halves in steps:
        band = np.maximum(halves * np.pi / 2, least)
        if (exact := _exact(form, fields, band, seed)) is not None:
            return exact, halves
    for density, halves in [*((RICH, halves) for halves in steps), (DOMAIN, few)]:
        band = np.maximum(halves * np.pi / 2, least)
        width = round(density * modes(band))
        if width * len(fields) <= WIDEST:
            return Global(width, tuple(map(float, band)), enrichments=()), halves
    return None, 0.0


def _exact(form: Form, fields: Sequence[int], band: Array, seed: int) -> Global | None:
    """A body of exponentials that solve the equations, up to a band (d,); None where there are none, or too many or too
    steep ones."""
    symbols = [symbol(form, k) for k in fields]
    if len(band) not in EXACT or None in symbols:
        return None
    width, each, share, steepest = EXACT[len(band)]
    across = np.array([modes([w]) for w in band])
    if each * np.mean(np.prod(across) / across) > share * width:
        return None
    for k, of in zip(fields, filter(None, symbols), strict=True):
        box, rng = bounds(form, k), np.random.default_rng(seed)
        z = frequencies(of, width, band, box, rng)
        if len(z) < width or np.max(np.abs(z) * (box[1] - box[0]) / 2) > steepest:
            return None
    return Global(width, (SMOOTH,) * len(band), enrichments=(Waves(share, tuple(map(float, band))),))


def _perturbed(
    form: Form, samples: Samples, system: System, scored: Score, halves: float, seed: int
) -> tuple[Array, Array]:
    """The number of an equation (k,), and right-hand sides (N, k), each with data of that equation alone."""
    rng, (lo, hi) = np.random.default_rng([seed, 98]), bounds(form)
    rows, rights = [], []
    for number, (row, score) in enumerate(zip(form.rows, scored.rows, strict=True)):
        site = samples.of(row)
        scaled = (site.points - lo) / (hi - lo)
        for _ in range(DRAWS):
            waves = rng.uniform(0, halves * np.pi, (scaled.shape[1], COSINES))
            values = np.sum(np.cos(scaled @ waves + rng.uniform(0, 2 * np.pi, COSINES)), axis=1)
            values = rng.standard_normal(len(scaled)) if site.labels else values
            blocks = zip(system.blocks, system.factors, strict=True)
            parts = [_unit(values[: len(f)]) * f if block.row is row else 0 * f for block, f in blocks]
            rows.append(number)
            rights.append(score.scale * np.concatenate(parts))
    return np.array(rows), np.column_stack(rights)


def _lengths(matrix: Array, start: State) -> Array:
    """The norm of all columns of each unknown, (width,): one that hardly acts on the equations is amplified most."""
    cuts = np.cumsum([trial.width for trial in start.trials])[:-1]
    parts = np.split(matrix, cuts, axis=1)
    return np.concatenate([np.full(part.shape[1], np.linalg.norm(part) or 1.0) for part in parts])


def _unit(values: Array) -> Array:
    return values / (rms(values) or 1.0)


def _fields(form: Form, start: State, heads: Array, scored: Score, seed: int) -> list[Array]:
    """What heads (width, k) make of each unknown, over its size or what would balance the others where it vanishes, but
    for a constant that nothing fixes: (points, k)."""
    zero = (0,) * form.space.dim
    cuts = np.cumsum([trial.width for trial in start.trials])[:-1]
    out = []
    for k, (trial, part) in enumerate(zip(start.trials, np.split(heads, cuts), strict=True)):
        points = field_points(form, k, POINTS, seed)
        values = trial.operator(points, {zero: 1.0}) @ part
        values -= 0.0 if form.fixes_constants(k) else np.mean(values, axis=0)
        out.append(values / ((scored.balances if scored.vanishes(k) else scored.sizes)[k] or 1.0))
    return out
