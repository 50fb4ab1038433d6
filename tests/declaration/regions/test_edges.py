"""Edges in space at which a solid fills more than half of what is around."""

import pytest
from sympy import And, Interval, Or

from inrpde import Ball, Implicit, Region, Space
from inrpde.declaration.regions.edges import re_entrant

space = Space("x y z")
x, y, z = space.coords


def ball(*at):
    return Ball(space, at[:3], at[3])


def box(a, b):
    return Region(space, Interval(a, b) ** 3)


@pytest.mark.parametrize(
    ("solid", "found"),
    [
        (box(0, 1), False),
        (ball(0, 0, 0, 1), False),
        (ball(0, 0, 0, 1) - ball(0, 0, 0, 0.3), False),
        (ball(0, 0, 0, 1) & ball(1, 0, 0, 1), False),
        (box(0, 1) - ball(0, 0, 0, 0.5), False),
        (Implicit(space, And(x + y < 1, y + z < 1), within=box(0, 1)), False),
        (ball(0, 0, 0, 1) | ball(1, 0, 0, 1), True),
        (ball(0, 0, 0, 1) - box(-0.3, 0.3), True),
        (box(0, 1) - box(0.5, 1), True),
        (Implicit(space, Or(x + y < 1, y + z < 1), within=box(0, 1)), True),
    ],
)
def test_edges_that_are_re_entrant_are_found(solid, found):
    assert re_entrant(solid) is found
