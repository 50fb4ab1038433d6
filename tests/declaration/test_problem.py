"""Problems: what is kept, and that whatever is wrong with one is said with its name, its place and how to mend it."""

import numpy as np
import pytest
import sympy
from sympy import Derivative, DiracDelta, Eq, Function, I, Interval, Matrix, Symbol, exp, sin, symbols

from inrpde import GridField, Learned, On, Periodic, Points, Problem, Region, Space
from inrpde.errors import ProblemError

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
w = space.unknown("w", complex=True)
a, nu = space.coefficient("a", positive=True), space.parameter("nu")
omega = Region(space, Interval(0, 1) ** 2)
walls = omega.boundary
sensors = Points(space, np.array([[0.1, 0.2], [0.3, 0.4]]), {"reading": np.array([1.0, 2.0])})


def poisson(*conditions, unknowns=(u,), **more):
    return Problem("p", list(unknowns), [On(omega, Eq(-space.laplace(u), 1)), On(walls, Eq(u, 0)), *conditions], **more)


# -- what is kept


def test_a_problem_keeps_what_it_is_given():
    problem = poisson(
        On(omega, Eq(a * v, nu)), unknowns=(u, v), coefficients={a: 1 + x, nu: 2}, exact={u: 0}, guess={v: x}
    )
    assert problem.space is space
    assert problem.unknowns == (u, v)
    assert len(problem.conditions) == 3
    assert dict(problem.coefficients) == {a: 1 + x, nu: 2}
    assert dict(problem.exact) == {u: 0}
    assert dict(problem.guess) == {v: x}
    assert problem.warnings == ()


def test_a_problem_cannot_be_changed():
    problem = poisson()
    with pytest.raises(AttributeError):
        problem.name = "q"
    with pytest.raises(TypeError):
        problem.settings["solver.width"] = 3


@pytest.mark.parametrize(
    "unknowns", [[u, v], (u, v), Matrix([u, v]), [(u, v)], iter([u, v])], ids=lambda g: type(g).__name__
)
def test_unknowns_come_in_any_shape(unknowns):
    assert Problem("p", unknowns, [On(omega, Matrix([u - 1, v]))]).unknowns == (u, v)


def test_one_unknown_and_one_condition_need_no_list():
    problem = Problem("p", u, On(omega, u - 1))
    assert problem.unknowns == (u,)
    assert len(problem.conditions) == 1
    assert len(Problem("p", u, (On(omega, u - k) for k in (1, 1))).conditions) == 2


def test_plain_functions_and_coefficients_of_unknowns_are_taken():
    f = Function("f")(x, y)
    assert Problem("p", [f], [On(omega, space.laplace(f) - f)]).unknowns == (f,)
    assert (
        poisson(On(omega, Eq(space.div(a * space.grad(u)), 1)), coefficients={a: 1 + u**2}).coefficients[a] == 1 + u**2
    )


def test_the_normal_is_bound_by_an_integral_over_a_boundary():
    flux = omega.face(x, 1).integral(space.dn(u))
    assert poisson(On(omega, Eq(space.laplace(u), flux)))


def test_a_label_may_enter_on_its_own_points():
    assert poisson(On(sensors, Eq(u, sensors["reading"])))
    assert poisson(On(omega, Eq(u, sensors.mean(sensors["reading"]))))


# -- what is wrong: (how it is made, what is said, where, how to mend it)

slit = GridField(np.ones((3, 3)), [np.linspace(0, 0.5, 3), np.linspace(0, 1, 3)])
wave = GridField(np.ones((3, 3)) * 1j, [np.linspace(0, 1, 3)] * 2)
s, speed = space.coefficient("s"), space.parameter("speed")
PLACE = "On(omega, "
BAD = {
    "an unknown symbol": (
        lambda: poisson(On(omega, Eq(u, Symbol("q")))),
        "the symbol q is unknown",
        PLACE,
        'space.parameter("q")',
    ),
    "an unknown symbol, almost a known one": (
        lambda: poisson(On(omega, speed * u + Symbol("sped")), coefficients={speed: 1}),
        "the symbol sped is unknown",
        PLACE,
        "did you mean speed",
    ),
    "another x": (
        lambda: poisson(On(omega, Eq(u, symbols("x")))),
        "x has the name of a coordinate and is another symbol",
        PLACE,
        "space.coords",
    ),
    "another nu": (
        lambda: poisson(On(omega, nu * u - Symbol("nu")), coefficients={nu: 1}),
        "nu has the name of a coefficient",
        PLACE,
        "space.parameter",
    ),
    "a coefficient never bound": (
        lambda: poisson(On(omega, Eq(a * u, 1))),
        "the coefficient a is never bound",
        PLACE,
        "coefficients={a: …}",
    ),
    "a coefficient never bound, without an unknown": (
        lambda: poisson(On(omega, Eq(a, 1))),
        "the coefficient a is never bound",
        PLACE,
        "coefficients={a: …}",
    ),
    "an equation without an unknown": (
        lambda: poisson(On(omega, x - 1)),
        "the equation x - 1 = 0 has no unknown",
        PLACE,
        "the unknowns are u",
    ),
    "a derivative by no coordinate, which sympy takes for zero": (
        lambda: poisson(On(omega, u.diff(symbols("t")) - 1)),
        "no unknown",
        PLACE,
        "a derivative by no coordinate is zero",
    ),
    "a derivative of symbolic order": (
        lambda: poisson(On(omega, u.diff((x, symbols("n"))))),
        "the symbol n is unknown",
        PLACE,
        "space.parameter",
    ),
    "a coefficient of other assumptions": (
        lambda: poisson(On(omega, space.coefficient("a") * u), coefficients={a: 1}),
        "a is not the symbol",
        PLACE,
        "one object throughout",
    ),
    "an unknown of other assumptions": (
        lambda: poisson(On(omega, v), unknowns=(u, space.unknown("v", complex=True))),
        "v is not the symbol",
        PLACE,
        "one object throughout",
    ),
    "an unknown elsewhere": (
        lambda: poisson(On(omega, u - u.subs(x, 0))),
        "u(0, y) is evaluated away",
        PLACE,
        "omega.face(x, 0)",
    ),
    "a derivative elsewhere": (
        lambda: poisson(On(omega, u - u.diff(x).subs(x, 0))),
        "another point (Subs)",
        PLACE,
        "Periodic",
    ),
    "a point source": (
        lambda: poisson(On(omega, u - DiracDelta(x))),
        "Dirac source",
        PLACE,
        "Gaussian",
    ),
    "a normal inside": (
        lambda: poisson(On(omega, space.dn(u))),
        "a normal (dn or space.normal) inside a region",
        PLACE,
        "omega.boundary",
    ),
    "a normal inside an integral over a volume": (
        lambda: poisson(On(walls, u - omega.integral(space.dn(u)))),
        "inside a region",
        "On(walls, ",
        "omega.boundary",
    ),
    "the normal of another space": (
        lambda: poisson(On(walls, u - Space("r").normal[0])),
        "the normal of another space",
        "On(walls, ",
        "one Space",
    ),
    "a label on other points": (
        lambda: poisson(On(omega, u - sensors["reading"])),
        "reading is a label of other points",
        PLACE,
        "On(points",
    ),
    "a complex equation": (
        lambda: poisson(On(omega, I * u - 1)),
        "the equation is complex and every unknown is real",
        PLACE,
        "complex=True",
    ),
    "a complex coefficient": (
        lambda: poisson(On(omega, a * u), coefficients={a: 1 + I * x}),
        "the coefficient a is complex",
        "coefficients={a: …}",
        "complex=True",
    ),
    "a complex field": (
        lambda: poisson(On(omega, a * u), coefficients={a: wave}),
        "the coefficient a is complex",
        "coefficients={a: …}",
        "complex=True",
    ),
    "axes that do not cover": (
        lambda: poisson(On(omega, a * u), coefficients={a: slit}),
        "the axes of a do not cover omega: x 0…0.5 of 0…1",
        "coefficients={a: …}",
        "extend the data",
    ),
    "axes that do not cover, inside another coefficient": (
        lambda: poisson(On(omega, a * u), coefficients={a: exp(s), s: slit}),
        "the axes of s do not cover omega",
        "coefficients={s: …}",
        "extend the data",
    ),
    "a field of another dimension": (
        lambda: poisson(On(omega, a * u), coefficients={a: GridField([1, 2], [[0, 1]])}),
        "a has 1 axes, and depends on 2 coordinates",
        "coefficients={a: …}",
        "one axis for each",
    ),
    "an array": (
        lambda: poisson(On(omega, a * u), coefficients={a: np.ones((3, 3))}),
        "neither an expression nor a number nor a field",
        "coefficients={a: …}",
        "GridField(values, axes)",
    ),
    "a matrix": (
        lambda: poisson(On(omega, a * u), coefficients={a: Matrix([1, 2])}),
        "neither an expression",
        "coefficients={a: …}",
        "expression",
    ),
    "a text": (
        lambda: poisson(On(omega, a * u), coefficients={a: "1 + x"}),
        "1 + x is neither an expression",
        "coefficients={a: …}",
        "expression",
    ),
    "a coefficient in terms of what is not bound": (
        lambda: poisson(On(omega, a * u), coefficients={a: s}),
        "the coefficient s is never bound",
        "coefficients={a: …}",
        "coefficients={s: …}",
    ),
    "a coefficient that is used nowhere": (
        lambda: poisson(coefficients={a: 1}),
        "the coefficient a appears in no equation",
        "coefficients=…",
        "same symbol",
    ),
    "a parameter bound to a field": (
        lambda: poisson(On(omega, nu * u), coefficients={nu: wave}),
        "nu is a parameter",
        "coefficients={nu: …}",
        "space.coefficient",
    ),
    "an unknown bound as a coefficient": (
        lambda: poisson(coefficients={u: 1}),
        "u is not a coefficient",
        "coefficients={u: …}",
        "space.coefficient",
    ),
    "coefficients in a list": (
        lambda: poisson(coefficients=[(a, 1)]),
        "coefficients must be a dict",
        "coefficients=…",
        "{u: …}",
    ),
    "exact for no unknown": (
        lambda: poisson(exact={v: x}),
        "exact is given for v, which is not an unknown",
        "exact=",
        "the unknowns are u",
    ),
    "exact that is no expression": (
        lambda: poisson(exact={u: np.sin}),
        "neither an expression nor a number",
        "exact={u: …}",
        "expression of the coordinates",
    ),
    "exact with an unknown symbol": (
        lambda: poisson(exact={u: sin(Symbol("k") * x)}),
        "the symbol k is unknown",
        "exact={u: …}",
        "space.parameter",
    ),
    "exact in terms of itself": (
        lambda: poisson(exact={u: 2 * u}),
        "u is an unknown itself",
        "exact={u: …}",
        "expression of the coordinates",
    ),
    "a guess with an unknown symbol": (
        lambda: poisson(guess={u: Symbol("k")}),
        "the symbol k is unknown",
        "guess={u: …}",
        "space.parameter",
    ),
    "no name": (lambda: Problem("", [u], [On(omega, u)]), "the name of a problem is a string", "Problem(", "poisson"),
    "a number for a name": (lambda: Problem(3, [u], [On(omega, u)]), "not 3", "Problem(", "poisson"),
    "no unknowns": (lambda: poisson(unknowns=()), "there are no unknowns", 'Problem("p", unknowns=', "space.unknown"),
    "an unknown that is none": (lambda: poisson(unknowns=(u, x)), "x is not an unknown", "unknowns=", "space.unknown"),
    "unknowns in a text": (
        lambda: Problem("p", "u", [On(omega, u)]),
        "u is not an unknown",
        "unknowns=",
        "space.unknown",
    ),
    "a number of unknowns": (
        lambda: Problem("p", 1, [On(omega, u)]),
        "1 is not an unknown",
        "unknowns=",
        "space.unknown",
    ),
    "an unknown of some coordinates": (
        lambda: Problem("p", [Function("f")(x)], [On(omega, Function("f")(x))]),
        "f(x) is not a function of x, y",
        "unknowns=",
        "all coordinates",
    ),
    "an unknown twice": (lambda: poisson(unknowns=(u, u)), "'u' is the name of two", "unknowns=", "its own name"),
    "an unknown and a coefficient of one name": (
        lambda: poisson(
            On(omega, u - Function("u", positive=True)(x, y)), coefficients={Function("u", positive=True)(x, y): 1}
        ),
        "'u' is the name of two",
        "unknowns=",
        "its own name",
    ),
    "an unknown without an equation": (
        lambda: poisson(unknowns=(u, v)),
        "the unknown v appears in no equation",
        "unknowns=",
        "remove it",
    ),
    "no conditions": (
        lambda: Problem("p", [u], []),
        "conditions must be On(region, equation), not an empty list",
        'Problem("p")',
        "On(omega",
    ),
    "a bare equation": (lambda: Problem("p", [u], [Eq(u, 1)]), "not Eq(u, 1)", 'Problem("p")', "On(omega"),
    "two spaces": (
        lambda: Problem("p", [u], [On(omega, u), On(Region(Space("r z"), Interval(0, 1) ** 2), u)]),
        "different spaces",
        "On(",
        "one Space",
    ),
    "a periodic condition on no unknown": (
        lambda: poisson(On(omega.face(x, 0), Periodic(v, x))),
        "Periodic(v, x) needs an unknown",
        "Periodic(v, x)",
        "Periodic(u, x)",
    ),
    "a periodic condition in no coordinate": (
        lambda: poisson(On(omega.face(x, 0), Periodic(u, nu))),
        "Periodic(u, nu) needs",
        "Periodic(u, nu)",
        "Periodic(u, x)",
    ),
    "an unbounded region": (
        lambda: Region(space, Interval(0, sympy.oo) ** 2),
        "the region is unbounded",
        "Region(",
        "cut it off",
    ),
}


@pytest.mark.parametrize(("make", "what", "where", "fix"), BAD.values(), ids=BAD)
def test_what_is_wrong(make, what, where, fix):
    with pytest.raises(ProblemError) as caught:
        make()
    error = caught.value
    assert what in error.what
    assert where in error.where
    assert fix in error.fix
    assert error.exit_code == 3
    assert all("\n" not in part for part in (error.where, error.fix))


def test_complex_is_right_where_an_unknown_is():
    equation = On(omega, Eq(a * w, I))
    assert Problem("p", [w], [equation], coefficients={a: 1 + I * x}).complex_unknowns == {w}
    assert Problem("p", [u, w], [On(omega, Eq(u, sympy.re(w))), On(omega, Eq(w, I))]).complex_unknowns == {w}


def test_an_equation_for_a_learned_coefficient_alone_is_one():
    assert poisson(On(omega, nu * u - 1), On(walls, nu - 2), coefficients={nu: Learned(1)})


# -- warnings


def test_no_condition_on_any_boundary_is_a_warning():
    alone = Problem("p", [u], [On(omega, Eq(space.laplace(u), 1))])
    assert "no condition on any boundary" in alone.warnings[0]
    algebraic = Problem("p", [u], [On(omega, Eq(u, 1))])
    assert algebraic.warnings == ()


def test_unevaluated_derivatives_stay_as_they_are():
    condition = On(omega, Eq(space.div(a * space.grad(u)), 0))
    problem = Problem("p", [u], [condition, On(walls, u)], coefficients={a: 1 + x})
    assert problem.conditions[0].residuals[0].has(Derivative(a * u.diff(x), x))
