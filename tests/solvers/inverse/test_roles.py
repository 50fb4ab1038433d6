"""What is read, given, penalised and held of a problem with learned coefficients; is it linear in its fields?"""

import numpy as np
import pytest
from sympy import Eq, Interval, exp, sin

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.solvers.inverse.roles import Roles, families, held
from tests.solvers.inverse import problems

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
a, k = space.coefficient("a"), space.parameter("k")
omega = Region(space, Interval(0, 1) ** 2)
sensors = Points(space, np.array([[0.5, 0.5], [0.2, 0.7]]), {"f": np.array([1.0, 2.0])})
KNOWN = {a: Learned(1.0), k: Learned(2.0)}


def of(*conditions, unknowns=(u,)):
    holding = On(omega, Eq(space.laplace(u), a + k + v if v in unknowns else a + k))
    form = compile_problem(Problem("roles", list(unknowns), [holding, *conditions], KNOWN))
    roles = Roles.of(form)
    places = {"readings": roles.readings, "given": roles.given, "penalties": roles.penalties}
    named = {row.condition: name for name, rows in places.items() for row in rows}
    return form, roles, [named.get(number, "equations") for number in range(len(form.conditions))]


@pytest.mark.parametrize(
    ("condition", "role"),
    [
        (On(sensors, Eq(u, sensors["f"])), "readings"),
        (On(sensors, Eq(u.diff(x), sensors["f"])), "readings"),
        (On(omega, Eq(omega.integral(u), 3)), "readings"),
        (On(omega.boundary, Eq(a, x)), "given"),
        (On(sensors, Eq(a, sensors["f"])), "readings"),
        (On(omega.boundary, Eq(k, 3)), "given"),
        (On(omega, Eq(space.laplace(a), 0)), "penalties"),
        (On(omega, Eq(k, 3)), "penalties"),
        (On(omega.boundary, Eq(a**2, x)), "equations"),  # not linear: no given values
        (On(omega.boundary, Eq(u, a)), "equations"),
        (On(omega.boundary, Eq(u, 0)), "equations"),
    ],
)
def test_the_role_of_a_condition(condition, role):
    assert of(condition)[2] == ["equations", role]


def test_unknowns_are_fields_or_learned():
    form, roles, _ = of(On(omega, Eq(v, u)), unknowns=(u, v))
    assert [form.unknowns[number].name for number in roles.fields] == ["u", "v"]
    assert [form.unknowns[number].name for number in roles.learned] == ["a", "k"]


@pytest.mark.parametrize(
    ("equation", "linear"),
    [
        (Eq(space.div(a * space.grad(u)), exp(k * x)), True),
        (Eq(space.laplace(u), sin(a) * u + k**2), True),  # bent in what is learned alone
        (Eq(space.laplace(u), u**2 + a + k), False),
        (Eq(u * u.diff(x), a + k), False),
        (Eq(space.laplace(u), u * omega.integral(u) + a + k), False),
        (Eq(space.laplace(u), omega.integral(a * u) + k), True),
        (Eq(space.laplace(u), omega.integral(u**2) + a + k), False),
    ],
)
def test_linear_is_what_the_fields_are_and_not_what_is_learned(equation, linear):
    form = compile_problem(Problem("roles", [u], [On(omega, equation), On(omega.boundary, Eq(u, 0))], KNOWN))
    assert Roles.of(form).linear is linear


def test_an_equation_holds_the_unknowns_within_its_integrals_too():
    form, _, _ = of(On(omega, Eq(omega.integral(u * omega.integral(a)), 3)))
    (row,) = [row for row in form.rows if row.condition == 1]
    assert not row.jets
    assert held(form, row) == {number for number, each in enumerate(form.unknowns) if each.name in ("u", "a")}


def test_the_roles_of_the_problems_of_these_tests():
    roles = problems.setup(problems.of_field()).roles
    assert list(map(len, (roles.readings, roles.given, roles.penalties, roles.equations))) == [1, 1, 0, 2]
    assert not problems.setup(problems.of_reaction()).roles.linear


def families_of(problem):
    case = problems.setup(problem)
    return families(case.form, case.roles, case.samples, case.state.trials)


def test_fields_of_one_operator_are_a_family_and_those_of_another_frequency_another():
    found = families_of(problems.of_waves(frequencies=(3, 5), sources=3))
    assert [[each.fields for each in family] for family in found] == [
        [(0, 1), (2, 3), (4, 5)],
        [(6, 7), (8, 9), (10, 11)],
    ]
    assert Roles.of(compile_problem(problems.of_waves())).coupled == 2


def test_a_real_field_is_a_family_of_its_own_and_not_folded():
    ((alone,),) = families_of(problems.of_field())
    assert alone.fields == (0,)
    assert not alone.folded


def test_fields_that_are_not_linear_are_no_family():
    assert all(len(family) == 1 for family in families_of(problems.of_reaction()))
