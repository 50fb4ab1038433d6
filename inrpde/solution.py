"""A solution: fields that can be evaluated anywhere, and the report of how they were found and how good they are."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Float, Symbol

from inrpde import storage
from inrpde.arguments import MOST
from inrpde.compiler.bind import Bound
from inrpde.compiler.evaluate import evaluate
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Mesh, Region
from inrpde.declaration.regions.simplices import SIMPLICES
from inrpde.discretise.family import Family
from inrpde.errors import UsageError
from inrpde.export import Dataset, views
from inrpde.export.card import card
from inrpde.found import Domain, Field, NetworkField
from inrpde.networks.offset import bare
from inrpde.reference_fields import MaskedField, QuadraticField
from inrpde.relative import reported
from inrpde.sampling import Quadrature, across, grid_points, integration, sample
from inrpde.sampling.sites import Site
from inrpde.views import FieldView, Viewed, picture

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
Index = tuple[int, ...]
AT_ONCE = 200_000
"""Points at which what is integrated is evaluated at once, about."""


@dataclass(frozen=True, eq=False)
class Solution(Viewed):
    """Fields by name, evaluated anywhere.

    `solution(points)`, `solution.evaluate(expr, points)`, `solution.integral(expr, region)`, `solution.on_grid(shape)`,
    `solution.save(path)`; `solution["u"]` is one field, which can be called with points, too; `solution.plot()`,
    `to_xarray()`, `to_dataframe()` and `to_pyvista()` show all of them beside the reference. `solution.report` is the
    JSON object of the command line as a dict, `solution.learned` the numbers that were found, `solution.reference` the
    finite-difference solution, if there is one. `grid` and `times` are what is exported and shown, `origin` where the
    problem came from (source, hashes, versions), `declared` its conditions as a file keeps them (`inrpde.declared`),
    `family` the members for other parameters, of which it shows the one in the middle.
    """

    coords: tuple[Symbol, ...]
    time: Symbol | None
    fields: Mapping[str, Field]
    domain: Domain
    domains: Mapping[str, Region | Domain] = field(default_factory=dict)
    coefficients: Mapping[str, Any] = field(default_factory=dict)
    learned: Mapping[str, float] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    reference: Solution | None = None
    grid: Sequence[int] | None = None
    times: Array | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)
    declared: Sequence[Mapping[str, Any]] = ()
    family: Family | None = None

    def __call__(self, points: Any, /, **parameters: float) -> dict[str, Array]:
        """Values at points (N, d), in the order of `space.coords`: {name: (N,)}, NaN where a field does not live.

        One point, of shape (d,), gives numbers. Of a single coordinate (N,) are N points, and a number is one.
        Coefficients are there too, under their names, without being listed. Of a family `parameters` say which member:
        `solution(points, k=7.5)`, in milliseconds where the points are those of the last call."""
        if parameters:
            family, values = self._of_family("solution", parameters)
            return self._of_member(family, values, family.head(values), {})(points)
        points, single = self._points(points)
        return Values(self, points, single)

    def member(self, /, **parameters: float) -> Solution:
        """The solution for other values of the parameters of a family; of those that are not given, the middle of their
        range. Its report has the errors that are expected of it. Raises UsageError for what is no parameter, and for
        values beyond the range that was solved."""
        family, values = self._of_family("member", parameters)
        return self._of_member(family, values, family.head(values), reported(family, self.report, values))

    def sensitivity(self, parameter: str, /, **parameters: float) -> Solution:
        """The derivative of a member's fields with respect to a parameter of the family, as a solution whose fields
        have the same names: what a gradient of any functional is made of. Raises UsageError as `member` does."""
        family, values = self._of_family("sensitivity", parameters)
        if parameter not in family.names:
            there = ", ".join(family.names)
            raise UsageError(
                f"there is no parameter {parameter!r}", f"sensitivity({parameter!r})", f"there are: {there}"
            )
        found, slope = self._of_member(family, values, family.head(values), {}), family.slope(values, parameter)
        changes = {name: NetworkField(bare(trial), slope) for name, trial in family.bases.items()}
        return replace(found, fields=changes, family=None)

    def __getitem__(self, name: str) -> FieldView:
        """One field or coefficient: `solution["u"](points)`, `solution["u"].plot()`. Raises UsageError for others."""
        if name in self.learned:
            raise UsageError(f"{name} is a number", f"solution[{name!r}]", f'solution.learned["{name}"]')
        if name in self.fields:
            return FieldView(replace(self, fields={name: self.fields[name]}, reference=None), name)
        if name in self.coefficients:
            return FieldView(replace(self, fields={name: _Given(self, name)}, reference=None), name)
        raise self._no_field(name, f"solution[{name!r:.60}]")

    def __iter__(self) -> Iterator[str]:
        """The names of the fields."""
        return iter(self.fields)

    def __contains__(self, name: object) -> bool:
        return name in self.fields or name in self.coefficients

    def evaluate(self, expr: Any, points: Any) -> Array:
        """An expression of unknowns, coefficients and coordinates at points (N, d): (N,), or (N, k) for a Matrix; at
        one point (d,) a number, or (k,)."""
        points, single = self._points(points)
        found = evaluate(expr, self.coords, points, self._jets(), self._bindings(), self._integrals)
        return found[0] if single else found

    def integral(self, expr: Any, region: Region, points: int | None = None) -> complex | float:
        """The integral of an expression over a region in its own measure: by a Gauss rule where the region is a box, a
        curve, or made of a mesh's cells or facets, on about 20,000 quasi-random points elsewhere; on about so many
        `points` anywhere, where they are given."""
        if points is not None and (not isinstance(points, numbers.Integral) or points < 1):
            raise UsageError(f"points={points!r:.60} is no number of points", "integral(expr, region)", "points=20_000")
        if not isinstance(region, Region):
            raise UsageError(f"{region!r:.60} is no region", "integral(expr, region)", "omega = Region(space, …)")
        q = integration(region) if points is None else sample(region, points, 0)
        return _total(self.on(expr, region, q) * q.weights)

    def on_grid(self, shape: Sequence[int], times: Sequence[float] | Array | None = None) -> dict[str, Array]:
        """Values on a uniform grid over the bounds, `values[i, j]` at (x_i, y_j); NaN outside the domain.

        `shape` has a number for each coordinate, or for each spatial coordinate where `times` are given.
        """
        return self.on_axes(self.axes(shape, times))

    def on_axes(self, axes: Sequence[Array]) -> dict[str, Array]:
        """Values at the nodes of a tensor grid, one increasing array a coordinate, in the grid's shape; NaN outside."""
        try:
            axes = [np.asarray(axis, dtype=float) for axis in axes]
        except (TypeError, ValueError):
            axes = []
        if len(axes) != len(self.coords) or not all(axis.ndim == 1 and len(axis) for axis in axes):
            names = ", ".join(map(str, self.coords))
            what = f"the axes are no increasing arrays, one for each of {names}"
            raise UsageError(what, "on_axes(axes)", "give numpy.linspace(0, 1, 65) for each of them")
        return {name: self._on_axes(name, axes) for name in self.fields}

    def axes(self, shape: Sequence[int], times: Sequence[float] | Array | None = None) -> list[Array]:
        """The axes of a uniform grid, as `on_grid` takes it; eleven times where none are given."""
        if not isinstance(shape, Iterable) or not all(isinstance(n, numbers.Integral) for n in shape):
            raise UsageError(
                f"{shape!r} is no shape of a grid", "on_grid(shape)", "give whole numbers: on_grid((65, 65))"
            )
        shape = tuple(int(n) for n in shape)
        if math.prod(shape) > MOST:
            raise UsageError(f"a grid of {math.prod(shape):.2g} nodes", "on_grid(shape)", f"ask for at most {MOST:.2g}")
        if self.time is not None and times is None and len(shape) == len(self.coords) - 1:
            times = np.linspace(self.domain.lo[-1], self.domain.hi[-1], 11)
        spatial = len(self.coords) - (1 if times is not None else 0)
        if len(shape) != spatial or any(n < 1 for n in shape):
            names = ", ".join(map(str, self.coords[:spatial]))
            raise UsageError(
                f"a grid of shape {shape} for the coordinates {names}", "on_grid(shape)", f"give {spatial} numbers"
            )
        axes = [np.linspace(a, b, n) for a, b, n in zip(self.domain.lo, self.domain.hi, shape, strict=False)]
        return axes + ([np.asarray(times, dtype=float)] if times is not None else [])

    def dataset(
        self, grid: Sequence[int] | None = None, times: Sequence[float] | Array | None = None, **at: float
    ) -> Dataset:
        """The fields, the reference's and their differences as plain arrays, as `plot` and the others show them."""
        return storage.view(self, grid, times, at)

    def to_xarray(
        self, grid: Sequence[int] | None = None, times: Sequence[float] | Array | None = None, **at: float
    ) -> xarray.Dataset:
        """The fields as an xarray.Dataset over the coordinates, or over the nodes of their mesh (and the time)."""
        return views.to_xarray(self.dataset(grid, times, **at))

    def save(self, path: str | Path) -> Path:
        """Write the HDF5 file that h5py, xarray, ParaView and `inrpde.load` read, or what the name's ending asks for;
        returns the path of the file, of several the first."""
        return storage.save(self, path)

    def with_report(self, report: dict[str, Any]) -> Solution:
        return replace(self, report=report)

    def with_reference(self, reference: Solution) -> Solution:
        return replace(self, reference=reference)

    def __repr__(self) -> str:
        unknowns = ", ".join([*self.fields, *self.learned])
        verdict = self.report.get("verdict", {}).get("word", "no report")
        return f"<Solution {unknowns} of ({', '.join(map(str, self.coords))}): {verdict}>"

    def _repr_html_(self) -> str:
        title = self.report.get("problem") or ", ".join(self.fields)
        return card(str(title), self.report, picture(self))

    # -- inside

    def _of_family(self, name: str, parameters: Mapping[str, float]) -> tuple[Family, Array]:
        """The family, and the values (p,) of its parameters."""
        given = ", ".join(f"{key}={value!r:.40}" for key, value in parameters.items())
        where = f"{name}({given})"
        if self.family is None:
            fix = 'give the problem a parameter: def problem(k=Parameter("k", 5, 20))'
            raise UsageError("the solution is of one problem, not of a family", where, fix)
        return self.family, self.family.within(parameters, where)

    def _of_member(self, family: Family, values: Array, head: Array, told: dict[str, Any]) -> Solution:
        fields = {name: NetworkField(trial, head) for name, trial in family.bases.items()}
        given = dict(zip(family.names, map(Float, values), strict=True))
        return replace(
            self, fields=fields, coefficients={**self.coefficients, **given}, reference=None, report=told
        )  # fmt: skip

    def _points(self, points: Any) -> tuple[Array, bool]:
        """Points (N, d), and whether a single one was given."""
        try:
            points = np.asarray(points, dtype=float)
        except (TypeError, ValueError):
            raise UsageError(
                f"{points!r:.60} is no array of real numbers", "solution(points)",
                f"give an array of shape (N, {len(self.coords)})",
            ) from None  # fmt: skip
        given = points
        if points.ndim <= 1 and len(self.coords) == 1:
            points = points.reshape(-1, 1)
        elif points.shape == (len(self.coords),):
            points = points[None, :]
        if points.ndim != 2 or points.shape[1] != len(self.coords):
            raise UsageError(
                f"points of shape {given.shape} for the coordinates {', '.join(map(str, self.coords))}",
                "solution(points)",
                f"give an array of shape (N, {len(self.coords)}), columns in the order of space.coords",
            )
        return points, given.ndim == min(1, len(self.coords) - 1)

    def _no_field(self, name: object, where: str) -> UsageError:
        there = ", ".join([*self.fields, *self.coefficients])
        return UsageError(f"there is no field {name!r:.60}", where, f"there are: {there}")

    def _values(self, name: str, points: Array) -> Array:
        zero = (0,) * len(self.coords)
        return self._field(name, points, [zero])[zero]

    def _field(self, name: str, points: Array, indices: Iterable[Index]) -> Mapping[Index, Array]:
        """The jets of a field, NaN where it does not live."""
        inside = self.domains.get(name, self.domain).contains(points)
        jets = self.fields[name].jets(points, indices)
        return {index: np.where(inside, values, np.nan) for index, values in jets.items()}

    def _on_axes(self, name: str, axes: Sequence[Array]) -> Array:
        made, points, shape = self.fields[name], grid_points(axes), [len(axis) for axis in axes]
        inside = self.domains.get(name, self.domain).contains(points).reshape(shape)
        if isinstance(made, NetworkField):
            return np.where(inside, made.on_grid(axes), np.nan)
        zero = (0,) * len(axes)
        return np.where(inside, made.jets(points, [zero])[zero].reshape(shape), np.nan)

    def _coefficient(self, name: str, points: Array) -> Array:
        value = self.coefficients[name]
        zero = (0,) * len(self.coords)
        return value.jets(points, [zero])[zero] if hasattr(value, "jets") else self.evaluate(value, points)

    def _jets(self) -> dict[str, Any]:
        data = {name: value.jets for name, value in self.coefficients.items() if hasattr(value, "jets")}
        return data | {name: partial(self._field, name) for name in self.fields}

    def _bindings(self) -> dict[str, Any]:
        known = {name: value for name, value in self.coefficients.items() if not hasattr(value, "jets")}
        return known | dict(self.learned)

    def on(self, expr: Any, region: Region, q: Quadrature | Site) -> Array:
        """An expression at the points of a region, with their normals."""
        normals = {} if q.normals is None else dict(zip(region.space.normal, q.normals.T, strict=False))
        return evaluate(expr, self.coords, q.points, self._jets(), self._bindings(), self._integrals, normals)

    def _integrals(self, node: RegionIntegral, points: Array) -> complex | float | Array:
        """The value of an integral or a mean; of one over some coordinates (N,), for the others' values at points."""
        if not node.over:
            return self._integrate(node)
        axes = [self.coords.index(x) for x in node.over]
        others = [k for k in range(len(self.coords)) if k not in axes]
        nodes, weights = across(node.region, axes)
        weights = weights / weights.sum() if node.mean else weights
        places, which = np.unique(points[:, others], axis=0, return_inverse=True)
        found = []
        for some in np.array_split(places, max(1, len(places) * len(nodes) // AT_ONCE)):
            at = np.empty((len(some), len(nodes), len(self.coords)))
            at[..., axes], at[..., others] = nodes, some[:, None]
            found.append(self.evaluate(node.integrand, at.reshape(-1, at.shape[2])).reshape(at.shape[:2]) @ weights)
        return np.concatenate(found)[which.ravel()]

    def _integrate(self, node: RegionIntegral, seed: int = 0) -> complex | float:
        """The value of an integral or a mean; another seed takes other points, where they are drawn."""
        q = integration(node.region, seed)
        total = _total(self.on(node.integrand, node.region, q) * q.weights)
        return total / float(q.weights.sum()) if node.mean else total


def _total(values: Array) -> complex | float:
    return complex(values.sum()) if np.iscomplexobj(values) else float(values.sum())


class Values(dict[str, Array]):
    """The unknowns' values at points; those of coefficients are evaluated when they are asked for."""

    def __init__(self, solution: Solution, points: Array, single: bool = False):
        self._solution, self._points, self._single = solution, points, single
        super().__init__({name: self._shaped(solution._values(name, points)) for name in solution.fields})

    def __missing__(self, name: str) -> Array:
        if name not in self._solution.coefficients:
            raise self._solution._no_field(name, "solution(points)")
        return self._shaped(self._solution._coefficient(name, self._points))

    def _shaped(self, values: Array) -> Array:
        return values[0] if self._single else values


@dataclass(frozen=True, eq=False)
class _Given:
    """The values of a coefficient of a solution as a field."""

    solution: Solution
    name: str

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return dict.fromkeys(indices, self.solution._coefficient(self.name, points))


def reference_solution(
    bound: Bound, witness: Any, coefficients: Mapping[str, Any], made: Mapping[str, Any] | None = None
) -> Solution:
    """A reference as the same kind of object as a network's solution, on its grid or on the mesh where it was found."""
    lo = np.array([axis[0] for axis in witness.axes])
    hi = np.array([axis[-1] for axis in witness.axes])
    fields: dict[str, Field]
    grid: Sequence[int] | None = None
    domains: dict[str, Region | Domain] = {}
    cells = getattr(witness, "cells", None)
    if cells is None:
        deviations = {f"{name}_std": values for name, values in getattr(witness, "deviations", {}).items()}
        taken = {*witness.values, *map(str, bound.space.coords)}
        values = dict(witness.values) | {name: each for name, each in deviations.items() if name not in taken}
        fields = {name: MaskedField(each, witness.axes) for name, each in values.items()}
        mask = None if witness.mask is None else (tuple(witness.axes), np.asarray(witness.mask, dtype=bool))
        domain = Domain(lo, hi, mask=mask)
        grid = tuple(len(axis) for axis in witness.axes)[: len(bound.space.spatial)]
    else:
        kind = SIMPLICES[len(bound.space.spatial) + 1]
        fields = {
            name: QuadraticField(Mesh.of(bound.space, cells.nodes, {kind: cells.cells[name]}), values, cells.edges)
            for name, values in cells.values.items()
        }
        regions = dict.fromkeys(c.region for c in bound.conditions if c.region.dim == bound.space.dim)
        domain = Domain(lo, hi, tuple(regions))
        domains = {unknown.name: unknown.region for unknown in bound.unknowns if unknown.region is not None}
    return Solution(
        bound.space.coords, bound.space.time, fields, domain, domains=domains, coefficients=coefficients,
        learned={name: each.value for name, each in getattr(witness, "numbers", {}).items()}, origin=made or {},
        grid=grid,
    )  # fmt: skip
