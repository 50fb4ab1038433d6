"""Pictures as labelled points: where pixels lie, channels, resizing, and messages for what is not a picture."""

import numpy as np
import pytest
from sympy import Symbol

from inrpde import Space
from inrpde.data import Image
from inrpde.declaration import paths
from inrpde.errors import ProblemError

plane = Space("x y")
RAMP = np.arange(12.0).reshape(3, 4) / 11


def values(points, name):
    return points.values[points[name]]


def test_a_pixel_lies_in_its_place_on_the_unit_square():
    pixels = Image(plane, RAMP)
    assert len(pixels.coordinates) == 12
    row, column = 2, 1
    at = np.flatnonzero(np.all(np.isclose(pixels.coordinates, [1.5 / 4, 1 - 2.5 / 3]), axis=1))
    assert values(pixels, "grey")[at] == RAMP[row, column]
    assert isinstance(pixels["grey"], Symbol)


def test_its_field_goes_through_the_pixels():
    pixels = Image(plane, np.random.default_rng(0).uniform(size=(6, 9)))
    (field,) = pixels.fields
    assert np.allclose(field.jets(pixels.coordinates, [(0, 0)])[0, 0], values(pixels, "grey"))


def test_whole_numbers_are_scaled_and_opacity_is_left_out():
    shades = np.zeros((4, 5, 4), dtype=np.uint8)
    shades[..., 1] = 255
    pixels = Image(plane, shades)
    assert pixels.names == ("red", "green", "blue")
    assert [values(pixels, name).max() for name in pixels.names] == [0, 1, 0]
    assert [u.func.__name__ for u in pixels.unknowns("u")] == ["u_red", "u_green", "u_blue"]
    assert [u.func.__name__ for u in Image(plane, RAMP).unknowns("u")] == ["u"]


def test_a_share_of_the_pixels_and_the_border():
    pixels = Image(plane, RAMP)
    few = pixels.some(0.5, seed=1)
    assert len(few.coordinates) == 6
    grey = dict(zip(map(tuple, pixels.coordinates), values(pixels, "grey"), strict=True))
    assert all(grey[tuple(at)] == value for at, value in zip(few.coordinates, values(few, "grey"), strict=True))
    assert len(pixels.border.coordinates) == 10
    with pytest.raises(ProblemError, match="no share of the pixels"):
        pixels.some(0)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (np.zeros(5), r"shape \(5,\)"),
        (np.zeros((2, 3, 4, 3)), "not one picture"),
        (np.zeros((3, 3), dtype=complex), "not one picture"),
        (np.full((3, 3), np.nan), "not finite"),
    ],
)
def test_an_array_that_is_no_picture(source, what):
    with pytest.raises(ProblemError, match=what):
        Image(plane, source)


def test_a_picture_needs_two_coordinates():
    with pytest.raises(ProblemError, match="2 coordinates, and the space 1"):
        Image(Space("x"), RAMP)


def test_a_picture_that_scikit_image_carries():
    pytest.importorskip("skimage")
    pixels = Image(plane, "camera.png", 32)
    assert pixels.pixels.shape == (32, 32, 1)
    assert 0 <= values(pixels, "grey").min() < 0.1 < 0.8 < values(pixels, "grey").max() <= 1
    assert paths.opened[-1].name == "camera.png"
    assert Image(plane, "astronaut.png", 16).names == ("red", "green", "blue")


@pytest.mark.parametrize("size", [1, 2.5, "big", True])
def test_a_size_that_is_none(size):
    with pytest.raises(ProblemError, match="cannot have the size"):
        Image(plane, RAMP, size)


def test_a_file_that_is_not_there_and_one_that_is_no_picture(tmp_path):
    pytest.importorskip("skimage")
    (tmp_path / "notes.png").write_text("these are words")
    with paths.at(tmp_path):
        with pytest.raises(ProblemError, match=r"'notes.png' is not a picture") as raised:
            Image(plane, "notes.png")
        assert raised.value.fix
        with pytest.raises(ProblemError, match=r"no picture 'gone.png'") as raised:
            Image(plane, "gone.png")
    assert "camera.png" in raised.value.fix


def test_colours_have_a_luminance_and_coefficients():
    shades = np.zeros((4, 4, 3))
    shades[..., 1] = 1
    assert np.allclose(values(Image(plane, shades, grey=True), "grey"), 0.7154)
    assert [f.func.__name__ for f in Image(plane, shades).coefficients("f")] == ["f_red", "f_green", "f_blue"]
