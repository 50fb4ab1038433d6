"""A problem in a notebook: its conditions typeset, and a picture of their regions."""

from xml.etree import ElementTree

import numpy as np
from sympy import Eq, Interval

from inrpde import GridField, On, Problem, Region, Space

space = Space("x y")
x, y = space.coords
u, a, b = space.unknown("u"), space.coefficient("a"), space.coefficient("b")
omega = Region(space, Interval(0, 1) ** 2)
AXIS = np.linspace(0, 1, 3)
problem = Problem(
    "a < b",
    [u],
    [On(omega, Eq(space.div(a * space.grad(u)), b)), On(omega.boundary, Eq(u, 0))],
    coefficients={a: 1 + x, b: GridField(np.ones((3, 3)), [AXIS, AXIS])},
)


def test_every_condition_and_coefficient_has_its_line():
    text = problem._repr_latex_()
    assert text.startswith(r"$\displaystyle \begin{aligned} & ")
    assert text.count(r" \\ ") == 3
    for part in (r"& \quad\text{on } \mathtt{omega}", "u = 0 &", "a = x + 1 &", r"b = \mathtt{GridField} &"):
        assert part in text


def test_the_page_shows_equations_and_regions():
    page = problem._repr_html_()
    root = ElementTree.fromstring(page)
    assert root.find("strong").text == "a < b"
    assert root.find("p").text == problem._repr_latex_()
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["x 0…1, y 0…1", "omega", "omega.boundary"]


def test_a_region_of_which_nothing_is_left_is_named():
    empty = Problem("empty", [u], [On(omega.where(x > 2), Eq(u, 0))])
    page = empty._repr_html_()
    assert "<svg" not in page
    assert "empty" in page
