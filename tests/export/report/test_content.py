"""Equations that a file keeps are typeset as they were declared, and a stranger's text is refused."""

from xml.dom import minidom

import pytest
from sympy import Eq, Interval, sin

from inrpde import On, Problem, Region, Space, declared
from inrpde.declaration.mathml import periodic, pieces
from inrpde.errors import OutputError
from inrpde.export.report.content import typeset

SPACE = Space("x y", time="t")
X, Y, T = SPACE.coords
U = SPACE.unknown("u")
OMEGA = Region(SPACE, Interval(0, 1) ** 3)


def kept(asked):
    (told,) = declared.conditions(Problem("p", [U], [On(OMEGA, asked)]))
    return told


@pytest.mark.parametrize(
    "asked",
    [Eq(SPACE.dt(U), SPACE.laplace(U)), Eq(U, Y * sin(X) / 2), U <= 3, Eq(SPACE.dt(U), OMEGA.integral(U**2))],
    ids=str,
)
def test_what_is_read_back_is_shown_as_it_was_declared(asked):
    assert typeset(kept(asked)) == [pieces(asked)]


def test_what_is_periodic_is_said():
    assert typeset(kept(U) | {"periodic": ["u", "x"]}) == [[periodic(U, X)]]


def test_integrals_over_some_coordinates_name_them():
    told = kept(Eq(U, OMEGA.mean(U * X)))
    (integral,) = told["integrals"].values()
    integral["over"] = ["x", "y"]
    (made,) = typeset(told)
    assert "∫" in made[0]
    assert '<mi mathvariant="normal">d</mi><mi>x</mi><mi mathvariant="normal">d</mi><mi>y</mi>' in made[0]


def test_one_row_that_is_too_long_leaves_all_to_the_text():
    assert typeset(kept([U - X, U - sum(sin(n * X + Y) for n in range(200))])) == []
    assert len(typeset(kept([U - X, U - Y]))) == 2


def test_a_strangers_text_is_refused_or_escaped():
    told = kept(Eq(U, X))
    for text in ("__import__('os')", "Equality(Symbol('<script>'), Integer(1))"):
        with pytest.raises(OutputError):
            typeset(told | {"rows": [text]})
    ((made,),) = typeset(told | {"periodic": ["<script>", "x"]})
    assert minidom.parseString(made).getElementsByTagName("mi")[0].firstChild.data == "<script>"
