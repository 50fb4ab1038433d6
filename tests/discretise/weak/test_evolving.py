"""The flux form in time on cells: masses, what is left and its slopes, what it begins with, and that flows decay."""

import numpy as np
import pytest
from scipy.linalg import eig
from sympy import Eq, Interval, Matrix, Piecewise, Rational, exp, lambdify, sin

from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.frozen import Frozen, frozen
from inrpde.declaration.regions.section import section
from inrpde.discretise.weak.columns import columns
from inrpde.discretise.weak.evolving import Evolving
from inrpde.sampling import integration
from inrpde.solvers.galerkin.level import family
from tests.discretise.weak.forms import heads, on_boxes, on_mesh, standing
from tests.sampling.cells.checks import shuffled
from tests.sampling.cells.meshes import ell

space = Space("x y", time="t")
x, y, t = space.coords
u, v, p = space.unknowns("u v p")
SPAN = Interval(0, 2)
omega = Region(space, Interval(0, 2) * Interval(0, 1) * SPAN)
LEFT, RIGHT = omega.face(x, 0), omega.face(x, 2)
mesh = ell(space=space).over(SPAN)
dt, laplace, grad, div = space.dt, space.laplace, space.grad, space.div
n, U = Matrix(list(space.normal[:2])), Matrix([u, v])
HEAT = Eq(dt(u), laplace(u))
HEAT = Eq(dt(u), laplace(u))
RNG = np.random.default_rng(0)
JUMP = Piecewise((1, x <= 1), (50, True))


def evolving(*conditions, unknowns=(u,), degree=2, size=1.0, breaks=()):
    """On boxes, or on triangles where the region is a mesh, shuffled."""
    made = [each if isinstance(each, On) else On(omega, each) for each in conditions]
    found = frozen(compile_problem(Problem("p", list(unknowns), made)))
    assert isinstance(found, Frozen), found
    boxes = all(each.region.box for each in found.flux.equations)
    divided = on_boxes(found.flux, size, breaks=breaks) if boxes else on_mesh(found.flux)
    stood = standing(found.flux, shuffled(divided, 1), degree)
    return Evolving(found, stood.tessellation, stood.columns), stood


def heat(*more, equation=HEAT, wall=u, region=omega, **options):
    return evolving(On(region, equation), On(region.boundary, wall), On(region.initial, u), *more, **options)


def integral(expr):
    return float(expr.expand().integrate((x, 0, 2), (y, 0, 1)))


# -- masses


def test_masses_are_integrals_of_products_with_what_rates_are_multiplied_by():
    f, g = 1 + x - y, 2 * y + x**2
    rates = (3 + x * y) * dt(u, 2) + (1 + y) * dt(u)
    made, stood = heat(On(omega.initial, dt(u)), equation=rates - laplace(u))
    for matrix, factor in zip(made.masses, (1 + y, 3 + x * y), strict=True):
        assert heads(stood, g) @ matrix @ heads(stood, f) == pytest.approx(integral(factor * f * g), rel=1e-12)
        assert abs(matrix - matrix.T).max() < 1e-13


def test_masses_are_positive_where_the_equation_is_turned():
    made, stood = heat(equation=laplace(u) - 5 * dt(u))
    one = heads(stood, 1 + 0 * x)
    assert one @ made.masses[0] @ one == pytest.approx(10)
    assert not made.masses[1].nnz


def test_masses_couple_unknowns():
    made, stood = evolving(
        dt(u) + x * dt(v) - laplace(u), dt(v) - laplace(v), On(omega.boundary, U), On(omega.initial, U), unknowns=(u, v)
    )
    one, other = heads(stood, 1 + y, 0 * x), heads(stood, 0 * x, x)
    assert one @ made.masses[0] @ other == pytest.approx(integral((1 + y) * x**2))
    assert other @ made.masses[0] @ one == 0


@pytest.mark.parametrize("region", [omega, mesh], ids=["boxes", "triangles"])
def test_walls_that_store_have_a_mass_of_their_own(region):
    """The condition is natural however it is written: as a multiple of the flux, and with a value beside it."""
    wall = (3 + y) * dt(u) + 2 * space.dn(u) + 7 * u - t
    made, stood = evolving(On(region, HEAT), On(region.boundary, wall), On(region.initial, u))
    bare, _ = heat(region=region)
    f, g = 1 + x, 2 + y**2
    added = heads(stood, g) @ (made.masses[0] - bare.masses[0]) @ heads(stood, f)
    rule = integration(section(region).boundary, 12)
    assert added == pytest.approx(rule.weights @ lambdify((x, y), (3 + y) / 2 * f * g)(*rule.points.T), rel=1e-10)
    assert not made.masses[1].nnz


def test_a_mass_that_jumps_is_integrated_on_each_side():
    made, stood = heat(equation=JUMP * dt(u) - laplace(u), breaks=((1,), ()))
    one = heads(stood, 1 + 0 * x)
    assert one @ made.masses[0] @ one == pytest.approx(51)


def test_measures_make_l2_norms_of_heads_on_cut_cells_too():
    disc = Ball(space, (1, Rational(1, 2)), Rational(1, 4)).over(SPAN)
    region = omega - disc
    found = frozen(compile_problem(Problem("p", [u], [
        On(region, dt(u) - laplace(u)), On(region.boundary, u), On(region.initial, u),
    ])))  # fmt: skip
    divided = on_boxes(found.flux, 0.5)
    tessellation = divided.tessellation(8)
    made = Evolving(found, tessellation, columns(found.flux, tessellation, [family(tessellation, 2, False, 0)]))
    volume, field = made.tessellation.volume, RNG.standard_normal(made.columns.width)
    values = np.concatenate([
        made.columns.jets(0, np.full(volume.counts[c], c), volume.points[volume.starts[c] : volume.starts[c + 1]])[:, 0]
        @ field[made.columns.starts[0, c] :][:6]
        for c in range(len(tessellation.cells))
    ])  # fmt: skip
    assert np.sum(made.discrete.measures * field**2) == pytest.approx(np.sum(volume.weights * values**2), rel=1e-9)
    assert field @ made.masses[0] @ field == pytest.approx(np.sum(made.discrete.measures * field**2), rel=1e-9)
    assert made.columns.of.tolist() == [0] * made.columns.width


# -- what is left, and its slopes


def left(made, time, vector, at):
    return made.left(np.array([time]), vector[None], at)[0]


CASES = {
    "affine": (dt(u) - laplace(u) - x * sin(t), t * x),
    "anisotropic": (dt(u) - div(Matrix([[2, 1], [1, 3]]) * grad(u)) + u.diff(x), sin(x + t)),
    "material": (dt(u) - div(JUMP * grad(u)) + t, t),
    "given flux": (dt(u) - div(grad(u) + Matrix([t * x, y])), t),
    "conductivity": (dt(u) - div((1 + t) * grad(u)) + t * u, x),
    "wind": (dt(u) - laplace(u) + (1 + t) * u.diff(x) - y * u.diff(y), x),
    "nonlinear rest": (dt(u) - laplace(u) + u**3 - t, t + y),
    "slopes in the rest": (dt(u) - laplace(u) + u.diff(x) ** 2, t + y),
    "nonlinear flux": (dt(u) - div((1 + u**2) * grad(u)) + exp(-t) * u, 1 + x / 2 + t),
    "flux limited": (dt(u) - div(grad(u) / (1 + u.diff(x) ** 2)) - 1, x + t),
    "convective": (dt(u) - laplace(u) + u * u.diff(x), 1 + x + t),
    "convective flux": (dt(u) - div(grad(u) - Matrix([u**2 / 2, u])), 1 + x + t),
}  # fmt: skip
CURVED = {"conductivity", "nonlinear flux", "flux limited", "convective flux"}
STANDING = {"affine", "anisotropic", "material", "given flux", "nonlinear rest"}
ROBIN = {"affine", "wind", "nonlinear rest", "slopes in the rest", "convective"}


def case(name, region=omega):
    """With Robin's condition where y = 0, if the flux is a multiple of the gradient."""
    equation, wall = CASES[name]
    bottom = region.boundary.where(Eq(y, 0))
    robin = On(bottom, space.dn(u) * 2 + 3 * u - t) if name in ROBIN else On(bottom, u - wall)
    inside = On(region, equation), On(region.initial, u)
    return evolving(*inside, On(region.boundary - bottom, u - wall), robin, breaks=((1,), ()))


@pytest.mark.parametrize("region", [omega, mesh], ids=["boxes", "mesh"])
@pytest.mark.parametrize("name", CASES)
def test_what_is_left_and_its_slopes_are_those_of_the_whole_system(name, region):
    made, _ = case(name, region)
    before = made.slopes(0.3, RNG.standard_normal(made.columns.width))
    for time in (0.3, 1.7):
        vector = RNG.standard_normal(made.columns.width)
        at = made.slopes(time, vector)
        whole = made.discrete.assembled(vector, made.frozen.at(time))
        size = np.abs(whole.residual).max()
        assert np.allclose(left(made, time, vector, at), whole.residual, rtol=0, atol=1e-11 * size)
        assert abs(at.whole - whole.matrix).max() < 1e-12 * abs(whole.matrix).max()
        again = made.slopes(time, vector, before)
        assert abs(again.whole - at.whole).max() < 1e-12 * abs(at.whole).max()
        assert (again.faces is before.faces) == (name in STANDING)
    assert made.affine == (name not in CURVED)


@pytest.mark.parametrize("name", sorted(STANDING))
def test_what_is_affine_on_faces_needs_no_slopes_at_the_state(name):
    made, _ = case(name)
    at = made.slopes(0.0, np.zeros(made.columns.width))
    vector = RNG.standard_normal(made.columns.width)
    whole = made.discrete.assembled(vector, made.frozen.at(1.3)).residual
    assert np.allclose(left(made, 1.3, vector, at), whole, rtol=0, atol=1e-11 * np.abs(whole).max())


@pytest.mark.parametrize("name", CASES)
def test_slopes_are_those_of_differences_of_what_is_left(name):
    """Where the state is continuous and takes the values on the boundary."""
    equation, _ = CASES[name]
    known = 1 + x / 3 + y / 4 + x * y / 5
    made, stood = heat(equation=equation, wall=u - known, breaks=((1,), ()))
    vector = heads(stood, known)
    at = made.slopes(0.6, vector)
    for _ in range(3):
        step = 1e-6 * RNG.standard_normal(made.columns.width)
        change = left(made, 0.6, vector + step, at) - left(made, 0.6, vector - step, at)
        assert np.linalg.norm(change / 2 - at.whole @ step) < 1e-6 * np.linalg.norm(at.whole @ step)


def test_a_solution_leaves_what_its_rate_does():
    """u = (1 + t)(x² + xy) with its source and walls: S = -M ∂u/∂t."""
    known = (1 + t) * (x**2 + x * y)
    equation = Eq((2 + y) * dt(u), laplace(u) + (2 + y) * known.diff(t) - known.diff(x, 2))
    for region in (omega, mesh):
        made, stood = heat(equation=equation, wall=u - known, region=region)
        vector, rate = heads(stood, known.subs(t, 0.8)), heads(stood, known.diff(t))
        at = made.slopes(0.0, np.zeros_like(vector))
        found = left(made, 0.8, vector, at) + made.masses[0] @ rate
        assert np.abs(found).max() < 1e-11 * abs(at.whole).max()


@pytest.mark.parametrize("carried", [u * u.diff(x), (1 + t) * u.diff(x) - y * u.diff(y), u.diff(y) ** 2])
def test_what_flows_in_is_given_at_other_states_and_times_than_those_of_the_slopes(carried):
    known = 2 + t + x - y + t * x * y
    operator = dt(u) - laplace(u) + carried
    source = operator.subs(u, known).doit()
    for region in (omega, mesh):
        made, stood = heat(equation=operator - source, wall=u - known, region=region)
        vector, rate = heads(stood, known.subs(t, 0.8)), heads(stood, known.diff(t))
        at = made.slopes(0.3, heads(stood, 3 + x - 2 * y))
        found = left(made, 0.8, vector, at) + made.masses[0] @ rate
        assert np.abs(found).max() < 1e-11 * abs(at.whole).max()


def test_only_faces_where_something_is_given_are_looked_at_again():
    quiet = omega.boundary - LEFT
    made, _ = evolving(dt(u) - laplace(u), On(LEFT, u - sin(t)), On(quiet, u - x), On(omega.initial, u))
    moving, still = made.given
    assert all(np.all(each.group.points[..., 0] == 0) for each in moving)
    assert all(len(each.group.sides) == 1 for each in still)
    assert len(moving) == 1
    assert len(moving) + len(still) < len(made.discrete.facings)
    everywhere, _ = case("given flux")
    assert len(everywhere.given[0]) == len(everywhere.discrete.facings)


def test_energies_are_by_derivatives():
    made, stood = heat(equation=dt(u) - 3 * laplace(u))
    vector = heads(stood, x**2 + y)
    local = made.columns.heads(0, vector)
    found = np.einsum("ck,ckl,cl->", local, made.energies(0.0, vector)[0], local)
    assert found == pytest.approx(integral(3 * (4 * x**2 + 1)))


# -- what it begins with


def begun(*conditions, order=0, **options):
    made, stood = evolving(*conditions, **options)
    return made.start(made.frozen.starts, order)[0], stood


def test_initial_values_are_those_that_the_bases_hold():
    known = 1 + 2 * x - y**2 + x * y
    for region in (omega, mesh):
        found, stood = begun(
            On(region, dt(u) - laplace(u)), On(region.boundary, u), On(region.initial, Eq(3 * u, 3 * known + t * x))
        )
        assert np.allclose(found, heads(stood, known), atol=1e-11)


def test_initial_values_are_projected():
    known = sin(3 * x) * exp(y)
    found, stood = begun(dt(u) - laplace(u), On(omega.boundary, u), On(omega.initial, u - known), degree=3)
    volume, held = stood.tessellation.volume, stood.columns
    truth = lambdify((x, y), known)(*volume.points.T)
    for cell in range(len(stood.tessellation.cells)):
        rows = slice(*volume.starts[cell : cell + 2])
        basis = held.jets(0, np.full(volume.counts[cell], cell), volume.points[rows])[:, 0]
        first = held.starts[0, cell]
        missed = truth[rows] - basis @ found[first : first + basis.shape[1]]
        assert 1e-4 < np.abs(missed).max() < 0.2
        assert np.abs(basis.T @ (volume.weights[rows] * missed)).max() < 1e-12


def test_rates_begin_for_what_is_of_second_order():
    conditions = [
        dt(u, 2) - laplace(u), dt(v) - laplace(v), On(omega.boundary, U), On(omega.initial, U - Matrix([x, y])),
        On(omega.initial, dt(u) - x * y),
    ]  # fmt: skip
    for order, expected in enumerate([(x, y), (x * y, 0 * x)]):
        found, stood = begun(*conditions, order=order, unknowns=(u, v))
        assert np.allclose(found, heads(stood, *expected), atol=1e-12)


def test_parts_may_begin_with_values_of_their_own():
    one, other = omega.initial.where(x < 1), omega.initial.where(x >= 1)
    found, stood = begun(dt(u) - laplace(u), On(omega.boundary, u), On(one, u - 5), On(other, u - y))
    assert np.allclose(found, heads(stood, Piecewise((5, x < 1), (y, True))), atol=1e-12)


# -- flows


def flow(region=omega, outlet=None):
    outlet = RIGHT if outlet is None else outlet
    return evolving(
        On(region, dt(U) - laplace(U) / 3 + grad(p)), On(region, div(U)), On(region.boundary - outlet, U),
        On(outlet, Eq(space.dn(U) / 3 - p * n, Matrix([0, 0]))), On(region.initial, U),
        unknowns=(u, v, p), degree=(2, 2, 1),
    )  # fmt: skip


@pytest.mark.parametrize(("region", "outlet"), [(omega, RIGHT), (mesh, mesh.boundary.where(Eq(x, 0)))])
def test_a_flow_is_skew_between_velocity_and_pressure_and_decays(region, outlet):
    made, _ = flow(region, outlet)
    slope = made.slopes(0.0, np.zeros(made.columns.width)).whole.toarray()
    mass, pressure = made.masses[0].toarray(), made.columns.of == 2
    size = np.abs(slope).max()
    there, back = slope[~pressure][:, pressure], slope[pressure][:, ~pressure]
    assert np.abs(there + back.T).max() < 1e-12 * size
    assert np.abs(there).max() > 1e-3 * size
    assert not slope[pressure][:, pressure].any()
    assert not mass[pressure].any()
    viscous = slope[~pressure][:, ~pressure]
    assert np.linalg.eigvalsh((viscous + viscous.T) / 2).min() > 0
    above, below = eig(-slope, mass, right=False, homogeneous_eigvals=True)
    finite = np.abs(below) > 1e-9 * np.abs(above)
    rates = above[finite] / below[finite]
    assert finite.sum() >= (~pressure).sum() - 2 * pressure.sum()
    assert rates.real.max() < -1
