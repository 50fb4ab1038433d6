"""Expressions and conditions as LaTeX: in the user's words, and never longer than a page."""

import pytest
from sympy import Eq, Interval, Matrix, exp, symbols

from inrpde import On, Periodic, Region, Space
from inrpde.declaration.latex import as_code, equation, latex

space = Space("x y")
x, y = space.coords
u, alpha = space.unknown("u"), space.coefficient("alpha")
omega = Region(space, Interval(0, 1) ** 2)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (u, "u"),
        (alpha**2 * u, r"\alpha^{2} u"),
        (u.diff(x, 2), r"\frac{\partial^{2}}{\partial x^{2}} u"),
        (exp(x) * y, r"y e^{x}"),
        (omega.integral(u), r"\int_{\Omega} u \,d\Omega"),
        (omega.mean(u), r"\frac{1}{|\Omega|} \int_{\Omega} u \,d\Omega"),
        ([u, x], r"\begin{gathered} u \\ x \end{gathered}"),
        ("a_b", r"\mathtt{a\_b}"),
    ],
)
def test_expressions(given, text):
    assert latex(given) == text


def test_what_is_asked_is_an_equation():
    assert equation(u - x) == "- x + u = 0"
    assert equation(Eq(u, x)) == "u = x"
    assert equation(u >= 0) == r"u \geq 0"
    assert equation(Matrix([u, x])).endswith(r"= \left[\begin{matrix}0\\0\end{matrix}\right]")
    assert equation([Eq(u, 1), u]) == r"\begin{gathered} u = 1 \\ u = 0 \end{gathered}"


def test_what_is_long_is_cut():
    long = sum(symbols("a:400"))
    assert len(latex(long)) < 200
    assert " … ".replace(" ", r"\ ") in latex(long)


def test_code_is_escaped():
    assert as_code("a.where(x_1 & y)") == r"\mathtt{a.where(x\_1\ \&\ y)}"


def test_a_condition_says_where_it_holds():
    wall = omega.face(x, 0)
    assert On(wall, Eq(u, y))._repr_latex_() == r"$\displaystyle u = y  \quad\text{on } \mathtt{wall}$"
    assert r"u \text{ is periodic in } x" in On(wall, Periodic(u, x))._repr_latex_()
