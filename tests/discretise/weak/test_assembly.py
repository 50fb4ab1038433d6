"""The patch test: fields that are linear in every material are reproduced to rounding, whatever holds where; symmetric
problems have symmetric systems, which are positive."""

import numpy as np
import pytest
from sympy import Eq, I, Interval, Matrix, Piecewise, Rational, eye

from inrpde import On, Region, Space
from inrpde.discretise.weak.assembly import Discrete
from tests.discretise.weak.forms import flux_of, heads, on_boxes, on_mesh, standing
from tests.sampling.cells.checks import shuffled
from tests.sampling.cells.meshes import cube, ell

space, room = Space("x y"), Space("x y z")
x, y = space.coords
u, v = space.unknowns("u v")
w = space.unknown("w", complex=True)
q = room.unknown("q")
n, U = Matrix(list(space.normal)), Matrix([u, v])
mesh, block = ell(space=space), cube(room)
notched = Region(space, Interval(0, 2) ** 2) - Region(space, Interval(1, 2) ** 2)
GRIDS = {"mesh": mesh, "boxes": notched}
K = Matrix([[2, 1], [1, 3]])
A = Piecewise((1, x <= 1), (1000, True))


def stress(W):
    """Of plane stress, with a Poisson's ratio of 1/5."""
    strain = (space.grad(W) + space.grad(W).T) / 2
    return Rational(4, 5) * strain + Rational(1, 5) * strain.trace() * eye(2)


def sides(region):
    """Where x = 0, where y = 0, and all the rest of the boundary."""
    one, other = (region.boundary.where(Eq(each, 0)) for each in (x, y))
    return one, other, region.boundary - one - other


def scalar(region, known, conduct):
    """A value where x = 0, Robin's condition where y = 0, and else the flux of a known function."""
    value, robin, flux = sides(region)
    outward = (conduct * space.grad(known)).dot(n)
    slope = (conduct * space.grad(u)).dot(n)
    return [
        On(region, Eq(-space.div(conduct * space.grad(u)), 0)),
        On(value, Eq(u, known)), On(robin, Eq(slope + 2 * u, outward + 2 * known)),
        On(flux, Eq(slope, outward)),
    ]  # fmt: skip


def elastic(region, known):
    """Rollers where x = 0, held where y = 0, and tractions elsewhere."""
    roller, held, free = sides(region)
    t = Matrix([-n[1], n[0]])
    return [
        On(region, Eq(space.div(stress(U)), Matrix([0, 0]))), On(held, Eq(U, known)),
        On(roller, Eq(U.dot(n), known.dot(n))), On(roller, Eq((stress(U) * n).dot(t), (stress(known) * n).dot(t))),
        On(free, Eq(stress(U) * n, stress(known) * n)),
    ]  # fmt: skip


def symmetric_cases():
    linear, kinked = 3 * x - 2 * y + 1, 6 * (x - 1) / A + 2 * y
    bent = Matrix([x - 3 * y + 2, 2 * x + 5 * y])
    for name, region in GRIDS.items():
        yield pytest.param(scalar(region, linear, K * 1), [linear], id=f"anisotropic-{name}")
        yield pytest.param(scalar(region, linear, eye(2)), [linear], id=f"isotropic-{name}")
        yield pytest.param(scalar(region, kinked, A * eye(2)), [kinked], id=f"jump-{name}")
        yield pytest.param(elastic(region, bent), list(bent), id=f"elastic-{name}")
    plane = sum(room.coords) - 2 * room.coords[1]
    front = block.boundary.where(Eq(room.coords[0], 0))
    yield pytest.param(
        [
            On(block, Eq(room.laplace(q), 0)),
            On(front, Eq(q, plane)),
            On(block.boundary - front, Eq(room.dn(q), room.dn(plane))),
        ],
        [plane],
        id="tetrahedra",
    )


def assembled(conditions, known):
    unknowns = {1: [q if conditions[0].region is block else u], 2: [u, v]}[len(known)]
    flux = flux_of(unknowns, conditions)
    begun = on_mesh(flux) if flux.equations[0].region in (mesh, block) else on_boxes(flux, 1.0, breaks=((1,), ()))
    made = standing(flux, shuffled(begun, 2))
    return (
        made,
        Discrete(flux, made.tessellation, made.columns).assembled(np.zeros(made.columns.width)),
        heads(made, *known),
    )


@pytest.mark.parametrize(("conditions", "known"), list(symmetric_cases()))
def test_linear_fields_are_reproduced_and_the_system_is_symmetric(conditions, known):
    made, found, exact = assembled(conditions, known)
    assert len(np.unique(np.abs(np.linalg.det(made.tessellation.cells.axes)).round(9))) > 1
    matrix = found.matrix.toarray()
    size = np.abs(matrix).max()
    assert np.abs(matrix - matrix.T).max() < 1e-11 * size
    assert np.linalg.eigvalsh(matrix).min() > 0
    solved = np.linalg.solve(matrix, -found.residual)
    assert np.linalg.norm(solved - exact) < 1e-8 * np.linalg.norm(exact)
    assert not len(found.lacking)
    left = Discrete(made.flux, made.tessellation, made.columns).assembled(exact).residual
    assert np.abs(left).max() < 1e-9 * size


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize(
    ("unknown", "equation"),
    [
        (u, lambda f: -space.laplace(f) + 40 * f.diff(x) - 9 * f.diff(y) + f),
        (u, lambda f: -space.div(space.grad(f) + Matrix([30 * f, f])) + f),
        (u, lambda f: -space.div((1 + f**2) * space.grad(f)) + f**3),
        (w, lambda f: -space.div((1 + 2 * I) * space.grad(f)) - 9 * I * f),
    ],
)
def test_what_a_field_leaves_of_other_equations_is_rounding(name, unknown, equation):
    region = GRIDS[name]
    known = x - y / 2 + (2 if unknown is u else 3 * I * y)
    inside = On(region, Eq(equation(unknown), equation(known)))
    flux = flux_of([unknown], [inside, On(region.boundary, Eq(unknown, known))])
    made = standing(flux, shuffled(on_mesh(flux) if name == "mesh" else on_boxes(flux), 1))
    exact = heads(made, known)
    found = Discrete(flux, made.tessellation, made.columns).assembled(exact)
    assert np.abs(found.residual).max() < 1e-9 * np.abs(found.matrix).max()
    wrong = Discrete(flux, made.tessellation, made.columns).assembled(1.01 * exact)
    assert np.abs(wrong.residual).max() > 1e-4 * np.abs(found.matrix).max()


def test_the_slope_is_nearly_that_of_differences():
    equation = Eq(-space.div((1 + u**2) * space.grad(u)) + u**2 * u.diff(x), 1)
    value, robin, rest = sides(mesh)
    flux = flux_of([u], [
        On(mesh, equation), On(value, Eq(u, 1)), On(robin, Eq((1 + u**2) * space.dn(u) + u**3, 0)), On(rest, Eq(u, 2)),
    ])  # fmt: skip
    made = standing(flux, on_mesh(flux))
    vector = heads(made, 1 + x / 3 + y / 4)
    slope = Discrete(flux, made.tessellation, made.columns).assembled(vector).matrix.toarray()
    for k in (0, 7, 16):
        step = 1e-6 * np.eye(made.columns.width)[k]
        ends = [Discrete(flux, made.tessellation, made.columns).assembled(vector + s * step).residual for s in (1, -1)]
        change = (ends[0] - ends[1]) / 2e-6
        assert np.linalg.norm(change - slope[:, k]) < 0.2 * np.linalg.norm(slope[:, k])


def test_points_where_conditions_are_lacking_are_told():
    value, _, rest = sides(mesh)
    flux = flux_of([u], [On(mesh, Eq(space.laplace(u), 0)), On(value, u), On(rest, u)])
    made = standing(flux, on_mesh(flux))
    lacking = Discrete(flux, made.tessellation, made.columns).assembled(np.zeros(made.columns.width)).lacking
    assert len(lacking)
    assert np.all(lacking[:, 1] == 0)
