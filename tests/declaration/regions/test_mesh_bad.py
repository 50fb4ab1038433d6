"""Meshes that are wrong: what is refused, and what is mended and said."""

import meshio
import numpy as np
import pytest

from inrpde.declaration import paths
from inrpde.declaration.regions import Mesh
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample

PLANE, SOLID = Space("x y"), Space("x y z")
SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5]], float)
FAN = np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]])


def triangles(points, cells):
    return meshio.Mesh(np.asarray(points, float), [("triangle", np.asarray(cells))])


def test_a_missing_file():
    with pytest.raises(ProblemError, match=r"part\.msh is missing") as caught:
        Mesh(PLANE, "part.msh")
    assert "folder of the problem file" in caught.value.fix


def test_paths_start_from_the_problem_file(meshes):
    with paths.at(meshes):
        assert Mesh(PLANE, "channel_4.1.msh").measure == pytest.approx(2)
    assert meshes / "channel_4.1.msh" in paths.opened


@pytest.mark.parametrize("name", ["channel_2.2.msh", "channel_4.1.msh", "channel.vtk", "cavity.stl"])
@pytest.mark.parametrize("share", [0, 0.02, 0.5, 0.9, 0.99, 0.9995])
def test_a_truncated_file(meshes, tmp_path, name, share, capfd):
    whole = (meshes / name).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ProblemError, match=r"cannot be read|is truncated|has no"):
        Mesh(SOLID if name == "cavity.stl" else PLANE, cut)
    assert capfd.readouterr() == ("", ""), "the reader's own words are part of the message"


def test_a_file_that_is_no_mesh(tmp_path):
    for name in ("notes.txt", "picture.vtk", "part.msh"):
        (tmp_path / name).write_text("hello")
        with pytest.raises(ProblemError, match="cannot be read") as caught:
            Mesh(PLANE, tmp_path / name)
        assert caught.value.fix


def test_a_mesh_of_another_dimension(meshes):
    with pytest.raises(ProblemError, match="not flat") as caught:
        Mesh(PLANE, meshes / "cavity.msh")
    assert "each dimension" in caught.value.fix
    with pytest.raises(ProblemError, match="no cells of dimension 3"):
        Mesh(SOLID, meshio.Mesh(np.zeros((2, 3)), [("line", [[0, 1]])]))
    flat = Mesh(SOLID, meshes / "channel_4.1.msh")
    with pytest.raises(ProblemError, match="not closed") as caught:
        flat.check()
    assert "mesh.boundary" in caught.value.fix
    assert flat.boundary.measure == pytest.approx(2), "the surface alone can bear conditions"


def test_a_group_that_is_not_there_lists_those_that_are(meshes):
    mesh = Mesh(PLANE, meshes / "channel_4.1.msh")
    with pytest.raises(ProblemError, match="no group 'inlett'") as caught:
        mesh.tagged("inlett")
    assert "'inlet'" in caught.value.fix
    with pytest.raises(ProblemError, match="no group 'inlet' of dimension 2"):
        mesh.tagged("inlet", dim=2)
    with pytest.raises(ProblemError, match="no group"):
        Mesh(PLANE, triangles(SQUARE, FAN)).tagged("wall")


def test_cells_of_no_area_are_left_out_and_said():
    points = np.vstack([SQUARE, [[0.5, 0.0]]])
    cells = [*FAN[1:], [0, 5, 4], [5, 1, 4], [0, 5, 1]]
    mesh = Mesh(PLANE, triangles(points, cells))
    assert mesh.warnings == ("mesh: 1 cells of no area were left out",)
    assert mesh.boundary.warnings == mesh.warnings
    assert mesh.measure == pytest.approx(1)
    assert mesh.boundary.measure == pytest.approx(4)


def test_a_flat_cell_inside_leaves_no_crack():
    points = np.vstack([SQUARE, [[0.25, 0.25]]])
    cells = [[0, 1, 5], [5, 1, 4], [0, 5, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]]
    assert Mesh(PLANE, triangles(points, cells)).boundary.measure == pytest.approx(4)


def test_inverted_cells_are_left_out_and_said():
    """The middle node lies outside, so that one triangle is folded over its neighbours."""
    points = SQUARE.copy()
    points[4] = [0.5, -0.2]
    mesh = Mesh(PLANE, triangles(points, FAN))
    assert mesh.warnings == ("mesh: 1 inverted cells were left out",)
    assert mesh.flaws[0].error == pytest.approx(0.1 / 1.2)
    assert mesh.measure == pytest.approx(1.1)


def test_the_order_of_nodes_does_not_matter():
    mesh = Mesh(PLANE, triangles(SQUARE, [FAN[0][::-1], FAN[1], FAN[2][::-1], FAN[3]]))
    assert mesh.warnings == ()
    assert mesh.measure == pytest.approx(1)


def test_cells_written_twice_count_once():
    mesh = Mesh(PLANE, triangles(SQUARE, np.vstack([FAN, FAN[:2, ::-1]])))
    assert mesh.measure == pytest.approx(1)


def test_a_mesh_in_pieces_is_refused():
    """A file of discontinuous fields has nodes of its own in every cell, which would be a crack between any two."""
    pieces = Mesh(PLANE, triangles(SQUARE[FAN].reshape(-1, 2), np.arange(12).reshape(4, 3)))
    with pytest.raises(ProblemError, match="no two cells of the mesh share a node") as caught:
        _ = pieces.boundary.measure
    assert "merge the nodes" in caught.value.fix


def test_unknown_cells_are_said():
    odd = Mesh(PLANE, meshio.Mesh(SQUARE, [("triangle", FAN), ("polygon", [[0, 1, 2, 3, 4]])]))
    assert odd.warnings == ("mesh: 1 cells of the kind 'polygon' were left out",)
    assert odd.flaws[0].error == np.inf
    line = Mesh(PLANE, meshio.Mesh(SQUARE, [("triangle", FAN), ("VTK_LAGRANGE_CURVE", [[0, 1, 2]])]))
    assert line.flaws[0].error == 0, "of a lower dimension: no part of the shape"


def test_nodes_of_no_cell_are_said():
    mesh = Mesh(PLANE, triangles(np.vstack([SQUARE, [[5, 5]]]), FAN))
    assert mesh.warnings == ("mesh: 1 of 6 nodes belong to no cell",)
    assert mesh.flaws[0].error == 0
    assert mesh.bounds[1].tolist() == [1, 1]


def test_values_of_another_length():
    mesh = Mesh(PLANE, triangles(SQUARE, FAN))
    with pytest.raises(ProblemError, match="7 values for 5 nodes and 4 cells"):
        mesh.interpolate(np.zeros(7), SQUARE)


def test_nothing_left():
    with pytest.raises(ProblemError, match="no cell of the mesh has a volume"):
        Mesh(PLANE, triangles([[0, 0], [1, 0], [2, 0]], [[0, 1, 2]]))
    with pytest.raises(ProblemError, match="not finite"):
        Mesh(PLANE, triangles([[0, 0], [1, 0], [np.nan, 0]], [[0, 1, 2]]))


def test_a_surface_with_facets_of_no_area():
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0, 0]], float)
    faces = [[0, 2, 1], [0, 4, 3], [4, 1, 3], [0, 3, 2], [1, 2, 3], [0, 1, 4]]
    solid = Mesh(SOLID, triangles(corners, faces))
    assert solid.measure == pytest.approx(1 / 6, rel=1e-3)
    assert solid.contains(np.array([[0.1, 0.1, 0.1], [0.5, 0.5, 0.5]])).tolist() == [True, False]


def test_an_outline_encloses_its_area():
    square = Mesh(PLANE, meshio.Mesh(SQUARE[:4], [("line", [[0, 1], [2, 1], [2, 3], [3, 0]])]))
    assert (square.measure, square.boundary.measure, len(square.corners)) == (pytest.approx(1), pytest.approx(4), 4)


def test_a_line_has_ends_with_names():
    line = Space("x")
    cells = [("line", [[0, 1], [1, 2]]), ("vertex", [[0], [2]])]
    mesh = Mesh(line, meshio.Mesh(np.array([[0.0], [0.5], [2.0]]), cells, cell_sets={"left": [[], [0]]}))
    assert mesh.measure == 2
    assert sample(mesh.boundary, 1).normals.tolist() == [[-1], [1]]
    left = sample(mesh.tagged("left"), 1)
    assert (left.points.tolist(), left.normals.tolist()) == ([[0]], [[-1]])
