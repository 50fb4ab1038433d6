"""Equations become MathML that is well formed, in the user's words, without what browsers do not know."""

from xml.dom import minidom

import pytest
from sympy import Add, Eq, Function, I, Interval, Max, Mul, Piecewise, Rational, Symbol, conjugate, exp, sin

from inrpde import On, Problem, Region, Space, declared
from inrpde.errors import OutputError
from inrpde.export.report.typeset import equations, expression
from inrpde.export.symbols import dump

SPACE = Space("x y", time="t")
X, Y, T = SPACE.coords
U, V = SPACE.unknowns("u prey")
A = SPACE.coefficient("a")
CORE = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot"),
    *("mover", "munder", "mtable", "mtr", "mtd"),
}
"""Elements of MathML Core that the page may have."""


def text(node):
    """Fractions as (a)/(b), powers as a^b, all else as it stands."""
    if node.nodeType == node.TEXT_NODE:
        return node.data.replace("\u2062", " ").replace("\u2061", "")
    parts = [text(child) for child in node.childNodes]
    assert node.tagName in CORE, node.tagName
    sign = {"mfrac": ")/(", "msup": "^", "msub": "_"}.get(node.tagName)
    joined = sign.join(parts) if sign else "".join(parts)
    return f"({joined})" if node.tagName == "mfrac" else joined


def shown(relation, integrals=None):
    (pieces,) = equations([dump(relation)], integrals or {})
    return "".join(text(minidom.parseString(piece).documentElement) for piece in pieces)


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        (Eq(SPACE.dt(U), SPACE.div(A * SPACE.grad(U))),
         "(∂u)/(∂t)=(∂)/(∂x)(a (∂u)/(∂x))+(∂)/(∂y)(a (∂u)/(∂y))"),
        (Eq(U.diff(X, 2) / 100, 0), "(1)/(100) (∂^2u)/(∂x^2)=0"),
        (Eq(-U.diff(X), -1), "−(∂u)/(∂x)=−1"),
        (Eq(U - (X - Y), 0, evaluate=False), "−x+y+u=0"),
        (Eq(U, 2 * Symbol("nu_in") * V), "u=2·ν_in·prey"),
        (Eq(U, 1.5e-7), "u=1.5·10^-7"),
        (Eq(U, I * X), "u=i x"),
        (U <= 3, "u≤3"),
        (U > X, "u>x"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_written_is_shown(relation, expected):
    assert shown(relation) == expected


def test_a_sum_within_a_product_keeps_its_parentheses():
    assert shown(Eq(U, (X + 1) * U.diff(X))) == "u=(x+1) (∂u)/(∂x)"
    difference = Add(X, Mul(-1, Add(Y, U, evaluate=False), evaluate=False), evaluate=False)
    assert shown(Eq(V, difference, evaluate=False)) == "prey=x−(y+u)"


def test_cases_maxima_and_conjugates():
    made = shown(Eq(U, Piecewise((1, Rational(1, 2) > X), (X, True))))
    assert made == "u={1if x<(1)/(2)xotherwise"
    assert "max" in shown(Eq(U, Max(X, 0)))
    z = Function("z", complex=True)(X)
    assert shown(Eq(conjugate(z), 1)) == "z¯=1"


def test_a_long_sum_is_in_pieces_and_one_too_long_is_left_to_its_text():
    long = sum(exp(-n * T) * sin(n * X) for n in range(1, 9))
    (pieces,) = equations([dump(Eq(U, long))], {})
    assert len(pieces) == 9
    assert all(minidom.parseString(piece).documentElement.tagName == "math" for piece in pieces)
    assert len(equations([dump(Eq(U, X))], {})[0]) == 1
    assert equations([dump(Eq(U, sum(sin(n * X + Y) for n in range(200))))], {}) is None


def test_integrals_are_shown_with_their_region():
    omega = Region(SPACE, Interval(0, 1) ** 3)
    problem = Problem("p", [U], [On(omega, Eq(SPACE.dt(U), omega.integral(U**2)))])
    (told,) = declared.conditions(problem)
    (pieces,) = equations(told["rows"], told["integrals"])
    made = "".join(text(minidom.parseString(piece).documentElement) for piece in pieces)
    assert "∫" in made
    assert "u^2" in made
    assert "integral" not in made


def test_a_coefficient_is_an_equation_of_its_name():
    (piece,) = expression("a", 1 + X * Y / 2)
    assert text(minidom.parseString(piece).documentElement) in ("a=(x y)/(2)+1", "a=1+(x y)/(2)")


def test_a_strangers_text_is_refused():
    with pytest.raises(OutputError):
        equations(["__import__('os')"], {})
    with pytest.raises(OutputError):
        equations(["Equality(Symbol('<script>'), Integer(1))"], {})
