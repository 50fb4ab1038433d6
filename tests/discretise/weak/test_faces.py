"""Faces in groups of one kind: all of them, once, with the rows that hold there and by whose normal."""

import numpy as np
import pytest
from sympy import Eq, Interval

from inrpde import Ball, On, Region, Space
from inrpde.discretise.weak import faces
from inrpde.sampling.cells.tessellation import OUTSIDE
from tests.discretise.weak.forms import flux_of, grouped, on_boxes, on_mesh, standing
from tests.sampling.cells.checks import shuffled
from tests.sampling.cells.meshes import cracked, ell

space = Space("x y")
x, y = space.coords
u = space.unknown("u")
square = Region(space, Interval(0, 2) * Interval(0, 1))


def mixed():
    """A value on the left, a flux on the right, a Robin condition elsewhere."""
    left, right = square.face(x, 0), square.face(x, 2)
    flux = flux_of([u], [
        On(square, Eq(space.laplace(u), 0)), On(left, u), On(right, Eq(space.dn(u), 1)),
        On(square.boundary - left - right, Eq(space.dn(u) + u, 0)),
    ])  # fmt: skip
    return standing(flux, shuffled(on_boxes(flux), 2))


def test_every_face_is_in_one_group():
    made = mixed()
    found = grouped(made)
    q = made.tessellation.faces
    assert sum(len(group.points) for group in found) == len(q.cells)
    assert sum(group.weights.sum() for group in found) == pytest.approx(q.weights.sum(), rel=1e-14)
    inner = sum(len(group.points) for group in found if len(group.sides) == 2)
    assert inner == np.count_nonzero(q.cells[:, 1] != OUTSIDE)


def test_each_boundary_face_has_the_rows_of_its_region():
    made, measure = mixed(), {}
    for group in grouped(made):
        for row, sign in group.rows:
            assert sign == 1
            assert row.region.contains(group.points.reshape(-1, 2)).all()
            measure[row.text] = measure.get(row.text, 0.0) + group.weights.sum()
        assert (len(group.sides) == 2) == (not group.rows)
    assert sorted(measure.values()) == pytest.approx([1, 1, 4], rel=1e-13)


def test_both_sides_have_their_cells_and_normals_and_points_a_little_inside():
    made = mixed()
    for group in grouped(made):
        for side in group.sides:
            inward = made.tessellation.cells.origin[side.cell][:, None] - group.points
            assert np.all(np.sum(inward * side.normals, axis=2) < 0)
            gap = side.points - group.points
            assert np.all(np.sum(gap * side.normals, axis=2) < 0)
            assert np.abs(gap).max() < 1e-9
            assert side.unknowns == side.equations == (0,)


def test_points_a_little_inside_are_so_at_curved_walls_too():
    """The middle of a cut cell's box may lie beyond its wall."""
    disc = Ball(space, (1, 0.45), 0.3)
    flux = flux_of([u], [On(disc, space.laplace(u)), On(square - disc, space.laplace(u)), On(square.boundary, u)])
    made = standing(flux, on_boxes(flux, size=0.125))
    for group in grouped(made):
        for side in group.sides:
            here = np.linalg.norm(side.points - [1, 0.45], axis=2) < 0.3
            assert np.all(here == (made.tessellation.cells.part[side.cell] == 0)[:, None])


def test_a_large_group_is_given_in_parts(monkeypatch):
    made = mixed()
    whole = grouped(made)
    monkeypatch.setattr(faces, "CHUNK", 6 * 8 * 2)
    parts = grouped(made)
    assert max(len(group.points) for group in whole) > 2 >= max(len(group.points) for group in parts)
    assert sum(len(group.points) for group in parts) == sum(len(group.points) for group in whole)


@pytest.mark.parametrize("constructive", [True, False])
@pytest.mark.parametrize("out_of_left", [True, False])
def test_an_interface_has_the_sign_of_its_own_normal(constructive, out_of_left):
    if constructive:
        left, right = (Region(space, Interval(a, a + 1) * Interval(0, 1)) for a in (0, 1))
    else:
        mesh = ell(tagged=True, space=space)
        left, right = mesh.tagged("left"), mesh.tagged("right")
    kind = f"{constructive:d}{out_of_left:d}"
    one, other = space.unknown(f"l{kind}", on=left), space.unknown(f"r{kind}", on=right)
    first, second = (left, right) if out_of_left else (right, left)
    meeting = first.boundary & second.boundary
    flux = flux_of([one, other], [
        On(left, space.laplace(one)), On(right, space.laplace(other)), On(meeting, Eq(one, other)),
        On(meeting, Eq(space.dn(one) - space.dn(other), 4)), On(left.boundary - right.boundary, one),
        On(right.boundary - left.boundary, other),
    ])  # fmt: skip
    made = standing(flux, on_mesh(flux) if not constructive else on_boxes(flux))
    crossing = [group for group in grouped(made) if len(group.rows) == 2]
    assert sum(group.weights.sum() for group in crossing) == pytest.approx(1)
    for group in crossing:
        for _, sign in group.rows:
            assert np.allclose(sign * group.sides[0].normals, (1 if out_of_left else -1, 0))
        assert {side.unknowns for side in group.sides} == {(0,), (1,)}


def test_the_two_faces_of_a_crack_have_conditions_of_their_own():
    mesh = cracked(space)
    below, above = mesh.tagged("below"), mesh.tagged("above")
    flux = flux_of([u], [
        On(mesh, space.laplace(u)), On(below, Eq(u, 1)), On(above, Eq(u, 2)),
        On(mesh.boundary - below - above, Eq(space.dn(u), 0)),
    ])  # fmt: skip
    made = standing(flux, shuffled(on_mesh(flux), 2))
    found = {}
    for group in grouped(made):
        on = np.all(np.abs(group.points[:, :, 1] - 1) < 1e-12, axis=1) & (group.points[:, 0, 0] < 1)
        if len(group.sides) == 1 and on.any():
            for row, _ in group.rows:
                up = np.unique(group.sides[0].normals[on, :, 1])
                assert len(up) == 1
                found[row.text] = found.get(row.text, 0.0) + up[0] * group.weights[on].sum()
    assert found == {"On(below, Eq(u, 1))": pytest.approx(1), "On(above, Eq(u, 2))": pytest.approx(-1)}
