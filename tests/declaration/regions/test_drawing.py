"""Pictures of regions: their points are where the region is, in a frame that is labelled."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from sympy import Interval

from inrpde import Ball, Points, Region, Space
from inrpde.declaration.regions.drawing import HEIGHT, MARGIN, POINTS, points_of, svg

plane = Space("x y")
ball = Ball(plane, (1, 2), 0.5)


def dots(text):
    """The places of the dots in a picture, a list for each region."""
    paths = re.findall(r'<path d="([^"]*)"', text)
    return [np.array(re.findall(r"M([\d.]+) ([\d.]+)h0", path), dtype=float) for path in paths]


def test_points_lie_in_the_region_and_its_picture_is_round():
    points = points_of(ball)
    assert ball.contains(points).all()
    assert 0.5 * POINTS < len(points) <= POINTS
    (drawn,) = dots(ball._repr_html_())
    radii = np.hypot(*(drawn - MARGIN - HEIGHT / 2).T)
    assert 0.9 * HEIGHT / 2 < radii.max() < 1.05 * HEIGHT / 2


@pytest.mark.parametrize(
    "region",
    [
        Region(Space("x"), Interval(0, 1)),
        Region(Space("x"), Interval(0, 1)).boundary,
        Region(Space("x", time="t"), Interval(0, 1) * Interval(0, 50)),
        Ball(Space("x y z"), (0, 0, 0), 1).boundary,
        Ball(Space("x y", time="t"), (0, 0), 1),
        Region(Space("a b c d"), Interval(0, 1) ** 4),
        Points(plane, [[0.0, 0.0], [1.0, 2.0]]),
        Points(plane, [[1.0, 2.0]]),
    ],
)
def test_every_kind_of_region_has_a_picture(region):
    root = ElementTree.fromstring(region._repr_html_())
    assert root.get("width") == "368"
    (drawn,) = dots(region._repr_html_())
    assert (drawn >= MARGIN - 0.1).all()
    assert region.label in {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}


def test_of_several_regions_those_that_lie_on_others_are_above():
    text = svg({"edge": ball.boundary, "disc <": ball})
    assert text.index("disc &lt;") < text.index("edge")
    assert len(dots(text)) == 2


def test_help_shows_the_arguments_of_regions():
    from inspect import signature

    assert list(signature(Region).parameters) == ["space", "source"]
    assert list(signature(Ball).parameters) == ["space", "centre", "radius"]
    assert list(signature(Points).parameters)[:2] == ["space", "coordinates"]
