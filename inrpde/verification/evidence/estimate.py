"""How wrong is the answer? From held-out residuals and a second, different solve."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form
from inrpde.discretise.amplification import Amplification
from inrpde.discretise.base import base
from inrpde.discretise.fields import (
    ROUNDED,
    between,
    deviation,
    field_points,
    fixed,
    relative_difference,
    rms,
    varying,
)  # fmt: skip
from inrpde.discretise.score import VANISHING, Score, score, shared
from inrpde.discretise.state import State, deviation_at, field_at
from inrpde.errors import DivergedError
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import sampled, times
from inrpde.sampling.sites import Samples
from inrpde.solvers.contract.method import Candidate
from inrpde.verification.evidence.amplified import explained, gain, hidden, kept, unaided
from inrpde.verification.evidence.thresholds import CEILING, FARTHEST, FLOOR, GOOD, GUESSED, OPEN, SPARE
from inrpde.verification.evidence.translated import translated
from inrpde.verification.finding import Finding

Array = np.ndarray
CONSTANT = 1 / ROUNDED
"""How many times its deviation from its mean a field's norm may be: one that is constant is not infinitely wrong."""
FEWEST, MOST = 500, 20_000
"""Points of a condition on which answers are scored: at least, where time is short, and at most."""
LEAN = 30.0
"""The size, beside the answer's own, of the random field towards which the second solve leans."""
ALIKE = 2.0
"""Solves of a constant vary by so many times what they differ by, at most: their errors are alike in part."""
BRIEF = 0.5
"""Seconds that measuring the amplification may take, however few are left."""
Measure = Callable[[State, Score], Amplification | None]
"""How a state with its score responds to perturbed data; None where that is not measured."""


@dataclass(frozen=True)
class Estimate:
    """Estimated relative L2 errors by unknown.

    `first` and `second` are the held-out scores of the answer and of the second solve (None where there is none),
    `differences` are those between the two solves by unknown, `common` is the residual that both leave, `open`
    holds the unknowns that the conditions do not determine, `sampled` those that only samples give.
    """

    fields: dict[str, float]
    first: Score
    second: Score | None
    differences: dict[str, float]
    common: float
    open: tuple[str, ...]
    sampled: tuple[str, ...] = ()
    late: bool = False
    """Is there no second solve because there was no time for it?"""
    most: int = MOST
    """Points of a condition on which there was time to score."""
    spread: Mapping[str, float] = field(default_factory=dict)
    """By unknown its root mean square beside that of its deviation from its mean, `CONSTANT` at most: an error relative
    to the deviation is so many times that relative to the norm."""
    share: float = 1.0
    """The part of the difference of two solves that is the error of the first."""
    other: State | None = None
    """The second solve."""
    weak: float | None = None
    """The score of an answer that solves the flux form, an error: its residuals at points are none."""
    amplified: Amplification | None = None
    """How perturbed data change the solution; None where it is not measured."""
    scatter: Mapping[str, float] = field(default_factory=dict)
    """By unknown the part of its error that the noise of readings makes, where that is known."""
    vanishing: Mapping[str, float] = field(default_factory=dict)
    """Of unknowns that vanish as far as is known, the error beside what would balance the others (`Score.balances`)."""

    @property
    def score(self) -> float:
        return self.first.total if self.weak is None else self.weak

    @property
    def worst(self) -> float:
        return max({**self.fields, **self.vanishing}.values(), default=CEILING)

    def error_of(self, difference: float, size: float) -> float:
        """The error of a number of a size that differs by so much between the two solves; all of it where the
        conditions leave something open."""
        if self.open:
            return CEILING * max(size, difference)
        return max(self.share * difference + self.common * size, FLOOR * size)

    def balances(self, form: Form) -> dict[str, float]:
        """Of declared unknowns that vanish as far as is known, the root mean square that would balance the others."""
        names = {each.name: [form.unknowns[k].name for k in form.parts(each.name)] for each in form.bound.unknowns}
        sizes = dict(zip((each.name for each in form.unknowns), self.first.balances, strict=False))
        gone = {name: parts for name, parts in names.items() if all(part in self.vanishing for part in parts)}
        return {name: max(sizes[part] for part in parts) for name, parts in gone.items()}

    def no_less(self, form: Form, findings: Sequence[Finding]) -> Estimate:
        """With errors no smaller than what was found to be left, whatever solves agree."""
        fields = dict(self.fields)
        for finding in findings:
            for k in form.parts(finding.of) if finding.of else ():
                fields[form.unknowns[k].name] = max(fields[form.unknowns[k].name], finding.cost)
        return replace(self, fields=fields)

    def parts(self, name: str) -> dict[str, float | None]:
        """What the estimate for an unknown is made of, as the JSON has it; None where there is no second solve."""
        second, shared = (None, None) if self.second is None else (self.second.total, self.common)
        return {
            "held_out": self.score, "second": second, "difference": self.differences.get(name), "shared": shared,
            "amplification": None if self.amplified is None else self.amplified.of(name),
        }  # fmt: skip


def unmeasured(state: State, scored: Score) -> None:
    """Nothing is known of how data are amplified."""


def estimate(
    form: Form, candidate: Candidate, seed: int, seconds: float = np.inf, scoring: float = np.inf,
    measure: Measure = unmeasured,
) -> Estimate:  # fmt: skip
    """The difference of the two solves, shared out in proportion to their residuals, and the residual that both leave.

    With E the difference of two solves whose held-out scores are S₁ and S₂, the error of the first is about
    1.5·E·S₁/√(S₁² + S₂²): how E answers to S₁ and S₂ measures the errors that residuals make, in this problem and in
    the norm that matters. An error that both share does not show in E, but in the residual that both have in common;
    such errors are smooth, and scores are errors of the lowest mode: it is added as it is. A score is at most a few
    hundred times the error. Where E is out of all
    proportion to the residuals, the conditions do not determine the solution, and nothing is known of its error: 2.
    Scores are relative to what unknowns vary by, estimates to their norm (`varying`).
    Without a second solve it is the score times κ (see below), about 3 where that is not measured; there is none of an
    answer that ends before the last time.

    The amplification κ of data that is `measure`d says what residuals mean. Where it is more than usual, as near a
    resonance, so is the error of what both solves leave (unless that is the noise of readings), and of rounding. Where
    nothing bounds it, as backwards in time, both may lack what hardly shows in any data: so it is where they agree by
    far better than κS allows. Where data hold to S, they give the solution to about 1/|log S| (logarithmic stability:
    John 1960, Isakov 2017, chapter 3).

    A candidate may know which `share` of the difference is its error, however much the problem amplifies it. Two
    marches to the same aim are equally wrong, and their residuals tell less, as these are large in windows that are
    short; of two levels of the flux form the finer is better by as much as it was than the one before.

    What noisy readings make uncertain is as large as the candidate says (`Candidate.spread`), and adds to that.

    Where there are readings the second solve has not seen all of them, and the difference is the estimate; an unknown
    that nothing else gives is compared between them; one that nothing fixes but for a constant, but for that. An
    unknown that is open by more than a constant leaves those open that equations couple to it.

    The second solve may take so many `seconds`; one that is not finished then is none. A score may take about as long
    as `scoring` says: fewer points are looked at, if need be.
    """
    if candidate.until is not None:  # the second solve would end at another time
        candidate = replace(candidate, again=None)
    held_out = unfitted(form, candidate, 1000, seed + 31)
    most = _affordable(form, candidate, held_out, scoring)
    held_out = held_out.thinned(most)
    first = score(form, held_out, candidate.state).beside(candidate.noise)
    unknowns = range(len(form.unknowns))
    points = [(between if sampled(form, k) else field_points)(form, k, 2000, seed + 31) for k in unknowns]
    ours = fixed(form, [field_at(candidate.state, k, at) for k, at in enumerate(points)])
    names = [unknown.name for unknown in form.unknowns]
    numbers = [unknown.is_number for unknown in form.unknowns]  # these do not vary, and are all that they are
    each = zip(ours, base(form), numbers, strict=True)
    varied = [rms(values) if number else varying(values, at) for values, at, number in each]
    spread = {name: 1.0 if number else _spread(v) for name, v, number in zip(names, ours, numbers, strict=True)}
    # what is larger than residuals may make of it does not vanish, however little it acts on the equations
    weak = candidate.score if candidate.weak else None
    left_over = first.total if weak is None else weak
    floors = [
        size if first.vanishes(k) and rms(v) <= left_over * size / VANISHING else 0.0
        for k, (v, size) in enumerate(zip(ours, first.sizes, strict=True))
    ]
    sizes = [vary if some else max(vary, size) for vary, some, size in zip(varied, floors, first.sizes, strict=True)]
    share = {name: size / (rms(values) or 1.0) for name, values, size in zip(names, ours, sizes, strict=True)}
    small = {names[k]: (rms(ours[k]), floor) for k, floor in enumerate(floors) if floor}
    share |= dict.fromkeys(small, 1 / VANISHING)  # scores of these are beside what would balance the others
    begun, amplified, other = time.perf_counter(), None, None
    with deadline.within(max(seconds, BRIEF)):
        needless = candidate.until is not None or candidate.weak or candidate.share is not None
        amplified = None if needless else measure(candidate.state, first)
    if (moved := translated(form, candidate.state, first, held_out)) is not None:
        amplified = moved.joined(amplified)
    with deadline.within(seconds + begun - time.perf_counter()) as scope:
        other = _second(candidate, seed + 1, [LEAN * (size or 1.0) for size in varied])
    readings = any(site.labels for site in held_out.sites)  # the second solve has not seen all, and leaves residuals
    gains = {name: share[name] * (1.0 if readings else gain(amplified, name)) for name in names}
    if other is None:
        left = {name: unaided(amplified, name) * left_over * share[name] for name in names}
        errors = {name: max(left[name], hidden(amplified, name, left_over, share[name])) for name in names}
        fields, vanishing = _clipped(errors, small)
        return Estimate(
            fields, first, None, {}, 0.0, (), late=scope.expired, most=most, spread=spread, amplified=amplified,
            weak=weak, vanishing=vanishing,
        )  # fmt: skip
    second = score(form, held_out, other).beside(candidate.noise)
    theirs = fixed(form, [field_at(other, k, at) for k, at in enumerate(points)])
    pairs = list(zip(ours, theirs, floors, strict=True))
    differences = {name: relative_difference(*each) for name, each in zip(names, pairs, strict=True)}
    if candidate.share is not None:
        part, scatter = candidate.share, _scatter(candidate, names, points, ours)
        errors = {name: float(np.hypot(part * each, scatter[name])) for name, each in differences.items()}
        fields, vanishing = _clipped(errors, small)
        return Estimate(
            fields, first, second, differences, 0.0, (), most=most, spread=spread, share=part, other=other,
            weak=max({**fields, **vanishing}.values()) if candidate.weak else None, vanishing=vanishing,
            scatter=scatter if candidate.spread else {},
        )  # fmt: skip
    common = shared(first, second)
    alone = tuple(names[k] for k in unknowns if sampled(form, k))
    larger, least = OPEN
    times = {name: max(larger, explained(amplified, name)) for name in names}
    bounds = {name: GUESSED if readings else max(times[name] * second.total, least) for name in names}
    allowed = {name: 1.0 if name in small else size for name, size in share.items()}
    bases = base(form)
    even = {names[k] for k in unknowns if form.linear and _constant(ours[k], theirs[k], bases[k])}
    spread |= dict.fromkeys(even, 1.0)
    allowed |= dict.fromkeys(even, 1.0)
    pairs = [(one, other, floor / VANISHING) for one, other, floor in pairs]
    open_ = _apart(form, pairs, [bounds[name] * allowed[name] for name in names])
    undecided = tuple(names[k] for k in open_ if names[k] not in alone)
    strays = () if form.linear else _apart(form, pairs, [GUESSED * allowed[name] for name in names])
    part = 1.0 if readings else SPARE * first.total / max(np.hypot(first.total, second.total), 1e-300)
    errors = {
        name: max(
            part * difference + gains[name] * common,
            first.total * share[name] / FARTHEST,
            hidden(amplified, name, first.total, share[name], difference),
            kept(form, amplified, name, first.total, share[name]),
        )
        for name, difference in differences.items()
    }
    errors |= {name: differences[name] for name in alone}
    lost = {*undecided, *(names[k] for k in strays)} - set(alone)
    errors |= dict.fromkeys(lost, CEILING)
    fields, vanishing = _clipped(errors, {name: each for name, each in small.items() if name not in lost})
    return Estimate(
        fields, first, second, differences, common, undecided, alone,
        most=most, spread=spread, share=part, other=other, amplified=amplified, vanishing=vanishing,
    )  # fmt: skip


def _scatter(
    candidate: Candidate, names: Sequence[str], points: Sequence[Array], ours: Sequence[Array]
) -> dict[str, float]:  # fmt: skip
    """The standard deviations of fields that noisy readings make, beside the fields."""
    out = dict.fromkeys(names, 0.0)
    for k, spread in candidate.spread.items():
        out[names[k]] = rms(deviation_at(candidate.state.trials[k], spread, points[k])) / (rms(ours[k]) or 1.0)
    return out


def _apart(form: Form, pairs: Sequence[tuple[Array, Array, float]], limits: Sequence[float]) -> list[int]:
    """The unknowns of which two solves, with the size of each, differ by more than a limit, and those that equations
    couple to one of them."""
    apart = {k for k, each in enumerate(pairs) if relative_difference(*each) > limits[k]}
    return sorted(apart.union(*(group for group in form.groups if apart & set(group))))


def _constant(ours: Array, theirs: Array, base: complex | float) -> bool:
    """Does a field vary by hardly more than two solves differ, though the data give no offset that it is counted from?
    As far as is known it is a constant, as a flux along a line, and nothing of it varies."""
    return base == 0 and max(deviation(ours), deviation(theirs)) <= ALIKE * rms(ours - theirs)


def unfitted(form: Form, candidate: Candidate, count: int, seed: int) -> Samples:
    """About so many points that were not fitted, as far in time as the answer goes."""
    drawn = draw(form, count, seed)
    return drawn if candidate.until is None else drawn.squeezed(times(form), times(form)[0], candidate.until)


def _affordable(form: Form, candidate: Candidate, held_out: Samples, seconds: float) -> int:
    """Points of a condition on which a score takes so many seconds, by what it takes on few."""
    if seconds == np.inf:
        return MOST
    begun = time.perf_counter()
    score(form, held_out.thinned(FEWEST), candidate.state)
    return int(np.clip(FEWEST * seconds / (time.perf_counter() - begun), FEWEST, MOST))


def _second(candidate: Candidate, seed: int, lean: Sequence[float]) -> State | None:
    if candidate.again is None:
        return None
    try:
        return candidate.again(seed, lean)
    except DivergedError:
        return None


def _spread(values: Array) -> float:
    """The root mean square beside that of the deviation from the mean; 1 of what vanishes."""
    size, apart = rms(values), deviation(values)
    return 1.0 if size == 0 else CONSTANT if size > CONSTANT * apart else size / apart


def _clipped(
    errors: Mapping[str, float], small: Mapping[str, tuple[float, float]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Errors of all fields, relative to themselves; of `small` ones, of a size and counted as of another one, only if
    they are small so, and also beside what would balance the others."""
    fields, vanishing = dict(errors), dict[str, float]()
    for name, (size, floor) in small.items():
        vanishing[name] = _within(errors[name] * VANISHING * max(size, floor) / floor)
        if errors[name] > GOOD:  # of the field itself nothing is known
            fields[name] *= max(floor / size, 1.0) if size else 1.0
    return {name: _within(error) for name, error in fields.items()}, vanishing


def _within(error: float) -> float:
    return float(np.clip(error, FLOOR, CEILING)) if np.isfinite(error) else CEILING
