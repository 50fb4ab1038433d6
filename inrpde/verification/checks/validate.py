"""What can only be checked with points in hand: before anything is solved."""

from __future__ import annotations

import numpy as np
from sympy import Expr, S

from inrpde import deadline
from inrpde.compiler.evaluate import known
from inrpde.compiler.form import Form, Row
from inrpde.declaration.fields import MeshField
from inrpde.declaration.words import words
from inrpde.discretise.jets import environment
from inrpde.errors import ProblemError
from inrpde.sampling.draw import draw
from inrpde.sampling.sites import Samples, Site
from inrpde.verification.checks.balance import unbalanced
from inrpde.verification.checks.compatible import incompatible
from inrpde.verification.checks.counting import miscounted
from inrpde.verification.checks.coverage import bare_boundary, initial_conditions
from inrpde.verification.checks.data import contradictions, lattice, plain, repeated
from inrpde.verification.checks.elliptic import degenerate
from inrpde.verification.checks.ends import misdirected
from inrpde.verification.checks.exact import check_exact
from inrpde.verification.checks.fits import missed_edges
from inrpde.verification.checks.jumps import jumping_values, lost_fluxes
from inrpde.verification.checks.learned import check_eigenproblem, unidentified
from inrpde.verification.checks.motions import unheld
from inrpde.verification.checks.places import check_periodic, misplaced
from inrpde.verification.checks.seen import unseen
from inrpde.verification.checks.signs import check_signs
from inrpde.verification.finding import Finding, Kind, place

Array = np.ndarray
HUGE = 1e150
"""Values above have squares that no double holds."""
LEVELS = (0.0, 1.0, -1.0, 10.0)
"""Values of the unknowns at which a nonlinear equation is asked whether its data are finite."""
SENSITIVE = 10.0
"""How many times the relative error of a region's shape the solution's may be: seven, of a disc with a fixed rim."""


def validate(form: Form, seconds: float = np.inf) -> list[Finding]:
    """What is suspicious. Raises ProblemError for what is wrong.

    Checks that do not end within so many seconds are left, which is a finding, too."""
    findings: list[Finding] = []
    with deadline.within(seconds) as scope:
        samples = draw(form, 1500, 17)
        _check_finite(form, samples)
        _check_guess(form, samples)
        _check_asks(form, samples)
        check_signs(form, samples)
        check_periodic(form, samples)
        check_exact(form, samples)
        check_eigenproblem(form)
        findings += initial_conditions(form)
        findings += misplaced(form, samples)
        findings += unidentified(form)
        findings += _homogeneous(form, samples)
        findings += _flaws(form)
        findings += degenerate(form, samples)
        findings += lost_fluxes(form)
        findings += missed_edges(form)
        findings += unseen(form, samples)
        findings += misdirected(form)
        bare = bare_boundary(form)
        findings += bare + miscounted(form, bool(bare)) + unheld(form, samples, bool(bare))
        findings += repeated(form, samples)
        findings += contradictions(form, samples)
        findings += incompatible(form)
        findings += jumping_values(form, samples)
        findings += unbalanced(form)
    if scope.expired:
        text = f"the checks of the declaration did not end in {seconds:.3g} s, and were left"
        findings.append(Finding(Kind.UNCHECKED, text, "plausible"))
    return list(dict.fromkeys(findings))


def _check_finite(form: Form, samples: Samples) -> None:
    for row in form.rows:
        deadline.turn()
        for site in filter(None, (samples.of(row), _closure(form, row))):
            bad = _not_finite(form, row, site)
            if bad.all():
                raise ProblemError(
                    f"a coefficient or the data is not finite, or larger than {HUGE:.0e}, at every point",
                    row.text,
                    "check the expression (a root of negative numbers, a number too large); choose other units",
                )
            if bad.any():
                raise ProblemError(
                    f"a coefficient or the data is not finite at {place(form.space.coords, site.points[bad][0])}",
                    row.text,
                    "cut the singular point out of the region (omega - Ball(…)), or rewrite the expression there",
                )


def _check_asks(form: Form, samples: Samples) -> None:
    """Raise ProblemError for a linear equation whose coefficients vanish all over its set, and whose data do not, and
    for coefficients whose squares vanish."""
    for row in form.rows:
        if not row.linear or row.region.labels:
            continue
        env = environment(form, row, samples.of(row)) | dict.fromkeys([*row.jets, *row.integrals], 0.0)
        largest = max((float(np.max(np.abs(slope))) for slope in row.slopes(env)), default=0.0)
        if 0 < largest < 1 / HUGE:
            raise ProblemError(
                f"the largest coefficient is {largest:.2g}, and squares of such numbers are zero",
                row.text,
                "choose other units, or divide the equation by it",
            )
        if largest == 0 and np.all(row.value(env)[0]):
            raise ProblemError(
                "no value of the unknowns satisfies this: with its coefficients bound, none is left in the equation",
                row.text,
                "check the coefficients: they vanish wherever it holds",
            )


def _not_finite(form: Form, row: Row, site: Site) -> Array:
    """Where a row is not finite, (N,) bool. A nonlinear one may be singular where the unknowns vanish, as 1/u is, or be
    finite for some alone, as log(u - 2) is: it is asked about several."""
    bad = np.ones(len(site.points), dtype=bool)
    for level in (0.0,) if row.linear else LEVELS:
        jets = {symbol: level * (1 + k / 7) for k, symbol in enumerate([*row.jets, *row.integrals])}
        env = environment(form, row, site) | jets
        values = [*row.value(env), *(row.slopes(env) if row.linear else [])]
        bad &= ~np.all([np.broadcast_to(np.abs(value) < HUGE, bad.shape) for value in values], axis=0)
    return bad


def _check_guess(form: Form, samples: Samples) -> None:
    for key, expr in form.bound.problem.guess.items():
        for row in form.rows:
            if not any(form.unknowns[k].declared == key.func.__name__ for k in row.indices):
                continue
            for site in filter(None, (samples.of(row), _closure(form, row))):
                bad = ~(np.abs(known(form.bound, expr, site.points)) < HUGE)
                if bad.any():
                    raise ProblemError(
                        f"the guess of {words(key)} is not finite at {place(form.space.coords, site.points[bad][0])}",
                        f"guess={{{words(key)}: {words(expr)}}}",
                        "give an expression that is finite on the closed region, or a number",
                    )


def _closure(form: Form, row: Row) -> Site | None:
    """Corners and centres of faces of the bounding box, where they belong to a volume's closure."""
    if row.region.dim < form.space.dim or form.space.dim > 6 or row.region.labels:
        return None
    points = lattice(row.region)
    points = points[row.region.contains(points, 1e-9 * row.region.size)]
    return plain(points) if len(points) else None


def _flaws(form: Form) -> list[Finding]:
    """What was lost as the data of regions were read; where it has changed a shape, that bounds the verdict."""
    regions = [row.region for row in form.rows]
    regions += [unknown.region for unknown in form.bound.unknowns if unknown.region is not None]
    regions += [field.mesh for field in form.bound.fields.values() if isinstance(field, MeshField)]
    flaws = dict.fromkeys(flaw for region in regions for flaw in region.flaws)
    return [
        Finding(Kind.GEOMETRY, flaw.text, "unverified" if flaw.error else None, SENSITIVE * flaw.error)
        for flaw in flaws
    ]


def _written(row: Row) -> Expr:
    """What is left of an equation where unknowns, integrals and labels vanish, as it is written."""
    return row.residual.xreplace(dict.fromkeys([*row.jets, *row.integrals, *row.region.labels], S.Zero))


def _homogeneous(form: Form, samples: Samples) -> list[Finding]:
    """Nothing drives the solution: it vanishes, or one of many does."""
    learned = {k: unknown.learned.initial for k, unknown in enumerate(form.unknowns) if unknown.learned}
    for row in form.rows:
        site = samples.of(row)
        nothing = dict.fromkeys(row.integrals, 0.0) | {s: learned.get(jet.unknown, 0.0) for s, jet in row.jets.items()}
        with np.errstate(all="ignore"):
            (value,) = row.value(environment(form, row, site) | nothing)
        if np.any(np.asarray(value) != 0):
            return []
    narrow = [row for row in form.rows if not row.data and _written(row) != 0]
    if narrow:
        text = f"{narrow[0].text}: the data vanish at every point that was looked at, and are not written as zero"
        return [Finding(Kind.DATA, f"{text}: what is so narrow is missed; make it wider", "unverified")]
    if form.linear:
        text = "every source and every boundary value is zero, and so is the solution"
        return [Finding(Kind.TRIVIAL, f"{text}; eigenproblems are not what this solves")]
    if form.bound.problem.guess:
        return []
    text = "zero satisfies every condition; a solution that does not vanish needs a guess"
    return [Finding(Kind.TRIVIAL, text, "plausible")]
