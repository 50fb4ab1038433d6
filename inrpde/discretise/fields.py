"""Where fields are compared, and how."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from inrpde.compiler.form import Form
from inrpde.sampling import sample
from inrpde.sampling.extent import volumes

Array = np.ndarray
FAR = 10.0
"""A constant so many times what a field deviates by from it is an offset, which says nothing of the field's size."""
ROUNDED = 1e-6
"""The share of an offset below which a deviation is hardly more than rounding."""


def field_points(form: Form, unknown: int, n: int, seed: int) -> Array:
    """Points where an unknown lives: of the volumes of its equations (of whatever it appears in, if there is none)."""
    regions = volumes(form, unknown) or [row.region for row in form.rows][:1]
    points = np.concatenate([sample(region, n, seed).points for region in regions])
    if len(points) > n:
        points = points[np.random.default_rng(seed).permutation(len(points))[:n]]
    domain = form.unknowns[unknown].region
    return points[domain.contains(points)] if domain is not None and np.any(domain.contains(points)) else points


def between(form: Form, unknown: int, n: int, seed: int) -> Array:
    """Points between the samples that give an unknown: on the way from one to one of its neighbours."""
    samples = np.concatenate([sample(r, 1, seed).points for r in volumes(form, unknown)])
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(samples), n)
    near = min(2 * samples.shape[1] + 1, len(samples))
    _, neighbours = cKDTree(samples).query(samples[chosen], k=range(1, near + 1))
    other = samples[neighbours[np.arange(n), rng.integers(0, near, n)]]
    return samples[chosen] + rng.uniform(0, 1, (n, 1)) * (other - samples[chosen])


def rms(values: Array) -> float:
    """The root mean square; 0 of no values."""
    return float(np.sqrt(np.mean(np.abs(values) ** 2))) if len(values) else 0.0


def deviation(values: Array) -> float:
    """The root mean square of what values differ by from their mean."""
    return rms(values - np.mean(values)) if len(values) else 0.0


def varying(values: Array, base: complex | float = 0.0) -> float:
    """The root mean square of values, counted from a base, and from their mean where that lies more than `FAR` times
    what they differ by from it; at least a share `ROUNDED` of what they are: so much of a constant is rounding."""
    size, apart = rms(values - base), deviation(values)
    return max(apart if size > np.hypot(FAR, 1) * apart else size, ROUNDED * rms(values))


def fixed(form: Form, values: Sequence[Array]) -> list[Array]:
    """The values of all unknowns, less their mean where nothing fixes a constant: errors are of the rest."""
    return [each if form.fixes_constants(k) else each - np.mean(each) for k, each in enumerate(values)]


def relative_difference(values: Array, reference: Array, least: float = 0.0) -> float:
    """‖values - reference‖ / ‖reference‖ in the root mean square, where ‖reference‖ counts as at least `least` (as 1
    where both vanish)."""
    count = np.sqrt(max(len(reference), 1))
    size = max(float(np.linalg.norm(reference)) / count, least)
    return float(np.linalg.norm(values - reference) / count / (size if size > 0 else 1.0))
