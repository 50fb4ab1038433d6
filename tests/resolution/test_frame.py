"""Charts of regions in the unit cube."""

import numpy as np
from sympy import Interval

from inrpde import Ball, Region, Space
from inrpde.resolution.frame import frames

SPACE = Space("x y")
BOX = Region(SPACE, Interval(0, 2) * Interval(1, 2))


def test_a_box_and_its_face_are_taken_in_their_coordinates():
    (one,) = frames(BOX)
    np.testing.assert_allclose(one.at(np.array([[0.5, 0.5]])), [[1, 1.5]])
    (face,) = frames(BOX.face(SPACE.coords[1], 1))
    np.testing.assert_allclose(face.at(np.array([[0.25]])), [[0.5, 1]])


def test_places_lie_in_the_region():
    for region in (Ball(SPACE, (0, 0), 1), Ball(SPACE, (0, 0), 1).boundary, BOX - Ball(SPACE, (1, 1), 1)):
        for frame in frames(region):
            unit = frame.spread(50)
            assert len(unit) >= 20
            assert region.contains(frame.at(unit)).all()
