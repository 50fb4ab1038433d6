"""Meshes for the tests, made by gmsh."""

from collections.abc import Callable
from pathlib import Path

import pytest


def _write(build: Callable, path: Path, dim: int, version: float = 4.1) -> Path:
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("Mesh.MshFileVersion", version)
        build(gmsh)
        gmsh.model.mesh.generate(dim)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()
    return path


def _groups(gmsh, dim: int, names: dict[int, str]) -> None:
    for name in dict.fromkeys(names.values()):
        gmsh.model.addPhysicalGroup(dim, [tag for tag, each in names.items() if each == name], name=name)


def _channel(gmsh) -> None:
    """[0, 2]×[0, 1] with a disc of radius ¼ at (1, ½) of another material."""
    model = gmsh.model.occ
    inner, outer = model.addDisk(1, 0.5, 0, 0.25, 0.25), model.addRectangle(0, 0, 0, 2, 1)
    model.fragment([(2, outer)], [(2, inner)])
    model.synchronize()
    gmsh.option.setNumber("Mesh.MeshSizeMax", 0.1)
    surfaces = {tag: "inner" if model.getMass(2, tag) < 0.3 else "outer" for _, tag in gmsh.model.getEntities(2)}
    _groups(gmsh, 2, surfaces)
    names = {}
    for _, tag in gmsh.model.getEntities(1):
        x, y, _ = model.getCenterOfMass(1, tag)
        names[tag] = {0: "inlet", 2: "outlet"}.get(round(x, 9), "wall" if round(y, 9) in (0, 1) else "interface")
    _groups(gmsh, 1, names)
    corner = next(tag for _, tag in gmsh.model.getEntities(0) if max(gmsh.model.getValue(0, tag, [])) < 1e-9)
    _groups(gmsh, 0, {corner: "gauge"})


def _cavity(gmsh) -> None:
    """The unit cube without a ball of radius ¼ in its middle."""
    model = gmsh.model.occ
    model.cut([(3, model.addBox(0, 0, 0, 1, 1, 1))], [(3, model.addSphere(0.5, 0.5, 0.5, 0.25))])
    model.synchronize()
    gmsh.option.setNumber("Mesh.MeshSizeMax", 0.15)
    _groups(gmsh, 3, {1: "body"})
    names = {}
    for _, tag in gmsh.model.getEntities(2):
        middle = [round(c, 9) for c in model.getCenterOfMass(2, tag)]
        names[tag] = "ball" if all(0 < c < 1 for c in middle) else "left" if middle[0] == 0 else "rest"
    _groups(gmsh, 2, names)


def _quads(gmsh) -> None:
    """An L of quadrilaterals."""
    model = gmsh.model.geo
    corners = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
    points = [model.addPoint(x, y, 0, 0.2) for x, y in corners]
    lines = [model.addLine(points[k], points[(k + 1) % 6]) for k in range(6)]
    model.addPlaneSurface([model.addCurveLoop(lines)])
    model.synchronize()
    gmsh.option.setNumber("Mesh.RecombineAll", 1)


def _prisms(gmsh) -> None:
    """The unit cube, extruded in layers of wedges and of hexahedra on a disc and a square."""
    model = gmsh.model.geo
    points = [model.addPoint(x, y, 0, 0.25) for x, y in [(0, 0), (1, 0), (1, 1), (0, 1)]]
    lines = [model.addLine(points[k], points[(k + 1) % 4]) for k in range(4)]
    surface = model.addPlaneSurface([model.addCurveLoop(lines)])
    model.extrude([(2, surface)], 0, 0, 1, [4], recombine=True)
    model.synchronize()


@pytest.fixture(scope="session")
def meshes(tmp_path_factory) -> Path:
    """A folder with channel_2.2.msh, channel_4.1.msh, channel.vtk, cavity.msh, cavity.stl, ell.msh, prisms.msh."""
    folder = tmp_path_factory.mktemp("meshes")
    _write(_channel, folder / "channel_2.2.msh", 2, 2.2)
    _write(_channel, folder / "channel_4.1.msh", 2, 4.1)
    _write(_channel, folder / "channel.vtk", 2)
    _write(_cavity, folder / "cavity.msh", 3)
    _write(_cavity, folder / "cavity.stl", 3)
    _write(_quads, folder / "ell.msh", 2)
    _write(_prisms, folder / "prisms.msh", 3)
    return folder
