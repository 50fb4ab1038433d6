"""Mesh files of all kinds, written by gmsh, VTK and meshio or as a user would: groups, planes, and what is lost."""

import json
import re
import subprocess
import sys

import meshio
import numpy as np
import pytest

from inrpde import Mesh, MeshField, Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample

PLANE, SOLID = Space("x y"), Space("x y z")
SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 0]], float)
FAN = np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]])


def square(points=SQUARE, **more):
    return meshio.Mesh(np.asarray(points, float), [("triangle", FAN)], **more)


# -- gmsh


@pytest.mark.parametrize("binary", [0, 1])
def test_gmsh_files_saved_with_all_elements(tmp_path, binary):
    """Entities without a physical group, one with two, a group without a name."""
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        for name, value in {"SaveAll": 1, "Binary": binary, "MeshSizeMax": 0.5}.items():
            gmsh.option.setNumber(f"Mesh.{name}", value)
        gmsh.model.occ.addRectangle(0, 0, 0, 2, 1)
        gmsh.model.occ.synchronize()
        gmsh.model.addPhysicalGroup(1, [1], name="floor")
        gmsh.model.addPhysicalGroup(1, [1, 2], name="floor and right")
        gmsh.model.addPhysicalGroup(1, [3], 77)
        gmsh.model.mesh.generate(2)
        gmsh.write(str(tmp_path / "all.msh"))
    finally:
        gmsh.finalize()
    mesh = Mesh(PLANE, tmp_path / "all.msh")
    assert mesh.measure == pytest.approx(2)
    assert {name: round(mesh.tagged(name).measure, 9) for name in ("floor", "floor and right", 77)} == {
        "floor": 2, "floor and right": 3, 77: 2,
    }  # fmt: skip
    assert set(mesh.data.groups) == {"floor", "floor and right", "77"}, "no group of what is in none"
    assert mesh.warnings == ()


def test_a_group_that_the_file_lost_is_said(meshes, tmp_path):
    """As gmsh writes version 2.2 with SaveAll: the name is there, and no element bears its number."""
    text = (meshes / "channel_2.2.msh").read_text()
    (tmp_path / "lost.msh").write_text(re.sub(r'^1 \d+ "outlet"', '1 99 "outlet"', text, flags=re.MULTILINE))
    (warning,) = Mesh(PLANE, tmp_path / "lost.msh").warnings
    assert "no cell belongs to the group 'outlet'" in warning


# -- VTK


def vtk_square(path, writer, **calls):
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    grid, points = vtk.vtkUnstructuredGrid(), vtk.vtkPoints()
    points.SetDataTypeToDouble()
    for point in SQUARE:
        points.InsertNextPoint(point)
    grid.SetPoints(points)
    for cell in FAN:
        grid.InsertNextCell(vtk.VTK_TRIANGLE, 3, cell)
    arrays = {
        "region_id": np.array([1, 1, 2, 2], np.int32), "proc": np.array([1, 2, 3, 4], np.int64),
        "T": np.array([1.5, 2, 3, 4]), "part": np.array([7.0, 7, 7, 8]), "v": np.ones((4, 3)),
    }  # fmt: skip
    for name, values in arrays.items():
        array = numpy_to_vtk(values, deep=1)
        array.SetName(name)
        grid.GetCellData().AddArray(array)
    array = numpy_to_vtk(np.arange(5), deep=1)
    array.SetName("number")
    grid.GetPointData().AddArray(array)
    made = getattr(vtk, writer)()
    made.SetFileName(str(path))
    made.SetInputData(grid)
    for name, argument in calls.items():
        getattr(made, name)(*argument)
    made.Write()
    return path


@pytest.mark.parametrize(
    ("name", "writer", "calls"),
    [
        ("a.vtk", "vtkUnstructuredGridWriter", {"SetFileVersion": [51], "SetFileTypeToASCII": []}),
        ("a.vtk", "vtkUnstructuredGridWriter", {"SetFileVersion": [51], "SetFileTypeToBinary": []}),
        ("a.vtk", "vtkUnstructuredGridWriter", {"SetFileVersion": [42], "SetFileTypeToBinary": []}),
        ("a.vtu", "vtkXMLUnstructuredGridWriter", {"SetDataModeToAscii": []}),
        ("a.vtu", "vtkXMLUnstructuredGridWriter", {"SetDataModeToAppended": [], "EncodeAppendedDataOff": []}),
    ],
)
def test_vtk_files_and_the_array_that_is_asked_for(tmp_path, name, writer, calls):
    path = vtk_square(tmp_path / name, writer, **calls)
    plain = Mesh(PLANE, path)
    assert plain.measure == pytest.approx(1)
    assert plain.data.groups == {}, "arrays are no tags"
    with pytest.raises(ProblemError, match="no group '1'") as caught:
        plain.tagged(1)
    assert 'tags="region_id"' in caught.value.fix
    mesh = Mesh(PLANE, path, tags="region_id")
    assert [mesh.tagged(k).measure for k in (1, 2)] == [pytest.approx(0.5)] * 2
    assert set(mesh.data.groups) == {"1", "2"}, "not merged with the processors 1 to 4"
    assert Mesh(PLANE, path, tags="part").tagged(7).measure == pytest.approx(0.75), "whole numbers, kept as floats"
    for wrong, said in (("T", "other than whole numbers"), ("v", "other than whole"), ("number", "it is on nodes"),
                        ("region", "no array 'region'")):  # fmt: skip
        with pytest.raises(ProblemError, match=said) as caught:
            Mesh(PLANE, path, tags=wrong)
        assert f'tags="{wrong}"' in caught.value.where


def test_a_vtk_file_without_a_newline_at_its_end(tmp_path):
    path = vtk_square(tmp_path / "a.vtk", "vtkUnstructuredGridWriter", SetFileVersion=[42], SetFileTypeToBinary=[])
    path.write_bytes(path.read_bytes()[:-1])
    assert Mesh(PLANE, path).measure == pytest.approx(1)


# -- MED


def test_med_families_are_groups_by_their_names(tmp_path):
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("Mesh.SaveAll", 1)
        gmsh.model.occ.addRectangle(0, 0, 0, 2, 1)
        gmsh.model.occ.synchronize()
        gmsh.model.addPhysicalGroup(1, [1], name="floor")
        gmsh.model.addPhysicalGroup(1, [1, 2], name="floor and right")
        gmsh.model.mesh.generate(2)
        gmsh.write(str(tmp_path / "a.med"))
    finally:
        gmsh.finalize()
    mesh = Mesh(PLANE, tmp_path / "a.med")
    assert mesh.measure == pytest.approx(2)
    assert mesh.tagged("floor").measure == pytest.approx(2)
    assert mesh.tagged("floor and right").measure == pytest.approx(3)


def test_med_groups_of_nodes(tmp_path):
    made = square(
        point_data={"point_tags": np.array([5, 5, 0, 0, 0])}, cell_data={"cell_tags": [np.array([-6, -6, -7, 0])]}
    )
    made.point_tags, made.cell_tags = {5: ["floor"]}, {-6: ["low", "mine"], -7: ["mine"]}
    made.write(tmp_path / "a.med")
    mesh = Mesh(PLANE, tmp_path / "a.med")
    assert mesh.tagged("mine").measure == pytest.approx(0.75)
    assert mesh.tagged("low").measure == pytest.approx(0.5)
    assert mesh.tagged("floor").measure == pytest.approx(1), "the facet between its nodes"
    assert mesh.tagged("floor", dim=0).bounds[1].tolist() == [1, 0]


# -- Abaqus

ABAQUS = """*HEADING
** two blocks of nodes, sets before and after what they name, a block of elements without a set first
*NODE, NSET=low
1, 0, 0, 0
2, 1, 0, 0
*ELSET, ELSET=Half
11, 12
*NODE
3, 1, 1, 0
4, 0, 1, 0
9, 0.5, 0.5, 0
*ELEMENT, TYPE=CPS3
11, 1, 2, 9
*ELEMENT, TYPE=cps3, ELSET=rest
12, 2, 3, 9
*ELEMENT, TYPE=CPS3, ELSET=rest
13, 3, 4, 9
14, 4, 1, 9
*NSET, NSET=right
2, 3,
*NSET, NSET=around, GENERATE
1, 4, 1
*NSET, NSET=corner
right, low
*ELSET, ELSET=all
HALF, rest
*ELSET, ELSET=HALF
13
*SURFACE, NAME=inlet, TYPE=ELEMENT
rest, S1
"""


def test_abaqus_blocks_and_sets(tmp_path):
    (tmp_path / "a.inp").write_text(ABAQUS)
    mesh = Mesh(PLANE, tmp_path / "a.inp")
    assert mesh.measure == pytest.approx(1)
    areas = {"Half": 0.75, "rest": 0.75, "all": 1}
    assert {name: round(mesh.tagged(name).measure, 9) for name in areas} == areas
    lengths = {"low": 1, "right": 1, "around": 4, "corner": 2}
    assert {name: round(mesh.tagged(name).measure, 9) for name in lengths} == lengths
    q = sample(mesh.tagged("right"), 20)
    assert np.allclose(q.normals, [1, 0])
    assert mesh.warnings == ("a.inp: the surface 'inlet' (*SURFACE) was left out: name it by a set",)


def test_nodes_that_are_no_whole_facets_stay_nodes(tmp_path):
    (tmp_path / "a.inp").write_text(ABAQUS + "*NSET, NSET=probes\n1, 2, 9\n")
    probes = Mesh(PLANE, tmp_path / "a.inp").tagged("probes")
    assert probes.dim == 0
    assert len(probes.simplices) == 3


def test_abaqus_files_that_include_others(tmp_path):
    head, tail = ABAQUS.split("*ELEMENT", 1)
    (tmp_path / "nodes.inp").write_text(head)
    (tmp_path / "a.inp").write_text("*INCLUDE, INPUT=nodes.inp\n*ELEMENT" + tail)
    assert Mesh(PLANE, tmp_path / "a.inp").tagged("all").measure == pytest.approx(1)
    (tmp_path / "b.inp").write_text("*INCLUDE, INPUT=b.inp\n")
    with pytest.raises(ProblemError, match=r"b\.inp includes itself"):
        Mesh(PLANE, tmp_path / "b.inp")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("*NODE\n1, 5, 5, 0\n", "node 1 is defined twice"),
        ("*NGEN\n1, 5, 1\n", r"\*NGEN make the mesh out of parts"),
        ("*INSTANCE, NAME=a, PART=p\n1., 0., 0.\n*END INSTANCE\n", r"\*INSTANCE make the mesh out of parts"),
        ("*ELSET, ELSET=more\nnone\n", "there is no set 'none'"),
    ],
)
def test_abaqus_files_that_would_be_read_as_another_mesh(tmp_path, text, said):
    (tmp_path / "a.inp").write_text(ABAQUS + text)
    with pytest.raises(ProblemError, match=said):
        Mesh(PLANE, tmp_path / "a.inp")


# -- STL


def stl(path, facets):
    lines = ["solid part"]
    for facet in facets:
        corners = [f"vertex {' '.join(f'{c:.9g}' for c in corner)}" for corner in facet]
        lines += ["facet normal 0 0 0", "outer loop", *corners, "endloop", "endfacet"]
    path.write_text("\n".join([*lines, "endsolid part", ""]))
    return path


def box_facets(shake):
    """A box of 200 × 100 × 50 at (1000, 1000, 1000): twelve triangles, each corner a little elsewhere in each."""
    corners = np.array(list(np.ndindex(2, 2, 2)), float) * [200, 100, 50] + 1000
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    facets = corners[[three for a, b, c, d in quads for three in ((a, b, c), (a, c, d))]]
    return facets + np.random.default_rng(0).uniform(-shake, shake, facets.shape)


def test_a_surface_in_single_precision_is_closed(tmp_path):
    part = Mesh(SOLID, stl(tmp_path / "part.stl", box_facets(5e-6)))
    assert part.measure == pytest.approx(1e6, rel=1e-3)
    assert part.boundary.measure == pytest.approx(7e4, rel=1e-6)
    assert part.contains(np.array([[1100, 1050, 1025], [1100, 1050, 1051]])).tolist() == [True, False]


def test_a_surface_with_a_gap_says_so(tmp_path):
    gap = Mesh(SOLID, stl(tmp_path / "gap.stl", box_facets(0.01)))
    with pytest.raises(ProblemError, match=r"not closed \(\d+ open edges\)"):
        gap.check()
    with pytest.raises(ProblemError, match=r"not closed \(3 open edges\)"):
        Mesh(SOLID, stl(tmp_path / "open.stl", box_facets(0)[1:])).check()


# -- planes


def test_a_flat_mesh_lies_in_the_plane_of_the_space():
    upright = SQUARE[:, [0, 2, 1]] * [2, 1, 1] + [0, 3, 0]
    mesh = Mesh(Space("x z"), square(upright))
    assert mesh.bounds[1].tolist() == [2, 1]
    assert Mesh(Space("z x"), square(upright)).bounds[1].tolist() == [1, 2], "by name"
    assert Mesh(Space("r s"), square(upright)).bounds[1].tolist() == [2, 1], "of other names: in order"
    assert Mesh(Space("r z"), square(SQUARE * [2, 1, 1])).bounds[1].tolist() == [2, 1]
    assert Mesh(Space("x z", time="t"), square(upright)).bounds[1].tolist() == [2, 1]
    with pytest.raises(
        ProblemError, match="the mesh extends along x, z, and the space has the coordinates x, y"
    ) as caught:
        Mesh(PLANE, square(upright))
    assert 'Space("x z")' in caught.value.fix
    tilted = [*SQUARE, [0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
    with pytest.raises(ProblemError, match="not flat"):
        Mesh(PLANE, square(tilted))
    line = meshio.Mesh(np.array([[0, 0, 0], [0, 0, 3.0]]), [("line", [[0, 1]])])
    assert Mesh(Space("z"), line).bounds[1] == 3


# -- values


def test_values_where_the_counts_do_not_decide():
    """Six nodes, six cells: a hexagon's fan would have seven."""
    ring = np.array([[0, 0], [2, 0], [2, 2], [0, 2], [0.5, 1], [1.5, 1]])
    cells = [[0, 1, 4], [1, 5, 4], [1, 2, 5], [2, 3, 5], [3, 4, 5], [3, 0, 4]]
    mesh = Mesh(PLANE, meshio.Mesh(ring, [("triangle", cells)]))
    with pytest.raises(ProblemError, match="6 values for 6 nodes and 6 cells") as caught:
        MeshField(mesh, np.arange(6))
    assert 'on="cells"' in caught.value.fix
    inside = mesh.nodes[mesh.cells].mean(axis=1)
    by_cell = MeshField(mesh, np.arange(6), on="cells").jets(inside, [(0, 0)])[0, 0]
    by_node = MeshField(mesh, ring @ [1, 2], on="nodes").jets(inside, [(0, 0)])[0, 0]
    assert np.array_equal(by_cell, np.arange(6))
    assert np.allclose(by_node, inside @ [1, 2])


@pytest.mark.parametrize(
    ("values", "on", "said"),
    [
        (np.zeros(7), None, "7 values for 5 nodes and 4 cells"),
        (np.zeros(5), "cells", '5 values on="cells" for 5 nodes and 4 cells'),
        (np.zeros(4), "nodes", '4 values on="nodes" for 5 nodes and 4 cells'),
        (np.zeros(4), "faces", "on='faces' is neither nodes nor cells"),
        (3.0, None, "1 values for 5 nodes and 4 cells"),
        (["a"] * 5, None, "not numbers"),
    ],
)
def test_values_that_do_not_fit(values, on, said):
    with pytest.raises(ProblemError, match=said):
        MeshField(Mesh(PLANE, square()), values, on=on)


# -- what is lost is said to the end

PROBLEM = """
from sympy import Eq
from inrpde import Mesh, On, Problem, Space
space = Space("x y")
u = space.unknown("u")
mesh = Mesh(space, "part.vtk")
x, y = space.coords
problem = Problem("part", [u], [On(mesh, Eq(space.laplace(u), 4)), On(mesh.boundary, Eq(u, x**2 + y**2))])
"""


@pytest.mark.slow
def test_flaws_reach_the_json_the_report_and_the_verdict(tmp_path):
    """The middle node lies outside: a cell is folded over the others, and left out. A node belongs to no cell."""
    points = np.vstack([SQUARE, [[0.3, 0.3, 0]]])
    points[4] = [0.5, -0.2, 0]
    square(points).write(tmp_path / "part.vtk")
    (tmp_path / "part.py").write_text(PROBLEM)

    def inrpde(*arguments):
        run = [sys.executable, "-m", "inrpde", *arguments]
        return subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)

    solved = inrpde("solve", "part.py", "--json", "--tol", "1e-4", "--reference", "none", "--grid", "9x9")
    report = json.loads(solved.stdout)
    folded, unused = "part.vtk: 1 inverted cells were left out", "part.vtk: 1 of 6 nodes belong to no cell"
    assert {folded, unused} <= set(report["warnings"])
    assert f"warning: {folded}" in solved.stderr
    assert report["verdict"]["word"] == "unverified"
    assert report["verdict"]["because"].startswith(folded)
    assert unused not in report["verdict"]["because"], "it changes no shape"
    inrpde("report", "part.h5")
    assert folded in (tmp_path / "part.html").read_text()
    assert {folded, unused} <= set(json.loads(inrpde("check", "part.py", "--json").stdout)["warnings"])
