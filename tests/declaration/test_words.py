"""Expressions in the user's own words."""

import pytest
from sympy import Derivative, Dummy, Eq, Function, Matrix, exp, sin, symbols

from inrpde import Space
from inrpde.declaration.words import words

space = Space("x y")
x, y = space.coords
u, a = space.unknown("u"), space.coefficient("a")


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (u, "u"),
        (u.diff(x, 2), "u_xx"),
        (u.diff(y, x), "u_xy"),
        (Derivative(a * Derivative(u, x), x), "(a*u_x)_x"),
        (Eq(u.diff(x), exp(x)), "Eq(u_x, exp(x))"),
        (u >= 0, "u >= 0"),
        (sin(u) + 1, "sin(u) + 1"),
        (Matrix([u, x]), "Matrix([u, x])"),
        (Matrix([[u, x], [1, y]]), "Matrix([[u, x], [1, y]])"),
        (Dummy("reading"), "reading"),
        (Function("f")(x), "f"),
        (symbols("n_x"), "n_x"),
        ([u, 2], "[u, 2]"),
        ((u.diff(x), "text"), "(u_x, text)"),
        ("text", "text"),
        (None, "None"),
    ],
)
def test_words(thing, said):
    assert words(thing) == said


def test_a_long_text_is_cut_in_the_middle():
    long = sum(x**k for k in range(60))
    text = words(long)
    assert len(text) <= 103
    assert text.startswith("x**59 + x**58")
    assert text.endswith("x**2 + x + 1")
    assert len(words(long, limit=None)) > 400
