"""Problems in divergence form, and elements of degree 2 and 4 for them: on the mesh that is given or one that fits the
materials, all cells divided, those at corners again and again, round sides curved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from elements import Rectangle, triangles
from skfem import MeshTri
from sympy import Expr, lambdify
from zoo.flux import MAKERS
from zoo.flux.beams import NU, kirsch, plane_stress
from zoo.flux.corners import cut
from zoo.flux.making import FLUX
from zoo.flux.materials import tiled
from zoo.flux.packaged import CONDUCTIVITIES, fibre_by_elements
from zoo.flux.tets import Solid
from zoo.flux.weak import NONE, ONE, Found, Weak, WeakElastic
from zoo.traps.known import Known

import inrpde
from inrpde.compiler import compile_problem
from inrpde.declaration import Space
from inrpde.discretise.fields import field_points

Array = np.ndarray
Solve = Callable[[int, int, int], Found]
"""From how often all cells are divided, how often those at sharp points, and the degree."""
LEVELS = 0, 10, 30
POINTS = 3000


@dataclass(frozen=True)
class Race:
    """A flux case, and elements for it; `levels` are those at sharp points that are worth a trial."""

    case: str
    elements: Solve
    levels: tuple[int, ...] = LEVELS
    degrees: tuple[int, ...] = (2, 4)

    def solves(self, degree: int) -> Iterator[tuple[int, Callable[[], Found]]]:
        """Ever finer ones: a number, and the solve."""
        for divided in range(8):
            for levels in self.levels:
                yield 100 * divided + levels, partial(self.elements, divided, levels, degree)


class Truth:
    """What is true of a case, at points: its samples, or formulas."""

    def __init__(self, name: str):
        self.known = FLUX[name].make()
        samples = self.known.samples
        if samples is not None:
            self.values = {key: (samples["points"], values) for key, values in samples.items() if key != "points"}
            return
        form = compile_problem(self.known.problem)
        formulas = _formulas(self.known)
        points = {u.name: field_points(form, form.parts(u.name)[0], POINTS, 7) for u in form.bound.unknowns}
        self.values = {key: (at, formulas[key](*at.T)) for key, at in points.items()}

    def ours(self, solution: inrpde.Solution) -> float:
        """The error of a solution, relative L2, of its worst field."""
        return max(_relative(solution(at)[key], true) for key, (at, true) in self.values.items())

    def theirs(self, name: str, found: Found) -> float:
        """The error of elements: at their own quadrature points where there are formulas, as round cells have places
        that are hard to find."""
        if self.known.samples is None:
            formulas = list(_formulas(self.known).values())
            x, y = np.asarray(found.basis.global_coordinates())
            true = np.stack([formula(x, y) for formula in formulas])
            gap = np.reshape(np.asarray(found.basis.interpolate(found.values)), true.shape) - true
            squares = (np.sum(each**2 * found.basis.dx, axis=(1, 2)) for each in (gap, true))
            return float(np.sqrt(max(np.divide(*squares))))
        fields = MAKERS[name]().fields
        points = next(iter(self.values.values()))[0]
        values = fields(points, found(points))
        return max(_relative(values[key], true) for key, (_, true) in self.values.items())


def _formulas(known: Known) -> dict[str, Callable[..., Array]]:
    def spread(expr: Expr) -> Callable[..., Array]:
        formula = lambdify(known.problem.space.coords, expr, "numpy")
        return lambda *x: np.broadcast_to(formula(*x), x[0].shape)

    return {u.func.__name__: spread(expr) for u, expr in known.exact[0].items()}


def _relative(found: Array, true: Array) -> float:
    seen = np.isfinite(true)
    return float(np.linalg.norm((found - true)[seen]) / np.linalg.norm(true[seen]))


# -- elements for each


def _of(name: str) -> Solve:
    """Those that its truth was found by."""
    weak = MAKERS[name]().weak
    return lambda divided, levels, degree: replace(weak, levels=levels).solved(divided, degree)


def _solid(solid: Solid) -> Solve:
    return lambda divided, levels, degree: solid.solved(divided)


def _elbow(divided: int, levels: int, degree: int) -> Found:
    mesh = cut(8, lambda x, y: (x < 0) | (y > 0), -1, 1)
    corners = [(0, 0), (0, -1), (1, 0), (1, 1), (-1, 1), (-1, -1)]
    walls = lambda x: (np.abs(x).max(axis=0) > 1 - 1e-9) | ((x[0] > -1e-9) & (x[1] < 1e-9))  # noqa: E731
    weak = Weak(mesh, source=ONE, fixed=[(walls, NONE)], sharp=corners, levels=levels)
    return weak.solved(divided, degree)


def _blocks(divided: int, levels: int, degree: int) -> Found:
    a = np.array(CONDUCTIVITIES, float)
    return tiled(a, False, np.linspace(0, 1, len(a) + 1), 2, levels).solved(divided, degree)


def _round(radius: float, centre: tuple[float, float], hole: bool, size: float) -> MeshTri:
    """Triangles of a unit square with a circle."""
    rectangle = Rectangle((1, 1), ((*centre, radius, 0.0),), 0.0)
    return triangles(rectangle, size, hollow=hole)


def _inclusion(divided: int, levels: int, degree: int) -> Found:
    x0, y0, radius, contrast = 0.4, 0.55, 0.25, 100
    mesh = _round(radius, (x0, y0), False, 0.3 / 2**divided)
    weak = Weak(
        mesh, lambda p: np.where(np.hypot(p[0] - x0, p[1] - y0) < radius, contrast, 1.0),
        fixed=[(lambda p: (np.abs(p - 0.5) > 0.5 - 1e-9).any(axis=0), lambda p: _beyond()(*p))],
        circles=[(x0, y0, radius, 0.0)],
    )  # fmt: skip
    return weak.solved(0, degree)


def _layers(divided: int, levels: int, degree: int) -> Found:
    lines = np.linspace(0, 1, 5), np.array([0, 0.15, 0.3, 0.45, 0.6, 0.8, 1])
    weak = Weak(
        MeshTri.init_tensor(*lines), lambda p: np.select([p[1] < 0.3, p[1] < 0.6], [3.9, 11.7], 1.0),
        fixed=[
            (lambda p: p[1] < 1e-9, NONE),
            (lambda p: p[1] > 1 - 1e-9, lambda p: 2 + np.cos(2 * np.pi * p[0])),
        ],
    )  # fmt: skip
    return weak.solved(divided, degree)


@cache
def _kirsch() -> Callable[..., Array]:
    space = Space("x y")
    return lambdify(space.coords, plane_stress(space, kirsch(*space.coords, NU), NU).doit(), "numpy")


@cache
def _beyond() -> Callable[..., Array]:
    return _formulas(FLUX["inclusion_stiff"].make())["u"]


def _hole(divided: int, levels: int, degree: int) -> Found:
    width, nu, stress = 3, float(NU), _kirsch()
    mesh = triangles(Rectangle((width, width), ((0.0, 0.0, 1.0, 0.0),), 0.0), 1.0 / 2**divided)

    def pull(normal: tuple[int, int]) -> Callable[[Array], Array]:
        return lambda p: np.einsum("ij...,j->i...", np.array(stress(*p)), normal)

    weak = WeakElastic(
        mesh, (nu / (1 - nu**2), 1 / (2 * (1 + nu))),
        fixed=[(lambda p: p[0] < 1e-9, (0,)), (lambda p: p[1] < 1e-9, (1,))],
        pulled=[(lambda p: p[0] > width - 1e-9, pull((1, 0))), (lambda p: p[1] > width - 1e-9, pull((0, 1)))],
        circles=[(0.0, 0.0, 1.0, 0.0)],
    )  # fmt: skip
    return weak.solved(0, degree)


RACES: dict[str, Callable[[], Race]] = {
    "bracket": lambda: Race("bracket_three", _of("bracket_three")),
    "beam 1:1": lambda: Race("clamped_1", _of("clamped_1")),
    "beam 4:1": lambda: Race("clamped_4", _of("clamped_4")),
    "beam 10:1": lambda: Race("clamped_10", _of("clamped_10")),
    "blocks": lambda: Race("packaged_blocks", _blocks, (0, 10, 40)),
    "inclusion": lambda: Race("inclusion_stiff", _inclusion, (0,)),
    "layers": lambda: Race("layers_chip", _layers, (0,)),
    "plate with hole": lambda: Race("hole_quarter", _hole, (0,)),
    "wire": lambda: Race("wire_round", _of("wire_round")),
    "embedded line": lambda: Race("heater_slant", _of("heater_slant")),
    "ballbox": lambda: Race("ballbox", _solid(MAKERS["ballbox"]().weak), (0,), (2,)),
    "fibre3d": lambda: Race("packaged_fibre3d", _solid(fibre_by_elements()), (0,), (2,)),
    "L": lambda: Race("elbow", _elbow, (0, 10, 30, 45)),
}
