"""Meshes as regions: measures, groups, boundaries, membership, interpolation, speed."""

import time

import meshio
import numpy as np
import pytest
from sympy import Eq, Interval, Rational

from inrpde.declaration.regions import Ball, Mesh, Region
from inrpde.declaration.space import Space
from inrpde.sampling import sample

PLANE, SOLID = Space("x y"), Space("x y z")
CHANNELS = ["channel_2.2.msh", "channel_4.1.msh", "channel.vtk"]


def flux(region, n=4000):
    q = sample(region, n)
    return np.linalg.norm(q.weights @ q.normals)


def hexahedra(n):
    """The unit cube in n³ hexahedra."""
    number = np.arange((n + 1) ** 3).reshape((n + 1,) * 3)
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
    cells = np.column_stack([number[a : n + a, b : n + b, c : n + c].ravel() for a, b, c in corners])
    axis = np.linspace(0, 1, n + 1)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    return meshio.Mesh(points, [("hexahedron", cells)])


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel(meshes, name):
    mesh = Mesh(PLANE, meshes / name)
    assert mesh.measure == pytest.approx(2)
    assert mesh.boundary.measure == pytest.approx(6)
    assert flux(mesh.boundary) < 1e-3
    assert mesh.box is None
    assert [round(np.degrees(c.angle)) for c in mesh.corners] == [90] * 4
    assert mesh.boundary.where(Eq(PLANE.coords[0], 2)).measure == pytest.approx(1)
    q = sample(mesh, 1000)
    assert mesh.contains(q.points).all()
    assert abs(np.mean(np.exp(q.points[:, 0]) * q.points[:, 1]) - (np.e**2 - 1) / 4) < 8e-3


@pytest.mark.parametrize("name", CHANNELS[:2])
def test_groups(meshes, name):
    mesh = Mesh(PLANE, meshes / name)
    inner, outer, interface = (mesh.tagged(each) for each in ("inner", "outer", "interface"))
    chords = interface.measure
    assert chords == pytest.approx(np.pi / 2, rel=1e-2)
    assert inner.measure + outer.measure == pytest.approx(2)
    assert inner.boundary.measure == pytest.approx(chords)
    assert outer.boundary.measure == pytest.approx(6 + chords)
    assert (inner.boundary & outer.boundary).measure == pytest.approx(chords)
    for group, normal in (("inlet", [-1, 0]), ("outlet", [1, 0])):
        q = sample(mesh.tagged(group), 50)
        assert np.allclose(q.normals, normal)
        assert q.measure == pytest.approx(1)
        assert mesh.boundary.contains(q.points).all()
        assert mesh.tagged(group).contains(q.points).all()
    out_of_inner, out_of_outer = sample(inner.boundary, 200), sample(outer.boundary & interface, 200)
    radial = out_of_inner.points - [1, 0.5]
    assert np.all(np.sum(radial * out_of_inner.normals, axis=1) > 0.2)
    assert np.all(np.sum((out_of_outer.points - [1, 0.5]) * out_of_outer.normals, axis=1) < -0.2)
    gauge = sample(mesh.tagged("gauge"), 5)
    assert gauge.points.tolist() == [[0, 0]]
    assert mesh.tagged("inlet").describe({id(mesh): "pipe"}) == 'pipe.tagged("inlet")'
    assert inner.boundary.describe({id(mesh): "pipe"}) == 'pipe.tagged("inner").boundary'


def test_groups_without_names_are_called_by_number(meshes):
    mesh = Mesh(PLANE, meshes / "channel.vtk", tags="CellEntityIds")
    parts = [mesh.tagged(number, dim=2).measure for number in (1, 2)]
    assert sum(parts) == pytest.approx(2)


def test_a_cavity(meshes):
    mesh = Mesh(SOLID, meshes / "cavity.msh")
    ball = mesh.tagged("ball")
    assert ball.measure == pytest.approx(np.pi / 4, rel=0.06)
    assert mesh.boundary.measure == pytest.approx(6 + ball.measure)
    assert flux(mesh.boundary) < 1e-2
    q = sample(ball, 500)
    assert np.all(np.sum((q.points - 0.5) * q.normals, axis=1) < -0.2), "out of the cavity's rim, into the hole"
    assert np.allclose(sample(mesh.tagged("left"), 50).normals, [-1, 0, 0])
    # volume from the boundary by the divergence theorem
    b = sample(mesh.boundary, 40_000)
    assert b.weights @ np.sum(b.points * b.normals, axis=1) / 3 == pytest.approx(mesh.measure, rel=1e-3)


@pytest.mark.parametrize("name", ["cavity.msh", "cavity.stl"])
def test_membership(meshes, name):
    mesh = Mesh(SOLID, meshes / name)
    points = np.random.default_rng(1).uniform(-0.1, 1.1, (20_000, 3))
    distance = np.linalg.norm(points - 0.5, axis=1)
    in_cube = np.all((points > 0) & (points < 1), axis=1)
    sure = ~in_cube | (distance > 0.25) | (distance < 0.22)  # between are the chords of the ball
    assert np.array_equal(mesh.contains(points)[sure], (in_cube & (distance > 0.25))[sure])


def test_a_closed_surface_encloses_its_volume(meshes):
    solid, surface = Mesh(SOLID, meshes / "cavity.msh"), Mesh(SOLID, meshes / "cavity.stl")
    assert surface.measure == pytest.approx(solid.measure, rel=1e-3)
    assert surface.boundary.measure == pytest.approx(solid.boundary.measure, rel=1e-6)
    q = sample(surface.boundary, 2000)
    assert surface.contains(q.points - 1e-4 * q.normals).mean() > 0.99
    assert surface.contains(q.points + 1e-4 * q.normals).mean() < 0.01
    assert solid.boundary.contains(q.points, 1e-6).all()


def test_cells_of_other_kinds_are_divided(meshes):
    ell = Mesh(PLANE, meshes / "ell.msh")
    assert len(ell.cells) > ell.data.counts[2], "quadrilaterals became triangles"
    assert ell.measure == pytest.approx(3)
    assert ell.boundary.measure == pytest.approx(8)
    assert sorted(round(np.degrees(c.angle)) for c in ell.corners) == [90] * 5 + [270]
    prisms = Mesh(SOLID, meshes / "prisms.msh")
    assert prisms.measure == pytest.approx(1)
    assert prisms.boundary.measure == pytest.approx(6), "the neighbours' faces are cut alike"
    cubes = Mesh(SOLID, hexahedra(3))
    assert (cubes.measure, cubes.boundary.measure) == (pytest.approx(1), pytest.approx(6))
    pyramid = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]])
    assert Mesh(SOLID, meshio.Mesh(pyramid, [("pyramid", [[0, 1, 2, 3, 4]])])).measure == pytest.approx(1 / 3)


def test_interpolation(meshes):
    mesh = Mesh(PLANE, meshes / "channel_4.1.msh")
    points = np.random.default_rng(2).uniform([0, 0], [2, 1], (1000, 2))
    linear = mesh.nodes @ [2, -3] + 1
    assert np.allclose(mesh.interpolate(linear, points), points @ [2, -3] + 1)
    both = mesh.interpolate(np.column_stack([linear, 1j * linear]), points)
    assert np.allclose(both[:, 1], 1j * (points @ [2, -3] + 1))
    assert np.allclose(mesh.interpolate(linear, np.array([[2.001, 0.5]])), 2.0 * 2.001 - 1.5 + 1), "continued a little"
    assert np.isnan(mesh.interpolate(linear, np.array([[3.0, 0.5]]))).all()
    cells = np.arange(mesh.data.counts[2])
    numbers = mesh.interpolate(cells, points)
    assert np.array_equal(numbers, mesh.locate(points))
    assert mesh.locate(np.array([[3.0, 0.5]])).tolist() == [-1]


def test_a_mesh_minus_a_ball_and_over_time(meshes):
    mesh = Mesh(PLANE, meshes / "channel_4.1.msh")
    cut = mesh - Ball(PLANE, (1, Rational(1, 2)), Rational(1, 8))
    assert cut.boundary.measure == pytest.approx(6 + np.pi / 4)
    assert cut.measure == pytest.approx(2 - np.pi / 64)
    space = Space("x y", time="t")
    pipe = Mesh(space, meshes / "channel_4.1.msh")
    cylinder = pipe.over(Interval(0, 3))
    assert cylinder.measure == pytest.approx(6)
    assert cylinder.boundary.measure == pytest.approx(18)
    assert (cylinder.boundary & pipe.tagged("inlet")).measure == pytest.approx(3, rel=1e-2)
    assert pipe.tagged("inlet").over(Interval(0, 3)).measure == pytest.approx(3)
    box = Region(space, Interval(0, 2) * Interval(0, 1) * Interval(0, 1))
    assert np.allclose(sample(box.initial & pipe.tagged("inner"), 100).points[:, 2], 0)


def test_areas_are_true_however_the_cells_are_graded():
    """A coarse triangle beside a thousand small ones: points by area, none without."""
    fine = np.stack(np.meshgrid(np.linspace(1, 2, 24), np.linspace(0, 1, 24), indexing="ij"), axis=-1).reshape(-1, 2)
    number = np.arange(24 * 24).reshape(24, 24)
    quads = np.column_stack(
        [number[:-1, :-1].ravel(), number[1:, :-1].ravel(), number[1:, 1:].ravel(), number[:-1, 1:].ravel()]
    )
    points = np.vstack([fine, [[0, 0], [0, 1], [1, 0], [1, 1]]])
    coarse = np.array([[576, 578, 577], [578, 579, 577]])
    mesh = Mesh(PLANE, meshio.Mesh(points, [("quad", quads), ("triangle", coarse)]))
    q = sample(mesh, 4000)
    assert np.mean(q.points[:, 0] < 1) == pytest.approx(0.5, abs=2e-3)
    hits = np.bincount(mesh.locate(q.points), minlength=len(mesh.cells))
    assert hits[hits < 100].min() >= 1, "every small cell has some"
    assert mesh.boundary.measure == pytest.approx(6), "where a facet meets several smaller ones is no boundary"


def test_a_million_points_from_a_hundred_thousand_tetrahedra():
    mesh = Mesh(SOLID, hexahedra(26))
    assert len(mesh.cells) == 105_456
    sample(mesh, 1000)
    started = time.process_time()
    np.argsort(np.random.default_rng(0).uniform(size=(10, 1_000_000)))
    sorting = time.process_time() - started
    started = time.process_time()
    q = sample(mesh, 1_000_000)
    assert time.process_time() - started < 3 * sorting, "as fast as on other machines, beside what they sort"
    assert len(q) == 1_000_000
    assert np.allclose(q.points.mean(axis=0), 0.5, atol=1e-4)
    assert np.allclose(np.cov(q.points.T), np.eye(3) / 12, atol=1e-4)


def test_facets_between_two_cells():
    """Each with the cells on both sides of it, whose nodes it has."""
    nodes = [(0, 0), (1, 0), (1, 1), (0, 1), (0.5, 0.5)]
    mesh = Mesh.of(Space("x y"), nodes, {"triangle": [[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]]})
    facets, pairs = mesh.volume.between
    assert sorted(map(tuple, facets)) == [(0, 4), (1, 4), (2, 4), (3, 4)]
    for facet, (one, other) in zip(facets, pairs, strict=True):
        assert one != other
        assert set(facet) == set(mesh.cells[one]) & set(mesh.cells[other])
