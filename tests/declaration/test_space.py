"""Coordinates, symbols, and the differential operators against sympy's own derivatives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Derivative, Function, Interval, Matrix, Rational, Symbol, cos, exp, sin, symbols, zeros

from inrpde import Region, Space
from inrpde.errors import ProblemError

PLANE, BODY = Space("x y"), Space("x y z")
X, Y, Z = BODY.coords
POWERS = st.tuples(*[st.integers(0, 3)] * 3)


few = settings(max_examples=12)


@st.composite
def fields(draw):
    """A monomial and a wave in x, y, z."""
    (i, j, m), (a, b, c) = draw(POWERS), draw(POWERS)
    return draw(st.integers(-3, 3)) * X**i * Y**j * Z**m + sin(a * X + b * Y + c * Z + 1)


def same(left, right) -> bool:
    """Equal at a point, to thirty digits."""
    gap = Matrix([left - right]).subs({X: Rational(1, 3), Y: Rational(-2, 7), Z: Rational(5, 11)}).evalf(30, chop=True)
    return all(abs(entry.subs(dict(zip(BODY.normal, (1, 2, 3), strict=True)))) < 1e-25 for entry in gap)


# -- coordinates


def test_coordinates_are_real_symbols_with_the_time_last():
    space = Space("x, y", time="t")
    assert space.coords == symbols("x y t", real=True)
    assert space.spatial == space.coords[:2]
    assert space.time == space.coords[2]
    assert space.dim == 3


def test_a_time_may_be_the_only_coordinate():
    for space in (Space(time="t"), Space("", time="t"), Space([], time="t")):
        assert space.coords == (space.time,) == symbols("t,", real=True)
        assert (space.spatial, space.dim, repr(space)) == ((), 1, 'Space(time="t")')
        u = space.unknown("u")
        assert space.dt(u, 2) == u.diff(space.time, 2)


def test_names_may_come_one_by_one():
    assert Space(["r", "z"]).coords == symbols("r z", real=True)


def test_a_space_without_time_has_none():
    assert PLANE.time is None
    assert PLANE.spatial == PLANE.coords


@pytest.mark.parametrize(
    ("names", "time", "said"),
    [
        ("", None, "''"),
        ("x 2y", None, "'2y'"),
        ("x", "2t", "'2t'"),
        ("x x", None, "twice"),
        ("x t", "t", "twice"),
        (3, None, "3"),
        (["x", 2], None, "2"),
    ],
)
def test_a_name_that_is_none_is_said(names, time, said):
    with pytest.raises(ProblemError, match=said) as caught:
        Space(names, time=time)
    assert "Space(" in caught.value.where
    assert caught.value.fix


# -- symbols


def test_unknowns_are_real_functions_of_all_coordinates():
    space = Space("x y", time="t")
    u, v = space.unknowns("u v")
    assert u.args == v.args == space.coords
    assert u.is_real
    assert u.func.__name__ == "u"


def test_a_complex_unknown_is_not_real():
    u = PLANE.unknown("u", complex=True)
    assert u.is_complex
    assert u.is_real is None


def test_coefficients_and_parameters_keep_their_assumptions():
    assert PLANE.coefficient("a", positive=True).is_positive
    assert PLANE.coefficient("a").is_real
    assert PLANE.coefficient("a", complex=True).is_real is None
    assert PLANE.parameter("nu", positive=True).is_positive


def test_an_unknown_may_live_on_a_region():
    space = Space("x")
    line = Region(space, Interval(0, 1))
    u, v = space.unknown("u", on=line), space.unknown("v")
    assert space.domains == {u: line}
    assert v not in space.domains


@pytest.mark.parametrize("make", ["unknown", "coefficient", "parameter"])
@pytest.mark.parametrize(("name", "said"), [("x", "already a coordinate"), ("2u", "not a name"), ("a b", "not a name")])
def test_names_of_symbols_are_checked(make, name, said):
    with pytest.raises(ProblemError, match=said) as caught:
        getattr(PLANE, make)(name)
    assert repr(name) in caught.value.what


# -- operators on known expressions


@few
@given(fields())
def test_operators_on_known_expressions(f):
    assert tuple(BODY.grad(f)) == (f.diff(X), f.diff(Y), f.diff(Z))
    assert same(BODY.div(BODY.grad(f)), f.diff(X, 2) + f.diff(Y, 2) + f.diff(Z, 2))
    assert same(BODY.laplace(f), BODY.div(BODY.grad(f)))
    assert same(BODY.dn(f), sum(n * f.diff(x) for n, x in zip(BODY.normal, BODY.coords, strict=True)))


@few
@given(fields(), fields(), fields())
def test_identities_of_vector_analysis(f, g, h):
    v = Matrix([f, g, h])
    assert same(BODY.curl(BODY.grad(f)), zeros(3, 1))
    assert same(BODY.div(BODY.curl(v)), 0)
    assert same(BODY.curl(BODY.curl(v)), BODY.grad(BODY.div(v)) - BODY.laplace(v))


def test_the_curl_in_the_plane():
    x, y = PLANE.coords
    f, v = x**2 * y, Matrix([-(y**3), x**2])
    assert PLANE.curl(f) == Matrix([x**2, -2 * x * y])
    assert PLANE.curl(v) == 2 * x + 3 * y**2


def test_the_gradient_of_a_vector_is_its_jacobian_and_a_tensor_has_a_divergence_a_row():
    x, y = PLANE.coords
    v = Matrix([x * y, sin(x)])
    assert PLANE.grad(v) == Matrix([[y, x], [cos(x), 0]])
    assert PLANE.div(PLANE.grad(v)) == PLANE.laplace(v) == Matrix([0, -sin(x)])
    assert PLANE.dn(v) == PLANE.grad(v) * PLANE.normal


def test_all_but_dt_are_spatial():
    space = Space("x y", time="t")
    x, y, t = space.coords
    f = x**2 * y * exp(3 * t)
    assert len(space.normal) == 2
    assert tuple(space.grad(f)) == (f.diff(x), f.diff(y))
    assert space.laplace(f) == f.diff(x, 2)
    assert space.dt(f) == 3 * f
    assert space.dt(Matrix([f, t]), 2) == Matrix([9 * f, 0])


# -- operators on unknowns


@few
@given(fields())
def test_operators_on_an_unknown_become_those_on_what_is_put_in(f):
    u = BODY.unknown("u")
    for operator in (BODY.laplace, BODY.dn, lambda g: BODY.div(exp(X) * BODY.grad(g))):
        assert same(operator(u).subs(u, f).doit(), operator(f))


def test_the_divergence_keeps_the_flux():
    x, y = PLANE.coords
    u, a = PLANE.unknown("u"), PLANE.coefficient("a")
    form = PLANE.div(a * PLANE.grad(u))
    assert form == Derivative(a * Derivative(u, x), x) + Derivative(a * Derivative(u, y), y)
    assert form.doit() == (a * u.diff(x)).diff(x) + (a * u.diff(y)).diff(y)


def test_derivatives_are_the_same_in_whatever_order_they_are_taken():
    x, y = PLANE.coords
    u = PLANE.unknown("u")
    mixed = PLANE.grad(PLANE.grad(u))
    assert mixed[0, 1].doit() == mixed[1, 0].doit() == u.diff(x, y)


def test_plain_functions_are_taken_too():
    x, y = PLANE.coords
    f = Function("f")(x, y)
    assert PLANE.laplace(f) == f.diff(x, 2) + f.diff(y, 2)


# -- what cannot be


@pytest.mark.parametrize(
    "act",
    [
        lambda: PLANE.div(Matrix([1, 2, 3])),
        lambda: PLANE.div(PLANE.unknown("u")),
        lambda: PLANE.curl(Matrix([1, 2, 3])),
        lambda: Space("x").curl(Symbol("c")),
        lambda: PLANE.dt(PLANE.unknown("u")),
    ],
    ids=[
        "div of three in the plane",
        "div of a scalar",
        "curl of three in the plane",
        "curl on a line",
        "dt without time",
    ],
)
def test_operators_on_the_wrong_thing(act):
    with pytest.raises(ProblemError) as caught:
        act()
    assert caught.value.where.split("(")[0] in ("div", "curl", "dt")
    assert "(x, y)" not in caught.value.where
    assert caught.value.fix
