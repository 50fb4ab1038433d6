"""What a careless or hostile problem file is told: in three parts, before the solve, and only what is proved."""

import numpy as np
import pytest
from sympy import (
    Abs,
    Contains,
    Derivative,
    DiracDelta,
    Eq,
    Function,
    Integral,
    Interval,
    Matrix,
    S,
    Symbol,
    Tuple,
    exp,
    nan,
    oo,
    zoo,
)  # fmt: skip

import inrpde
from inrpde import On, Problem, Region, Space
from inrpde.errors import ProblemError

space = Space("x")
(x,) = space.coords
u = space.unknown("u")
a = space.coefficient("a")
line = Region(space, Interval(0, 1))
LAPLACE = [On(line, Eq(space.laplace(u), 0)), On(line.boundary, Eq(u, 1))]


def with_coefficients(*keys, values=(2, 3)):
    product = np.prod([*keys, space.laplace(u)])
    bound = dict(zip(keys, values, strict=False))
    return Problem("p", [u], [On(line, Eq(product, 1)), On(line.boundary, Eq(u, 0))], coefficients=bound)


def named(name):
    v = Function(name, real=True)(x)
    return Problem("p", [v], [On(line, Eq(space.laplace(v), 0)), On(line.boundary, Eq(v, 1))])


REFUSED = {
    "two coefficients of one name": (
        lambda: with_coefficients(a, space.coefficient("a", positive=True)), "'a' is the name of two things",
    ),
    "a field and a number of one name": (
        lambda: with_coefficients(a, space.parameter("a")), "'a' is the name of two things",
    ),
    "a coefficient named as a coordinate": (lambda: with_coefficients(Symbol("x")), "a coordinate and a coefficient"),
    "a slash": (lambda: named("a/b"), "'a/b' is not a name"),
    "a dot": (lambda: named("."), "'.' is not a name"),
    "an empty name": (lambda: named(""), "'' is not a name"),
    "exact of another u": (lambda: Problem("p", [u], LAPLACE, exact={Function("u")(x): 1}), "not an unknown"),
    "nan": (lambda: with_coefficients(a, values=[nan]), "a is nan"),
    "oo": (lambda: with_coefficients(a, values=[x * oo]), "which is no number"),
    "zoo": (lambda: with_coefficients(a, values=[zoo]), "a is zoo"),
    "exact nan": (lambda: Problem("p", [u], LAPLACE, exact={u: nan}), "u is nan"),
    "an equation of nan": (lambda: On(line, space.laplace(u) + nan), "the equation has no value"),
    "==": (lambda: On(line, u == 0), "== asks whether two expressions are written alike"),
    "a setting's number": (lambda: Problem("p", [u], LAPLACE, settings={1: 3}), "the key 1 is no string"),
    "a setting's name": (lambda: Problem("p", [u], LAPLACE, settings={"solver.widht": 3}), "no setting"),
    "two lines": (lambda: Problem("a\nb", [u], LAPLACE), "the name of a problem"),
    "a surrogate": (lambda: Problem("a\udc80", [u], LAPLACE), "the name of a problem"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "what"), REFUSED.values(), ids=REFUSED)
def test_a_declaration_that_means_nothing_is_refused_when_it_is_made(make, what):
    with pytest.raises(ProblemError) as caught:
        make()
    assert what in caught.value.what
    assert caught.value.where
    assert caught.value.fix


@pytest.mark.parametrize(
    "relation",
    [
        u > 0, Eq(u.diff(x), 0), Function("f")(x) < 1, Symbol("q") < 1, Contains(x, S.Rationals), DiracDelta(x) > 0,
        Contains(Tuple(x, x), Interval(0, 1) ** 2), Derivative(x**2, x) > 0.2, Integral(exp(-(x**2)), (x, 0, x)) > 1,
        x > 10**400, Eq(Matrix([x]), Matrix([0])), "x < 1", "x <", None, 3, [x < 1],
    ],
    ids=str,
)  # fmt: skip
def test_what_selects_points_is_a_relation_of_the_coordinates(relation):
    for make in (line.where, line.boundary.where):
        with pytest.raises(ProblemError) as caught:
            make(relation)
        assert caught.value.where
        assert caught.value.fix


def test_the_parts_of_a_complex_unknown_take_no_name_of_another():
    """Both are solved, though the parts of z would be called z_re and z_im."""
    z, w, v = space.unknown("z", complex=True), space.unknown("z_re"), space.coefficient("z_im")
    problem = Problem(
        "p", [z, w],
        [
            On(line, Eq(space.laplace(z) + Abs(z) ** 2 * z, v * w)), On(line, Eq(space.laplace(w), 0)),
            On(line.boundary, Eq(z, 1)), On(line.boundary, Eq(w, 2)),
        ],
        coefficients={v: inrpde.GridField([0.5, 0.5], [[0, 1]])}, exact={z: 1, w: 2},
    )  # fmt: skip
    solution = inrpde.solve(problem)
    assert set(solution.fields) == {"z", "z_re"}
    for name in ("z", "z_re"):
        field = solution.report["fields"][name]
        assert field["exact"]["rel_l2"] < 1e-9
        assert field["reference"]["rel_l2"] < 1e-6
