"""Do the points meet the given data where these are narrow?"""

from __future__ import annotations

import numpy as np

from inrpde.compiler.form import Form
from inrpde.resolution import Place, narrow, weighted
from inrpde.sampling.sites import Samples, Site
from inrpde.verification.finding import Finding, Kind

NEAR = 2.0
"""A peak is met by points that are so many widths from its centre, along each coordinate."""
FEW = 4
"""Points that meet a peak, at least."""
MISSED = 0.05
"""The share of the boxes of other places that may hold no point."""


def unseen(form: Form, samples: Samples) -> list[Finding]:
    """Narrow data that the points do not follow: more of them than can be followed, or on a set where none lie."""
    findings: dict[int, Finding] = {}
    for place in narrow(form.bound):
        if place.kind in ("jump", "oscillation"):  # points anywhere meet waves, and one of two sides
            continue
        share = _missed(place, samples.conditions[place.condition])
        if place.resolved and share <= MISSED:
            continue
        text = (
            f"{place.text}, and the points do not meet all of that: what they miss the answer does not know; "
            "make it wider, or split the region so that it is wide beside its part"
        )
        findings.setdefault(place.condition, Finding(Kind.DATA, text, "unverified", strong=True))
    for region, place in weighted(form.bound):
        rules = [
            site for term, site in zip(form.integrals, samples.integrals, strict=True) if term.row.region is region
        ]
        if place.kind == "peak" and any(_missed(place, site) > MISSED for site in rules):
            text = f"{place.text}, and the rule for the integral does not meet that: make it wider"
            findings.setdefault(place.condition, Finding(Kind.DATA, text, "unverified"))
    return list(findings.values())


def _missed(place: Place, site: Site) -> float:
    """The share of a place that no points meet."""
    if place.kind == "peak":
        away = np.abs(site.points - np.array(place.centre)) / np.array(place.widths)
        return max(0.0, 1.0 - np.sum((away <= NEAR).all(axis=1)) / FEW)
    ordered = site.points[np.argsort(site.points[:, 0])]
    boxes = np.array(place.boxes)
    begun = np.searchsorted(ordered[:, 0], boxes[:, 0, 0], "left")
    ended = np.searchsorted(ordered[:, 0], boxes[:, 1, 0], "right")
    near = (ordered[a:b] for a, b in zip(begun, ended, strict=True))
    met = [((some >= lo) & (some <= hi)).all(axis=1).any() for some, (lo, hi) in zip(near, boxes, strict=True)]
    return 1.0 - float(np.mean(met))
