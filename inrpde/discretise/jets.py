"""The jets of a state at samples, and what they leave of every equation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from inrpde.compiler.form import HERE, Form, Row
from inrpde.discretise.state import Evaluable
from inrpde.sampling.sites import Samples, Site

Array = np.ndarray


def environment(form: Form, row: Row, site: Site) -> dict:
    return form.environment(row, site.points, site.normals, site.labels)


def filled(form: Form, row: Row, site: Site, at: dict, numbers: Sequence[complex | float]) -> dict:
    """The arrays for everything in a row, at its jets and the values of the integrals."""
    return environment(form, row, site) | at | {symbol: numbers[k] for symbol, k in row.integrals.items()}


@dataclass(frozen=True)
class Jets:
    """The jets of a state at samples: for each row, and for each integral, {symbol: (N,) or 0}."""

    rows: tuple[dict, ...]
    integrals: tuple[dict, ...]
    values: Mapping[tuple[int, int], Array] = field(default_factory=dict)
    """By the number of the site and the unknown the values there, where they were asked for."""

    def towards(self, other: Jets, step: float) -> Jets:
        """The jets of the state a step along the way to another: they are linear in the heads."""

        def between(here: dict, there: dict) -> dict:
            return {symbol: value + step * (there[symbol] - value) for symbol, value in here.items()}

        return Jets(tuple(map(between, self.rows, other.rows)), tuple(map(between, self.integrals, other.integrals)))


def no_jets(form: Form) -> Jets:
    """The jets of a state that vanishes."""
    return Jets(
        tuple(dict.fromkeys(row.jets, 0.0) for row in form.rows),
        tuple(dict.fromkeys(term.row.jets, 0.0) for term in form.integrals),
    )


def evaluate_jets(form: Form, samples: Samples, state: Evaluable, values: bool = False) -> Jets:
    """Each derivative that any equation needs is taken once at each site; with `values` these are taken with them."""
    sites = (*samples.sites, *samples.integrals)
    uses = [(row, samples.number(row)) for row in form.rows]
    uses += [(term.row, len(samples.sites) + k) for k, term in enumerate(form.integrals)]
    wanted: dict[tuple[int, str, int], set] = {}
    for row, number in uses:
        for jet in row.jets.values():
            wanted.setdefault((number, jet.site, jet.unknown), set()).add(jet.index)
    zero, here = (0,) * form.space.dim, [key for key in wanted if values and key[1] == HERE]
    for key in here:
        wanted[key].add(zero)
    found = {key: state.jets(key[2], sites[key[0]].at(key[1]), indices) for key, indices in wanted.items()}
    jets = tuple(
        {s: found[number, jet.site, jet.unknown][jet.index] for s, jet in row.jets.items()} for row, number in uses
    )
    fields = {(number, unknown): found[number, site, unknown][zero] for number, site, unknown in here}
    return Jets(jets[: len(form.rows)], jets[len(form.rows) :], fields)


def integral_values(form: Form, samples: Samples, jets: Jets) -> list[complex | float]:
    """The value of every integral."""
    values: list[complex | float] = []
    for term, site, at in zip(form.integrals, samples.integrals, jets.integrals, strict=True):
        (value,) = term.row.value(filled(form, term.row, site, at, values))
        weights = site.weights / (site.measure if term.mean else 1.0)
        values.append(np.sum(np.broadcast_to(value, (len(site.points),)) * weights))
    return values


def environments(form: Form, samples: Samples, jets: Jets) -> Iterator[tuple[Row, dict]]:
    """Every equation, with the arrays for everything in it."""
    numbers = integral_values(form, samples, jets)
    for row, at in zip(form.rows, jets.rows, strict=True):
        yield row, filled(form, row, samples.of(row), at, numbers)


def residuals(form: Form, samples: Samples, jets: Jets) -> list[Array]:
    """The residual of every equation on its own points, (N,), in its own units."""
    rows = environments(form, samples, jets)
    return [np.broadcast_to(row.value(env)[0], (len(samples.of(row).points),)) for row, env in rows]
