"""A form in time is parted into a flux form in space and what the rates are multiplied by; what cannot be says why."""

import numpy as np
import pytest
from sympy import Eq, I, Interval, Matrix, Piecewise, Rational, cos, exp, pi, sin, sqrt

from inrpde import GridField, Learned, On, Periodic, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.flux import flux_form
from inrpde.compiler.frozen import Frozen, frozen

space = Space("x y", time="t")
x, y, t = space.coords
u, v, p = space.unknowns("u v p")
w = space.unknown("w", complex=True)
a, b = space.coefficient("a"), space.coefficient("b")
omega = Region(space, Interval(0, 1) ** 2 * Interval(0, 3))
dt, laplace, grad, div = space.dt, space.laplace, space.grad, space.div
U = Matrix([u, v])
EDGE, BEGIN, MOVES = On(omega.boundary, u), On(omega.initial, u - sin(pi * x)), On(omega.initial, dt(u))
HEAT = [On(omega, Eq(dt(u), laplace(u))), EDGE, BEGIN]
STOKES = [
    On(omega, Eq(dt(U) - laplace(U) + grad(p), Matrix([sin(t), 0]))), On(omega, Eq(div(U), 0)),
    On(omega.boundary, U), On(omega.initial, U),
]  # fmt: skip


def compiled(*conditions, unknowns=(u,), **more):
    made = [each if isinstance(each, On) else On(omega, each) for each in conditions]
    return compile_problem(Problem("p", list(unknowns), made, **more))


def parted(*conditions, **more):
    found = frozen(compiled(*conditions, **more))
    assert isinstance(found, Frozen), found
    return found


def why(*conditions, **more):
    found = frozen(compiled(*conditions, **more))
    assert isinstance(found, str), found
    return found


def texts(rows):
    """The residuals with jets by their names."""
    return [str(row.residual).replace("_u", "u").replace("_v", "v").replace("_p", "p") for row in rows]


def multiplied(found, order):
    return texts(equation.rest for equation in found.masses[order - 1])


# -- the parts


def test_heat_is_a_flux_form_in_space_and_a_mass():
    found = parted(*HEAT)
    (equation,) = found.flux.equations
    assert found.orders == (1,)
    assert texts(equation.rows) == ["-u_x", "-u_y", "0"]
    assert (equation.sign, found.masses[0][0].sign) == (1, 1)
    assert (multiplied(found, 1), multiplied(found, 2)) == (["u"], [])
    assert found.flux.form.space.coords == (x, y)
    assert equation.region.box == ((0, 1), (0, 1))
    assert [(start.unknown, start.order) for start in found.starts] == [(0, 0)]


def test_an_equation_that_is_turned_has_its_sign_in_the_mass_too():
    found = parted(Eq(laplace(u) - 3 * dt(u), 0), EDGE, BEGIN)
    assert found.flux.equations[0].sign == found.masses[0][0].sign == -1
    assert multiplied(found, 1) == ["-3*u"]
    assert texts(found.masses[0][0].fluxes) == ["0", "0"]


def test_a_damped_wave_has_both_masses_and_both_starts():
    found = parted(Eq((1 + x) * dt(u, 2) + exp(y) * dt(u), laplace(u)), EDGE, BEGIN, MOVES)
    assert found.orders == (2,)
    assert (multiplied(found, 1), multiplied(found, 2)) == (["u*exp(y)"], ["u*(x + 1)"])
    assert sorted(start.order for start in found.starts) == [0, 1]


def test_walls_may_hold_rates_beside_fluxes():
    """Where waves leave, and where something is hung on that has a mass."""
    wave = [dt(u, 2) - laplace(u), On(omega.boundary, 3 * dt(u, 2) + 2 * dt(u) + space.dn(u) - sin(t)), BEGIN, MOVES]
    found = parted(*wave)
    (row,) = found.flux.boundary
    assert [list(each) for each in found.walls] == [[row], [row]]
    for each, times in zip(found.walls, (2, 3), strict=True):
        (other,) = each.values()
        (value,) = (symbol for symbol, jet in other.jets.items() if not any(jet.index))
        assert other.residual.coeff(value) == times
        assert str(other.residual - times * value) == str(row.residual)
    assert parted(*HEAT).walls == ({}, {})


def test_masses_may_be_coefficients_and_couple_unknowns():
    found = parted(
        dt(a * u) + b * dt(v) - laplace(u), dt(v) - laplace(v) + u, EDGE, On(omega.boundary, v), BEGIN,
        On(omega.initial, v), unknowns=(u, v), coefficients={a: 1 + x * y, b: Piecewise((1, x < y), (2, True))},
    )  # fmt: skip
    one, other = found.masses[0]
    assert {str(found.flux.form.unknowns[jet.unknown].name) for jet in one.rest.jets.values()} == {"u", "v"}
    assert texts([other.rest]) == ["v"]
    assert (one.test, other.test) == (0, 1)
    assert str(one.rest.residual).count("x*y + 1") == 1


def test_the_product_rule_leaves_what_a_coefficient_does_in_time():
    (equation,) = parted(dt(exp(-x) * u * 2) + dt(sin(t)) * u - laplace(u), EDGE, BEGIN).flux.equations
    assert texts([equation.rest]) == ["u*cos(t)"]


def test_a_pressure_has_no_order_and_its_equation_no_mass():
    found = parted(*STOKES, unknowns=(u, v, p))
    assert found.orders == (1, 1, 0)
    assert [each.test for each in found.masses[0]] == [0, 1]
    assert texts([found.flux.equations[2].rest]) == ["u_x + v_y"]
    assert [each.test for each in found.flux.equations] == [0, 1, 2]


@pytest.mark.parametrize("turn", [1, I, -I, -1])
def test_a_complex_unknown_stays_one_and_what_is_in_space_is_turned_to_be_real(turn):
    made = parted(turn * (I * dt(w) + laplace(w)), On(omega.boundary, w), On(omega.initial, w - 1), unknowns=(w,))
    assert (made.flux.form.arithmetic, made.orders) == ("complex", (1,))
    (equation,), (mass,) = made.flux.equations, made.masses[0]
    assert equation.sign == mass.sign == -1 / complex(turn)


def test_a_complex_unknown_under_a_modulus_is_a_pair_that_moves_crosswise():
    made = parted(I * dt(w) + laplace(w) - abs(w) ** 2 * w, On(omega.boundary, w - I), On(omega.initial, w - 1 - 2 * I),
                  unknowns=(w,))  # fmt: skip
    assert (made.flux.form.arithmetic, made.orders) == ("split", (1, 1))
    assert [each.test for each in made.flux.equations] == [0, 1]
    assert [{jet.unknown for jet in each.rest.jets.values()} for each in made.masses[0]] == [{1}, {0}]
    assert [row.gives_value for row in made.flux.boundary] == [True, True]
    assert [(start.unknown, start.order) for start in made.starts] == [(0, 0), (1, 0)]


def test_of_a_system_of_first_order_each_unknown_tests_what_gives_its_rate():
    made = parted(
        U.diff(x) + Matrix([1 + x, 3]).multiply_elementwise(dt(Matrix([v, u]))), On(omega.boundary, U),
        On(omega.initial, U), unknowns=(u, v),
    )  # fmt: skip
    assert ([each.test for each in made.flux.equations], made.orders) == ([1, 0], (1, 1))
    assert texts(made.flux.rates) == ["v*(x + 1)", "3*u"]
    assert texts([made.flux.equations[0].rest]) == ["u_x"]


def test_one_equation_stands_still_beside_one_that_moves():
    found = parted(dt(u) - laplace(u) + v, u - laplace(v), EDGE, On(omega.boundary, v), BEGIN, unknowns=(u, v))
    assert found.orders == (1, 0)
    assert len(found.masses[0]) == 1


def test_at_a_time_sources_and_conditions_are_those_of_the_time():
    found = parted(dt(u) - laplace(u) - x * sin(t), On(omega.boundary, u - t**2), BEGIN)
    points = np.array([[0.5, 0.2], [0.25, 1.0]])
    for time in (0.0, 0.7, 3.0):
        flux = found.at(time)
        for row, expected in ((flux.equations[0].rest, -points[:, 0] * np.sin(time)), (flux.boundary[0], -(time**2))):
            env = flux.form.environment(row, points, None, {})
            value = row.value(env | dict.fromkeys(row.jets, 0.0))[0]
            assert np.broadcast_to(value, 2) == pytest.approx(np.broadcast_to(expected, 2))


def test_data_on_grids_of_space_and_time_are_read_at_the_time():
    axes = [np.linspace(0, 1, 5), np.linspace(0, 1, 6), np.linspace(0, 3, 7)]
    grid = GridField(np.add.outer(np.add.outer(axes[0], 2 * axes[1]), 5 * axes[2]), axes)
    found = parted(dt(u) - div(a * grad(u)) - 1, EDGE, BEGIN, coefficients={a: grid})
    row = found.flux.equations[0].fluxes[0]
    env = found.at(2.0).form.environment(row, np.array([[0.5, 0.25]]), None, {})
    assert env[next(iter(row.data))] == pytest.approx(0.5 + 0.5 + 10)
    assert found.varies(row)
    assert not found.steady


def test_unknowns_on_parts_live_on_their_sections():
    left, right = (omega.where(side) for side in (x < Rational(1, 2), x > Rational(1, 2)))
    one, two = space.unknown("one", on=left), space.unknown("two", on=right)
    found = parted(
        On(left, dt(one) - laplace(one)), On(right, dt(two) - laplace(two)), On(left.region.boundary & left, one),
        On(right.region.boundary & right, two), On(omega.initial & left, one), On(omega.initial & right, two),
        unknowns=(one, two),
    )  # fmt: skip
    for unknown, expected in zip(found.flux.form.unknowns, ([True, False], [False, True]), strict=True):
        assert unknown.region.contains(np.array([[0.2, 0.5], [0.7, 0.5]])).tolist() == expected


def test_what_is_parted_is_a_form_in_space_of_its_own():
    found = parted(*HEAT)
    assert found.flux.form.evolves is None
    assert found.whole.evolves is not None
    assert flux_form(found.flux.form) is found.flux
    assert frozen(found.whole) is found


def test_conditions_are_numbered_among_those_that_are_left():
    found = parted(BEGIN, HEAT[0], MOVES, EDGE)
    assert [found.flux.form.conditions[row.condition].where for row in found.flux.form.rows] == [
        "omega",
        "omega.boundary",
    ]
    assert multiplied(found, 1) == ["u"]


# -- what varies

VARYING = {
    "plain": (HEAT, True, True),
    "source": ([Eq(dt(u), laplace(u) + sin(t)), EDGE, BEGIN], True, True),
    "wall": ([HEAT[0], On(omega.boundary, u - t), BEGIN], True, True),
    "slope": ([Eq(dt(u), laplace(u) + t * u), EDGE, BEGIN], True, False),
    "conductivity": ([Eq(dt(u), div((1 + t) * grad(u))), EDGE, BEGIN], True, False),
    "robin": ([HEAT[0], On(omega.boundary, space.dn(u) + (2 + sin(t)) * u), BEGIN], True, False),
    "rest": ([Eq(dt(u), laplace(u) - u**3), EDGE, BEGIN], False, False),
    "flux": ([Eq(dt(u), div((1 + u**2) * grad(u))), EDGE, BEGIN], False, False),
}


@pytest.mark.parametrize("name", VARYING)
def test_steady_is_what_has_slopes_that_stay(name):
    conditions, linear, steady = VARYING[name]
    found = parted(*conditions)
    assert (found.linear, found.steady) == (linear, steady)


def test_what_is_given_may_vary_though_slopes_stay():
    found = parted(dt(u) - laplace(u) + u.diff(x) - cos(t), On(omega.boundary, u - x), BEGIN)
    rest, (wall, *_) = found.flux.equations[0].rest, found.flux.boundary
    assert found.varies(rest)
    assert not found.varies(wall)
    assert found.keeps_slopes(rest)
    assert found.keeps_slopes(wall)


def test_slopes_by_gradients_alone_are_those_of_what_is_carried():
    cubic, carried, wind = (
        parted(dt(u) - laplace(u) + term, EDGE, BEGIN).flux.equations[0].rest
        for term in (u**3, u * u.diff(x), t * u.diff(x))
    )
    found = parted(*HEAT)
    assert [found.keeps_slopes(row) for row in (cubic, carried, wind)] == [False, False, False]
    assert [found.keeps_slopes(row, gradients=True) for row in (cubic, carried, wind)] == [True, False, False]


# -- what is refused

STILL = Space("x y")
n, q = STILL.unknown("n"), Space(time="s").unknown("q")
LATER = t >= 1


@pytest.mark.parametrize(
    ("reason", "conditions", "more"),
    [
        ("coefficients are learned", [dt(u) - div(a * grad(u)), EDGE, BEGIN], {"coefficients": {a: Learned()}}),
        ("no equation inside holds a derivative in time", [laplace(u) - 1, EDGE], {}),
        ("on omega.face(x, 0) the condition is periodic",
         [HEAT[0], On(omega.face(x, 0), Periodic(u, x)), On(omega.face(y, 0), u), On(omega.face(y, 1), u), BEGIN], {}),
        ("on omega.boundary.where(t >= 1) the condition does not hold at all times",
         [HEAT[0], On(omega.boundary.where(LATER), u), On(omega.boundary.where(~LATER), u - 1), BEGIN], {}),
        ("on omega.final the condition does not hold at all times", [HEAT[0], EDGE, On(omega.final, u - 1)], {}),
        ("the condition does not hold at all times", [*HEAT, On(Points(space, [[0.5, 0.5, 1]], {"f": [1]}), u)], {}),
        ("holds a derivative in time, and no flux", [HEAT[0], On(omega.boundary, dt(u) + u), BEGIN], {}),
        ("holds a derivative in time, and no flux",
         [dt(u) + v.diff(x), dt(v) + u.diff(x), On(omega.boundary, dt(u) + u), On(omega.initial, U)],
         {"unknowns": (u, v)}),
        ("holds a derivative in time, and a flux that is not linear or varies",
         [dt(u) - div((1 + u**2) * grad(u)), On(omega.boundary, dt(u) + (1 + u**2) * space.dn(u)), BEGIN], {}),
        ("holds a derivative in time, and a flux that is not linear or varies",
         [HEAT[0], On(omega.boundary, dt(u) + (1 + t) * space.dn(u)), BEGIN], {}),
        ("on omega.boundary the condition is of higher order in time than the equations",
         [HEAT[0], On(omega.boundary, dt(u, 2) + space.dn(u)), BEGIN], {}),
        ("on omega the condition holds an integral", [dt(u) - laplace(u) + omega.integral(u), EDGE, BEGIN], {}),
        ("on omega a derivative in time stands under one in space", [dt(u - laplace(u)) - laplace(u), EDGE, BEGIN], {}),
        ("a derivative in time stands under one in space", [dt(u) + u.diff(x, t) - laplace(u), EDGE, BEGIN], {}),
        ("on omega the equation is of order 3 in time", [dt(u, 3) - laplace(u), EDGE, BEGIN, MOVES], {}),
        ("multiplied by is not known, or varies with time", [dt(u**2) - laplace(u), EDGE, BEGIN], {}),
        ("multiplied by is not known, or varies with time", [dt(u) ** 2 - laplace(u), EDGE, BEGIN], {}),
        ("multiplied by is not known, or varies with time", [sqrt(1 + dt(u)) - laplace(u), EDGE, BEGIN], {}),
        ("multiplied by is not known, or varies with time", [(1 + t) * dt(u) - laplace(u), EDGE, BEGIN], {}),
        ("nothing says what u begins with", [HEAT[0], EDGE], {}),
        ("nothing says what the rate of u begins with", [dt(u, 2) - laplace(u), EDGE, BEGIN], {}),
        ("nothing says what v begins with", [*STOKES[:3], On(omega.initial, u)], {"unknowns": (u, v, p)}),
        ("on omega.initial the condition gives no single value", [HEAT[0], EDGE, On(omega.initial, u**2 - 1)], {}),
        ("on omega.initial the condition gives no single value", [HEAT[0], EDGE, On(omega.initial, u.diff(x))], {}),
        ("on omega the equation is of order 4", [dt(u) + laplace(laplace(u)), EDGE, BEGIN], {}),
        ("no equation is of second order", [dt(u) + u * u.diff(x), On(omega.face(x, 0), u), BEGIN], {}),
        ("not every equation gives the rate of an unknown",
         [dt(u) + v.diff(x), dt(u) + u.diff(y), dt(v) + dt(p), *(On(omega.initial, each) for each in (u, v, p))],
         {"unknowns": (u, v, p)}),
        ("differ in number: 2 and 1", [*HEAT, dt(v) - u, On(omega.initial, v)], {"unknowns": (u, v)}),
    ],
)  # fmt: skip
def test_the_reason_why_a_form_is_not_parted(reason, conditions, more):
    assert reason in why(*conditions, **more)


def test_a_region_that_changes_with_time_is_named():
    late = Region(space, Interval(0, Rational(1, 2)) ** 2 * Interval(1, 3))
    rest = omega - late
    found = why(On(rest, dt(u) - laplace(u)), On(rest.boundary, u), On(rest.initial, u))
    assert found == "rest changes with time"


def test_forms_without_a_time_or_without_space_are_none():
    square = Region(STILL, Interval(0, 1) ** 2)
    still = compile_problem(Problem("p", [n], [On(square, STILL.laplace(n)), On(square.boundary, n)]))
    (s,) = q.args
    run = Region(Space(time="s"), Interval(0, 1))
    alone = compile_problem(Problem("p", [q], [On(run, q.diff(s) + q), On(run.initial, q - 1)]))
    for form in (still, alone):
        assert frozen(form) == "there is no evolution of fields in space"
