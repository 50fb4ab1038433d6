"""Where fields are compared, and how."""

from __future__ import annotations

import numpy as np

from inrpde.compiler.form import Form
from inrpde.sampling import sample
from inrpde.solvers.samples import volumes

Array = np.ndarray


def field_points(form: Form, unknown: int, n: int, seed: int) -> Array:
    """Points where an unknown lives: of the volumes of its equations (of whatever it appears in, if there is none)."""
    regions = volumes(form, unknown) or [row.region for row in form.rows][:1]
    points = np.concatenate([sample(region, n, seed).points for region in regions])
    if len(points) > n:
        points = points[np.random.default_rng(seed).permutation(len(points))[:n]]
    domain = form.unknowns[unknown].region
    return points[domain.contains(points)] if domain is not None and np.any(domain.contains(points)) else points


def relative_difference(values: Array, reference: Array, least: float = 0.0) -> float:
    """‖values - reference‖ / ‖reference‖ in the root mean square, where ‖reference‖ counts as at least `least` (as 1
    where both vanish)."""
    count = np.sqrt(max(len(reference), 1))
    size = max(float(np.linalg.norm(reference)) / count, least)
    return float(np.linalg.norm(values - reference) / count / (size if size > 0 else 1.0))
