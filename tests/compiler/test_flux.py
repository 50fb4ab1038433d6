"""The flux form: div F + r is the equation as it was declared, with F as written, tested by the right unknown."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Derivative,
    DiracDelta,
    Eq,
    Heaviside,
    I,
    Interval,
    Matrix,
    Max,
    Piecewise,
    Rational,
    conjugate,
    cos,
    exp,
    eye,
    lambdify,
    re,
    sign,
    sin,
    sqrt,
)  # fmt: skip

from inrpde import Learned, Mesh, MeshField, On, Periodic, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.flux import FluxForm, flux_form
from inrpde.declaration.regions import Points
from inrpde.errors import ProblemError

space = Space("x y")
x, y = space.coords
u, v, p = space.unknowns("u v p")
w = space.unknown("w", complex=True)
a, b = space.coefficient("a"), space.coefficient("b")
omega = Region(space, Interval(0, 1) ** 2)
left, right = omega.where(x < Rational(1, 2)), omega.where(x > Rational(1, 2))
grad, div, laplace = space.grad, space.div, space.laplace
known = {u: sin(x + 2 * y) + x * y**2 + 2, v: exp(x / 2) * cos(y), p: x * y + cos(x), w: exp(I * (2 * x - y)) + I * x}
POINTS = np.random.default_rng(0).uniform(0.1, 0.9, (8, 2))
STEP = Piecewise((1, x < Rational(1, 3)), (5, True))
U = Matrix([u, v])
STRAIN = (grad(U) + grad(U).T) / 2
STRESS = 6 * STRAIN + 5 * STRAIN.trace() * eye(2)


def compiled(*equations, unknowns=(u,), on=omega, **more):
    conditions = [each if isinstance(each, On) else On(on, each) for each in equations]
    return compile_problem(Problem("p", list(unknowns), conditions, **more))


def flux(*equations, **more):
    form = compiled(*equations, **more)
    found = flux_form(form)
    assert isinstance(found, FluxForm), found
    return found


def why(*equations, **more):
    found = flux_form(compiled(*equations, **more))
    assert isinstance(found, str)
    return found


def at_known(form, row):
    """A row's residual with the known functions in it."""
    made = {}
    for symbol, jet in row.jets.items():
        unknown = form.unknowns[jet.unknown]
        f = known[next(k for k in known if k.func.__name__ == unknown.declared)]
        f = {"re": f.as_real_imag()[0], "im": f.as_real_imag()[1]}[unknown.name[-2:]] if unknown.of else f
        made[symbol] = f.diff(x, jet.index[0], y, jet.index[1])
    return row.residual.xreplace(made)


def at_points(expr):
    return np.array(np.broadcast_to(lambdify((x, y), expr.doit(), "numpy")(*POINTS.T), len(POINTS)))


def total(form, equation):
    """Σ ∂F_k/∂x_k + r at the known functions, at points."""
    parts = [at_known(form, row).diff(c) for row, c in zip(equation.fluxes, space.coords, strict=True)]
    return at_points(sum(parts) + at_known(form, equation.rest))


def texts(rows):
    """The residuals with jets by their names."""
    return [str(row.residual).replace("_u", "u").replace("_v", "v").replace("_p", "p") for row in rows]


# -- it is the same equation

factors = st.sampled_from([1, -2, 1 + x, exp(y) + 1, u, u**2 + v, cos(x) * y])
inner = st.sampled_from(
    [u, v, u * v, grad(u), grad(v), Matrix([v.diff(y), u.diff(x) * (1 + u**2)]), Matrix([u, x * v])]
)
lower = st.sampled_from([u, u * u.diff(x), sin(v), x * v.diff(y), u.diff(x) ** 2, 3])


@st.composite
def equations(draw):
    expr = draw(factors) * laplace(u)
    for _ in range(draw(st.integers(0, 3))):
        moved = draw(inner)
        first, second = draw(factors), draw(factors)
        if hasattr(moved, "shape"):
            expr += first * div(second * Matrix(moved))
        else:
            expr += first * Derivative(second * moved, *draw(st.sampled_from([(x,), (x, y), (y, x), (x, x)])))
    return expr + draw(lower)


@settings(max_examples=8, deadline=None)
@given(equations())
def test_the_divergence_of_the_fluxes_and_the_rest_are_the_equation(expr):
    form = compiled(expr, laplace(v) + u, unknowns=(u, v))
    found = flux_form(form)
    assume(isinstance(found, FluxForm))
    assert np.allclose(total(form, found.equations[0]), at_points(expr.xreplace(known)), rtol=1e-9, atol=1e-9)
    for row in (*found.equations[0].fluxes, found.equations[0].rest):
        assert all(sum(jet.index) <= 1 for jet in row.jets.values())


@pytest.mark.parametrize(
    "expr",
    [laplace(w) + 4 * w * Abs(w) ** 2, div((1 + I * x) * grad(w)) + conjugate(w) * exp(I * y), I * laplace(w) + re(w)],
)
def test_of_complex_unknowns_that_are_split_each_part_is_an_equation(expr):
    found = flux(expr, unknowns=[w])
    assert found.form.arithmetic == "split"
    real, imaginary = found.equations
    made = total(found.form, real) + 1j * total(found.form, imaginary)
    assert np.allclose(made, at_points(expr.xreplace(known)))


def test_complex_equations_stay_complex():
    found = flux(laplace(w) + (4 + I) * w, unknowns=[w])
    (equation,) = found.equations
    assert np.allclose(total(found.form, equation), at_points((laplace(w) + (4 + I) * w).xreplace(known)))


# -- what is a flux


def test_a_divergence_is_kept_and_its_coefficient_is_not_differentiated():
    (equation,) = flux(Eq(-div(a * grad(u)), 1), coefficients={a: STEP}).equations
    assert texts(equation.fluxes) == [f"-u_{c}*{STEP}" for c in "xy"]
    assert texts([equation.rest]) == ["-1"]
    assert (equation.sign, equation.test, equation.region) == (1, 0, omega)


@pytest.mark.parametrize(
    "jump",
    [STEP, 1 + Heaviside(x - y), 2 + sign(x + y - 1), Piecewise((Piecewise((1, y < x), (2, True)), x < 1), (3, True))],
)
@pytest.mark.parametrize(
    "write",
    [
        lambda c: div(c * grad(u)) + u,
        lambda c: (a * u.diff(x)).diff(x) + (a * u.diff(y)).diff(y) + u,  # differentiated as it is written
        lambda c: Derivative(c * u.diff(x), x) + Derivative(c * u.diff(y), y) + u,
    ],
)
def test_coefficients_that_jump_keep_their_flux_however_they_are_written(jump, write):
    expr = write(jump)
    found = flux(expr, coefficients={a: jump} if expr.has(a) else {})
    assert found.form.jumps
    for row, c in zip(found.equations[0].fluxes, "xy", strict=True):
        (symbol,) = row.jets
        assert str(symbol) == f"_u_{c}"
        assert (row.residual / symbol - jump).expand() == 0
    assert texts([found.equations[0].rest]) == ["u"]
    assert not any(row.residual.has(DiracDelta) for row in found.form.rows)


def test_data_on_cells_are_not_differentiated(tmp_path):
    nodes = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    import meshio

    meshio.write(tmp_path / "m.vtu", meshio.Mesh(nodes, [("triangle", np.array([[0, 1, 2], [0, 2, 3]]))]))
    mesh = Mesh(space, tmp_path / "m.vtu")
    found = flux(
        div(a * grad(u)) + 1, a * div(b * grad(v)) + 3, unknowns=(u, v), on=mesh,
        coefficients={a: MeshField(mesh, [1.0, 9.0], on="cells"), b: 1 + x},
    )  # fmt: skip
    one, other = found.equations
    assert found.form.jumps
    assert all(not any(jet.index) for row in (*one.fluxes, other.rest) for jet in row.data.values())
    assert texts(other.fluxes) == ["v_x*(x + 1)", "v_y*(x + 1)"]
    assert texts([other.rest]) == ["3/_a"]


def test_a_factor_in_front_is_moved_inside_and_one_that_jumps_divides():
    (smooth,) = flux(x * div(exp(y) * grad(u)) + u).equations
    assert texts(smooth.fluxes) == ["u_x*x*exp(y)", "u_y*x*exp(y)"]
    (jumps,) = flux(STEP * laplace(u) + u).equations
    assert texts(jumps.fluxes) == ["u_x", "u_y"]
    assert texts([jumps.rest]) == ["u*Piecewise((1, x < 1/3), (1/5, True))"]
    given = 1 / (1 + Heaviside(x - y))
    for expr in (-laplace(u) / given + u, -laplace(u) + given * u, u / 2 - laplace(u) * (1 + Heaviside(x - y)) / 2):
        (divided,) = flux(expr).equations
        assert [abs(value) for row in divided.fluxes for value in row.tangent.values()] == [1, 1]


def test_mixed_derivatives_are_halved_unless_a_divergence_orders_them():
    (plain,) = flux(laplace(u) + u.diff(x, y)).equations
    assert texts(plain.fluxes) == ["u_x + u_y/2", "u_x/2 + u_y"]
    one, other = flux(Eq(-div(STRESS), Matrix([0, 1])), unknowns=(u, v)).equations
    assert texts(one.fluxes) == ["-11*u_x - 5*v_y", "-3*u_y - 3*v_x"]
    assert texts(other.fluxes) == ["-3*u_y - 3*v_x", "-5*u_x - 11*v_y"]


def test_convection_in_divergence_form_is_a_flux_and_by_a_gradient_is_not():
    (conserved,) = flux(div(x * Matrix([u, u]) - grad(u))).equations
    assert texts(conserved.fluxes) == ["u*x - u_x", "u*x - u_y"]
    (advected,) = flux(Eq(u.diff(x) * 3 - laplace(u), 0)).equations
    assert texts([advected.rest]) == ["3*u_x"]


def test_a_kink_is_differentiated_once():
    found = flux(laplace(Abs(x - y) * u))
    (equation,) = found.equations
    assert found.form.jumps
    assert not found.form.rows[0].residual.has(DiracDelta)
    assert texts(equation.fluxes) == ["u*sign(x - y) + u_x*Abs(x - y)", "-u*sign(x - y) + u_y*Abs(x - y)"]


# -- which unknown tests it


def test_of_stokes_the_pressure_is_in_the_fluxes_and_tests_the_divergence():
    momentum, mass = Eq(-laplace(U) + grad(p), Matrix([0, 1])), Eq(div(U), 0)
    one, other, divergence = flux(momentum, mass, unknowns=(u, v, p)).equations
    assert texts(one.fluxes) == ["p - u_x", "-u_y"]
    assert texts(other.fluxes) == ["-v_x", "p - v_y"]
    assert texts(divergence.fluxes) == ["0", "0"]
    assert texts([divergence.rest]) == ["u_x + v_y"]
    assert [each.test for each in (one, other, divergence)] == [0, 1, 2]
    assert [each.sign for each in (one, other, divergence)] == [1, 1, 1]


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize("mass", [1, -1])
def test_signs_make_the_second_order_coercive_and_the_pressure_cancel(turned, mass):
    momentum = turned * div(2 * STRAIN - p * eye(2))
    equations = flux(*(On(omega, each) for each in momentum), mass * (div(U) + p / 100), unknowns=(u, v, p)).equations
    assert [each.sign for each in equations] == [-turned, -turned, mass]


def test_equations_are_tested_by_the_unknown_that_they_bend_whatever_their_order():
    strong, weak = laplace(u) + 100 * v.diff(x, x), laplace(u) - 1
    assert [each.test for each in flux(strong, weak, unknowns=(u, v)).equations] == [1, 0]
    assert [
        each.test for each in flux(1000 * laplace(v) + u, laplace(u) / 1000 + 5 * v, unknowns=(u, v)).equations
    ] == [1, 0]


def test_unknowns_of_regions_and_one_unknown_under_two_equations():
    one, two = space.unknown("u1", on=left), space.unknown("u2", on=right)
    apart = flux(On(left, div(3 * grad(one)) + 1), On(right, -laplace(two) + 1), unknowns=(one, two)).equations
    assert [(each.test, each.sign, each.region) for each in apart] == [(0, -1, left), (1, 1, right)]
    same = flux(On(left, div(3 * grad(u)) + 1), On(right, -laplace(u) + 1)).equations
    assert [(each.test, each.sign) for each in same] == [(0, -1), (0, 1)]


def test_nonlinear_fluxes_have_tangents():
    (equation,) = flux(div(grad(u) / sqrt(1 + grad(u).dot(grad(u)))) + u**3).equations
    assert not equation.fluxes[0].linear
    assert len(equation.fluxes[0].tangent) == 2
    assert equation.sign == -1


def test_rows_on_boundaries_are_handed_on_as_they_are():
    conditions = [On(omega, laplace(u) + 1), On(omega.boundary, space.dn(u) + u), On(omega.face(x, 0), u)]
    found = flux(*conditions)
    assert found.boundary == found.form.rows[1:]


# -- what fixes a constant

NEUMANN = [On(omega, laplace(u) + 1), On(omega.boundary, space.dn(u) + Rational(1, 4))]
CORNER = Points(space, [[0, 0]])
STOKES = [On(omega, -laplace(U) + grad(p)), On(omega, div(U)), On(omega.boundary, U - Matrix([y, 0]))]


@pytest.mark.parametrize(
    ("conditions", "pins", "unknowns"),
    [
        (NEUMANN, [On(CORNER, u - 1)], (u,)),
        (NEUMANN, [On(omega, omega.mean(u) - 1)], (u,)),
        (NEUMANN, [On(omega.boundary, omega.integral(2 * u) - 1)], (u,)),
        (STOKES, [On(CORNER, p)], (u, v, p)),
        (STOKES, [On(omega, omega.integral(p))], (u, v, p)),
        (
            [On(omega, div(STRESS)), On(omega.boundary, STRESS * space.normal)],
            [On(CORNER, U), On(Points(space, [[1, 0]]), v)],
            (u, v),
        ),
    ],
)
def test_rows_that_fix_what_the_others_leave_open_stand_apart(conditions, pins, unknowns):
    found = flux(*conditions, *pins, unknowns=unknowns)
    assert found.pins == found.form.rows[-len(found.pins) :]
    assert {row.condition for row in found.pins} == {len(conditions) + k for k in range(len(pins))}
    assert {row.region.dim for row in found.boundary} == {1}


@pytest.mark.parametrize(
    "conditions",
    [
        [*NEUMANN, On(CORNER, u), On(Points(space, [[1, 0]]), u)],
        [*NEUMANN, On(CORNER, u), On(omega, omega.mean(u))],
        [On(omega, laplace(u) - u), NEUMANN[1], On(CORNER, u)],
        [NEUMANN[0], On(omega.boundary, u), On(CORNER, u)],
        [*NEUMANN, On(CORNER, u.diff(x))],
    ],
)
def test_what_others_feel_is_data(conditions):
    assert "at points" in why(*conditions)


# -- where there is none

edge = On(omega.boundary, u)
ode, marched = Space("t1"), Space("x1", time="t2")


@pytest.mark.parametrize(
    ("reason", "conditions", "more"),
    [
        ("on omega the equation is of order 4", [On(omega, laplace(laplace(u))), edge], {}),
        ("of order 2", [On(omega, laplace(u)), On(omega.boundary, u.diff(x, x))], {}),
        ("not linear in its second derivatives", [On(omega, u.diff(x, x) ** 2 + u.diff(y, y)), edge], {}),
        ("derivative is taken of a coefficient that jumps", [On(omega, STEP * u.diff(x, x) + u.diff(y, y)), edge], {}),
        ("differ in number: 2 and 1", [On(omega, laplace(u)), On(omega, u - x), edge], {}),
        ("differ in number: 2 and 1", [On(omega, laplace(u)), On(omega, u >= 0), edge], {}),
        ("no equation is of second order", [On(omega, u.diff(x) + u - 1), edge], {}),
        ("no equation is of second order", [On(omega, U + grad(p)), On(omega, div(U) - 1)], {"unknowns": (u, v, p)}),
        ("holds an integral", [On(omega, laplace(u) - omega.integral(u)), edge], {}),
        ("periodic", [On(omega, laplace(u) - u), On(omega.boundary.where(Eq(x, 0)), Periodic(u, x))], {}),
        ("at points", [On(omega, laplace(u)), edge, On(Points(space, [[0.5, 0.5]]), u - 1)], {}),
        ("learned", [On(omega, div(a * grad(u)) + 1), edge], {"coefficients": {a: Learned()}}),
        ("not its square", [On(omega, laplace(u), norm=1), edge], {}),
    ],
)  # fmt: skip
def test_the_reason_why_there_is_no_flux_form(reason, conditions, more):
    assert reason in why(*conditions, **more)


def test_what_is_followed_from_a_start_has_none():
    (z,), q = marched.spatial, marched.unknown("q")
    line = Region(marched, Interval(0, 1)).over(Interval(0, 1))
    form = compile_problem(Problem("p", [q], [On(line, marched.dt(q) - q.diff(z, z)), On(line.initial, q)]))
    assert flux_form(form) == "the solution is followed from a start"


def test_a_jump_under_two_derivatives_has_none():
    assert "a derivative is taken of a coefficient that jumps" in why(laplace(STEP * u))


@pytest.mark.parametrize("expr", [laplace(Max(x - y, 0) * laplace(u)), laplace(Heaviside(x - y) * u)])
def test_what_has_no_form_at_all_is_refused(expr):
    with pytest.raises(ProblemError, match="jumps, or whose slope does, stands under a derivative too many"):
        compiled(expr)


def test_a_boundary_condition_with_a_jump_under_a_derivative_is_refused():
    with pytest.raises(ProblemError, match="stands under a derivative too many"):
        compiled(laplace(u), On(omega.boundary, space.dn(Heaviside(x - y) * u)))
