"""The problems of the package in divergence form that have no formula."""

from __future__ import annotations

from pathlib import Path

import meshio
import numpy as np
from skfem import FacetBasis, MeshTri

from inrpde.declaration import Problem
from inrpde.loader import load_problem
from inrpde.problems.blocks import CONDUCTIVITIES
from zoo.flux.crossings import Blocks
from zoo.flux.making import Computed, flux
from zoo.flux.prisms import Fibre
from zoo.flux.tets import Solid, tetrahedra
from zoo.flux.weak import NONE, ONE, Found, Weak, WeakElastic, along, constant, elements_of, group, within

Array = np.ndarray
FOLDER = Path(__file__).parents[3] / "problems"


def _problem(name: str) -> Problem:
    return load_problem(str(FOLDER / f"{name}.py"), {})[0]


def _mesh(name: str, dim: int) -> meshio.Mesh:
    mesh = meshio.read(FOLDER / "data" / name)
    mesh.points = mesh.points[:, :dim]
    return mesh


@flux("package")
def packaged_bracket() -> Computed:
    mesh = _mesh("bracket.msh", 2)
    weak = Weak(
        elements_of(mesh), a=constant(2), source=ONE, fixed=[(along(mesh, "fixed"), constant(3))],
        through=[(along(mesh, "cooled"), 4.0, constant(2)), (along(mesh, "edge"), 0.0, constant(-0.1))],
        sharp=np.unique(np.concatenate([_corners(mesh, name) for name in ("fixed", "cooled", "free", "edge")]), axis=0),
        levels=16,
    )  # fmt: skip
    return Computed(_problem("bracket"), weak, lambda points, values: {"T": values})


def _corners(mesh: meshio.Mesh, name: str) -> Array:
    """Where the sides of a group turn."""
    ends = group(mesh, name)
    places = np.unique(np.round(ends.reshape(-1, 2), 12), axis=0)
    ways = [ends[(np.abs(ends - place).max(axis=2) < 1e-9).any(axis=1)] for place in places]
    turns = [np.abs(np.linalg.det(way[:, 1] - way[:, 0])) if len(way) == 2 else 1 for way in ways]
    return np.array([place for place, turn in zip(places, turns, strict=True) if turn > 1e-9])


def _displacements(points: Array, values: Array) -> dict[str, Array]:
    return {"u": values[:, 0], "v": values[:, 1]}


@flux("package")
def packaged_blocks() -> Computed:
    blocks = Blocks(np.array(CONDUCTIVITIES), 0.0, cold=False)
    return Computed(_problem("blocks"), blocks, lambda points, values: {"u": 1 - values})


@flux("package")
def packaged_cantilever() -> Computed:
    mesh = MeshTri.init_tensor(np.linspace(0, 4, 25), np.linspace(0, 1, 7))
    nu, corners = 0.2, [(0, 0), (0, 1), (4, 0), (4, 1)]
    lame = nu / (1 - nu**2), 1 / (2 * (1 + nu))
    weak = WeakElastic(mesh, lame, (0, 1), [(lambda p: p[0] < 1e-9, (0, 1))], sharp=corners, levels=30)
    return Computed(_problem("cantilever"), weak, _displacements)


def cracked() -> WeakElastic:
    mesh = MeshTri.init_tensor(np.linspace(0, 1, 9), np.linspace(0, 2, 17))
    nu = 0.3
    return WeakElastic(
        mesh, (nu / (1 - nu**2), 1 / (2 * (1 + nu))),
        fixed=[(lambda p: p[0] < 1e-9, (0,)), (lambda p: (p[1] < 1e-9) & (p[0] > 0.5), (1,))],
        pulled=[(lambda p: p[1] > 2 - 1e-9, lambda p: np.stack([0 * p[0], 0 * p[0] + 0.1]))],
        sharp=[(0.5, 0)], levels=36,
    )  # fmt: skip


@flux("package")
def packaged_crack() -> Computed:
    return Computed(_problem("crack"), cracked(), _displacements)


def intensity(found: Found) -> float:
    """Of the crack, over the stress far away, by the J-integral along the walls."""
    one, two = 0.3 / (1 - 0.3**2), 1 / 2.6
    mesh = found.basis.mesh
    walls = mesh.facets_satisfying(lambda p: (p[0] < 1e-9) | (p[0] > 1 - 1e-9) | (p[1] > 2 - 1e-9))
    sides = FacetBasis(mesh, found.basis.elem, facets=walls, intorder=10)
    slope, normal = np.asarray(sides.interpolate(found.values).grad), np.asarray(sides.normals)
    strain = (slope + slope.swapaxes(0, 1)) / 2
    stress = one * np.trace(strain) * np.eye(2)[:, :, None, None] + 2 * two * strain
    energy = np.sum(stress * strain, axis=(0, 1)) / 2
    released = energy * normal[0] - np.einsum("ijab,jab,iab->ab", stress, normal, slope[:, 0])
    return float(np.sqrt(2 * np.sum(released * sides.dx)) / 0.1)


@flux("package")
def packaged_fibre3d() -> Computed:
    return Computed(_problem("fibre3d"), Fibre(50.0, (0.2, 0.8), 0.0), lambda points, values: {"T": values})


def fibre_by_elements() -> Solid:
    """The same for elements."""
    mesh = _mesh("fibre.msh", 3)
    sides = tuple((lambda p, at=at: np.abs(p[0] - at) < 1e-9, constant(at)) for at in (0, 1))
    return Solid(tetrahedra(mesh).refined, within(mesh, {"fibre": 50, "matrix": 1}), NONE, sides)
