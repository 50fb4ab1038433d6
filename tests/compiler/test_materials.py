"""Where data jump: in every part, and between breaks, nothing chooses another branch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    And,
    Eq,
    Heaviside,
    Interval,
    Max,
    Mod,
    Not,
    Or,
    Piecewise,
    Rational,
    atan2,
    floor,
    lambdify,
    pi,
    sign,
    sin,
    sqrt,
)  # fmt: skip
from sympy.core.relational import Relational

from inrpde import Ball, GridField, Mesh, MeshField, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.flux import flux_form
from inrpde.compiler.materials import materials, rough

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
a, b = space.coefficient("a"), space.coefficient("b")
omega = Region(space, Interval(0, 1) ** 2)
POINTS = np.random.default_rng(0).uniform(0, 1, (4000, 2))


def of(coefficient, *conditions, source=1, region=omega):
    conditions = [On(region, Eq(-space.div(a * space.grad(u)), source)), *(conditions or [On(region.boundary, u)])]
    form = compile_problem(Problem("p", [u], conditions, coefficients={a: coefficient}))
    return materials(flux_form(form))


def places(found, points):
    """Of each point the part and the box between breaks that hold it, as one number; each in one part."""
    held = np.stack([part.side(points, 0.0) > 0 for part in found.parts])
    assert np.all(held.sum(axis=0) == 1)
    key = np.argmax(held, axis=0)
    for values, column in zip(found.breaks, points.T, strict=True):
        key = key * (len(values) + 1) + np.searchsorted(values, column)
    return key


def rounded(values):
    return tuple(np.round(values, 12).tolist())


# -- inside

numbers = st.sampled_from([Rational(1, 5), Rational(1, 3), Rational(1, 2), 0.7, Rational(9, 10)])
gaps = st.one_of(
    st.tuples(st.sampled_from([x, y]), numbers).map(lambda p: p[0] - p[1]),
    st.tuples(st.sampled_from([x - y, x + y, 2 * x + y]), numbers).map(lambda p: p[0] - p[1]),
    st.tuples(numbers, numbers, numbers).map(lambda p: (x - p[0]) ** 2 + (y - p[1]) ** 2 - (p[2] / 2) ** 2),
)
atoms = st.tuples(gaps, st.booleans()).map(lambda p: p[0] < 0 if p[1] else p[0] >= 0)
pairs = st.tuples(st.sampled_from([And, Or]), atoms, atoms).map(lambda p: p[0](*p[1:]))
relations = st.one_of(atoms, pairs)


@settings(max_examples=25, deadline=None)
@given(relations, relations)
def test_the_conditions_are_constant_in_every_part_between_breaks(outer, inner):
    coefficient = Piecewise((Piecewise((1, inner), (2, True)), outer), (3, True))
    found = of(coefficient)
    key = places(found, POINTS)
    for each in (coefficient, *coefficient.atoms(Relational)):
        values = np.broadcast_to(lambdify((x, y), each, "numpy")(*POINTS.T), len(POINTS)).astype(float)
        assert all(np.ptp(values[key == number]) == 0 for number in np.unique(key))


BLOCKS = Piecewise(
    *((1 + k, And(x <= Rational(k % 5 + 1, 5), y <= Rational(k // 5 + 1, 5))) for k in range(25)), (1, True)
)


@pytest.mark.parametrize(
    ("coefficient", "across", "along"),
    [
        (Piecewise((1, x < Rational(1, 3)), (2, True)), (1 / 3,), ()),
        (Piecewise((1, x < 2), (2, True)), (), ()),
        (BLOCKS, (0.2, 0.4, 0.6, 0.8), (0.2, 0.4, 0.6, 0.8)),
        (2 + sign(sin(3 * pi * x) * (y - 0.4)), (1 / 3, 2 / 3), (0.4,)),
        (2 + (-1) ** (floor(3 * x) + floor(2 * y)), (1 / 3, 2 / 3), (0.5,)),
        (1 + Mod(x, Rational(1, 4)), (0.25, 0.5, 0.75), ()),
        (1 + Abs(x - 0.3), (0.3,), ()),
        (Piecewise((1, Max(Abs(x - 0.5), Abs(y - 0.3)) < 0.25), (2, True)), (0.25, 0.75), (0.05, 0.55)),
        (1 + Heaviside((x - 0.5) ** 3), (0.5,), ()),
        (1 + Heaviside((x - 0.5) ** 2), (0.5,), ()),
        (GridField([[1, 2, 2], [3, 2, 2.0]], [[0, 1], [0, 0.5, 1]], method="nearest"), (0.5,), (0.25,)),
        (GridField([[1, 2, 3], [1, 2, 5.0]], [[0, 1], [0, 0.5, 1]], method="linear"), (), (0.5,)),
        (GridField(np.ones((3, 3)), [np.linspace(0, 1, 3)] * 2), (), ()),
    ],
)  # fmt: skip
def test_what_jumps_along_coordinates_gives_breaks(coefficient, across, along):
    found = of(coefficient)
    assert found.parts == (omega,)
    assert rounded(found.breaks[0]) == rounded(across)
    assert rounded(found.breaks[1]) == rounded(along)


def test_a_disc_is_a_ball_however_it_is_written():
    squares = (x - 0.5) ** 2 + (y - Rational(1, 2)) ** 2
    for relation in (squares < Rational(1, 16), sqrt(squares) <= 0.25, Not(squares > 0.0625), 4 * squares - 0.25 < 0):
        disc, rest = of(Piecewise((9, relation), (1, True))).parts
        assert isinstance(disc, Ball)
        assert (disc.centre.tolist(), disc.radius) == ([0.5, 0.5], 0.25)
        assert np.isclose(rest.measure, 1 - np.pi / 16)
    assert of(Piecewise((9, squares < 2), (1, True))).parts == (omega,)
    assert of(Piecewise((9, squares < -1), (1, True))).parts == (omega,)


def test_many_discs_are_parts_and_no_part_is_empty():
    discs = [(0.2 + 0.3 * i, 0.2 + 0.3 * j) for i in range(3) for j in range(3)]
    coefficient = Piecewise(*((5 + k, (x - p) ** 2 + (y - q) ** 2 < 0.01) for k, (p, q) in enumerate(discs)), (1, True))
    found = of(coefficient)
    assert len(found.parts) == 10
    assert np.isclose(sum(part.measure for part in found.parts), 1)
    assert len(np.unique(places(found, POINTS))) == 10


def test_sources_and_several_regions_count():
    disc = Ball(space, (0.5, 0.5), 0.3)
    rest = omega - disc
    inner, outer = space.unknown("u1", on=disc), space.unknown("u2", on=rest)
    conditions = [
        On(disc, Eq(-space.laplace(inner), Heaviside(x - 0.4))), On(rest, Eq(-space.laplace(outer), 1)),
        On(disc.boundary, Eq(inner, outer)), On(omega.boundary, outer),
    ]  # fmt: skip
    found = materials(flux_form(compile_problem(Problem("p", [inner, outer], conditions))))
    assert found.parts == (disc, rest)
    assert found.breaks == ((0.4,), ())


def test_regions_that_overlap_are_parted():
    disc = Ball(space, (0.5, 0.5), 0.3)
    inner = space.unknown("w", on=disc)
    conditions = [On(omega, space.laplace(u) + 1), On(disc, space.laplace(inner) + u), On(disc.boundary, inner)]
    found = materials(flux_form(compile_problem(Problem("p", [u, inner], [*conditions, On(omega.boundary, u)]))))
    assert np.allclose(sorted(part.measure for part in found.parts), [np.pi * 0.09, 1 - np.pi * 0.09])
    places(found, POINTS)


def test_selections_of_an_inside_become_regions_with_a_boundary():
    disc = (x - 0.6) ** 2 + (y - 0.5) ** 2 < 0.04
    rest = omega - omega.where(x < 0.3)
    conditions = [
        On(omega.where(x < 0.3), space.laplace(u) + 1),
        On(rest, 3 * space.laplace(u) + Piecewise((1, disc), (0, True))),
    ]
    found = materials(flux_form(compile_problem(Problem("p", [u], [*conditions, On(omega.boundary, u)]))))
    assert len(np.unique(places(found, POINTS))) == 3
    assert sum(part.measure for part in found.parts) == pytest.approx(1)


def square_mesh():
    side = np.linspace(0, 1, 5)
    nodes = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    cells = [[5 * i + j, 5 * i + j + 1, 5 * i + j + 6, 5 * i + j + 5] for i in range(4) for j in range(4)]
    return Mesh.of(space, nodes, {"quad": np.array(cells)})


def test_on_a_mesh_nothing_is_to_do_where_its_cells_follow_the_jumps():
    mesh = square_mesh()
    step = Piecewise((1, x < Rational(1, 4)), (2, True))
    assert of(step, region=mesh).breaks == ((), ())
    assert of(MeshField(mesh, np.arange(16) + 1.0, on="cells"), region=mesh).breaks == ((), ())
    assert of(Piecewise((1, x < 0.3), (2, True)), region=mesh).breaks == ((0.3,), ())
    assert of(step, region=mesh).parts == (mesh,)


def test_boxes_end_where_data_on_the_cells_of_a_mesh_jump_along_coordinates():
    """Of cells that lie askew they cannot, and of very many they would be too many."""
    values = np.repeat([1.0, 2.0, 2.0, 5.0], 4)
    values[-1] = 7.0
    assert of(MeshField(square_mesh(), values, on="cells")).breaks == ((0.25, 0.75), (0.75,))
    askew = Mesh.of(space, [(0, 0), (1, 0), (1, 1), (0, 1)], {"triangle": [[0, 1, 2], [0, 2, 3]]})
    assert of(MeshField(askew, [1.0, 2.0], on="cells")).breaks == ((), ())
    side = np.linspace(0, 1, 41)
    nodes = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    quads = [[41 * i + j, 41 * i + j + 1, 41 * i + j + 42, 41 * i + j + 41] for i in range(40) for j in range(40)]
    many = MeshField(Mesh.of(space, nodes, {"quad": quads}), np.arange(1600) + 1.0, on="cells")
    assert of(many).breaks == ((), ())


# -- on boundaries


def test_what_is_given_on_a_boundary_and_jumps_gives_points_and_breaks():
    found = of(
        1,
        On(omega.face(x, 0), u - Piecewise((1, y < 0.3), (2, True))),
        On(omega.face(y, 0), u - Heaviside(x - y - 0.6)),
    )
    assert rounded(found.breaks[0]) == (0.6,)
    assert rounded(found.breaks[1]) == (0.3,)
    assert np.allclose(sorted(found.points.tolist()), [[0, 0.3], [0.6, 0]])


def test_where_another_condition_begins_is_a_point_and_corners_are_none():
    top = omega.face(y, 1)
    found = of(1, On(top.where(x < 0.4), u), On(top.where(x > 0.4), space.dn(u)), On(omega.boundary - top, u))
    assert found.breaks == ((0.4,), ())
    assert np.allclose(found.points, [[0.4, 1]], atol=1e-9)


def test_a_corner_of_a_mesh_gives_no_break():
    mesh = square_mesh()
    left = mesh.boundary.where(Eq(x, 0))
    found = of(1, On(left, u), On(mesh.boundary - left, space.dn(u)), region=mesh)
    assert found.breaks == ((), ())


def test_a_condition_inside_parts_the_region():
    disc = Ball(space, (0.5, 0.5), 0.2)
    found = of(1, On(disc.boundary, u), On(omega.boundary, u - 1))
    assert [part.measure for part in found.parts] == pytest.approx([np.pi * 0.04, 1 - np.pi * 0.04])
    assert len(found.points) == 0
    half = of(1, On(disc.boundary.where(y > 0.5), u), On(omega.boundary, u - 1))
    assert np.allclose(sorted(half.points.tolist()), [[0.3, 0.5], [0.7, 0.5]], atol=1e-9)
    assert half.breaks == ((), (0.5,))
    line = Region(space, Interval(0.25, 0.5) * Interval(0, 1)).boundary.where(Eq(x, 0.5))
    embedded = of(1, On(line.where(y > 0.5), u), On(omega.boundary, u - 1))
    assert embedded.parts == (omega,)
    assert embedded.breaks == ((0.5,), (0.5,))


ANGLE = Piecewise((atan2(y - 0.5, x - 0.4), y > 0.5), (atan2(y - 0.5, x - 0.4) + 2 * pi, True)) * (x - 1) * y
NEAREST, LINEAR = (GridField(np.eye(5), ([0, 0.25, 0.5, 0.75, 1],) * 2, method=m) for m in ("nearest", "linear"))


@pytest.mark.parametrize(
    ("source", "wall", "found"),
    [
        (1, u, False),
        (Heaviside(x - y), u, True),
        (Abs(x + y - 1), u, True),
        (Abs(x + 2), u, False),  # it does not bend here
        (Piecewise((1, x < 3), (2, True)), u, False),
        (u * Piecewise((9, x < 0.4), (1, True)), u, True),
        (1, u - Abs(x - 0.4), True),
        (1, space.dn(u) + Piecewise((9, x < 0.4), (1, True)) * u, True),
        (1, u - Abs(x), False),
        (1, u - ANGLE, False),  # it goes on beyond the cut of atan2
        (Piecewise((x - 0.4, x < 0.4), (sin(x - 0.4), True)), u, False),
        (Piecewise((x - 0.4 + (x - 0.4) ** 2, x < 0.4), (sin(x - 0.4) + (x - 0.4) ** 2, True)), u, False),
        (Piecewise((x - 0.4, x < 0.4), (2 * x - 0.8, True)), u, True),
        (b, u, True),
    ],
)
def test_data_that_jump_or_bend_inside_or_along_walls_are_rough(source, wall, found):
    conditions = [On(omega, Eq(-space.laplace(u), source)), On(omega.boundary, wall)]
    data = {b: NEAREST} if source is b else {}
    assert rough(flux_form(compile_problem(Problem("p", [u], conditions, coefficients=data)))) == found


def test_data_that_bend_between_nodes_alone_are_not_rough():
    """They do so everywhere, by little."""
    conditions = [On(omega, Eq(-space.laplace(u), b)), On(omega.boundary, u)]
    assert not rough(flux_form(compile_problem(Problem("p", [u], conditions, coefficients={b: LINEAR}))))


def test_in_other_dimensions_jumps_along_coordinates_are_found():
    solid = Space("x1 x2 x3")
    p, q, r = solid.coords
    w, c = solid.unknown("w"), solid.coefficient("c")
    cube = Region(solid, Interval(0, 1) ** 3)
    conditions = [
        On(cube, solid.div(c * solid.grad(w)) + 1),
        On(cube.face(r, 1).where(p < 0.4), w - Heaviside(q - 0.7)),
    ]
    form = compile_problem(Problem("p", [w], conditions, coefficients={c: 1 + Heaviside(r - 0.5)}))
    assert materials(flux_form(form)).breaks == ((0.4,), (0.7,), (0.5,))
    line = Space("s")
    (s,), f, k = line.coords, line.unknown("f"), line.coefficient("k")
    rod = Region(line, Interval(0, 1))
    form = compile_problem(
        Problem(
            "p",
            [f],
            [On(rod, line.div(k * line.grad(f)) + 1), On(rod.boundary, f)],
            coefficients={k: 1 + Heaviside(s - 0.5)},
        )
    )
    assert materials(flux_form(form)).breaks == ((0.5,),)
