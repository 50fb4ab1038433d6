"""Are equations of one type throughout? Coefficients that vanish on a part, or change their sign.

Of linear equations between real numbers, the symbol of fast waves M(x, ξ) is compared with that at a point x₀: where
M(x₀, ξ)⁻¹ M(x, ξ) has a negative eigenvalue, some mixture of the two is singular, and no energy is positive at both.
Units and the order of equations and unknowns are no matter. Where M is less than of its full order in all directions,
what stands before the highest derivatives vanishes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sympy import Derivative, Expr, S, preorder_traversal

from inrpde import deadline
from inrpde.compiler.evaluate import known
from inrpde.compiler.form import Form, Row
from inrpde.declaration.fields import MeshField
from inrpde.declaration.regions import Mesh
from inrpde.declaration.words import words
from inrpde.discretise.jets import environment
from inrpde.errors import ProblemError
from inrpde.sampling.sites import Samples
from inrpde.verification.checks.counting import System, systems
from inrpde.verification.checks.data import plain
from inrpde.verification.checks.symbol import degrees, determinant, roots, symbol
from inrpde.verification.finding import Finding, Kind, name, place

Array = np.ndarray
FAST = 1e7
"""The frequency of the waves beside the extent of the region, at which terms of lower order are none."""
DIRECTIONS, ASIDE = 8, 1e-3
"""In which the symbol is looked at, and how far from the axes, where it may be of a lower order: there, too."""
REAL = 1e-3
"""The imaginary part of an eigenvalue, as a share of it, up to which it is real."""
MOST = 4000
"""Points of a region, and of the data on it each."""
FEW = 3
"""Points, at least, that are a part of a region, and not a line that they lie on by chance."""


def degenerate(form: Form, samples: Samples) -> list[Finding]:
    """Equations that change their type. Raises ProblemError where they vanish on a part, and hold nothing there."""
    if form.arithmetic != "real":
        return []
    findings: list[Finding] = []
    for system in systems(form):
        deadline.turn()
        if all(row.linear and not row.integrals for row in system.rows):
            findings += _of(form, system, _points(form, system, samples))
    return findings


def _points(form: Form, system: System, samples: Samples) -> Array:
    """Those of the equations, the middles of a mesh's cells, and those that data are given at."""
    found = [samples.of(system.rows[0]).points]
    used = {jet.name for row in system.rows for jet in row.data.values()}
    fields = [field for key, field in form.bound.fields.items() if key.func.__name__ in used]
    meshes = [field.mesh for field in fields if isinstance(field, MeshField)]
    for mesh in [system.region, *meshes]:
        if isinstance(mesh, Mesh) and mesh.volume is not None and len(mesh.coords) == form.space.dim:
            middles = mesh.nodes[mesh.cells].mean(axis=1)
            found.append(middles[system.region.contains(middles)] if mesh is not system.region else middles)
    return np.concatenate([each[:: max(len(each) // MOST, 1)] for each in found])


def _symbols(form: Form, system: System, points: Array) -> Array | None:
    """The symbols in several directions, (directions, N, n, n, degree + 1); None where there are not as many equations
    as unknowns."""
    nothing, found = np.zeros(points.shape, complex), []
    for way in _directions(form):
        across = np.broadcast_to(1j * FAST / system.region.size * way, points.shape)
        found.append(symbol(form, system.rows, system.unknowns, points, None, nothing, across))
    return np.stack(found) if found[0].shape[1] == found[0].shape[2] else None


def _directions(form: Form) -> Array:
    """Unit vectors in space, (directions, d), none opposite to the first."""
    spatial = len(form.space.spatial)
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(DIRECTIONS if spatial > 1 else 0, form.space.dim))
    axes = np.eye(form.space.dim)[:spatial]
    out = np.concatenate([drawn, axes + ASIDE * rng.normal(size=axes.shape)])
    out[:, spatial:] = 0.0
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    return np.where(out @ out[0] < 0, -1.0, 1.0)[:, None] * out


def _of(form: Form, system: System, points: Array) -> list[Finding]:
    polynomials = _symbols(form, system, points) if form.space.spatial else None
    if polynomials is None:
        return []
    order = np.stack([degrees(determinant(each)) for each in polynomials])
    full = int(order.max())
    if full < 2 or np.any(order < 0, axis=0).all():
        return []
    findings = []
    lost = np.all(order < full, axis=0)
    if form.space.time is None and FEW <= np.count_nonzero(lost) < len(lost):
        findings.append(_vanishing(form, system, points, lost))
    matrices = polynomials.sum(axis=-1)
    sound = np.flatnonzero(np.all(order == full, axis=0) & np.isfinite(matrices).all(axis=(0, 2, 3)))
    if not len(sound):
        return findings
    matrices = matrices[:, sound]
    first = int(np.argmax(np.min(np.linalg.slogdet(matrices)[1], axis=0)))
    if _negative(np.linalg.solve(matrices[:1, first], matrices[:, first])).any():
        # of no one sign there: of a wave equation rightly so
        return findings + _indefinite(form, system, points[sound][first : first + 1])
    turned = np.any(_negative(np.linalg.solve(matrices[:, first : first + 1], matrices)), axis=0)
    if turned.any():
        findings.append(_turning(form, system, points[sound], first, turned))
    return findings


def _negative(matrices: Array) -> Array:
    """Which matrices (…, n, n) have a negative eigenvalue."""
    values = np.linalg.eigvals(matrices)
    return np.any((values.real < 0) & (np.abs(values.imag) <= REAL * np.abs(values)), axis=-1)


def _vanishing(form: Form, system: System, points: Array, lost: Array) -> Finding:
    there = points[lost]
    where, share = place(form.space.coords, there[0]), lost.mean()
    whole = form.conditions[system.rows[0].condition].where
    names = ", ".join(dict.fromkeys(name(form, k) for k in system.unknowns))
    coefficient = next((c for c, values in _coefficients(form, system, there[:1]) if values[0] == 0), None)
    what = words(coefficient, 40) if coefficient is not None else "what stands before the highest derivatives"
    text = f"{what} is zero on a part of {whole} ({share:.0%} of it), at {where} for one"
    fix = "cut that part out of the region, or give a coefficient that does not vanish there"
    for row in system.rows:
        held = [other for other in form.rows if other not in system.rows and _holds(form, other, system, there[:1])]
        slopes = row.slopes(environment(form, row, plain(there)) | dict.fromkeys(row.jets, 0.0))
        if not held and not any(np.any(np.broadcast_to(slope, (len(there),))[:1]) for slope in slopes):
            value = row.value(environment(form, row, plain(there[:1])) | dict.fromkeys(row.jets, 0.0))[0]
            left = float(np.real(np.broadcast_to(value, (1,))[0]))
            raise ProblemError(
                f"{text}: the equation reads 0 = {0.0 - left:.4g} there, and nothing holds {names}", row.text, fix
            )
    return Finding(
        Kind.ILL_POSED, f"{text}: nothing ties {names} to what lies around there, and it may jump; {fix}", "unverified"
    )


def _holds(form: Form, row: Row, system: System, points: Array) -> bool:
    """Does another condition inside the region hold some of the unknowns at a point, or at samples?"""
    if not {*row.indices} & {*system.unknowns} or row.region.dim not in (0, form.space.dim):
        return False
    return bool(row.region.labels) or bool(row.region.contains(points).all())


def _indefinite(form: Form, system: System, point: Array) -> list[Finding]:
    """Systems whose sign depends on the direction, though no wave is a characteristic of theirs, at a point (1, d)."""
    one, other = (1j * FAST / system.region.size * way[None] for way in _directions(form)[:2])
    tau = roots(determinant(symbol(form, system.rows, system.unknowns, point, None, one, other)))
    if form.space.time is not None or len(system.unknowns) < 2 or np.any(np.abs(tau.imag) <= REAL * np.abs(tau)):
        return []
    names = ", ".join(dict.fromkeys(name(form, k) for k in system.unknowns))
    text = (
        f"{system.rows[0].text}: the equations of {names} have no energy that is positive (as those of an elastic body "
        "whose Poisson's ratio is above 1/2, or one of whose moduli is negative); check the coefficients"
    )
    return [Finding(Kind.ILL_POSED, text, "plausible")]


def _turning(form: Form, system: System, points: Array, first: int, turned: Array) -> Finding:
    at = np.array([points[turned][0], points[first]])
    names = ", ".join(dict.fromkeys(name(form, k) for k in system.unknowns))
    for coefficient, values in _coefficients(form, system, at):
        if np.prod(np.sign(values)) < 0:
            low, high = np.argsort(values)
            what = (
                f"{words(coefficient, 40)} is {values[low]:.4g} at {place(form.space.coords, at[low])} and "
                f"{values[high]:.4g} at {place(form.space.coords, at[high])}"
            )
            break
    else:
        here, there = (place(form.space.coords, point) for point in at)
        what = f"the terms of the highest order have one sign at {there} and another at {here}"
    text = (
        f"{system.rows[0].text}: {what}: the equations of {names} change their type in between, and need not have a "
        "solution, or one alone; check the sign of the coefficients"
    )
    return Finding(Kind.ILL_POSED, text, "unverified")


def _coefficients(form: Form, system: System, points: Array) -> Iterator[tuple[Expr, Array]]:
    """What stands before derivatives of the unknowns under derivatives, as the problem has it, with its values (N,)."""
    unknowns = [unknown.symbol for unknown in form.bound.unknowns]
    for number in dict.fromkeys(row.condition for row in system.rows):
        for expr in form.bound.problem.conditions[number].residuals:
            for node in preorder_traversal(expr):
                inner = node.expr if isinstance(node, Derivative) else S.Zero
                for slope in sorted((d for d in inner.atoms(Derivative) if d.expr in unknowns), key=str):
                    coefficient = inner.diff(slope).as_coeff_Mul()[1]
                    if coefficient != 0 and not coefficient.has(*unknowns):
                        yield coefficient, np.real(known(form.bound, coefficient, points))
