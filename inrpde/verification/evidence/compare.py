"""Errors between two stored fields, at the nodes of the first."""

from __future__ import annotations

from typing import Any

import numpy as np

from inrpde.errors import OutputError
from inrpde.export.dataset import Dataset, outside_nan

_CLOSE = 1e-9
_MOST_SPLINE, _MOST_DIMENSIONS = 100_000, 3


def compare(first: Dataset, second: Dataset) -> dict[str, dict[str, Any]]:
    """The error of each unknown of `first` that `second` has too, measured against `second`.

    Per field: `rel_l2` = ‖a - b‖ / ‖b‖ over the nodes of `first`, `max` = max |a - b|, `nodes`: how many were compared
    and `interpolated`: whether `second` had to be, its nodes being others. That is done by cubic splines where it is a
    grid without gaps, or else linearly (meshes and points by a Delaunay triangulation of their nodes). Nodes where
    either is NaN, outside its mask or not covered by `second` are left out.

    Raises `OutputError` where the two have no coordinates, field or node in common.
    """
    if first.coords != second.coords:
        raise OutputError(
            f"fields over ({', '.join(first.coords)}) and ({', '.join(second.coords)}) cannot be compared",
            fix="compare files of the same problem",
        )
    common = [name for name in first.unknowns if name in second.fields]
    if not common:
        raise OutputError(
            f"no field is in both: {', '.join(first.unknowns)} in the one, {', '.join(second.unknowns)} in the other",
            fix="compare files of the same problem",
        )
    same = _same_nodes(first, second)
    errors = {}
    for name in common:
        here, there = _values(first, name), _values(second, name)
        there = there if same else _carried(first, second, there)
        errors[name] = _error(name, here, there) | {"interpolated": not same}
    return errors


def _error(name: str, here: np.ndarray, there: np.ndarray) -> dict[str, Any]:
    both = np.isfinite(here) & np.isfinite(there)
    if not both.any():
        fix = "compare files of the same region and times"
        raise OutputError("the two have no node in common", f"field {name}", fix)
    difference = here[both] - there[both]
    size = np.linalg.norm(there[both]) or np.linalg.norm(here[both]) or 1.0
    return {
        "rel_l2": float(np.linalg.norm(difference) / size),
        "max": float(np.abs(difference).max()),
        "nodes": int(both.sum()),
    }


def _values(stored: Dataset, name: str) -> np.ndarray:
    values = stored.fields[name]
    values = values.astype(complex if values.dtype.kind == "c" else float)
    return outside_nan(values, stored.mask)


def _same_nodes(first: Dataset, second: Dataset) -> bool:
    def same(one: np.ndarray, two: np.ndarray) -> bool:
        return one.shape == two.shape and np.allclose(one, two, rtol=0, atol=_rounding(two))

    if first.kind == "grid" or second.kind == "grid":
        return first.kind == second.kind and all(map(same, first.axes, second.axes))
    if first.times is None or second.times is None:
        return first.times is second.times and same(first.points, second.points)
    return same(first.times, second.times) and same(first.points, second.points)


def _carried(first: Dataset, second: Dataset, values: np.ndarray) -> np.ndarray:
    """`values` of `second` at the nodes of `first`, NaN where it does not reach."""
    if second.kind == "grid" and first.kind == "grid" and np.isfinite(values).all():
        return _from_grid_to_grid(second.axes, first.axes, values)
    carry = _from_grid if second.kind == "grid" else _from_points
    return carry(second, values, _nodes(first)).reshape(first.shape)


def _from_grid_to_grid(
    sources: tuple[np.ndarray, ...], targets: tuple[np.ndarray, ...], values: np.ndarray
) -> np.ndarray:
    """The tensor product of cubic splines (of a lower degree along axes of few nodes)."""
    from scipy.interpolate import make_interp_spline

    covered = np.ones((1,) * len(targets), bool)
    for number, (source, target) in enumerate(zip(sources, targets, strict=True)):
        at = _snapped(target, source)
        within = (at >= source[0]) & (at <= source[-1])
        spline = make_interp_spline(source, values, k=min(3, len(source) - 1), axis=number)
        values = spline(np.where(within, at, source[0]))
        covered = covered & np.expand_dims(within, tuple(n for n in range(len(targets)) if n != number))
    return np.where(covered, values, np.nan)


def _snapped(target: np.ndarray, source: np.ndarray) -> np.ndarray:
    """`target`, moved into the range of `source` where rounding alone has moved it out."""
    inside = np.clip(target, source[0], source[-1])
    return np.where(np.abs(inside - target) <= _rounding(source), inside, target)


def _rounding(coordinates: np.ndarray) -> float:
    return _CLOSE * float(np.abs(coordinates).max(initial=0))


def _nodes(stored: Dataset) -> np.ndarray:
    """The nodes (N, d) in all coordinates, in the order of the fields' values."""
    if stored.kind == "grid":
        return np.stack([column.ravel() for column in np.meshgrid(*stored.axes, indexing="ij")], axis=1)
    if stored.times is None:
        return stored.points
    count = len(stored.times)
    return np.column_stack([np.repeat(stored.points, count, axis=0), np.tile(stored.times, len(stored.points))])


def _from_grid(grid: Dataset, values: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    from scipy.interpolate import RegularGridInterpolator

    nodes = np.column_stack([_snapped(column, axis) for column, axis in zip(nodes.T, grid.axes, strict=True)])
    wide = [number for number, axis in enumerate(grid.axes) if len(axis) > 1]
    flat = [number for number, axis in enumerate(grid.axes) if len(axis) == 1]
    on_it = np.all([nodes[:, number] == grid.axes[number][0] for number in flat] or [np.ones(len(nodes), bool)], axis=0)
    axes = [grid.axes[number] for number in wide]
    if not axes:
        return np.where(on_it, values.ravel()[0], np.nan)
    values = values.reshape([len(axis) for axis in axes])
    smooth = np.isfinite(values).all() and values.size <= _MOST_SPLINE and min(values.shape) > 3
    carry = RegularGridInterpolator(axes, values, method="cubic" if smooth else "linear", bounds_error=False)
    return np.where(on_it, carry(nodes[:, wide]), np.nan)


def _from_points(mesh: Dataset, values: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    from scipy.interpolate import LinearNDInterpolator
    from scipy.spatial import Delaunay

    count = mesh.points.shape[1]
    if count > _MOST_DIMENSIONS:
        raise OutputError(
            f"points in {count} dimensions have other places in the two files, and cannot be interpolated",
            fix="write both at the same points: the same --seed",
        )
    if mesh.times is None:
        at_times = {None: (values, np.ones(len(nodes), bool))}
    else:
        when = _snapped(nodes[:, -1], mesh.times)
        at_times = {time: (_at_time(mesh.times, values, time), when == time) for time in np.unique(when)}
        nodes = nodes[:, :-1]
    cells = None if count == 1 else Delaunay(mesh.points)
    carried = np.full(len(nodes), np.nan, values.dtype)
    for here, chosen in at_times.values():
        if cells is None:
            order = np.argsort(mesh.points[:, 0])
            at = _snapped(nodes[chosen, 0], mesh.points[order, 0])
            carried[chosen] = np.interp(at, mesh.points[order, 0], here[order], left=np.nan, right=np.nan)
        else:
            carried[chosen] = LinearNDInterpolator(cells, here)(nodes[chosen])
    return carried


def _at_time(times: np.ndarray, values: np.ndarray, time: float) -> np.ndarray:
    """Values (N, T) at one time between, linearly; NaN outside."""
    if not times[0] <= time <= times[-1]:
        return np.full(len(values), np.nan)
    after = int(np.searchsorted(times, time))
    if times[after] == time:
        return values[:, after]
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    return (1 - share) * values[:, after - 1] + share * values[:, after]
