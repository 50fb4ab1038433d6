"""Conditions as MathML: derivatives as fractions, names as they are declared, and nothing that XML cannot hold."""

from xml.dom.minidom import parseString

import pytest
from sympy import Abs, Eq, Function, I, Interval, Matrix, Piecewise, Rational, Symbol, atan2, exp, sin, symbols

from inrpde import GridField, On, Periodic, Problem, Region, Space
from inrpde.declaration.mathml import mathml, typeset

space = Space("x y")
x, y = space.coords
u = space.unknown("u")
a = space.coefficient("a")
square = Region(space, Interval(0, 1) ** 2)


def text(made: str) -> str:
    """What is read, without the tags."""

    def of(node) -> str:
        return node.data if node.nodeType == node.TEXT_NODE else "".join(map(of, node.childNodes))

    return of(parseString(made).documentElement)


def test_a_derivative_is_a_fraction_with_the_order_on_the_coordinate():
    made = mathml(u.diff(x, 2, y))
    (fraction,) = parseString(made).getElementsByTagName("mfrac")
    assert [text(part.toxml()) for part in fraction.childNodes] == ["∂3u", "∂y∂x2"]
    assert mathml(u.diff(x, 2)) == (
        "<mfrac><mrow><msup><mo>∂</mo><mn>2</mn></msup><mi>u</mi></mrow>"
        "<mrow><mo>∂</mo><msup><mi>x</mi><mn>2</mn></msup></mrow></mfrac>"
    ).replace("∂", "&#8706;")


def test_a_derivative_in_time_alone_is_upright():
    run = Space(time="t")
    prey, hunters = run.unknowns("prey hunters")
    made = mathml(Eq(run.dt(prey), prey * hunters))
    assert '<mi mathvariant="normal">d</mi>' in made
    assert "<mi>hunters</mi><mspace" in made  # names of several letters stand apart
    assert text(made) == "dpreydt=huntersprey"


def test_the_flux_stands_in_brackets_and_a_power_of_a_derivative_too():
    assert text(mathml(space.div(a * space.grad(u)))) == "∂∂x(a∂u∂x)+∂∂y(a∂u∂y)"
    assert text(mathml(u.diff(x) ** 2)) == "(∂u∂x)2"
    assert text(mathml(2 * u.diff(x))) == "2∂u∂x"


def test_a_fraction_does_not_swallow_a_derivative():
    made = parseString(mathml(Rational(5, 12) * u.diff(x)))
    assert [text(each.toxml()) for each in made.getElementsByTagName("mfrac")] == ["512", "∂u∂x"]
    assert text(mathml(u - Rational(5, 12) * u.diff(x))) == "u−512∂u∂x"


@pytest.mark.parametrize(
    ("expr", "read"),
    [
        (I * exp(x) * sin(y), "iexsin(y)"),
        (atan2(y, x), "atan2(y,x)"),
        (Piecewise((1, x < 0.5), (Abs(y), True)), "{1where\xa0x<0.5|y|otherwise"),
        (Function("k", real=True)(x, y) ** 2, "k2"),
        (square.integral(u), f"∫{square.label}u"),
        (square.mean(u * x), f"⨍{square.label}xu"),
        (Matrix([u, 0]), "[u0]"),
    ],
)
def test_what_expressions_are_read_as(expr, read):
    assert text(f"<math>{mathml(expr)}</math>") == read


def test_what_is_too_long_is_cut_in_its_parts_alone():
    long = sum(Symbol(f"c{i}") * x**i for i in range(120))
    made = mathml(Eq(Matrix([u.diff(x), long]), Matrix([0, 1])))
    assert made.count("…") == 1
    assert "<mfrac>" in made
    assert "…" in mathml(long)
    assert mathml("<a & b>") == "<mtext>&lt;a &amp; b&gt;</mtext>"


def test_a_problem_with_its_sets_and_what_its_coefficients_are():
    problem = Problem(
        "made",
        unknowns=[u],
        conditions=[
            On(square, Eq(-space.div(a * space.grad(u)), 1)),
            On(square.face(x, 0), Periodic(u, x)),
            On(square.face(y, 0), u),
            On(square.face(y, 1), space.grad(u)),
        ],
        coefficients={a: 2 + x},
    )
    asked = typeset(problem)
    assert [text(made) for made, _ in asked] == [
        "−∂∂x(a∂u∂x)−∂∂y(a∂u∂y)=1",
        "u\xa0is periodic in\xa0x",
        "u=0",
        "[∂u∂x∂u∂y]=[00]",
        "a=x+2",
    ]
    assert [where for _, where in asked] == [*(condition.where for condition in problem.conditions), ""]


def test_data_are_named_by_their_kind():
    given = GridField([[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, 1.0]])
    problem = Problem("made", unknowns=[u], conditions=[On(square, Eq(u, a))], coefficients={a: given})
    assert text(typeset(problem)[1][0]) == "a=GridField"


def test_symbols_keep_their_names():
    assert text(mathml(symbols("x_1 alpha")[1] + symbols("x_1"))) == "α+x1"
