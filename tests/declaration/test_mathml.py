"""Equations as MathML: well formed, in the user's words, of elements that browsers know; long ones in pieces."""

from xml.dom.minidom import parseString

import pytest
from sympy import (
    Abs,
    Add,
    Eq,
    Function,
    I,
    Interval,
    Matrix,
    Max,
    Mul,
    Piecewise,
    Rational,
    Symbol,
    atan2,
    conjugate,
    exp,
    sin,
    sqrt,
    symbols,
)

from inrpde import GridField, On, Periodic, Problem, Region, Space
from inrpde.declaration.mathml import mathml, pieces, typeset

space = Space("x y", time="t")
x, y, t = space.coords
u, prey = space.unknowns("u prey")
a = space.coefficient("a")
z = Function("z", complex=True)(x)
box = Region(space, Interval(0, 1) ** 3)
CORE = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot"),
    *("mover", "munder", "mtable", "mtr", "mtd"),
}
"""Elements of MathML Core that may be there."""
OTHERS = [f"c{i}" for i in range(120)]
LONG = sum(Symbol(name) * x**i for i, name in enumerate(OTHERS))


def text(node) -> str:
    """What is read: fractions as (a)/(b), powers as a^b, factors apart, all else as it stands."""
    if isinstance(node, str):
        return text(parseString(node).documentElement)
    if node.nodeType == node.TEXT_NODE:
        return node.data.replace("\u2062", " ").replace("\u2061", "")
    assert node.tagName in CORE, node.tagName
    sign = {"mfrac": ")/(", "msup": "^", "msub": "_"}.get(node.tagName, "")
    joined = sign.join(map(text, node.childNodes))
    return f"({joined})" if node.tagName == "mfrac" else joined


@pytest.mark.parametrize(
    ("thing", "read"),
    [
        (u.diff(x, 2, y), "(∂^3u)/(∂y∂x^2)"),
        (space.div(a * space.grad(u)), "(∂)/(∂x)(a (∂u)/(∂x))+(∂)/(∂y)(a (∂u)/(∂y))"),
        (u.diff(x) ** 2, "((∂u)/(∂x))^2"),
        (2 * u.diff(x), "2 (∂u)/(∂x)"),
        (u - Rational(5, 12) * u.diff(x), "u−(5)/(12) (∂u)/(∂x)"),
        ((u.diff(x) + u.diff(y)) * a, "a ((∂u)/(∂x)+(∂u)/(∂y))"),
        (u.diff(x) / sqrt(1 + u.diff(x) ** 2), "((∂u)/(∂x))/(((∂u)/(∂x))^2+1)"),
        (-u.diff(x) / 4 * u.diff(y), "−(1)/(4) (∂u)/(∂x) (∂u)/(∂y)"),
        (prey * u.diff(x), "prey·(∂u)/(∂x)"),
        (2 * Symbol("nu_in") * prey**2, "2·ν_in·prey^2"),
        (2 * Symbol("alpha") * Symbol("x_1"), "2 α x_1"),
        (I * exp(x) * sin(y), "i e^x sin(y)"),
        (atan2(y, x), "atan2(y,x)"),
        (Max(x, 0), "max(0,x)"),
        (conjugate(z), "z¯"),
        (Function("k", real=True)(x, y) ** 2, "k^2"),
        (1.5e-7 * x - 2.0, "1.5·10^−7 x−2"),
        ((x + 1) * u.diff(x), "(x+1) (∂u)/(∂x)"),
        (Add(x, Mul(-1, Add(y, u, evaluate=False), evaluate=False), evaluate=False), "x−(y+u)"),
        (Mul(-1, x - y, evaluate=False), "−(x−y)"),
        (Piecewise((1, x < 0.5), (Abs(y), True)), "{1if\xa0x<0.5|y|otherwise"),
        (box.integral(u + x), f"∫{box.label}(x+u)dΩ"),
        (2 * box.mean(u * x), f"2 (1)/(|{box.label}|)∫{box.label}x udΩ"),
        (Matrix([u, -1]), "[u−1]"),
        (Eq(u - (x - y), -1, evaluate=False), "−x+y+u=−1"),
        (u <= 3, "u≤3"),
        (u > x, "u>x"),
    ],
    ids=str,
)
def test_what_is_written_is_read(thing, read):
    assert text(f"<math>{mathml(thing)}</math>") == read


def test_a_derivative_in_time_alone_is_upright():
    run = Space(time="t")
    hares = run.unknown("hares")
    made = mathml(Eq(run.dt(hares), hares))
    assert '<mi mathvariant="normal">d</mi>' in made
    assert text(made) == "(dhares)/(dt)=hares"


def test_a_sum_is_in_pieces_when_it_is_long():
    terms = [exp(-n * t) * sin(n * x) for n in range(1, 9)]
    made = pieces(Eq(u, sum(terms)))
    assert len(made) == 1 + len(terms)
    assert [parseString(piece).documentElement.tagName for piece in made] == ["math"] * len(made)
    assert list(map(text, pieces(Eq(u, x)))) == ["u=x"]


def test_what_is_too_long_is_cut_in_its_parts_alone_and_has_no_pieces():
    made = mathml(Eq(Matrix([u.diff(x), LONG]), Matrix([0, 1])))
    assert made.count("…") == 1
    assert "<mfrac>" in made
    assert "…" in mathml(LONG)
    assert text(mathml(Eq(LONG, u.diff(x)))).endswith("=(∂u)/(∂x)")
    assert mathml("<a & b>") == "<mtext>&lt;a &amp; b&gt;</mtext>"
    assert pieces(Eq(u, LONG)) == []


def test_a_problem_with_its_sets_and_what_its_coefficients_are():
    problem = Problem(
        "made",
        unknowns=[u],
        conditions=[
            On(box, Eq(-space.div(a * space.grad(u)), 1)),
            On(box.face(x, 0), Periodic(u, x)),
            On(box.face(y, 0), u),
            On(box.face(y, 1), space.grad(u)),
            On(box.initial, [u, u - x]),
        ],
        coefficients={a: 2 + x},
    )
    asked = typeset(problem)
    assert [text(made) for made, _ in asked] == [
        "−(∂)/(∂x)(a (∂u)/(∂x))−(∂)/(∂y)(a (∂u)/(∂y))=1",
        "u\xa0is periodic in\xa0x",
        "u=0",
        "[(∂u)/(∂x)(∂u)/(∂y)]=[00]",
        "u=0−x+u=0",
        "a=x+2",
    ]
    assert [where for _, where in asked] == [*(condition.where for condition in problem.conditions), ""]


def test_data_are_named_by_their_kind():
    axes = [[0.0, 1.0]] * 3
    given = GridField([[[1.0, 2.0], [3.0, 4.0]]] * 2, axes)
    problem = Problem("made", unknowns=[u], conditions=[On(box, Eq(u, a))], coefficients={a: given})
    assert text(typeset(problem)[1][0]) == "a=GridField"


def test_symbols_keep_their_names():
    assert text(mathml(symbols("x_1 alpha")[1] + symbols("x_1"))) == "α+x_1"
